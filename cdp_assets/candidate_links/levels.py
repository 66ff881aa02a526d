"""The level of every comparison for given pairs: the values of both sides laid side by side, and the conditions evaluated on them.

Profiles are looked up by place, not joined: a join copies all values of all profiles twice before it looks at a pair. Each
comparison is evaluated by itself, on the pairs that have something to compare, which are few for most. Pairs go through in
portions, so that memory does not follow their number.

What does not belong here: the conditions (``comparisons.py``) and what a level weighs (``scoring.py``, ``weights.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.comparisons import MANY, NOTHING_TO_COMPARE, ONE, Comparison, columns_in, columns_of
from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.lists import where
from cdp_assets.candidate_links.lookup import ROW
from cdp_assets.candidate_links.ordered import rows_of_hashes

# Pairs laid side by side at a time: some 200 MB for the comparison with the most columns.
PORTION = 400_000

RARE = 0.9
"""A column is rare where so large a part of profiles lacks it: most pairs lack all such columns on both sides."""

FEW = 20_000
"""Fewer pairs are asked together, whatever they fill: to plan one more query costs as much as it would save them."""

Places = npt.NDArray[np.intp]


def levels(
    comparable: pl.DataFrame, pairs: pl.DataFrame, comparisons: list[Comparison], engine: LinkageEngine
) -> pl.DataFrame:
    """``id_l``, ``id_r``, ``at_l``, ``at_r`` (rows of ``comparable``) and ``gamma_<comparison>`` (numbers of levels, as Splink counts them) of
    ``pairs``, in their order.

    ``comparable`` is sorted by ``unique_id``. ``pairs`` have ``id_l`` and ``id_r``, and ``at_l`` and ``at_r`` where these are known already.
    Raises ``ValueError`` where a profile of a pair is lacking.
    """
    left, right = _places_of(comparable, pairs)
    have = _have_to_compare(comparable, comparisons)
    both = have[left] & have[right]
    gammas = [
        _levels_of(comparison, comparable, np.flatnonzero((both & 1 << at) != 0), left, right, engine)
        for at, comparison in enumerate(comparisons)
    ]
    places = (pl.Series(name, at, dtype=ROW) for name, at in (("at_l", left), ("at_r", right)))
    return pl.DataFrame([pairs.get_column("id_l"), pairs.get_column("id_r"), *places, *gammas])


def _have_to_compare(comparable: pl.DataFrame, comparisons: list[Comparison]) -> npt.NDArray[np.int32]:
    """A bit per comparison: whether a profile fills something that the comparison compares nothing without."""
    have = np.zeros(len(comparable), dtype=np.int32)
    for at, comparison in enumerate(comparisons):
        if comparison.nothing_without:
            have |= _filled(comparable, comparison.nothing_without).astype(np.int32) << at
        else:
            have |= 1 << at
    return have


def _levels_of(
    comparison: Comparison,
    comparable: pl.DataFrame,
    compared: Places,
    left: Places,
    right: Places,
    engine: LinkageEngine,
) -> pl.Series:
    """The numbers of the levels of one comparison; ``left`` and ``right`` are the places of the pairs' sides, ``compared`` the numbers of
    the pairs that both have something to compare."""
    gammas = np.full(len(left), NOTHING_TO_COMPARE, dtype=np.int8)
    if comparison.same_values:
        best = len(comparison.scored) - 1
        gammas[_same(comparable.select(comparison.same_values), left, right, compared)] = best
        compared = compared[gammas[compared] != best]
    values = _with_parted_lists(comparable, columns_of([comparison]))
    rare = _rare(values)
    some = [name for name in rare if values.get_column(name).null_count() < len(values)]
    parts = [(compared, rare)]
    if some:
        filled = _filled(values, some)
        has_rare = filled[left[compared]] | filled[right[compared]]
        if has_rare.any():
            parts = [(compared, [])] if len(compared) < FEW else [(compared[~has_rare], rare), (compared[has_rare], [])]
    glance = comparison.glance_sql()
    for pairs, absent in parts:
        sides = _Sides(values, absent, left, right, engine)
        doubtful = pairs if glance is None else sides.ask(glance, pairs, gammas)
        sides.ask(comparison.gamma_sql(), doubtful, gammas)
    return pl.Series(f"gamma_{comparison.name}", gammas)


def _rare(values: pl.DataFrame) -> list[str]:
    """The columns that hardly anybody fills: lists of several values, names in other letters."""
    return [name for name in values.columns if values.get_column(name).null_count() >= RARE * len(values)]


@dataclass(frozen=True)
class _Sides:
    """The ``values`` of pairs whose sides stand in the places ``left`` and ``right``; the columns ``absent`` are null on both."""

    values: pl.DataFrame
    absent: list[str]
    left: Places
    right: Places
    engine: LinkageEngine

    def ask(self, number: str, pairs: Places, gammas: npt.NDArray[np.int8]) -> Places:
        """Put the ``number`` (SQL) of each of these pairs among the ``gammas``; returns the pairs that have got none."""
        if not len(pairs):
            return pairs
        given = [name for name in columns_in(number) if name not in self.absent]
        sql, values, unanswered = self._sql(number), self.values.select(given), [pairs[:0]]
        if not given:  # all pairs have one answer
            gammas[pairs] = self.engine.query(sql, sides=pl.DataFrame({"pair": [0]})).get_column("gamma").item()
            return pairs[:0]
        for some in _portions(pairs):
            told = self.engine.query(sql, sides=_beside(values, self.left[some], self.right[some]))
            unknown = told.get_column("gamma").is_null()
            if unknown.any():
                unanswered.append(some[told.get_column("pair").filter(unknown).to_numpy()])
                told = told.filter(~unknown)
            gammas[some[told.get_column("pair").to_numpy()]] = told.get_column("gamma").to_numpy()
        return np.concatenate(unanswered)

    def _sql(self, number: str) -> str:
        """SELECT of ``pair`` and ``gamma`` over ``sides``, where nobody fills the columns ``absent``.

        They are constants then, and what conditions ask of them is answered once: one comparison of two texts is left of two lists.
        """
        kinds = self.values.select(self.absent).schema
        sql_type = {name: "VARCHAR[]" if isinstance(kind, pl.List) else "VARCHAR" for name, kind in kinds.items()}
        nulls = "".join(f", NULL::{sql_type[name]} AS {name}{end}" for name in self.absent for end in ("_l", "_r"))
        return f"SELECT pair, ({number})::TINYINT AS gamma FROM (SELECT *{nulls} FROM sides)"


def _filled(values: pl.DataFrame, columns: Collection[str]) -> npt.NDArray[np.bool_]:
    """Which profiles fill one of the ``columns``."""
    filled = np.zeros(len(values), dtype=np.bool_)
    for name in columns:
        filled |= values.get_column(name).is_not_null().to_numpy()
    return filled


MOSTLY_FILLED = 0.5
"""Of a column that more profiles fill the values of all pairs are compared: to leave out first where there is none costs as much."""


def _same(values: pl.DataFrame, left: Places, right: Places, pairs: Places) -> Places:
    """Those of these pairs that have one value on both sides, in each column: most that agree do so to the letter, and need no SQL to say so."""
    for name in values.columns:
        column = values.get_column(name).rechunk()
        if column.null_count() > (1 - MOSTLY_FILLED) * len(column):
            filled = column.is_not_null().to_numpy()
            pairs = pairs[filled[left[pairs]] & filled[right[pairs]]]
        same = [(column[left[some]] == column[right[some]]).fill_null(False).to_numpy() for some in _portions(pairs)]
        pairs = pairs[np.concatenate(same)] if same else pairs
    return pairs


def _portions(pairs: Places) -> Iterator[Places]:
    for start in range(0, len(pairs), PORTION):
        yield pairs[start : start + PORTION]


def _beside(values: pl.DataFrame, left: Places, right: Places) -> pl.DataFrame:
    """The columns of both sides with ``_l`` and ``_r``, and the number of the row as ``pair``."""
    sides = (values[places].select(pl.all().name.suffix(end)) for places, end in ((left, "_l"), (right, "_r")))
    return pl.concat([pl.DataFrame({"pair": np.arange(len(left))}), *sides], how="horizontal")


def beside_left(pairs: pl.DataFrame, columns: pl.DataFrame) -> pl.DataFrame:
    """``pairs`` of :func:`levels` with ``columns`` of their left profiles; these are in the order of the profiles' comparable columns."""
    return pl.concat([pairs, columns[pairs.get_column("at_l")]], how="horizontal") if columns.width else pairs


def asked_frequencies(
    pairs: pl.DataFrame, comparisons: list[Comparison], profiles: int
) -> dict[str, npt.NDArray[np.bool_]]:
    """By column, those of so many ``profiles`` on the left of a pair of :func:`levels` whose level a term frequency of that column adjusts."""
    places = pairs.get_column("at_l").to_numpy()
    asked: dict[str, npt.NDArray[np.bool_]] = {}
    for comparison in comparisons:
        numbers = pairs.get_column(f"gamma_{comparison.name}").to_numpy()
        for at, level in enumerate(reversed(comparison.scored)):
            if level.tf is not None:
                of = asked.setdefault(level.tf, np.zeros(profiles, dtype=np.bool_))
                of[places[numbers == at]] = True
    return asked


def _places_of(comparable: pl.DataFrame, pairs: pl.DataFrame) -> tuple[Places, Places]:
    """Where both profiles of each pair stand."""
    if "at_l" in pairs.columns:
        return pairs.get_column("at_l").to_numpy(), pairs.get_column("at_r").to_numpy()
    ids = comparable.get_column("unique_id").to_numpy()
    return _places(ids, pairs.get_column("id_l")), _places(ids, pairs.get_column("id_r"), rows_of_hashes)


def _places(
    ids: npt.NDArray[np.int64],
    wanted: pl.Series,
    search: Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], Places] = np.searchsorted,
) -> Places:
    """Where the ``wanted`` ids stand among the ``ids``. To search for those in order, as the left sides of pairs are, is quickest."""
    sought = wanted.to_numpy()
    places = search(ids, sought)
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
    return where(lists, lists.list.len() > 1)
