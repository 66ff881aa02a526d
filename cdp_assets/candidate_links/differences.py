"""What one frame has and another has not. What does not belong here: what follows from it (``reprofiling.py``, ``reclustering.py``).

Rows are told apart by a 64-bit hash of all their columns, as profiles are by one of their values: hashing a million rows and looking them
up takes a tenth of the time that joining two frames on their texts does. Two rows of one frame with one hash would not pass unnoticed:
then the rows are joined.
"""

from __future__ import annotations

import polars as pl


def come_or_gone(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Rows that one of two frames has and the other has not, whatever their order; each frame has a row once."""
    columns = now.columns
    before = before.select(columns)
    here, there = now.hash_rows(), before.hash_rows()
    come = now.filter(~here.is_in(there.implode()))
    if len(now) - len(come) == len(before):
        return come  # all that was is still there
    gone = before.filter(~there.is_in(here.implode()))
    if len(now) - len(come) == len(before) - len(gone):
        return pl.concat([come, gone])
    come = now.join(before, on=columns, how="anti", nulls_equal=True)
    return pl.concat([come, before.join(now, on=columns, how="anti", nulls_equal=True)])
