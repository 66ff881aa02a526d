"""The resolution that follows an erasure: what it would do to those who are left, and that nobody has to approve it.

Clusters that the erased records held together come apart, values that only they and one other shared identify better; what changes is worked
out by the functions that plan any resolution (``identity_graph/planning.py``), of the records that would be left.

Erasing is a duty, so a resolution that differs from the last one by nothing but erasures is never held by ``policies/identity.yaml``. The
certificate says whether anything else waited when the erasure began, and by which inputs such a resolution is known.

What does not belong here: erasing, and the limits themselves (``identity_graph/guard.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.erasure.withheld import WithheldOfErased
from cdp_assets.identity_graph.guard import IdentityPolicy, beyond_limits, follows_only_erasures, load_identity_policy
from cdp_assets.identity_graph.plan import DONE_ANYWAY, WAITS, WITHIN_LIMITS
from cdp_assets.identity_graph.planning import plan_of_the_next
from cdp_assets.segments.as_planned import effects_of_plan
from cdp_assets.sources.arrivals import resolution_inputs
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.steward.plan_text import PlanFacts, told
from cdp_assets.tables import IDENTITY_CHANGES
from cdp_assets.workspace import Workspace


def inputs_of_a_resolution(workspace: Workspace) -> str:
    """What a resolution would start from now, as a hash."""
    contracts, _ = load_contracts(workspace.contracts_dir)
    return resolution_inputs(workspace, contracts).digest


def nothing_else_waits(workspace: Workspace) -> bool:
    """Whether the last resolution knows all that has been imported and decided by now, but for erasures since."""
    last, inputs = workspace.ledger.last_resolution(), inputs_of_a_resolution(workspace)
    is_known = last is not None and last["imports_hash"] == inputs
    return is_known or follows_only_erasures(workspace.ledger.erasures(), last, inputs)


def what_would_follow(workspace: Workspace, record_ids: Collection[str], now: datetime) -> PlanFacts | None:
    """What the resolution after erasing these records would change, written nowhere; None where no resolution is complete yet."""
    plan = plan_of_the_next(workspace, now, without=record_ids)
    if plan is None:
        return None
    effects = effects_of_plan(workspace, str(plan.row["plan_id"]), plan.moves, WithheldOfErased(workspace), now)
    limits = load_identity_policy(workspace.policy_file("identity"))
    outcome = outcome_of(plan.row, limits, follows_nothing_else=nothing_else_waits(workspace))
    return told(workspace.lake, {**plan.row, "outcome": outcome}, plan.changes, effects)


def outcome_of(plan: Mapping[str, Any], limits: IdentityPolicy, *, follows_nothing_else: bool) -> str:
    """What becomes of the resolution that follows, planned in a row of ``identity_graph/plans``: held or not, by these limits."""
    if not beyond_limits(plan, limits):
        return WITHIN_LIMITS
    return DONE_ANYWAY if follows_nothing_else else WAITS


def what_followed(workspace: Workspace) -> dict[str, int]:
    """The changes of customers that the last resolution made, counted by kind."""
    last = workspace.ledger.last_resolution()
    changes = workspace.lake.read_or_empty(IDENTITY_CHANGES)
    made = changes.filter(pl.col("resolution_id") == (last["resolution_id"] if last else ""))
    return dict(sorted(made["change"].value_counts().rows()))
