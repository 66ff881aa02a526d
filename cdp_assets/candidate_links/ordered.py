"""Frames in the order of a key, as the lake's tables are kept: what is in order is not sorted again.

Sorting a million texts costs more than most of what is done with them; seeing that they are sorted costs nearly nothing.
What does not belong here: orders that mean something else than "always alike".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.among import Many


def in_order(frame: pl.DataFrame, key: str, *further: str) -> pl.DataFrame:
    """``frame`` sorted by the column ``key``, and by ``further`` ones unless the first is in order: then so was the table."""
    return frame if frame.get_column(key).is_sorted() else frame.sort(key, *further)


def numbered(record_ids: pl.Series) -> pl.Series:
    """Numbers that tell records apart and order them as their ids do; record versions are sorted by them."""
    return record_ids.rle_id() if record_ids.is_sorted() else record_ids.rank("dense")


def each_once(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """One row (any of them) for each value of ``key``, in order."""
    return in_order(frame, key).filter(begins(key))


MOST_STEPS = 8
"""So far beyond the first row of its bucket is hardly any of a million hashes, where there are as many buckets as hashes."""


def rows_of_hashes(ids: npt.NDArray[np.int64], sought: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """``np.searchsorted(ids, sought)`` of ``ids`` that are hashes, ascending: a third of its time where the ``sought`` ones are not in order.

    Hashes are spread evenly: the upper bits of one tell its row but for a step or two. What is not found so is searched for, and so
    are few: counting how many ids begin with which bits goes through as many as there are ids.
    """
    if len(ids) < 2 or len(sought) < len(ids):
        return np.asarray(np.searchsorted(ids, sought))
    first, span = ids[0], int(ids[-1]) - int(ids[0])
    shift = max(span.bit_length() - len(ids).bit_length(), 0)
    begins_at = np.concatenate([[0], np.cumsum(np.bincount((ids - first) >> shift))[:-1]])
    rows: npt.NDArray[np.intp] = begins_at.take((sought - first) >> shift, mode="clip")
    before = np.flatnonzero(ids.take(rows, mode="clip") < sought)
    for _ in range(MOST_STEPS):
        rows[before] += 1
        before = before[ids.take(rows[before], mode="clip") < sought[before]]
    strays = np.flatnonzero(ids.take(rows, mode="clip") != sought)
    rows[strays] = np.searchsorted(ids, sought[strays])
    return rows


def first_rows(numbers: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """The first row of each number ``0 … count - 1``; ``len(numbers)`` where there is none."""
    first = np.full(count, len(numbers), dtype=np.int64)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]  # the last one that is put there stays
    return first


def replaced(
    frame: pl.DataFrame, stays: pl.Series, by: pl.DataFrame, key: str, then: str | None = None
) -> pl.DataFrame:
    """Those rows of ``frame`` that are marked in ``stays``, and the rows ``by``, in the order of ``key`` (and of ``then``, a number).

    Both frames are in that order. Done column by column, in memory that is used again: with a million rows most of the time goes into
    asking for more. Each column of the result is in one chunk.
    """
    at = _places(frame, stays, by, key, then)
    return pl.DataFrame([_laid_together(column, by.get_column(column.name), at) for column in frame.iter_columns()])


def _laid_together(column: pl.Series, by: pl.Series, at: pl.Series) -> pl.Series:
    """The rows ``at`` of two columns, the one after the other; of one that nobody fills there is nothing to be copied."""
    if column.null_count() == len(column) and by.null_count() == len(by):
        return column.clear().extend_constant(None, len(at))
    return pl.concat([column, by], rechunk=True).gather(at)


def _places(frame: pl.DataFrame, stays: pl.Series, by: pl.DataFrame, key: str, then: str | None) -> pl.Series:
    """The rows of :func:`replaced` as they follow each other: numbers among those of ``frame``, and after them those ``by``."""
    kept = np.flatnonzero(stays.to_numpy())
    keys, sought = frame.get_column(key), by.get_column(key)

    def kept_before(rows: pl.Series) -> npt.NDArray[np.int64]:
        return np.searchsorted(kept, rows.to_numpy())

    before = kept_before(keys.search_sorted(sought))
    if then is not None:
        numbers, numbers_by = frame.get_column(then).to_numpy()[kept], by.get_column(then).to_numpy()
        ends = kept_before(keys.search_sorted(sought, side="right"))
        waiting = np.arange(len(by))
        while len(waiting := waiting[before[waiting] < ends[waiting]]):
            waiting = waiting[numbers[before[waiting]] < numbers_by[waiting]]
            before[waiting] += 1
    return pl.Series(np.insert(kept, before, len(frame) + np.arange(len(by)))).cast(pl.get_index_type())


def rows_at(frame: pl.DataFrame, rows: npt.NDArray[np.int64]) -> pl.DataFrame:
    """These ``rows`` (in order) of a frame, in one chunk.

    Looked up in one chunk after the other: in several at once a row with a list takes fifty times as long, and to filter goes
    through all rows.
    """
    ends = np.cumsum(frame.to_series().chunk_lengths())
    cuts = [0, *np.searchsorted(rows, ends)]
    parts = [
        frame.slice(start, end - start)[rows[first:last] - start]
        for start, end, first, last in zip([0, *ends[:-1]], ends, cuts[:-1], cuts[1:], strict=True)
        if first < last
    ]
    return pl.concat(parts, rechunk=True) if parts else frame.clear()


def rows_with(frame: pl.DataFrame, column: str, some: pl.Series) -> pl.DataFrame:
    """The rows that have one of ``some`` values, few of all, in this column."""
    return rows_at(frame, Many(frame.get_column(column)).rows_of(some))


def begins(*names: str) -> pl.Expr:
    """Whether a row begins a run of neighbours that are alike in these columns, which are never null."""
    return pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in names).fill_null(True)
