"""Take a registered delivery in: from the file that landed to its partition of the raw table.

A file is read once, in batches, and its lines become one commit at the end: a file that can not be read to its end
leaves nothing. Taking the same import in again gives the same rows. What is kept is the system of record: a file is
only read again when nothing was kept of it, or when the part of the contract that its lines depend on has changed and
the file is still there with the content that it had. Where that fails, the kept lines stay what counts. A file that can
not be read is refused as a whole with its reason, and no other import is touched.

What does not belong here: finding files (``sources/landing.py``), what lines mean (standardized).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.lake import Partition
from cdp_assets.ledger import REFUSED, REPEATED, ReadFile
from cdp_assets.raw.fingerprints import Fingerprint, RowSums
from cdp_assets.raw.imports import raw_batches
from cdp_assets.raw.progress import Progress
from cdp_assets.raw.put_aside import PutAside, without_values
from cdp_assets.sources.arrivals import content_of_import
from cdp_assets.sources.contracts import SourceContract, raw_column
from cdp_assets.sources.reading import DeliveryStream, FileRefused, open_delivery
from cdp_assets.sources.schema_drift import check_drift
from cdp_assets.sources.tidying import archived_file
from cdp_assets.tables import raw_imports
from cdp_assets.workspace import Workspace

ROWS_AT_ONCE = 100_000
"""Rows of a kept import that are held in memory at a time."""

_LIST_ITEM = re.compile(r"(.+?)\.\d{1,4}(?:\.|$)")


@dataclass(frozen=True)
class TakenIn:
    """What one delivery brought: lines, the source's columns, those that the contract does not name, lines that could not
    be split, bytes; ``outcome`` is kept, refused or repeated."""

    lines: int
    columns: int
    new_columns: int
    problems: int
    bytes: int
    outcome: str = "kept"

    @property
    def is_refused(self) -> bool:
        return self.outcome == "refused"


@dataclass(frozen=True)
class _Import:
    """One import on its way in."""

    workspace: Workspace
    contract: SourceContract
    import_id: str
    registered: Mapping[str, Any]
    now: datetime
    kept: Collection[str]
    sums: RowSums
    report: Callable[[str], None]
    put_aside: PutAside | None = None

    @property
    def source(self) -> str:
        return self.contract.source

    @property
    def is_kept(self) -> bool:
        """Whether its lines have been kept, though they may be none. Those of a run that was killed before it could tell
        the ledger how it had read them are whole, and count."""
        return self.import_id in self.kept or (
            self.registered["fingerprint"] is not None and not self.registered["lines"]
        )

    @property
    def is_read_with_this_contract(self) -> bool:
        return self.is_kept and bool(self.registered["reading_version"] == self.contract.reading_version)


def kept_imports(workspace: Workspace, source: str) -> frozenset[str]:
    """Imports of which the raw table holds at least one line."""
    return frozenset(workspace.lake.partitions(raw_imports(source)))


def row_sums(workspace: Workspace, source: str) -> RowSums:
    """Of the imports that the raw table holds."""
    return RowSums(workspace.lake, raw_imports(source), ROWS_AT_ONCE)


def take_in(
    workspace: Workspace,
    contract: SourceContract,
    import_id: str,
    now: datetime,
    *,
    kept: Collection[str] | None = None,
    sums: RowSums | None = None,
    report: Callable[[str], None] = lambda _: None,
    put_aside: PutAside | None = None,
) -> TakenIn:
    """Write the partition of one import and tell the ledger what became of it.

    ``kept`` is :func:`kept_imports`, where the caller takes in many and has asked once, and ``sums`` is :func:`row_sums`,
    which knows those that it has compared; ``report`` is told how far a long
    import has come; of lines that ``put_aside`` names nothing is kept but that they were there. A full disk is no fault of the file: that is raised, and the import waits. Raises
    :class:`~cdp_assets.ledger.LedgerError` for an import that was never registered.
    """
    registered = workspace.ledger.import_row(contract.source, import_id)
    kept = kept_imports(workspace, contract.source) if kept is None else kept
    sums = row_sums(workspace, contract.source) if sums is None else sums
    one = _Import(workspace, contract, import_id, registered, now, kept, sums, report, put_aside)
    if registered["state"] == REPEATED:
        return _said(one, "repeated")
    if one.is_read_with_this_contract:
        return _as_kept(one)
    try:
        _read(one)
    except FileNotFoundError:
        return _as_kept(one) if one.is_kept else _refuse(one, _GONE)
    except FileRefused as refusal:
        if one.is_kept:
            return _as_kept(one)
        return _refuse(one, str(refusal))
    return _repeated(one) or _said(one, "kept")


_GONE = "the file is gone and none of its rows were kept; deliver it again"


def why_not_read_again(registered: Mapping[str, Any], contract: SourceContract) -> str | None:
    """Why lines that were kept can not be read with this contract; None when they can.

    A column that the contract names, and that the file did not have, is refused as it would be in a new file. What was
    made of the import before then stays in use: a change of the contract never takes records away by itself.
    """
    if not registered["columns"]:
        return None
    columns = json.loads(registered["columns"])
    if not columns:
        return None
    # An item that the contract has named only since (`emails.1`) is in the list that was kept.
    columns += [
        name
        for name in contract.source_columns
        if name not in columns and (item := _LIST_ITEM.match(name)) and item[1] in columns
    ]
    try:
        check_drift(columns, contract, is_sparse=registered["file_format"] == "jsonl")
    except FileRefused as refusal:
        return f"it was not read again: {refusal}"
    return None


def _read(one: _Import) -> None:
    """Keep the lines of the file: all of them, in one commit, or none."""
    workspace, table = one.workspace, raw_imports(one.source)
    location = one.registered["location"]
    path = workspace.landing_dir / one.source / location
    if not path.exists():
        path = archived_file(workspace, one.source, one.import_id) or path
    content = content_of_import(one.registered["content_sha256"])
    fingerprint = Fingerprint()
    with open_delivery(path, one.contract, content=content, spool_dir=workspace.home) as stream:
        spelling = _spelling(workspace, one.contract, stream)

        def batches() -> Iterator[pl.DataFrame]:
            progress = Progress(one.report, f"{one.source}: lines read of import {one.import_id}")
            for batch in raw_batches(stream, one.import_id, location):
                if one.put_aside is not None:
                    batch = without_values(batch, one.put_aside(one.contract, batch))
                renamed = batch.rename(spelling) if spelling else batch
                fingerprint.add(renamed)
                progress.add(renamed.height)
                yield renamed

        schema: dict[str, pl.DataType] = {"_import_id": pl.String(), "_file": pl.String()}
        schema |= {spelling.get(name, name): dtype for name, dtype in stream.schema.items()}
        workspace.lake.replace_partition_in_batches(table, one.import_id, schema, batches())
    workspace.ledger.mark_kept(
        one.source,
        one.import_id,
        ReadFile(
            reading_version=one.contract.reading_version,
            file_format=stream.file_format,
            encoding=stream.encoding,
            delimiter=stream.delimiter,
            columns=json.dumps(list(stream.columns)),
            new_columns=len(stream.new_columns),
            blank_lines=stream.blank_lines,
            lines=stream.lines,
            unsplit=stream.problems,
            fingerprint=fingerprint.text(),
        ),
    )


def _spelling(workspace: Workspace, contract: SourceContract, stream: DeliveryStream) -> dict[str, str]:
    """A column that the contract does not name, and that an earlier file spelled with other capitals, gets that file's
    spelling: a Delta table can not hold both."""
    table = raw_imports(contract.source)
    if not workspace.lake.exists(table):
        return {}
    before = {name.casefold(): name for name in workspace.lake.scan(table).collect_schema().names()}
    mapped = {raw_column(name) for name in contract.source_columns}
    return {
        name: before[name.casefold()]
        for name in stream.schema
        if name not in mapped and before.get(name.casefold(), name) != name
    }


def _as_kept(one: _Import) -> TakenIn:
    """Nothing is read: what was kept of the file is what it said."""
    one.workspace.ledger.mark_still_kept(one.source, one.import_id, reading_version=one.contract.reading_version)
    return _said(one, "kept")


def _refuse(one: _Import, reason: str) -> TakenIn:
    table = raw_imports(one.source)
    one.workspace.lake.replace_partition(table, one.import_id, table.empty())
    one.workspace.ledger.mark_refused(
        one.source, one.import_id, problem=reason, contract_version=one.contract.contract_version
    )
    return TakenIn(0, 0, 0, 0, int(one.registered["bytes"]), "refused")


def _repeated(one: _Import) -> TakenIn | None:
    """Whether the rows are those of another import in another order: then they are not kept twice."""
    if one.registered["accepted_by"] is not None:
        return None
    table, ledger = raw_imports(one.source), one.workspace.ledger
    kept = ledger.import_row(one.source, one.import_id)
    one.sums.forget(one.import_id)
    for other in ledger.imports_like(one.source, one.import_id):
        if one.sums.are_of_the_same_rows(one.import_id, other):
            one.workspace.lake.replace_partition(table, one.import_id, table.empty())
            ledger.mark_repeated(one.source, one.import_id, repeats=other, lines=int(kept["lines"]), now=one.now)
            return _said(one, "repeated")
    return None


def _said(one: _Import, outcome: str) -> TakenIn:
    row = one.workspace.ledger.import_row(one.source, one.import_id)
    return TakenIn(
        lines=int(row["lines"] or 0),
        columns=len(json.loads(row["columns"] or "[]")),
        new_columns=int(row["new_columns"] or 0),
        problems=int(row["unsplit"] or 0),
        bytes=int(row["bytes"]),
        outcome=outcome,
    )


def has_no_lines(registered: Mapping[str, Any]) -> bool:
    """Whether an import was refused as a whole, or only repeats another: then nothing of it is standardized."""
    return registered["state"] in (REFUSED, REPEATED)


@dataclass(frozen=True)
class KeptLines:
    """The lines of one import as they were delivered, read as often as it takes: whoever writes them anew meanwhile, these stay
    the same."""

    partition: Partition

    @property
    def written_as(self) -> str:
        """Another one once the import's lines have been written again (:attr:`~cdp_assets.lake.Partition.written_as`)."""
        return self.partition.written_as

    def batches(self, columns: Collection[str] | None = None) -> Iterator[pl.DataFrame]:
        """The lines in batches; each line once, in any order. Of ``columns`` those that there are; all when None."""
        return self.partition.batches(ROWS_AT_ONCE, columns)


def kept_lines(workspace: Workspace, source: str, import_id: str) -> KeptLines:
    """The lines of one import; none where the import has none."""
    return KeptLines(workspace.lake.partition(raw_imports(source), import_id))


def raw_rows(workspace: Workspace, source: str, import_id: str) -> Iterator[pl.DataFrame]:
    """The lines of one import, as delivered, in batches; each line once, in any order."""
    return kept_lines(workspace, source, import_id).batches()
