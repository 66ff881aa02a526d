"""Taking a version of the linkage model into use: checked here, written to the ledger, done by the next resolution.

Nothing in the lake changes before a resolution makes all of it anew: readers see one model's customers or the other's.

What does not belong here: training and planning (the job ``train_linkage_model``).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cdp_assets.candidate_links.models import MODEL_CHOICE, is_readable, version_of
from cdp_assets.candidate_links.policy import load_linkage_policy
from cdp_assets.steward.lookup import require_made
from cdp_assets.steward.model_text import NoSuchModelError, the_version
from cdp_assets.tables import LINKAGE_MODEL, TERM_FREQUENCIES
from cdp_assets.workspace import Workspace


def use_model(workspace: Workspace, version: str, *, by: str, now: datetime) -> str:
    """Choose the version whose name begins so, until somebody chooses otherwise; what to tell them.

    Raises :class:`NoSuchModelError` where there is none such, or several, or it is no longer kept whole, or this release can not read it.
    """
    require_made(workspace.lake, LINKAGE_MODEL)
    models = workspace.lake.read(LINKAGE_MODEL)
    name = the_version(models, version)["model_version"]
    model = version_of(
        name,
        models,
        workspace.lake.read(TERM_FREQUENCIES),
        load_linkage_policy(workspace.policy_file("linkage")),
    )
    if model is None:
        raise NoSuchModelError(
            f"{name} is too old: its term frequencies are no longer kept; cdp model train makes a new one"
        )
    if not is_readable(model):
        raise NoSuchModelError(
            f"{name} is of another release, which compared or blocked otherwise; cdp model train makes a new one"
        )
    workspace.ledger.add_choice(MODEL_CHOICE, name, chosen_by=by, now=now)
    is_in_use = models.filter("is_in_use")["model_version"].to_list() == [name]
    stays = "It stays until another is chosen; `cdp model use --automatic` lets the policy choose again."
    if is_in_use:
        return f"{name} is in use, and stays so. {stays}"
    return f"{name} is used from the next resolution on; `cdp run` makes one now. {stays}"


def use_automatically(workspace: Workspace, *, by: str, now: datetime) -> str:
    """Let the policy choose again: the version in use serves until the policy trains or takes another. What to tell."""
    workspace.ledger.add_choice(MODEL_CHOICE, None, chosen_by=by, now=now)
    used = workspace.lake.read_or_empty(LINKAGE_MODEL).filter(pl.col("is_in_use"))["model_version"]
    serves = f"{used[0]} serves until then." if used.len() else "There is none yet."
    return f"The policy (policies/linkage.yaml) chooses the linkage model again, from the next resolution on. {serves}"
