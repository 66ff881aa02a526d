"""Single jobs without the UI: training, a plan, audits.

What does not belong here: what is pending (``pending.py``).
"""

from cdp_assets.automation.home import dagster_home, one_at_a_time, opened_instance
from cdp_assets.automation.jobs import AUDIT, AUDIT_RESOLUTION, PLAN, RESOLVE, TRAIN
from cdp_assets.automation.running import Runner, RunReport
from cdp_assets.automation.runs_under_way import is_running
from cdp_assets.workspace import Workspace


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
    with one_at_a_time(home, lambda: None), opened_instance(workspace, lambda _: None) as instance:
        if is_running(instance, [RESOLVE.name]):
            outcome.problems.append("a resolution is running on this workspace; try again when it has ended")
        else:
            Runner(definitions_for(workspace), instance, outcome).execute(job_name)
    return outcome


def audit(workspace: Workspace) -> RunReport:
    """Audit the quality of every source, as the weekly schedule does: history in the lake, reports in the workspace."""
    from cdp_assets.definitions import definitions_for

    outcome = RunReport()
    with opened_instance(workspace.require(), lambda _: None) as instance:
        Runner(definitions_for(workspace), instance, outcome).execute(AUDIT.name)
    return outcome
