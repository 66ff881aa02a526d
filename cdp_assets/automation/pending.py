"""Everything that is pending, as ``cdp run`` does it: extractions, imports, one resolution.

What does not belong here: imports that have been read before (``rereading.py``).
"""

from collections import Counter
from collections.abc import Callable

import polars as pl

from cdp_assets.automation.arriving import settled_arrivals, why_held
from cdp_assets.automation.home import opened_instance
from cdp_assets.automation.jobs import extract_job_name, ingest_job_name
from cdp_assets.automation.partitions import (
    add_partitions,
    contiguous,
    partitions_name,
    range_tags,
    tell_of_imports,
    waiting_imports,
)
from cdp_assets.automation.resolving import resolve_customers
from cdp_assets.automation.running import Runner, RunReport, count_customers, tell_outcomes
from cdp_assets.automation.runs_under_way import is_importing
from cdp_assets.sources.contract_changes import choices_needed
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.sources.tidying import tidy
from cdp_assets.workspace import Workspace


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
    with opened_instance(workspace, report) as instance:
        runner = Runner(definitions_for(workspace), instance, outcome)
        for contract in contracts:
            if contract.extract.is_fetched:
                is_database = contract.extract.sql is not None
                asked = "its database for what is new" if is_database else "where its files are kept for new ones"
                report(f"{contract.source}: asking {asked}")
                runner.execute(extract_job_name(contract.source))
        for contract in contracts:
            import_waiting(workspace, contract, runner, report)
        if resolve:
            resolve_customers(workspace, contracts, runner, report, anyway=resolve_anyway or in_full, in_full=in_full)
    count_customers(workspace, outcome)
    return outcome


def import_waiting(
    workspace: Workspace, contract: SourceContract, runner: Runner, report: Callable[[str], None]
) -> None:
    """Import what has landed of one source and waits; the report says what became of it, and what still waits and why."""
    try:
        arrivals = settled_arrivals(workspace, contract)
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
        runner.outcome.problems.append(why_held(contract, len(choices), len(waiting)))
        return
    report(f"{contract.source}: importing {len(waiting)} deliver{'y' if len(waiting) == 1 else 'ies'}")
    add_partitions(runner.instance, contract.source, waiting)
    have = runner.instance.get_dynamic_partitions(partitions_name(contract.source))
    for stretch in contiguous(have, waiting):
        runner.execute(ingest_job_name(contract.source), tags=range_tags(stretch))
    states = workspace.ledger.imports(contract.source).filter(pl.col("import_id").is_in(waiting))
    tell_outcomes(states, runner.outcome)
