"""Blocking keys as numbers: a 64-bit hash of what some columns of a profile say, the same for all who say the same.

Each column is hashed as a whole and the hashes are mixed: to put the parts together as one text for every profile takes three times as long
as all else that is done with a key. Different keys share a number as seldom as any 64-bit hash lets them: among a million keys of a rule, once
in thirty million resolutions; what follows is a pair that is looked at for nothing. The numbers hold within a process and are not kept.

What does not belong here: which columns a rule joins on, and what becomes of profiles that share a key (``blocking.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Protocol

import polars as pl

from cdp_assets.candidate_links.lists import Flat

KEYS = {"number": pl.Int64(), "key": pl.UInt64()}
"""Of each key the profile's ``number``, its row, and the ``key``."""

FACTOR = 0x9E3779B97F4A7C15
"""What a hash is multiplied by before the next one is added: odd, so that nothing of a part is lost."""


class Keys(Protocol):
    """What a rule joins on."""

    def columns(self) -> set[str]:
        """The columns that keys are made of."""
        ...

    def of(self, profiles: pl.DataFrame) -> pl.DataFrame:
        """Rows of :data:`KEYS`: the keys of each profile, each once."""
        ...


@dataclass(frozen=True, eq=False)
class EachOf:
    """Each value of a list ``column`` is a key; no list holds one twice, or a null."""

    column: str

    def columns(self) -> set[str]:
        return {self.column}

    def of(self, profiles: pl.DataFrame) -> pl.DataFrame:
        flat = Flat.of(profiles.get_column(self.column))
        return pl.DataFrame({"number": flat.rows(), "key": flat.values.hash()}, schema=KEYS)


class AnyOf:
    """Keys that are numbers (:func:`all_of`) or null; what two of them have in common is one key.

    Where the column ``needed`` says nothing, none of them does: only the other profiles are looked at.
    """

    def __init__(self, *numbers: pl.Expr, needed: str | None = None) -> None:
        self.numbers = numbers
        self.needed = needed

    def columns(self) -> set[str]:
        return names_in(self.numbers)

    def of(self, profiles: pl.DataFrame) -> pl.DataFrame:
        rows = pl.int_range(len(profiles), dtype=pl.Int64, eager=True).alias("number")
        if self.needed is not None:
            is_asked = profiles.get_column(self.needed).is_not_null()
            profiles, rows = profiles.select(self.columns()).filter(is_asked), rows.filter(is_asked)
        told = profiles.select(number.alias(str(at)) for at, number in enumerate(self.numbers))
        once = told.select(_unless(pl.col(name), told.columns[:at]) for at, name in enumerate(told.columns))
        return pl.concat([pl.DataFrame([rows, number.alias("key")]).drop_nulls("key") for number in once])


def all_of(*parts: str | pl.Expr) -> pl.Expr:
    """The number of what all these columns say, one after the other; null where one of them says nothing."""
    return _mixed(lambda number, further: number * pl.lit(FACTOR, dtype=pl.UInt64) + further, parts)


def in_either_order(one: str, other: str) -> pl.Expr:
    """The number of what two columns say, whichever says which; null where one of them says nothing."""
    return _mixed(add, (one, other))


def beginning(column: str, letters: int) -> pl.Expr:
    """The first so many letters of a column."""
    return pl.col(column).str.slice(0, letters)


def of_letters(column: str, at_least: int) -> pl.Expr:
    """A column where it holds so many letters or more."""
    return pl.when(pl.col(column).str.len_chars() >= at_least).then(pl.col(column))


def first_of(*columns: str) -> pl.Expr:
    """The first of these columns that says something."""
    return pl.coalesce(columns)


def names_in(expressions: Iterable[pl.Expr]) -> set[str]:
    """The columns that expressions read."""
    return {name for expression in expressions for name in expression.meta.root_names()}


def _mixed(mix: Callable[[pl.Expr, pl.Expr], pl.Expr], parts: Iterable[str | pl.Expr]) -> pl.Expr:
    told = [pl.col(part) if isinstance(part, str) else part for part in parts]
    number = reduce(mix, (part.hash() for part in told))
    return pl.when(pl.all_horizontal(part.is_not_null() for part in told)).then(number)


def _unless(number: pl.Expr, others: list[str]) -> pl.Expr:
    """A number, unless one of the ``others`` is the same."""
    if not others:
        return number
    return pl.when(pl.all_horizontal(number.ne_missing(pl.col(name)) for name in others)).then(number)
