"""When things run: jobs, schedules, sensors, and the same without the UI (``cdp run``).

Dagster asks for one partitions definition per job, so there is one ``ingest_import_<source>`` per source. A burst of
files is one run over a range of partitions. A re-resolution is asked for by comparing what has been imported with what
the last complete resolution was made from; it waits while any import or backfill runs.

What does not belong here: what an asset computes.
"""

import hashlib
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import dagster as dg
import polars as pl
import sqlalchemy as sa
from dagster import DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.runs import SqliteRunStorage

from cdp_assets import resources
from cdp_assets.candidate_links.due import retraining
from cdp_assets.erasure.steps import Erased, erase_all, keep_out
from cdp_assets.erasure.what_follows import what_followed
from cdp_assets.identity_graph.plan import OF_THE_NEXT
from cdp_assets.ledger import IMPORTED, LANDED, REFUSED, REPEATED
from cdp_assets.processes import is_alive, this_host, this_process
from cdp_assets.sources.arrivals import Arrivals, has_unsettled_files, register_arrivals, resolution_inputs
from cdp_assets.sources.contract_changes import choices_needed
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.sources.placing import locked
from cdp_assets.sources.tidying import is_due, tidy
from cdp_assets.standardized.records import records_version
from cdp_assets.tables import (
    CLUSTERS,
    CUSTOMER_IDS,
    IDENTITY_CHANGES,
    RESOLUTION_AUDITS,
    SCORED_PAIRS,
    Table,
    raw_imports,
    source_records,
)
from cdp_assets.workspace import Workspace

Job: TypeAlias = UnresolvedAssetJobDefinition

SENSOR_SECONDS = 5
"""How often landing folders are looked at. A dropped file becomes a golden record within a minute."""

EXTRACTION_SECONDS = 300
"""How often SQL sources are asked for something new."""

SETTLE_SECONDS = 2.0
"""A file that was written to within this time may still be growing."""

UNSETTLED_WAIT_SECONDS = 60.0
"""A re-resolution waits for files that are still arriving, but not for one that has stood unfinished this long."""

PARTITION_ATTEMPTS = 10
"""Several processes may add the same partitions at once; each attempt finds those that the others have added."""

PROCESS_TAG = "cdp/process"
"""Tag of a run: host and number of the process that executes it, so that a killed one is not waited for."""

NIGHTLY = "30 2 * * *"
AFTER_NIGHTLY = "30 4 * * *"
BEFORE_NIGHTLY = "30 1 * * *"
WEEKLY = "0 4 * * 0"
MONDAYS = "0 6 * * 1"

RESOLVE = dg.define_asset_job(
    "resolve_customers",
    selection=dg.AssetSelection.all()
    - dg.AssetSelection.groups("raw")
    - dg.AssetSelection.tag("cdp/step", "import")
    - dg.AssetSelection.tag("cdp/step", "audit")
    - dg.AssetSelection.tag("cdp/step", "plan")
    - dg.AssetSelection.groups("erasure"),
    description="Record versions → linkage → customers → golden records → segments → publication, behind blocking checks.",
)

TRAIN = dg.define_asset_job(
    "train_linkage_model",
    selection=dg.AssetSelection.assets(
        ["candidate_links", "linkage_model"],
        ["candidate_links", "term_frequencies"],
        ["identity_graph", "plans"],
        ["identity_graph", "plan_changes"],
        ["identity_graph", "plan_moves"],
        ["segments", "plan_effects"],
    ),
    config={"ops": {"linkage_model": {"config": {"retrain": True}}}},
    description="Train a new version of the linkage model beside the one in use, and work out what it would change.",
)

PLAN = dg.define_asset_job(
    "plan_resolution",
    selection=dg.AssetSelection.assets(
        ["identity_graph", "plans"],
        ["identity_graph", "plan_changes"],
        ["identity_graph", "plan_moves"],
        ["segments", "plan_effects"],
    ),
    config={"ops": {"plans": {"config": {"of": OF_THE_NEXT}}}},
    description="Work out what the next resolution would do to the customers, without doing it.",
)

AUDIT_RESOLUTION = dg.define_asset_job(
    "audit_resolution",
    selection=dg.AssetSelection.assets(["identity_graph", "resolution_audits"]),
    description="Resolve a slice of the customers anew, in full, and compare it with what the tables hold.",
)

AUDIT = dg.define_asset_job(
    "audit_quality",
    selection=dg.AssetSelection.assets(
        ["standardized", "quality_report"], ["standardized", "quality_findings"], ["standardized", "quality_audits"]
    ),
    description="Audit the quality of every source: numbers for the history, and a report to read for each.",
)

ERASE = dg.define_asset_job(
    "erase_customers",
    selection=dg.AssetSelection.groups("erasure"),
    description="Erase customers by their ids, finish erasures that were interrupted, and certify that nothing is left.",
)

PUBLISH = dg.define_asset_job(
    "publish",
    selection=dg.AssetSelection.groups("published"),
    description="Publish the newest golden records again, for example to another database.",
)


def ingest_job_name(source: str) -> str:
    """The job that imports partitions of one source."""
    return f"ingest_import_{source}"


def extract_job_name(source: str) -> str:
    """The job that asks the database of one source for what is new."""
    return f"extract_{source}"


def partitions_name(source: str) -> str:
    """The dynamic partitions of one source: its imports."""
    return f"imports_{source}"


def jobs_for(contracts: Sequence[SourceContract]) -> list[Job]:
    """All jobs of a workspace."""
    imports = [
        dg.define_asset_job(
            ingest_job_name(contract.source),
            selection=[f"raw/{contract.source}_imports", f"standardized/{contract.source}_records"],
            description=f"Read imports of {contract.source}: raw lines, then records in comparable form.",
        )
        for contract in contracts
    ]
    extractions = [
        dg.define_asset_job(
            extract_job_name(contract.source),
            selection=[f"sources/{contract.source}_extracts"],
            description=f"Fetch what {contract.source} has that is new, and land it as a file.",
        )
        for contract in contracts
        if contract.extract.is_fetched
    ]
    return [*imports, *extractions, RESOLVE, TRAIN, PLAN, AUDIT, AUDIT_RESOLUTION, PUBLISH, ERASE]


TRAIN_WEEKLY = dg.ScheduleDefinition(
    name="train_weekly",
    job=TRAIN,
    cron_schedule=WEEKLY,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Trains the linkage model every week, proposes it and works out what it would change.",
)


AUDIT_WEEKLY = dg.ScheduleDefinition(
    name="audit_weekly",
    job=AUDIT,
    cron_schedule=MONDAYS,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Audits the quality of every source, so that the reports are there when the week begins.",
)


def schedules_for(contracts: Sequence[SourceContract]) -> list[dg.ScheduleDefinition]:
    """The schedules of a workspace."""

    @dg.schedule(
        name="resolve_nightly",
        job=RESOLVE,
        cron_schedule=NIGHTLY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Resolves and publishes every night, whatever the day's imports have already caused.",
    )
    def resolve_nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if is_importing(context.instance, contracts):
            return dg.SkipReason("an import or a backfill is running; the sensor resolves when it has ended")
        return dg.RunRequest()

    @dg.schedule(
        name="train_when_due",
        job=TRAIN,
        cron_schedule=BEFORE_NIGHTLY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Trains and proposes a linkage model where the data has drifted from the one in use.",
    )
    def train_when_due(
        context: dg.ScheduleEvaluationContext, workspace: dg.ResourceParam[Workspace]
    ) -> dg.RunRequest | dg.SkipReason:
        found = retraining(workspace)
        if found.wants_training:
            return dg.RunRequest(tags={"cdp/why": found.reasons[0]})
        waits = f"version {found.proposed} waits to be taken into use" if found.proposed else None
        return dg.SkipReason(waits or "the linkage model in use fits the data, or is trained anew in each resolution")

    @dg.schedule(
        name="audit_resolution_nightly",
        job=AUDIT_RESOLUTION,
        cron_schedule=AFTER_NIGHTLY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Resolves another slice of the customers anew each night and compares it with the tables.",
    )
    def audit_resolution_nightly(
        context: dg.ScheduleEvaluationContext, workspace: dg.ResourceParam[Workspace]
    ) -> dg.RunRequest | dg.SkipReason:
        last = workspace.ledger.last_resolution()
        if last is None or last["imports_hash"] != resolution_inputs(workspace, contracts).digest:
            return dg.SkipReason("there is something to resolve first; the next night audits it")
        seed = f"{context.scheduled_execution_time:%Y-%m-%d}"
        return dg.RunRequest(run_config={"ops": {_step(RESOLUTION_AUDITS): {"config": {"seed": seed}}}})

    return [resolve_nightly, train_when_due, TRAIN_WEEKLY, AUDIT_WEEKLY, audit_resolution_nightly]


def _step(table: Table) -> str:
    """The name that Dagster gives the step of a table's asset."""
    return table.name.replace("/", "__")


# -- sensors ----------------------------------------------------------------------------------------------------------


def sensors_for(contracts: Sequence[SourceContract], jobs: Sequence[Job]) -> list[dg.SensorDefinition]:
    """The sensors of a workspace: files that land, databases that change, imports that want a resolution.

    ``jobs`` are those of :func:`jobs_for`: a sensor that asks for several needs to hold them.
    """
    if not contracts:
        return []
    named = {job.name: job for job in jobs}
    sensors = [
        _landing_sensor(contracts, [named[ingest_job_name(contract.source)] for contract in contracts]),
        _resolution_sensor(contracts),
    ]
    fetched = [contract for contract in contracts if contract.extract.is_fetched]
    if fetched:
        sensors.append(_extraction_sensor(fetched, [named[extract_job_name(c.source)] for c in fetched]))
    return sensors


def _landing_sensor(contracts: Sequence[SourceContract], jobs: Sequence[Job]) -> dg.SensorDefinition:
    @dg.sensor(
        name="import_landed_files",
        jobs=jobs,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sees complete new files of any source, adds a partition for each and imports each exactly once.",
    )
    def import_landed_files(
        context: dg.SensorEvaluationContext, workspace: dg.ResourceParam[Workspace]
    ) -> dg.SensorResult:
        requests: list[dg.RunRequest] = []
        additions: list[dg.AddDynamicPartitionsRequest] = []
        if dead := release_dead_runs(context.instance):
            context.log.warning("\n".join(dead))
            for contract in contracts:
                tell_of_imports(context.instance, workspace, contract)
        readable = [contract for contract in contracts if _look_for_arrivals(workspace, contract, context.log.warning)]
        imports = workspace.ledger.imports()
        for contract in readable:
            waiting = waiting_imports(imports, contract.source)
            if not waiting or is_importing(context.instance, [contract]):
                continue  # the next tick takes what is still waiting
            if choices := choices_needed(workspace.ledger, contract):
                context.log.warning(_held(contract, len(choices), len(waiting)))
                continue
            have = context.instance.get_dynamic_partitions(partitions_name(contract.source))
            new = [import_id for import_id in waiting if import_id not in set(have)]
            if new:
                additions.append(
                    dg.DynamicPartitionsDefinition(name=partitions_name(contract.source)).build_add_request(new)
                )
            requests.extend(
                dg.RunRequest(
                    run_key=f"{contract.source}:{_digest(run_of_imports)}",
                    job_name=ingest_job_name(contract.source),
                    tags=range_tags(run_of_imports),
                )
                for run_of_imports in contiguous([*have, *new], waiting)
            )
        if not requests:
            return dg.SensorResult(skip_reason=dg.SkipReason("no complete new file has landed"))
        return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=additions)

    return import_landed_files


def _look_for_arrivals(workspace: Workspace, contract: SourceContract, warn: Callable[[str], None]) -> bool:
    """Register what has landed; whether the folder could be read. One that can not never stops the other sources."""
    try:
        arrivals = register_arrivals(workspace, contract, resources.now(), settle_seconds=SETTLE_SECONDS)
        if arrivals.copies or is_due(workspace, contract):
            tidy(workspace, contract)
    except OSError as problem:
        warn(f"{contract.source}: its landing folder could not be read ({type(problem).__name__})")
        return False
    return True


def _held(contract: SourceContract, choices: int, waiting: int) -> str:
    return (
        f"{contract.source}: {waiting} import(s) wait, for its contract has changed in {choices} way(s) that a person has to "
        f"choose; `cdp contract check {contract.source}` explains, `cdp contract accept {contract.source}` goes on"
    )


def _extraction_sensor(contracts: Sequence[SourceContract], jobs: Sequence[Job]) -> dg.SensorDefinition:
    @dg.sensor(
        name="extract_from_databases",
        jobs=jobs,
        minimum_interval_seconds=EXTRACTION_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks databases, folders and buckets for what is new; what they hand out lands as a file like any other.",
    )
    def extract_from_databases(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
        for contract in contracts:
            if not is_running(context.instance, [extract_job_name(contract.source)]):
                yield dg.RunRequest(job_name=extract_job_name(contract.source))

    return extract_from_databases


def _resolution_sensor(contracts: Sequence[SourceContract]) -> dg.SensorDefinition:
    @dg.sensor(
        name="resolve_when_imports_have_landed",
        job=RESOLVE,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Re-resolves once when imports have landed and none is still running.",
    )
    def resolve_when_imports_have_landed(
        context: dg.SensorEvaluationContext, workspace: dg.ResourceParam[Workspace]
    ) -> dg.SensorResult | dg.SkipReason:
        if is_importing(context.instance, contracts):
            return dg.SkipReason("an import or a backfill is running")
        if is_running(context.instance, [RESOLVE.name]):
            return dg.SkipReason("a resolution is running")
        if has_unsettled_files(workspace, contracts, resources.now(), within_seconds=UNSETTLED_WAIT_SECONDS):
            return dg.SkipReason("files are still arriving")
        inputs = resolution_inputs(workspace, contracts)
        if inputs.imported == 0:
            return dg.SkipReason("nothing has been imported yet")
        last = workspace.ledger.last_resolution()
        if last is not None and last["imports_hash"] == inputs.digest:
            return dg.SkipReason("the current resolution was made from just these imports")
        if inputs.waiting and context.cursor != inputs.waiting_digest:
            # Registered, not yet running: the landing sensor's request may be on its way. One tick decides.
            return dg.SensorResult(
                skip_reason=dg.SkipReason("registered imports are about to run"), cursor=inputs.waiting_digest
            )
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=inputs.digest)],
            cursor=inputs.waiting_digest if inputs.waiting else None,
        )

    return resolve_when_imports_have_landed


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


def tell_of_imports(instance: dg.DagsterInstance, workspace: Workspace, contract: SourceContract) -> int:
    """Tell Dagster of imports that the ledger has and it has not; how many partitions it had missed.

    A run that is killed after the ledger's commit, and before Dagster has stored what the run made, is not run again, for
    nothing is left to do: the partition would be missing in the UI for ever.
    """
    source = contract.source
    imports = workspace.ledger.imports(source).filter(pl.col("state") != LANDED)
    settled = imports["import_id"].to_list()
    missed = 0
    for table in (raw_imports(source), source_records(source)):
        key = resources.asset_key(table)
        for import_id in sorted(set(settled) - instance.get_materialized_partitions(key)):
            instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=import_id))
            missed += 1
    return missed


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


def waiting_imports(imports: pl.DataFrame, source: str) -> list[str]:
    """Imports of a source that are registered and not read yet, in their order. ``imports`` is the ledger's."""
    return (
        imports.filter((pl.col("source") == source) & (pl.col("state") == LANDED))
        .sort("sequence")
        .get_column("import_id")
        .to_list()
    )


def add_partitions(instance: dg.DagsterInstance, source: str, import_ids: Sequence[str]) -> None:
    """Make imports partitions of their source; those that are known already change nothing.

    Dagster looks which are missing and then adds these: when another process adds one in between, the database refuses, and
    it is to be looked at again.
    """
    for attempt in range(PARTITION_ATTEMPTS):
        try:
            instance.add_dynamic_partitions(partitions_name(source), list(import_ids))
        except sa.exc.IntegrityError:
            if attempt == PARTITION_ATTEMPTS - 1:
                raise
        else:
            return


def contiguous(ordered: Sequence[str], chosen: Sequence[str]) -> list[list[str]]:
    """Part ``chosen`` into stretches that stand together in ``ordered``: a run covers one range of partitions."""
    wanted = set(chosen)
    stretches: list[list[str]] = []
    open_stretch = False
    for key in ordered:
        if key not in wanted:
            open_stretch = False
            continue
        if open_stretch:
            stretches[-1].append(key)
        else:
            stretches.append([key])
        open_stretch = True
    return stretches


def range_tags(import_ids: Sequence[str]) -> dict[str, str]:
    """The tags that make one run cover a stretch of partitions."""
    return {
        "dagster/asset_partition_range_start": import_ids[0],
        "dagster/asset_partition_range_end": import_ids[-1],
    }


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


# -- the same without the UI ------------------------------------------------------------------------------------------


@dataclass
class RunReport:
    """What ``cdp run`` did."""

    imports: int = 0
    refused: int = 0
    repeated: int = 0
    records: int = 0
    customers: int = 0
    merges: int = 0
    splits: int = 0
    published: bool = False
    problems: list[str] = field(default_factory=list)


def dagster_home(workspace: Workspace) -> Path:
    """The workspace's Dagster instance: ``dagster/`` with the project's dagster.yaml, made when missing.

    It is made aside, with its databases, and put in place in one step. Dagster makes them piece by piece: two processes
    that did so at once in one place left databases that could never be opened again.
    """
    home = workspace.home / "dagster"
    if not home.exists():
        with _one_at_a_time(workspace.home, lambda: None):
            if not home.exists():
                _make_dagster_home(home)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        shutil.copyfile(_shipped_configuration(), configuration)
    return home


def _make_dagster_home(home: Path) -> None:
    aside = home.with_name(".dagster-unfinished")
    shutil.rmtree(aside, ignore_errors=True)  # what a killed process has left
    aside.mkdir()
    shutil.copyfile(_shipped_configuration(), aside / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(aside)) as instance:
        instance.get_runs_count()
        instance.get_dynamic_partitions("")  # the index of events is made when it is first asked
        instance.all_instigator_state()
    aside.rename(home)


@contextmanager
def _one_at_a_time(folder: Path, wait: Callable[[], None]) -> Iterator[None]:
    """One process of this machine at a time; ``wait`` is called when it is another's turn. The system ends a turn with its process,
    however that ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if not locked(descriptor, wait=False):
            wait()
            locked(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)


def _shipped_configuration() -> Path:
    """The project's dagster.yaml: a link in a checkout, a copy in an installed wheel."""
    return Path(__file__).parent / "dagster.yaml"


def run_pending(
    workspace: Workspace,
    report: Callable[[str], None],
    *,
    resolve_anyway: bool = False,
    resolve: bool = True,
    in_full: bool = False,
) -> RunReport:
    """Run everything pending through Dagster, in this process: new imports, then one resolution, unless it is not to ``resolve``.

    ``in_full``: the resolution scores and clusters everything, also what has not changed since the last one.

    ``report`` is told, line by line, what is being done. Nothing raised by one source stops the others.
    """
    from cdp_assets.definitions import definitions_for  # definitions import this module

    workspace.require()
    outcome = RunReport()
    contracts, problems = load_contracts(workspace.contracts_dir)
    outcome.problems.extend(str(problem) for problem in problems)
    with _instance(workspace, report) as instance:
        runner = _Runner(definitions_for(workspace), instance, outcome)
        for contract in contracts:
            if contract.extract.is_fetched:
                is_database = contract.extract.sql is not None
                asked = "its database for what is new" if is_database else "where its files are kept for new ones"
                report(f"{contract.source}: asking {asked}")
                runner.execute(extract_job_name(contract.source))
        for contract in contracts:
            _import_waiting(workspace, contract, runner, report)
        if resolve:
            _resolve(workspace, contracts, runner, report, anyway=resolve_anyway or in_full, in_full=in_full)
    _count(workspace, outcome)
    return outcome


def _resolve(
    workspace: Workspace,
    contracts: Sequence[SourceContract],
    runner: "_Runner",
    report: Callable[[str], None],
    *,
    anyway: bool = False,
    in_full: bool = False,
) -> None:
    """Resolve when there is something new. One command line at a time: to ask whether a resolution runs and to start one are two
    steps, between which another process could start its own, and the tables would be of both."""
    with _one_at_a_time(dagster_home(workspace), lambda: report("another command line resolves; waiting for it")):
        inputs = resolution_inputs(workspace, contracts)
        last = workspace.ledger.last_resolution()
        if inputs.imported == 0:
            report("nothing has been imported, so there is nobody to resolve")
        elif is_running(runner.instance, [RESOLVE.name]):
            runner.outcome.problems.append(
                "a resolution is already running on this workspace; run again when it has ended"
            )
        elif anyway or last is None or last["imports_hash"] != inputs.digest:
            report(f"resolving {inputs.imported} imports into customers")
            runner.outcome.published = runner.execute(RESOLVE.name, ops=_IN_FULL if in_full else {})
            if runner.outcome.published:
                _train_where_due(workspace, runner, report)
        else:
            report("nothing new since the last resolution")


def _train_where_due(workspace: Workspace, runner: "_Runner", report: Callable[[str], None]) -> None:
    """Train beside the model in use where the data has drifted from it; resolve again where the policy takes the new one into use."""
    found = retraining(workspace)
    if not found.wants_training:
        return
    report(f"a new linkage model is due ({found.reasons[0]}); training it beside the one in use")
    if not runner.execute(TRAIN.name):
        return
    after = retraining(workspace)
    if after.chosen:
        report(f"version {after.chosen} changes little: resolving with it")
        runner.outcome.published = runner.execute(RESOLVE.name)
    elif after.proposed:
        report(
            f"version {after.proposed} waits: `cdp model show --version {after.proposed}` tells what it would change"
        )


@dataclass
class RereadReport(RunReport):
    """What ``cdp backfill`` and ``cdp replay`` did: imports read again, and what became of their lines."""

    read_again: int = 0
    unchanged: int = 0
    rejected_before: int = 0
    rejected_after: int = 0


def backfill(
    workspace: Workspace, source: str, report: Callable[[str], None], *, everything: bool = False, resolve: bool = True
) -> RereadReport:
    """Read a source's imports again from the raw text that was kept, in one run, and resolve once.

    Those that were read with another contract (as far as records depend on it) or refused; with ``everything`` all of
    them. Each partition is replaced in one commit; readers go on with the former records until then.
    """

    def chosen(imports: pl.DataFrame, contract: SourceContract) -> pl.DataFrame:
        if everything:
            return imports
        is_stale = pl.col("records_version").ne_missing(records_version(contract))
        return imports.filter((pl.col("state") == REFUSED) | ((pl.col("state") == IMPORTED) & is_stale))

    return _read_again(workspace, [source], chosen, report, resolve=resolve)


def replay(
    workspace: Workspace, source: str | None, report: Callable[[str], None], *, resolve: bool = True
) -> RereadReport:
    """Read the imports again that were refused, or of which lines were rejected; of one source or all; resolve once.

    Lines that could not be split into columns are read from their file, where it is still there.
    """

    def chosen(imports: pl.DataFrame, contract: SourceContract) -> pl.DataFrame:
        unsplit = imports.filter((pl.col("state") == IMPORTED) & (pl.col("unsplit") > 0))
        workspace.ledger.read_file_again(contract.source, unsplit["import_id"].to_list())
        return imports.filter((pl.col("state") == REFUSED) | (pl.col("rejected") > 0))

    contracts, _ = load_contracts(workspace.require().contracts_dir)
    sources = [contract.source for contract in contracts] if source is None else [source]
    return _read_again(workspace, sources, chosen, report, resolve=resolve)


def _read_again(
    workspace: Workspace,
    sources: Sequence[str],
    chosen: Callable[[pl.DataFrame, SourceContract], pl.DataFrame],
    report: Callable[[str], None],
    *,
    resolve: bool,
) -> RereadReport:
    from cdp_assets.definitions import definitions_for

    contracts, problems = load_contracts(workspace.require().contracts_dir)
    outcome = RereadReport(problems=[str(problem) for problem in problems])
    named = {contract.source: contract for contract in contracts}
    if missing := [source for source in sources if source not in named]:
        raise RereadError(f"there is no readable contract of {missing[0]}; the sources are {', '.join(sorted(named))}")
    with _instance(workspace, report) as instance:
        runner = _Runner(definitions_for(workspace), instance, outcome)
        for source in sources:
            imports = workspace.ledger.imports(source)
            again = chosen(imports.filter(pl.col("state") != LANDED), named[source])
            if again.is_empty():
                report(f"{source}: no import is to be read again")
                continue
            _run_again(workspace, named[source], imports, again, runner, report)
        if resolve:
            _resolve(workspace, contracts, runner, report)
    _count(workspace, outcome)
    return outcome


class RereadError(ValueError):
    """Imports can not be read again. Says why and what to do."""


def _run_again(
    workspace: Workspace,
    contract: SourceContract,
    imports: pl.DataFrame,
    again: pl.DataFrame,
    runner: "_Runner",
    report: Callable[[str], None],
) -> None:
    """One run over the stretch of partitions from the first to the last import that is to be read again."""
    outcome, instance, source = runner.outcome, runner.instance, contract.source
    assert isinstance(outcome, RereadReport)
    if choices := choices_needed(workspace.ledger, contract):
        outcome.problems.append(_held(contract, len(choices), again.height))
        return
    if is_importing(instance, [contract]):
        outcome.problems.append(f"{source}: an import or a backfill is running; run again when it has ended")
        return
    names = imports.sort("sequence")["import_id"].to_list()
    add_partitions(instance, source, names)
    have = instance.get_dynamic_partitions(partitions_name(source))
    places = [have.index(import_id) for import_id in again["import_id"]]
    stretch = have[min(places) : max(places) + 1]
    report(f"{source}: reading {len(stretch)} import(s) again, in one run")
    runner.execute(ingest_job_name(source), tags=range_tags(stretch))
    after = workspace.ledger.imports(source).filter(pl.col("import_id").is_in(stretch))
    before = imports.filter(pl.col("import_id").is_in(stretch))
    outcome.read_again += len(stretch)
    outcome.rejected_before += int(before["rejected"].sum())
    outcome.rejected_after += int(after["rejected"].sum())
    _tell_outcomes(after, outcome)
    kept = after.filter((pl.col("state") == IMPORTED) & pl.col("problem").is_not_null())
    outcome.unchanged += kept.height
    for problem, count in kept.group_by("problem").len().sort("len", descending=True).rows():
        outcome.problems.append(f"{source}: {count} import(s) keep their former records: {problem}")


def _tell_outcomes(imports: pl.DataFrame, outcome: RunReport) -> None:
    outcome.imports += imports.filter(pl.col("state") != LANDED).height
    outcome.repeated += imports.filter(pl.col("state") == REPEATED).height
    refused = imports.filter(pl.col("state") == REFUSED)
    outcome.refused += refused.height
    outcome.problems.extend(
        f"{row['source']}: import {row['import_id']} was refused: {row['problem']}" for row in refused.to_dicts()
    )


def train(workspace: Workspace) -> RunReport:
    """Train a new version of the linkage model beside the one in use, as the weekly schedule does, and plan what it would change."""
    return _alone(workspace, TRAIN.name)


def plan(workspace: Workspace) -> RunReport:
    """Work out what the next resolution would do, with what has been imported and decided by now."""
    return _alone(workspace, PLAN.name)


def audit_resolution(workspace: Workspace) -> RunReport:
    """Audit a slice of the last resolution, as the nightly schedule does."""
    return _alone(workspace, AUDIT_RESOLUTION.name)


def _alone(workspace: Workspace, job_name: str) -> RunReport:
    """Run one job that needs the tables of one resolution to stay as they are: not while another makes them anew."""
    from cdp_assets.definitions import definitions_for

    outcome = RunReport()
    home = dagster_home(workspace.require())
    with _one_at_a_time(home, lambda: None), _instance(workspace, lambda _: None) as instance:
        if is_running(instance, [RESOLVE.name]):
            outcome.problems.append("a resolution is running on this workspace; try again when it has ended")
        else:
            _Runner(definitions_for(workspace), instance, outcome).execute(job_name)
    return outcome


def audit(workspace: Workspace) -> RunReport:
    """Audit the quality of every source, as the weekly schedule does: history in the lake, reports in the workspace."""
    from cdp_assets.definitions import definitions_for

    outcome = RunReport()
    with _instance(workspace.require(), lambda _: None) as instance:
        _Runner(definitions_for(workspace), instance, outcome).execute(AUDIT.name)
    return outcome


_AS_USUAL: Mapping[str, Any] = MappingProxyType({})
_IN_FULL: Mapping[str, Any] = MappingProxyType(
    {step: {"config": {"in_full": True}} for step in ("linkage_profiles", _step(SCORED_PAIRS), _step(CLUSTERS))}
)


@dataclass
class ErasureReport(RunReport):
    """What followed an erasure. ``delivered_since``: lines of people erased before, taken out of files that came since.
    ``followed``: changes of customers by the resolution after it, by kind; None where none was made."""

    delivered_since: int = 0
    followed: dict[str, int] | None = None


class ErasureBusyError(RuntimeError):
    """An erasure needs the workspace for itself. Says what runs."""


def erase(
    workspace: Workspace, customer_id: str | None, *, by: str, report: Callable[[str], None], resolve: bool = True
) -> tuple[list[Erased], "ErasureReport"]:
    """Take people who were erased before out of files that came since, finish erasures that were interrupted, then erase a customer (a current id), and resolve anew.

    Raises :class:`ErasureBusyError` while anything imports or resolves: what a run holds in memory would come back.
    """
    from cdp_assets.definitions import definitions_for

    outcome, now = ErasureReport(), resources.now()
    contracts, _ = load_contracts(workspace.require().contracts_dir)
    with _instance(workspace, report) as instance:
        with _one_at_a_time(dagster_home(workspace), lambda: report("another command line resolves; waiting for it")):
            if running := instance.get_runs_count(RunsFilter(statuses=list(NOT_FINISHED_STATUSES))):
                raise ErasureBusyError(
                    f"{running} run(s) of this workspace go on; erase when they have ended (`cdp ui` shows them)"
                )
            outcome.delivered_since = keep_out(workspace)["lines"]
            done = erase_all(workspace, [customer_id] if customer_id else [], by=by, now=now, report=report)
        runner = _Runner(definitions_for(workspace), instance, outcome)
        runner.execute(ERASE.name)  # erases nobody more: it tells in the UI what has been erased, and checks the proof
        if resolve:
            _resolve(workspace, contracts, runner, report)
            outcome.followed = what_followed(workspace) if outcome.published else None
    return done, outcome


@dataclass
class _Runner:
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    outcome: RunReport

    def execute(self, job_name: str, tags: dict[str, str] | None = None, ops: Mapping[str, Any] = _AS_USUAL) -> bool:
        """Run one job in this process, with the configuration of its ``ops``; a failure becomes a problem in the report, never an exception."""
        result = self.definitions.resolve_job_def(job_name).execute_in_process(
            instance=self.instance,
            raise_on_error=False,
            tags={PROCESS_TAG: this_process(), **(tags or {})},
            run_config=self._quietly(job_name, ops),
        )
        for event in result.all_events:
            if event.is_step_failure:
                error = event.step_failure_data.error
                said = _own_words(error) if error else "no reason was given"
                self.outcome.problems.append(f"{event.step_key}: {said} (run {result.run_id[:8]}; `cdp ui` shows it)")
            elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                evaluation = event.asset_check_evaluation_data
                if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
                    self.outcome.problems.append(
                        f"check failed: {evaluation.asset_key.to_user_string()}: {evaluation.check_name}; "
                        "nothing downstream of it was published (`cdp ui` shows its figures)"
                    )
        return bool(result.success)

    def _quietly(self, job_name: str, ops: Mapping[str, Any]) -> dict[str, object]:
        configured: dict[str, Mapping[str, Any]] = {
            TRAIN.name: {"linkage_model": {"config": {"retrain": True}}},
            PLAN.name: {"plans": {"config": {"of": OF_THE_NEXT}}},
        }
        quiet: dict[str, object] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        return quiet | {"ops": {**configured.get(job_name, {}), **ops}}


def _own_words(error: Any) -> str:
    """What our own exceptions say; of anybody else's only the class, for it may quote a value.

    ``error`` is Dagster's serialized error: message, cls_name, cause.
    """
    while error.cause is not None:
        error = error.cause
    said_by, _, message = error.message.strip().partition(": ")
    return message if said_by.startswith("cdp_assets.") else str(error.cls_name or "an error")


def _import_waiting(
    workspace: Workspace, contract: SourceContract, runner: _Runner, report: Callable[[str], None]
) -> None:
    try:
        arrivals = _settled_arrivals(workspace, contract)
        # Imports tidy up behind themselves; what one left that was killed has nobody else who looks at it.
        for problem in tidy(workspace, contract).problems:
            runner.outcome.problems.append(f"{contract.source}: {problem}")
    except OSError as problem:
        runner.outcome.problems.append(
            f"{contract.source}: its landing folder could not be read ({type(problem).__name__}); check its permissions"
        )
        return
    reasons = Counter(file.why for file in arrivals.waiting)
    runner.outcome.problems.extend(
        f"{contract.source}: {count} file(s) wait for the next run: {why}" for why, count in sorted(reasons.items())
    )
    if not is_importing(runner.instance, [contract]):
        tell_of_imports(runner.instance, workspace, contract)
    waiting = waiting_imports(workspace.ledger.imports(contract.source), contract.source)
    if not waiting:
        return
    if choices := choices_needed(workspace.ledger, contract):
        runner.outcome.problems.append(_held(contract, len(choices), len(waiting)))
        return
    report(f"{contract.source}: importing {len(waiting)} deliver{'y' if len(waiting) == 1 else 'ies'}")
    add_partitions(runner.instance, contract.source, waiting)
    have = runner.instance.get_dynamic_partitions(partitions_name(contract.source))
    for stretch in contiguous(have, waiting):
        runner.execute(ingest_job_name(contract.source), tags=range_tags(stretch))
    states = workspace.ledger.imports(contract.source).filter(pl.col("import_id").is_in(waiting))
    _tell_outcomes(states, runner.outcome)


def _settled_arrivals(workspace: Workspace, contract: SourceContract) -> Arrivals:
    """Register what has landed; give files that are being written one more look when they have had time to settle.

    Whoever calls ``cdp run`` says that the files are there: one that has not changed in between is complete, though its
    last line has no end.
    """
    arrivals = register_arrivals(workspace, contract, resources.now(), settle_seconds=SETTLE_SECONDS)
    if arrivals.unfinished:
        time.sleep(SETTLE_SECONDS)
        arrivals = register_arrivals(
            workspace, contract, resources.now(), settle_seconds=SETTLE_SECONDS, quiet_seconds=SETTLE_SECONDS
        )
    return arrivals


def _count(workspace: Workspace, outcome: RunReport) -> None:
    lake = workspace.lake
    if lake.exists(CUSTOMER_IDS):
        ids = lake.read(CUSTOMER_IDS, columns=["customer_id", "is_current"])
        outcome.records = ids.height
        outcome.customers = ids["customer_id"].n_unique()
    last = workspace.ledger.last_resolution()
    if last is not None and outcome.published and lake.exists(IDENTITY_CHANGES):
        changes = lake.read(IDENTITY_CHANGES, columns=["resolution_id", "change"])
        mine = changes.filter(pl.col("resolution_id") == last["resolution_id"])["change"]
        outcome.merges = mine.filter(mine == "merged").len()
        outcome.splits = mine.filter(mine == "split").len()


@contextmanager
def _instance(workspace: Workspace, report: Callable[[str], None]) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(dagster_home(workspace))) as instance:
        for dead in release_dead_runs(instance):
            report(dead)
        yield instance
