"""A lake that holds its tables in memory, so that thousands of erasures take minutes: the same calls, the same answers.

What does not belong here: commits, versions and files, which the lake's own tests and those of erasure hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from cdp_assets.lake import Lake, MissingTableError, PartitionFile
from cdp_assets.tables import Table


@dataclass(frozen=True)
class _Rows(PartitionFile):
    """A partition as one file, which never was one."""


@dataclass(frozen=True)
class MemoryLake(Lake):
    """``whole``: tables by name; ``parts``: partitions of tables by name."""

    root: str = "memory"
    whole: dict[str, pl.DataFrame] = field(default_factory=dict)
    parts: dict[str, dict[str, pl.DataFrame]] = field(default_factory=dict)
    notes: dict[str, dict[str, str]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def exists(self, table: Table) -> bool:
        return table.name in self.whole or table.name in self.parts

    def version(self, table: Table) -> int | None:
        return self.versions.get(table.name)

    def committed_metadata(self, table: Table) -> dict[str, str]:
        return dict(self.notes.get(table.name, {}))

    def scan(
        self,
        table: Table,
        *,
        version: int | None = None,
        as_of: object = None,
        partition: str | None = None,
        columns: list[str] | None = None,
    ) -> pl.LazyFrame:
        if not self.exists(table):
            raise MissingTableError(table.name)
        parts = self.parts.get(table.name)
        if parts is None:
            frame = self.whole[table.name]
        elif partition is not None:
            frame = parts.get(partition, next(iter(parts.values())).clear())
        else:
            frame = pl.concat(list(parts.values()), how="diagonal")
        return frame.lazy() if columns is None else frame.lazy().select(columns)

    def partitions(self, table: Table) -> set[str]:
        return {name for name, rows in self.parts.get(table.name, {}).items() if rows.height}

    def partition_row_counts(self, table: Table) -> dict[str, int]:
        return {name: rows.height for name, rows in self.parts.get(table.name, {}).items() if rows.height}

    def scan_partition_batches(self, table: Table, partition: str, rows_at_once: int) -> Iterator[pl.DataFrame]:
        yield self.scan(table, partition=partition).collect()

    def partition_files(self, table: Table, partition: str) -> list[PartitionFile]:
        return []

    def replace(
        self,
        table: Table,
        frame: pl.DataFrame,
        *,
        note: Mapping[str, str] | None = None,
        expected_version: int | None = -1,
    ) -> int:
        self.whole[table.name] = table.conform(frame)
        self.notes[table.name] = dict(note or {})
        self.versions[table.name] = self.versions.get(table.name, -1) + 1
        return self.versions[table.name]

    def replace_partition_in_batches(
        self,
        table: Table,
        partition: str,
        schema: Mapping[str, pl.DataType],
        batches: Iterable[pl.DataFrame],
        *,
        note: Mapping[str, str] | None = None,
    ) -> int:
        rows = pl.concat([pl.DataFrame(schema=schema), *batches])
        self.parts.setdefault(table.name, {})[partition] = table.conform(rows)
        return 0

    def rewrite(
        self, table: Table, change: Callable[[pl.DataFrame], pl.DataFrame], partition: str | None = None
    ) -> int:
        held = self.whole if partition is None else self.parts[table.name]
        name = table.name if partition is None else partition
        before = held[name]
        held[name] = change(before)
        self.versions[table.name] = self.versions.get(table.name, -1) + 1
        return before.height - held[name].height
