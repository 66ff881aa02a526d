"""A resolution beyond the limits is held and its plan kept; the very plan that was approved goes through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.identity_graph.customer_ids import assign
from cdp_assets.identity_graph.guard import PLAN_CHOICE, PlanRefusedError
from cdp_assets.identity_graph.identity_changes import identity_changes
from cdp_assets.identity_graph.judged_plans import hold_beyond_limits, judged_plan
from cdp_assets.identity_graph.plan import OF_A_MODEL, WAITS, Resolved
from cdp_assets.identity_graph.resolution import FACT_COLUMNS, PreviousResolution, record_facts
from cdp_assets.tables import (
    CLUSTERS,
    CUSTOMER_IDS,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    LINKAGE_PROFILES,
    PLAN_CHANGES,
    PLAN_MOVES,
    PLANS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    SCORED_PAIRS,
    TERM_FREQUENCIES,
)
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import RESOLVED_AT, small_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = small_workspace(tmp_path / "data")
    for table in (LINKAGE_PROFILES, TERM_FREQUENCIES):
        opened.lake.replace(table, table.empty())
    yield opened
    opened.ledger.close()


def hold_if_all_were_one(workspace: Workspace) -> None:
    """What happens when the next resolution would make one customer of everybody."""
    lake = workspace.lake
    frames = [lake.read(table) for table in (CUSTOMER_IDS, ID_LINEAGE, IDENTITY_CHANGES)]
    previous = PreviousResolution(*frames, lake.version(CUSTOMER_IDS), "model-1")
    clustered = lake.read(CLUSTERS).with_columns(cluster_id=pl.lit(1, pl.Int64))
    facts = record_facts(lake.read(RECORD_VERSIONS, columns=FACT_COLUMNS))
    assigned = assign(clustered, previous.customer_ids, previous.lineage, facts, RESOLVED_AT)
    pairs = lake.read(SCORED_PAIRS)
    changes = identity_changes(
        previous.customer_ids,
        assigned.customer_ids,
        assigned.lineage,
        scored_pairs=pairs,
        profile_members=lake.read(PROFILE_MEMBERS),
        judgements=workspace.ledger.judgements(),
        resolution_id="the next",
        now=RESOLVED_AT,
    )
    would_be = Resolved(pairs, clustered, assigned, changes)
    hold_beyond_limits(workspace, would_be, previous, "model-1", RESOLVED_AT)


def test_without_limits_nothing_is_held(workspace: Workspace) -> None:
    hold_if_all_were_one(workspace)
    assert not workspace.lake.exists(PLANS)


def test_a_resolution_beyond_the_limits_is_held_until_its_plan_is_approved(workspace: Workspace) -> None:
    (workspace.home / "policies").mkdir(exist_ok=True)
    (workspace.home / "policies" / "identity.yaml").write_text("largest_merged_share: 0.01\n")
    with pytest.raises(PlanRefusedError, match="cdp apply"):
        hold_if_all_were_one(workspace)
    plans = workspace.lake.read(PLANS)
    assert plans["outcome"].to_list() == [WAITS]
    assert not workspace.lake.read(PLAN_MOVES).is_empty()
    assert not workspace.lake.read(PLAN_CHANGES).is_empty()
    workspace.ledger.add_choice(PLAN_CHOICE, plans["plan_id"].item(), chosen_by="kim", now=RESOLVED_AT)
    hold_if_all_were_one(workspace)


def test_where_no_model_is_proposed_there_is_no_plan_of_one(workspace: Workspace) -> None:
    assert judged_plan(workspace, OF_A_MODEL, RESOLVED_AT) is None
