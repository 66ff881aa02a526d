from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.golden_records.history import addresses_at, versions_at
from cdp_assets.standardized.versions import FACTS, record_versions, versions_of
from cdp_assets_tests.golden_records.builders import Resolution, moment, newer, one_customer, record
from cdp_assets_tests.golden_records.builders import versions_of as frame_of


def test_a_day_shows_the_version_that_stood_then() -> None:
    old = {
        **record("crm/1", "2020", company="Alpha"),
        "valid_to": moment("2022"),
        "is_current": False,
        "is_newest": False,
    }
    rows = frame_of(old, newer(record("crm/1", "2022", company="Beta")), record("web/1", "2023"))
    then = versions_at(rows, moment("2021"))
    assert then.select("record_id", "company", "is_current", "is_newest", "valid_to").rows() == [
        ("crm/1", "Alpha", True, True, None)
    ]
    assert versions_at(rows, moment("2022")).select("company", "is_current").rows() == [
        ("Alpha", False),
        ("Beta", True),
    ]
    assert versions_at(rows, moment("2019")).is_empty()


@pytest.mark.parametrize(("at", "is_deleted"), [("2021", False), ("2022", True), ("2024", True)])
def test_a_record_that_was_deleted_later_is_there_until_then(at: str, is_deleted: bool) -> None:
    gone = {**record("crm/1", "2020"), "valid_to": moment("2022"), "is_current": False, "is_deleted": True}
    then = versions_at(frame_of(gone), moment(at)).row(0, named=True)
    assert (then["is_deleted"], then["is_current"]) == (is_deleted, not is_deleted)


def test_today_is_what_it_is() -> None:
    rows = frame_of(record("crm/1", "2020"), record("web/1", "2021"))
    assert versions_at(rows, moment("2026")).equals(rows)


def test_evidence_that_is_newer_than_the_day_is_not_known_then() -> None:
    known = {"status": "dead", "status_reason": "bounced", "bounced_at": moment("2022"), "engaged_at": moment("2019")}
    resolution: Resolution = one_customer(record("crm/1", email="a@a.example"), addresses={"a@a.example": known})

    def told(at: datetime) -> tuple[object, ...]:
        return addresses_at(resolution.email_addresses, at).select("status", "bounced_at", "engaged_at").row(0)

    assert told(moment("2023")) == ("dead", moment("2022"), moment("2019"))
    assert told(moment("2021")) == ("unverified", None, moment("2019"))


def test_versions_of_some_records_are_those_of_all_records() -> None:
    rows = pl.DataFrame(
        [record("crm/1", "2020", company="A"), record("crm/2", "2020"), record("crm/2", "2021", company="B")],
        schema=tables.RECORD_VERSIONS.schema,
    ).select(column.name for column in tables.RECORD_COLUMNS)
    imports = rows.select("import_id", "source", sequence=pl.col("observed_at").rank("dense").cast(pl.Int64)).unique()
    every = record_versions(rows, {"crm": "snapshot"}, imports)
    some = versions_of(rows.filter(pl.col("record_id") == "crm/1"), rows.select(FACTS), {"crm": "snapshot"}, imports)
    assert some.equals(every.filter(pl.col("record_id") == "crm/1"))
    assert some.item(0, "is_deleted") is True
