from datetime import UTC, datetime
from typing import Any

import polars as pl

from cdp_assets import tables
from cdp_assets.standardized.sightings import sightings


def at(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def versions(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = tables.RECORD_VERSIONS.schema
    common = {"record_id": "crm/1", "source": "crm", "is_current": False, "last_import_id": "20240101T000000Z-abc"}
    return pl.DataFrame([{**dict.fromkeys(schema), **common, **row} for row in rows], schema=schema)


FORMER = {
    "observed_at": at(2020), "last_seen_at": at(2021), "landed_at": at(2022), "emails": ["a@x.org", "b@x.org"],
    "phones": ["+4420"], "identifiers": [{"type": "loyalty_id", "value": "L1"}],
}  # fmt: skip
CURRENT = {
    "observed_at": at(2023), "last_seen_at": at(2024), "landed_at": at(2023), "emails": ["a@x.org"], "phones": [],
    "identifiers": [], "is_current": True, "last_import_id": "20250101T000000Z-def",
}  # fmt: skip


def test_every_identifier_that_a_record_has_carried_has_one_row() -> None:
    table = sightings(versions(FORMER, CURRENT))
    assert table.select("type", "value", "is_current").rows() == [
        ("email", "a@x.org", True),
        ("email", "b@x.org", False),
        ("loyalty_id", "L1", False),
        ("phone", "+4420", False),
    ]


def test_sightings_are_dated_in_source_time_and_in_ours() -> None:
    both, former = sightings(versions(FORMER, CURRENT)).filter(pl.col("type") == "email").to_dicts()
    assert (both["first_seen_at"], both["last_seen_at"]) == (at(2020), at(2024))
    assert (both["first_landed_at"], both["last_landed_at"]) == (at(2022), at(2025))
    assert (former["first_seen_at"], former["last_seen_at"]) == (at(2020), at(2021))
    assert (former["first_landed_at"], former["last_landed_at"]) == (at(2022), at(2024))


def test_nothing_carried_is_nothing_sighted() -> None:
    empty = {"observed_at": at(2020), "last_seen_at": at(2020), "landed_at": at(2020), "emails": [], "phones": None}
    assert sightings(versions(empty)).is_empty()
    assert sightings(tables.RECORD_VERSIONS.empty()).schema == tables.SIGHTINGS.schema


def test_records_of_every_kind_sight_what_they_carry() -> None:
    common = {"observed_at": at(2023), "last_seen_at": at(2023), "landed_at": at(2023), "emails": ["a@x.org"]}
    kinds = [
        {"record_id": "web/1", "source": "web", "activity": "bounced"},
        {"record_id": "news/1", "source": "news", "consent": "withdrawn"},
        {"record_id": "support/1", "source": "support", "corrected_field": "email", "corrected_value": "b@x.org"},
        {"record_id": "crm/1", "source": "crm", "is_deleted": True, "is_newest": True},
    ]
    table = sightings(versions(*({**common, **kind} for kind in kinds)))
    assert table.get_column("record_id").to_list() == ["crm/1", "news/1", "support/1", "web/1"]
    assert set(table.get_column("value")) == {"a@x.org"}


def test_an_address_that_comes_back_has_one_row_from_its_first_to_its_last_sighting() -> None:
    again = {**FORMER, "observed_at": at(2025), "last_seen_at": at(2026), "is_current": True}
    table = sightings(versions(FORMER, {**CURRENT, "emails": [], "is_current": False}, again))
    back = table.row(by_predicate=pl.col("value") == "b@x.org", named=True)
    assert (back["first_seen_at"], back["last_seen_at"], back["is_current"]) == (at(2020), at(2026), True)


def test_a_value_named_twice_in_one_record_is_sighted_once_and_the_order_of_versions_does_not_matter() -> None:
    twice = {**CURRENT, "emails": ["a@x.org", "a@x.org", None]}
    frame = versions(FORMER, twice)
    assert sightings(frame).equals(sightings(frame.reverse()))
    assert sightings(versions(twice)).get_column("value").to_list() == ["a@x.org"]


def test_values_stand_once_and_in_order_whatever_the_order_of_versions_and_of_what_they_list() -> None:
    common = {"observed_at": at(2023), "last_seen_at": at(2023), "landed_at": at(2023)}
    keys = [{"type": name, "value": value} for name, value in (("z", "2"), ("a", "9"), ("z", "1"), ("a", "9"))]
    rows = [
        {**common, "record_id": "web/2", "emails": ["b@x.org", "a@x.org", "b@x.org"], "phones": ["+442", "+441"]},
        {**common, "record_id": "web/1", "emails": ["c@x.org"], "phones": ["+449"], "identifiers": keys},
        {**common, "record_id": "web/2", "emails": ["a@x.org"], "observed_at": at(2022)},
    ]
    table = sightings(versions(*rows))
    assert table.select("record_id", "type", "value").rows() == [
        ("web/1", "a", "9"),
        ("web/1", "email", "c@x.org"),
        ("web/1", "phone", "+449"),
        ("web/1", "z", "1"),
        ("web/1", "z", "2"),
        ("web/2", "email", "a@x.org"),
        ("web/2", "email", "b@x.org"),
        ("web/2", "phone", "+441"),
        ("web/2", "phone", "+442"),
    ]
    assert table.filter(pl.col("value") == "a@x.org").get_column("first_seen_at").item() == at(2022)
    assert sightings(versions(*reversed(rows))).equals(table)
