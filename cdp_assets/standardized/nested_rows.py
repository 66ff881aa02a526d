"""Some rows of a frame with nested columns, in any order.

Polars gathers rows of a list of structs value by value: for the addresses of a record that takes as long as standardizing
them. Gathering what the lists hold, and saying anew where each list begins, gives the same in a tenth of the time.

What does not belong here: which rows are wanted.
"""

from __future__ import annotations

import polars as pl
import pyarrow as pa


def rows_of(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """The rows of ``frame`` at the positions ``rows``, in their order. No list of the frame is null."""
    return pl.DataFrame([_rows_of(column, rows) for column in frame.get_columns()])


def _rows_of(column: pl.Series, rows: pl.Series) -> pl.Series:
    if not isinstance(column.dtype, pl.List) or not isinstance(column.dtype.inner, pl.Struct):
        return column.gather(rows)
    lengths = column.list.len()
    lists = pl.DataFrame({"start": (lengths.cum_sum() - lengths).gather(rows), "length": lengths.gather(rows)})
    start, length = pl.col("start"), pl.col("length")
    held = lists.filter(length > 0).select(pl.int_ranges(start, start + length, dtype=pl.UInt32).explode()).to_series()
    values = column.explode(empty_as_null=False, keep_nulls=False).gather(held)
    begins = pl.concat([pl.Series([0], dtype=pl.Int64), lists.get_column("length").cast(pl.Int64).cum_sum()])
    newest = pl.CompatLevel.newest()
    arrays = pa.LargeListArray.from_arrays(begins.to_arrow(), values.to_arrow(compat_level=newest))
    return pl.Series(column.name, arrays, dtype=column.dtype)
