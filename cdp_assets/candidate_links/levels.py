"""The level of every comparison for given pairs: the values of both sides laid side by side, and the conditions evaluated on them.

Profiles are looked up by place, not joined: a join copies all values of all profiles twice before it looks at a pair. Pairs go
through in portions, so that memory does not follow their number.

What does not belong here: the conditions (``comparisons.py``) and what a level weighs (``scoring.py``, ``weights.py``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.comparisons import MANY, ONE, Comparison, columns_of, gammas_sql
from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.lists import where

# Pairs laid side by side at a time: some 200 MB.
PORTION = 200_000


def levels(
    comparable: pl.DataFrame, pairs: pl.DataFrame, comparisons: list[Comparison], engine: LinkageEngine
) -> pl.DataFrame:
    """``id_l``, ``id_r`` and ``gamma_<comparison>`` (numbers of levels, as Splink counts them) of ``pairs``, in their order.

    ``comparable`` is sorted by ``unique_id``. Raises ``ValueError`` where it lacks a profile of a pair.
    """
    sides = _with_parted_lists(comparable, columns_of(comparisons))
    ids = comparable.get_column("unique_id").to_numpy()
    sql = gammas_sql(comparisons)
    found = []
    for portion in pairs.select(pl.int_range(pl.len()).alias("pair"), "id_l", "id_r").iter_slices(PORTION):
        found.append(engine.query(sql, sides=_beside(portion, sides, ids)))
    if not found:
        return pairs.select("id_l", "id_r", *(pl.lit(0, dtype=pl.Int8).alias(f"gamma_{c.name}") for c in comparisons))
    gammas = pl.concat(found).sort("pair").drop("pair")
    return pl.concat([pairs.select("id_l", "id_r"), gammas], how="horizontal")


def _beside(pairs: pl.DataFrame, sides: pl.DataFrame, ids: npt.NDArray[np.int64]) -> pl.DataFrame:
    """``pair`` and, with ``_l`` and ``_r``, the columns of both sides."""
    left, right = (
        sides[_places(ids, pairs.get_column(f"id{side}"))].select(pl.all().name.suffix(side)) for side in ("_l", "_r")
    )
    return pl.concat([pairs.select("pair"), left, right], how="horizontal")


def beside_left(pairs: pl.DataFrame, columns: pl.DataFrame, comparable: pl.DataFrame) -> pl.DataFrame:
    """``pairs`` with ``columns`` of their left profiles; these are in the order of ``comparable``, which is sorted by ``unique_id``."""
    if not columns.width:
        return pairs
    places = _places(comparable.get_column("unique_id").to_numpy(), pairs.get_column("id_l"))
    return pl.concat([pairs, columns[places]], how="horizontal")


def _places(ids: npt.NDArray[np.int64], wanted: pl.Series) -> npt.NDArray[np.intp]:
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
