"""Where few values stand among many.

A hash's upper bits tell whether it may be one of the few: a look into a table of flags that fits into a processor's cache takes half the
time of a look into a set, and of texts, once hashed, a fifth. Only what passes is compared itself. What does not belong here: where each
of as many values stands (``lookup.py``).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]

_BITS = 20
"""A megabyte of flags: of a million others, twenty thousand let so many pass for nothing."""


class Many:
    """A column in which few values are looked for, again and again."""

    def __init__(self, column: pl.Series) -> None:
        self.column = column

    @cached_property
    def _places(self) -> Places:
        return _places(self.column.hash().to_numpy())

    def rows_of(self, few: pl.Series) -> Rows:
        """The rows that hold one of the ``few``, in order; a null is none of them."""
        if few.is_empty():
            return np.empty(0, dtype=np.int64)
        rows = _passing(self._places, _places(few.hash().to_numpy()))
        return rows[are_in(self.column.gather(rows), few)]

    def hold(self, few: pl.Series) -> pl.Series:
        """Whether each row holds one of the ``few``."""
        marks = np.zeros(len(self.column), dtype=np.bool_)
        marks[self.rows_of(few)] = True
        return pl.Series(marks)


def are_in(values: pl.Series, few: pl.Series) -> npt.NDArray[np.bool_]:
    """Which of ``values`` are one of ``few``; a null is none of them."""
    return values.is_in(few.implode()).fill_null(False).to_numpy()


def rows_of_hashes_among(hashes: Hashes, few: Hashes) -> Rows:
    """The rows of ``hashes`` that are one of ``few``, in order."""
    rows = _passing(_places(hashes), _places(few))
    return rows[are_in(pl.Series(hashes[rows]), pl.Series(few))]


def _places(hashes: Hashes) -> Places:
    """The flag of each hash; as signed numbers, which NumPy need not convert to take what stands there."""
    return (hashes >> np.uint64(64 - _BITS)).view(np.int64)


def _passing(places: Places, few: Places) -> Rows:
    """The rows whose flag is one of those of the few."""
    flags = np.zeros(1 << _BITS, dtype=np.bool_)
    flags[few] = True
    return np.flatnonzero(flags.take(places, mode="clip"))  # no place is beyond the flags: ``clip`` spares a look
