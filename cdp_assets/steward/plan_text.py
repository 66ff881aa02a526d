"""What a proposed linkage model, or the next resolution, would change, as text: counts, and the customers whose ids it would touch first. No value of any customer.

What does not belong here: working it out (``identity_graph/plan.py``) and taking the version into use (``model_use.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from cdp_assets.identity_graph.plan import OF_A_MODEL, OF_THE_NEXT, TAKEN, TRAINED_ANYWAY, WITHIN_LIMITS
from cdp_assets.lake import Lake
from cdp_assets.steward.plain_text import facts, heading, moment, plural, table
from cdp_assets.tables import PLAN_CHANGES, PLANS

MOST_CHANGES_SHOWN = 20
"""The most consequential changes that are told; all that are kept stand in identity_graph/plan_changes."""


@dataclass(frozen=True)
class PlanFacts:
    """The newest plan of a model version, and its most consequential changes."""

    plan: Mapping[str, Any]
    changes: tuple[Mapping[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        plain = {**self.plan, "planned_at": self.plan["planned_at"].isoformat()}
        return {**plain, "changes": [{k: v for k, v in row.items() if k != "plan_id"} for row in self.changes]}


def plan_facts(lake: Lake, model_version: str) -> PlanFacts | None:
    """What is known of taking a version into use; None where it was never proposed, or long ago."""
    return _newest(lake, pl.col("model_version") == model_version)


def next_plan(lake: Lake) -> PlanFacts | None:
    """The newest plan of the next resolution; None where there is none."""
    return _newest(lake, pl.col("subject") == OF_THE_NEXT)


def _newest(lake: Lake, wanted: pl.Expr) -> PlanFacts | None:
    plans = lake.read_or_empty(PLANS).filter(wanted).sort("planned_at", "plan_id")
    if plans.is_empty():
        return None
    plan = plans.row(-1, named=True)
    changes = lake.read_or_empty(PLAN_CHANGES).filter(pl.col("plan_id") == plan["plan_id"]).sort("rank")
    return PlanFacts(plan, tuple(changes.head(MOST_CHANGES_SHOWN).to_dicts()))


def plan_text(found: PlanFacts, width: int) -> str:
    """The plan in lines, then its most consequential changes."""
    plan = found.plan
    before, after = plan["customers_before"], plan["customers_after"]
    rows: list[tuple[str, object]] = [
        ("compared", f"with the resolution by {plan['compared_with']}; worked out {moment(plan['planned_at'])}"),
        ("resolved in full", plural(plan["profiles"], "linkage profile")),
        ("accepted links", _links(plan)),
        ("customers", f"{after:,}; {before:,} now" if after != before else f"{after:,}, as now"),
        ("", f"{plan['merged']:,} merged into another, {plan['split']:,} split off, {plan['created']:,} created, {plan['retired']:,} retired"),
        ("ids that change", f"of {plural(plan['changed_customers'], 'customer')} ({_share(plan['changed_share'])}); {plural(plan['records_moved'], 'record moves', 'records move')}"),
        ("plan", f"{plan['plan_id']}: {_outcome(plan)}"),
    ]  # fmt: skip
    what = "taking it into use" if plan["subject"] == OF_A_MODEL else "the next resolution"
    text = f"{heading(f'What {what} would change')}\n{facts(rows, width)}"
    if not found.changes:
        return text
    columns = ("change", "customer", "from or with", "records", "weight")
    told = [
        (row["change"], row["customer_id"], row["other_customer_id"], row["records"], _bits(row["match_weight"]))
        for row in found.changes
    ]
    more = sum(plan[kind] for kind in ("created", "merged", "split", "retired", "revived")) - len(told)
    rest = f"\nand {more:,} more: identity_graph/plan_changes" if more > 0 else ""
    return f"{text}\n\n{table(columns, told, width, may_drop=('weight',))}{rest}"


def _links(plan: Mapping[str, Any]) -> str:
    if plan["links_before"] is None:
        return "not compared: a resolution that was not completed has replaced those of the last one"
    return f"{plan['links_gained']:,} more and {plan['links_lost']:,} fewer, of {plan['links_before']:,}"


def _outcome(plan: Mapping[str, Any]) -> str:
    outcome = str(plan["outcome"])
    if plan["subject"] == OF_THE_NEXT:
        within = "within the limits of policies/identity.yaml, if there are any; cdp run does it"
        return (
            within
            if outcome == WITHIN_LIMITS
            else f"beyond the limits of policies/identity.yaml; cdp apply {plan['plan_id']}"
        )
    if outcome == TAKEN:
        return "little changes; the policy takes it into use with the next resolution"
    if outcome == TRAINED_ANYWAY:
        return "the data is small, so the next resolution trains anew, unless this version is chosen"
    return f"waits; cdp model use {plan['model_version']}"


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 or share == 0 else "below 0.1%"


def _bits(weight: float | None) -> str | None:
    return None if weight is None else f"{weight:+.1f}"
