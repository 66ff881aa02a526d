"""Frames in the order of a key, as the lake's tables are kept: what is in order is not sorted again.

Sorting a million texts costs more than most of what is done with them; seeing that they are sorted costs nearly nothing.
What does not belong here: orders that mean something else than "always alike".
"""

from __future__ import annotations

import numpy as np
import polars as pl


def in_order(frame: pl.DataFrame, key: str, *further: str) -> pl.DataFrame:
    """``frame`` sorted by the column ``key``, and by ``further`` ones unless the first is in order: then so was the table."""
    return frame if frame.get_column(key).is_sorted() else frame.sort(key, *further)


def each_once(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """One row (any of them) for each value of ``key``, in order."""
    return in_order(frame, key).filter(begins(key))


def merged(one: pl.DataFrame, other: pl.DataFrame, key: str, further: str | None = None) -> pl.DataFrame:
    """The rows of two frames, each in the order of a whole number (``key``, then ``further``), in that order; equal ones of ``one`` first.

    For a small ``other``: its places are looked up, and rows are moved once. Sorting moves them once more.
    """
    keys, asked = one.get_column(key).to_numpy(), other.get_column(key).to_numpy()
    places = np.searchsorted(keys, asked, side="right")
    if further is not None:
        behind, asked_behind = one.get_column(further).to_numpy(), other.get_column(further).to_numpy()
        first, back = np.searchsorted(keys, asked, side="left"), np.arange(len(asked))
        while len(back):  # those that stand before a row of the same key
            back = back[places[back] > first[back]]
            back = back[behind[places[back] - 1] > asked_behind[back]]
            places[back] -= 1
    rows = np.insert(np.arange(len(one)), places, np.arange(len(one), len(one) + len(other)))
    return _gathered(pl.concat([one, other]), pl.Series(rows))


def _gathered(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """These rows. Of lists in several chunks each row would be looked for; texts are left where they are."""
    columns = (series.rechunk() if series.dtype.is_nested() else series for series in frame.get_columns())
    return pl.DataFrame([series.gather(rows) for series in columns])


def begins(*names: str) -> pl.Expr:
    """Whether a row begins a run of neighbours that are alike in these columns, which are never null."""
    return pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in names).fill_null(True)
