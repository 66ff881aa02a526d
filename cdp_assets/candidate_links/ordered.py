"""Frames in the order of a key, as the lake's tables are kept: what is in order is not sorted again.

Sorting a million texts costs more than most of what is done with them; seeing that they are sorted costs nearly nothing.
What does not belong here: orders that mean something else than "always alike".
"""

from __future__ import annotations

import polars as pl


def in_order(frame: pl.DataFrame, key: str, *further: str) -> pl.DataFrame:
    """``frame`` sorted by the column ``key``, and by ``further`` ones unless the first is in order: then so was the table."""
    return frame if frame.get_column(key).is_sorted() else frame.sort(key, *further)


def each_once(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """One row (any of them) for each value of ``key``, in order."""
    return in_order(frame, key).filter(begins(key))


def begins(*names: str) -> pl.Expr:
    """Whether a row begins a run of neighbours that are alike in these columns, which are never null."""
    return pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in names).fill_null(True)
