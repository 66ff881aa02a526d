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


def joined_with(separator: str, values: pl.Expr) -> pl.Expr:
    """Lists of text, none of them null, as one text each."""
    return values.map_batches(lambda lists: _joined(lists, separator), return_dtype=pl.String, is_elementwise=True)


def _tidied(lists: pl.Series) -> pl.Series:
    """The lists with the untidy ones replaced: those of several values, and those of a null alone."""
    length = lists.list.len()
    untidy = ((length > 1) | ((length == 1) & lists.list.first().is_null())).arg_true()
    if untidy.is_empty():
        return lists
    return _replaced(lists, untidy, lists.gather(untidy).list.drop_nulls().list.unique().list.sort())


def _joined(lists: pl.Series, separator: str) -> pl.Series:
    several = (lists.list.len() > 1).arg_true()
    return _replaced(lists.list.first().fill_null(""), several, lists.gather(several).list.join(separator))


def _replaced(values: pl.Series, at: pl.Series, by: pl.Series) -> pl.Series:
    """``values`` with those at some places replaced: not by ``scatter``, which leaves texts that ``n_unique`` counts twice (Polars 2)."""
    places = pl.int_range(len(values), dtype=pl.Int64, eager=True).scatter(
        at, pl.int_range(len(values), len(values) + len(at), dtype=pl.Int64, eager=True)
    )
    # Of lists in several chunks each gathered row is looked for: fifty times as slow.
    return pl.concat([values, by], rechunk=True).gather(places)
