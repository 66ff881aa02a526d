"""From blocks to pairs of their members, each once.

Profiles are numbered by the order of their ids, so that a pair is one 64-bit number: a million pairs are sorted and told apart
in hundredths of a second.

What does not belong here: which profiles share a block (``blocking.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.uint64]
"""Pairs of numbers in order, each once: the lower number in the upper 32 bits."""

_HALF = np.uint64(32)
_LOWER = np.uint64(2**32 - 1)

NO_PAIRS = pl.DataFrame(schema={"id_l": pl.Int64, "id_r": pl.Int64, "rules": pl.Int64})


def pairs_of_blocks(blocks: pl.DataFrame) -> Pairs:
    """Every two profiles (``number``) that stand in one block (``key``)."""
    if blocks.is_empty():
        return np.empty(0, dtype=np.uint64)
    ordered = blocks.sort("key")
    numbers, key = ordered.get_column("number").to_numpy(), ordered.get_column("key").to_numpy()
    begins = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    ends = np.repeat(np.concatenate([begins[1:], [len(key)]]), np.diff(np.concatenate([begins, [len(key)]])))
    # Each member is paired with those that follow it in its block.
    at = np.arange(len(key))
    followers = ends - at - 1
    before = np.cumsum(followers) - followers
    left = np.repeat(at, followers)
    right = left + 1 + np.arange(len(left)) - np.repeat(before, followers)
    return distinct_pairs(numbers[left], numbers[right])


def distinct_pairs(one: Numbers, other: Numbers) -> Pairs:
    """The pairs that stand side by side in two columns, whichever way round."""
    return _distinct((np.minimum(one, other).astype(np.uint64) << _HALF) | np.maximum(one, other).astype(np.uint64))


def together(found: Sequence[tuple[int, Pairs]], ids: Numbers) -> pl.DataFrame:
    """Pairs by the bit of the rule that found them, as one row per pair (``id_l`` < ``id_r``, ``rules``), in order.

    ``ids`` are the profiles' ids in order: a number is a place among them.
    """
    if not found:
        return NO_PAIRS
    pairs = _distinct(np.concatenate([some for _, some in found]))
    rules = np.zeros(len(pairs), dtype=np.int64)
    for bit, some in found:
        rules[np.searchsorted(pairs, some)] |= 1 << bit
    return pl.DataFrame(
        {"id_l": ids[pairs >> _HALF], "id_r": ids[pairs & _LOWER], "rules": rules}, schema=NO_PAIRS.schema
    )


def _distinct(pairs: Pairs) -> Pairs:
    ordered = np.sort(pairs)
    is_new = np.ones(len(ordered), dtype=np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return np.asarray(ordered[is_new], dtype=np.uint64)
