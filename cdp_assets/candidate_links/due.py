"""Whether a new version of the linkage model is due, and whether one waits: what the last resolution has measured, read from the lake.

What does not belong here: measuring (``drift.py``) and deciding which version scores (``models.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from cdp_assets.candidate_links.drift import newest, why_drifted
from cdp_assets.candidate_links.models import MODEL_CHOICE, ModelChoice, model_choice
from cdp_assets.candidate_links.policy import load_linkage_policy
from cdp_assets.lake import Lake
from cdp_assets.tables import DRIFT, LINKAGE_MODEL, LINKAGE_PROFILES
from cdp_assets.workspace import Workspace


@dataclass(frozen=True)
class Retraining:
    """How the model in use stands.

    ``reasons``: why a new version is due, by the last resolution's measures; ``measured_at``: when that was. ``proposed``: the version that
    waits. ``chosen``: the version that a person (``chosen_by``) or the policy (None) has chosen for the next resolution, where that is another one than
    the one in use. ``pinned_by``: who has pinned the version in use. ``is_trained_anyway``: each resolution trains anew, the data being small.
    """

    reasons: tuple[str, ...]
    measured_at: datetime | None
    in_use: str | None
    proposed: str | None
    chosen: str | None
    chosen_by: str | None
    pinned_by: str | None
    is_trained_anyway: bool

    @property
    def wants_training(self) -> bool:
        """Whether somebody, or a schedule, should train: a version is due, and none waits or is about to be used."""
        return bool(self.reasons) and not (self.proposed or self.chosen or self.is_trained_anyway)


def retraining(workspace: Workspace) -> Retraining:
    """Look at the lake and the ledger; nothing is measured anew."""
    lake = workspace.lake
    measured = newest(lake.read_or_empty(DRIFT))
    models = lake.read_or_empty(LINKAGE_MODEL)
    used = _one(models.filter("is_in_use"))
    chosen = model_choice(workspace.ledger.choice(MODEL_CHOICE))
    is_other = _is_for_the_next(models, chosen)
    is_pinned = chosen is not None and chosen.version == used and chosen.chosen_by is not None
    policy = load_linkage_policy(workspace.policy_file("linkage"))
    return Retraining(
        reasons=tuple(why_drifted(measured)),
        measured_at=measured["measured_at"].max() if measured.height else None,  # type: ignore[arg-type]
        in_use=used,
        proposed=_one(models.filter(pl.col("is_proposed").fill_null(False))),
        chosen=chosen.version if chosen and is_other else None,
        chosen_by=chosen.chosen_by if chosen and is_other else None,
        pinned_by=chosen.chosen_by if chosen and is_pinned else None,
        is_trained_anyway=not is_pinned and _profiles(lake) < policy.retrain.always_below_profiles,
    )


def _is_for_the_next(models: pl.DataFrame, chosen: ModelChoice | None) -> bool:
    """Whether the choice names a version that is not in use yet, and was made after the one in use came into use."""
    if chosen is None or chosen.version is None:
        return False
    used = models.filter("is_in_use")
    if used.is_empty() or used["model_version"].item() == chosen.version:
        return False
    since = used["in_use_since"].item()
    return since is None or since <= chosen.chosen_at


def _one(models: pl.DataFrame) -> str | None:
    return None if models.is_empty() else str(models["model_version"].item(0))


def _profiles(lake: Lake) -> int:
    if not lake.exists(LINKAGE_PROFILES):
        return 0
    return int(lake.scan(LINKAGE_PROFILES).select(pl.len()).collect().item())
