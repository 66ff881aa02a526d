"""How records age: when each was last observed, and whether mail still reaches its person.

Of a record that was last observed long ago fewer addresses are alive: the address decays while the record stands still.
A record's state is that of its best address, over all that is known of it, from any source. Age is counted back from
the newest observation of all, never from today.

What does not belong here: whether an address is alive (``email_addresses.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.standardized.quality_facts import Facts

STATES = ("active", "unverified", "stale", "dead", "none")
"""Best first; ``none``: the record has no address."""

AGES = (("under 3 months", 0), ("3 to 6 months", 3), ("6 to 12 months", 6), ("1 to 2 years", 12), ("2 to 3 years", 24), ("3 to 5 years", 36), ("5 years and more", 60))  # fmt: skip
"""Bands of age, each with the whole months from which it begins; finer where decay is fastest to see."""

_AGE_NAMES = [name for name, _ in AGES]


def decay(facts: Facts) -> pl.DataFrame:
    """``source``, ``month`` (first day of the month of the last observation), ``age_months``, ``records`` and how many of
    them are in each of ``STATES``; sorted."""
    best = _best_states(facts)
    records = facts.records.select("record_id", "source", "observed_at", "newest")
    records = records.join(best, on="record_id", how="left").with_columns(pl.col("state").fill_null("none"))
    seen = pl.min_horizontal("observed_at", "newest")
    month, last = seen.dt.date().dt.month_start(), pl.col("newest").dt.date()
    age = (last.dt.year() - month.dt.year()) * 12 + last.dt.month().cast(pl.Int32) - month.dt.month().cast(pl.Int32)
    counts = [(pl.col("state") == state).sum().cast(pl.Int64).alias(state) for state in STATES]
    dated = records.with_columns(month=month, age_months=age.cast(pl.Int64))
    return (
        dated.group_by("source", "month", "age_months")
        .agg(pl.len().cast(pl.Int64).alias("records"), *counts)
        .sort("source", "month")
    )


def by_age(decayed: pl.DataFrame) -> pl.DataFrame:
    """``source``, ``age`` (a name of ``AGES``), ``records`` and ``STATES``, in the order of ages; without empty bands."""
    place = pl.sum_horizontal(pl.col("age_months") >= start for _, start in AGES[1:])
    band = place.replace_strict(dict(enumerate(_AGE_NAMES)), return_dtype=pl.String)
    order = pl.DataFrame({"age": _AGE_NAMES, "place": range(len(AGES))})
    sums = decayed.with_columns(age=band).group_by("source", "age").agg(pl.col("records", *STATES).sum())
    return sums.join(order, on="age").sort("source", "place").drop("place")


def alive_by_age(decayed: pl.DataFrame) -> pl.DataFrame:
    """``source``, ``age``, ``addresses`` (records with one) and ``alive``: the share of these whose best one is active."""
    with_one = pl.col("records") - pl.col("none")
    told = by_age(decayed).with_columns(addresses=with_one).filter(pl.col("addresses") > 0)
    return told.select("source", "age", "addresses", alive=pl.col("active") / pl.col("addresses"))


def _best_states(facts: Facts) -> pl.DataFrame:
    states = {state: place for place, state in enumerate(STATES)}
    carried = facts.records.select("record_id", "source", email="emails").explode("email").drop_nulls("email")
    placed = carried.join(facts.addresses.select("source", "email", "status"), on=["source", "email"], how="inner")
    place = pl.col("status").replace_strict(states, default=len(STATES) - 1, return_dtype=pl.Int64)
    best = placed.group_by("record_id").agg(place.min().alias("place"))
    return best.select("record_id", state=pl.col("place").replace_strict({v: k for k, v in states.items()}, return_dtype=pl.String))  # fmt: skip
