"""Assets of stage 7: who is in which segment, out of it, or maybe, and what of that is at stake in the review queue."""

from functools import partial
from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.golden_records.golden import golden_records
from cdp_assets.golden_records.policy import load_consent_policy, load_survivorship_policy
from cdp_assets.golden_records.withheld import Withheld, addresses_of
from cdp_assets.resources import RESOLUTION_POOL, key_check, now, stored, table_asset
from cdp_assets.segments.members import members as members_of
from cdp_assets.segments.plan_effects import Made
from cdp_assets.segments.plan_effects import plan_effects as effects_of
from cdp_assets.segments.policy import load_segments_policy
from cdp_assets.segments.review_stakes import review_stakes as stakes_of
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.tables import (
    CLUSTERS,
    CONSENTS,
    CUSTOMER_IDS,
    CUSTOMERS,
    EMAIL_ADDRESSES,
    PHONE_NUMBERS,
    PLAN_EFFECTS,
    PLAN_MOVES,
    PLANS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    REVIEW_QUEUE,
    REVIEW_STAKES,
    SCORED_PAIRS,
    SEGMENT_MEMBERS,
    SIGHTINGS,
)
from cdp_assets.workspace import Workspace

_MADE_FROM = [CUSTOMERS, CUSTOMER_IDS, CLUSTERS, RECORD_VERSIONS, SCORED_PAIRS, PROFILE_MEMBERS, CONSENTS]


@table_asset(SEGMENT_MEMBERS, deps=_MADE_FROM, pool=RESOLUTION_POOL)
def members(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per customer and segment, with whether the customer is in it and why.

    Key: segment and customer. Membership is yes, no, or maybe where the identity is in doubt; the segment says which way
    doubt falls. A customer whose attendance is only probable is never in "people who never attended".
    """
    policy = load_segments_policy(workspace.policy_file("segments"))
    frames = {table.name.split("/")[1]: workspace.lake.read(table) for table in _MADE_FROM}
    rows = members_of(policy, **frames)
    counts = dict(rows["membership"].value_counts().rows())
    return stored(
        workspace,
        SEGMENT_MEMBERS,
        rows,
        metadata={
            "segments": rows["segment"].n_unique(),
            "included": int(rows["is_included"].sum()),
            **{word: counts.get(word, 0) for word in ("yes", "maybe", "no")},
        },
    )


_MADE_WITH = [RECORD_VERSIONS, EMAIL_ADDRESSES, SIGHTINGS, PHONE_NUMBERS, SCORED_PAIRS, PROFILE_MEMBERS]


@table_asset(
    PLAN_EFFECTS,
    deps=[PLANS, PLAN_MOVES, CUSTOMER_IDS, CLUSTERS, *_MADE_WITH],
    pool=RESOLUTION_POOL,
    tags={"cdp/step": "plan"},
)
def plan_effects(
    workspace: dg.ResourceParam[Workspace], withheld: dg.ResourceParam[Withheld]
) -> dg.MaterializeResult[Any]:
    """One row per plan: golden values, contacts and memberships of segments that it would change.

    Key: plan_id. The customers that the plan touches are made twice, as they are and as they would be, and compared. No address becomes
    contactable by a merge or a split: `contacts_gained` is there to show it. Read by `cdp plan`.
    """
    lake = workspace.lake
    plans, known = lake.read_or_empty(PLANS), lake.read_or_empty(PLAN_EFFECTS)
    if not plans.is_empty() and lake.exists(CUSTOMER_IDS) and lake.exists(CUSTOMERS):
        plan_id = plans.sort("planned_at", "plan_id")["plan_id"][-1]
        moves = lake.read(PLAN_MOVES).filter(pl.col("plan_id") == plan_id)
        row = effects_of(
            plan_id, moves, lake.read(CUSTOMER_IDS), lake.read(CLUSTERS), partial(_made, workspace, withheld)
        )
        known = pl.concat([known.filter(pl.col("plan_id") != plan_id), row])
    kept = known.join(plans, on="plan_id", how="semi").sort("plan_id")
    newest = (
        {}
        if kept.is_empty() or plans.is_empty()
        else dict(kept.filter(pl.col("plan_id") == plan_id).row(0, named=True))
    )
    return stored(workspace, PLAN_EFFECTS, kept, metadata={k: v for k, v in newest.items() if isinstance(v, int)})


def _made(workspace: Workspace, withheld: Withheld, customer_ids: pl.DataFrame, clusters: pl.DataFrame) -> Made:
    """Golden records, consents and segments of some customers."""
    lake, (contracts, _) = workspace.lake, load_contracts(workspace.contracts_dir)
    ids = customer_ids["record_id"].implode()
    frames = {
        table: lake.scan(table).filter(pl.col("record_id").is_in(ids)).collect()
        if "record_id" in table.schema
        else lake.read(table)
        for table in _MADE_WITH
    }
    golden = golden_records(
        frames[RECORD_VERSIONS],
        customer_ids,
        clusters,
        *(frames[table] for table in (EMAIL_ADDRESSES, SIGHTINGS, PHONE_NUMBERS)),
        trust={contract.source: contract.trust for contract in contracts},
        steward_corrections=workspace.ledger.corrections(),
        survivorship=load_survivorship_policy(workspace.policy_file("survivorship")),
        consent=load_consent_policy(workspace.policy_file("consent")),
        now=now(),
        withheld=withheld(addresses_of(frames[SIGHTINGS])),
    )
    rows = members_of(
        load_segments_policy(workspace.policy_file("segments")),
        customers=golden.customers,
        customer_ids=customer_ids,
        clusters=clusters,
        record_versions=frames[RECORD_VERSIONS],
        scored_pairs=frames[SCORED_PAIRS],
        profile_members=frames[PROFILE_MEMBERS],
        consents=golden.consents,
    )
    return Made(golden.customers, golden.consents, rows)


_AT_STAKE = [REVIEW_QUEUE, CUSTOMERS, CUSTOMER_IDS, RECORD_VERSIONS, SEGMENT_MEMBERS]


@table_asset(REVIEW_STAKES, deps=_AT_STAKE, pool=RESOLUTION_POOL)
def review_stakes(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per item of the review queue, with what a wrong decision would cost, the dearest first.

    Key: item_id. The queue's own cost, times who may be written to, what has been bought and which segments are touched; `says` tells
    all of it in a sentence. The steward's page shows the items in this order.
    """
    queue, customers, ids, versions, rows = (workspace.lake.read(table) for table in _AT_STAKE)
    rows = stakes_of(queue, customers, ids, versions, rows)
    return stored(
        workspace,
        REVIEW_STAKES,
        rows,
        metadata={
            "items": rows.height,
            "cost": round(float(rows["cost"].sum()), 2),
            "items_about_customers_who_may_be_mailed": rows.filter(pl.col("contactable") > 0).height,
            "items_that_touch_segments": rows.filter(pl.col("segments").list.len() > 0).height,
        },
    )


@dg.asset_check(asset=["segments", "members"], blocking=True, pool=RESOLUTION_POOL)
def every_segment_knows_every_customer(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """Each segment has a row for each customer: nobody is left out of a "never" by being forgotten."""
    customers = workspace.lake.read(CUSTOMERS, columns=["customer_id"])
    rows = workspace.lake.read(SEGMENT_MEMBERS, columns=["segment", "customer_id"])
    uneven = rows.group_by("segment").len().filter(pl.col("len") != customers.height).height
    strangers = rows.join(customers, on="customer_id", how="anti").height
    return dg.AssetCheckResult(
        passed=not (uneven or strangers),
        metadata={"customers": customers.height, "segments_that_miss_some": uneven, "unknown_customers": strangers},
    )


keys = [key_check(table) for table in (SEGMENT_MEMBERS, REVIEW_STAKES, PLAN_EFFECTS)]
