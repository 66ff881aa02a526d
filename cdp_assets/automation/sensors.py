"""What runs because something has arrived: files that land, databases that change, imports that want a resolution.

A burst of files is one run over a range of partitions. A re-resolution is asked for by comparing what has been imported with
what the last complete resolution was made from; it waits while any import or backfill runs.

What does not belong here: what runs by the clock (``schedules.py``).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import dagster as dg

from cdp_assets import resources
from cdp_assets.automation.arriving import UNSETTLED_WAIT_SECONDS, look_for_arrivals, why_held
from cdp_assets.automation.jobs import RESOLVE, Job, extract_job_name, ingest_job_name
from cdp_assets.automation.partitions import contiguous, partitions_name, range_tags, tell_of_imports, waiting_imports
from cdp_assets.automation.runs_under_way import is_importing, is_running, release_dead_runs
from cdp_assets.sources.arrivals import has_unsettled_files, resolution_inputs
from cdp_assets.sources.contract_changes import choices_needed
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.workspace import Workspace

SENSOR_SECONDS = 5
"""How often landing folders are looked at. A dropped file becomes a golden record within a minute."""

EXTRACTION_SECONDS = 300
"""How often SQL sources are asked for something new."""


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
        readable = [contract for contract in contracts if look_for_arrivals(workspace, contract, context.log.warning)]
        imports = workspace.ledger.imports()
        for contract in readable:
            waiting = waiting_imports(imports, contract.source)
            if not waiting or is_importing(context.instance, [contract]):
                continue  # the next tick takes what is still waiting
            if choices := choices_needed(workspace.ledger, contract):
                context.log.warning(why_held(contract, len(choices), len(waiting)))
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
        if inputs.are_of(workspace.ledger.last_resolution()):
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


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
