"""What e-mail addresses and phones have in common: a customer keeps every one, each with its sightings and corrections.

What does not belong here: which is the best (``ranked_contacts.py``; ``emails.py``, ``phones.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.lists import Flat, where
from cdp_assets.golden_records.corrections import Corrections, comparable
from cdp_assets.golden_records.customer_versions import CURRENT, CustomerVersions
from cdp_assets.golden_records.packed_order import begins_of, best_of_each, rows_in_order
from cdp_assets.golden_records.policy import DEFAULT_TRUST
from cdp_assets.golden_records.three_way import with_corrected_record

SHORTEST_LOCAL_NUMBER = 7
"""Digits that two spellings of one number, with and without country and area code, must share at their end."""

_BITS_LEFT_OUT = 20
"""Of a value's hash: the others are sorted together with the numbers of a million customers, in one go."""


@dataclass(frozen=True)
class ContactPoints:
    """Every address or number of every customer.

    ``frame``: one row per ``customer`` and ``value``, numbered ``point``: ``delivered`` (as last delivered),
    ``sources``, ``first_seen_at``, ``last_seen_at``, ``is_current`` (a record carries it now), ``is_set``, ``is_retired``
    and ``is_retracted`` (see ``three_way.py``), ``is_new`` (turned up after another was set, which it contests unless that is
    retired), and what the policy's rules ask for: ``trust`` (of the most trusted record
    that carries it), ``observed_at``, ``times`` (records that carry it), ``text``, ``length``. ``best_row``: the best record version
    that carries it, null where only a correction names it.
    ``carriers``: one row per ``point`` and record version that carries it, in the order of points.
    """

    frame: pl.DataFrame
    carriers: pl.DataFrame


def contact_points(
    known: CustomerVersions, sighted: pl.DataFrame, corrections: Corrections, kind: Literal["email", "phone"]
) -> ContactPoints:
    """Gather addresses or numbers, also those that only a correction names."""
    carried, seen = _carried(known, kind), sighted.filter(pl.col("type") == kind)
    places, places_seen = _places(carried, seen)
    order, _ = rows_in_order([places, carried.get_column("order"), carried.get_column("position")], [False] * 3)
    carriers = carried.with_columns(point=places)[order]
    points = _measured(carriers).hstack(_sightings(seen.with_columns(point=places_seen), places.n_unique()))
    carriers = carriers.drop("value")
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


def _places(carried: pl.DataFrame, seen: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """The number of the ``customer`` and ``value`` of each row of two frames, in the order of customers; null where nobody carries it."""
    both = pl.concat([carried.select("customer", "value"), seen.select("customer", "value")], rechunk=True)
    if both.is_empty():
        return carried.get_column("customer"), seen.get_column("customer")
    places = _alike(both.get_column("customer"), both.get_column("value"))
    is_carried = np.zeros(int(places.max()) + 1, dtype=np.bool_)
    is_carried[places[: carried.height]] = True
    numbers = where(pl.Series((np.cumsum(is_carried) - 1).astype(np.uint32)), pl.Series(is_carried))
    point = numbers.gather(pl.Series(places))
    return point.head(carried.height), point.tail(seen.height)


def _alike(customers: pl.Series, values: pl.Series) -> npt.NDArray[np.int64]:
    """A number for each customer and value, in the order of customers.

    Values are put side by side by their hash, which takes a third of the time that finding distinct rows takes; then neighbours are
    compared themselves. Should two values of one customer have one hash, all are told apart by themselves.
    """
    hashes = pl.Series((values.hash().to_numpy() >> np.uint64(_BITS_LEFT_OUT)).view(np.int64))
    order, repeats = rows_in_order([customers, hashes], [False, False])
    found = values.gather(pl.Series(order))
    if ((found != found.shift()).fill_null(False).to_numpy() & repeats).any():
        both = pl.DataFrame([customers.alias("customer"), values.alias("value")])
        numbered = both.unique().sort("customer", "value").with_row_index("point")
        points = both.join(numbered, on=["customer", "value"], how="left", maintain_order="left").get_column("point")
        return points.cast(pl.Int64).to_numpy()
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.cumsum(~repeats) - 1
    return places


def _measured(carriers: pl.DataFrame) -> pl.DataFrame:
    """One row per point of ``carriers``, which stand in its order and, within a point, in that of record versions."""
    point, record, standing, trust = (
        carriers.get_column(name).to_numpy() for name in ("point", "record", "standing", "trust")
    )
    at = carriers.get_column("observed_at").to_physical().to_numpy()
    begins = begins_of(point)
    if not len(begins):
        return carriers.select("point", "customer", "value", "delivered", "position", "trust").with_columns(
            is_current=pl.lit(True), times=pl.lit(0, pl.UInt32), best_row=pl.lit(0, pl.UInt32)
        )
    last = best_of_each(begins, [at, standing])
    is_first_of_record = np.ones(len(point), dtype=np.uint32)
    is_first_of_record[1:] = (point[1:] != point[:-1]) | (record[1:] != record[:-1])
    best = best_of_each(begins, [standing, trust, at])
    return carriers.select("point", "customer", "value", "delivered", "position")[last].with_columns(
        pl.Series("trust", np.maximum.reduceat(trust, begins)),
        pl.Series("is_current", np.maximum.reduceat(standing, begins) == CURRENT),
        pl.Series("times", np.add.reduceat(is_first_of_record, begins)),
        carriers.get_column("row").gather(best).alias("best_row"),
    )


def _sightings(seen: pl.DataFrame, points: int) -> pl.DataFrame:
    """``sources`` in order, ``first_seen_at`` and ``last_seen_at`` of each of so many points; null of one that was not seen."""
    seen = seen.filter(pl.col("point").is_not_null()) if seen.get_column("point").null_count() else seen
    names = seen.get_column("source").unique().sort()
    source = seen.get_column("source").cast(pl.Enum(names)).to_physical()
    order, repeats = rows_in_order([seen.get_column("point"), source], [False, False])
    seen, source = seen.select("point", "first_seen_at", "last_seen_at")[order], source.gather(order)
    measured = (
        seen.with_columns(pl.col("point").set_sorted())
        .group_by("point", maintain_order=True)
        .agg(pl.col("first_seen_at").min(), pl.col("last_seen_at").max())
    )
    is_first = pl.Series(~repeats)  # of its source
    of_each = np.bincount(seen.get_column("point").filter(is_first).to_numpy(), minlength=points)
    lists = Flat.of_lengths(names.gather(source.filter(is_first)).alias("sources"), of_each).lists()
    is_seen = pl.Series(of_each > 0)
    rows = where(is_seen.cast(pl.Int64).cum_sum() - 1, is_seen)
    return pl.DataFrame(
        [where(lists, is_seen).alias("sources"), *(moment.gather(rows) for moment in measured.drop("point"))]
    )


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
    theirs = points.select("point", "customer", "value").join(set_values, on="customer")
    said_by = (
        carriers.select("point", "record", carried_at="observed_at")
        .join(theirs, on="point")
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
