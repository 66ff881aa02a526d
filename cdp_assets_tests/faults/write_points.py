"""Everything through which a run writes, with a name for each moment just before it: places to be killed at.

Only a process that was started to be watched or killed calls :func:`watch`; it replaces the functions that write by
ones that first say where they are. A name says what is about to happen and the how-manieth time it is:
``create lake raw/crm_imports #1``, ``half-way lake raw/crm_imports #2``, ``commit ledger register #3``. Nothing is written between
the end of one write and the moment before the next, so there is no name for "after".

=========== ===========================================================================================================
``create``  an empty table of the lake is about to be made
``write``   a table or partition of the lake is about to be written
``half-way`` its rows have been read and its files are being written
``begin``   a transaction of the ledger or of a publication is about to begin
``commit``  everything of a transaction, or all files of a partition, have been written, they are about to be committed
``put``, ``remove``, ``make`` a file of the workspace is about to be renamed (into that folder), removed, or made for a while
``tell``    Dagster is about to store an event that a later run reads: a run's begin and end, a materialization
=========== ===========================================================================================================
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import dagster as dg
import polars as pl
import pyarrow as pa
from dagster import DagsterEventType, EventLogEntry
from deltalake import DeltaTable, write_deltalake

import cdp_assets.lake
from cdp_assets.lake import Lake
from cdp_assets.ledger import Ledger
from cdp_assets.published.sqlite_target import SqliteTarget
from cdp_assets.tables import Table

TOLD = (DagsterEventType.RUN_START, DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.RUN_SUCCESS)
"""Dagster's events that a later run goes by; between them it stores dozens that nobody reads but people."""

Reached = Callable[[str], None]


def watch(home: Path, reached: Reached) -> None:
    """From now on, ``reached`` is called with the name of each write to the workspace in ``home``, just before it."""
    counted: Counter[str] = Counter()

    def at(name: str) -> None:
        counted[name] += 1
        reached(f"{name} #{counted[name]}")

    _watch_lake(home, at)
    _watch_transactions(at)
    _watch_files(home, at)
    _watch_dagster(at)


def _watch_lake(home: Path, at: Reached) -> None:
    replace_in_batches = Lake.replace_partition_in_batches
    commit_files = DeltaTable.create_write_transaction

    def table_at(uri: str) -> str:
        return uri.rstrip("/").rpartition(str(home / "lake") + "/")[2]

    def watched_write(to: Any, data: Any, **options: Any) -> None:
        table = table_at(to.table_uri if isinstance(to, DeltaTable) else to)
        if options.get("mode") == "ignore":
            at(f"create lake {table}")
        else:
            at(f"write lake {table}")
            data = _rows_and_told(data, lambda: at(f"half-way lake {table}"))
        write_deltalake(to, data, **options)

    def watched_batches(
        self: Lake, table: Table, partition: str, schema: Any, batches: Iterable[pl.DataFrame], **options: Any
    ) -> int:
        at(f"write lake {table.name}")
        told = _batches_and_told(batches, lambda: at(f"half-way lake {table.name}"))
        return replace_in_batches(self, table, partition, schema, told, **options)

    def watched_commit(self: DeltaTable, *arguments: Any, **options: Any) -> None:
        at(f"commit lake {table_at(self.table_uri)}")
        commit_files(self, *arguments, **options)

    for owner, name, watched in (
        (cdp_assets.lake, "write_deltalake", watched_write),
        (Lake, "replace_partition_in_batches", watched_batches),
        (DeltaTable, "create_write_transaction", watched_commit),
    ):
        setattr(owner, name, watched)


def _rows_and_told(data: Any, told: Callable[[], None]) -> pa.RecordBatchReader:
    """The same rows as a stream that tells when its last row has been read."""
    reader = data.to_arrow().to_reader() if isinstance(data, pl.DataFrame) else pa.RecordBatchReader.from_stream(data)
    return pa.RecordBatchReader.from_batches(reader.schema, _batches_and_told(reader, told))


def _batches_and_told(batches: Iterable[Any], told: Callable[[], None]) -> Iterator[Any]:
    yield from batches
    told()


def _watch_transactions(at: Reached) -> None:
    for owner, method, name_of in (
        (Ledger, "_writing", lambda caller: f"ledger {_public_name(caller)}"),
        (Ledger, "_writing_schema", lambda caller: "ledger schema"),
        (SqliteTarget, "writing", lambda caller: "publication"),
    ):
        setattr(owner, method, _watched_transaction(getattr(owner, method), name_of, at))


def _watched_transaction(
    open_transaction: Callable[..., AbstractContextManager[Any]], name_of: Callable[[FrameType], str], at: Reached
) -> Callable[..., AbstractContextManager[Any]]:
    @contextmanager
    def watched(name: str, *arguments: Any) -> Iterator[Any]:
        at(f"begin {name}")
        with open_transaction(*arguments) as connection:
            yield connection
            at(f"commit {name}")

    return lambda *arguments: watched(name_of(sys._getframe(1)), *arguments)


def _public_name(caller: FrameType | None) -> str:
    """The public function of the ledger in whose course this is."""
    while caller is not None and caller.f_code.co_name.startswith("_"):
        caller = caller.f_back
    return caller.f_code.co_name if caller is not None else "unknown"


def _watch_files(home: Path, at: Reached) -> None:
    for name, operation in (("replace", "put"), ("rename", "put"), ("unlink", "remove"), ("remove", "remove")):
        setattr(os, name, _watched_file(getattr(os, name), operation, home, at))
    tempfile.mkstemp = _watched_temporary(tempfile.mkstemp, home, at)


def _watched_file(do: Callable[..., None], operation: str, home: Path, at: Reached) -> Callable[..., None]:
    def watched(*paths: Any, **options: Any) -> None:
        if folder := _folder(home, paths[-1]):
            at(f"{operation} file {folder}")
        do(*paths, **options)

    return watched


def _watched_temporary(make: Callable[..., Any], home: Path, at: Reached) -> Callable[..., Any]:
    def watched(*arguments: Any, **options: Any) -> Any:
        if folder := _folder(home, Path(options.get("dir") or tempfile.gettempdir()) / "new"):
            at(f"make file {folder}")
        return make(*arguments, **options)

    return watched


def _folder(home: Path, path: Any) -> str | None:
    """The folder of a file, below the workspace; None for files that are not ours. Names of files may be random."""
    folder = Path(os.fsdecode(path)).parent if isinstance(path, str | bytes | os.PathLike) else Path("/")
    below = folder.relative_to(home).as_posix() if folder.is_relative_to(home) else None
    return None if below is None or below.startswith("dagster") else below


def _watch_dagster(at: Reached) -> None:
    store = dg.DagsterInstance.handle_new_event

    def watched(self: Any, event: EventLogEntry, **options: Any) -> None:
        said = event.dagster_event
        if said is not None and said.event_type in TOLD:
            at(f"tell dagster {said.event_type.value} {said.step_key or event.job_name}")
        store(self, event, **options)

    setattr(dg.DagsterInstance, "handle_new_event", watched)  # noqa: B010 (a method is not to be assigned)
