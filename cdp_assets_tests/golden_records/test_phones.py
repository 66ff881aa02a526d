from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cdp_assets_tests.golden_records.builders import Resolution, golden_row, moment, one_customer, origin, record, said

MOBILE, LANDLINE = "+14155550123", "+14155550199"


def ranked(resolution: Resolution) -> list[str]:
    return resolution.golden().phones.sort("rank").get_column("phone").to_list()


def test_a_number_in_full_comes_before_bare_digits() -> None:
    rows = [record("crm/1", "2020", phone=MOBILE), record("crm/2", "2023", phone="5550199")]
    assert ranked(one_customer(*rows)) == [MOBILE, "5550199"]
    assert origin(one_customer(*rows), "phone")["rule"] == "valid"
    assert golden_row(one_customer(rows[1]))["phone"] == "5550199"


def test_a_number_that_many_share_is_marked_and_never_golden() -> None:
    rows = [record("crm/1", "2023", phone=LANDLINE), record("crm/2", "2020", phone=MOBILE)]
    resolution = one_customer(*rows, shared_phones={LANDLINE: "junk"})
    shared = dict(resolution.golden().phones.select("phone", "is_shared").iter_rows())
    assert shared == {MOBILE: False, LANDLINE: True}
    assert golden_row(resolution)["phone"] == MOBILE
    alone = one_customer(rows[0], shared_phones={LANDLINE: "junk"})
    assert golden_row(alone)["phone"] is None
    assert golden_row(alone)["is_known"] is True


def test_a_households_landline_is_its_members_own() -> None:
    resolution = one_customer(record("crm/1", phone=LANDLINE), shared_phones={LANDLINE: "household"})
    assert golden_row(resolution)["phone"] == LANDLINE


def test_a_number_withdrawn_from_marketing_comes_last() -> None:
    rows = [
        record("crm/1", "2023", phone=LANDLINE),
        record("crm/2", "2020", phone=MOBILE),
        said("news/9", "2023", "withdrawn", phone=LANDLINE, channel="phone"),
    ]
    assert ranked(Resolution(rows, {"C1": ["crm/1", "crm/2"]})) == [MOBILE, LANDLINE]


def test_then_the_newest_comes_first() -> None:
    rows = [record("crm/1", "2020", phone=MOBILE), record("web/1", "2023", phone=LANDLINE)]
    resolution = one_customer(*rows)
    assert ranked(resolution) == [LANDLINE, MOBILE]
    assert origin(resolution, "phone")["rule"] == "most_recent"
    first = resolution.golden().phones.row(0, named=True)
    assert (first["sources"], first["first_seen_at"], first["last_seen_at"]) == (
        ["web"],
        moment("2023"),
        moment("2023"),
    )


def row(resolution: Resolution, phone: str) -> dict[str, Any]:
    return resolution.golden().phones.filter(pl.col("phone") == phone).row(0, named=True)


def test_a_number_says_what_it_is_and_what_may_be_done_with_it() -> None:
    given = said("news/1", "2022", "given", phone=MOBILE, channel="phone")
    found = row(one_customer(record("crm/1", phone=[MOBILE, "5550199"]), given), MOBILE)
    assert [found[name] for name in ("country", "type", "sharing", "status", "marketing_consent", "best_for")] == [
        "US",
        "fixed_line_or_mobile",
        "personal",
        "valid",
        "given",
        ["billing", "marketing", "service"],
    ]
    assert row(one_customer(record("crm/1", phone="5550199")), "5550199")["status"] == "doubted"


@pytest.mark.parametrize("sharing", ["office", "junk"])
def test_a_shared_number_is_best_for_nothing(sharing: str) -> None:
    given = said("news/1", "2022", "given", phone=LANDLINE, channel="phone")
    resolution = one_customer(record("crm/1", phone=LANDLINE), given, shared_phones={LANDLINE: sharing})
    assert (row(resolution, LANDLINE)["is_callable"], row(resolution, LANDLINE)["best_for"]) == (False, [])


def test_the_customers_own_number_comes_before_the_households() -> None:
    rows = [record("crm/1", "2023", phone=LANDLINE), record("crm/2", "2020", phone=MOBILE)]
    assert ranked(one_customer(*rows, shared_phones={LANDLINE: "household"})) == [MOBILE, LANDLINE]
