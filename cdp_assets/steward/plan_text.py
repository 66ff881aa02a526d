"""What a proposed linkage model, the next resolution or an erasure would change, as text: counts, and the customers whose ids it would touch first. Names are masked.

What does not belong here: working it out (``identity_graph/plan.py``) and taking the version into use (``model_use.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from cdp_assets.identity_graph.plan import (
    DONE_ANYWAY,
    OF_A_MODEL,
    OF_AN_ERASURE,
    OF_THE_NEXT,
    TAKEN,
    TRAINED_ANYWAY,
    WAITS,
    WITHIN_LIMITS,
)
from cdp_assets.lake import Lake
from cdp_assets.standardized.masking import mask_text
from cdp_assets.steward.plain_text import facts, heading, moment, plural, table
from cdp_assets.tables import CUSTOMERS, PLAN_CHANGES, PLAN_EFFECTS, PLANS

MOST_CHANGES_SHOWN = 20
"""The most consequential changes that are told; all that are kept stand in identity_graph/plan_changes."""


@dataclass(frozen=True)
class PlanFacts:
    """The newest plan of a model version, and its most consequential changes, each with the masked name of its customer (``who``).

    ``effects``: its row of ``segments/plan_effects``, None where golden records were not made yet.
    """

    plan: Mapping[str, Any]
    changes: tuple[Mapping[str, Any], ...]
    effects: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        plain = {**self.plan, "planned_at": self.plan["planned_at"].isoformat()}
        return {
            **plain,
            "effects": self.effects,
            "changes": [{k: v for k, v in row.items() if k != "plan_id"} for row in self.changes],
        }


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
    effects = lake.read_or_empty(PLAN_EFFECTS).filter(pl.col("plan_id") == plan["plan_id"])
    return told(lake, plan, changes, effects)


def told(lake: Lake, plan: Mapping[str, Any], changes: pl.DataFrame, effects: pl.DataFrame | None) -> PlanFacts:
    """A plan (a row of ``identity_graph/plans``), its ``plan_changes`` by rank, its ``plan_effects``: with masked names to tell it."""
    first = changes.head(MOST_CHANGES_SHOWN)
    names = _masked_names(lake, pl.concat([first["customer_id"], first["other_customer_id"]]).drop_nulls())
    # A part that would leave a customer has no name yet: it is told by the customer that it would leave.
    rows = tuple(
        {**row, "who": names.get(row["customer_id"]) or names.get(row["other_customer_id"])} for row in first.to_dicts()
    )
    found = [] if effects is None else effects.to_dicts()
    return PlanFacts(plan, rows, found[0] if found else None)


def _masked_names(lake: Lake, customer_ids: pl.Series) -> dict[str, str]:
    """Names of customers as they are today, masked; of nobody who has none."""
    if not lake.exists(CUSTOMERS):
        return {}
    theirs = lake.scan(CUSTOMERS).filter(pl.col("customer_id").is_in(customer_ids.unique().implode()))
    named = theirs.select("customer_id", "full_name").drop_nulls().collect()
    return {customer_id: mask_text(name) for customer_id, name in named.iter_rows()}


_WHAT = {
    OF_A_MODEL: "taking it into use",
    OF_THE_NEXT: "the next resolution",
    OF_AN_ERASURE: "the resolution that follows",
}


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
        *_effects(found.effects),
        ("limits" if plan["subject"] == OF_AN_ERASURE else "plan", _outcome(plan)),
    ]  # fmt: skip
    what = _WHAT[plan["subject"]]
    text = f"{heading(f'What {what} would change')}\n{facts(rows, width)}"
    if not found.changes:
        return text
    columns = ("change", "customer", "who", "from or with", "records", "weight")
    told = [
        (
            row["change"],
            row["customer_id"],
            row.get("who"),
            row["other_customer_id"],
            row["records"],
            _bits(row["match_weight"]),
        )
        for row in found.changes
    ]
    more = sum(plan[kind] for kind in ("created", "merged", "split", "retired", "revived")) - len(told)
    where = ": identity_graph/plan_changes" if plan["subject"] != OF_AN_ERASURE else ""
    rest = f"\nand {more:,} more{where}" if more > 0 else ""
    return f"{text}\n\n{table(columns, told, width, may_drop=('who', 'weight'))}{rest}"


def _effects(effects: Mapping[str, Any] | None) -> list[tuple[str, object]]:
    """What the plan does beyond ids, of the customers that it touches."""
    if effects is None:
        return []
    return [
        ("golden records", f"{plural(effects['golden_values_changed'], 'value')} of {plural(effects['customers'], 'customer')}"),
        ("may be contacted", f"{effects['contacts_gained']:,} addresses more, {effects['contacts_lost']:,} fewer, each for a purpose"),
        ("segments", f"{effects['members_gained']:,} memberships more, {effects['members_lost']:,} fewer"),
    ]  # fmt: skip


def _links(plan: Mapping[str, Any]) -> str:
    if plan["links_before"] is None:
        return "not compared: a resolution that was not completed has replaced those of the last one"
    return f"{plan['links_gained']:,} more and {plan['links_lost']:,} fewer, of {plan['links_before']:,}"


def _outcome(plan: Mapping[str, Any]) -> str:
    outcome, plan_id = str(plan["outcome"]), plan["plan_id"]
    if plan["subject"] == OF_AN_ERASURE:
        return _OF_AN_ERASURE[outcome]
    if plan["subject"] == OF_THE_NEXT:
        within = "within the limits of policies/identity.yaml, if there are any; cdp run does it"
        beyond = f"beyond the limits of policies/identity.yaml; cdp apply {plan_id}"
        return f"{plan_id}: {within if outcome == WITHIN_LIMITS else beyond}"
    if outcome == TAKEN:
        return f"{plan_id}: little changes; the policy takes it into use with the next resolution"
    if outcome == TRAINED_ANYWAY:
        return f"{plan_id}: the data is small, so the next resolution trains anew, unless this version is chosen"
    return f"{plan_id}: waits; cdp model use {plan['model_version']}"


_OF_AN_ERASURE = {
    WITHIN_LIMITS: "within those of policies/identity.yaml, if there are any",
    DONE_ANYWAY: "beyond those of policies/identity.yaml, and done all the same: it follows nothing but an erasure, which is a duty",
    WAITS: "beyond those of policies/identity.yaml, and more than the erasure waits to be resolved: the person is erased at once, the "
    "resolution that follows waits for cdp apply",
}


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 or share == 0 else "below 0.1%"


def _bits(weight: float | None) -> str | None:
    return None if weight is None else f"{weight:+.1f}"
