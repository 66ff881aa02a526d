"""One resolution where there is something new, and the training that it may cause.

What does not belong here: the imports before it (``pending.py``, ``rereading.py``).
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cdp_assets.automation.home import dagster_home, one_at_a_time
from cdp_assets.automation.jobs import RESOLVE, TRAIN, step_of
from cdp_assets.automation.running import Runner
from cdp_assets.automation.runs_under_way import is_running
from cdp_assets.candidate_links.due import retraining
from cdp_assets.sources.arrivals import resolution_inputs
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.tables import CLUSTERS, SCORED_PAIRS
from cdp_assets.workspace import Workspace

_IN_FULL: Mapping[str, Any] = MappingProxyType(
    {step: {"config": {"in_full": True}} for step in ("linkage_profiles", step_of(SCORED_PAIRS), step_of(CLUSTERS))}
)


def resolve_customers(
    workspace: Workspace,
    contracts: Sequence[SourceContract],
    runner: Runner,
    report: Callable[[str], None],
    *,
    anyway: bool = False,
    in_full: bool = False,
) -> None:
    """Resolve when there is something new. One command line at a time: to ask whether a resolution runs and to start one are two
    steps, between which another process could start its own, and the tables would be of both."""
    with one_at_a_time(dagster_home(workspace), lambda: report("another command line resolves; waiting for it")):
        inputs = resolution_inputs(workspace, contracts)
        if inputs.imported == 0:
            report("nothing has been imported, so there is nobody to resolve")
        elif is_running(runner.instance, [RESOLVE.name]):
            runner.outcome.problems.append(
                "a resolution is already running on this workspace; run again when it has ended"
            )
        elif anyway or not inputs.are_of(workspace.ledger.last_resolution()):
            report(f"resolving {inputs.imported} imports into customers")
            runner.outcome.published = runner.execute(RESOLVE.name, ops=_IN_FULL if in_full else {})
            if runner.outcome.published:
                _train_where_due(workspace, runner, report)
        else:
            report("nothing new since the last resolution")


def _train_where_due(workspace: Workspace, runner: Runner, report: Callable[[str], None]) -> None:
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
