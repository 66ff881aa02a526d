"""Command lines and sensors that work on one workspace at the same time import each file once and end as one of them alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
import sqlalchemy as sa
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from cdp_assets import automation
from cdp_assets.automation import RESOLVE
from cdp_assets.definitions import definitions_for
from cdp_assets.environment import workspace_from_environment
from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.tables import raw_imports, source_records
from cdp_assets_tests.faults import processes
from cdp_assets_tests.faults.conftest import group
from cdp_assets_tests.faults.small_workspace import MANY, build_many
from cdp_assets_tests.faults.state import differences, state_of

pytestmark = [pytest.mark.slow, pytest.mark.faults, group(1)]

LOOKERS = 8
TICK_SECONDS, TICKS_OF_QUIET = 0.1, 3
QUEUE_SECONDS = 0.5
"""Longer than anybody takes from a look at the runs under way to the start of one."""

WAITS = "a resolution is already running on this workspace; run again when it has ended"
"""What a command line may say while the sensors' run resolves: nothing has failed, and nothing is done twice."""


def tick_until_all_is_done(home: Path) -> int:
    """What Dagster's daemon does with the two sensors, until they ask for nothing; how many runs they asked for."""
    workspace = workspace_from_environment(home)
    definitions = definitions_for(workspace)
    done: set[str | None] = set()
    quiet = 0
    cursor: str | None = None
    with dg.DagsterInstance.from_config(str(automation.dagster_home(workspace))) as instance:
        while quiet < TICKS_OF_QUIET:
            asked: list[dg.RunRequest] = []
            for name in ("import_landed_files", "resolve_when_imports_have_landed"):
                context = dg.build_sensor_context(
                    instance=instance, cursor=cursor, definitions=definitions, resources={"workspace": workspace}
                )
                result = definitions.resolve_sensor_def(name)(context)
                if isinstance(result, dg.SensorResult):
                    cursor = result.cursor if name.startswith("resolve") else cursor
                    for addition in result.dynamic_partitions_requests or ():
                        add_partitions(instance, addition.partitions_def_name, addition.partition_keys or ())
                    asked += [request for request in result.run_requests or () if request.run_key not in done]
            for request in asked:  # a request whose key has been run is not run again
                done.add(request.run_key)
                job = definitions.resolve_job_def(request.job_name or RESOLVE.name)
                with queued(instance, job):
                    job.execute_in_process(instance=instance, tags=dict(request.tags))
            quiet = 0 if asked or unfinished(instance) else quiet + 1
            time.sleep(TICK_SECONDS)
    workspace.ledger.close()
    return len(done)


def add_partitions(instance: dg.DagsterInstance, name: str, keys: Sequence[str]) -> None:
    """Dagster looks which of them are missing and then adds these, and fails when another process does so in between; its
    daemon tries a tick that failed again."""
    for _ in range(10):
        try:
            instance.add_dynamic_partitions(name, list(keys))
        except sa.exc.IntegrityError:
            continue
        return


@contextmanager
def queued(instance: dg.DagsterInstance, job: dg.JobDefinition) -> Iterator[None]:
    """Dagster puts a run into its queue, where everybody sees it, and takes it out when no other run of the job is under way."""
    waiting = instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED)
    try:
        while True:
            time.sleep(QUEUE_SECONDS)
            if not [run for run in unfinished(instance) if run.job_name == job.name and run.run_id != waiting.run_id]:
                break
        yield
    finally:
        instance.delete_run(waiting.run_id)


def unfinished(instance: dg.DagsterInstance) -> Sequence[dg.DagsterRun]:
    return instance.get_runs(dg.RunsFilter(statuses=list(NOT_FINISHED_STATUSES)))


def register_all(home: Path, go: Path) -> int:
    """Look at what has landed, when told to; how many imports this process has registered."""
    workspace = workspace_from_environment(home)
    contracts, _problems = load_contracts(workspace.contracts_dir)
    while not go.exists():
        time.sleep(0.001)
    found = [register_arrivals(workspace, contract, datetime.now(UTC), settle_seconds=0) for contract in contracts]
    workspace.ledger.close()
    return sum(len(arrivals.new) for arrivals in found)


def assert_imported_once(home: Path) -> None:
    workspace = workspace_from_environment(home)
    imports = workspace.ledger.imports()
    assert imports["state"].to_list() == [IMPORTED] * 2 * MANY
    assert imports.select("source", "content_sha256").is_unique().all()
    assert (
        imports.group_by("source").agg(pl.col("sequence").sort())["sequence"].to_list()
        == [list(range(1, MANY + 1))] * 2
    )
    for source in ("support", "web"):
        mine = imports.filter(pl.col("source") == source).select("import_id", "lines", "records").sort("import_id")
        assert mine.select("lines", "records").rows() == [(2, 2)] * MANY
        raw = workspace.lake.read(raw_imports(source))
        assert raw.select("_import_id", "_line").is_unique().all()
        assert (
            raw.group_by(import_id="_import_id").len("lines").sort("import_id").rows()
            == mine.select("import_id", "lines").rows()
        )
        records = workspace.lake.read(source_records(source))
        assert (
            records.group_by("import_id").len("records").sort("import_id").rows()
            == mine.select("import_id", "records").rows()
        )
    workspace.ledger.close()


def test_two_command_lines_and_the_sensors_at_once(tmp_path: Path) -> None:
    alone = build_many(tmp_path / "alone")
    assert processes.run(alone).problems == ()
    home = build_many(tmp_path / "ws")
    with ExitStack() as stack:
        lines = [stack.enter_context(processes.running(home)) for _ in range(2)]
        sensors = stack.enter_context(processes.calling(home, tick_until_all_is_done, home))
        done = [line.result() for line in lines]
        sensors.result()
    assert [problem for one in done for problem in one.problems if problem != WAITS] == []
    assert_imported_once(home)
    assert differences(state_of(home), state_of(alone)) == []


def test_eight_lookers_at_once_register_each_file_once(tmp_path: Path) -> None:
    home = build_many(tmp_path / "ws")
    go = tmp_path / "go"
    with ExitStack() as stack:
        lookers = [stack.enter_context(processes.calling(home, register_all, home, go)) for _ in range(LOOKERS)]
        go.touch()
        new = [looker.result() for looker in lookers]
    assert sum(new) == 2 * MANY
    workspace = workspace_from_environment(home)
    imports = workspace.ledger.imports()
    assert imports["state"].to_list() == ["landed"] * 2 * MANY
    assert imports.select("source", "content_sha256").is_unique().all()
    assert imports["location"].to_list() == [
        f"{kind}-{n}.{end}" for kind, end in (("cases", "jsonl"), ("consents", "csv")) for n in range(MANY)
    ]
    assert all(len(workspace.ledger.seen_files(source)) == MANY for source in ("support", "web"))
    workspace.ledger.close()
