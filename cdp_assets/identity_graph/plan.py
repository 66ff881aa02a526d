"""A plan before the deed: what another linkage model, or the next resolution, would do to the customers, written nowhere in use.

The same functions that make a resolution resolve the same profiles with another model, or what has arrived since, in memory; what comes out is compared with the
last resolution: links gained and lost, customers merged, split, created, ids retired. The plan is named by what it would do,
so that who approves it approves just that.

What does not belong here: training (``candidate_links``), and whoever takes a version into use (the ledger's choices).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.scoring import score
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.identity_graph.clusters import clusters
from cdp_assets.identity_graph.customer_ids import CustomerIds, assign
from cdp_assets.identity_graph.fingerprints import short_hashes
from cdp_assets.identity_graph.identity_changes import identity_changes
from cdp_assets.identity_graph.resolution import PreviousResolution
from cdp_assets.tables import PLAN_CHANGES, PLAN_MOVES, PLANS

OF_A_MODEL, OF_THE_NEXT, OF_AN_ERASURE = "a proposed model", "the next resolution", "an erasure"
TAKEN, WAITS, TRAINED_ANYWAY = "taken into use", "waits for approval", "the next resolution trains anew"
WITHIN_LIMITS, DONE_ANYWAY = "within the limits", "done whatever the limits"

MOST_CHANGES_KEPT = 1_000
"""Changes of a plan that are listed, those that move the most records first; its counts are of all of them."""

KEPT_PLANS = 20
"""Plans that are kept, the newest: enough to see how proposals have compared."""

_KINDS = ("created", "merged", "split", "retired", "revived")


@dataclass(frozen=True)
class Known:
    """What a resolution resolves: frames of ``candidate_links``, the records, and what people have said.

    ``records``: one row per record, as ``resolution.record_facts`` makes them. ``one_per_person``: kinds of identifiers that a
    person has once.
    """

    profiles: pl.DataFrame
    profile_members: pl.DataFrame
    records: pl.DataFrame
    judgements: pl.DataFrame
    one_row_sources: frozenset[str]
    one_per_person: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Resolved:
    """A resolution in memory: the frames of its tables, of ``changes`` only those that it would make itself."""

    scored_pairs: pl.DataFrame
    clusters: pl.DataFrame
    ids: CustomerIds
    changes: pl.DataFrame


@dataclass(frozen=True)
class Plan:
    """``row``: a row of ``identity_graph/plans`` but for its outcome; ``changes``: rows of ``identity_graph/plan_changes``;
    ``moves``: of ``identity_graph/plan_moves``."""

    row: Mapping[str, Any]
    changes: pl.DataFrame
    moves: pl.DataFrame


def resolved(
    known: Known,
    model: TrainedModel,
    previous: PreviousResolution,
    now: datetime,
    engine: LinkageEngine | None = None,
) -> Resolved:
    """Resolve everything in full under ``model``, after ``previous``, as a resolution would. Writes nothing."""
    pairs = score(known.profiles, model, engine)
    grouped = clusters(
        pairs,
        known.profile_members,
        known.records.select("record_id", "source"),
        known.judgements,
        known.one_row_sources,
        profiles=known.profiles,
        one_per_person=known.one_per_person,
    )
    ids = assign(grouped, previous.customer_ids, previous.lineage, known.records, now)
    changes = identity_changes(
        previous.customer_ids,
        ids.customer_ids,
        ids.lineage,
        scored_pairs=pairs,
        profile_members=known.profile_members,
        judgements=known.judgements,
        resolution_id="",
        now=now,
        model_changed=previous.model_version not in (None, model.model_version),
    )
    return Resolved(pairs, grouped, ids, changes)


def plan_of(
    would_be: Resolved,
    scored_pairs: pl.DataFrame | None,
    previous: PreviousResolution,
    *,
    subject: str = OF_A_MODEL,
    model_version: str,
    profiles: int,
    resolution_id: str,
    now: datetime,
) -> Plan:
    """Compare what would be with what is: ``scored_pairs`` (None: no longer there) and ``previous`` of the last resolution."""
    after, before = _links(would_be.scored_pairs), None if scored_pairs is None else _links(scored_pairs)
    changes = would_be.changes
    counts = dict(changes["change"].value_counts().rows())
    customers = previous.customer_ids["customer_id"].unique()
    moves = changes.filter(pl.col("change").is_in(["merged", "split"]))
    touched = pl.concat([moves["customer_id"], moves["other_customer_id"]]).drop_nulls().unique()
    changed = touched.filter(touched.is_in(customers.implode())).len()
    losing = _losing_records(would_be, previous)
    plan_id = _plan_id(model_version, changes)
    row = {
        "plan_id": plan_id,
        "subject": subject,
        "planned_at": now,
        "model_version": model_version,
        "compared_with": previous.model_version or "",
        "resolution_id": resolution_id,
        "profiles": profiles,
        "links_before": None if before is None else before.height,
        "links_gained": None if before is None else after.join(before, on=before.columns, how="anti").height,
        "links_lost": None if before is None else before.join(after, on=before.columns, how="anti").height,
        "customers_before": customers.len(),
        "customers_after": would_be.ids.customer_ids["customer_id"].n_unique(),
        **{kind: int(counts.get(kind, 0)) for kind in _KINDS},
        "records_moved": int(moves["records"].sum()),
        "changed_customers": changed,
        "changed_share": changed / max(customers.len(), 1),
    }
    return Plan(
        row,
        _most_consequential(plan_id, changes),
        _moves(plan_id, pl.concat([touched, losing]).unique(), would_be, previous),
    )


def outcome_of(plan: Plan, policy: LinkagePolicy, *, is_pinned: bool) -> str:
    """What becomes of a proposed model by policy: taken into use where it changes little and nobody has chosen another version."""
    if is_pinned:
        return WAITS
    if plan.row["profiles"] < policy.retrain.always_below_profiles:
        return TRAINED_ANYWAY
    return TAKEN if plan.row["changed_share"] < policy.retrain.by_itself_below_share else WAITS


def with_plan(plans: pl.DataFrame, plan: Plan, outcome: str) -> pl.DataFrame:
    """``identity_graph/plans`` with this one; the same plan again replaces its former row."""
    row = PLANS.conform(pl.DataFrame([{**plan.row, "outcome": outcome}], schema=PLANS.schema))
    others = plans.filter(pl.col("plan_id") != plan.row["plan_id"])
    return pl.concat([others, row]).sort("planned_at", "plan_id").tail(KEPT_PLANS)


def with_plan_changes(plan_changes: pl.DataFrame, plan: Plan, plans: pl.DataFrame) -> pl.DataFrame:
    """``identity_graph/plan_changes`` with this plan's, and those of the others that ``plans`` keeps."""
    others = plan_changes.filter(pl.col("plan_id") != plan.row["plan_id"])
    kept = others.join(plans.select("plan_id"), on="plan_id", how="semi")
    return pl.concat([kept, plan.changes]).sort("plan_id", "rank")


def with_plan_moves(plan_moves: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """``identity_graph/plan_moves`` with this plan's; of the others only the newest is kept: each may name most records."""
    others = plan_moves.filter(pl.col("plan_id") != plan.row["plan_id"])
    last = others.tail(1).get_column("plan_id").implode()
    return pl.concat([others.filter(pl.col("plan_id").is_in(last)), plan.moves])


def _losing_records(would_be: Resolved, previous: PreviousResolution) -> pl.Series:
    """Customers of whom a record would be there no more: erased, or known by another key after a change of its contract."""
    gone = previous.customer_ids.join(would_be.ids.customer_ids, on="record_id", how="anti")
    return gone.get_column("customer_id").unique()


def _moves(plan_id: str, touched: pl.Series, would_be: Resolved, previous: PreviousResolution) -> pl.DataFrame:
    """Every known record of the customers that merge, split or lose records, where it would be and how strongly held; nowhere: null."""
    ids = touched.implode()
    both = (
        previous.customer_ids.select("record_id", former="customer_id")
        .join(would_be.ids.customer_ids.select("record_id", "customer_id"), on="record_id", how="left")
        .filter(pl.col("former").is_in(ids) | pl.col("customer_id").is_in(ids).fill_null(False))
        .join(would_be.clusters.select("record_id", "weakest_probability"), on="record_id", how="left")
    )
    return PLAN_MOVES.conform(
        both.select(pl.lit(plan_id).alias("plan_id"), "record_id", "customer_id", "weakest_probability").sort(
            "record_id"
        )
    )


def _links(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.filter(pl.col("decision") == ACCEPTED).select("profile_id_l", "profile_id_r")


def _plan_id(model_version: str, changes: pl.DataFrame) -> str:
    said = changes.select("change", "customer_id", "other_customer_id", "records").sort(pl.all())
    return str(short_hashes(pl.Series([f"{model_version}\n{said.write_csv()}"]))[0])


def _most_consequential(plan_id: str, changes: pl.DataFrame) -> pl.DataFrame:
    first = changes.sort(
        "records", "change", "customer_id", "other_customer_id", descending=[True, False, False, False]
    ).head(MOST_CHANGES_KEPT)
    ranked = first.with_row_index("rank", offset=1).with_columns(plan_id=pl.lit(plan_id))
    return PLAN_CHANGES.conform(ranked.select(list(PLAN_CHANGES.schema)).with_columns(pl.col("rank").cast(pl.Int64)))
