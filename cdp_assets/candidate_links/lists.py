"""Lists of a profile's values: distinct, sorted, without nulls.

Nearly all lists hold one value at most and are tidy as they are: only the others are touched, which takes a tenth of the time.
What is made of each value is computed on the flat column of all lists' values, or of the distinct ones. What does not belong
here: which values a profile has.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from cdp_assets.tables import TEXTS


def tidied(values: pl.Expr) -> pl.Expr:
    """Lists of text with each value once, in order; null is an empty list."""
    filled = values.fill_null(pl.lit([], dtype=TEXTS))
    return filled.map_batches(_tidied, return_dtype=TEXTS, is_elementwise=True)


def of_each(lists: pl.Series, derive: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Lists of what ``derive`` makes of each value of ``lists``, each result once, in order, without nulls.

    Null stands for an empty list, so that "nothing to compare" is one condition for every field.
    """
    rows = np.repeat(np.arange(len(lists)), lists.list.len().fill_null(0).to_numpy())
    values = derive(lists.list.explode(empty_as_null=False, keep_nulls=False))
    kept = values.is_not_null()
    rows, values = _in_order(rows[kept.to_numpy()], values.filter(kept))
    lengths = np.bincount(rows, minlength=len(lists))
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    texts = values.to_arrow(compat_level=pl.CompatLevel.newest())  # as Polars holds them: nothing is copied
    found = pa.LargeListArray.from_arrays(pa.array(ends), texts, mask=pa.array(lengths == 0))
    return pl.Series(lists.name, pl.from_arrow(found))


def _in_order(rows: npt.NDArray[np.int64], values: pl.Series) -> tuple[npt.NDArray[np.int64], pl.Series]:
    """The flat ``values`` of lists, ``rows`` saying whose: those of a list once each and in order, which most are already."""
    follows = np.concatenate([[False], rows[1:] == rows[:-1]])
    if not (pl.Series(follows) & (values <= values.shift(1))).any():
        return rows, values
    several = follows | np.concatenate([follows[1:], [False]])
    tidy = pl.DataFrame({"row": rows[several], "value": values.filter(pl.Series(several))}).unique()
    tidy = tidy.sort("row", "value")
    all_rows = np.concatenate([rows[~several], tidy.get_column("row").to_numpy()])
    order = np.argsort(all_rows, kind="stable")
    return all_rows[order], pl.concat([values.filter(pl.Series(~several)), tidy.get_column("value")]).gather(order)


def as_given(values: pl.Series) -> pl.Series:
    """For :func:`of_each`: the values as they are."""
    return values


def once(values: pl.Series, derive: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """What ``derive`` makes of each text, computed once per distinct text; null of a null."""
    distinct = values.drop_nulls().unique()
    derived = distinct.to_frame("text").select(derive(pl.col("text"))).to_series()
    return derived.gather(values.cast(pl.Enum(distinct)).to_physical()).alias(values.name)


def where(values: pl.Series, holds: pl.Series) -> pl.Series:
    """The values for which ``holds`` says so, null for the others."""
    return values.to_frame("value").select(pl.when(pl.lit(holds)).then(pl.col("value"))).to_series()


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
