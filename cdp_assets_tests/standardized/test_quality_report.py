"""How well each import fills each field: counts by hand, and the same whatever the order of the records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.standardized.quality_report import COLUMNS, FIELDS, field_counts, newest_filled_shares, quality_report
from cdp_assets_tests.builders import LONG_AGO, frame

RECORDS = tables.source_records("any")
ADDRESS = dict.fromkeys(field.name for field in tables.ADDRESS.fields)


def records(*rows: dict[str, Any]) -> pl.DataFrame:
    lists: dict[str, Any] = {"emails": [], "phones": [], "addresses": [], "identifiers": [], "problems": []}
    return frame(RECORDS, *({**lists, "record_id": f"{row['source']}/{n}", **row} for n, row in enumerate(rows)))


SOME = records(
    {"source": "crm", "import_id": "1", "first_name_norm": "ann", "emails": ["a@x.org", "b@x.org"]},
    {"source": "crm", "import_id": "1", "first_name_norm": "ann", "addresses": [{**ADDRESS, "city_norm": "leeds"}]},
    {"source": "crm", "import_id": "1", "emails": ["a@x.org"], "identifiers": [{"type": "loyalty_id", "value": "L1"}]},
    {"source": "crm", "import_id": "2", "first_name_norm": "bea"},
    {"source": "shop", "import_id": "1", "last_name_norm": "lee"},
)


@pytest.mark.parametrize(
    ("source", "import_id", "field", "expected"),
    [
        ("crm", "1", "first_name", (3, 2, 1, 2 / 3, 1 / 2)),
        ("crm", "1", "email", (3, 2, 2, 2 / 3, 1.0)),
        ("crm", "1", "city", (3, 1, 1, 1 / 3, 1.0)),
        ("crm", "1", "loyalty_id", (3, 1, 1, 1 / 3, 1.0)),
        ("crm", "1", "last_name", (3, 0, 0, 0.0, None)),
        ("crm", "2", "first_name", (1, 1, 1, 1.0, 1.0)),
        ("crm", "2", "email", (1, 0, 0, 0.0, None)),
        ("shop", "1", "last_name", (1, 1, 1, 1.0, 1.0)),
    ],
)
def test_fields_are_counted_by_import(source: str, import_id: str, field: str, expected: tuple[Any, ...]) -> None:
    row = quality_report(SOME).filter(
        (pl.col("source") == source) & (pl.col("import_id") == import_id) & (pl.col("field") == field)
    )
    assert row.select("records", "filled", "distinct_values", "completeness", "distinctness").rows() == [expected]


def test_every_import_has_every_field_once() -> None:
    report = quality_report(SOME)
    assert not report.select("source", "import_id", "field").is_duplicated().any()
    counts = report.filter(pl.col("field").is_in(FIELDS)).group_by("source", "import_id").len()
    assert counts["len"].to_list() == [len(FIELDS)] * 3


@pytest.mark.parametrize(
    ("rows", "field", "expected"),
    [
        # unreadable, validity, top problem, records with it
        ([{"emails": ["a@x.org"]}, {}], "email", (0, 1.0, None, 0)),
        ([{"emails": ["a@x.org"]}, {"problems": ["email:unreadable"]}], "email", (1, 1 / 2, "unreadable", 1)),
        ([{"emails": ["a@x.org"], "problems": ["email:unreadable"]}], "email", (1, 0.0, "unreadable", 1)),
        ([{"problems": ["email:placeholder", "email:unreadable"]}], "email", (1, 0.0, "placeholder", 1)),
        ([{"problems": ["email:unreadable"]}, {"problems": ["email:placeholder", "email:unreadable"]}], "email", (2, 0.0, "unreadable", 2)),
        ([{}], "email", (0, None, None, 0)),
        ([{"identifiers": [{"type": "card", "value": "1"}]}, {"problems": ["card:placeholder"]}], "card", (1, 1 / 2, "placeholder", 1)),
        ([{"problems": ["card:placeholder"]}], "card", (1, 0.0, "placeholder", 1)),
        ([{"problems": ["strange"]}], "record", (1, 0.0, "strange", 1)),
        ([{"problems": None}], "email", (0, None, None, 0)),
    ],
)  # fmt: skip
def test_what_could_not_be_kept(rows: list[dict[str, Any]], field: str, expected: tuple[Any, ...]) -> None:
    report = quality_report(records(*({"source": "crm", "import_id": "1", **row} for row in rows)))
    found = report.filter(pl.col("field") == field)
    assert found.select("unreadable", "validity", "top_problem", "top_problem_records").rows() == [expected]


def test_the_order_of_the_records_does_not_matter() -> None:
    expected = quality_report(SOME)
    assert quality_report(SOME.reverse()).equals(expected)
    assert quality_report(SOME.select(COLUMNS)).equals(expected)


def test_no_records_have_no_report() -> None:
    assert quality_report(RECORDS.empty()).schema == tables.QUALITY_REPORT.schema


def test_counts_without_distinct_values_are_otherwise_the_same() -> None:
    plain, quick = field_counts(SOME, ["source"]), field_counts(SOME, ["source"], with_distinct=False)
    shown = ["source", "field", "records", "filled", "delivered", "validity"]
    assert quick.select(shown).sort(shown[:2]).equals(plain.select(shown).sort(shown[:2]))


def test_the_newest_import_of_a_source_is_plotted() -> None:
    later = SOME.with_columns(
        landed_at=pl.when(pl.col("import_id") == "2").then(LONG_AGO + timedelta(days=1)).otherwise(pl.lit(LONG_AGO))
    )
    # crm fills first name, e-mail, city and loyalty_id at all; import 2 has no row for the identifier
    assert dict(newest_filled_shares(quality_report(later)).rows()) == {"crm": 1 / 3, "shop": 1.0}
