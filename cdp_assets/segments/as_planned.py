"""Golden records, consents and segments of some customers of a workspace, as a run makes them, and what a plan does to them.

What does not belong here: comparing what is made (``plan_effects.py``), and writing it.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import polars as pl

from cdp_assets.golden_records.as_decided import golden_records_as_decided
from cdp_assets.golden_records.withheld import Withheld
from cdp_assets.segments.members import members
from cdp_assets.segments.plan_effects import Made, plan_effects
from cdp_assets.segments.policy import load_segments_policy
from cdp_assets.tables import (
    CLUSTERS,
    CUSTOMER_IDS,
    CUSTOMERS,
    EMAIL_ADDRESSES,
    PHONE_NUMBERS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    SCORED_PAIRS,
    SIGHTINGS,
)
from cdp_assets.workspace import Workspace

MADE_WITH = [RECORD_VERSIONS, EMAIL_ADDRESSES, SIGHTINGS, PHONE_NUMBERS, SCORED_PAIRS, PROFILE_MEMBERS]


def effects_of_plan(
    workspace: Workspace, plan_id: str, moves: pl.DataFrame, withheld: Withheld, now: datetime
) -> pl.DataFrame | None:
    """One row of ``segments/plan_effects``; None before the first golden records.

    ``moves``: rows of ``identity_graph/plan_moves`` of this plan. ``withheld``: who tells which addresses are.
    """
    lake = workspace.lake
    if not lake.exists(CUSTOMER_IDS) or not lake.exists(CUSTOMERS):
        return None
    made = partial(_made, workspace=workspace, withheld=withheld, now=now)
    return plan_effects(plan_id, moves, lake.read(CUSTOMER_IDS), lake.read(CLUSTERS), made)


def _made(
    customer_ids: pl.DataFrame, clusters: pl.DataFrame, *, workspace: Workspace, withheld: Withheld, now: datetime
) -> Made:
    lake = workspace.lake
    ids = customer_ids["record_id"].implode()
    frames = {
        table: lake.scan(table).filter(pl.col("record_id").is_in(ids)).collect()
        if "record_id" in table.schema
        else lake.read(table)
        for table in MADE_WITH
    }
    golden = golden_records_as_decided(
        workspace,
        frames[RECORD_VERSIONS],
        customer_ids,
        clusters,
        *(frames[table] for table in (EMAIL_ADDRESSES, SIGHTINGS, PHONE_NUMBERS)),
        withheld=withheld,
        now=now,
    )
    rows = members(
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
