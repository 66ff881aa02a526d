"""Rows in the order of several columns of numbers: their bits side by side in one number, which is sorted.

To sort a million numbers takes a fifth of the time that to compare rows column by column takes. What 64 bits do not hold is looked at
only where rows are alike in what they hold. What does not belong here: texts, and what the order means (``ranking.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Rows = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.uint64]

_WORD = 64


def rows_in_order(columns: Sequence[pl.Series], descending: Sequence[bool]) -> tuple[Rows, Marks]:
    """The rows as they follow each other by the first column, then the second …, and which is like the one before it in all of them.

    Columns hold integers (of 64 bits at most), moments, days or flags, of one length; nulls come last. Rows that are alike come in any order.
    """
    count = len(columns[0])
    order, repeats = np.arange(count), np.ones(count, dtype=np.bool_)
    repeats[:1] = False
    waiting = [code for code in map(_code, columns, descending) if code.bits]
    places = np.arange(count if count > 1 else 0)  # which of the order are not settled yet
    while waiting and len(places):
        groups = np.cumsum(~repeats[places])
        words = (groups - groups[0]).astype(np.uint64)
        free = _WORD - int(words[-1]).bit_length()
        rows = order[places]
        while waiting and free:
            taken = min(free, waiting[0].bits)
            words = (words << np.uint64(taken)) | waiting[0].first(taken, rows)
            waiting = [rest for rest in (waiting[0].after(taken), *waiting[1:]) if rest.bits]
            free -= taken
        sorted_rows = np.argsort(words)
        words = words[sorted_rows]
        order[places] = rows[sorted_rows]
        alike = np.append(False, words[1:] == words[:-1])
        repeats[places] = alike
        places = places[alike | np.append(alike[1:], False)]
    return order, repeats


@dataclass(frozen=True)
class _Code:
    """Numbers from 0 that are to be sorted, of so many ``bits``."""

    numbers: Numbers
    bits: int

    def first(self, bits: int, rows: Rows) -> Numbers:
        """The upper ``bits`` of these rows."""
        upper: Numbers = self.numbers[rows] >> np.uint64(self.bits - bits)
        return upper

    def after(self, bits: int) -> _Code:
        """What is left when the upper ``bits`` have been taken."""
        left = self.bits - bits
        return _Code(self.numbers & np.uint64((1 << left) - 1), left)


def _code(column: pl.Series, is_descending: bool) -> _Code:
    values = column.to_physical().cast(pl.Int64)
    low, high = values.min(), values.max()
    if low is None or high is None:
        return _Code(np.zeros(0, dtype=np.uint64), 0)
    assert isinstance(low, int)
    assert isinstance(high, int)
    numbers = values.fill_null(low).to_numpy()
    codes = (high - numbers if is_descending else numbers - low).astype(np.uint64)
    span = high - low
    if values.null_count():
        span += 1
        codes[values.is_null().to_numpy()] = span
    return _Code(codes, span.bit_length())


def begins_of(order: pl.Series | npt.NDArray[np.generic]) -> Rows:
    """Where each run of neighbours that are alike begins; none of them is null."""
    numbers = order.to_numpy() if isinstance(order, pl.Series) else order
    if not len(numbers):
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))


def best_of_each(begins: Rows, columns: Sequence[npt.NDArray[np.generic]]) -> Rows:
    """The row of each run that has the most in the first column, then in the second …; of those that are alike the first row.

    ``begins``: as of :func:`begins_of`. What is compared next is looked at only where several rows of a run are left.
    """
    if not len(begins):
        return begins
    rows = np.arange(len(columns[0]))
    for column in columns:
        values = column[rows]
        most = np.maximum.reduceat(values, begins)
        is_best = values == np.repeat(most, np.diff(np.append(begins, len(rows))))
        runs = np.cumsum(np.bincount(begins, minlength=len(rows)))[is_best]
        rows, begins = rows[is_best], begins_of(runs)
        if len(rows) == len(begins):
            break
    return rows[begins]
