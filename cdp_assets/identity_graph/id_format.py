"""How a customer id is written: ``C``, twelve characters of Crockford's base 32, one check character.

Short, free of look-alike letters, safe in a URL and a file name, and a slip of the finger is noticed: the check character
makes the id a word of a one-symbol Reed-Solomon code over GF(32), in which one wrong character or two swapped ones never
give another valid id.

What does not belong here: which customer gets which id (``customer_ids.py``).
"""

from __future__ import annotations

from functools import cache, reduce
from itertools import product
from typing import NamedTuple

import numpy as np
import polars as pl

from cdp_assets.identity_graph.fingerprints import fingerprint, fingerprints

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford, https://www.crockford.com/base32.html
PREFIX = "C"
BODY_CHARACTERS = 12
LENGTH = len(PREFIX) + BODY_CHARACTERS + 1

_AT_ONCE = 3
"""Digits that are looked up together: a table of 32,768 rows takes the place of three."""
_BYTES_OF_A_NUMBER = 8
_BITS = 5
_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive: its root generates GF(32)
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


def mint(seed_record_id: str, attempt: int) -> str:
    """The customer id that a record stands for. ``attempt`` (from 0) asks for another one where that is taken."""
    return _written(fingerprint(_seed(seed_record_id, attempt)))


def mint_all(seeds: pl.Series, attempt: int) -> pl.Series:
    """:func:`mint` of every seed, in the same order."""
    numbers = fingerprints(pl.select(pl.lit(f"{attempt}:") + seeds).to_series())
    tables = _by_three_digits()
    threes = [numbers // 32**place % 32**_AT_ONCE for place in _places() if place % _AT_ONCE == 0]
    letters = [tables.letters.gather(three) for three in threes]
    checks = [check.gather(three) for check, three in zip(tables.checks, threes, strict=True)]
    last = pl.Series(list(ALPHABET)).gather(reduce(lambda one, other: one ^ other, checks))
    texts = [pl.lit(series) for series in (*letters, last)]
    return pl.select(pl.concat_str(pl.lit(PREFIX), *texts).alias("customer_id")).to_series()


class _Tables(NamedTuple):
    """What three digits at once are written as, and (by their place) what they add to the check character."""

    letters: pl.Series
    checks: list[pl.Series]


@cache
def _by_three_digits() -> _Tables:
    letters = pl.Series(["".join(three) for three in product(ALPHABET, repeat=_AT_ONCE)])
    products = {place: np.array(_products(place)) for place in _places()}
    digits = np.indices((32,) * _AT_ONCE).reshape(_AT_ONCE, -1)
    checks = []
    for first in range(BODY_CHARACTERS - 1, -1, -_AT_ONCE):
        one, two, three = (products[first - at][digits[at]] for at in range(_AT_ONCE))
        checks.append(pl.Series(one ^ two ^ three))
    return _Tables(letters, checks)


def in_order_of_ids(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` sorted by its ``customer_id``: as two numbers, which takes an eighth of the time that texts take.

    Letters of the alphabet are in the order of their bytes. The two numbers overlap: all ids begin alike, and end less than sixteen letters later.
    As a rule no two ids have the first one in common.
    """
    if not (frame.get_column("customer_id").str.len_bytes() == LENGTH).all():
        return frame.sort("customer_id")
    letters = pl.col("customer_id").cast(pl.Binary)
    starts, ends = (
        letters.bin.slice(at, _BYTES_OF_A_NUMBER).bin.reinterpret(dtype=pl.UInt64, endianness="big")
        for at in (len(PREFIX), LENGTH - _BYTES_OF_A_NUMBER)
    )
    number = frame.select(starts).to_series()
    order = number.arg_sort()
    if (number.gather(order).diff() == 0).any():
        return frame.sort(starts, ends)
    return frame.select(pl.all().gather(order))


def is_valid(customer_id: str) -> bool:
    """Whether this is how a customer id is written, check character included. It may still belong to nobody."""
    if len(customer_id) != LENGTH or not customer_id.startswith(PREFIX):
        return False
    digits = [ALPHABET.find(letter) for letter in customer_id[len(PREFIX) :]]
    return min(digits) >= 0 and _check(digits[:-1]) == digits[-1]


def as_written(typed: str) -> str | None:
    """A customer id as a person typed it (lower case, hyphens, O for 0, I or L for 1), corrected; None for anything else."""
    customer_id = typed.strip().upper().translate(_READ_AS)
    return customer_id if is_valid(customer_id) else None


def _seed(record_id: str, attempt: int) -> str:
    return f"{attempt}:{record_id}"


def _written(number: int) -> str:
    digits = [number // 32**place % 32 for place in _places()]
    return PREFIX + "".join(ALPHABET[digit] for digit in (*digits, _check(digits)))


def _places() -> range:
    """Places of the twelve digits, the most significant first."""
    return range(BODY_CHARACTERS - 1, -1, -1)


def _check(digits: list[int]) -> int:
    weighted = (_products(place)[digit] for place, digit in zip(_places(), digits, strict=True))
    return reduce(lambda one, other: one ^ other, weighted)


def _products(place: int) -> list[int]:
    """Every element of GF(32) times the generator to the power ``place + 1`` (the check character has power 0)."""
    return [_times_generator(digit, place + 1) for digit in range(32)]


def _times_generator(element: int, times: int) -> int:
    for _ in range(times):
        element <<= 1
        if element >> _BITS:
            element ^= _POLYNOMIAL
    return element
