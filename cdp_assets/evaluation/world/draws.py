"""Seeded draws: everything random in the world comes from here.

Each subject draws from a stream of its own, named after it, so that a change to one subject leaves the others as they
were. Streams come from numpy's ``SeedSequence``; no clock, no ``hash()`` and no global generator takes part, so the
same seed gives the same world on every machine.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def stream(seed: int, subject: str) -> np.random.Generator:
    """Return the random stream of ``subject`` in the world of ``seed``."""
    return np.random.default_rng([seed, zlib.crc32(subject.encode())])


def chances(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    """Return a rows x columns matrix of uniform chances in [0, 1).

    A row belongs to one record. Whoever writes the record again later (a snapshot, an update) passes the same row, so
    that its spelling mistakes and habits stay what they were.
    """
    return rng.random((rows, columns))


def falling_weights(count: int, exponent: float, shift: float = 2.0) -> Floats:
    """Return ``count`` weights that fall with rank and sum to 1: Zipf-Mandelbrot, 1 / (rank + shift) ** exponent."""
    weights = 1.0 / (np.arange(1, count + 1) + shift) ** exponent
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def pick(weights: Floats, chance: Floats) -> Ints:
    """Return for each chance the index that it falls on, index i having the share ``weights[i]``."""
    cumulated = np.cumsum(weights)
    found = np.searchsorted(cumulated / cumulated[-1], chance, side="right")
    return np.minimum(found, len(weights) - 1).astype(np.int64)


def pick_evenly(count: int, chance: Floats) -> Ints:
    """Return for each chance an index below ``count``, all equally likely."""
    return np.minimum((chance * count).astype(np.int64), count - 1)


def pick_rarely(count: int, chance: Floats) -> Ints:
    """Return an index below ``count`` with a long tail: low ones often, high ones rarely (as rare surnames are)."""
    return np.minimum((chance**1.8 * count).astype(np.int64), count - 1)


def gather(values: Sequence[str | None], index: Ints) -> pl.Series:
    """Return ``values[index]`` as a text series."""
    return pl.Series("", values, dtype=pl.String).gather(pl.Series(index))


def times_between(chance: Floats, start: Ints | int, end: Ints | int) -> Ints:
    """Return whole seconds between ``start`` and ``end`` (epoch seconds), evenly spread."""
    span = np.asarray(end, dtype=np.float64) - np.asarray(start, dtype=np.float64)
    return (np.asarray(start, dtype=np.float64) + chance * np.maximum(span, 0)).astype(np.int64)


def flags(condition: pl.Series) -> Flags:
    """Return a true/false series as an array; null is false."""
    return np.asarray(condition.fill_null(False).to_numpy(), dtype=np.bool_)


def assembled(parts: Sequence[tuple[Ints, pl.Series]]) -> pl.Series:
    """Return one text series from parts, each with the rows that it fills; together they fill every row once."""
    rows = np.concatenate([np.asarray(where, dtype=np.int64) for where, _ in parts])
    values = pl.concat([series.cast(pl.String).alias("") for _, series in parts])
    return values.gather(pl.Series(np.argsort(rows, kind="stable")))
