"""Asset of stage 8: one consistent publication to the user's database."""

import json
from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.identity_graph.guard import load_identity_policy
from cdp_assets.identity_graph.resolution import current_versions
from cdp_assets.published.consent_guard import CONSENT_CHOICE, since_publication, why_held
from cdp_assets.published.last_published import publication_before, publication_note
from cdp_assets.published.publication import publish
from cdp_assets.resources import RESOLUTION_POOL, key_check, now, stored, table_asset
from cdp_assets.tables import (
    CONSENTS,
    CORRECTIONS,
    CUSTOMER_IDS,
    CUSTOMERS,
    GOLDEN_EMAILS,
    GOLDEN_PHONES,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    PROVENANCE,
    PUBLICATIONS,
    REVIEW_STAKES,
    SEGMENT_MEMBERS,
    SUPPRESSIONS,
)
from cdp_assets.workspace import Workspace

PUBLISHED_TABLES = (
    CUSTOMERS,
    GOLDEN_EMAILS,
    GOLDEN_PHONES,
    CONSENTS,
    SUPPRESSIONS,
    PROVENANCE,
    CORRECTIONS,
    CUSTOMER_IDS,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    SEGMENT_MEMBERS,
)
MADE_BEFORE = (REVIEW_STAKES,)
"""Not published, and of the same resolution: what the ledger calls resolved, nobody makes any more (:func:`publications`)."""


@table_asset(
    PUBLICATIONS,
    deps=[*PUBLISHED_TABLES, *MADE_BEFORE],
    kinds=["sqlalchemy"],
    pool=RESOLUTION_POOL,
)
def publications(
    context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
) -> dg.MaterializeResult[Any]:
    """One row per publication: one consistent set of tables in the target database.

    Key: publication_id. Golden records, addresses, consents, ids and segments of one resolution, written in one transaction
    that verifies itself before it commits: readers see the former publication or the new one. Names the lake versions it was made
    from. Nothing gets here past a failed blocking check.
    """
    moment = now()
    versions = current_versions(workspace.lake, PUBLISHED_TABLES)
    frames = {table: workspace.lake.read(table, version=versions[table.name]) for table in PUBLISHED_TABLES}
    before = publication_before(workspace.lake)
    result = publish(frames, workspace.publication_url, versions, context.run.run_id, moment, before)
    customers = frames[CUSTOMERS].height
    workspace.ledger.add_publication(
        context.run.run_id, lake_versions=json.dumps(versions, sort_keys=True), customers=customers, now=moment
    )
    history = workspace.ledger.publications().with_columns(is_current=pl.col("publication_id") == context.run.run_id)
    made = stored(
        workspace,
        PUBLICATIONS,
        history,
        note=publication_note(result.seal),
        metadata={
            "customers": customers,
            "customers_inserted": result.changes["customers"].inserted,
            "customers_updated": result.changes["customers"].updated,
            "customers_deleted": result.changes["customers"].deleted,
            "rows_sent": result.staged,
            "notes": "\n".join(result.notes) or "none",
            **{f"rows_{name}": count for name, count in sorted(result.rows.items())},
        },
    )
    # Last of all: once the ledger says that these imports are resolved, nobody comes back to finish what a kill left.
    note = workspace.lake.committed_metadata(CUSTOMER_IDS)
    workspace.ledger.add_resolution(
        note["resolution_id"], imports_hash=note["imports_hash"], model_version=note["model_version"], now=moment
    )
    return made


@dg.asset_check(asset=["golden_records", "consents"], blocking=True, pool=RESOLUTION_POOL)
def consent_changes_are_within_limits(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """Who may be contacted has not changed, since the last publication, by more than policies/identity.yaml lets it, or somebody has
    approved just that change. Without the limit nothing is held."""
    change = since_publication(workspace.lake, workspace.ledger)
    if change is None:
        return dg.AssetCheckResult(
            passed=True, metadata={"compared": "with nothing: no publication that is still kept"}
        )
    limit = load_identity_policy(workspace.policy_file("identity")).largest_consent_share
    approved = workspace.ledger.choice(CONSENT_CHOICE)
    held = why_held(change, limit, approved["subject"] if approved else None)
    return dg.AssetCheckResult(
        passed=held is None,
        description=held,
        metadata={
            "contacts_before": change.before,
            "gained": change.gained,
            "lost": change.lost,
            "share": change.share,
        },
    )


keys = [key_check(PUBLICATIONS)]
