"""Assets of stage 7: who is in which segment, out of it, or maybe, and what of that is at stake in the review queue."""

from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.drawing import svg
from cdp_assets.golden_records.withheld import Withheld
from cdp_assets.identity_graph.pictures import plan_chart
from cdp_assets.resources import RESOLUTION_POOL, key_check, now, picture, stored, table_asset
from cdp_assets.segments.as_planned import MADE_WITH, effects_of_plan
from cdp_assets.segments.members import members as members_of
from cdp_assets.segments.policy import load_segments_policy
from cdp_assets.segments.review_stakes import review_stakes as stakes_of
from cdp_assets.tables import (
    CLUSTERS,
    CONSENTS,
    CUSTOMER_IDS,
    CUSTOMERS,
    PLAN_EFFECTS,
    PLAN_MOVES,
    PLANS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    REVIEW_QUEUE,
    REVIEW_STAKES,
    SCORED_PAIRS,
    SEGMENT_MEMBERS,
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


@table_asset(
    PLAN_EFFECTS,
    deps=[PLANS, PLAN_MOVES, CUSTOMER_IDS, CLUSTERS, *MADE_WITH],
    pool=RESOLUTION_POOL,
    tags={"cdp/step": "plan"},
)
def plan_effects(
    workspace: dg.ResourceParam[Workspace], withheld: dg.ResourceParam[Withheld]
) -> dg.MaterializeResult[Any]:
    """One row per plan: golden values, contacts and memberships of segments that it would change.

    Key: plan_id. The customers that the plan touches are made twice, as they are and as they would be, and compared. No address becomes
    contactable by a merge or a split: `contacts_gained` is there to show it. Its picture shows the whole plan. Read by `cdp plan`.
    """
    lake = workspace.lake
    plans, known = lake.read_or_empty(PLANS).sort("planned_at", "plan_id"), lake.read_or_empty(PLAN_EFFECTS)
    metadata: dict[str, Any] = {}
    for plan in plans.tail(1).to_dicts():
        moves = lake.read(PLAN_MOVES).filter(pl.col("plan_id") == plan["plan_id"])
        row = effects_of_plan(workspace, plan["plan_id"], moves, withheld, now())
        if row is not None:
            known = pl.concat([known.filter(pl.col("plan_id") != plan["plan_id"]), row])
            found = row.row(0, named=True)
            metadata = {name: value for name, value in found.items() if isinstance(value, int)}
            drawn = svg(plan_chart(plan, found))
            metadata["would_change"] = picture(drawn, "customers, links and what follows from them that would change")
    kept = known.join(plans, on="plan_id", how="semi").sort("plan_id")
    return stored(workspace, PLAN_EFFECTS, kept, metadata=metadata)


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
