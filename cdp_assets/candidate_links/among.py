"""Where few values stand among many.

A hash's upper bits tell whether it may be one of the few: a look into a table of flags that fits into a processor's cache takes half the
time of a look into a set, and of texts, once hashed, a fifth. Only what passes is compared itself. Among numbers in order the few are searched
for, which takes a fifth of that again. What does not belong here: where each of as many values stands (``lookup.py``).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]

_BITS = 20
"""A megabyte of flags: of a million others, twenty thousand let so many pass for nothing."""

_SMALL = 10_000
"""A set of so few values is made in the time in which flags are."""


class Many:
    """A column in which few values are looked for, again and again."""

    def __init__(self, column: pl.Series) -> None:
        self.column = column

    @cached_property
    def _are_numbers_in_order(self) -> bool:
        return self.column.dtype.is_integer() and not self.column.null_count() and self.column.is_sorted()

    @cached_property
    def _places(self) -> Places:
        return _places(self._hashes(self.column))

    def _hashes(self, values: pl.Series) -> Hashes:
        return values.hash().to_numpy()

    def rows_of(self, few: pl.Series) -> Rows:
        """The rows that hold one of the ``few``, in order; a null is none of them."""
        if few.is_empty():
            return np.empty(0, dtype=np.int64)
        if self._are_numbers_in_order:
            return _rows_in_order(self.column.to_numpy(), few.drop_nulls().unique().sort().to_numpy())
        rows = _passing(self._places, _places(self._hashes(few)))
        return rows[are_in(self.column.gather(rows), few)]

    def hold(self, few: pl.Series) -> pl.Series:
        """Whether each row holds one of the ``few``."""
        marks = np.zeros(len(self.column), dtype=np.bool_)
        marks[self.rows_of(few)] = True
        return pl.Series(marks)


class ManyHashes(Many):
    """A column of hashes, which are not hashed again."""

    def _hashes(self, values: pl.Series) -> Hashes:
        return values.to_numpy()


def are_in(values: pl.Series, few: pl.Series) -> npt.NDArray[np.bool_]:
    """Which of ``values`` are one of ``few``; a null is none of them. Where these are the more, most are none of ``values``: no set of all is made."""
    if len(few) > max(len(values), _SMALL):
        few = few.gather(_passing(_places(few.hash().to_numpy()), _places(values.hash().to_numpy())))
    return values.is_in(few.implode()).fill_null(False).to_numpy()


def rows_of_hashes_among(hashes: Hashes, few: Hashes) -> Rows:
    """The rows of ``hashes`` that are one of ``few``, in order."""
    rows = _passing(_places(hashes), _places(few))
    return rows[are_in(pl.Series(hashes[rows]), pl.Series(few))]


def _rows_in_order(numbers: npt.NDArray[Any], few: npt.NDArray[Any]) -> Rows:
    """The rows of the ``few``, each once and in order, among ``numbers`` in order."""
    starts = np.searchsorted(numbers, few)
    lengths = np.searchsorted(numbers, few, side="right") - starts
    ends = np.cumsum(lengths)
    rows: Rows = np.repeat(starts - ends + lengths, lengths) + np.arange(lengths.sum())
    return rows


def _places(hashes: Hashes) -> Places:
    """The flag of each hash; as signed numbers, which NumPy need not convert to take what stands there."""
    return (hashes >> np.uint64(64 - _BITS)).view(np.int64)


def _passing(places: Places, few: Places) -> Rows:
    """The rows whose flag is one of those of the few."""
    flags = np.zeros(1 << _BITS, dtype=np.bool_)
    flags[few] = True
    return np.flatnonzero(flags.take(places, mode="clip"))  # no place is beyond the flags: ``clip`` spares a look
