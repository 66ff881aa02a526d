"""What runs by the clock.

What does not belong here: what runs because something has arrived (``sensors.py``).
"""

from collections.abc import Sequence

import dagster as dg

from cdp_assets.automation.jobs import AUDIT, AUDIT_RESOLUTION, RESOLVE, TRAIN, step_of
from cdp_assets.automation.runs_under_way import is_importing
from cdp_assets.candidate_links.due import retraining
from cdp_assets.sources.arrivals import resolution_inputs
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.tables import RESOLUTION_AUDITS
from cdp_assets.workspace import Workspace

NIGHTLY = "30 2 * * *"

AFTER_NIGHTLY = "30 4 * * *"

BEFORE_NIGHTLY = "30 1 * * *"

WEEKLY = "0 4 * * 0"

MONDAYS = "0 6 * * 1"

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
        if not resolution_inputs(workspace, contracts).are_of(workspace.ledger.last_resolution()):
            return dg.SkipReason("there is something to resolve first; the next night audits it")
        seed = f"{context.scheduled_execution_time:%Y-%m-%d}"
        return dg.RunRequest(run_config={"ops": {step_of(RESOLUTION_AUDITS): {"config": {"seed": seed}}}})

    return [resolve_nightly, train_when_due, TRAIN_WEEKLY, AUDIT_WEEKLY, audit_resolution_nightly]
