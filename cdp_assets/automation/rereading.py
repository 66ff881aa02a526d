"""Imports read again from what was kept of them: ``cdp backfill`` and ``cdp replay``.

What does not belong here: imports that have not been read yet (``pending.py``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from cdp_assets.automation.arriving import why_held
from cdp_assets.automation.home import opened_instance
from cdp_assets.automation.jobs import ingest_job_name
from cdp_assets.automation.partitions import add_partitions, partitions_name, range_tags
from cdp_assets.automation.resolving import resolve_customers
from cdp_assets.automation.running import Runner, RunReport, count_customers, tell_outcomes
from cdp_assets.automation.runs_under_way import is_importing
from cdp_assets.ledger import IMPORTED, LANDED, REFUSED
from cdp_assets.sources.contract_changes import choices_needed
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.standardized.records import records_version
from cdp_assets.workspace import Workspace


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
    with opened_instance(workspace, report) as instance:
        runner = Runner(definitions_for(workspace), instance, outcome)
        for source in sources:
            imports = workspace.ledger.imports(source)
            again = chosen(imports.filter(pl.col("state") != LANDED), named[source])
            if again.is_empty():
                report(f"{source}: no import is to be read again")
                continue
            _run_again(workspace, named[source], imports, again, runner, report)
        if resolve:
            resolve_customers(workspace, contracts, runner, report)
    count_customers(workspace, outcome)
    return outcome


class RereadError(ValueError):
    """Imports can not be read again. Says why and what to do."""


def _run_again(
    workspace: Workspace,
    contract: SourceContract,
    imports: pl.DataFrame,
    again: pl.DataFrame,
    runner: Runner,
    report: Callable[[str], None],
) -> None:
    """One run over the stretch of partitions from the first to the last import that is to be read again."""
    outcome, instance, source = runner.outcome, runner.instance, contract.source
    assert isinstance(outcome, RereadReport)
    if choices := choices_needed(workspace.ledger, contract):
        outcome.problems.append(why_held(contract, len(choices), again.height))
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
    tell_outcomes(after, outcome)
    kept = after.filter((pl.col("state") == IMPORTED) & pl.col("problem").is_not_null())
    outcome.unchanged += kept.height
    for problem, count in kept.group_by("problem").len().sort("len", descending=True).rows():
        outcome.problems.append(f"{source}: {count} import(s) keep their former records: {problem}")
