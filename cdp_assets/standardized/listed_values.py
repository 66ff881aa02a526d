"""Several values of one record as one list: in the order of the columns, each value once, nothing empty in it.

What does not belong here: what the values mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from cdp_assets.standardized.text import clean, without_placeholders

Texts = Callable[[pl.Series], pl.Series]
"""A function of one column of texts."""


@dataclass(frozen=True)
class FoundValues:
    """``found``, ``delivered`` and ``beside``: lists side by side, one of each per record.

    ``lost``: ``row`` and ``text`` of texts that held no value; ``unreadable``: how many of them are no placeholders.
    """

    found: pl.Series
    delivered: pl.Series
    beside: pl.Series
    lost: pl.DataFrame
    unreadable: int


def found_values(
    sources: Sequence[pl.Series],
    part: Texts,
    read: Callable[[pl.Series, pl.Series], pl.Series],
    height: int,
    beside: Texts | None = None,
) -> FoundValues:
    """The values that the columns hold. ``part`` gives the texts in a text; ``read`` gets texts and their rows;
    ``beside``: what else a text says, which is kept side by side with its value."""
    texts = _parted(sources, part)
    text = texts.get_column("text")
    texts = texts.with_columns(
        found=read(text, texts.get_column("row")),
        beside=pl.lit(None, pl.String) if beside is None else beside(text),
    )
    filled = texts.drop_nulls("found").sort("row", "place", maintain_order=True)
    filled = _each_once(_with_first_beside(filled))
    row, values = filled.get_column("row"), filled.select("found", "beside", delivered="text")
    every = {column.name: lists_of_rows(row, column, height) for column in values.get_columns()}
    silent = texts.filter(pl.col("found").is_null()).select("row", "text")
    unreadable = without_placeholders(silent.get_column("text")).count()
    return FoundValues(every["found"], every["delivered"], every["beside"], silent, unreadable)


def lists_of_rows(rows: pl.Series, values: pl.Series, height: int) -> pl.Series:
    """The list of its values for each of ``height`` rows; ``rows`` says whose each value is, and is sorted."""
    ends = np.bincount(rows.to_numpy(), minlength=height).cumsum()
    begins = pa.array(np.concatenate([[0], ends]), pa.int64())
    held = values.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
    return pl.Series(values.name, pa.LargeListArray.from_arrays(begins, held), dtype=pl.List(values.dtype))


def _each_once(filled: pl.DataFrame) -> pl.DataFrame:
    """The values without those that their row has before."""
    several = filled.get_column("row").is_duplicated().arg_true()
    if several.is_empty():
        return filled
    some = filled.select(pl.struct("row", "found").gather(several)).to_series()
    is_new = pl.repeat(True, filled.height, dtype=pl.Boolean, eager=True).scatter(several, some.is_first_distinct())
    return filled.filter(is_new)


def _with_first_beside(filled: pl.DataFrame) -> pl.DataFrame:
    """Of a value that a row delivers twice, what is said beside either: '212 555 0147' and '212 555 0147 x23' have 23."""
    told = filled.drop_nulls("beside").unique(["row", "found"], keep="first", maintain_order=True)
    if told.is_empty():
        return filled
    return filled.drop("beside").join(
        told.select("row", "found", "beside"), on=["row", "found"], how="left", maintain_order="left"
    )


def listed(columns: Sequence[pl.Series], dtype: pl.List) -> pl.Series:
    """One list per row of what the columns hold in it, without nulls."""
    if not columns:
        return pl.Series([[]], dtype=dtype).new_from_index(0, 0)
    height = len(columns[0])
    long = pl.concat(
        [
            pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True), "value": column}).drop_nulls(
                "value"
            )
            for column in columns
        ]
    )
    if len(columns) > 1:
        long = long.sort("row", maintain_order=True)
    return lists_of_rows(long.get_column("row"), long.get_column("value"), height).cast(dtype)


def _parted(sources: Sequence[pl.Series], part: Texts) -> pl.DataFrame:
    """``row``, ``place`` and ``text`` of every delivered text; a text that holds several values gives several rows."""
    frames = [pl.DataFrame(schema={"row": pl.UInt32, "place": pl.Int32, "text": pl.String})]
    for place, series in enumerate(sources):
        rows = pl.DataFrame({"text": part(clean(series))}).with_row_index("row").drop_nulls("text").explode("text")
        frames.append(rows.select(pl.col("row").cast(pl.UInt32), pl.lit(place, pl.Int32).alias("place"), "text"))
    return pl.concat(frames)
