from __future__ import annotations

from dataclasses import fields

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.golden_records.customer_versions import GoldenRecordsError
from cdp_assets.golden_records.golden import COLUMNS_READ, GOLDEN_FIELDS, GoldenRecords, golden_records
from cdp_assets_tests.golden_records.builders import (
    TRUST,
    Resolution,
    former,
    golden_row,
    moment,
    newer,
    one_customer,
    postal,
    record,
    said,
)

DANA = [
    record(
        "webinar/1",
        "2020",
        first_name="Dana",
        last_name="Okafor",
        email="dana@companyx.example",
        company="Company X",
        address=postal("12 Oak Street", "Plymouth", "02360"),
        activity="attended",
    ),
    record("web/1", "2021", activity="page_view"),
    record(
        "crm/1",
        "2022",
        first_name="Dana",
        last_name="Okafor",
        email="dana@companya.example",
        phone="+14155550123",
        company="Company A",
        address=postal("12 Oak St", "Plymouth", "02360", street_norm="oak street"),
    ),
    said("news/1", "2022", "given", "dana@companya.example"),
]
DEAD = {"dana@companyx.example": {"class": "corporate", "status": "dead"}}


def test_the_story_ends_in_one_golden_record() -> None:
    golden = golden_row(one_customer(*DANA, addresses=DEAD, links={"webinar/1": 0.93}))
    assert golden["full_name"] == "Dana Okafor"
    assert golden["email"] == "dana@companya.example"
    assert golden["company"] == "Company A"
    assert (golden["is_known"], golden["may_email_marketing"]) == (True, True)
    assert (golden["records"], golden["sources"]) == (4, ["crm", "news", "web", "webinar"])
    assert (golden["first_seen_at"], golden["last_seen_at"]) == (moment("2020"), moment("2022"))
    assert golden["weakest_probability"] == 0.93


def test_who_has_neither_name_nor_address_is_an_anonymous_visitor() -> None:
    golden = golden_row(one_customer(record("web/1", "2021", activity="page_view", address=postal(country="US"))))
    assert (golden["is_known"], golden["country"]) == (False, "US")


@pytest.mark.parametrize("known", [{"email": "a@a.example"}, {"phone": "5550123"}, {"last_name": "Okafor"}])
def test_any_of_name_email_and_phone_makes_a_customer_known(known: dict[str, str]) -> None:
    assert golden_row(one_customer(record("web/1", **known)))["is_known"] is True


def test_records_are_counted_once_however_many_versions_they_have() -> None:
    rows = [former(record("crm/1", "2019")), newer(record("crm/1", "2020")), record("shop/1", "2021")]
    golden = golden_row(one_customer(*rows, gone=["shop/1"]))
    assert (golden["records"], golden["first_seen_at"], golden["last_seen_at"]) == (2, moment("2019"), moment("2021"))


def test_every_customer_has_exactly_one_golden_record() -> None:
    rows = [record("crm/1"), record("crm/2", email="a@a.example"), record("crm/3")]
    made = Resolution(rows, {"C2": ["crm/3"], "C1": ["crm/1", "crm/2"]}).golden()
    assert made.customers.get_column("customer_id").to_list() == ["C1", "C2"]


def test_every_filled_cell_has_its_provenance_and_no_other() -> None:
    made = one_customer(*DANA).golden()
    golden = made.customers.row(0, named=True)
    filled = {name: str(golden[name]) for name in GOLDEN_FIELDS if golden[name] is not None}
    assert dict(made.provenance.select("field", "value").iter_rows()) == filled


def test_versions_of_records_without_a_customer_are_nobodys() -> None:
    rows = [record("crm/1", company="Alpha"), record("crm/2", "2023", company="Beta", email="b@b.example")]
    made = Resolution(rows, {"C1": ["crm/1"]}).golden()
    assert made.customers.get_column("company").to_list() == ["Alpha"]
    assert made.emails.is_empty()


def test_frames_of_different_resolutions_are_refused() -> None:
    torn = Resolution([record("crm/1")], {"C1": ["crm/1", "crm/2"]})
    with pytest.raises(GoldenRecordsError, match="names 1 records that standardized/record_versions does not have"):
        torn.golden()


def test_no_records_make_no_customers() -> None:
    made = golden_records(
        tables.RECORD_VERSIONS.empty(),
        tables.CUSTOMER_IDS.empty(),
        tables.CLUSTERS.empty(),
        tables.EMAIL_ADDRESSES.empty(),
        tables.SIGHTINGS.empty(),
        tables.PHONE_NUMBERS.empty(),
        trust=TRUST,
        now=moment("2026"),
    )
    frames = (
        made.customers,
        made.provenance,
        made.emails,
        made.phones,
        made.consents,
        made.suppressions,
        made.corrections,
    )
    assert [frame.height for frame in frames] == [0] * 7


def test_a_source_that_no_contract_knows_has_middling_trust() -> None:
    rows = [
        record("crm/1", last_name="Okafor"),
        record("stranger/1", last_name="Smith"),
        record("web/1", last_name="Jones"),
    ]
    assert golden_row(one_customer(*rows))["last_name"] == "Okafor"
    assert golden_row(one_customer(*rows[1:]))["last_name"] == "Smith"


def test_the_numbers_for_a_report_count_what_they_say() -> None:
    counts = one_customer(*DANA).golden().counts
    assert counts == {
        "corrected_cells": 0,
        "contested_cells": 2,
        "retracted_emails": 0,
        "corrections_ignored": 0,
        "corrections_contested": 0,
    }


def test_street_spellings_of_one_address_are_no_rivals() -> None:
    provenance = one_customer(*DANA).golden().provenance
    streets = provenance.filter(pl.col("field") == "street").row(0, named=True)
    assert (streets["value"], streets["runners_up"], streets["rule"]) == ("12 Oak St", 0, "only_value")


def test_a_cell_names_the_best_of_what_it_was_chosen_over_and_the_record_that_says_so() -> None:
    rows = [
        record("crm/1", "2020", company="Alpha", email="a@a.example"),
        record("shop/1", "2022", company="Beta", email="b@b.example"),
        record("web/1", "2021", company="Gamma"),
    ]
    provenance = one_customer(*rows).golden().provenance
    named = {r["field"]: (r["next_best"], r["next_best_record_id"]) for r in provenance.iter_rows(named=True)}
    assert named["company"] == ("Gamma", "web/1")
    assert named["email"] == ("a@a.example", "crm/1")
    assert one_customer(rows[0]).golden().provenance.get_column("next_best").to_list() == [None, None]


@pytest.mark.parametrize(
    ("values", "reachable"),
    [
        ({"email": "a@a.example"}, (True, False, False)),
        ({"phone": "+14155550123"}, (False, True, False)),
        ({"address": postal("12 Oak Street", "Plymouth")}, (False, False, True)),
        ({"address": postal(None, "Plymouth")}, (False, False, False)),
        ({"email": "office@a.example"}, (False, False, False)),
    ],
)
def test_a_customer_says_by_which_channel_they_can_be_reached(
    values: dict[str, str], reachable: tuple[bool, ...]
) -> None:
    known = {"office@a.example": {"class": "role"}}
    golden = golden_row(one_customer(record("crm/1", **values), addresses=known))
    assert tuple(golden[f"is_reachable_by_{channel}"] for channel in ("email", "phone", "post")) == reachable


def _tables(made: GoldenRecords) -> dict[str, pl.DataFrame]:
    return {f.name: getattr(made, f.name) for f in fields(made) if f.name != "counts"}


def _story() -> Resolution:
    """Two customers who share an address, one of whom carries several of everything; the shop's record names what is in no other."""
    rows = [
        *DANA,
        record(
            "shop/1", "2021", email=["dana@companyx.example", "d@home.example"], phone=["+14155550199", "+14155550123"]
        ),
        record("crm/2", "2023", full_name="D. O.", email="dana@companya.example", phone="+14155550123"),
        record("web/9", "2023", email="nobody@x.example"),
    ]
    ids = {"a": ["webinar/1", "web/1", "crm/1", "news/1", "shop/1"], "b": ["crm/2"]}
    return Resolution(rows, ids, addresses=DEAD)


def test_columns_that_are_not_read_change_nothing() -> None:
    story = _story()
    frames = [
        (tables.RECORD_VERSIONS, story.versions),
        (tables.CUSTOMER_IDS, story.customer_ids),
        (tables.CLUSTERS, story.clusters),
        (tables.EMAIL_ADDRESSES, story.email_addresses),
        (tables.SIGHTINGS, story.sightings),
        (tables.PHONE_NUMBERS, story.phone_numbers),
    ]
    whole, read = (
        golden_records(*some, trust=TRUST, now=moment("2026"))  # type: ignore[misc]
        for some in (
            [frame for _, frame in frames],
            [frame.select(COLUMNS_READ[table]) for table, frame in frames],
        )
    )
    for name, frame in _tables(whole).items():
        assert frame.equals(_tables(read)[name]), name


def test_addresses_are_told_apart_by_themselves_where_all_have_one_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _tables(_story().golden())
    assert expected["emails"].height == 4
    monkeypatch.setattr(pl.Series, "hash", lambda column, **_: pl.repeat(7, len(column), dtype=pl.UInt64, eager=True))
    for name, frame in _tables(_story().golden()).items():
        assert frame.equals(expected[name]), name
