"""Which mistakes a resolution makes: which true pairs it misses and where it loses them, which false merges it makes and why.

Every wrong pair of records is put down to one step, and shown as the levels that its two most alike profiles reach. Levels
are words of the model: no value is in them. What does not belong here: how many mistakes there are (``accuracy.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.candidate_links.blocking import candidate_pairs
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.decisions import ACCEPTED, BY_WEIGHT
from cdp_assets.candidate_links.engine import DuckDBEngine, LinkageEngine
from cdp_assets.candidate_links.studied_pairs import compared
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.weights import match_weights, used_comparisons

MISSED, FALSE = "missed", "false"
NEVER_PROPOSED = "never proposed by blocking"
TOO_LIGHT = "below the review weight"
BELOW_THRESHOLD = "below the accept weight"
HELD_BACK = "held back by {rule}"
CUT = "accepted, and cut by clustering"
SAYS_THE_SAME = "the two records say the same"
LINKED = "accepted link"
LINKED_BY = "accepted by {rule}"
IN_BETWEEN = "joined through other records"

ERRORS_SCHEMA: dict[str, pl.DataType] = {
    "error": pl.String(),
    "step": pl.String(),
    "levels": pl.String(),
    "pairs": pl.Int64(),
}
_MOST_PROFILES = 6
"""Profiles per record that are looked at: a record with more versions than this is known by its first."""


@dataclass(frozen=True)
class Resolution:
    """The tables of one resolution that its mistakes are looked for in; ``clusters``: ``record_id``, ``cluster_id``."""

    profiles: pl.DataFrame
    members: pl.DataFrame
    scored_pairs: pl.DataFrame
    clusters: pl.DataFrame
    model: TrainedModel


def errors(truth: pl.DataFrame, found: Resolution, engine: LinkageEngine | None = None) -> pl.DataFrame:
    """Wrong pairs of records by ``error`` (missed or false), ``step`` and ``levels``, most frequent first.

    ``truth``: ``record_id``, ``entity_id``; records without an entity are left out.
    """
    engine = engine or DuckDBEngine()
    labelled = truth.drop_nulls().select("record_id", pl.col("entity_id").cast(pl.String))
    held = labelled.join(found.clusters.select("record_id", "cluster_id"), on="record_id")
    wrong = pl.concat(
        [_pairs_within(held, "entity_id", "cluster_id", MISSED), _pairs_within(held, "cluster_id", "entity_id", FALSE)]
    )
    if wrong.is_empty():
        return pl.DataFrame(schema=ERRORS_SCHEMA)
    most_alike = _most_alike(wrong, found, engine)
    return (
        most_alike.group_by("error", "step", "levels")
        .agg(pl.len().cast(pl.Int64).alias("pairs"))
        .sort("error", "pairs", "step", "levels", descending=[True, True, False, False])
        .select(list(ERRORS_SCHEMA))
    )


def _pairs_within(held: pl.DataFrame, same: str, other: str, error: str) -> pl.DataFrame:
    """Pairs of records of one ``same`` that are of two ``other``."""
    side = held.select("record_id", same, other)
    return (
        side.join(side, on=same, suffix="_r")
        .filter((pl.col("record_id") < pl.col("record_id_r")) & (pl.col(other) != pl.col(f"{other}_r")))
        .select(pl.lit(error).alias("error"), record_id_l="record_id", record_id_r="record_id_r")
    )


def _most_alike(wrong: pl.DataFrame, found: Resolution, engine: LinkageEngine) -> pl.DataFrame:
    """Each wrong pair with its step, and the levels of the pair of profiles that went farthest."""
    members = found.members.sort("record_id", "profile_id").filter(
        pl.int_range(pl.len()).over("record_id") < _MOST_PROFILES
    )
    pairs = (
        wrong.join(members.rename({"profile_id": "l", "record_id": "record_id_l"}), on="record_id_l")
        .join(members.rename({"profile_id": "r", "record_id": "record_id_r"}), on="record_id_r")
        .with_columns(id_l=pl.min_horizontal("l", "r"), id_r=pl.max_horizontal("l", "r"))
        .drop("l", "r")
    )
    distinct = pairs.filter(pl.col("id_l") != pl.col("id_r")).select("id_l", "id_r").unique().sort("id_l", "id_r")
    told = _told(distinct, found, engine)
    ranked = pairs.join(told, on=["id_l", "id_r"], how="left").with_columns(
        pl.when(pl.col("id_l") == pl.col("id_r")).then(pl.lit(ACCEPTED)).otherwise("decision").alias("decision")
    )
    best = ranked.sort(
        "error",
        "record_id_l",
        "record_id_r",
        pl.col("id_l") != pl.col("id_r"),
        pl.col("decision").fill_null("") != ACCEPTED,
        pl.col("weight"),
        "id_l",
        "id_r",
        descending=[False, False, False, False, False, True, False, False],
        nulls_last=True,
    ).unique(["error", "record_id_l", "record_id_r"], keep="first", maintain_order=True)
    return best.with_columns(_step().alias("step"), pl.col("levels").replace("", None).fill_null("nothing to compare"))


def _told(pairs: pl.DataFrame, found: Resolution, engine: LinkageEngine) -> pl.DataFrame:
    """For pairs of profiles: decision and reason of the run, whether blocking proposes them, weight, levels that differ."""
    comparisons = used_comparisons(found.model.parameters)
    frame = comparable(found.profiles)
    scored = found.scored_pairs.select(id_l="profile_id_l", id_r="profile_id_r", decision="decision", reason="reason")
    proposed = candidate_pairs(frame, found.model.policy).pairs.select("id_l", "id_r", pl.lit(True).alias("proposed"))
    if not comparisons or pairs.is_empty():
        return pairs.join(scored, on=["id_l", "id_r"], how="left").with_columns(
            proposed=pl.lit(False), weight=pl.lit(None, dtype=pl.Float64), levels=pl.lit(None, dtype=pl.String)
        )
    levels = compared(frame, found.model.term_frequencies, pairs, comparisons, engine)
    weights = found.model.calibration.apply(match_weights(levels, found.model.parameters))
    words = [
        pl.Series(
            comparison.name,
            [
                _word(comparison.name, level.name if (level := comparison.level_of(int(g))) else None)
                for g in levels.gammas[comparison.name]
            ],
            dtype=pl.String,
        )
        for comparison in comparisons
    ]
    return (
        levels.ids.with_columns(pl.Series("weight", weights), *words)
        .with_columns(pl.concat_str([w.name for w in words], separator="; ", ignore_nulls=True).alias("levels"))
        .drop([w.name for w in words])
        .join(scored, on=["id_l", "id_r"], how="left")
        .join(proposed, on=["id_l", "id_r"], how="left")
    )


def _word(comparison: str, level: str | None) -> str | None:
    return None if level is None else f"{comparison.replace('_', ' ')} {level}"


def _step() -> pl.Expr:
    accepted, by_weight = pl.col("decision") == ACCEPTED, pl.col("reason") == BY_WEIGHT
    one_profile = pl.col("id_l") == pl.col("id_r")
    by_rule = pl.format(HELD_BACK.replace("{rule}", "{}"), "reason")
    missed = (
        pl.when(accepted)
        .then(pl.lit(CUT))
        .when(pl.col("decision").is_not_null() & by_weight)
        .then(pl.lit(BELOW_THRESHOLD))
        .when(pl.col("decision").is_not_null())
        .then(by_rule)
        .when(pl.col("proposed"))
        .then(pl.lit(TOO_LIGHT))
        .otherwise(pl.lit(NEVER_PROPOSED))
    )
    false = (
        pl.when(one_profile)
        .then(pl.lit(SAYS_THE_SAME))
        .when(accepted & by_weight)
        .then(pl.lit(LINKED))
        .when(accepted)
        .then(pl.format(LINKED_BY.replace("{rule}", "{}"), "reason"))
        .otherwise(pl.lit(IN_BETWEEN))
    )
    return pl.when(pl.col("error") == MISSED).then(missed).otherwise(false)
