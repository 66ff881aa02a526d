"""One import, from its kept lines to its records, its rejections and its row in the ledger.

An import is read in batches, so that its size does not matter to memory. Its records become one commit, its rejections
another, and the ledger says last that it is imported: a run that is killed in between leaves an import that is to be read
(again), and reading it again gives the same.

Lines that say what a line of the import before said are not standardized again (``former_records.py``); what is made of
them is the same. Polars uses all processors; the per-value libraries are left with so few values that processes of their
own would cost more than they save.

What does not belong here: what a line becomes (``judged_lines.py``, ``records.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from cdp_assets.ledger import IMPORTED
from cdp_assets.raw.deliveries import KeptLines, has_no_lines, kept_imports, kept_lines, why_not_read_again
from cdp_assets.raw.progress import Progress
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized.former_records import (
    FormerRecords,
    former_records,
    made_of,
    records_with_former,
)
from cdp_assets.standardized.judged_lines import ImportMeta, JudgedLines, judge_lines
from cdp_assets.standardized.records import records_version, rejections_of
from cdp_assets.standardized.shrinkage import shrinkage
from cdp_assets.tables import source_records, source_rejections
from cdp_assets.workspace import Workspace


class NotReadYet(RuntimeError):  # noqa: N818 (what was found, as FileRefused)
    """The lines of an import are not there yet. Says what to do."""


@dataclass
class Outcome:
    """What became of an import: ``state`` is imported, refused, repeated or unchanged; ``counts`` has lines, records,
    rejected, duplicates, ``<field>_unreadable`` and ``reused`` (records that a former import had already); ``cells`` and ``filled`` count the records' cells."""

    state: str
    counts: dict[str, int] = field(default_factory=dict)
    cells: int = 0
    filled: int = 0

    @property
    def filled_share(self) -> float:
        return round(self.filled / self.cells, 4) if self.cells else 1.0


def standardize_import(
    workspace: Workspace,
    contract: SourceContract,
    import_id: str,
    now: datetime,
    *,
    report: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Read the kept lines of one import with its contract; replace its records and rejections; tell the ledger.

    A snapshot that lacks more of the records before it than the contract allows is refused until a person accepts it. Lines
    that lack a column which the contract names keep what was made of them before. Raises
    :class:`~cdp_assets.ledger.LedgerError` for an import that was never registered, :class:`NotReadYet` for one whose lines
    are not there.
    """
    source = contract.source
    registered = workspace.ledger.import_row(source, import_id)
    if has_no_lines(registered):
        _empty(workspace, source, import_id)
        return Outcome(registered["state"], {"lines": int(registered["lines"] or 0), "records": 0})
    if registered["fingerprint"] is None and import_id not in kept_imports(workspace, source):
        raise NotReadYet(
            f"import {import_id} of {source} has not been read from its file; materialize raw/{source}_imports first"
        )
    if reason := why_not_read_again(registered, contract):
        if registered["state"] == IMPORTED:
            workspace.ledger.mark_unchanged(source, import_id, problem=reason)
            return Outcome("unchanged", {name: int(registered[name]) for name in _COUNTS})
        return _refused(workspace, contract, import_id, reason)
    meta = ImportMeta(import_id, registered["landed_at"])
    kept = kept_lines(workspace, source, import_id)
    judged = judge_lines(kept.batches, contract, meta)
    if reason := shrinkage(workspace, contract, registered, judged):
        return _refused(workspace, contract, import_id, reason)
    former = former_records(workspace, contract, registered, judged)
    outcome = _write(workspace, contract, meta, kept, judged, former, report)
    workspace.ledger.mark_imported(
        source,
        import_id,
        counts={name: outcome.counts[name] for name in _COUNTS},
        contract_version=contract.contract_version,
        records_version=records_version(contract),
        observed_until=judged.observed_until,
        now=now,
    )
    return outcome


_COUNTS = ("lines", "records", "rejected", "duplicates")


def _write(
    workspace: Workspace,
    contract: SourceContract,
    meta: ImportMeta,
    kept: KeptLines,
    judged: JudgedLines,
    former: FormerRecords | None,
    report: Callable[[str], None],
) -> Outcome:
    source, outcome = contract.source, Outcome("imported")
    counted: Counter[str] = Counter()

    def records() -> Iterator[pl.DataFrame]:
        progress = Progress(report, f"{source}: lines standardized of import {meta.import_id}")
        for made, counts in records_with_former(kept.batches(), judged, contract, meta, former):
            counted.update(counts)
            outcome.cells += made.height * made.width
            outcome.filled += made.height * made.width - sum(made.null_count().row(0))
            progress.add(made.height)
            yield made

    def rejected() -> Iterator[pl.DataFrame]:
        if judged.counts["rejected"]:
            for raw in kept.batches():
                yield rejections_of(raw, judged, contract, meta)

    replace = workspace.lake.replace_partition_in_batches
    note = made_of(kept, contract)
    for table, batches in ((source_rejections(source), rejected()), (source_records(source), records())):
        replace(table, meta.import_id, table.schema, batches, note=note)
    outcome.counts = {**judged.counts, "records": judged.kept.height, **counted}
    return outcome


def _empty(workspace: Workspace, source: str, import_id: str) -> None:
    for table in (source_rejections(source), source_records(source)):
        workspace.lake.replace_partition(table, import_id, table.empty())


def _refused(workspace: Workspace, contract: SourceContract, import_id: str, reason: str) -> Outcome:
    _empty(workspace, contract.source, import_id)
    workspace.ledger.mark_refused(
        contract.source, import_id, problem=reason, contract_version=contract.contract_version
    )
    return Outcome("refused")
