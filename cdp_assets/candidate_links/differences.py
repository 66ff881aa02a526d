"""What one frame has and another has not. What does not belong here: what follows from it (``reprofiling.py``, ``reclustering.py``).

Rows are told apart by a 64-bit hash of all their columns, as profiles are by one of their values: hashing a million rows and looking them
up takes a third of the time that joining two frames on their texts does. Two rows of one frame with one hash do not pass unnoticed:
then the rows are joined.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Flags = npt.NDArray[np.bool_]


def come_or_gone(before: pl.DataFrame, now: pl.DataFrame, ordered_by: str | None = None) -> pl.DataFrame:
    """Rows that one of two frames has and the other has not, whatever their order; each frame has a row once.

    ``ordered_by``: a number by which both are in order, as a rule; then most rows are found where they were.
    """
    before = before.select(now.columns)
    here, there = now.hash_rows(), before.hash_rows()
    if ordered_by is None:
        return _apart(before, now, there, here)
    keys_before, keys_now = before.get_column(ordered_by), now.get_column(ordered_by)
    if not (keys_before.is_sorted() and keys_now.is_sorted()):
        return _apart(before, now, there, here)
    stayed, was = _in_place(keys_before.to_numpy(), keys_now.to_numpy(), there.to_numpy(), here.to_numpy())
    left, come = pl.Series(~was), pl.Series(~stayed)
    return _apart(before.filter(left), now.filter(come), there.filter(left), here.filter(come))


def _in_place(keys_before: npt.NDArray[Any], keys_now: npt.NDArray[Any], there: Any, here: Any) -> tuple[Flags, Flags]:
    """Which rows of ``now`` stand where they were among the rows of their key, and which of ``before`` they are."""
    was = np.zeros(len(keys_before), dtype=np.bool_)
    if not len(keys_before) or not len(keys_now):
        return np.zeros(len(keys_now), dtype=np.bool_), was
    rows = np.arange(len(keys_now))
    begins = np.concatenate([[True], keys_now[1:] != keys_now[:-1]])
    nth = rows - np.maximum.accumulate(np.where(begins, rows, 0))
    place = np.minimum(np.searchsorted(keys_before, keys_now) + nth, len(keys_before) - 1)
    stayed = there[place] == here
    was[place[stayed]] = True
    return stayed, was


def _apart(before: pl.DataFrame, now: pl.DataFrame, there: pl.Series, here: pl.Series) -> pl.DataFrame:
    """Rows of one frame alone, by their hashes."""
    come = now.filter(~here.is_in(there.implode()))
    if len(now) - len(come) == len(before):
        return come  # all that was is still there
    gone = before.filter(~there.is_in(here.implode()))
    if len(now) - len(come) == len(before) - len(gone):
        return pl.concat([come, gone])
    come = now.join(before, on=now.columns, how="anti", nulls_equal=True)
    return pl.concat([come, before.join(now, on=now.columns, how="anti", nulls_equal=True)])
