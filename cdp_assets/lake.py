"""Versioned tables on Delta Lake: read, read as of, replace, replace one partition.

A table is a folder under the lake's root, named as its contract says (``identity_graph/clusters``). Every write is one
atomic commit: a reader sees the table before it or after it, a killed writer leaves no trace but unreferenced files,
and a later version never disturbs a reader of an earlier one.

What does not belong here: what the tables mean (``tables.py``) and who makes them (the stages). This module knows
neither Dagster nor the environment.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from cdp_assets.tables import Table

COMMIT_ATTEMPTS = 12
"""Writers of different partitions never block each other, but they do race for the next version number."""

COMMIT_WAIT_SECONDS = 0.05
"""First pause before a lost race is run again; it doubles up to ten times."""

KEEP_HISTORY_HOURS = 30 * 24
"""How long former versions stay readable before :meth:`Lake.forget_history` removes their files."""

_SAFE_PARTITION = re.compile(r"[A-Za-z0-9_.:+-]+")

_NO_COLUMN_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}
"""Delta keeps each file's smallest and largest values in its log; personal values do not belong in a log."""


class LakeError(RuntimeError):
    """A table could not be read or written. Names the table and what to do, never a value."""


class MissingTableError(LakeError):
    """The table has not been made yet."""


class ConflictError(LakeError):
    """Somebody else wrote the table since it was read."""


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

    def committed_metadata(self, table: Table) -> dict[str, str]:
        """What the newest commit said of itself (:meth:`replace`'s ``note``); empty when the table is missing."""
        if not self.exists(table):
            return {}
        commits = self._open(table).history(1)
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
            if table.partitioned_by is None:
                raise LakeError(f"{table.name} has no partitions")
            frame = frame.filter(pl.col(table.partitioned_by) == _safe(partition, table))
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
        if table.partitioned_by is None:
            raise LakeError(f"{table.name} has no partitions")
        if not self.exists(table):
            return set()
        return {str(partition[table.partitioned_by]) for partition in self._open(table).partitions()}

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
        if expected_version != -1 and self.version(table) != expected_version:
            raise ConflictError(
                f"{table.name} was written by another run since this one read it; nothing was changed, run it again"
            )
        self._commit(table, conformed, predicate=None, note=note)
        return self._open(table).version()

    def replace_partition(
        self, table: Table, partition: str, frame: pl.DataFrame, *, note: Mapping[str, str] | None = None
    ) -> int:
        """Replace the rows of one partition in one commit; others are untouched. An empty frame empties it."""
        column = table.partitioned_by
        if column is None:
            raise LakeError(f"{table.name} has no partitions")
        partition = _safe(partition, table)
        conformed = table.conform(frame)
        if conformed.filter(pl.col(column) != partition).height:
            raise LakeError(f"{table.name}: rows of another partition in a write to one partition")
        if conformed.is_empty() and partition not in self.partitions(table) and self.exists(table):
            return self._open(table).version()
        self._commit(table, conformed, predicate=f"{column} = '{partition}'", note=note)
        return self._open(table).version()

    def forget_history(self, table: Table, keep_hours: int = KEEP_HISTORY_HOURS) -> int:
        """Remove files that only versions older than ``keep_hours`` need; return how many."""
        if not self.exists(table):
            return 0
        return len(
            self._open(table).vacuum(retention_hours=keep_hours, dry_run=False, enforce_retention_duration=False)
        )

    def _commit(
        self, table: Table, frame: pl.DataFrame, *, predicate: str | None, note: Mapping[str, str] | None
    ) -> None:
        for attempt in range(COMMIT_ATTEMPTS):
            try:
                if not self.exists(table):
                    self._create(table, frame)
                write_deltalake(
                    self.uri(table.name),
                    frame,
                    mode="overwrite",
                    predicate=predicate,
                    schema_mode="merge" if predicate else "overwrite",
                    partition_by=[table.partitioned_by] if table.partitioned_by else None,
                    storage_options=self._options,
                    commit_properties=CommitProperties(custom_metadata=dict(note or {})),
                )
                return
            except (CommitFailedError, FileExistsError) as lost_race:
                if attempt == COMMIT_ATTEMPTS - 1:
                    raise ConflictError(
                        f"{table.name}: other runs kept writing it; nothing was changed, run it again"
                    ) from lost_race
            except DeltaError as problem:
                # The first write of two runs at once: one creates the table, the other learns that it exists.
                if attempt == COMMIT_ATTEMPTS - 1 or "exist" not in str(problem).lower():
                    raise LakeError(f"{table.name} could not be written: {type(problem).__name__}") from None
            time.sleep(COMMIT_WAIT_SECONDS * 2 ** min(attempt, 4))

    def _create(self, table: Table, frame: pl.DataFrame) -> None:
        """Make the empty table: a first write that overwrote would wipe what another first writer has just added."""
        write_deltalake(
            self.uri(table.name),
            frame.clear(),
            mode="ignore",
            partition_by=[table.partitioned_by] if table.partitioned_by else None,
            configuration=_NO_COLUMN_STATISTICS if table.has_personal_values else None,
            storage_options=self._options,
        )

    def _open(self, table: Table) -> DeltaTable:
        try:
            return DeltaTable(self.uri(table.name), storage_options=self._options)
        except TableNotFoundError:
            raise MissingTableError(f"{table.name} has not been made yet; run `cdp run` or materialize it") from None

    @property
    def _options(self) -> dict[str, str] | None:
        return dict(self.storage_options) or None


def local_lake(folder: Path) -> Lake:
    """The lake in a folder of this machine, made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return Lake(str(folder.resolve()))


def _safe(partition: str, table: Table) -> str:
    if not _SAFE_PARTITION.fullmatch(partition):
        raise LakeError(f"{table.name}: a partition's name may hold letters, digits and _.:+- only")
    return partition
