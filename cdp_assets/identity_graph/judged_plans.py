"""A plan of a workspace and what the policies make of it; and a resolution that is held because it goes beyond them.

What does not belong here: working out what would change (``planning.py``), the limits (``guard.py``).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cdp_assets.candidate_links.due import retraining
from cdp_assets.candidate_links.models import proposed
from cdp_assets.candidate_links.policy import load_linkage_policy
from cdp_assets.identity_graph.guard import (
    PLAN_CHOICE,
    PlanRefusedError,
    beyond_limits,
    load_identity_policy,
    require_approval,
)
from cdp_assets.identity_graph.last_known import last_known
from cdp_assets.identity_graph.plan import (
    OF_A_MODEL,
    OF_THE_NEXT,
    WAITS,
    WITHIN_LIMITS,
    Plan,
    Resolved,
    outcome_of,
    plan_of,
    with_plan,
    with_plan_changes,
    with_plan_moves,
)
from cdp_assets.identity_graph.planning import plan_of_the_next, planned
from cdp_assets.identity_graph.resolution import PreviousResolution
from cdp_assets.tables import LINKAGE_MODEL, LINKAGE_PROFILES, PLAN_CHANGES, PLAN_MOVES, PLANS, TERM_FREQUENCIES
from cdp_assets.workspace import Workspace


def judged_plan(workspace: Workspace, subject: str, now: datetime) -> tuple[Plan, str] | None:
    """The plan of the next resolution or of the proposed model (``subject``), and its outcome by the policies.

    None where there is nothing to plan: no resolution yet, or no model that is proposed.
    """
    plan = plan_of_the_next(workspace, now) if subject == OF_THE_NEXT else _plan_of_the_proposal(workspace, now)
    return None if plan is None else (plan, _outcome(workspace, plan, subject))


def _plan_of_the_proposal(workspace: Workspace, now: datetime) -> Plan | None:
    """What the proposed model would change; None where there is none, or nothing to compare it with."""
    policy = load_linkage_policy(workspace.policy_file("linkage"))
    model = proposed(workspace.lake.read(LINKAGE_MODEL), workspace.lake.read(TERM_FREQUENCIES), policy)
    return None if model is None else planned(workspace, last_known(workspace), model, OF_A_MODEL, now)


def _outcome(workspace: Workspace, plan: Plan, subject: str) -> str:
    if subject == OF_THE_NEXT:
        limits = load_identity_policy(workspace.policy_file("identity"))
        return WAITS if beyond_limits(plan.row, limits) else WITHIN_LIMITS
    policy = load_linkage_policy(workspace.policy_file("linkage"))
    return outcome_of(plan, policy, is_pinned=retraining(workspace).pinned_by is not None)


def hold_beyond_limits(
    workspace: Workspace, would_be: Resolved, previous: PreviousResolution, model_version: str, now: datetime
) -> None:
    """Let nothing through that changes more customers than the policy allows, unless that very plan was approved; keep it to be looked at.

    Raises :class:`~cdp_assets.identity_graph.guard.PlanRefusedError`.
    """
    policy, lake = load_identity_policy(workspace.policy_file("identity")), workspace.lake
    if not policy.has_limits:
        return
    profiles = lake.scan(LINKAGE_PROFILES).select(pl.len()).collect().item()
    last = workspace.ledger.last_resolution()
    plan = plan_of(
        would_be,
        None,  # the pairs of the last resolution have been replaced by now
        previous,
        subject=OF_THE_NEXT,
        model_version=model_version,
        profiles=profiles,
        resolution_id=last["resolution_id"] if last else "",
        now=now,
    )
    approved = workspace.ledger.choice(PLAN_CHOICE)
    try:
        require_approval(plan.row, policy, approved["subject"] if approved else None)
    except PlanRefusedError:
        plans = with_plan(lake.read_or_empty(PLANS), plan, WAITS)
        lake.replace(PLAN_MOVES, with_plan_moves(lake.read_or_empty(PLAN_MOVES), plan))
        lake.replace(PLAN_CHANGES, with_plan_changes(lake.read_or_empty(PLAN_CHANGES), plan, plans))
        lake.replace(PLANS, plans)
        raise
