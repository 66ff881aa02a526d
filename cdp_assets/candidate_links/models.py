"""Versions of the linkage model: kept, found again, proposed, taken into use, and when the next one is due.

A model version carries its term frequencies: recomputing them on every run would change the weight of pairs that
nobody touched. Former versions stay in the tables, so that a score can always be traced to what made it.

One version is in use. At most one other is proposed: trained and kept beside it, until somebody, or the policy, takes it
into use. Which version scores the next resolution is decided here (:func:`which_scores`), from what was chosen and from what the data
asks for; whoever chooses writes to the ledger, and only a resolution changes the tables.

What does not belong here: training (``training.py``), scoring (``scoring.py``), what a proposal would change (``identity_graph/plan.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from cdp_assets.candidate_links.comparisons import BY_NAME
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.weights import weight_of_probability
from cdp_assets.tables import LINKAGE_MODEL, TERM_FREQUENCIES

KEPT_VERSIONS = 5
"""Versions whose term frequencies are kept: the one in use, the proposed one, and enough to go back to their forerunners."""

MODEL_CHOICE = "linkage model"
"""Kind of the ledger's choices that name a model version."""


@dataclass(frozen=True)
class ModelChoice:
    """What was chosen last: a version (None: the policy chooses again), by whom (None: by the policy), when."""

    version: str | None
    chosen_by: str | None
    chosen_at: datetime


@dataclass(frozen=True)
class Scorer:
    """The model that scores a resolution (None: one has to be trained first), whether a person has pinned it, and why.

    ``must_train``: why a new version has to be trained and taken into use now, or None.
    """

    model: TrainedModel | None
    is_pinned: bool
    must_train: str | None
    why: str


def model_choice(row: dict[str, Any] | None) -> ModelChoice | None:
    """The choice as the ledger tells it."""
    return None if row is None else ModelChoice(row["subject"], row["chosen_by"], row["chosen_at"])


def in_use(models: pl.DataFrame, frequencies: pl.DataFrame, policy: LinkagePolicy) -> TrainedModel | None:
    """The model version that scores, with the thresholds that today's policy asks for; None before the first."""
    current = models.filter(pl.col("is_in_use"))
    return None if current.is_empty() else _model(current.row(0, named=True), frequencies, policy)


def version_of(
    version: str, models: pl.DataFrame, frequencies: pl.DataFrame, policy: LinkagePolicy
) -> TrainedModel | None:
    """A version that is still kept whole, with the thresholds that today's policy asks for; None where it is not."""
    row = _kept(models).filter(pl.col("model_version") == version)
    return None if row.is_empty() else _model(row.row(0, named=True), frequencies, policy)


def proposed(models: pl.DataFrame, frequencies: pl.DataFrame, policy: LinkagePolicy) -> TrainedModel | None:
    """The version that waits beside the one in use; None where there is none."""
    found = models.filter(_is_proposed())
    return None if found.is_empty() else _model(found.row(0, named=True), frequencies, policy)


def _model(row: dict[str, Any], frequencies: pl.DataFrame, policy: LinkagePolicy) -> TrainedModel:
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


def which_scores(
    models: pl.DataFrame,
    frequencies: pl.DataFrame,
    profiles: pl.DataFrame,
    policy: LinkagePolicy,
    choice: ModelChoice | None,
) -> Scorer:
    """The model that scores a resolution of ``candidate_links/linkage_profiles``.

    A version that was chosen after the one in use came into use takes its place. One that a person chose stays, however
    small the data is, until a person chooses otherwise; one that the policy chose stays until the next. A chosen version that is
    no longer kept, or can not be read, is passed over, and said to be.
    """
    current = in_use(models, frequencies, policy)
    chosen = _chosen(models, frequencies, policy, choice)
    model = current if chosen is None else chosen
    is_pinned = chosen is not None and choice is not None and choice.chosen_by is not None
    if model is None:
        return Scorer(None, False, "there is no model yet", "the first version is taken into use at once")
    if not is_readable(model):
        why = "the version in use is of another release, which compared or blocked otherwise"
        return Scorer(None, False, why, why)
    if is_pinned:
        return Scorer(model, True, None, f"it was chosen by {choice.chosen_by}" if choice else "it was chosen")
    if profiles.height < policy.retrain.always_below_profiles:
        return Scorer(model, False, SMALL_DATA, SMALL_DATA)
    taken = chosen is not None and (current is None or chosen.model_version != current.model_version)
    return Scorer(
        model, False, None, "it changed little and was taken into use" if taken else "the version in use serves"
    )


def _chosen(
    models: pl.DataFrame, frequencies: pl.DataFrame, policy: LinkagePolicy, choice: ModelChoice | None
) -> TrainedModel | None:
    """The version that was chosen, where it still holds: nothing else has come into use since."""
    if choice is None or choice.version is None:
        return None
    current = models.filter(pl.col("is_in_use"))
    if current.height and current["model_version"].item() != choice.version:
        since = current["in_use_since"].item()
        if since is not None and since > choice.chosen_at.astimezone(UTC):
            return None
    return version_of(choice.version, models, frequencies, policy)


SMALL_DATA = "the data is small: training on all of it costs seconds"


def is_readable(model: TrainedModel) -> bool:
    """Whether the model is of the levels that comparisons have now, and tells how large blocks may be: another release may have had other ones."""
    shares = model.parameters.shares
    has_caps = all("finer_cap" in report for report in model.content["blocking"])
    return has_caps and all(
        name in BY_NAME and len(BY_NAME[name].scored) == len(found.m) for name, found in shares.items()
    )


def with_version(models: pl.DataFrame, model: TrainedModel, now: datetime) -> pl.DataFrame:
    """``candidate_links/linkage_model`` with this version in use; training the same again adds none.

    A proposal waits on while the version in use stays; when another takes its place, it is a proposal no longer.
    """
    was_in_use = models.filter(pl.col("is_in_use") & (pl.col("model_version") == model.model_version))
    others = models.with_columns(is_in_use=pl.lit(False))
    if was_in_use.is_empty():
        others = others.with_columns(is_proposed=pl.lit(False))
    since = was_in_use["in_use_since"].item() if was_in_use.height else now
    return _with_row(others, model, now, is_in_use=True, in_use_since=since)


def with_proposal(models: pl.DataFrame, model: TrainedModel, now: datetime) -> pl.DataFrame:
    """``candidate_links/linkage_model`` with this version proposed beside the one in use; a newer proposal replaces an older one.

    The version in use, trained again, is no proposal.
    """
    others = models.with_columns(is_proposed=pl.lit(False))  # one at most waits
    if others.filter(pl.col("is_in_use") & (pl.col("model_version") == model.model_version)).height:
        return others
    return _with_row(others, model, now, is_in_use=False, in_use_since=None)


def _with_row(
    models: pl.DataFrame, model: TrainedModel, now: datetime, *, is_in_use: bool, in_use_since: datetime | None
) -> pl.DataFrame:
    before = models.filter(pl.col("model_version") == model.model_version)
    row = pl.DataFrame(
        {
            "model_version": [model.model_version],
            "trained_at": [before["trained_at"].item() if before.height else now],
            "trained_profiles": [model.trained_profiles],
            "fields": [list(model.fields)],
            "settings": [model.settings],
            "accept_weight": [model.accept_weight],
            "review_weight": [model.review_weight],
            "notes": [list(model.notes)],
            "is_in_use": [is_in_use],
            "is_proposed": [not is_in_use],
            "in_use_since": [in_use_since],
        },
        schema=LINKAGE_MODEL.schema,
    )
    others = models.filter(pl.col("model_version") != model.model_version)
    return pl.concat([others, row]).sort("trained_at", "model_version")


def _is_proposed() -> pl.Expr:
    return pl.col("is_proposed").fill_null(False)


def _kept(models: pl.DataFrame) -> pl.DataFrame:
    """The versions whose term frequencies are kept: in use, proposed, and the newest others."""
    return models.sort(pl.col("is_in_use"), _is_proposed(), "trained_at", "model_version").tail(KEPT_VERSIONS)


def with_frequencies_of(frequencies: pl.DataFrame, models: pl.DataFrame, model: TrainedModel) -> pl.DataFrame:
    """``candidate_links/term_frequencies`` with this version's, and those of the others that are kept."""
    kept = _kept(models)["model_version"].to_list()
    others = frequencies.filter(pl.col("model_version").is_in(kept) & (pl.col("model_version") != model.model_version))
    mine = model.term_frequencies.select(
        pl.lit(model.model_version).alias("model_version"), "field", "value", "frequency"
    )
    return TERM_FREQUENCIES.conform(pl.concat([others, TERM_FREQUENCIES.conform(mine)]))
