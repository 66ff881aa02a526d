"""A publication that changes who may be contacted by more than a limit waits for a person."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from cdp_assets import cli
from cdp_assets.definitions import definitions_for
from cdp_assets.published.consent_guard import CONSENT_CHOICE, consent_change, since_publication, why_held
from cdp_assets.steward.plan_approval import approve_plan
from cdp_assets.tables import CONSENTS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import RESOLVED_AT, empty_workspace, frame, small_workspace
from cdp_assets_tests.published.databases import customer, customers_only, read


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


# -- through Dagster ---------------------------------------------------------------------------------------------------


def put_into_lake(workspace: Workspace, state: str) -> None:
    """A resolution in which Ann may be written to for marketing, or no more."""
    frames = customers_only(customer("C1", first_name="Ann"))
    event = {"customer_id": "C1", "channel": "email", "address": "ann@x.example", "purpose": "marketing"}
    frames[CONSENTS] = frame(CONSENTS, {**event, "state": state})
    note = {"resolution_id": "r", "imports_hash": "h", "model_version": "m"}
    for table, rows in frames.items():
        workspace.lake.replace(table, rows, note=note)


def check_and_publish(workspace: Workspace) -> tuple[bool, list[str]]:
    """Run the check and the publication behind it; whether all went well, and the checks that failed."""
    definitions = definitions_for(workspace)
    check = dg.AssetCheckKey(dg.AssetKey(["golden_records", "consents"]), "consent_changes_are_within_limits")
    selection = dg.AssetSelection.checks(check) | dg.AssetSelection.assets(["published", "publications"])
    with dg.DagsterInstance.ephemeral() as instance:
        job = dg.define_asset_job("check_and_publish", selection)
        made = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job]))
        done = made.resolve_job_def(job.name).execute_in_process(instance=instance, raise_on_error=False)
    return done.success, [one.check_name for one in done.get_asset_check_evaluations() if not one.passed]


def test_beyond_the_limit_nothing_is_published_until_cdp_apply(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = empty_workspace(tmp_path / "w")
    (workspace.home / "policies").mkdir(exist_ok=True)
    (workspace.home / "policies" / "identity.yaml").write_text("largest_consent_share: 0.1\n")
    put_into_lake(workspace, "given")
    assert check_and_publish(workspace) == (True, [])

    put_into_lake(workspace, "withdrawn")
    assert check_and_publish(workspace) == (False, ["consent_changes_are_within_limits"])
    assert read(workspace.publication_url, "SELECT state FROM consents") == [("given",)], "readers keep what they had"
    assert workspace.ledger.publications().height == 1

    change = since_publication(workspace.lake, workspace.ledger)
    assert change is not None
    assert cli.main(["apply", change.change_id, "--workspace", str(workspace.home)]) == 0
    assert "approved" in capsys.readouterr().out
    assert check_and_publish(workspace) == (True, [])
    assert read(workspace.publication_url, "SELECT state FROM consents") == [("withdrawn",)]
