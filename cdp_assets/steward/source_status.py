"""Where each source stands: its contract, its deliveries, whether they are late, unusual, stale or wait for a person.

Nothing is changed and no file is registered: looking is free. No value is shown, and of columns only names.

What does not belong here: what was made of the records (``status.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.arrivals import returned_imports
from cdp_assets.sources.contract_changes import choices_needed
from cdp_assets.sources.contracts import ContractProblem, SourceContract
from cdp_assets.sources.import_log import ARRIVALS, source_arrivals
from cdp_assets.sources.landing import look
from cdp_assets.sources.schema_drift import shown_names
from cdp_assets.standardized.records import records_version
from cdp_assets.steward.plain_text import plural
from cdp_assets.workspace import Workspace

MUCH_REJECTED = 0.05
"""A larger share of rejected lines is seldom single bad rows: a format, a key or a delimiter has changed."""

SHORT_VERSION = 8
"""Digits of a version that tell two of one source from each other."""

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3_600, 86_400, 31_557_600


@dataclass(frozen=True)
class SourceStatus:
    """One source: its contract, and what has become of its deliveries (counts over all imports in use).

    ``last_import_at`` is the newest delivery, ``last_usable_at`` the newest that was not refused, ``age_seconds`` its age.
    ``last_…``, ``usual_…`` and ``new_columns`` speak of the newest import that was read; ``new_column_names`` are those that
    neither the contract names nor the import before had, ``contract_version`` is what the contract says now.
    ``stale_imports`` would become other records if they were read now; ``not_read_again`` of them could not be.
    ``choices`` are parts of the contract whose change a person has to accept, ``returned_imports`` snapshots likewise.
    """

    source: str
    contract: str  # readable, refused or missing
    kind: str | None
    delivers: str | None
    imports: int
    waiting_imports: int
    waiting_files: int
    unfinished_files: int
    lines: int
    records: int
    rejected: int
    duplicates: int
    refused_imports: int
    last_import_at: datetime | None
    last_usable_at: datetime | None
    age_seconds: int | None
    expected_every: str | None
    is_late: bool
    repeated_imports: int
    rejected_share: float | None
    last_lines: int | None
    last_rejected_share: float | None
    usual_lines_from: int | None
    usual_lines_to: int | None
    is_unusual: bool
    new_columns: int
    new_column_names: tuple[str, ...]
    contract_version: str | None
    stale_imports: int
    not_read_again: int
    not_read_again_because: str | None
    choices: tuple[str, ...]
    returned_imports: tuple[str, ...]


def sources_status(
    workspace: Workspace,
    contracts: Sequence[SourceContract],
    problems: Sequence[ContractProblem],
    imports: pl.DataFrame,
    now: datetime,
) -> tuple[SourceStatus, ...]:
    """Every source that has a contract, readable or not, or an import. ``imports`` is ``Ledger.imports()``."""
    readable = {contract.source: contract for contract in contracts}
    refused = {problem.source for problem in problems} - set(readable)
    versions = {contract.source: records_version(contract) for contract in contracts}
    arrivals = {row["source"]: row for row in source_arrivals(imports, contracts, now, versions).to_dicts()}
    return tuple(
        _source(
            workspace,
            name,
            readable.get(name),
            arrivals.get(name, NO_ARRIVALS),
            imports.filter(pl.col("source") == name),
            now,
            is_refused=name in refused,
        )
        for name in sorted({*arrivals, *refused})
    )


NO_ARRIVALS: Mapping[str, Any] = {
    name: 0 if dtype == pl.Int64 and not name.startswith(("age", "expected", "last", "usual")) else None
    for name, dtype in ARRIVALS.items()
}
"""What arrived from a source that has neither a contract that can be read nor an import."""


def _source(
    workspace: Workspace,
    name: str,
    contract: SourceContract | None,
    arrived: Mapping[str, Any],
    imports: pl.DataFrame,
    now: datetime,
    *,
    is_refused: bool,
) -> SourceStatus:
    ready, unfinished = _files(workspace, contract, now)
    choices = choices_needed(workspace.ledger, contract) if contract else []
    return SourceStatus(
        source=name,
        contract="readable" if contract else "refused" if is_refused else "missing",
        kind=contract.kind if contract else None,
        delivers=contract.delivers if contract else None,
        imports=arrived["imports"],
        waiting_imports=arrived["waiting"],
        waiting_files=ready,
        unfinished_files=unfinished,
        lines=arrived["lines"],
        records=arrived["records"],
        rejected=arrived["rejected"],
        duplicates=arrived["duplicates"],
        refused_imports=arrived["refused"],
        last_import_at=arrived["last_import_at"],
        last_usable_at=arrived["last_usable_at"],
        age_seconds=arrived["age_seconds"],
        expected_every=arrived["expected_every"],
        is_late=bool(arrived["is_late"]),
        repeated_imports=arrived["repeated"],
        rejected_share=arrived["rejected_share"],
        last_lines=arrived["last_lines"],
        last_rejected_share=arrived["last_rejected_share"],
        usual_lines_from=arrived["usual_lines_from"],
        usual_lines_to=arrived["usual_lines_to"],
        is_unusual=bool(arrived["is_unusual"]),
        new_columns=arrived["new_columns"] or 0,
        new_column_names=_newly_delivered(contract, imports),
        contract_version=contract.contract_version if contract else None,
        stale_imports=arrived["stale"],
        not_read_again=arrived["not_read_again"],
        not_read_again_because=_newest_problem(imports),
        choices=tuple(change.part for change in choices),
        returned_imports=_returned(workspace, contract),
    )


def _files(workspace: Workspace, contract: SourceContract | None, now: datetime) -> tuple[int, int]:
    """Files that are complete and not registered yet, and files that are not complete."""
    if contract is None:
        return 0, 0
    try:
        found = look(workspace.landing_dir, contract, now, known=workspace.ledger.seen_files(contract.source))
    except OSError:
        return 0, 0
    return len(found.ready), len(found.waiting)


def _returned(workspace: Workspace, contract: SourceContract | None) -> tuple[str, ...]:
    if contract is None:
        return ()
    try:
        return returned_imports(workspace, contract)
    except OSError:
        return ()


def _newly_delivered(contract: SourceContract | None, imports: pl.DataFrame) -> tuple[str, ...]:
    """Columns of the newest import that nobody knew: a contract may leave out columns that were always there."""
    read = imports.filter((pl.col("state") == IMPORTED) & pl.col("columns").is_not_null()).sort("sequence")
    if contract is None or read.height < 2:
        return ()
    before, newest = (json.loads(columns) for columns in read.get_column("columns")[-2:])
    known = {*before, *contract.source_columns}
    return shown_names([name for name in newest if name not in known], newest, contract)


def _newest_problem(imports: pl.DataFrame) -> str | None:
    """Why an import in use could not be read again, as the newest of them says."""
    known = imports.filter((pl.col("state") == IMPORTED) & pl.col("problem").is_not_null()).sort("sequence")
    return str(known.get_column("problem")[-1]) if known.height else None


# -- what to look at --------------------------------------------------------------------------------------------------


def notes(status: SourceStatus) -> Iterator[str]:
    """What is not as it should be with a source, each with what to do, the most urgent first."""
    source = status.source
    if status.choices:
        yield (
            f"its contract has changed in what needs a choice ({', '.join(status.choices)}); new imports wait: cdp contract "
            f"check {source}, then cdp contract accept {source}"
        )
    if status.is_late:
        yield f"late: nothing that could be used came for {age(status.age_seconds)}, expected every {status.expected_every}"
    if status.is_unusual:
        yield (
            f"unusual: its newest import has {plural(status.last_lines or 0, 'line')}; {status.usual_lines_from or 0:,} to "
            f"{status.usual_lines_to or 0:,} are usual"
        )
    if (status.last_rejected_share or 0) > MUCH_REJECTED:
        yield f"{share(status.last_rejected_share)} of the lines of its newest import were rejected: see Rejected lines"
    for import_id in status.returned_imports:
        yield (
            f"a snapshot that says again what import {import_id} said has landed; if the source is really as it was then: "
            f"cdp accept {source} {import_id}"
        )
    to_read = status.stale_imports - status.not_read_again
    if to_read > 0:
        were = "was" if to_read == 1 else "were"
        yield (
            f"stale: {to_read:,} of {plural(status.imports, 'import')} {were} read with another contract or other standards: "
            f"cdp backfill {source}"
        )
    if status.not_read_again:
        keep = "import keeps its" if status.not_read_again == 1 else "imports keep their"
        yield f"{status.not_read_again:,} {keep} former records: {status.not_read_again_because}"
    if status.new_column_names:
        brought = "a column that is" if len(status.new_column_names) == 1 else "columns that are"
        names = ", ".join(f"'{name}'" for name in status.new_column_names)
        yield f"its newest import brought {brought} new ({names}): cdp contract check {source}"


def age(seconds: int | None) -> str:
    """How long ago, in the largest unit of which it is two or more."""
    if seconds is None:
        return "ever"
    for unit, name in ((_YEAR, "year"), (_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= 2 * unit:
            return plural(seconds // unit, name)
    return plural(seconds // _MINUTE, "minute")


def share(value: float | None) -> str | None:
    """A share in percent; never rounded to none or all."""
    if value is None:
        return None
    if 0 < value < 0.001:
        return "< 0.1%"
    return "> 99.9%" if 0.999 < value < 1 else f"{value:.1%}"
