"""Which runs are under way, and which only seem to be because their process was killed.

What does not belong here: starting one (``running.py``).
"""

from collections.abc import Iterable, Sequence

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.runs import SqliteRunStorage

from cdp_assets.automation.jobs import ingest_job_name
from cdp_assets.processes import is_alive, this_host
from cdp_assets.sources.contracts import SourceContract

PROCESS_TAG = "cdp/process"
"""Tag of a run: host and number of the process that executes it, so that a killed one is not waited for."""


def release_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report runs as failed whose process no longer exists; a line about each.

    Dagster learns of a killed process only when the longest time that a run may take has passed, and until then nothing
    else could run. A run tells its process by the tag ``cdp/process``, or by the event that its steps began; of another
    machine's runs nothing is known.
    """
    released = []
    for run in instance.get_runs(RunsFilter(statuses=_IN_A_PROCESS)):
        process = _process_of(instance, run)
        if process is not None and not is_alive(*process):
            instance.report_run_failed(run, "The process of this run no longer exists: it was killed. Run it again.")
            released.append(f"run {run.run_id[:8]} ({run.job_name}) was killed; it no longer stands in the way")
    return released


_IN_A_PROCESS = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def _process_of(instance: dg.DagsterInstance, run: DagsterRun) -> tuple[int, float] | None:
    """Number of the run's process, and a time at which it ran; None where that is not known, or not of this machine."""
    host, _, pid = run.tags.get(PROCESS_TAG, "").rpartition(":")
    if host:
        record = instance.get_run_record_by_id(run.run_id)
        created = record.create_timestamp.timestamp() if record else 0.0
        return (int(pid), created) if host == this_host() else None
    if not isinstance(instance.run_storage, SqliteRunStorage):
        return None  # storage that other machines may share
    began = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    for event in began:
        metadata = event.dagster_event.engine_event_data.metadata if event.dagster_event else {}
        if "pid" in metadata and "step_keys" in metadata:
            return int(str(metadata["pid"].value)), event.timestamp
    return None


def is_running(instance: dg.DagsterInstance, job_names: Iterable[str]) -> bool:
    """Whether a run of one of these jobs is queued, starting or running."""
    return any(
        instance.get_runs_count(RunsFilter(job_name=name, statuses=list(NOT_FINISHED_STATUSES))) for name in job_names
    )


def is_importing(instance: dg.DagsterInstance, contracts: Sequence[SourceContract]) -> bool:
    """Whether anything that writes imports runs: the ingest jobs, or an ad-hoc run or backfill of their assets."""
    if is_running(instance, [ingest_job_name(contract.source) for contract in contracts]):
        return True
    written = {
        key
        for contract in contracts
        for key in (f"raw/{contract.source}_imports", f"standardized/{contract.source}_records")
    }
    return any(
        key.to_user_string() in written
        for run in instance.get_runs(RunsFilter(statuses=list(NOT_FINISHED_STATUSES)))
        for key in run.asset_selection or ()
    )
