"""An arithmetic hash of ids, so that a sample is the same on every machine, with every engine, whatever the order of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl


def mixed(values: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """Splitmix64."""
    with np.errstate(over="ignore"):
        x = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(x ^ (x >> np.uint64(31)), dtype=np.uint64)


def are_drawn(ids: pl.Series, at_most: int) -> npt.NDArray[np.bool_]:
    """Which of these ids are drawn: all, or of more about so many; whether one is depends on it alone."""
    if len(ids) <= at_most:
        return np.ones(len(ids), dtype=np.bool_)
    below = np.uint64(int(at_most / len(ids) * (2**64 - 1)))
    return np.asarray(mixed(ids.to_numpy()) < below)


def of_pairs(left: pl.Series, right: pl.Series) -> npt.NDArray[np.uint64]:
    """A hash of each pair of ids, as good as a random number that the pair keeps for ever."""
    return mixed(left.to_numpy() ^ mixed(right.to_numpy()).astype(np.int64))
