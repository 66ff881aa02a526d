"""What a plan would do beyond ids: golden values, who may be contacted, who is in which segment.

A plan (``identity_graph/plan.py``) knows customers and records. What it moves is made into golden records, consents and segments twice, as it is and
as it would be, by the functions that make them in a run, and compared; nobody else's records are looked at, so it costs what the plan
touches. Records that the next resolution would see for the first time are not in it: of these nothing is known yet that could change.

What does not belong here: working a plan out, and holding it (``identity_graph/guard.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from cdp_assets.golden_records.consents import CONTACTABLE
from cdp_assets.golden_records.golden import GOLDEN_FIELDS
from cdp_assets.tables import PLAN_EFFECTS

_REACHED = ["channel", "address", "purpose"]
_MEMBER = ["segment", "customer_id"]


@dataclass(frozen=True)
class Made:
    """What is made of some customers: rows of ``golden_records/customers`` and ``consents``, and of ``segments/members``."""

    customers: pl.DataFrame
    consents: pl.DataFrame
    members: pl.DataFrame


def plan_effects(
    plan_id: str,
    moves: pl.DataFrame,
    customer_ids: pl.DataFrame,
    clusters: pl.DataFrame,
    make: Callable[[pl.DataFrame, pl.DataFrame], Made],
) -> pl.DataFrame:
    """One row of ``segments/plan_effects``.

    ``moves``: rows of ``identity_graph/plan_moves`` of this plan; ``customer_ids``, ``clusters``: those of the last resolution; ``make``: makes
    golden records, consents and segments of some ``customer_ids`` and ``clusters``, and of nothing else.
    """
    theirs = customer_ids.join(moves, on="record_id", how="semi").sort("record_id")
    held = clusters.join(theirs, on="record_id", how="semi").sort("record_id")
    there = moves.filter(pl.col("customer_id").is_not_null())
    would = there.select("record_id", would_be="customer_id", would_hold="weakest_probability")
    after = theirs.join(would, on="record_id").with_columns(customer_id="would_be").select(customer_ids.columns)
    held_after = held.join(would, on="record_id").with_columns(
        cluster_id=pl.lit(0, dtype=pl.Int64), weakest_probability="would_hold"
    )
    one, other = make(theirs, held), make(after, held_after.select(clusters.columns))
    reached = [_reached(made.consents) for made in (one, other)]
    members = [made.members.filter("is_included").select(_MEMBER) for made in (one, other)]
    row = {
        "plan_id": plan_id,
        "customers": theirs["customer_id"].n_unique(),
        "golden_values_changed": _values_changed(one.customers, other.customers),
        "contacts_gained": _without(reached[1], reached[0]),
        "contacts_lost": _without(reached[0], reached[1]),
        "members_gained": _without(members[1], members[0]),
        "members_lost": _without(members[0], members[1]),
    }
    return PLAN_EFFECTS.conform(pl.DataFrame([row], schema=PLAN_EFFECTS.schema))


def _reached(consents: pl.DataFrame) -> pl.DataFrame:
    """Addresses that somebody may be contacted at, by channel and purpose."""
    return consents.filter(pl.col("state").is_in(list(CONTACTABLE))).select(_REACHED).unique()


def _without(rows: pl.DataFrame, others: pl.DataFrame) -> int:
    return rows.join(others, on=rows.columns, how="anti").height


def _values_changed(before: pl.DataFrame, after: pl.DataFrame) -> int:
    """Cells (customer, field) that would hold another value, or one where there is none, or the other way round."""
    cells = [
        made.select("customer_id", *(pl.col(name).cast(pl.String) for name in GOLDEN_FIELDS))
        .unpivot(index="customer_id", variable_name="field")
        .drop_nulls("value")
        for made in (before, after)
    ]
    both = cells[0].join(cells[1], on=["customer_id", "field"], how="full", coalesce=True, suffix="_after")
    return both.filter(pl.col("value").ne_missing(pl.col("value_after"))).height
