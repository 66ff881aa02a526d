from typing import Any

import polars as pl

from cdp_assets import tables
from cdp_assets.standardized.quality_report import quality_report


def versions(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = tables.RECORD_VERSIONS.schema
    lists = {"emails": [], "phones": [], "addresses": [], "identifiers": []}
    lines = [
        {**dict.fromkeys(schema), **lists, "record_id": f"{row['source']}/{n}", "is_current": True, **row}
        for n, row in enumerate(rows)
    ]
    return pl.DataFrame(lines, schema=schema)


ADDRESS = dict.fromkeys(field.name for field in tables.ADDRESS.fields)


def counts(table: pl.DataFrame, source: str, field: str) -> tuple[Any, ...]:
    rows = table.filter((pl.col("source") == source) & (pl.col("field") == field))
    return rows.select("records", "filled", "distinct_values", "completeness").rows()[0]


def test_fields_are_counted_over_current_records() -> None:
    table = quality_report(
        versions(
            {"source": "crm", "first_name_norm": "ann", "emails": ["a@x.org", "b@x.org"]},
            {"source": "crm", "first_name_norm": "ann", "addresses": [{**ADDRESS, "city_norm": "leeds"}]},
            {"source": "crm", "emails": ["a@x.org"], "identifiers": [{"type": "loyalty_id", "value": "L1"}]},
            {"source": "crm", "first_name_norm": "former", "is_current": False},
            {"source": "shop", "last_name_norm": "lee"},
        )
    )
    assert counts(table, "crm", "first_name") == (3, 2, 1, 2 / 3)
    assert counts(table, "crm", "email") == (3, 2, 2, 2 / 3)
    assert counts(table, "crm", "city") == (3, 1, 1, 1 / 3)
    assert counts(table, "crm", "loyalty_id") == (3, 1, 1, 1 / 3)
    assert counts(table, "crm", "last_name") == (3, 0, 0, 0.0)
    assert counts(table, "shop", "last_name") == (1, 1, 1, 1.0)
    assert table.select("source", "field").is_unique().all()


def test_no_records_have_no_report() -> None:
    assert quality_report(tables.RECORD_VERSIONS.empty()).schema == tables.QUALITY_REPORT.schema
