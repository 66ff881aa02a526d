"""An erasure as a command does it: with the workspace for itself, and a resolution after it.

What does not belong here: what an erasure does (``erasure/steps.py``).
"""

from collections.abc import Callable
from dataclasses import dataclass

from dagster import RunsFilter
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from cdp_assets import resources
from cdp_assets.automation.home import dagster_home, one_at_a_time, opened_instance
from cdp_assets.automation.jobs import ERASE
from cdp_assets.automation.resolving import resolve_customers
from cdp_assets.automation.running import Runner, RunReport
from cdp_assets.erasure.steps import Erased, erase_all, keep_out
from cdp_assets.erasure.what_follows import what_followed
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.workspace import Workspace


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
) -> tuple[list[Erased], ErasureReport]:
    """Take people who were erased before out of files that came since, finish erasures that were interrupted, then erase a customer (a current id), and resolve anew.

    Raises :class:`ErasureBusyError` while anything imports or resolves: what a run holds in memory would come back.
    """
    from cdp_assets.definitions import definitions_for

    outcome, now = ErasureReport(), resources.now()
    contracts, _ = load_contracts(workspace.require().contracts_dir)
    with opened_instance(workspace, report, files_are_read=True) as instance:
        with one_at_a_time(dagster_home(workspace), lambda: report("another command line resolves; waiting for it")):
            if running := instance.get_runs_count(RunsFilter(statuses=list(NOT_FINISHED_STATUSES))):
                raise ErasureBusyError(
                    f"{running} run(s) of this workspace go on; erase when they have ended (`cdp ui` shows them)"
                )
            outcome.delivered_since = keep_out(workspace)["lines"]
            done = erase_all(workspace, [customer_id] if customer_id else [], by=by, now=now, report=report)
        definitions = definitions_for(workspace)
        # Erases nobody more: it tells in the UI what has been erased, and checks the proof.
        Runner(definitions, instance, outcome).execute(ERASE.name)
    if resolve:
        with opened_instance(workspace, report) as instance:
            resolve_customers(workspace, contracts, Runner(definitions, instance, outcome), report)
        outcome.followed = what_followed(workspace) if outcome.published else None
    return done, outcome
