"""Which pairs a person should judge so that precision and recall can be told: a stratified sample that can be drawn again.

Scored pairs are parted by what was decided and how sure that is. In its stratum, every pair has a place in a drawing order
that never changes, a hash of its two profiles: a larger sample holds the smaller one, and new data add pairs in between. What has been judged
for another reason (the review queue) is only counted as sampled where the order had come to it anyway.

What does not belong here: what follows from the answers (``estimates.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.candidate_links.decisions import ACCEPTED, BY_WEIGHT
from cdp_assets.candidate_links.hashing import of_pairs

# Lower ends of the strata by probability: nearly all pairs are certain, and nearly all mistakes are made among the others.
PROBABLE_FROM = (0.0, 0.2, 0.9, 0.99, 0.9999)
# So much of a stratum's beginning must have been judged for it to count as drawn: some pairs nobody can decide.
ANSWERED = 0.9
# For sharing out a sample, no stratum counts as surer than this: that is what the sample is to find out.
SUREST = 0.98


@dataclass(frozen=True)
class Stratum:
    """Scored pairs of one decision and one range of probability: how many, how many of them the model expects to be matches,
    and of those drawn and judged how many there are and how many are the same person."""

    name: str
    is_accepted: bool
    pairs: int
    expected: float
    judged: int
    same: int


def with_strata(scored_pairs: pl.DataFrame, profile_members: pl.DataFrame) -> pl.DataFrame:
    """Scored pairs with ``stratum``, ``is_accepted`` and ``lot``, which says when a pair's turn comes in its stratum.

    Two profiles of one record are left out: they are one person by definition, and nobody can judge them.
    """
    pairs = scored_pairs.join(
        _of_one_record(scored_pairs, profile_members), on=["profile_id_l", "profile_id_r"], how="anti"
    )
    order = of_pairs(pairs.get_column("profile_id_l"), pairs.get_column("profile_id_r"))
    likely = pl.col("match_probability")
    band = pl.sum_horizontal((likely >= low).cast(pl.Int8) for low in PROBABLE_FROM[1:])
    names = [_range(low, high) for low, high in zip(PROBABLE_FROM, (*PROBABLE_FROM[1:], 1.0), strict=True)]
    accepted, by_weight = pl.col("decision") == ACCEPTED, pl.col("reason") == BY_WEIGHT
    told = (
        pl.when(accepted & by_weight)
        .then(pl.lit("accepted, ") + band.replace_strict(list(range(len(names))), names, return_dtype=pl.String))
        .when(accepted)
        .then(pl.lit("accepted by a named rule"))
        .when(by_weight)
        .then(pl.lit("review, ") + band.replace_strict(list(range(len(names))), names, return_dtype=pl.String))
        .otherwise(pl.lit("held back by a named rule"))
    )
    return pairs.with_columns(
        told.alias("stratum"), accepted.alias("is_accepted"), pl.Series("lot", order, dtype=pl.UInt64)
    )


def _in_order(placed: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``with_strata`` by stratum and lot, with ``drawn_as``, the place in the stratum's order, from 1."""
    ordered = placed.sort("stratum", "lot", "profile_id_l", "profile_id_r").drop("lot")
    return ordered.with_columns(drawn_as=pl.int_range(1, pl.len() + 1).over("stratum"))


def judged_sample(placed: pl.DataFrame, labelled: pl.DataFrame) -> pl.DataFrame:
    """The pairs of ``with_strata`` that are drawn and judged, with ``is_same`` and ``stands_for``, the pairs that each stands for.

    ``labelled``: ``labels.labelled_pairs``.
    """
    answers = labelled.select(profile_id_l="id_l", profile_id_r="id_r", is_same="is_same", is_judged=pl.lit(True))
    some = placed.join(answers, on=["profile_id_l", "profile_id_r"], how="semi").get_column("stratum").unique()
    ordered = _in_order(placed.filter(pl.col("stratum").is_in(some.implode())))
    known = ordered.join(answers, on=["profile_id_l", "profile_id_r"], how="left").sort("stratum", "drawn_as")
    answered = pl.col("is_judged").fill_null(False).cum_sum().over("stratum")
    reached = pl.when(answered >= ANSWERED * pl.col("drawn_as")).then("drawn_as").max().over("stratum")
    return (
        known.with_columns(pl.len().over("stratum").alias("pairs"), reached.alias("reached"))
        .filter(pl.col("is_same").is_not_null() & (pl.col("drawn_as") <= pl.col("reached")))
        .with_columns(stands_for=pl.col("pairs") / pl.len().over("stratum"))
        .drop("pairs", "reached", "is_judged")
    )


def strata(placed: pl.DataFrame, drawn: pl.DataFrame) -> list[Stratum]:
    """Strata of ``with_strata`` with what the pairs of ``judged_sample`` say, surest first."""
    told = drawn.group_by("stratum").agg(judged=pl.len(), same=pl.col("is_same").sum())
    rows = (
        placed.group_by("stratum", "is_accepted")
        .agg(pl.len().alias("pairs"), pl.col("match_probability").sum().round(3).alias("expected"))
        .join(told, on="stratum", how="left")
        .with_columns(pl.col("judged", "same").fill_null(0))
        .rename({"stratum": "name"})
        .sort(pl.col("expected") / pl.col("pairs"), "name", descending=[True, False])
    )
    return [Stratum(**row) for row in rows.iter_rows(named=True)]


def sample(placed: pl.DataFrame, profile_members: pl.DataFrame, size: int) -> pl.DataFrame:
    """The ``size`` pairs to judge: ``with_strata`` rows with a record of each profile (``record_id_l``, ``record_id_r``).

    Half are shared out evenly among the strata, half where a pair tells most (Neyman 1934).
    """
    sized = (
        placed.group_by("stratum")
        .agg(pl.len().alias("pairs"), pl.col("match_probability").mean().round(6))
        .sort("stratum")
    )
    wanted = shared_out(sized.get_column("pairs").to_list(), sized.get_column("match_probability").to_list(), size)
    quota = sized.select("stratum", pl.Series("quota", wanted, dtype=pl.Int64))
    drawn = _in_order(placed).join(quota, on="stratum").filter(pl.col("drawn_as") <= pl.col("quota")).drop("quota")
    first = profile_members.group_by("profile_id").agg(pl.col("record_id").min())
    return (
        drawn.join(first.rename({"profile_id": "profile_id_l", "record_id": "record_id_l"}), on="profile_id_l")
        .join(first.rename({"profile_id": "profile_id_r", "record_id": "record_id_r"}), on="profile_id_r")
        .sort("stratum", "drawn_as")
    )


def shared_out(pairs: list[int], likely: list[float], size: int) -> list[int]:
    """How many pairs of each stratum a sample of ``size`` takes; never more than a stratum has."""
    total = min(size, sum(pairs))
    given = [0] * len(pairs)
    tells = []
    for count, chance in zip(pairs, likely, strict=True):
        doubt = min(max(chance, 1.0 - SUREST), SUREST)
        tells.append(count * float(np.sqrt(doubt * (1.0 - doubt))))
    even = size / (2.0 * max(len(pairs), 1))
    share = [even + size / 2.0 * tell / max(sum(tells), 1e-12) for tell in tells]
    for _ in range(total):
        # The stratum that lags farthest behind its share is next.
        open_ = [at for at in range(len(pairs)) if given[at] < pairs[at]]
        given[max(open_, key=lambda at: (share[at] - given[at], -at))] += 1
    return given


def _range(low: float, high: float) -> str:
    return f"p {low:g} to {high:g}"


def _of_one_record(scored_pairs: pl.DataFrame, profile_members: pl.DataFrame) -> pl.DataFrame:
    """Scored pairs whose two profiles have a record in common."""
    left = profile_members.rename({"profile_id": "profile_id_l"})
    right = profile_members.rename({"profile_id": "profile_id_r"})
    return (
        scored_pairs.select("profile_id_l", "profile_id_r")
        .join(left, on="profile_id_l")
        .join(right, on=["profile_id_r", "record_id"])
        .select("profile_id_l", "profile_id_r")
        .unique()
    )
