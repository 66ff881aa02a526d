"""Which record has carried which e-mail, phone or identifier, and when: in source time and in ours.

What does not belong here: what an address is (``email_addresses.py``) and whether a customer may be reached by it.
"""

from __future__ import annotations

import polars as pl

from cdp_assets.tables import SIGHTINGS

VERSION_COLUMNS = [
    "record_id", "source", "observed_at", "last_seen_at", "landed_at", "last_import_id", "is_current", "emails", "phones",
    "identifiers",
]  # fmt: skip
"""Columns of record versions that sightings are made from: nothing else needs to be read."""

_IMPORT_TIME = "%Y%m%dT%H%M%SZ"
"""How an import's id begins: the time that it landed."""


def sightings(versions: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/sightings`` from ``standardized/record_versions``, sorted by key."""
    repeated_at = (
        pl.col("last_import_id")
        .str.extract(r"^(\d{8}T\d{6}Z)")
        .str.to_datetime(_IMPORT_TIME, time_unit="us", strict=False)
    ).dt.replace_time_zone("UTC")
    times = versions.select(
        "record_id",
        "source",
        "observed_at",
        "last_seen_at",
        "landed_at",
        "is_current",
        "emails",
        "phones",
        "identifiers",
        repeated_at=pl.max_horizontal(repeated_at, "landed_at"),
    )
    kept = ["record_id", "source", "observed_at", "last_seen_at", "landed_at", "repeated_at", "is_current"]
    by_type = [
        times.select(*kept, pl.lit(name).alias("type"), pl.col(column).alias("value")).explode("value")
        for name, column in (("email", "emails"), ("phone", "phones"))
    ]
    keys = times.select(*kept, "identifiers").explode("identifiers").unnest("identifiers")
    carried = pl.concat([*by_type, keys.select(by_type[0].columns)]).drop_nulls("value")
    seen = carried.group_by("record_id", "source", "type", "value").agg(
        pl.col("observed_at").min().alias("first_seen_at"),
        pl.max_horizontal("last_seen_at", "observed_at").max().alias("last_seen_at"),
        pl.col("landed_at").min().alias("first_landed_at"),
        pl.col("repeated_at").max().alias("last_landed_at"),
        pl.col("is_current").any(),
    )
    return SIGHTINGS.conform(seen.select(SIGHTINGS.schema.keys()).sort("record_id", "type", "value"))
