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


def are_drawn(lots: npt.NDArray[np.uint64], share: float) -> npt.NDArray[np.bool_]:
    """Which of these hashes are among a ``share`` of all; every one where that is no less than all."""
    if share >= 1.0:
        return np.ones(len(lots), dtype=np.bool_)
    return np.asarray(lots < np.uint64(int(share * (2**64 - 1))))


def of_pairs(left: pl.Series, right: pl.Series) -> npt.NDArray[np.uint64]:
    """A hash of each pair of ids, as good as a random number that the pair keeps for ever."""
    return mixed(left.to_numpy() ^ mixed(right.to_numpy()).astype(np.int64))
