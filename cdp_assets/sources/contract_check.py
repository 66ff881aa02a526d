"""A contract held against what its source has delivered lately, and against its past imports: columns only.

The newest complete files are looked at, in landing or in the archive; where there are none, what is remembered of the
newest imports. Nothing is changed or registered.

What does not belong here: values (``steward/contract_review.py``); what a change of a contract means
(``contract_changes.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import polars as pl

from cdp_assets.ledger import IMPORTED, REFUSED
from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.header_meaning import field_of, identifier_of
from cdp_assets.sources.landing import entries_of, look, source_dir
from cdp_assets.sources.reading import open_delivery
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.schema_drift import (
    WhyRenamed,
    check_drift,
    is_header,
    likely_renamings,
    parts_named_by,
    shown_names,
)
from cdp_assets.sources.tidying import archived_file
from cdp_assets.workspace import Workspace

FILES_LOOKED_AT = 3
"""One file may be a slip; three show a habit."""

MOST_REFUSED_TRIED = 20
"""Refused files whose header is read again: enough to see whether a contract mends what it was changed for."""

LARGEST_FILE_BYTES = 500_000_000
"""A larger file is not opened for a look, for JSON has to be read to its end to know its columns, and compressed files to
know that they are complete; what is remembered of its import is asked instead."""

ColumnState: TypeAlias = Literal["present", "left_out", "respelled", "renamed", "missing"]


@dataclass(frozen=True)
class Delivered:
    """The first rows of a delivery, as text: ``_line``, ``_problem``, ``_text``, then columns as in raw.

    ``import_id`` is that of kept lines, None for a file. ``is_sparse`` formats (JSON lines) leave out what is null.
    """

    columns: tuple[str, ...]
    is_sparse: bool
    landed_at: datetime
    rows: pl.DataFrame
    import_id: str | None = None


@dataclass(frozen=True)
class ColumnCheck:
    """One of the contract's columns in the newest delivery.

    ``parts`` of the contract name it. ``became``: the new column that it probably was renamed to, or its other spelling.
    ``lacking``: how many of the deliveries looked at lack it. ``left_out``: a JSON file may leave out what is null.
    """

    column: str
    parts: tuple[str, ...]
    state: ColumnState
    lacking: int
    became: str | None = None
    why: WhyRenamed | None = None


@dataclass(frozen=True)
class NewColumn:
    """A column that the contract does not name, and the part of a contract that would name it, by its words."""

    column: str
    feeds: str | None


@dataclass(frozen=True)
class ColumnsCheck:
    """``new`` are those of the newest delivery whose names may be shown (not those that another probably became);
    ``more_new`` counts the others."""

    deliveries: int
    columns: tuple[ColumnCheck, ...]
    new: tuple[NewColumn, ...]
    more_new: int

    @property
    def missing(self) -> tuple[ColumnCheck, ...]:
        """Columns that the newest delivery has under no name, or under another."""
        return tuple(column for column in self.columns if column.state in ("missing", "renamed", "respelled"))


@dataclass(frozen=True)
class BackfillPlan:
    """What a backfill with the contract would do to the source's imports.

    ``stale`` imports in use were read with another contract or other standards. Of these ``keep_their_records`` lack
    something that the contract asks for, ``not_known`` were read before columns were remembered. Of the ``refused`` ones
    ``readable`` could be read now, ``to_accept`` are snapshots that wait for a person, ``not_tried`` were left out of the look.
    """

    imports: int
    stale: int
    keep_their_records: int
    not_known: int
    refused: int
    readable: int
    to_accept: int
    not_tried: int

    @property
    def has_work(self) -> bool:
        """Whether a backfill would change anything."""
        return self.stale > self.keep_their_records or self.readable > 0


# -- what was delivered -----------------------------------------------------------------------------------------------


def newest_deliveries(
    workspace: Workspace, contract: SourceContract, now: datetime, *, sample_rows: int
) -> tuple[list[Delivered], list[str]]:
    """The newest complete files, newest first, and why others of them can not be read; never a file's name."""
    found: list[Delivered] = []
    unreadable: list[str] = []
    try:
        newest = _newest_files(workspace, contract, now)
    except OSError as problem:
        reason = f"landing/{contract.source}/ can not be listed ({type(problem).__name__}); check who may read it"
        return [], [reason]
    for path, landed_at in newest:
        try:
            delivered = first_rows(path, contract, landed_at, sample_rows, spool_dir=workspace.home)
        except FileRefused as refused:
            unreadable.append(str(refused))
        except OSError as problem:
            unreadable.append(f"it could not be read ({type(problem).__name__}); check who may read landing/")
        else:
            found.append(delivered)
    return found, unreadable


def first_rows(
    path: Path, contract: SourceContract, landed_at: datetime, rows: int, *, spool_dir: Path | None = None
) -> Delivered:
    """The first rows of a file, with every column that it has. Raises :class:`FileRefused`, ``OSError``."""
    taking_all = contract.model_copy(update={"on_missing_column": "null", "on_new_column": "keep"})
    with open_delivery(path, taking_all, spool_dir=spool_dir) as stream:
        first = [pl.DataFrame(schema=stream.schema)]
        taken = 0
        for batch in stream.batches():
            first.append(batch)
            taken += batch.height
            if taken >= rows:
                break
        return Delivered(stream.columns, stream.file_format == "jsonl", landed_at, pl.concat(first).head(rows))


def remembered_deliveries(imports: pl.DataFrame) -> list[Delivered]:
    """The columns of a source's newest imports in use, newest first, without rows."""
    known = imports.filter((pl.col("state") == IMPORTED) & pl.col("columns").is_not_null())
    newest = known.sort("sequence", descending=True).head(FILES_LOOKED_AT)
    return [
        Delivered(
            tuple(json.loads(row["columns"])),
            row["file_format"] == "jsonl",
            row["landed_at"],
            pl.DataFrame(),
            row["import_id"],
        )
        for row in newest.to_dicts()
    ]


def _newest_files(workspace: Workspace, contract: SourceContract, now: datetime) -> list[tuple[Path, datetime]]:
    landed = [*_in_landing(workspace, contract, now), *_in_archive(workspace, contract)]
    newest = sorted(landed, key=lambda file: (file[1], file[0].name), reverse=True)
    return newest[:FILES_LOOKED_AT]


def _in_landing(workspace: Workspace, contract: SourceContract, now: datetime) -> Iterator[tuple[Path, datetime]]:
    """The newest complete files in landing. Only those are opened to see whether they are complete."""
    entries = entries_of(source_dir(workspace.landing_dir, contract))
    stamps = sorted((entry.stamp for entry in entries), key=lambda stamp: (stamp.modified_ns, stamp.name))
    candidates = [stamp for stamp in stamps if stamp.bytes <= LARGEST_FILE_BYTES]
    found = 0
    while candidates and found < FILES_LOOKED_AT:
        some, candidates = candidates[-FILES_LOOKED_AT:], candidates[:-FILES_LOOKED_AT]
        for file in look(workspace.landing_dir, contract, now, known={*stamps} - {*some}).ready:
            found += 1
            yield file.path, file.modified_at


def _in_archive(workspace: Workspace, contract: SourceContract) -> Iterator[tuple[Path, datetime]]:
    """The newest archived files; they were complete when they were imported."""
    imports = workspace.ledger.imports(contract.source).filter(pl.col("tidied") == "archived")
    for row in imports.sort("sequence", descending=True).head(FILES_LOOKED_AT).to_dicts():
        path = archived_file(workspace, contract.source, row["import_id"])
        if path is not None and path.stat().st_size <= LARGEST_FILE_BYTES:
            yield path, row["landed_at"]


# -- columns ----------------------------------------------------------------------------------------------------------


def check_columns(
    contract: SourceContract, deliveries: Sequence[Delivered], former: Sequence[str] = ()
) -> ColumnsCheck:
    """Each of the contract's columns in the deliveries, newest first, and what they have besides.

    ``former``: the columns of the newest import, by which a renamed column is known by its place.
    """
    if not deliveries:
        return ColumnsCheck(0, (), (), 0)
    newest = deliveries[0]
    renamed = likely_renamings(newest.columns, contract, former=() if newest.is_sparse else former)
    checks: list[ColumnCheck] = []
    for column, parts in parts_named_by(contract).items():
        lacking = sum(1 for delivered in deliveries if not _has(delivered, column))
        renaming = renamed.get(column)
        state: ColumnState = "missing"
        if _has(newest, column):
            state = "present"
        elif renaming is not None:
            state = "respelled" if renaming.why == "spelling" else "renamed"
        elif newest.is_sparse and "key" not in parts:
            state = "left_out"
        became, why = (renaming.became, renaming.why) if renaming and state != "present" else (None, None)
        checks.append(ColumnCheck(column, parts, state, lacking, became, why))
    guessed = {check.became for check in checks}
    new, more = _new(contract, newest)
    return ColumnsCheck(len(deliveries), tuple(checks), tuple(one for one in new if one.column not in guessed), more)


def _has(delivered: Delivered, column: str) -> bool:
    """Whether a delivery has a column. A JSON list has all of its items: ``mails.1`` may be null in the rows looked at."""
    if column in delivered.columns:
        return True
    head, _, item = column.rpartition(".")
    return delivered.is_sparse and item.isdecimal() and head in delivered.columns


def _new(contract: SourceContract, newest: Delivered) -> tuple[tuple[NewColumn, ...], int]:
    named = set(contract.source_columns)
    lists = {name.rpartition(".")[0] for name in named if name.rpartition(".")[2].isdecimal()}
    new = [name for name in newest.columns if name not in named | lists]
    shown = shown_names(new, newest.columns, contract) if is_header(newest.columns, contract) else ()
    return tuple(NewColumn(name, _would_feed(name)) for name in shown), len(new) - len(shown)


def _would_feed(column: str) -> str | None:
    field, identifier = field_of(column), identifier_of(column)
    return f"columns.{field}" if field else f"identifiers.{identifier}" if identifier else None


# -- past imports -----------------------------------------------------------------------------------------------------


def plan_backfill(
    workspace: Workspace, contract: SourceContract, imports: pl.DataFrame, records_version: str
) -> BackfillPlan:
    """What a backfill would do. ``imports``: the ledger's of this source; ``records_version``: what its records would
    depend on if they were read now."""
    in_use = imports.filter(pl.col("state") == IMPORTED)
    stale = in_use.filter(~pl.col("records_version").eq_missing(pl.lit(records_version)))
    lacking = [_lacks(row, contract) for row in _distinct(stale)]
    refused = imports.filter(pl.col("state") == REFUSED).sort("sequence", descending=True)
    tried = [_would_be_read(workspace, contract, row) for row in refused.head(MOST_REFUSED_TRIED).to_dicts()]
    return BackfillPlan(
        imports=in_use.height,
        stale=stale.height,
        keep_their_records=sum(count for lacks, count in lacking if lacks),
        not_known=stale.get_column("columns").null_count(),
        refused=refused.height,
        readable=tried.count("read"),
        to_accept=tried.count("to_accept"),
        not_tried=max(0, refused.height - MOST_REFUSED_TRIED),
    )


def _distinct(stale: pl.DataFrame) -> list[dict[str, Any]]:
    """Distinct headers among imports, with how many have each: 500 imports seldom have more than a few."""
    known = stale.filter(pl.col("columns").is_not_null())
    return (
        known.group_by("columns", "file_format").agg(pl.len().alias("count")).sort("columns", "file_format").to_dicts()
    )


def _lacks(row: Mapping[str, Any], contract: SourceContract) -> tuple[bool, int]:
    return not _fits(json.loads(row["columns"]), contract, row["file_format"] == "jsonl"), int(row["count"])


def _fits(columns: Sequence[str], contract: SourceContract, is_sparse: bool) -> bool:
    if not columns:
        return True
    try:
        check_drift(columns, contract, is_sparse=is_sparse)
    except FileRefused:
        return False
    return True


def _would_be_read(workspace: Workspace, contract: SourceContract, row: Mapping[str, Any]) -> str:
    """``read``, ``to_accept`` or ``refused``: what would become of a refused import."""
    if row["columns"] is not None:
        if not _fits(json.loads(row["columns"]), contract, row["file_format"] == "jsonl"):
            return "refused"
        return "to_accept" if contract.delivers == "snapshot" else "read"
    path = source_dir(workspace.landing_dir, contract) / str(row["location"])
    if not path.is_file() or path.stat().st_size > LARGEST_FILE_BYTES:
        return "refused"
    try:
        delivered = first_rows(path, contract, row["landed_at"], 1, spool_dir=workspace.home)
    except (FileRefused, OSError):
        return "refused"
    return "read" if _fits(delivered.columns, contract, delivered.is_sparse) else "refused"
