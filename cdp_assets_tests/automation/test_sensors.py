"""The sensors: each file is imported once, a burst is one run, and one resolution follows when imports have settled."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime

import dagster as dg
import polars as pl
import pytest
from dagster import DagsterRunStatus

from cdp_assets.automation import ingest_job_name, partitions_name
from cdp_assets.definitions import definitions_for, resources_of
from cdp_assets.tables import QUALITY_AUDITS, QUALITY_FINDINGS
from cdp_assets.workspace import Workspace


def land(workspace: Workspace, number: int, seconds_ago: float = 120) -> None:
    path = workspace.landing_dir / "crm" / f"contacts-{number}.csv"
    path.write_text(f"id,f,e\n{number},Name{number},p{number}@mail{number}.example\n")
    then = time.time() - seconds_ago
    os.utime(path, (then, then))


def tick(workspace: Workspace, instance: dg.DagsterInstance, name: str, cursor: str | None = None) -> dg.SensorResult:
    definitions = definitions_for(workspace)
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, definitions=definitions, resources={"workspace": workspace}
    )
    evaluated = definitions.resolve_sensor_def(name)(context)
    return dg.SensorResult(skip_reason=evaluated) if isinstance(evaluated, dg.SkipReason) else evaluated


def run_what_was_asked(workspace: Workspace, instance: dg.DagsterInstance, result: dg.SensorResult) -> None:
    for addition in result.dynamic_partitions_requests or []:
        instance.add_dynamic_partitions(addition.partitions_def_name, list(addition.partition_keys or []))
    for request in result.run_requests or []:
        job = definitions_for(workspace).resolve_job_def(request.job_name or "resolve_customers")
        assert job.execute_in_process(instance=instance, tags=dict(request.tags)).success


@pytest.mark.slow
@pytest.mark.usefixtures("pictures_left_out")
def test_a_burst_of_50_files_is_50_imports_in_one_run_and_one_resolution(
    workspace: Workspace, instance: dg.DagsterInstance
) -> None:
    for number in range(50):
        land(workspace, number)
    landed = tick(workspace, instance, "import_landed_files")
    assert len(landed.run_requests or []) == 1
    run_what_was_asked(workspace, instance, landed)
    assert len(instance.get_dynamic_partitions(partitions_name("crm"))) == 50
    assert workspace.ledger.imports()["state"].to_list() == ["imported"] * 50
    assert tick(workspace, instance, "import_landed_files").run_requests == []

    asked = tick(workspace, instance, "resolve_when_imports_have_landed")
    assert len(asked.run_requests or []) == 1
    run_what_was_asked(workspace, instance, asked)
    assert tick(workspace, instance, "resolve_when_imports_have_landed").skip_reason is not None


def test_a_resolution_waits_while_an_import_runs_and_while_files_arrive(
    workspace: Workspace, instance: dg.DagsterInstance
) -> None:
    land(workspace, 1)
    run_what_was_asked(workspace, instance, tick(workspace, instance, "import_landed_files"))
    job = definitions_for(workspace).resolve_job_def(ingest_job_name("crm"))
    running = instance.create_run_for_job(job, status=DagsterRunStatus.STARTED)
    assert tick(workspace, instance, "resolve_when_imports_have_landed").skip_reason is not None
    instance.delete_run(running.run_id)
    land(workspace, 2, seconds_ago=0)
    assert tick(workspace, instance, "resolve_when_imports_have_landed").skip_reason is not None
    (workspace.landing_dir / "crm" / "contacts-2.csv").unlink()
    assert tick(workspace, instance, "resolve_when_imports_have_landed").run_requests


def test_an_audit_writes_its_history_once_a_day_and_a_report_for_each_source(
    workspace: Workspace, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        land(workspace, number)
    run_what_was_asked(workspace, instance, tick(workspace, instance, "import_landed_files"))
    run_what_was_asked(workspace, instance, tick(workspace, instance, "resolve_when_imports_have_landed"))
    folder = workspace.home / "reports" / "quality"
    assert not folder.exists(), "a resolution makes findings, and no report"
    assert workspace.lake.exists(QUALITY_FINDINGS)

    def audit_on(day: int) -> pl.DataFrame:
        monkeypatch.setattr("cdp_assets.standardized.assets.now", lambda: datetime(2024, 1, day, tzinfo=UTC))
        job = definitions_for(workspace).resolve_job_def("audit_quality")
        result = job.execute_in_process(instance=instance)
        assert result.success
        shown = result.asset_materializations_for_node("standardized__quality_audits")[0].metadata
        assert not [value for value in shown.values() if "mail0.example" in str(value) or "ame0" in str(value)]
        return workspace.lake.read(QUALITY_AUDITS)

    first = audit_on(1)
    assert {path.name for path in folder.iterdir()} == {"crm.html", "index.html"}
    assert first.filter(pl.col("measure") == "records")["value"].to_list() == [2.0]
    assert audit_on(1).equals(first)
    both = audit_on(8)
    assert both.height == 2 * first.height
    assert both.filter(pl.col("audited_on") == date(2024, 1, 1)).equals(first)


def test_an_audit_of_nothing_is_no_failure(workspace: Workspace, instance: dg.DagsterInstance) -> None:
    definitions = definitions_for(workspace)
    before = [f"standardized/{name}" for name in ("record_versions", "rejected_rows", "email_addresses", "email_decay")]
    assert dg.materialize(
        [asset for asset in definitions.assets or () if isinstance(asset, dg.AssetsDefinition)],
        selection=before,
        instance=instance,
        resources=resources_of(workspace),
    ).success
    assert definitions.resolve_job_def("audit_quality").execute_in_process(instance=instance).success
    assert workspace.lake.read(QUALITY_AUDITS).is_empty()


def test_nothing_to_resolve_is_nothing_asked(workspace: Workspace, instance: dg.DagsterInstance) -> None:
    assert tick(workspace, instance, "resolve_when_imports_have_landed").skip_reason is not None
