"""Assets of stage 5: clusters, stable customer ids and their history, the review queue."""

from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.drawing import svg
from cdp_assets.identity_graph import pictures
from cdp_assets.identity_graph.clusters import clusters as clusters_of
from cdp_assets.identity_graph.clusters import links_not_followed
from cdp_assets.identity_graph.customer_ids import assign
from cdp_assets.identity_graph.identity_changes import identity_changes as changes_between
from cdp_assets.identity_graph.overruled import CLUSTER_RULES
from cdp_assets.identity_graph.overruled import overruled_links as overruled_among
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS
from cdp_assets.identity_graph.resolution import previous_resolution, record_facts
from cdp_assets.identity_graph.review_queue import review_queue as queue_of
from cdp_assets.resources import RESOLUTION_POOL, key_check, now, picture, stored, table_asset, table_spec
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.tables import (
    CLUSTERS,
    CUSTOMER_IDS,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    LINKAGE_MODEL,
    LINKAGE_PROFILES,
    OVERRULED_LINKS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    REVIEW_QUEUE,
    SCORED_PAIRS,
)
from cdp_assets.workspace import Workspace


@table_asset(CLUSTERS, deps=[SCORED_PAIRS, LINKAGE_PROFILES, PROFILE_MEMBERS, RECORD_VERSIONS], pool=RESOLUTION_POOL)
def clusters(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per record, with the cluster it belongs to in this resolution.

    Key: record. Accepted links join, the most convincing first, as long as the evidence of all pairs across speaks for it;
    stewards' judgements outrank every link; two records of a one-row-per-person source are never one customer. Cluster
    ids hold for this resolution only: read `customer_ids` for the ones that stay.
    """
    contracts, _ = load_contracts(workspace.contracts_dir)
    pairs, members = workspace.lake.read(SCORED_PAIRS), workspace.lake.read(PROFILE_MEMBERS)
    grouped = clusters_of(
        pairs,
        members,
        workspace.lake.read(RECORD_VERSIONS, columns=["record_id", "source"]).unique(),
        workspace.ledger.judgements(),
        {contract.source for contract in contracts if contract.one_row_per_person},
        profiles=workspace.lake.read(LINKAGE_PROFILES),
        one_per_person=_one_per_person(contracts),
    )
    overruled = links_not_followed(pairs, members, grouped)
    sizes = grouped["cluster_id"].value_counts()["count"]
    return stored(
        workspace,
        CLUSTERS,
        grouped,
        metadata={
            "clusters": sizes.len(),
            "largest_cluster": int(sizes.max() or 0),  # type: ignore[arg-type]
            "records_alone": int((sizes == 1).sum()),
            "accepted_links_overruled": overruled.height,
            "sizes": picture(svg(pictures.cluster_size_chart(grouped)), "records per customer"),
        },
    )


@dg.asset_check(asset=["identity_graph", "clusters"], blocking=True, pool=RESOLUTION_POOL)
def every_record_is_in_one_cluster(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """Every record that has ever been delivered stands in exactly one cluster; a record in none would be lost."""
    records = workspace.lake.read(RECORD_VERSIONS, columns=["record_id"]).unique()
    clustered = workspace.lake.read(CLUSTERS, columns=["record_id"])
    lost = records.join(clustered, on="record_id", how="anti").height
    unknown = clustered.join(records, on="record_id", how="anti").height
    repeated = clustered.height - clustered.n_unique()
    return dg.AssetCheckResult(
        passed=not (lost or unknown or repeated),
        metadata={"records": records.height, "in_no_cluster": lost, "in_several": repeated, "unknown": unknown},
    )


@dg.asset_check(asset=["identity_graph", "clusters"], blocking=True, pool=RESOLUTION_POOL)
def the_largest_cluster_is_bounded(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """A cluster of very many different sets of values is a shared desk or a chain of errors, not a person."""
    members = workspace.lake.read(CLUSTERS, columns=["record_id", "cluster_id"]).join(
        workspace.lake.read(PROFILE_MEMBERS), on="record_id"
    )
    by_cluster = members.group_by("cluster_id").agg(
        pl.min_horizontal(pl.col("profile_id").n_unique(), pl.col("record_id").n_unique()).alias("distinct")
    )
    largest = int(by_cluster["distinct"].max() or 0)  # type: ignore[arg-type]
    return dg.AssetCheckResult(
        passed=largest <= DEFAULT_CLUSTERS.largest_cluster,
        metadata={"distinct_profiles_in_the_largest": largest, "bound": DEFAULT_CLUSTERS.largest_cluster},
    )


def _one_per_person(contracts: Iterable[SourceContract]) -> set[str]:
    """Kinds of identifiers that a person has once, as some contract says."""
    return {name for c in contracts for name, identifier in c.identifiers.items() if identifier.one_per_person}


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
        lake.read(RECORD_VERSIONS, columns=["record_id", "source"]).unique(),
        workspace.ledger.judgements(),
        lake.read(LINKAGE_PROFILES),
        {contract.source for contract in contracts if contract.one_row_per_person},
        _one_per_person(contracts),
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
    ],
)
def customer_id_assets(
    context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Carry ids over from the last resolution. The commit of customer_ids is the one that counts, and comes last."""
    lake, moment, resolution_id = workspace.lake, now(), context.run.run_id
    previous = previous_resolution(lake)
    model_version = _model_version(workspace)
    clustered, versions = lake.read(CLUSTERS), lake.read(RECORD_VERSIONS)
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
    )
    lineage = stored(workspace, ID_LINEAGE, assigned.lineage, metadata=_lineage_numbers(assigned.lineage))
    all_changes = pl.concat([previous.changes, changes])
    history = stored(workspace, IDENTITY_CHANGES, all_changes, metadata=_change_numbers(all_changes, changes))
    yield stored(
        workspace,
        CUSTOMER_IDS,
        assigned.customer_ids,
        expected_version=previous.version,
        note={
            "resolution_id": resolution_id,
            "imports_hash": lake.committed_metadata(RECORD_VERSIONS).get("imports_hash", ""),
            "model_version": model_version,
            "id_lineage": str(lake.version(ID_LINEAGE)),
            "identity_changes": str(lake.version(IDENTITY_CHANGES)),
        },
        metadata={
            "records": assigned.customer_ids.height,
            "customers": assigned.customer_ids["customer_id"].n_unique(),
            "records_gone_from_their_source": int((~assigned.customer_ids["is_current"]).sum()),
        },
    )
    yield lineage
    yield history


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
    deps=[SCORED_PAIRS, PROFILE_MEMBERS, CUSTOMER_IDS, CLUSTERS],
    pool=RESOLUTION_POOL,
)
def review_queue(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per pair of customers, or cluster, that a person should look at, worst first.

    Key: item_id. Ordered by what a wrong decision is expected to cost. `cdp why` shows the evidence, `cdp judge` and the
    steward's page take the decision.
    """
    queue = queue_of(
        workspace.lake.read(SCORED_PAIRS),
        workspace.lake.read(PROFILE_MEMBERS),
        workspace.lake.read(CUSTOMER_IDS),
        workspace.lake.read(CLUSTERS),
        workspace.ledger.judgements(),
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


keys = [
    key_check(table) for table in (CLUSTERS, OVERRULED_LINKS, CUSTOMER_IDS, ID_LINEAGE, IDENTITY_CHANGES, REVIEW_QUEUE)
]
