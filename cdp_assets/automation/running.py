"""Running a job in this process, and the report of what came of it.

What does not belong here: which jobs, in what order (the modules that ``cdp`` calls).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.automation.jobs import PLAN, TRAIN
from cdp_assets.automation.runs_under_way import PROCESS_TAG
from cdp_assets.identity_graph.plan import OF_THE_NEXT
from cdp_assets.ledger import LANDED, REFUSED, REPEATED
from cdp_assets.processes import this_process
from cdp_assets.tables import CUSTOMER_IDS, IDENTITY_CHANGES
from cdp_assets.workspace import Workspace


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


_AS_USUAL: Mapping[str, Any] = MappingProxyType({})


@dataclass
class Runner:
    """Runs jobs of a workspace, and gathers in ``outcome`` what went wrong."""

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


def tell_outcomes(imports: pl.DataFrame, outcome: RunReport) -> None:
    """Add to a report what became of imports (the ledger's rows)."""
    outcome.imports += imports.filter(pl.col("state") != LANDED).height
    outcome.repeated += imports.filter(pl.col("state") == REPEATED).height
    refused = imports.filter(pl.col("state") == REFUSED)
    outcome.refused += refused.height
    outcome.problems.extend(
        f"{row['source']}: import {row['import_id']} was refused: {row['problem']}" for row in refused.to_dicts()
    )


def count_customers(workspace: Workspace, outcome: RunReport) -> None:
    """Add to a report how many records and customers there are, and what the resolution of this run has changed."""
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
