"""A publication that changes who may be contacted by more than a limit waits for a person."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from cdp_assets.published.consent_guard import CONSENT_CHOICE, consent_change, since_publication, why_held
from cdp_assets.steward.plan_approval import approve_plan
from cdp_assets.tables import CONSENTS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import RESOLVED_AT, frame, small_workspace


def consents(**states: str) -> pl.DataFrame:
    rows = [
        {"customer_id": "C", "channel": "email", "address": who, "purpose": "marketing", "state": state}
        for who, state in states.items()
    ]
    return frame(CONSENTS, *rows)


BEFORE = consents(ann="given", ben="given", cat="withdrawn", dan="given")


def test_who_may_be_contacted_now_and_who_no_more_is_counted() -> None:
    change = consent_change(BEFORE, consents(ann="given", ben="withdrawn", cat="given"))
    assert (change.before, change.gained, change.lost, change.share) == (3, 1, 2, 1.0)
    assert consent_change(BEFORE, BEFORE).share == 0
    assert consent_change(consents(), BEFORE).share == 0


def test_a_merge_that_hands_an_address_to_another_customer_is_no_change() -> None:
    moved = BEFORE.with_columns(customer_id=pl.lit("D"))
    assert consent_change(BEFORE, moved).gained == 0


def test_beyond_the_limit_just_that_change_needs_approval() -> None:
    change = consent_change(BEFORE, consents(ann="given", ben="withdrawn", dan="given"))
    assert why_held(change, None, None) is None
    assert why_held(change, 0.34, None) is None
    assert why_held(change, 0.3, change.change_id) is None
    other = consent_change(BEFORE, consents(ann="withdrawn", ben="given", dan="given"))
    held = why_held(change, 0.3, other.change_id)
    assert held is not None
    assert f"cdp apply {change.change_id}" in held
    assert "33.3%" in held
    assert "ben" not in held


def published(workspace: Workspace) -> None:
    version = {CONSENTS.name: workspace.lake.version(CONSENTS)}
    workspace.ledger.add_publication(
        "p2", lake_versions=json.dumps(version), customers=1, now=RESOLVED_AT.replace(year=2025)
    )


def test_the_last_publication_is_compared_with_and_the_change_approved_by_its_id(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path / "data")
    assert since_publication(workspace.lake, workspace.ledger) is None
    workspace.lake.replace(CONSENTS, BEFORE)
    published(workspace)
    workspace.lake.replace(CONSENTS, consents(ann="given"))
    change = since_publication(workspace.lake, workspace.ledger)
    assert change is not None
    assert (change.gained, change.lost) == (0, 2)
    assert "approved" in approve_plan(workspace, change.change_id, by="kim", now=RESOLVED_AT)
    chosen = workspace.ledger.choice(CONSENT_CHOICE)
    assert chosen is not None
    assert why_held(change, 0.0, chosen["subject"]) is None
    workspace.lake.forget_everything_former(CONSENTS)
    assert since_publication(workspace.lake, workspace.ledger) is None
