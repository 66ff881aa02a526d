"""A person's lines in imports: of the raw line nothing is left but its place, its record and its rejection go.

The line stays counted as rejected by the rule ``erased_person``, so that every line of every import stays accounted for,
and the import has the fingerprint that the same file has when it is delivered again, and its rows are put aside.

What does not belong here: files (``landed.py``), tables that are made from records (``stored.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from cdp_assets.erasure.person import ToErase
from cdp_assets.ledger import LedgerError
from cdp_assets.raw.fingerprints import Fingerprint
from cdp_assets.raw.put_aside import without_values
from cdp_assets.sources.line_problems import ERASED_PERSON
from cdp_assets.standardized.line_rules import rejections
from cdp_assets.tables import Table, raw_imports, source_records, source_rejections
from cdp_assets.workspace import Workspace

ROWS_AT_ONCE = 200_000


def erase_lines(workspace: Workspace, work: ToErase) -> dict[str, int]:
    """Erase the lines of all imports; how many lines of how many imports."""
    counts = {"imports": 0, "lines": 0, "records": 0}
    for source, of_source in work.lines.items():
        for import_id, lines in of_source.items():
            counts["imports"] += 1
            counts["lines"] += len(lines)
            counts["records"] += _erase(workspace, source, import_id, lines, work.record_ids)
    return counts


def _erase(workspace: Workspace, source: str, import_id: str, lines: Sequence[int], record_ids: Sequence[str]) -> int:
    lake = workspace.lake
    raw, records, rejected = raw_imports(source), source_records(source), source_rejections(source)
    gone = 0
    if _has(workspace, raw, import_id):
        lake.rewrite(raw, lambda rows: without_values(rows, rows.get_column("_line").is_in(list(lines))), import_id)
    is_made = _has(workspace, records, import_id) or _has(workspace, rejected, import_id)
    if _has(workspace, records, import_id):
        is_kept = ~pl.col("line").is_in(list(lines)) & ~pl.col("record_id").is_in(list(record_ids))
        gone = lake.rewrite(records, lambda rows: rows.filter(is_kept), import_id)
    if is_made and _has(workspace, raw, import_id):
        _reject(workspace, source, import_id, lines)
    _tell(workspace, source, import_id)
    return gone


def _has(workspace: Workspace, table: Table, import_id: str) -> bool:
    return workspace.lake.exists(table) and import_id in workspace.lake.partitions(table)


def _reject(workspace: Workspace, source: str, import_id: str, lines: Sequence[int]) -> None:
    """Have the lines stand among the rejected ones, without a value, just as when the import is read again."""
    lake, table = workspace.lake, source_rejections(source)
    stays = lake.read_or_empty(table).filter((pl.col("import_id") == import_id) & ~pl.col("line").is_in(list(lines)))
    raw = lake.scan(raw_imports(source), partition=import_id).filter(pl.col("_line").is_in(list(lines))).collect()
    ruled = raw.select(line="_line", rule=pl.lit(ERASED_PERSON), field=pl.lit(None, pl.String))
    theirs = table.conform(rejections(raw, ruled, source, import_id))
    rows = pl.concat([stays, theirs]).sort("line")
    former = {name: said for file in _files(workspace, table, import_id) for name, said in file.items()}
    lake.replace_partition_in_batches(table, import_id, table.schema, [rows], note=former)


def _files(workspace: Workspace, table: Table, import_id: str) -> list[dict[str, str]]:
    if not workspace.lake.exists(table):
        return []
    files = workspace.lake.partition_files(table, import_id)
    return [{name: said for name, said in file.note.items() if name != "ARROW:schema"} for file in files]


def _tell(workspace: Workspace, source: str, import_id: str) -> None:
    """Tell the ledger what the import holds now, counted in the lake: telling it twice is no harm."""
    lake, ledger = workspace.lake, workspace.ledger
    raw, records, rejected = raw_imports(source), source_records(source), source_rejections(source)
    try:
        ledger.import_row(source, import_id)
    except LedgerError:
        return
    fingerprint, unsplit = Fingerprint(), 0
    if _has(workspace, raw, import_id):
        for batch in lake.scan_partition_batches(raw, import_id, ROWS_AT_ONCE):
            fingerprint.add(batch)
            problem = batch.get_column("_problem")
            unsplit += problem.count() - int((problem == ERASED_PERSON).sum())
    counted = {table.name: _height(workspace, table, import_id) for table in (records, rejected)}
    ledger.mark_erased_lines(
        source,
        import_id,
        records=counted[records.name],
        rejected=counted[rejected.name],
        unsplit=unsplit,
        fingerprint=fingerprint.text(),
        observed_until=_observed_until(workspace, records, import_id),
    )


def _height(workspace: Workspace, table: Table, import_id: str) -> int:
    return workspace.lake.partition_row_counts(table).get(import_id, 0)


def _observed_until(workspace: Workspace, records: Table, import_id: str) -> datetime | None:
    if not _has(workspace, records, import_id):
        return None
    newest = workspace.lake.read(records, partition=import_id, columns=["observed_at"])["observed_at"].max()
    return newest if isinstance(newest, datetime) else None
