"""Assets of stage 5: clusters, stable customer ids and their history, the review queue."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.candidate_links.models import MODEL_CHOICE
from cdp_assets.candidate_links.ordered import each_once
from cdp_assets.drawing import svg
from cdp_assets.identity_graph import pictures
from cdp_assets.identity_graph.auditing import audited_slice
from cdp_assets.identity_graph.cluster_facts import distinct_in_the_largest, misplaced_records
from cdp_assets.identity_graph.clusters import TELLING_COLUMNS, links_not_followed
from cdp_assets.identity_graph.clusters import clusters as clusters_of
from cdp_assets.identity_graph.customer_ids import assign
from cdp_assets.identity_graph.exclusive import one_per_person_kinds
from cdp_assets.identity_graph.guard import follows_only_erasures
from cdp_assets.identity_graph.identity_changes import identity_changes as changes_between
from cdp_assets.identity_graph.judged_plans import hold_beyond_limits, judged_plan
from cdp_assets.identity_graph.memberships import with_resolution
from cdp_assets.identity_graph.overruled import CLUSTER_RULES
from cdp_assets.identity_graph.overruled import overruled_links as overruled_among
from cdp_assets.identity_graph.plan import (
    OF_A_MODEL,
    TAKEN,
    Resolved,
    with_plan,
    with_plan_changes,
    with_plan_moves,
)
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS
from cdp_assets.identity_graph.reclustering import recluster
from cdp_assets.identity_graph.resolution import (
    FACT_COLUMNS,
    clustering_note,
    former_clustering,
    previous_resolution,
    record_facts,
)
from cdp_assets.identity_graph.review_queue import CLUSTER_COLUMNS, ID_COLUMNS, PAIR_COLUMNS
from cdp_assets.identity_graph.review_queue import review_queue as queue_of
from cdp_assets.identity_graph.slice_audit import FINDINGS, WHAT_TO_DO, with_audit
from cdp_assets.resources import RESOLUTION_POOL, key_check, now, picture, stored, table_asset, table_spec
from cdp_assets.sources.contracts import load_contracts, one_row_sources
from cdp_assets.tables import (
    CLUSTERS,
    CUSTOMER_IDS,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    LINKAGE_MODEL,
    LINKAGE_PROFILES,
    MEMBERSHIPS,
    OVERRULED_LINKS,
    PLAN_CHANGES,
    PLAN_MOVES,
    PLANS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    RESOLUTION_AUDITS,
    REVIEW_QUEUE,
    SCORED_PAIRS,
    TERM_FREQUENCIES,
)
from cdp_assets.workspace import Workspace


class ClusteringConfig(dg.Config):
    """``in_full``: cluster all records, also those that nothing has touched since the last run."""

    in_full: bool = False


@table_asset(CLUSTERS, deps=[SCORED_PAIRS, LINKAGE_PROFILES, PROFILE_MEMBERS, RECORD_VERSIONS], pool=RESOLUTION_POOL)
def clusters(config: ClusteringConfig, workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per record, with the cluster it belongs to in this resolution.

    Key: record. Accepted links join, the most convincing first, as long as the evidence of all pairs across speaks for it;
    stewards' judgements outrank every link; two records of a one-row-per-person source are never one customer. Cluster
    ids hold for this resolution only: read `customer_ids` for the ones that stay.
    """
    lake, judgements = workspace.lake, workspace.ledger.judgements()
    contracts, _ = load_contracts(workspace.contracts_dir)
    registers = sorted(one_row_sources(contracts))
    once = sorted(one_per_person_kinds(contracts))
    made_of = clustering_note(lake, judgements, registers, once)
    pairs, members = lake.read(SCORED_PAIRS), lake.read(PROFILE_MEMBERS)
    records = lake.read(RECORD_VERSIONS, columns=["record_id", "source"])
    told = (pairs, members, records, judgements, registers)
    profiles = lake.read(LINKAGE_PROFILES, columns=TELLING_COLUMNS)
    former = None if config.in_full else former_clustering(lake, judgements, registers, once)
    if former is None:
        grouped = clusters_of(*told, profiles=profiles, one_per_person=once)
        clustered_now = grouped.height
    else:
        grouped, clustered_now = recluster(former, *told, profiles=profiles, one_per_person=once)
    overruled = links_not_followed(pairs, members, grouped)
    sizes = grouped["cluster_id"].value_counts()["count"]
    return stored(
        workspace,
        CLUSTERS,
        grouped,
        note=made_of,
        metadata={
            "clusters": sizes.len(),
            "records_clustered_now": clustered_now,
            "largest_cluster": int(sizes.max() or 0),  # type: ignore[arg-type]
            "records_alone": int((sizes == 1).sum()),
            "accepted_links_overruled": overruled.height,
            "sizes": picture(svg(pictures.cluster_size_chart(grouped)), "records per customer"),
        },
    )


@dg.asset_check(asset=["identity_graph", "clusters"], blocking=True, pool=RESOLUTION_POOL)
def every_record_is_in_one_cluster(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """Every record that has ever been delivered stands in exactly one cluster; a record in none would be lost."""
    records = each_once(workspace.lake.read(RECORD_VERSIONS, columns=["record_id"]), "record_id")
    clustered = workspace.lake.read(CLUSTERS, columns=["record_id"])
    misplaced = misplaced_records(records, clustered)
    return dg.AssetCheckResult(passed=not any(misplaced.values()), metadata={"records": records.height, **misplaced})


@dg.asset_check(asset=["identity_graph", "clusters"], blocking=True, pool=RESOLUTION_POOL)
def the_largest_cluster_is_bounded(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """A cluster of very many different sets of values is a shared desk or a chain of errors, not a person."""
    clustered = workspace.lake.read(CLUSTERS, columns=["record_id", "cluster_id"])
    largest = distinct_in_the_largest(clustered, workspace.lake.read(PROFILE_MEMBERS))
    return dg.AssetCheckResult(
        passed=largest <= DEFAULT_CLUSTERS.largest_cluster,
        metadata={"distinct_profiles_in_the_largest": largest, "bound": DEFAULT_CLUSTERS.largest_cluster},
    )


@table_asset(
    OVERRULED_LINKS,
    deps=[CLUSTERS, SCORED_PAIRS, LINKAGE_PROFILES, PROFILE_MEMBERS, RECORD_VERSIONS],
    pool=RESOLUTION_POOL,
)
def overruled_links(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per accepted link that the clusters do not follow, with the named rule that cut it.

    Key: both profile ids. A judgement, a row of a register on each side, two identifiers of a kind that a person has once,
    two verified dates of birth, a cluster above the size bound, or a weak bridge between two groups. Read by `cdp why`.
    """
    contracts, _ = load_contracts(workspace.contracts_dir)
    lake = workspace.lake
    found = overruled_among(
        lake.read(SCORED_PAIRS),
        lake.read(PROFILE_MEMBERS),
        lake.read(CLUSTERS),
        lake.read(RECORD_VERSIONS, columns=["record_id", "source"]),
        workspace.ledger.judgements(),
        lake.read(LINKAGE_PROFILES, columns=["profile_id", "source", "identifiers", "date_of_birth"]),
        one_row_sources(contracts),
        one_per_person_kinds(contracts),
    )
    by_rule = dict(found["rule"].value_counts().rows())
    return stored(
        workspace, OVERRULED_LINKS, found, metadata={rule.name: by_rule.get(rule.name, 0) for rule in CLUSTER_RULES}
    )


@dg.multi_asset(
    name="customer_ids",
    pool=RESOLUTION_POOL,
    specs=[
        table_spec(
            CUSTOMER_IDS,
            "One row per record, with the stable id of its customer.\n\nKey: record. An id goes where most of its records went, "
            "the oldest stays where several meet, and an id is never given to another customer. Read by everything "
            "downstream, and by `cdp export identities`.",
            deps=[CLUSTERS, RECORD_VERSIONS],
        ),
        table_spec(
            ID_LINEAGE,
            "One row per customer id that was ever minted, with the id it resolves to now.\n\nKey: customer_id. An id that "
            "another system has kept resolves here for ever.",
            deps=[CLUSTERS, RECORD_VERSIONS],
        ),
        table_spec(
            IDENTITY_CHANGES,
            "One row per change of a customer's identity: created, merged, split, retired or revived.\n\nKey: change_id. Each with "
            "its cause and, for a merge, the link that was strongest. History: rows are only ever added.",
            deps=[CLUSTERS, RECORD_VERSIONS, SCORED_PAIRS, PROFILE_MEMBERS],
        ),
        table_spec(
            MEMBERSHIPS,
            "One row per record and time for which it was one customer's.\n\nKey: record and the resolution that put it there. Says which "
            "records a customer was made of on any day, in our time. Read by `cdp resolve --on DAY` and by the undoing of merges.",
            deps=[CLUSTERS, RECORD_VERSIONS],
        ),
    ],
)
def customer_id_assets(
    context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Carry ids over from the last resolution. The commit of customer_ids is the one that counts, and comes last."""
    lake, moment, resolution_id = workspace.lake, now(), context.run.run_id
    previous = previous_resolution(lake)
    model_version = _model_version(workspace)
    clustered, versions = lake.read(CLUSTERS), lake.read(RECORD_VERSIONS, columns=FACT_COLUMNS)
    inputs = lake.committed_metadata(RECORD_VERSIONS).get("imports_hash", "")
    only_erased = follows_only_erasures(workspace.ledger.erasures(), workspace.ledger.last_resolution(), inputs)
    assigned = assign(clustered, previous.customer_ids, previous.lineage, record_facts(versions), moment)
    changes = changes_between(
        previous.customer_ids,
        assigned.customer_ids,
        assigned.lineage,
        scored_pairs=lake.read(SCORED_PAIRS),
        profile_members=lake.read(PROFILE_MEMBERS),
        judgements=workspace.ledger.judgements(),
        resolution_id=resolution_id,
        now=moment,
        model_changed=previous.model_version not in (None, model_version),
        only_erased=only_erased,
    )
    if not only_erased:  # which is a duty, whatever the limits
        would_be = Resolved(lake.read(SCORED_PAIRS), clustered, assigned, changes)
        hold_beyond_limits(workspace, would_be, previous, model_version, now())
    lineage = stored(workspace, ID_LINEAGE, assigned.lineage, metadata=_lineage_numbers(assigned.lineage))
    all_changes = pl.concat([previous.changes, changes])
    history = stored(workspace, IDENTITY_CHANGES, all_changes, metadata=_change_numbers(all_changes, changes))
    held = with_resolution(previous.memberships, assigned.customer_ids, moment)
    members = stored(workspace, MEMBERSHIPS, held, metadata={"ended": held["valid_to"].count()})
    yield stored(
        workspace,
        CUSTOMER_IDS,
        assigned.customer_ids,
        expected_version=previous.version,
        note={
            "resolution_id": resolution_id,
            "imports_hash": inputs,
            "model_version": model_version,
            "scored_pairs": str(lake.version(SCORED_PAIRS)),
            "id_lineage": str(lake.version(ID_LINEAGE)),
            "identity_changes": str(lake.version(IDENTITY_CHANGES)),
            "memberships": str(lake.version(MEMBERSHIPS)),
        },
        metadata={
            "records": assigned.customer_ids.height,
            "customers": assigned.customer_ids["customer_id"].n_unique(),
            "records_gone_from_their_source": int((~assigned.customer_ids["is_current"]).sum()),
        },
    )
    yield lineage
    yield history
    yield members


def _model_version(workspace: Workspace) -> str:
    models = workspace.lake.read(LINKAGE_MODEL, columns=["model_version", "is_in_use"])
    return str(models.filter(pl.col("is_in_use"))["model_version"].item())


def _lineage_numbers(lineage: pl.DataFrame) -> dict[str, int]:
    states = dict(lineage["state"].value_counts().rows())
    return {f"ids_{state}": states.get(state, 0) for state in ("current", "merged", "retired")}


def _change_numbers(all_changes: pl.DataFrame, changes: pl.DataFrame) -> dict[str, object]:
    kinds = dict(changes["change"].value_counts().rows())
    return {
        **{kind: kinds.get(kind, 0) for kind in ("created", "merged", "split", "retired", "revived")},
        "history": picture(
            svg(pictures.identity_changes_chart(all_changes)),
            "customers created, merged and split by resolution",
        ),
    }


@table_asset(
    REVIEW_QUEUE,
    deps=[SCORED_PAIRS, PROFILE_MEMBERS, CUSTOMER_IDS, CLUSTERS, RECORD_VERSIONS],
    pool=RESOLUTION_POOL,
)
def review_queue(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per pair of customers, or cluster, that a person should look at, worst first.

    Key: item_id. Ordered by what a wrong decision is expected to cost. `cdp why` shows the evidence, `cdp judge` and the
    steward's page take the decision.
    """
    queue = queue_of(
        workspace.lake.read(SCORED_PAIRS, columns=PAIR_COLUMNS),
        workspace.lake.read(PROFILE_MEMBERS),
        workspace.lake.read(CUSTOMER_IDS, columns=ID_COLUMNS),
        workspace.lake.read(CLUSTERS, columns=CLUSTER_COLUMNS),
        workspace.ledger.judgements(),
        newest=workspace.lake.scan(RECORD_VERSIONS).filter("is_newest").select("record_id", "content_hash").collect(),
    )
    whys = dict(queue["why"].value_counts().rows())
    return stored(
        workspace,
        REVIEW_QUEUE,
        queue,
        metadata={
            "items": queue.height,
            **{why.replace(" ", "_"): count for why, count in sorted(whys.items())},
            "expected_cost": round(float(queue["expected_cost"].sum()), 2),
        },
    )


_PLANNED_FROM = [LINKAGE_MODEL, TERM_FREQUENCIES, LINKAGE_PROFILES, PROFILE_MEMBERS, SCORED_PAIRS, CUSTOMER_IDS]


class PlanConfig(dg.Config):
    """``of``: what is planned, a proposed model over the profiles of the last resolution, or the next resolution."""

    of: str = OF_A_MODEL


@dg.multi_asset(
    name="plans",
    pool=RESOLUTION_POOL,
    specs=[
        table_spec(
            PLANS,
            "One row per plan: what a proposed linkage model, or the next resolution, would do to the customers, before it is done.\n\n"
            "Key: plan_id. All profiles are resolved in full, in memory, and compared with the last resolution. Where a proposed model changes "
            "little, the policy takes it into use; else `cdp model use` does. A resolution beyond the limits of policies/identity.yaml waits for "
            "`cdp apply`. Read by `cdp plan` and `cdp model show`.",
            deps=_PLANNED_FROM,
            kinds=["polars", "duckdb", "splink"],
        ).merge_attributes(tags={"cdp/step": "plan"}),
        table_spec(
            PLAN_CHANGES,
            "One row per plan and change of a customer that it would make, those that move the most records first.\n\nKey: plan and rank. "
            "Ids and counts, no values; the plan's own row counts all changes. Read by `cdp plan` and `cdp model show`.",
            deps=_PLANNED_FROM,
            kinds=["polars", "duckdb", "splink"],
        ).merge_attributes(tags={"cdp/step": "plan"}),
        table_spec(
            PLAN_MOVES,
            "One row per plan and known record of a customer that it would change, with the customer that it would be.\n\nKey: plan and "
            "record. Of the last two plans. Read by `segments/plan_effects`.",
            deps=_PLANNED_FROM,
            kinds=["polars", "duckdb", "splink"],
        ).merge_attributes(tags={"cdp/step": "plan"}),
    ],
)
def plan_assets(config: PlanConfig, workspace: dg.ResourceParam[Workspace]) -> Iterator[dg.MaterializeResult[Any]]:
    """Work out what would change; let the policy take a proposed model into use where that is little."""
    judged = judged_plan(workspace, config.of, now())
    plans, plan_changes, plan_moves = (
        workspace.lake.read_or_empty(table) for table in (PLANS, PLAN_CHANGES, PLAN_MOVES)
    )
    metadata: dict[str, Any] = {"planned": 0}
    if judged is not None:
        plan, outcome = judged
        plans = with_plan(plans, plan, outcome)
        plan_changes, plan_moves = with_plan_changes(plan_changes, plan, plans), with_plan_moves(plan_moves, plan)
        if outcome == TAKEN:
            workspace.ledger.add_choice(MODEL_CHOICE, plan.row["model_version"], chosen_by=None, now=now())
        metadata = {
            "planned": 1,
            "outcome": outcome,
            **{name: value for name, value in plan.row.items() if isinstance(value, int | float | str)},
            "would_change": picture(svg(pictures.plan_chart(plan.row)), "customers and links that would change"),
        }
    yield stored(workspace, PLAN_MOVES, plan_moves)
    yield stored(workspace, PLAN_CHANGES, plan_changes)
    yield stored(workspace, PLANS, plans, metadata=metadata)


class SliceConfig(dg.Config):
    """``seed``: what chooses the slice that is audited; empty: the day. ``records``: at least so many; 0: the usual number."""

    seed: str = ""
    records: int = 0


@table_asset(
    RESOLUTION_AUDITS,
    deps=[CUSTOMER_IDS, CLUSTERS, SCORED_PAIRS, LINKAGE_PROFILES, PROFILE_MEMBERS, LINKAGE_MODEL, TERM_FREQUENCIES],
    kinds=["polars", "duckdb", "splink"],
    tags={"cdp/step": "audit"},
    pool=RESOLUTION_POOL,
)
def resolution_audits(config: SliceConfig, workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per audit of a resolution: a slice of the customers resolved anew in full, and compared with what the tables hold.

    Key: audit_id. Another slice each night; candidate pairs, weights, decisions, clusters and ids have to be the very same. Read by
    `the_audited_slice_equals_a_full_resolution`.
    """
    moment = now()
    size = {"at_least": config.records} if config.records else {}
    row = audited_slice(workspace, config.seed or f"{moment:%Y-%m-%d}", moment, **size)
    return stored(
        workspace,
        RESOLUTION_AUDITS,
        with_audit(workspace.lake.read_or_empty(RESOLUTION_AUDITS), row),
        metadata={name: row[name].item() for name in ("seed", "records", "profiles", "pairs", *FINDINGS)},
    )


@dg.asset_check(asset=["identity_graph", "resolution_audits"], blocking=True, pool=RESOLUTION_POOL)
def the_audited_slice_equals_a_full_resolution(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """The slice of the newest audit, resolved anew in full, is what the tables hold: same pairs, weights, decisions, clusters, one id each."""
    newest = workspace.lake.read(RESOLUTION_AUDITS).sort("audited_at", "audit_id").tail(1).row(0, named=True)
    found = {name: newest[name] for name in FINDINGS}
    return dg.AssetCheckResult(
        passed=not any(found.values()),
        metadata={
            "records": newest["records"],
            "pairs": newest["pairs"],
            **found,
            "what_to_do": WHAT_TO_DO if any(found.values()) else "nothing",
        },
    )


keys = [
    key_check(table)
    for table in (
        CLUSTERS,
        OVERRULED_LINKS,
        CUSTOMER_IDS,
        ID_LINEAGE,
        IDENTITY_CHANGES,
        MEMBERSHIPS,
        REVIEW_QUEUE,
        PLANS,
        PLAN_CHANGES,
        PLAN_MOVES,
        RESOLUTION_AUDITS,
    )
]
