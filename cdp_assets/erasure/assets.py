"""Assets beside the stages: erasures, and the certificates that prove them."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from pydantic import Field

from cdp_assets.erasure.register import certificates_of, erasures_of
from cdp_assets.erasure.steps import erase_all, keep_out, unfinished
from cdp_assets.resources import RESOLUTION_POOL, asset_key, key_check, now, stored, table_spec
from cdp_assets.steward.lookup import resolve_id
from cdp_assets.tables import CUSTOMER_IDS, ERASURE_CERTIFICATES, ERASURES
from cdp_assets.workspace import Workspace

UNFINISHED = dg.RunsFilter(statuses=[status for status in dg.DagsterRunStatus if status not in FINISHED_STATUSES])


class ErasureConfig(dg.Config):
    """``customer_ids``: whom to erase, by id only: what a run is given is kept by Dagster."""

    customer_ids: list[str] = Field(default_factory=list, description="Customer ids; empty: only finish what was begun")
    erased_by: str = Field(default="a run of erase_customers", description="Who decided it")


@dg.multi_asset(
    name="erasures",
    pool=RESOLUTION_POOL,
    specs=[
        table_spec(
            ERASURES,
            "One row per erasure of a person, finished or going on.\n\nKey: erasure_id. The run erases the customers that its "
            "configuration names, after it has finished what was interrupted, and takes people erased before out of files that "
            "were delivered since. Nothing else may run meanwhile; the sensor resolves anew afterwards.",
            deps=[CUSTOMER_IDS],
        ),
        table_spec(
            ERASURE_CERTIFICATES,
            "One row per erasure and format of file: how many files were searched, after decoding, for everything that was "
            "the person's alone, and how often anything was found.\n\nKey: erasure_id and file_format. Counts and hashes, no "
            "value.",
            deps=[CUSTOMER_IDS],
        ),
    ],
)
def erasure_assets(
    context: dg.AssetExecutionContext, config: ErasureConfig, workspace: dg.ResourceParam[Workspace]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Erase, then tell what has been erased so far."""
    others = [run for run in context.instance.get_runs(UNFINISHED) if run.run_id != context.run.run_id]
    if others and (config.customer_ids or unfinished(workspace)):
        raise dg.Failure(f"{len(others)} other run(s) of this workspace go on; erase when they have ended")
    current = [resolve_id(workspace.lake, one) for one in config.customer_ids]
    since = keep_out(workspace)["lines"]
    done = erase_all(workspace, current, by=config.erased_by, now=now(), report=context.log.info)
    erasures, certificates = erasures_of(workspace.ledger.erasures()), certificates_of(workspace.ledger.erasures())
    yield stored(
        workspace,
        ERASURES,
        erasures,
        metadata={"erased_now": len(done), "erased": erasures.height, "lines_delivered_since": since},
    )
    yield stored(
        workspace,
        ERASURE_CERTIFICATES,
        certificates,
        metadata={
            "files_searched": int(certificates["files"].sum()),
            "occurrences": int(certificates["occurrences"].sum()),
        },
    )


@dg.asset_check(asset=asset_key(ERASURE_CERTIFICATES), blocking=True, pool=RESOLUTION_POOL)
def every_erasure_is_proven(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """Each erasure is finished, and its search of every file found nothing."""
    erasures = workspace.lake.read(ERASURES)
    found = int(workspace.lake.read(ERASURE_CERTIFICATES)["occurrences"].sum())
    open_ones = erasures["finished_at"].null_count()
    return dg.AssetCheckResult(
        passed=not (found or open_ones),
        metadata={"erasures": erasures.height, "not_finished": open_ones, "occurrences": found},
    )


keys = [key_check(ERASURES), key_check(ERASURE_CERTIFICATES)]
