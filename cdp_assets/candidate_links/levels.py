"""The level of every comparison for given pairs: the values of both sides laid side by side, and the conditions evaluated on them.

Profiles are looked up by place, not joined: a join copies all values of all profiles twice before it looks at a pair. Each
comparison is evaluated by itself, on the pairs that have something to compare, which are few for most. Pairs go through in
portions, so that memory does not follow their number.

What does not belong here: the conditions (``comparisons.py``) and what a level weighs (``scoring.py``, ``weights.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.comparisons import MANY, NOTHING_TO_COMPARE, ONE, Comparison, columns_of
from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.lists import where

# Pairs laid side by side at a time: some 200 MB for the comparison with the most columns.
PORTION = 400_000

RARE = 0.9
"""A column is rare where so large a part of profiles lacks it: most pairs lack all such columns on both sides."""

Places = npt.NDArray[np.intp]


def levels(
    comparable: pl.DataFrame, pairs: pl.DataFrame, comparisons: list[Comparison], engine: LinkageEngine
) -> pl.DataFrame:
    """``id_l``, ``id_r`` and ``gamma_<comparison>`` (numbers of levels, as Splink counts them) of ``pairs``, in their order.

    ``comparable`` is sorted by ``unique_id``. Raises ``ValueError`` where it lacks a profile of a pair.
    """
    ids = comparable.get_column("unique_id").to_numpy()
    left, right = _places(ids, pairs.get_column("id_l")), _places(ids, pairs.get_column("id_r"))
    gammas = [_levels_of(comparison, comparable, left, right, engine) for comparison in comparisons]
    return pl.DataFrame([pairs.get_column("id_l"), pairs.get_column("id_r"), *gammas])


def _levels_of(
    comparison: Comparison, comparable: pl.DataFrame, left: Places, right: Places, engine: LinkageEngine
) -> pl.Series:
    """The numbers of the levels of one comparison; ``left`` and ``right`` are the places of the pairs' sides."""
    values = _with_parted_lists(comparable, columns_of([comparison]))
    rare = _rare(values)
    filled = np.zeros(len(values), dtype=np.bool_)
    for name in rare:
        filled |= values.get_column(name).is_not_null().to_numpy()
    has_rare = filled[left] | filled[right]
    compared = _to_compare(comparison, comparable, left, right)
    gammas = np.full(len(left), NOTHING_TO_COMPARE, dtype=np.int8)
    for some, absent in ((compared[~has_rare[compared]], rare), (compared[has_rare[compared]], [])):
        sql, given = _sql(comparison, values.select(absent).schema), values.drop(absent)
        for pairs in _portions(some):
            told = engine.query(sql, sides=_beside(given, left[pairs], right[pairs]))
            gammas[pairs[told.get_column("pair").to_numpy()]] = told.get_column("gamma").to_numpy()
    return pl.Series(f"gamma_{comparison.name}", gammas)


def _rare(values: pl.DataFrame) -> list[str]:
    """The columns that hardly anybody fills: lists of several values, names in other letters."""
    return [name for name in values.columns if values.get_column(name).null_count() >= RARE * len(values)]


def _sql(comparison: Comparison, absent: pl.Schema) -> str:
    """SELECT of ``pair`` and ``gamma`` over ``sides``, where nobody fills the columns ``absent``.

    They are constants then, and what conditions ask of them is answered once: one comparison of two texts is left of two lists.
    """
    sql_type = {name: "VARCHAR[]" if isinstance(kind, pl.List) else "VARCHAR" for name, kind in absent.items()}
    nulls = "".join(f", NULL::{sql_type[name]} AS {name}{end}" for name in absent for end in ("_l", "_r"))
    return f"SELECT pair, ({comparison.gamma_sql()})::TINYINT AS gamma FROM (SELECT *{nulls} FROM sides)"


def _to_compare(comparison: Comparison, comparable: pl.DataFrame, left: Places, right: Places) -> Places:
    """The numbers of the pairs whose sides both fill what the comparison compares nothing without."""
    if comparison.nothing_without is None:
        return np.arange(len(left))
    filled = comparable.get_column(comparison.nothing_without).is_not_null().to_numpy()
    return np.flatnonzero(filled[left] & filled[right])


def _portions(pairs: Places) -> Iterator[Places]:
    for start in range(0, len(pairs), PORTION):
        yield pairs[start : start + PORTION]


def _beside(values: pl.DataFrame, left: Places, right: Places) -> pl.DataFrame:
    """The columns of both sides with ``_l`` and ``_r``, and the number of the row as ``pair``."""
    sides = (values[places].select(pl.all().name.suffix(end)) for places, end in ((left, "_l"), (right, "_r")))
    return pl.concat([pl.DataFrame({"pair": np.arange(len(left))}), *sides], how="horizontal")


def beside_left(pairs: pl.DataFrame, columns: pl.DataFrame, comparable: pl.DataFrame) -> pl.DataFrame:
    """``pairs`` with ``columns`` of their left profiles; these are in the order of ``comparable``, which is sorted by ``unique_id``."""
    if not columns.width:
        return pairs
    places = _places(comparable.get_column("unique_id").to_numpy(), pairs.get_column("id_l"))
    return pl.concat([pairs, columns[places]], how="horizontal")


def _places(ids: npt.NDArray[np.int64], wanted: pl.Series) -> Places:
    sought = wanted.to_numpy()
    places = np.searchsorted(ids, sought)
    unknown = int(np.count_nonzero(ids.take(places, mode="clip") != sought)) if len(ids) else len(sought)
    if unknown:
        raise ValueError(
            f"{unknown} pairs are of profiles that were not given; give the profiles that pairs were made of"
        )
    return places


def _with_parted_lists(comparable: pl.DataFrame, wanted: list[str]) -> pl.DataFrame:
    """The columns that conditions read; of a list, the value where it is the only one, and the whole where there are several."""
    parted: dict[str, Callable[[pl.Series], pl.Series]] = {ONE: _only_value, MANY: _several_values}
    columns = []
    for name in wanted:
        part = next((prefix for prefix in parted if name.startswith(prefix)), None)
        if part is None:
            columns.append(comparable.get_column(name))
        else:
            columns.append(parted[part](comparable.get_column(name.removeprefix(part))).alias(name))
    return pl.DataFrame(columns).rechunk()  # or each look-up by place would search the chunks


def _only_value(lists: pl.Series) -> pl.Series:
    return where(lists.list.first(), lists.list.len() == 1)


def _several_values(lists: pl.Series) -> pl.Series:
    several = lists.list.len() > 1
    place = pl.select(pl.when(pl.lit(several)).then(pl.int_range(len(lists), dtype=pl.Int64))).to_series()
    return lists.gather(place)
