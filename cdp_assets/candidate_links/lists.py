"""Lists of a profile's values (distinct, sorted, without nulls) and columns of texts, handled whole.

Nearly all lists hold one value at most and are tidy as they are: only the others are touched, which takes a tenth of the time.
What is made of each value is computed on the flat values of all lists (:class:`Flat`) or on the distinct texts of a column
(:class:`Distinct`), either of which serves all that is made of it. What does not belong here: which values a profile has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from cdp_assets.candidate_links.ordered import begins


@dataclass(frozen=True)
class _Exported:
    """An array of pyarrow's as any other that is told in Arrow's C interface.

    Polars would take pyarrow's own through pyarrow.compute, which makes some three hundred functions when it is first imported.
    """

    array: pa.Array

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        return self.array.__arrow_c_array__(requested_schema)


def from_arrow(array: pa.Array) -> pl.Series:
    """The values of an Arrow array, which are not copied; the column has no name."""
    return pl.Series(_Exported(array))


@dataclass(frozen=True)
class Flat:
    """The values of a column of lists side by side: those of list ``i`` are ``values[bounds[i]:bounds[i + 1]]``."""

    values: pl.Series
    bounds: npt.NDArray[np.int64]

    @classmethod
    def of(cls, lists: pl.Series) -> Flat:
        """The values of ``lists``; a null has none.

        Arrow holds them side by side already: but for several chunks, nothing is copied.
        """
        parts = [_held(chunk) for chunk in lists.get_chunks()]
        values = pl.concat([values for values, _ in parts], rechunk=True).alias(lists.name)
        bounds = parts[0][1] if len(parts) == 1 else _bounds(np.concatenate([np.diff(some) for _, some in parts]))
        flat = cls(values, bounds)
        if not lists.null_count():
            return flat
        is_null = lists.is_null().to_numpy()
        if not np.any(is_null & (flat.lengths > 0)):  # Arrow lets a null hide values
            return flat
        return flat.only(pl.Series(np.repeat(~is_null, flat.lengths)))

    @classmethod
    def of_lengths(cls, values: pl.Series, lengths: npt.NDArray[Any]) -> Flat:
        """``values`` that stand side by side already, so many of each list."""
        return cls(values, _bounds(lengths))

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """How many values each list has."""
        return np.diff(self.bounds)

    def rows(self) -> npt.NDArray[np.int64]:
        """The row of the list that each value stands in."""
        lengths = self.lengths
        filled = np.flatnonzero(lengths)  # many lists are empty
        return np.repeat(filled, lengths[filled])

    def rows_of(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The rows of the lists that some of the values stand in, by their ``places``."""
        return np.searchsorted(self.bounds[1:], places, side="right")

    def only(self, kept: pl.Series) -> Flat:
        """Without the values that are not marked in ``kept``."""
        kept = kept.fill_null(False)
        return self if kept.all() else Flat(self.values.filter(kept), _bounds(kept.to_numpy())[self.bounds])

    def further(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Of each value that is not the first of its list: the row of the list, and the place of the value."""
        several = np.flatnonzero(self.lengths > 1)
        others = self.lengths[several] - 1
        return np.repeat(several, others), _places(self.bounds[several] + 1, others)

    def and_those_of(self, other: Flat) -> Flat:
        """Each list's values, and then those of the ``other``'s list of that row."""
        rows = np.concatenate([self.rows(), other.rows()])
        order = np.argsort(rows, kind="stable")  # which merges what is in order already
        return Flat(pl.concat([self.values, other.values], rechunk=True).gather(order), self.bounds + other.bounds)

    def tidy(self) -> Flat:
        """Each list's values once, in order, without nulls; most are tidy already, and only lists of several values are looked at."""
        flat = self.only(self.values.is_not_null())
        lengths = flat.lengths
        several = np.flatnonzero(lengths > 1)
        at = _places(flat.bounds[several], lengths[several])
        some = pl.DataFrame({"list": np.repeat(several, lengths[several]), "value": flat.values.gather(at), "at": at})
        if some.select((begins("list") | (pl.col("value") > pl.col("value").shift())).all()).item():
            return flat
        some = some.sort("list", "value").filter(begins("list", "value"))
        single = np.flatnonzero(lengths == 1)
        lengths[several] = some.get_column("list").rle().struct.field("len").to_numpy()
        bounds = _bounds(lengths)
        order = np.empty(bounds[-1], dtype=np.int64)
        order[bounds[single]] = flat.bounds[single]
        order[_places(bounds[several], lengths[several])] = some.get_column("at").to_numpy()
        return Flat(flat.values.gather(order), bounds)

    def lists(self) -> pl.Series:
        """The values as lists again, none of them null."""
        values = self.values
        if values.is_empty():  # Arrow refuses nothing where it is a part of a column, and not its beginning
            values = pl.Series(values.name, [], dtype=values.dtype)
        texts = values.to_arrow(compat_level=pl.CompatLevel.newest())  # as Polars holds them: nothing is copied
        return from_arrow(pa.LargeListArray.from_arrays(pa.array(self.bounds), texts)).alias(self.values.name)

    def lists_of(self, derived: pl.Series) -> pl.Series:
        """Tidy lists of what has been made of each value.

        Null stands for an empty list, so that "nothing to compare" is one condition for every field.
        """
        flat = Flat(derived, self.bounds).tidy()
        return where(flat.lists(), pl.Series(flat.lengths > 0)).alias(self.values.name)


def _held(lists: pl.Series) -> tuple[pl.Series, npt.NDArray[np.int64]]:
    """The values of lists in one chunk and their bounds, as Arrow has them."""
    held = lists.to_arrow(compat_level=pl.CompatLevel.newest())
    bounds = np.frombuffer(held.buffers()[1], dtype=np.int64)[held.offset : held.offset + len(held) + 1]
    first, last = int(bounds[0]), int(bounds[-1])
    return from_arrow(held.values).slice(first, last - first), bounds - first if first else bounds


def _bounds(lengths: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    bounds = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=bounds[1:])
    return bounds


def _places(starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """``start, start + 1, …`` of each list, one list after the other."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())


@dataclass(frozen=True)
class Distinct:
    """The distinct texts of a column, and which of them each row has: a place among ``texts``, null of a null."""

    column: pl.Series
    texts: pl.Series
    places: pl.Series

    @classmethod
    def of(cls, column: pl.Series) -> Distinct:
        """Arrow numbers distinct texts in one pass, in half the time that Polars takes to find them and to look them up."""
        held = column.drop_nulls().to_arrow(compat_level=pl.CompatLevel.oldest()).dictionary_encode()
        texts, places = (from_arrow(part) for part in (held.dictionary, held.indices))
        if column.null_count():
            places = pl.repeat(None, len(column), dtype=places.dtype, eager=True).scatter(
                column.is_not_null().arg_true(), places
            )
        return cls(column, texts, places)

    def each(self, derive: Callable[[pl.Series], pl.Series]) -> pl.Series:
        """What ``derive`` makes of each text of the column, computed once per distinct text; null of a null."""
        return derive(self.texts).gather(self.places).alias(self.column.name)


def once(values: pl.Series, derive: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """:meth:`Distinct.each` of a column of which nothing else is derived."""
    return Distinct.of(values).each(derive)


def where(values: pl.Series, holds: pl.Series) -> pl.Series:
    """The values for which ``holds`` says so, null for the others."""
    return values.to_frame("value").select(pl.when(pl.lit(holds)).then(pl.col("value"))).to_series()


def joined(lists: pl.Series, separator: str) -> pl.Series:
    """Lists of text, none of them null, as one text each, to be read: ``n_unique`` may count scattered texts twice (Polars 2)."""
    flat = Flat.of(lists)
    several = np.flatnonzero(flat.lengths > 1)
    texts = pl.concat([flat.values, pl.Series([""])], rechunk=True)  # the last one for all that are empty
    firsts = texts.gather(np.where(flat.lengths > 0, flat.bounds[:-1], len(flat.values)))
    return firsts.scatter(several, lists.gather(several).list.join(separator)) if len(several) else firsts


def side_by_side(column: pl.Series) -> pl.Series:
    """Texts, or lists of texts (none of them null), whose letters stand in memory in the order of the rows.

    Of rows that were taken here and there, each text longer than twelve bytes lies where it lay: whatever then reads a million of them in
    their order waits for memory at each. To copy them once takes less than one such reading.
    """
    if isinstance(column.dtype, pl.List):
        flat = Flat.of(column)
        bounds = flat.bounds.copy()  # or they would keep the texts that lie here and there
        return Flat(side_by_side(flat.values), bounds).lists()
    return from_arrow(column.to_arrow(compat_level=pl.CompatLevel.oldest())).alias(column.name)
