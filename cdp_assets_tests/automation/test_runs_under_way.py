"""A run whose process was killed is told from one that goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from cdp_assets import processes
from cdp_assets.automation import PROCESS_TAG, release_dead_runs


def started(instance: dg.DagsterInstance, process: str) -> str:
    @dg.job
    def waits() -> None: ...

    run = instance.create_run_for_job(waits, tags={PROCESS_TAG: process}, status=DagsterRunStatus.STARTED)
    return run.run_id


@pytest.fixture
def dead_process() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_a_killed_run_no_longer_stands_in_the_way(tmp_path: Path, dead_process: int) -> None:
    host = processes.this_host()
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        killed = started(instance, f"{host}:{dead_process}")
        alive = started(instance, processes.this_process())
        elsewhere = started(instance, f"another-{host}:{dead_process}")
        assert len(release_dead_runs(instance)) == 1
        found = {run.run_id: run.status for run in instance.get_runs()}
        assert found == {
            killed: DagsterRunStatus.FAILURE,
            alive: DagsterRunStatus.STARTED,
            elsewhere: DagsterRunStatus.STARTED,
        }
        assert release_dead_runs(instance) == []


def test_a_number_that_was_given_away_again_is_not_taken_for_the_run(dead_process: int) -> None:
    assert not processes.is_alive(dead_process, time.time())
    assert processes.is_alive(os.getpid(), time.time())
    if Path("/proc/self/stat").exists():
        assert not processes.is_alive(os.getpid(), time.time() - 86_400)
