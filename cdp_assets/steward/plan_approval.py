"""Approving a plan: checked here, written to the ledger, done by the next resolution, if it is still that very plan.

What does not belong here: making plans (the jobs ``plan_resolution`` and ``train_linkage_model``) and holding what nobody approved
(``identity_graph/guard.py``).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cdp_assets.identity_graph.guard import PLAN_CHOICE
from cdp_assets.identity_graph.plan import OF_A_MODEL
from cdp_assets.published.consent_guard import CONSENT_CHOICE, since_publication
from cdp_assets.steward.model_use import use_model
from cdp_assets.tables import PLANS
from cdp_assets.workspace import Workspace


class NoSuchPlanError(LookupError):
    """There is no such plan, or it is of the past. Says what to do."""


def approve_plan(workspace: Workspace, plan_id: str, *, by: str, now: datetime) -> str:
    """Approve the plan whose id begins so; one of a proposed model also takes the model into use. What to tell.
    Or approve a change of who may be contacted that a publication waits with, by the id that its check told.

    Raises :class:`NoSuchPlanError` where there is none such, or several, or it starts from a resolution that is not the last.
    """
    consents = since_publication(workspace.lake, workspace.ledger)
    if plan_id and consents is not None and consents.change_id.startswith(plan_id):
        workspace.ledger.add_choice(CONSENT_CHOICE, consents.change_id, chosen_by=by, now=now)
        return f"The change of who may be contacted is approved: {consents.gained:,} more, {consents.lost:,} fewer. `cdp run` publishes it, as long as it is still just that change."
    found = workspace.lake.read_or_empty(PLANS).filter(pl.col("plan_id").str.starts_with(plan_id))
    if found.height != 1:
        raise NoSuchPlanError(
            f"{'no' if found.is_empty() else 'more than one'} plan's id begins so; `cdp plan` makes one"
        )
    plan = found.row(0, named=True)
    last = workspace.ledger.last_resolution()
    if last is None or plan["resolution_id"] != last["resolution_id"]:
        raise NoSuchPlanError(
            f"{plan['plan_id']} starts from a resolution that is not the last one; `cdp plan` makes a plan of today"
        )
    workspace.ledger.add_choice(PLAN_CHOICE, plan["plan_id"], chosen_by=by, now=now)
    told = f"Plan {plan['plan_id']} is approved. `cdp run` does it, as long as it is still that very plan."
    if plan["subject"] != OF_A_MODEL:
        return told
    return f"{told} {use_model(workspace, plan['model_version'], by=by, now=now)}"
