"""Which profiles a change can reach: those that may share a blocking key with some others, found without making the keys of all.

A key is a text that DuckDB puts together; for a million profiles that takes longer than all that follows from ten thousand new ones. What
profiles with a key in common have in common beside it is told here by numbers made of whole columns: equal keys, equal numbers. The reverse
need not hold: profiles that are found for nothing are sorted out where their keys are made (``increments.py``).

What does not belong here: keys and blocks (``blocking.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.blocking import BlockingRule
from cdp_assets.candidate_links.comparable import comparable

Hashes = npt.NDArray[np.uint64]
"""A number per profile, or per value of a list: the same for equal values, :data:`_NONE` where there is none."""

_NONE = np.uint64(0)
_SOME = np.uint64(1)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that none of the parts is lost
_NAMES = ("first_name", "first_name_root", "last_name")
_TAIL_DIGITS = 7


class Reach:
    """Profiles, and those columns of theirs that have been asked for, each made into numbers once."""

    def __init__(self, profiles: pl.DataFrame) -> None:
        self.profiles = profiles
        self._values: dict[str, pl.Series] = {}
        self._ends: dict[str, npt.NDArray[np.int64]] = {}
        self._hashes: dict[str, Hashes] = {}

    def sharing_a_key(self, others: pl.DataFrame, rules: Iterable[BlockingRule]) -> npt.NDArray[np.bool_]:
        """Whether each profile may share a key of one of the ``rules`` with one of the ``others`` (profiles, of this data or not)."""
        found, asked = np.zeros(len(self.profiles), dtype=np.bool_), Reach(others)
        for rule in rules:
            if rule.name not in _IN_COMMON:
                return np.ones(len(self.profiles), dtype=np.bool_)
            wanted = np.concatenate([trait(asked) for _, trait in _IN_COMMON[rule.name]])
            for column, trait in _IN_COMMON[rule.name]:
                found[self._rows(column, trait(self), wanted)] = True
        return found

    def carrying(self, column: str, values: pl.Series) -> npt.NDArray[np.int64]:
        """Rows of the profiles that carry one of these ``values`` in a list column, in order; a stray one may be among them."""
        return np.unique(self._rows(column, self.each_of(column), _numbers(values)))

    def values(self, column: str) -> pl.Series:
        """The values of a list column, side by side."""
        if column not in self._values:
            self._values[column] = self.profiles.get_column(column).list.explode(empty_as_null=False, keep_nulls=False)
        return self._values[column]

    def rows_of_values(self, column: str) -> pl.Series:
        """The row that each value of a list column stands in."""
        lengths = np.diff(self._ends_of(column), prepend=0)
        return pl.Series(np.repeat(np.arange(len(lengths)), lengths))

    def _rows(self, column: str, numbers: Hashes, wanted: Hashes) -> npt.NDArray[np.int64]:
        """Rows that hold a wanted number: one per profile, or one per value of a list ``column``."""
        asked = pl.Series(wanted[wanted != _NONE]).unique()
        places = pl.Series(numbers).is_in(asked.implode()).arg_true().to_numpy().astype(np.int64)
        return np.searchsorted(self._ends_of(column), places, side="right") if column else places

    def _ends_of(self, column: str) -> npt.NDArray[np.int64]:
        """Where each row's values end among those of a list column."""
        if column not in self._ends:
            lengths = self.profiles.get_column(column).list.len().fill_null(0)
            self._ends[column] = np.cumsum(lengths.to_numpy(), dtype=np.int64)
        return self._ends[column]

    def _made(self, name: str, make: Callable[[], pl.Series]) -> Hashes:
        if name not in self._hashes:
            self._hashes[name] = _numbers(make())
        return self._hashes[name]

    def of(self, column: str) -> Hashes:
        """Numbers of a column of text."""
        return self._made(column, lambda: self.profiles.get_column(column))

    def of_birth(self) -> Hashes:
        """Numbers of dates of birth as they are compared."""
        return self._made("dob", lambda: comparable(self.profiles, only=["dob"]).get_column("dob"))

    def each_of(self, column: str) -> Hashes:
        """Numbers of the values of a list column."""
        return self._made(column, lambda: self.values(column))

    def local_parts(self) -> Hashes:
        """Numbers of what stands before the @ of each e-mail address."""
        return self._made("local parts", lambda: _before_at(self.values("emails")))

    def phone_tails(self) -> Hashes:
        """Numbers of the last digits of each phone."""
        return self._made("phone tails", lambda: self.values("phones").str.slice(-_TAIL_DIGITS))


def _numbers(values: pl.Series) -> Hashes:
    hashes = values.hash().to_numpy() | _SOME
    return np.where(values.is_null().to_numpy(), _NONE, hashes) if values.null_count() else hashes


def _together(*parts: Hashes) -> Hashes:
    """A number for all of the parts; none where one of them is missing."""
    total, there = parts[0], parts[0] != _NONE
    for part in parts[1:]:
        total, there = total * _FACTOR + part, there & (part != _NONE)
    return np.where(there, total | _SOME, _NONE)


def _before_at(emails: pl.Series) -> pl.Series:
    text = pl.col("email")
    return emails.to_frame("email").select(text.str.slice(0, text.str.find("@", literal=True))).to_series()


Trait = Callable[[Reach], Hashes]


def _all_of(*columns: str) -> tuple[str, Trait]:
    return "", lambda reach: _together(*(reach.of(column) for column in columns))


def _each_of(column: str) -> tuple[str, Trait]:
    return column, lambda reach: reach.each_of(column)


def _any_name_and(column: str) -> Sequence[tuple[str, Trait]]:
    return [_all_of(name, column) for name in _NAMES]


def _name_and_birth(name: str) -> tuple[str, Trait]:
    return "", lambda reach: _together(reach.of(name), reach.of_birth())


def _pair_of_names(reach: Reach) -> Hashes:
    """Of both names, in either order."""
    root = reach.of("first_name_root")
    first, last = np.where(root == _NONE, reach.of("first_name"), root), reach.of("last_name")
    return np.where((first == _NONE) | (last == _NONE), _NONE, (first + last) | _SOME)


_IN_COMMON: Mapping[str, Sequence[tuple[str, Trait]]] = {
    "SAME_IDENTIFIER": [_each_of("identifiers")],
    "SAME_EMAIL": [_each_of("emails")],
    "SAME_PROBABLE_EMAIL": [_each_of("emails"), _each_of("probable_emails")],
    "SAME_PHONE": [_each_of("phones")],
    "SAME_NAMES_AND_BIRTH_DATE": [("", lambda reach: _together(_pair_of_names(reach), reach.of_birth()))],
    "ANY_NAME_AND_BIRTH_DATE": [_name_and_birth(name) for name in _NAMES],
    "SWAPPED_NAMES": [("", _pair_of_names)],
    "ANY_NAME_AND_POSTCODE": _any_name_and("postcode"),
    "ANY_NAME_AND_STREET": _any_name_and("street"),
    "SAME_ADDRESS": [_all_of("street", "house_number")],
    "SAME_EMAIL_NAME": [("emails", Reach.local_parts)],
    "SAME_PHONE_ENDING": [("phones", Reach.phone_tails)],
    "SAME_COMPANY": [_all_of("company")],
    "SAME_BIRTH_DATE": [("", Reach.of_birth)],
    "ANY_NAME_AND_CITY": _any_name_and("city"),
    "NUMBER_AND_POSTCODE": [_all_of("house_number", "postcode")],
    "SAME_STREET": [_all_of("street", "house_number")],
    "SAME_LAST_NAME": [_all_of(name) for name in _NAMES],
    "SAME_POSTCODE": [_all_of("postcode")],
}
"""Of a rule, the traits (and the list column that each is of) such that two profiles with a key in common have one of them in common.

A rule that is not named here reaches every profile: those are rules that only small data can afford.
"""
