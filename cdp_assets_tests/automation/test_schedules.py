"""What runs by the clock asks for the right job, and not while imports run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from dagster import DagsterRunStatus

from cdp_assets.automation import ingest_job_name
from cdp_assets.definitions import definitions_for
from cdp_assets.workspace import Workspace


def test_the_weekly_audit_asks_for_an_audit(workspace: Workspace, instance: dg.DagsterInstance) -> None:
    schedule = definitions_for(workspace).resolve_schedule_def("audit_weekly")
    assert (schedule.job_name, schedule.cron_schedule) == ("audit_quality", "0 6 * * 1")
    monday = dg.build_schedule_context(instance=instance, scheduled_execution_time=datetime(2024, 1, 1, 6, tzinfo=UTC))
    assert len(schedule.evaluate_tick(monday).run_requests or []) == 1


def test_the_night_leaves_out_a_resolution_while_imports_run(workspace: Workspace, tmp_path: Path) -> None:
    schedule = definitions_for(workspace).resolve_schedule_def("resolve_nightly")
    (tmp_path / "instance").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "instance")) as instance:
        context = dg.build_schedule_context(instance=instance)
        assert isinstance(schedule(context), dg.RunRequest)
        job = definitions_for(workspace).resolve_job_def(ingest_job_name("crm"))
        instance.create_run_for_job(job, status=DagsterRunStatus.STARTED)
        assert isinstance(schedule(context), dg.SkipReason)
