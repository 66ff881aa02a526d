"""What one frame has and another has not. What does not belong here: what follows from it (``reprofiling.py``, ``reclustering.py``).

Rows are told apart by a 64-bit hash of all their columns, as profiles are by one of their values: hashing a million rows and looking them
up takes a third of the time that joining two frames on their texts does. Nor are most of them looked up: tables keep their order, so what
has not changed stands as far behind some landmark, a row that both frames have, as it stood before. Two rows of one frame with one hash
do not pass unnoticed: then the rows are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.among import Hashes, Places, Rows, are_in, rows_of_hashes_among
from cdp_assets.candidate_links.keys import FACTOR
from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.candidate_links.ordered import rows_at

_LANDMARKS_BELOW = np.uint64(2**60)
"""One row in sixteen is a landmark: by its hash, so that both frames have the same ones."""


def come_or_gone(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Rows that one of two frames has and the other has not, whatever their order; each frame has a row once.

    It takes the least time where most rows stand in the same order in both.
    """
    return pl.concat(come_and_gone(before, now))


def come_and_gone(before: pl.DataFrame, now: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """:func:`come_or_gone`, apart: the rows that only ``now`` has, and those that only ``before`` had."""
    before = before.select(now.columns)
    there, here = before.hash_rows().to_numpy(), now.hash_rows().to_numpy()
    come = _alone(here, there)
    if len(now) - len(come) == len(before):
        return rows_at(now, come), before.clear()  # all that was is still there
    gone = _alone(there, here)
    if len(now) - len(come) == len(before) - len(gone):
        return rows_at(now, come), rows_at(before, gone)
    only_now = now.join(before, on=now.columns, how="anti", nulls_equal=True)
    return only_now, before.join(now, on=now.columns, how="anti", nulls_equal=True)


def keys_of_others(before: pl.DataFrame, now: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The ``keys`` (whole numbers, which tell the rows of a frame apart) of the rows of :func:`come_or_gone`, each once or more.

    By its keys alone a row is found again, and what else it says is compared where it stands: half of the work of hashing all of it.
    """
    there, here = (_numbers_of(frame.select(keys)) for frame in (before, now))
    if not len(there):
        return now.select(keys)
    places, rows = _places_in_order(here, there)
    np.clip(places, 0, len(there) - 1, out=places)
    places[rows] = _places_anywhere(here[rows], there)
    is_other, is_left = places < 0, np.ones(len(before) + 1, dtype=np.bool_)
    is_left[places] = False  # the last one is nobody's
    for column in now.select(pl.exclude(keys)):
        was, said = _comparable(before.get_column(column.name), column)
        is_other |= was.take(places, mode="clip") != said
    others = ((now, is_other), (before, is_left[:-1]))
    return pl.concat([frame.select(keys).filter(pl.Series(marked)) for frame, marked in others])


def _numbers_of(keys: pl.DataFrame) -> Hashes:
    """A number of all keys of each row, as evenly spread as a hash."""
    numbers = np.zeros(len(keys), dtype=np.uint64)
    for key in keys:
        numbers += key.to_numpy().view(np.uint64)
        numbers *= np.uint64(FACTOR)
    return numbers


def _comparable(*columns: pl.Series) -> list[npt.NDArray[Any]]:
    """Numbers as they are, and hashes of all else, so that equal values are equal."""
    are_numbers = all(column.dtype.is_numeric() and not column.null_count() for column in columns)
    return [(column if are_numbers else column.hash()).to_numpy() for column in columns]


def _places_anywhere(asked: Hashes, others: Hashes) -> Places:
    """Where among the others each of a few stands, in whatever order; -1 where it does not."""
    held = rows_of_hashes_among(others, asked)
    if not len(held):
        return np.full(len(asked), -1)
    held = held[np.argsort(others[held])]
    places = held.take(np.searchsorted(others[held], asked), mode="clip")
    return np.where(others[places] == asked, places, -1)


def _alone(these: Hashes, others: Hashes) -> Rows:
    """The rows of which the others have none like it."""
    if not len(others):
        return np.arange(len(these))
    _, rows = _places_in_order(these, others)
    asked = these[rows]
    found = others[rows_of_hashes_among(others, asked)]
    return rows[~are_in(pl.Series(asked), pl.Series(found))]


def _places_in_order(these: Hashes, others: Hashes) -> tuple[Places, Rows]:
    """Where each row stands among the others if it stands as it did to a landmark, and the rows that do not stand there."""
    begins, begins_there = _landmarks(these, others)
    behind = begins_there - begins
    places = np.arange(len(these)) + np.repeat(behind[:-1], np.diff(begins))
    rows: Rows = np.flatnonzero(others.take(places, mode="clip") != these)
    # What stands behind something that has come or gone stands as far before the next landmark as it did.
    places[rows] = rows + behind[np.searchsorted(begins, rows, side="right")]
    return places, rows[others.take(places[rows], mode="clip") != these[rows]]


def _landmarks(these: Hashes, others: Hashes) -> tuple[Rows, Rows]:
    """Where the landmarks stand here and among the others, in the order of here, between the beginning and the end of both."""
    landmarks, landmarks_there = (np.flatnonzero(hashes < _LANDMARKS_BELOW) for hashes in (these, others))
    found = rows_of(pl.Series(these[landmarks]), pl.Series(others[landmarks_there]))
    is_found = found.is_not_null()
    here, there = landmarks[is_found.to_numpy()], landmarks_there[found.filter(is_found).to_numpy()]
    return np.concatenate([[0], here, [len(these)]]), np.concatenate([[0], there, [len(others)]])
