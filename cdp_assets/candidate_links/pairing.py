"""From blocks to pairs of their members, each once.

Profiles are numbered by the order of their ids, so that a pair is one 64-bit number: a million pairs are sorted and told apart
in hundredths of a second. By Polars and in one thread: NumPy takes three times as long, and several threads half as much again.

What does not belong here: which profiles share a block (``blocking.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.uint64]
"""Pairs of numbers: the lower one in the upper bits, then the higher one, and room for the bit of a rule below."""

_BITS_OF_RULE = np.uint64(6)  # the 64 bits of ``rules``
_BITS_OF_NUMBER = np.uint64(29)  # half a billion profiles
_RULE = np.uint64(2**6 - 1)
_NUMBER = np.uint64(2**29 - 1)

NO_PAIRS = pl.DataFrame(schema={"id_l": pl.Int64, "id_r": pl.Int64, "rules": pl.Int64})


def pairs_of_blocks(blocks: pl.DataFrame) -> Pairs:
    """Every two profiles (``number``) that stand in one block (``key``), once, in order; the members of a block stand side by side."""
    numbers = blocks.get_column("number").to_numpy()
    lengths = lengths_of_runs(blocks.get_column("key").to_numpy())
    # Each member is paired with those that follow it in its block.
    at = np.arange(len(numbers))
    followers = np.repeat(np.cumsum(lengths), lengths) - at - 1
    before = np.cumsum(followers) - followers
    left = np.repeat(at, followers)
    right = left + 1 + np.arange(len(left)) - np.repeat(before, followers)
    return distinct_pairs(numbers[left], numbers[right])


def lengths_of_runs(keys: npt.NDArray[Any]) -> Numbers:
    """How many equal keys stand side by side, run by run."""
    return np.diff(_begins(keys), append=len(keys))


def distinct_pairs(one: Numbers, other: Numbers) -> Pairs:
    """The pairs that stand side by side in two columns, whichever way round, each once and in order."""
    low, high = np.minimum(one, other).astype(np.uint64), np.maximum(one, other).astype(np.uint64)
    pairs = pl.Series(((low << _BITS_OF_NUMBER) | high) << _BITS_OF_RULE).sort(multithreaded=False).to_numpy()
    return pairs[_begins(pairs)]


def together(found: Sequence[tuple[int, Pairs]], ids: Numbers, with_places: bool = False) -> pl.DataFrame:
    """Pairs by the bit of the rule that found them, as one row per pair (``id_l`` < ``id_r``, ``rules``), in order; ``with_places`` also the
    numbers of both (``at_l``, ``at_r``).

    ``ids`` are the profiles' ids in order: a number is a place among them. Raises ``ValueError`` where they are more than a pair has room for.
    """
    if len(ids) > int(_NUMBER):
        raise ValueError(
            f"{len(ids):,} linkage profiles: pairs are made of {int(_NUMBER):,} at most; resolve parts of the data"
        )
    if not any(len(some) for _, some in found):
        return NO_PAIRS.with_columns(at_l="id_l", at_r="id_r") if with_places else NO_PAIRS
    told = np.concatenate([some | np.uint64(bit) for bit, some in found])
    told.sort(kind="stable")  # which merges what is in order already, the pairs of each rule
    rules, pairs = np.int64(1) << (told & _RULE).astype(np.int64), told >> _BITS_OF_RULE
    begins = _begins(pairs)
    once = pairs[begins]
    left, right = (once >> _BITS_OF_NUMBER).view(np.int64), (once & _NUMBER).view(np.int64)
    by_pair = {"id_l": ids[left], "id_r": ids[right], "rules": np.bitwise_or.reduceat(rules, begins)}
    places = {"at_l": left, "at_r": right} if with_places else {}
    return pl.DataFrame({**by_pair, **places})


def _begins(values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Where each run of equal values begins."""
    return np.flatnonzero(np.concatenate([np.ones(min(len(values), 1), dtype=np.bool_), values[1:] != values[:-1]]))
