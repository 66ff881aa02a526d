"""Frames in the order of a key, as the lake's tables are kept: what is in order is not sorted again.

Sorting a million texts costs more than most of what is done with them; seeing that they are sorted costs nearly nothing.
What does not belong here: orders that mean something else than "always alike".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

_ROWS_AT_ONCE = 100_000


def in_order(frame: pl.DataFrame, key: str, *further: str) -> pl.DataFrame:
    """``frame`` sorted by the column ``key``, and by ``further`` ones unless the first is in order: then so was the table."""
    return frame if frame.get_column(key).is_sorted() else frame.sort(key, *further)


def each_once(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """One row (any of them) for each value of ``key``, in order."""
    return in_order(frame, key).filter(begins(key))


def first_rows(numbers: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """The first row of each number ``0 … count - 1``; ``len(numbers)`` where there is none."""
    first = np.full(count, len(numbers), dtype=np.int64)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]  # the last one that is put there stays
    return first


def replaced(frame: pl.DataFrame, stays: pl.Series, by: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """Those rows of ``frame`` that are marked in ``stays``, and the rows ``by``, in the order of ``keys``, the first of which is a number.

    Both frames are in that order. Done piece by piece, in memory that is used again: with a million rows most of the time goes into asking for more.
    """
    if frame.is_empty():
        return by
    numbers, coming = frame.get_column(keys[0]).to_numpy(), by.get_column(keys[0]).to_numpy()
    starts = np.unique(np.searchsorted(numbers, numbers[::_ROWS_AT_ONCE]))  # rows of one number stay together
    places = np.searchsorted(coming, numbers[starts])
    places[0] = 0
    pieces = []
    for start, end, first, last in zip(starts, [*starts[1:], len(frame)], places, [*places[1:], len(by)], strict=True):
        held = frame.slice(start, end - start).filter(stays.slice(start, end - start))
        pieces.append(pl.concat([held, by.slice(first, last - first)], rechunk=True).sort(keys))
    return pl.concat(pieces)


def begins(*names: str) -> pl.Expr:
    """Whether a row begins a run of neighbours that are alike in these columns, which are never null."""
    return pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in names).fill_null(True)
