from __future__ import annotations

import polars as pl

from cdp_assets.identity_graph.resolution import FACT_COLUMNS, record_facts
from cdp_assets_tests.identity_graph.frames import day


def test_of_several_versions_the_first_landing_counts_and_one_that_is_current() -> None:
    versions = [
        ("crm/1", "crm", "1", day(3), True),
        ("crm/2", "crm", "2", day(5), False),
        ("crm/2", "crm", "2", day(2), True),
        ("crm/2", "crm", "2", day(4), False),
        ("crm/3", "crm", "3", day(1), False),
        ("crm/4", "crm", "4", day(6), False),
        ("crm/4", "crm", "4", day(7), False),
    ]
    facts = record_facts(pl.DataFrame(versions, schema=FACT_COLUMNS, orient="row"))
    expected = [("crm/1", day(3), True), ("crm/2", day(2), True), ("crm/3", day(1), False), ("crm/4", day(6), False)]
    assert facts.select("record_id", "first_seen_at", "is_current").rows() == expected
    assert facts.columns == ["record_id", "source", "source_key", "first_seen_at", "is_current"]


def test_records_of_one_version_each_are_as_they_are() -> None:
    versions = pl.DataFrame([("crm/1", "crm", "1", day(3), True)], schema=FACT_COLUMNS, orient="row")
    assert record_facts(versions).rows() == versions.rows()
