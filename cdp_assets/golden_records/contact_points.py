"""What e-mail addresses and phones have in common: a customer keeps every one, each with its sightings and corrections.

What does not belong here: which is the best (``ranked_contacts.py``; ``emails.py``, ``phones.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from cdp_assets.golden_records.corrections import Corrections, comparable
from cdp_assets.golden_records.customer_versions import CURRENT, CustomerVersions
from cdp_assets.golden_records.policy import DEFAULT_TRUST
from cdp_assets.golden_records.three_way import with_corrected_record

SHORTEST_LOCAL_NUMBER = 7
"""Digits that two spellings of one number, with and without country and area code, must share at their end."""


@dataclass(frozen=True)
class ContactPoints:
    """Every address or number of every customer.

    ``frame``: one row per ``customer`` and ``value``, numbered ``point``: ``delivered`` (as last delivered),
    ``sources``, ``first_seen_at``, ``last_seen_at``, ``is_current`` (a record carries it now), ``is_set``, ``is_retired``
    and ``is_retracted`` (see ``three_way.py``), ``is_new`` (turned up after another was set, which it contests unless that is
    retired), and what the policy's rules ask for: ``trust`` (of the most trusted record
    that carries it), ``observed_at``, ``times`` (records that carry it), ``text``, ``length``.
    ``carriers``: one row per ``point`` and record version that carries it.
    """

    frame: pl.DataFrame
    carriers: pl.DataFrame


def contact_points(
    known: CustomerVersions, sighted: pl.DataFrame, corrections: Corrections, kind: Literal["email", "phone"]
) -> ContactPoints:
    """Gather addresses or numbers, also those that only a correction names."""
    carried = _carried(known, kind)
    numbered = carried.select("customer", "value").unique().with_row_index("point")
    carriers = carried.join(numbered, on=["customer", "value"]).drop("value")
    newest_first = carriers.select("point", "delivered", "position", "observed_at", "standing", "order").sort(
        "observed_at", "standing", "order", descending=[True, True, False]
    )
    last_delivered = newest_first.unique("point", keep="first", maintain_order=True)
    by_record = carriers.group_by("point", "record").agg(pl.col("trust", "standing").max())
    measured = by_record.group_by("point").agg(
        pl.col("trust").max(),
        (pl.col("standing").max() == CURRENT).alias("is_current"),
        pl.len().alias("times"),
    )
    seen = (
        sighted.filter(pl.col("type") == kind)
        .join(numbered, on=["customer", "value"])
        .group_by("point", "source")
        .agg(pl.col("first_seen_at").min(), pl.col("last_seen_at").max())
        .sort("source")
        .group_by("point", maintain_order=True)
        .agg(pl.col("source").alias("sources"), pl.col("first_seen_at").min(), pl.col("last_seen_at").max())
    )
    points = (
        numbered.join(last_delivered.select("point", "delivered", "position"), on="point")
        .join(measured, on="point")
        .join(seen, on="point", how="left")
    )
    sets, retractions = corrections.of(kind)
    named = _named(points, sets, kind)
    points = pl.concat([points, _only_corrected(named, points)], how="diagonal_relaxed") if sets.height else points
    named = with_corrected_record(named, known)
    corrected = _with_corrections(points, carriers, named, _named(points, retractions, kind)).with_columns(
        pl.col("last_seen_at").alias("observed_at"),
        pl.col("value").alias("text"),
        pl.col("value").str.len_chars().alias("length"),
        pl.lit(0, pl.UInt32).alias("order"),
    )
    return ContactPoints(corrected, carriers)


def _carried(known: CustomerVersions, kind: Literal["email", "phone"]) -> pl.DataFrame:
    """One row per record version and address or number in it: ``value`` and ``delivered`` beside the version's rows."""
    values, delivered = f"{kind}s", f"{kind}s_delivered"
    listed = known.with_values(values, delivered).filter(pl.col(values).list.len() > 0)
    same_length = pl.col(values).list.len() == pl.col(delivered).list.len()
    return (
        listed.with_columns(
            pl.when(same_length).then(delivered).otherwise(values).alias(delivered),
            pl.int_ranges(0, pl.col(values).list.len(), dtype=pl.UInt32).alias("position"),
        )
        .explode(values, delivered, "position")
        .rename({values: "value"})
        .filter(pl.col("value").is_not_null())
        .with_columns(pl.coalesce(delivered, "value").alias("delivered"))
        .drop(delivered)
    )


def _named(points: pl.DataFrame, corrections: pl.DataFrame, kind: str) -> pl.DataFrame:
    """``corrections`` with the ``value`` that the customer's records spell it as, where one of them has it."""
    if "value" not in corrections.columns:
        corrections = corrections.with_columns(value="comparable")
    if corrections.is_empty():
        return corrections
    corrections = corrections.with_row_index("correction_number")
    theirs = points.join(corrections.select("customer"), on="customer", how="semi").select(
        "customer", spelled="value", has=comparable(pl.lit(kind), pl.col("value"))
    )
    pairs = corrections.join(theirs, on="customer", how="inner")
    is_same = pl.col("comparable") == pl.col("has")
    if kind == "phone":
        shorter = pl.min_horizontal(pl.col("comparable").str.len_chars(), pl.col("has").str.len_chars())
        longer_ends_so = pl.col("has").str.ends_with(pl.col("comparable")) | pl.col("comparable").str.ends_with(
            pl.col("has")
        )
        is_same = is_same | ((shorter >= SHORTEST_LOCAL_NUMBER) & longer_ends_so)
    found = pairs.filter(is_same).select("correction_number", "spelled")
    return (
        corrections.join(found, on="correction_number", how="left")
        .with_columns(pl.coalesce("spelled", "value").alias("value"))
        .drop("correction_number", "spelled")
    )


def _only_corrected(sets: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """Rows for what was set and no record carries."""
    return sets.join(points, on=["customer", "value"], how="anti").select(
        "customer",
        "value",
        delivered="value",
        trust=pl.lit(DEFAULT_TRUST, pl.UInt8),
        is_current=pl.lit(True),
        times=pl.lit(0, pl.UInt32),
        position=pl.lit(0, pl.UInt32),
        sources=pl.concat_list("source"),
        first_seen_at="corrected_at",
        last_seen_at="corrected_at",
    )


def _with_corrections(
    points: pl.DataFrame, carriers: pl.DataFrame, sets: pl.DataFrame, retractions: pl.DataFrame
) -> pl.DataFrame:
    """Mark what is set, what has turned up since, and what is retracted."""
    retracted = retractions.select("customer", "value", is_retracted=pl.lit(True)).unique()
    marked = points.join(retracted, on=["customer", "value"], how="left").with_columns(
        pl.col("is_retracted").fill_null(False)
    )
    if sets.is_empty():
        no = pl.lit(False)
        return marked.with_columns(is_set=no, is_retired=no, is_new=no, correction_order=pl.lit(0, pl.Int8))
    set_values = sets.select("customer", "corrected_at", "corrected_record", set_value="value")
    set_values = set_values.sort("customer", "set_value").unique("customer", keep="first", maintain_order=True)
    said_by = (
        carriers.select("point", "record", carried_at="observed_at")
        .join(points.select("point", "customer", "value"), on="point")
        .join(set_values, on="customer")
        .filter(
            (pl.col("value") == pl.col("set_value"))
            & (pl.col("carried_at") > pl.col("corrected_at"))
            & (pl.col("corrected_record").is_null() | (pl.col("record") == pl.col("corrected_record")))
        )
    )
    retired = said_by.select("customer", is_retired=pl.lit(True)).unique()
    beside = marked.join(set_values, on="customer", how="left").join(retired, on="customer", how="left")
    is_it = (pl.col("value") == pl.col("set_value")).fill_null(False) & ~pl.col("is_retracted")
    is_newer = (pl.col("first_seen_at") > pl.col("corrected_at")) & (pl.col("value") != pl.col("set_value"))
    beside = beside.with_columns(
        pl.col("is_retired").fill_null(False), is_new=(is_newer & ~pl.col("is_retracted")).fill_null(False)
    )
    return beside.with_columns(
        is_set=is_it & ~pl.col("is_retired"),
        correction_order=(is_it | (pl.col("is_retired") & pl.col("is_new"))).cast(pl.Int8),
    ).drop("corrected_at", "corrected_record", "set_value")
