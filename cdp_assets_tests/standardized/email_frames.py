"""Record versions said in a line each, for the tests of what the data say of e-mail addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from cdp_assets import tables


def at(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def versions(*rows: dict[str, Any]) -> pl.DataFrame:
    """Each row is a record of its own unless it says otherwise, observed in 2024 and not repeated since."""
    schema = tables.RECORD_VERSIONS.schema
    lines = []
    for n, row in enumerate(rows):
        seen = row.get("observed_at", at(2024))
        common = {"record_id": f"crm/{n}", "source": "crm", "observed_at": seen, "last_seen_at": seen, "emails": []}
        lines.append({**dict.fromkeys(schema), **common, **row})
    return pl.DataFrame(lines, schema=schema)


def carried(email: str, *names: tuple[str | None, str | None], **more: Any) -> list[dict[str, Any]]:
    return [{"emails": [email], "first_name_root": first, "last_name_norm": last, **more} for first, last in names]


def event(email: str, activity: str, when: datetime, **more: Any) -> dict[str, Any]:
    return {"emails": [email], "activity": activity, "observed_at": when, "source": "web", **more}


def address(table: pl.DataFrame, email: str) -> dict[str, Any]:
    return table.row(by_predicate=pl.col("email") == email, named=True)
