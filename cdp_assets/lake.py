"""Versioned tables on Delta Lake: read, read as of, replace, replace one partition.

A table is a folder under the lake's root, named as its contract says (``identity_graph/clusters``). Every write is one
atomic commit: a reader sees the table before it or after it, a killed writer leaves no trace but unreferenced files,
and a later version never disturbs a reader of an earlier one.

Large partitions are written and read in batches. Their data files are complete, and on disk, before the one commit that
names them; losing a race for that commit costs another look at the log, not another look at the rows.

What does not belong here: what the tables mean (``tables/``) and who makes them (the stages). This module knows
neither Dagster nor the environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from urllib.parse import quote
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from cdp_assets.tables import Table

COMMIT_ATTEMPTS = 12
"""Writers of different partitions never block each other, but they do race for the next version number."""

COMMIT_WAIT_SECONDS = 0.05
"""First pause before a lost race is run again; it doubles up to ten times."""

KEEP_HISTORY_HOURS = 30 * 24
"""How long former versions stay readable before :meth:`Lake.forget_history` removes their files."""

FILE_BYTES = 96 << 20
"""Memory of the rows that become one data file. Twice that is held: one file is written while the next is gathered."""

ROW_GROUP_ROWS = 100_000
"""Rows that are packed together: who reads a large file in batches of so many unpacks each row once."""

_SAFE_PARTITION = re.compile(r"[A-Za-z0-9_.:+-]+")

_OFTEN_SUMMED_UP = {"delta.checkpointInterval": "20"}
"""Whoever opens a table reads its log from the last checkpoint on. A table of imports has a commit for each, and at a
hundred commits, which is the default, opening took ten times as long (41 ms) as at none."""

_NO_COLUMN_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}
"""Delta keeps each file's smallest and largest values in its log; personal values do not belong in a log."""

_Done = TypeVar("_Done")


class LakeError(RuntimeError):
    """A table could not be read or written. Names the table and what to do, never a value."""


class MissingTableError(LakeError):
    """The table has not been made yet."""


class ConflictError(LakeError):
    """Somebody else wrote the table since it was read."""


NO_LONGER_KEPT = (LakeError, DeltaError, OSError, pl.exceptions.PolarsError)
"""What reading a former version may raise: its files, or what the log says of it, may have been removed since (:meth:`Lake.forget_history`)."""


@dataclass(frozen=True)
class PartitionFile:
    """One data file of a partition: its ``rows`` with the table's columns, and how many they are (``height``)."""

    rows: pl.LazyFrame
    height: int
    uri: str = field(repr=False)
    storage_options: dict[str, str] | None = field(repr=False)

    @cached_property
    def note(self) -> Mapping[str, str]:
        """What :meth:`Lake.replace_partition_in_batches` was told to note of the rows, beside what Parquet says of itself."""
        return pl.read_parquet_metadata(self.uri, storage_options=self.storage_options)


@dataclass(frozen=True)
class Partition:
    """The rows of one partition in one version of its table: its data ``files``, in the order in which they were written,
    and an ``empty`` frame with the table's columns."""

    empty: pl.DataFrame
    files: Sequence[PartitionFile]

    @property
    def written_as(self) -> str:
        """The same as long as the rows are; another one once the partition has been written again, be it with the same."""
        names = sorted(file.uri.rpartition("/")[2] for file in self.files)
        return hashlib.sha256("\n".join(names).encode()).hexdigest()

    def batches(self, rows_at_once: int, columns: Collection[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows in batches of at most ``rows_at_once``, in bounded memory; at least one batch, be it empty.

        Of ``columns`` those that the table has; all when None.
        """
        names = [name for name in self.empty.columns if columns is None or name in columns]
        is_empty = True
        for file in self.files:
            for offset in range(0, file.height, rows_at_once):
                is_empty = False
                yield file.rows.select(names).slice(offset, rows_at_once).collect()
        if is_empty:
            yield self.empty.select(names)


@dataclass(frozen=True)
class Lake:
    """The tables under one root, a folder or an object-store URL.

    ``storage_options`` are passed to the object store (credentials, endpoints); they are never shown.
    """

    root: str
    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)

    def uri(self, name: str) -> str:
        """Where the table ``<stage>/<table>`` lives."""
        return f"{self.root.rstrip('/')}/{name}"

    def exists(self, table: Table) -> bool:
        """Whether the table has ever been written."""
        return DeltaTable.is_deltatable(self.uri(table.name), storage_options=self._options)

    def version(self, table: Table) -> int | None:
        """The table's newest version number, or None when it has never been written."""
        return self._open(table).version() if self.exists(table) else None

    def version_at(self, table: Table, moment: datetime) -> int | None:
        """The newest version that had been committed at ``moment``; None where there was none, or the log has forgotten it.

        Its files may have been removed since (:meth:`forget_history`).
        """
        if not self.exists(table):
            return None
        until = moment.timestamp() * 1_000
        found = [c["version"] for c in self._open(table).history() if c.get("timestamp", until + 1) <= until]
        return max(found, default=None)

    def committed_metadata(self, table: Table) -> dict[str, str]:
        """What the newest commit said of itself (:meth:`replace`'s ``note``); empty when the table is missing."""
        if not self.exists(table):
            return {}
        commits = self._open(table).history(1)
        if commits and str(commits[0].get("operation", "")).startswith("VACUUM"):  # says nothing of the rows
            commits = [c for c in self._open(table).history() if not str(c.get("operation", "")).startswith("VACUUM")]
        return {k: v for k, v in (commits[0] if commits else {}).items() if isinstance(v, str)}

    def read(
        self,
        table: Table,
        *,
        version: int | None = None,
        as_of: datetime | None = None,
        partition: str | None = None,
        columns: list[str] | None = None,
    ) -> pl.DataFrame:
        """Read a table, newest by default, with exactly its contract's columns (and, where open-ended, its own).

        A column that the contract has gained since the table was written is null. Raises :class:`MissingTableError`
        when the table was never made.
        """
        return self.scan(table, version=version, as_of=as_of, partition=partition, columns=columns).collect()

    def scan(
        self,
        table: Table,
        *,
        version: int | None = None,
        as_of: datetime | None = None,
        partition: str | None = None,
        columns: list[str] | None = None,
    ) -> pl.LazyFrame:
        """:meth:`read`, lazily: columns and rows that nobody asks for are never loaded."""
        if not self.exists(table):
            raise MissingTableError(f"{table.name} has not been made yet; run `cdp run` or materialize it")
        frame = pl.scan_delta(
            self.uri(table.name),
            version=version if as_of is None else as_of,
            storage_options=dict(self.storage_options) or None,
        )
        if partition is not None:
            frame = frame.filter(pl.col(_partition_column(table)) == _safe(partition, table))
        have = frame.collect_schema().names()
        declared = [
            pl.col(c.name) if c.name in have else pl.lit(None, dtype=c.dtype).alias(c.name) for c in table.columns
        ]
        extra = [name for name in have if name not in table.schema] if table.open_ended else []
        frame = frame.select(*declared, *extra)
        return frame.select(columns) if columns is not None else frame

    def read_or_empty(self, table: Table) -> pl.DataFrame:
        """The newest version, or an empty frame when the table was never made (the first run of all)."""
        return self.read(table) if self.exists(table) else table.empty()

    def partitions(self, table: Table) -> set[str]:
        """Partitions that hold at least one row."""
        column = _partition_column(table)
        if not self.exists(table):
            return set()
        return {str(partition[column]) for partition in self._open(table).partitions()}

    def partition_row_counts(self, table: Table) -> dict[str, int]:
        """How many rows each partition holds, of those that hold any. Told from the log; no data is read."""
        column = _partition_column(table)
        if not self.exists(table):
            return {}
        files = pl.from_arrow(pa.table(self._open(table).get_add_actions(flatten=True)))
        assert isinstance(files, pl.DataFrame)
        counts = files.group_by(f"partition.{column}").agg(
            pl.when(pl.col("num_records").null_count() == 0).then(pl.col("num_records").sum())
        )
        # A file that somebody else's writer logged without its number of rows has to be asked.
        return {
            name: rows
            for name, known in counts.rows()
            if (rows := self._count(table, name) if known is None else int(known))
        }

    def scan_partition_batches(self, table: Table, partition: str, rows_at_once: int) -> Iterator[pl.DataFrame]:
        """:meth:`read` of one partition, in batches of at most ``rows_at_once`` rows, in bounded memory.

        At least one batch comes, be it empty. Rows that :meth:`replace_partition_in_batches` wrote come in the order in
        which they were written, so those of a raw table by ``_line``; other rows in any order, each once. All batches
        are of one version, whatever is written meanwhile. Raises :class:`MissingTableError` when the table was never made.
        """
        yield from self.partition(table, partition).batches(rows_at_once)

    def partition(self, table: Table, partition: str) -> Partition:
        """One partition of the table's newest version, to be read file by file or in batches, as often as it takes.

        Raises :class:`MissingTableError` when the table was never made.
        """
        column, opened, partition = _partition_column(table), self._open(table), _safe(partition, table)
        empty = self.scan(table, version=opened.version()).limit(0).collect()
        # The names of files that were written in batches begin with their numbers.
        uris = sorted(opened.file_uris(file_pruning_predicate=[(column, "=", partition)]))
        return Partition(empty, [self._file(uri, empty, column, partition) for uri in uris])

    def partition_files(self, table: Table, partition: str) -> list[PartitionFile]:
        """The data files of :meth:`partition`."""
        return list(self.partition(table, partition).files)

    def _file(self, uri: str, empty: pl.DataFrame, column: str, partition: str) -> PartitionFile:
        file = pl.scan_parquet(uri, glob=False, storage_options=self._options)
        have = file.collect_schema().names()
        columns = [
            pl.lit(partition if name == column else None, dtype=dtype).alias(name)
            if name == column or name not in have
            else pl.col(name)
            for name, dtype in empty.schema.items()
        ]
        return PartitionFile(file.select(columns), int(file.select(pl.len()).collect().item()), uri, self._options)

    def replace(
        self,
        table: Table,
        frame: pl.DataFrame,
        *,
        note: Mapping[str, str] | None = None,
        expected_version: int | None = -1,
    ) -> int:
        """Replace the whole table in one commit and return its new version.

        ``note`` is kept with the commit. Pass ``expected_version`` (None: the table must not exist) to refuse, with
        :class:`ConflictError`, when somebody else has written since the caller read that version.
        """
        conformed = table.conform(frame)
        self._commit(table, conformed, predicate=None, note=note, expected_version=expected_version)
        return self._open(table).version()

    def replace_partition(
        self, table: Table, partition: str, frame: pl.DataFrame, *, note: Mapping[str, str] | None = None
    ) -> int:
        """Replace the rows of one partition in one commit; others are untouched. An empty frame empties it."""
        column = _partition_column(table)
        partition = _safe(partition, table)
        conformed = _of_partition(table.conform(frame), table, partition)
        if conformed.is_empty() and partition not in self.partitions(table) and self.exists(table):
            return self._open(table).version()
        self._commit(table, conformed, predicate=f"{column} = '{partition}'", note=note)
        return self._open(table).version()

    def replace_partition_in_batches(
        self,
        table: Table,
        partition: str,
        schema: Mapping[str, pl.DataType],
        batches: Iterable[pl.DataFrame],
        *,
        note: Mapping[str, str] | None = None,
    ) -> int:
        """Replace the rows of one partition in one commit when all ``batches`` have been taken; return the new version.

        ``note`` is kept with the commit and, in a folder of this machine, with each data file.
        Each batch has ``schema`` and fits the table's contract. Memory does not grow with their number. Batches are taken
        once: a race for the commit that is lost is run again with the files that are there. No batch, or only empty ones,
        empty the partition. Whatever is raised while they are taken leaves the table as it was, and no file; a process
        that is killed leaves files, which :meth:`forget_history` removes.
        """
        column, partition = _partition_column(table), _safe(partition, table)
        empty = table.conform(pl.DataFrame(schema=schema))
        conformed = (_of_partition(table.conform(batch), table, partition) for batch in batches)
        if not self._is_local:
            return self._replace_remotely(table, partition, empty, conformed, note)
        folder = Path(self.uri(table.name)) / _partition_folder(table, partition)
        files = _write_files(folder, (batch.drop(column) for batch in conformed), note or {})
        if not files and self.exists(table) and partition not in self.partitions(table):
            return self._open(table).version()
        # From here on files stay, whatever happens: an error may come after the commit that names them.
        return self._commit_files(table, partition, empty, files, note)

    def rewrite(
        self, table: Table, change: Callable[[pl.DataFrame], pl.DataFrame], partition: str | None = None
    ) -> int:
        """Replace rows by what ``change`` makes of them, in one commit; how many rows fewer there are.

        Of the whole table, or of one partition, file by file in the order in which they were written. What the commit and
        the files said of themselves (``note``) they say again. Nothing is written where nothing changes.
        """
        if partition is None:
            version = self.version(table)
            before = self.read(table)
            after = change(before)
            if not after.equals(before):
                self.replace(table, after, note=self.note(table), expected_version=version)
            return before.height - after.height
        files = self.partition_files(table, partition)
        if all(change(rows).equals(rows) for rows in (file.rows.collect() for file in files)):
            return 0
        gone = 0

        def changed() -> Iterator[pl.DataFrame]:
            nonlocal gone
            for file in files:  # read once more, rather than held: an import may be larger than memory
                before = file.rows.collect()
                after = change(before)
                gone += before.height - after.height
                yield after

        note = {name: value for file in files for name, value in file.note.items() if name != "ARROW:schema"}
        self.replace_partition_in_batches(table, partition, files[0].rows.collect_schema(), changed(), note=note)
        return gone

    def note(self, table: Table) -> dict[str, str]:
        """The note that the newest commit was given, without what Delta says of each."""
        own = {"operation", "clientVersion", "engineInfo", "operationParameters", "readVersion", "isolationLevel"}
        return {name: said for name, said in self.committed_metadata(table).items() if name not in own}

    def forget_everything_former(self, table: Table) -> int:
        """Remove all files that the newest version does not need, and the log of the versions before it; how many.

        Nobody may be writing: what a run has written and not committed yet would go, too.
        """
        if not self.exists(table):
            return 0
        if not self._is_local:
            return self.forget_history(table, keep_hours=0)
        # Not by a vacuum, which would be a version of its own: the newest one, and its note, is what readers go by.
        opened = self._open(table)
        opened.create_checkpoint()
        folder, log = Path(self.uri(table.name)), Path(self.uri(table.name)) / "_delta_log"
        needed = {Path(uri.removeprefix("file://")) for uri in opened.file_uris()}
        if not all(path.is_file() for path in needed):
            raise LakeError(
                f"{table.name}: files that its log names are not there, so nothing was removed; restore them"
            )
        former = [path for path in log.iterdir() if _log_version(path) < opened.version()]
        former += [
            path for path in folder.rglob("*") if path.is_file() and log not in path.parents and path not in needed
        ]
        for path in former:
            path.unlink(missing_ok=True)
        return len(former)

    def forget_history(self, table: Table, keep_hours: int = KEEP_HISTORY_HOURS) -> int:
        """Remove files that only versions older than ``keep_hours`` need, and those that a killed run left that long
        ago; return how many."""
        if not self.exists(table):
            return 0
        return len(
            self._open(table).vacuum(
                retention_hours=keep_hours, dry_run=False, enforce_retention_duration=False, full=True
            )
        )

    def _commit(
        self,
        table: Table,
        frame: pl.DataFrame,
        *,
        predicate: str | None,
        note: Mapping[str, str] | None,
        rows: Callable[[], pl.DataFrame | pa.RecordBatchReader] | None = None,
        expected_version: int | None = -1,
    ) -> None:
        """Write ``frame``, or the ``rows`` that have its columns."""
        if expected_version is None and self.exists(table):
            raise _written_since(table)
        # Two runs that both replace a table without rows remove nothing of each other's: were a lost race to run again by
        # itself, the rows of both would stay. So it never does for a whole table, and is run again here from what is there.
        custom = dict(note or {})
        properties = CommitProperties(custom) if predicate else CommitProperties(custom, max_commit_retries=0)

        def write() -> None:
            if not self.exists(table):
                self._create(table, frame)
            opened = self._open(table)
            # Several may make the empty table at once, each in a version of its own: who finds rows in it came too late.
            if opened.file_uris() if expected_version is None else expected_version not in (-1, opened.version()):
                raise _written_since(table)
            write_deltalake(
                opened,
                frame if rows is None else rows(),
                mode="overwrite",
                predicate=predicate,
                schema_mode="merge" if predicate else "overwrite",
                partition_by=[table.partitioned_by] if table.partitioned_by else None,
                storage_options=self._options,
                commit_properties=properties,
            )

        _until_won(table, write)

    def _commit_files(
        self,
        table: Table,
        partition: str,
        empty: pl.DataFrame,
        files: list[_DataFile],
        note: Mapping[str, str] | None,
    ) -> int:
        """Make data files, which are there, the rows of a partition. Gives the new version."""
        column, folder = _partition_column(table), _partition_folder(table, partition)
        actions: list[AddAction | RemoveAction] = [
            AddAction(
                path=f"{folder}/{file.path.name}",
                size=file.path.stat().st_size,
                partition_values={column: partition},
                modification_time=file.path.stat().st_mtime_ns // 1_000_000,
                data_change=True,
                stats=json.dumps({"numRecords": file.rows}),  # and no values: a log is no place for them
            )
            for file in files
        ]
        # What to remove is told from one version of the log. Were a lost race to run again by itself, what the winner
        # added would stay beside it: so it never does, and is run again here from the new version.
        properties = CommitProperties(custom_metadata=dict(note or {}), max_commit_retries=0)

        def commit() -> int:
            if not self.exists(table):
                self._create(table, empty)
            opened = self._open(table)
            version = opened.version()
            opened.create_write_transaction(
                actions,
                "overwrite",
                _with_new_columns(opened.schema(), empty, table),
                partition_by=[column],
                partition_filters=[(column, "=", partition)],
                commit_properties=properties,
            )
            return version + 1

        return _until_won(table, commit)

    def _replace_remotely(
        self,
        table: Table,
        partition: str,
        empty: pl.DataFrame,
        batches: Iterator[pl.DataFrame],
        note: Mapping[str, str] | None,
    ) -> int:
        """Through files of this machine to an object store: what was gathered can be sent again after a lost race."""
        column = _partition_column(table)
        with TemporaryDirectory(prefix="lake-") as folder:
            files = _write_files(Path(folder), (batch.drop(column) for batch in batches), {})
            if not files and self.exists(table) and partition not in self.partitions(table):
                return self._open(table).version()

            def rows() -> pa.RecordBatchReader:
                return pa.RecordBatchReader.from_batches(
                    _arrow_schema(empty), _record_batches(files, empty, column, partition)
                )

            self._commit(table, empty, predicate=f"{column} = '{partition}'", note=note, rows=rows)
        return self._open(table).version()

    def _create(self, table: Table, frame: pl.DataFrame) -> None:
        """Make the empty table: a first write that overwrote would wipe what another first writer has just added."""
        write_deltalake(
            self.uri(table.name),
            frame.clear(),
            mode="ignore",
            partition_by=[table.partitioned_by] if table.partitioned_by else None,
            configuration=_OFTEN_SUMMED_UP | (_NO_COLUMN_STATISTICS if table.has_personal_values else {}),
            storage_options=self._options,
        )

    def _count(self, table: Table, partition: str) -> int:
        return int(self.scan(table, partition=partition).select(pl.len()).collect().item())

    def _open(self, table: Table) -> DeltaTable:
        try:
            return DeltaTable(self.uri(table.name), storage_options=self._options)
        except TableNotFoundError:
            raise MissingTableError(f"{table.name} has not been made yet; run `cdp run` or materialize it") from None

    @property
    def _is_local(self) -> bool:
        return "://" not in self.root

    @property
    def _options(self) -> dict[str, str] | None:
        return dict(self.storage_options) or None


def _log_version(path: Path) -> float:
    """The version that a file of a log is of; no version is before that of a file that has none."""
    number = path.name.partition(".")[0]
    return int(number) if number.isdigit() else float("inf")


def _written_since(table: Table) -> ConflictError:
    return ConflictError(
        f"{table.name} was written by another run since this one read it; nothing was changed, run it again"
    )


def local_lake(folder: Path) -> Lake:
    """The lake in a folder of this machine, made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return Lake(str(folder.resolve()))


def _safe(partition: str, table: Table) -> str:
    if not _SAFE_PARTITION.fullmatch(partition):
        raise LakeError(f"{table.name}: a partition's name may hold letters, digits and _.:+- only")
    return partition


def _partition_column(table: Table) -> str:
    if table.partitioned_by is None:
        raise LakeError(f"{table.name} has no partitions")
    return table.partitioned_by


def _partition_folder(table: Table, partition: str) -> str:
    return f"{_partition_column(table)}={quote(partition, safe='')}"


def _of_partition(frame: pl.DataFrame, table: Table, partition: str) -> pl.DataFrame:
    if not (frame.get_column(_partition_column(table)) == partition).all():
        raise LakeError(f"{table.name}: rows of another partition in a write to one partition")
    return frame


def _until_won(table: Table, commit: Callable[[], _Done]) -> _Done:
    """Run a commit, and run it again when another writer was first."""
    for attempt in range(COMMIT_ATTEMPTS):
        try:
            return commit()
        except (CommitFailedError, FileExistsError) as lost_race:
            if attempt == COMMIT_ATTEMPTS - 1:
                raise ConflictError(
                    f"{table.name}: other runs kept writing it; nothing was changed, run it again"
                ) from lost_race
        except DeltaError as problem:
            # The first write of two runs at once: one creates the table, the other learns that it exists.
            if attempt == COMMIT_ATTEMPTS - 1 or "exist" not in str(problem).lower():
                raise LakeError(f"{table.name} could not be written: {type(problem).__name__}") from None
        except OSError as problem:
            raise _no_room(table.name, problem) from None
        time.sleep(COMMIT_WAIT_SECONDS * 2 ** min(attempt, 4))
    raise AssertionError("the last attempt returns or raises")


# -- data files -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _DataFile:
    path: Path
    rows: int


def _write_files(folder: Path, batches: Iterator[pl.DataFrame], note: Mapping[str, str]) -> list[_DataFile]:
    """Write rows, without the partition's column, as Parquet files whose names are in the order of the rows.

    A second thread writes while the next rows are made. When an error ends the batches, no file is left.
    """
    files: list[_DataFile] = []
    written: Future[None] | None = None
    try:
        with ThreadPoolExecutor(1, "lake-writer") as writer:
            for frame in _gathered(batches):
                folder.mkdir(parents=True, exist_ok=True)
                files.append(_DataFile(folder / f"part-{len(files):05d}-{uuid4()}.zstd.parquet", frame.height))
                if written is not None:
                    written.result()
                written = writer.submit(_write_file, files[-1].path, frame, note)
                del frame
            if written is not None:
                written.result()
        if files:
            _sync(folder)
    except BaseException:
        _remove(files)
        raise
    return files


def _gathered(batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows in frames of about ``FILE_BYTES``."""
    waiting: list[pl.DataFrame] = []
    size = 0.0
    for batch in batches:
        if batch.height:
            waiting.append(batch)
            size += batch.estimated_size()
        if size >= FILE_BYTES:
            yield pl.concat(waiting)
            waiting, size = [], 0
    if waiting:
        yield pl.concat(waiting)


def _write_file(path: Path, frame: pl.DataFrame, note: Mapping[str, str]) -> None:
    try:
        # Smallest and largest values of personal columns help nobody to find anything, and take time.
        frame.write_parquet(
            path,
            compression="zstd",
            compression_level=1,
            statistics=False,
            row_group_size=ROW_GROUP_ROWS,
            metadata=dict(note),
        )
        _sync(path)
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise _no_room(f"a data file of {path.parent.parent.name}", problem) from None


def _no_room(what: str, problem: Exception) -> LakeError:
    return LakeError(
        f"{what} could not be written ({type(problem).__name__}); see whether the lake's disk is full, or may not be "
        "written to, then run it again: nothing was changed"
    )


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk before anything speaks of them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(files: Iterable[_DataFile]) -> None:
    for file in files:
        with suppress(OSError):
            file.path.unlink(missing_ok=True)


def _with_new_columns(schema: Schema, frame: pl.DataFrame, table: Table) -> Schema:
    """A table's schema with the columns that it does not have yet."""
    known = {column.name: column for column in schema.fields}
    wanted = Schema.from_arrow(_arrow_schema(frame)).fields
    if other := [column.name for column in wanted if column.name in known and known[column.name].type != column.type]:
        raise LakeError(f"{table.name}: columns {other} have other types than in the table")
    new = [column for column in wanted if column.name not in known]
    return Schema([*schema.fields, *new]) if new else schema


def _arrow_schema(frame: pl.DataFrame) -> pa.Schema:
    return frame.clear().to_arrow().schema


def _record_batches(
    files: Iterable[_DataFile], empty: pl.DataFrame, column: str, partition: str
) -> Iterator[pa.RecordBatch]:
    """The rows of data files as they would be sent: with the partition's column, in the order of ``empty``'s."""
    schema = _arrow_schema(empty)
    for file in files:
        for batch in pq.ParquetFile(file.path, pre_buffer=False).iter_batches(
            columns=[n for n in schema.names if n != column]
        ):
            rows = pl.DataFrame(batch).with_columns(pl.lit(partition).alias(column)).select(schema.names)
            yield from rows.to_arrow().cast(schema).to_batches()
