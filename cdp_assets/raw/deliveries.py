"""Take a registered delivery in: from the file that landed to its partition of the raw table.

Taking the same import in again gives the same rows. When the file is gone from landing, the rows that were kept are
what counts; when it has been replaced by other content, the import is refused, and the other content is an import of
its own. A file that can not be read is refused as a whole with its reason, and no other import is touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.ledger import REFUSED
from cdp_assets.raw.imports import import_counts, raw_frame
from cdp_assets.sources.contracts import SourceContract, raw_column
from cdp_assets.sources.reading import FileRefused, read_delivery
from cdp_assets.tables import raw_imports
from cdp_assets.workspace import Workspace


@dataclass(frozen=True)
class TakenIn:
    """What one delivery brought: lines, the source's columns, lines that could not be split, bytes, refused or not."""

    lines: int
    columns: int
    problems: int
    bytes: int
    is_refused: bool = False


def take_in(workspace: Workspace, contract: SourceContract, import_id: str) -> TakenIn:
    """Write the partition of one import and tell the ledger when the file is refused.

    Raises :class:`~cdp_assets.ledger.LedgerError` for an import that was never registered.
    """
    source, table = contract.source, raw_imports(contract.source)
    registered = workspace.ledger.import_row(source, import_id)
    path = workspace.landing_dir / source / registered["location"]
    try:
        delivery = read_delivery(path, contract, content=registered["content_sha256"])
    except FileNotFoundError:
        return _as_kept(workspace, contract, import_id, int(registered["bytes"]))
    except FileRefused as refusal:
        return _refuse(workspace, contract, import_id, int(registered["bytes"]), str(refusal))
    except OSError as problem:
        advice = "check that the pipeline may read the file, then import the partition again"
        reason = f"the file could not be read ({type(problem).__name__}); {advice}"
        return _refuse(workspace, contract, import_id, int(registered["bytes"]), reason)
    frame = _spelled_as_before(workspace, contract, raw_frame(delivery, import_id, registered["location"]))
    workspace.lake.replace_partition(table, import_id, frame)
    workspace.ledger.mark_landed(source, import_id)
    counts = import_counts(delivery)
    return TakenIn(
        lines=counts.lines,
        columns=counts.columns,
        problems=counts.unreadable_lines,
        bytes=int(registered["bytes"]),
    )


def _spelled_as_before(workspace: Workspace, contract: SourceContract, frame: pl.DataFrame) -> pl.DataFrame:
    """Give a column that the contract does not name, and that an earlier file spelled with other capitals, that file's
    spelling: a Delta table can not hold both."""
    table = raw_imports(contract.source)
    if not workspace.lake.exists(table):
        return frame
    before = {name.casefold(): name for name in workspace.lake.scan(table).collect_schema().names()}
    mapped = {raw_column(name) for name in contract.source_columns}
    return frame.rename(
        {
            name: before[name.casefold()]
            for name in frame.columns
            if name not in mapped and before.get(name.casefold(), name) != name
        }
    )


def _as_kept(workspace: Workspace, contract: SourceContract, import_id: str, size: int) -> TakenIn:
    """The file is gone: what was kept of it is what it said."""
    table = raw_imports(contract.source)
    if import_id not in workspace.lake.partitions(table):
        reason = "the file is gone and none of its rows were kept; deliver it again"
        return _refuse(workspace, contract, import_id, size, reason)
    kept = workspace.lake.read(table, partition=import_id)
    workspace.ledger.mark_landed(contract.source, import_id)
    own = len(table.columns)
    used = sum(1 for name in kept.columns[own:] if kept[name].null_count() < kept.height)
    return TakenIn(lines=kept.height, columns=used, problems=kept["_problem"].count(), bytes=size)


def _refuse(workspace: Workspace, contract: SourceContract, import_id: str, size: int, reason: str) -> TakenIn:
    table = raw_imports(contract.source)
    workspace.lake.replace_partition(table, import_id, table.empty())
    workspace.ledger.mark_refused(
        contract.source, import_id, problem=reason, contract_version=contract.contract_version
    )
    return TakenIn(lines=0, columns=0, problems=0, bytes=size, is_refused=True)


def was_refused(workspace: Workspace, source: str, import_id: str) -> bool:
    """Whether the import's file was refused as a whole: then it has no lines to standardize."""
    return bool(workspace.ledger.import_row(source, import_id)["state"] == REFUSED)


def raw_rows(workspace: Workspace, source: str, import_id: str) -> pl.DataFrame:
    """The lines of one import, as delivered."""
    return workspace.lake.read(raw_imports(source), partition=import_id).sort("_line")
