"""Whether two imports say the same in another order.

A fingerprint is cheap, is taken while a file is read, and is the same for the same rows in any order, in any order of
columns: how often each column is filled, and with how many bytes. Different rows may share one, so equal fingerprints
only say where to look: :class:`RowSums` then compares the rows themselves, as two sums of 64-bit hashes over all rows.

What does not belong here: what becomes of an import that repeats another (``deliveries.py``).
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import polars as pl

from cdp_assets.lake import Lake
from cdp_assets.tables import Table

PLACE = ("_import_id", "_file", "_line")
"""Columns that say where a line stands, not what it says."""

SEEDS = (1, 2)
"""Two sums: that two of 64 bits agree by chance happens once in 10^38 comparisons."""


class Fingerprint:
    """Of the rows that have been added, in batches, in any order."""

    def __init__(self) -> None:
        self._filled: dict[str, int] = {}
        self._bytes: dict[str, int] = {}

    def add(self, rows: pl.DataFrame) -> None:
        """Add rows of ``raw/<source>_imports``."""
        said = rows.select(pl.all().exclude(PLACE))
        filled = said.select(pl.all().count()).row(0)
        size = said.select(pl.all().str.len_bytes().sum()).row(0)
        for name, count, total in zip(said.columns, filled, size, strict=True):
            self._filled[name] = self._filled.get(name, 0) + count
            self._bytes[name] = self._bytes.get(name, 0) + (total or 0)

    def text(self) -> str:
        """16 hex digits. A column that no row fills says nothing."""
        said = sorted((name, count, self._bytes[name]) for name, count in self._filled.items() if count)
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


class RowSums:
    """Compares partitions of a raw table, each of which is read once, however many it is compared with: small files often share a
    fingerprint, and the fiftieth of a burst is compared with the forty-nine before it."""

    def __init__(self, lake: Lake, table: Table, rows_at_once: int) -> None:
        self._lake, self._table, self._rows_at_once = lake, table, rows_at_once
        self._taken: dict[str, tuple[int, ...]] = {}

    def are_of_the_same_rows(self, import_id: str, other: str) -> bool:
        """Whether two partitions hold the same rows, each as often, in whatever order.

        Nobody is believed to repeat another because of sums that were taken some time ago: then they are taken again.
        """
        return self._of(import_id) == self._of(other) and self._afresh(import_id) == self._afresh(other)

    def forget(self, import_id: str) -> None:
        """To be told of a partition that has been written."""
        self._taken.pop(import_id, None)

    def _of(self, import_id: str) -> tuple[int, ...]:
        return self._taken[import_id] if import_id in self._taken else self._afresh(import_id)

    def _afresh(self, import_id: str) -> tuple[int, ...]:
        self._taken[import_id] = _sums(self._lake, self._table, import_id, self._rows_at_once)
        return self._taken[import_id]


def _sums(lake: Lake, table: Table, import_id: str, rows_at_once: int) -> tuple[int, ...]:
    sums = [np.uint64(0)] * (len(SEEDS) + 1)
    for batch in lake.scan_partition_batches(table, import_id, rows_at_once):
        said = batch.select(sorted(name for name in batch.columns if name not in PLACE))
        with np.errstate(over="ignore"):
            sums[0] += np.uint64(said.height)
            for n, seed in enumerate(SEEDS, start=1):
                sums[n] += said.hash_rows(seed=seed).to_numpy().sum(dtype=np.uint64)
    return tuple(int(total) for total in sums)
