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
    """``found`` and ``delivered``: lists side by side, one pair per record. ``unreadable``: texts that held none."""

    found: pl.Series
    delivered: pl.Series
    unreadable: int


def found_values(
    sources: Sequence[pl.Series], part: Texts, read: Callable[[pl.Series, pl.Series], pl.Series], height: int
) -> FoundValues:
    """The values that the columns hold. ``part`` gives the texts in a text; ``read`` gets texts and their rows."""
    texts = _parted(sources, part)
    texts = texts.with_columns(found=read(texts.get_column("text"), texts.get_column("row")))
    lists = (
        texts.drop_nulls("found")
        .sort("row", "place", maintain_order=True)
        .unique(["row", "found"], keep="first", maintain_order=True)
        .group_by("row", maintain_order=True)
        .agg("found", delivered="text")
    )
    every = _rows(height).join(lists, on="row", how="left", maintain_order="left")
    nothing = pl.lit([], dtype=tables.TEXTS)
    every = every.select(pl.col("found").fill_null(nothing), pl.col("delivered").fill_null(nothing))
    silent = texts.filter(pl.col("found").is_null()).get_column("text")
    return FoundValues(every["found"], every["delivered"], without_placeholders(silent).count())


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
