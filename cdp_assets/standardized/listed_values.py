"""Several values of one record as one list: in the order of the columns, each value once, nothing empty in it.

What does not belong here: what the values mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from cdp_assets import tables
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
    lists = (
        _with_first_beside(filled)
        .unique(["row", "found"], keep="first", maintain_order=True)
        .group_by("row", maintain_order=True)
        .agg("found", "beside", delivered="text")
    )
    every = _rows(height).join(lists, on="row", how="left", maintain_order="left")
    nothing = pl.lit([], dtype=tables.TEXTS)
    every = every.select(pl.col("found", "delivered", "beside").fill_null(nothing))
    silent = texts.filter(pl.col("found").is_null()).select("row", "text")
    unreadable = without_placeholders(silent.get_column("text")).count()
    return FoundValues(every["found"], every["delivered"], every["beside"], silent, unreadable)


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
    lists = long.sort("row", maintain_order=True).group_by("row", maintain_order=True).agg("value")
    every = _rows(height).join(lists, on="row", how="left", maintain_order="left")
    nothing = pl.Series([[]], dtype=dtype)
    return every.select(pl.coalesce("value", pl.lit(nothing).first())).to_series().cast(dtype)


def _rows(height: int) -> pl.DataFrame:
    return pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})


def _parted(sources: Sequence[pl.Series], part: Texts) -> pl.DataFrame:
    """``row``, ``place`` and ``text`` of every delivered text; a text that holds several values gives several rows."""
    frames = [pl.DataFrame(schema={"row": pl.UInt32, "place": pl.Int32, "text": pl.String})]
    for place, series in enumerate(sources):
        rows = pl.DataFrame({"text": part(clean(series))}).with_row_index("row").drop_nulls("text").explode("text")
        frames.append(rows.select(pl.col("row").cast(pl.UInt32), pl.lit(place, pl.Int32).alias("place"), "text"))
    return pl.concat(frames)
