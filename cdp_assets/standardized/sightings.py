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
        "is_current",
        "emails",
        "phones",
        "identifiers",
        first_seen_at="observed_at",
        last_seen_at=pl.max_horizontal("last_seen_at", "observed_at"),
        first_landed_at="landed_at",
        last_landed_at=pl.max_horizontal(repeated_at, "landed_at"),
    )
    told = times.drop("emails", "phones", "identifiers")
    by_type = [
        told.with_columns(type=pl.lit(name), value=times.get_column(column)).explode("value")
        for name, column in (("email", "emails"), ("phone", "phones"))
    ]
    keys = told.with_columns(times.get_column("identifiers")).explode("identifiers").unnest("identifiers")
    carried = pl.concat([*by_type, keys]).drop_nulls("value")
    return SIGHTINGS.conform(_each_once(_in_order(carried)).select(SIGHTINGS.schema.keys()))


def _in_order(carried: pl.DataFrame) -> pl.DataFrame:
    """Rows in the order of records, and those of a record in the order of types: sorted by one text, not by two."""
    types = carried.get_column("type").unique().sort()
    by_type = pl.concat([carried.clear(), *(carried.filter(pl.col("type").eq_missing(name)) for name in types)])
    return by_type.sort("record_id", maintain_order=True)


def _each_once(carried: pl.DataFrame) -> pl.DataFrame:
    """Each record, type and value once, sorted by them; rows come as of :func:`_in_order`.

    Most records have each of their values in one row, and these in order. Only the others are looked at.
    """
    of_one = pl.col("record_id") == pl.col("record_id").shift()
    later_type, same_type = (pl.col("type") > pl.col("type").shift(), pl.col("type") == pl.col("type").shift())
    follows = later_type | (same_type & (pl.col("value") > pl.col("value").shift()))
    others = carried.filter((of_one & ~follows).fill_null(False)).get_column("record_id").unique()
    is_other = carried.get_column("record_id").is_in(others.implode())
    merged = (
        carried.filter(is_other)
        .group_by("record_id", "source", "type", "value")
        .agg(
            pl.col("first_seen_at", "first_landed_at").min(),
            pl.col("last_seen_at", "last_landed_at").max(),
            pl.col("is_current").any(),
        )
        .sort("record_id", "type", "value")
    )
    alone = carried.filter(~is_other)
    return pl.concat([alone, merged.select(alone.columns)]).sort("record_id", maintain_order=True)
