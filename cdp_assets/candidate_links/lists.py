"""Lists of a profile's values: distinct, sorted, without nulls.

Nearly all lists hold one value at most and are tidy as they are: only the others are touched, which takes a tenth of the time.
What does not belong here: which values a profile has.
"""

from __future__ import annotations

import polars as pl

TEXTS = pl.List(pl.String())


def tidied(values: pl.Expr) -> pl.Expr:
    """Lists of text with each value once, in order; null is an empty list."""
    filled = values.fill_null(pl.lit([], dtype=TEXTS))
    return filled.map_batches(_tidied, return_dtype=TEXTS, is_elementwise=True)


def tidied_or_null(values: pl.Expr) -> pl.Expr:
    """As :func:`tidied`, with null for an empty list, so that "nothing to compare" is one condition for every field."""
    lists = tidied(values)
    return pl.when(lists.list.len() > 0).then(lists)


def _tidied(lists: pl.Series) -> pl.Series:
    """The lists with the untidy ones replaced: those of several values, and those of a null alone."""
    length = lists.list.len()
    untidy = ((length > 1) | ((length == 1) & lists.list.first().is_null())).arg_true()
    if untidy.is_empty():
        return lists
    tidy = lists.gather(untidy).list.drop_nulls().list.unique().list.sort()
    found = pl.int_range(len(lists), dtype=pl.Int64, eager=True).scatter(
        untidy, pl.int_range(len(lists), len(lists) + len(untidy), dtype=pl.Int64, eager=True)
    )
    return pl.concat([lists, tidy]).gather(found)
