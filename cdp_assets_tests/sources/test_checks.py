"""What the UI warns of: a source that has fallen silent, and a delivery of an unusual size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.definitions import definitions_for
from cdp_assets.ledger import Landed
from cdp_assets.sources.assets import newest_imports_have_their_usual_size, sources_deliver_as_often_as_expected
from cdp_assets.sources.import_log import import_log
from cdp_assets.tables import IMPORT_LOG
from cdp_assets.workspace import Workspace

CONTRACT = "source: crm\nkind: profiles\nkey: id\ncolumns: {email: Email}\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "landing" / "crm").mkdir(parents=True)
    return Workspace(tmp_path)


def says(workspace: Workspace, contract: str) -> None:
    (workspace.contracts_dir / "crm.yaml").write_text(contract)


def imported(workspace: Workspace, lines: list[int], newest: datetime) -> None:
    for number, count in enumerate(lines):
        landed_at = newest - timedelta(days=len(lines) - 1 - number)
        import_id, _ = workspace.ledger.register(
            Landed("crm", f"{number + 1:02x}".ljust(64, "0"), f"{number}.csv", 9, landed_at)
        )
        workspace.ledger.mark_imported(
            "crm",
            import_id,
            counts={"lines": count, "records": count, "rejected": 0, "duplicates": 0},
            contract_version="c",
            records_version="r",
            observed_until=landed_at,
            now=landed_at,
        )
    workspace.lake.replace(IMPORT_LOG, import_log(workspace.ledger.imports()))


def passes(check: dg.AssetChecksDefinition, workspace: Workspace) -> bool:
    result = check(workspace)
    assert isinstance(result, dg.AssetCheckResult)
    assert result.severity == dg.AssetCheckSeverity.WARN
    return result.passed


@pytest.mark.parametrize(("age", "is_in_time"), [(timedelta(hours=2), True), (timedelta(days=3), False)])
def test_a_source_that_has_fallen_silent_warns(workspace: Workspace, age: timedelta, is_in_time: bool) -> None:
    says(workspace, CONTRACT + "expected_every: 1 day\n")
    imported(workspace, [10], datetime.now(UTC) - age)
    assert passes(sources_deliver_as_often_as_expected, workspace) is is_in_time
    says(workspace, CONTRACT)
    assert passes(sources_deliver_as_often_as_expected, workspace), "who expects nothing is not disappointed"


@pytest.mark.parametrize(("newest", "is_usual"), [(1_050, True), (90, False), (9_000, False)])
def test_a_delivery_of_an_unusual_size_warns(workspace: Workspace, newest: int, is_usual: bool) -> None:
    says(workspace, CONTRACT)
    imported(workspace, [1_000, 1_020, 990, 1_010, 1_005, 995, newest], datetime.now(UTC))
    assert passes(newest_imports_have_their_usual_size, workspace) is is_usual


def test_the_uis_freshness_follows_the_contract(workspace: Workspace) -> None:
    key = dg.AssetKey(["raw", "crm_imports"])
    says(workspace, CONTRACT + "expected_every: 6 hours\n")
    policy = definitions_for(workspace).resolve_asset_graph().get(key).freshness_policy
    assert policy == dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=12), warn_window=timedelta(hours=6))
    says(workspace, CONTRACT)
    assert definitions_for(workspace).resolve_asset_graph().get(key).freshness_policy is None
