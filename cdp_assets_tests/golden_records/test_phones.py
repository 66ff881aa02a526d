from __future__ import annotations

from cdp_assets_tests.golden_records.builders import Resolution, golden_row, moment, one_customer, origin, record, said

MOBILE, LANDLINE = "+14155550123", "+14155550199"


def ranked(resolution: Resolution) -> list[str]:
    return resolution.golden().phones.sort("rank").get_column("phone").to_list()


def test_a_number_in_full_comes_before_bare_digits() -> None:
    rows = [record("crm/1", "2020", phone=MOBILE), record("crm/2", "2023", phone="5550199")]
    assert ranked(one_customer(*rows)) == [MOBILE, "5550199"]
    assert origin(one_customer(*rows), "phone")["rule"] == "valid"
    assert golden_row(one_customer(rows[1]))["phone"] == "5550199"


def test_a_number_that_a_crowd_shares_is_marked_and_never_golden() -> None:
    rows = [record("crm/1", "2023", phone=LANDLINE), record("crm/2", "2020", phone=MOBILE)]
    resolution = one_customer(*rows, shared_phones={LANDLINE: "crowd"})
    shared = dict(resolution.golden().phones.select("phone", "is_shared").iter_rows())
    assert shared == {MOBILE: False, LANDLINE: True}
    assert golden_row(resolution)["phone"] == MOBILE
    alone = one_customer(rows[0], shared_phones={LANDLINE: "crowd"})
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
