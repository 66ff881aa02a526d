"""What one frame has and another has not. What does not belong here: what follows from it (``reprofiling.py``, ``reclustering.py``)."""

from __future__ import annotations

import polars as pl


def come_or_gone(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Rows that one of two frames has and the other has not, whatever their order; each frame has a row once."""
    columns = now.columns
    come = now.join(before, on=columns, how="anti", nulls_equal=True)
    if len(now) - len(come) == len(before):
        return come  # all that was is still there
    return pl.concat([come, before.select(columns).join(now, on=columns, how="anti", nulls_equal=True)])
