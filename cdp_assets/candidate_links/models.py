"""Versions of the linkage model: kept, found again, and when the next one is due.

A model version carries its term frequencies: recomputing them on every run would change the weight of pairs that
nobody touched. Former versions stay in the tables, so that a score can always be traced to what made it.

What does not belong here: training (``training.py``) and scoring (``scoring.py``).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.comparisons import BY_NAME, choose_comparisons
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.training import TrainedModel
from cdp_assets.candidate_links.weights import weight_of_probability
from cdp_assets.tables import LINKAGE_MODEL, TERM_FREQUENCIES

KEPT_VERSIONS = 5
"""Versions whose term frequencies are kept: the one in use, and enough to compare it with its forerunners."""


def in_use(models: pl.DataFrame, frequencies: pl.DataFrame, policy: LinkagePolicy) -> TrainedModel | None:
    """The model version that scores, with the thresholds that today's policy asks for; None before the first."""
    current = models.filter(pl.col("is_in_use"))
    if current.is_empty():
        return None
    row = current.row(0, named=True)
    return TrainedModel(
        model_version=row["model_version"],
        settings=row["settings"],
        term_frequencies=frequencies.filter(pl.col("model_version") == row["model_version"]).drop("model_version"),
        fields=tuple(row["fields"]),
        accept_weight=weight_of_probability(policy.accepted_from()),
        review_weight=weight_of_probability(policy.reviewed_from()),
        notes=tuple(row["notes"]),
        trained_profiles=row["trained_profiles"],
        policy=policy,
    )


def why_due(model: TrainedModel | None, profiles: pl.DataFrame, policy: LinkagePolicy) -> str | None:
    """Why a new version is due, or None while the one in use serves.

    Small data is trained anew each time: it costs seconds, and makes the result depend on the data alone, not on the
    order in which it came.
    """
    if model is None:
        return "there is no model yet"
    if not _is_readable(model):
        return "the version in use compares other levels than this release"
    if profiles.height < policy.retrain.always_below_profiles:
        return "the data is small: training on all of it costs seconds"
    comparing = {c.comparison.name for c in choose_comparisons(comparable(profiles)) if c.is_used}
    if comparing != set(model.fields):
        return "the fields that are filled have changed"
    if profiles.height > model.trained_profiles * (1 + policy.retrain.when_grown_by):
        return "the data has grown"
    return None


def _is_readable(model: TrainedModel) -> bool:
    """Whether the model's parameters are of the levels that comparisons have now: another release may have had others."""
    shares = model.parameters.shares
    return all(name in BY_NAME and len(BY_NAME[name].scored) == len(found.m) for name, found in shares.items())


def with_version(models: pl.DataFrame, model: TrainedModel, now: datetime) -> pl.DataFrame:
    """``candidate_links/linkage_model`` with this version in use; training the same again adds none."""
    before = models.filter(pl.col("model_version") == model.model_version)
    trained_at = before["trained_at"].item() if before.height else now
    row = pl.DataFrame(
        {
            "model_version": [model.model_version],
            "trained_at": [trained_at],
            "trained_profiles": [model.trained_profiles],
            "fields": [list(model.fields)],
            "settings": [model.settings],
            "accept_weight": [model.accept_weight],
            "review_weight": [model.review_weight],
            "notes": [list(model.notes)],
            "is_in_use": [True],
        },
        schema=LINKAGE_MODEL.schema,
    )
    others = models.filter(pl.col("model_version") != model.model_version).with_columns(is_in_use=pl.lit(False))
    return pl.concat([others, row]).sort("trained_at", "model_version")


def with_frequencies_of(frequencies: pl.DataFrame, models: pl.DataFrame, model: TrainedModel) -> pl.DataFrame:
    """``candidate_links/term_frequencies`` with this version's, and those of the newest others that are kept."""
    kept = models.sort("trained_at", "model_version").tail(KEPT_VERSIONS)["model_version"].to_list()
    others = frequencies.filter(pl.col("model_version").is_in(kept) & (pl.col("model_version") != model.model_version))
    mine = model.term_frequencies.select(
        pl.lit(model.model_version).alias("model_version"), "field", "value", "frequency"
    )
    return TERM_FREQUENCIES.conform(pl.concat([others, TERM_FREQUENCIES.conform(mine)]))
