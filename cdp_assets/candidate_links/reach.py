"""Which profiles a change can reach: those that may share a blocking key with some others, found without making the keys of all.

To make all keys of a million profiles, with all columns that they are derived from, takes as long as all that follows from ten thousand
new ones. What profiles with a key in common have in common beside it is told here by numbers of fewer columns: equal keys, equal numbers.
The reverse need not hold: profiles that are found for nothing are sorted out where their keys are made (``increments.py``).

What does not belong here: keys and blocks (``blocking.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.blocking import BlockingRule
from cdp_assets.candidate_links.comparable import TAIL_DIGITS, before, carriers, comparable
from cdp_assets.candidate_links.keys import FACTOR
from cdp_assets.candidate_links.lists import Flat
from cdp_assets.candidate_links.ordered import in_order, rows_at

Numbers = npt.NDArray[np.uint64]
"""A number per profile, or per value of a list: the same for equal values."""

_NAMES = ("first_name", "first_name_root", "last_name")
_CARRIER = ("profile_id", "first_name_root", "last_name", "last_name_script")


class Reach:
    """Profiles in the order of their ids, and those columns of theirs that have been asked for, each made once."""

    def __init__(self, profiles: pl.DataFrame) -> None:
        self.profiles = profiles
        self._flat: dict[str, Flat] = {}
        self._numbers: dict[str, Numbers] = {}
        self._told: dict[str, npt.NDArray[np.bool_]] = {}

    def sharing_a_key(
        self, others: pl.DataFrame, rules: Iterable[BlockingRule], of_two: bool = False
    ) -> npt.NDArray[np.bool_]:
        """Whether each profile may share a key of one of the ``rules`` with one of the ``others`` (profiles, of this data or not).

        ``of_two``: a key that two of the others have.
        """
        found, asked = np.zeros(len(self.profiles), dtype=np.bool_), Reach(in_order(others, "profile_id"))
        names = {rule.name for rule in rules}
        if not names <= _IN_COMMON.keys():
            return np.ones(len(self.profiles), dtype=np.bool_)
        for rule in names - {name for name in names if _WITHIN.get(name) in names}:
            traits = _IN_COMMON[rule]
            wanted = np.concatenate([trait.told(asked) for trait in traits])
            wanted = wanted[pl.Series(wanted).is_duplicated().to_numpy()] if of_two else wanted
            for trait in traits:
                found[self._rows(trait.column, trait.numbers(self), wanted)] = True
        return found

    def carrying(self, column: str, values: pl.Series) -> npt.NDArray[np.int64]:
        """Rows of the profiles that carry one of these ``values`` in a list column, in order; a stray one may be among them."""
        numbers = self.numbers(column, lambda: self.values(column))
        return np.unique(self._rows(column, numbers, values.drop_nulls().hash().to_numpy()))

    def at(self, rows: npt.NDArray[np.int64], *columns: str) -> pl.DataFrame:
        """The profiles (or some columns of them) of these rows, which are in order."""
        return rows_at(self.profiles.select(columns or self.profiles.columns), rows)

    def carriers(self, column: str, values: pl.DataFrame) -> pl.DataFrame:
        """:func:`cdp_assets.candidate_links.comparable.carriers` of these values (``value``, each once)."""
        few = self.at(self.carrying(column, values.get_column("value")), *_CARRIER, column)
        return carriers(few, column).join(values, on="value", how="semi")

    def flat(self, column: str) -> Flat:
        """The values of a list column, side by side."""
        if column not in self._flat:
            self._flat[column] = Flat.of(self.profiles.get_column(column))
        return self._flat[column]

    def values(self, column: str) -> pl.Series:
        """Those of :meth:`flat`."""
        return self.flat(column).values

    def numbers(self, name: str, values: Callable[[], pl.Series]) -> Numbers:
        """Numbers of these values, made where there are none of this name. A null has one as well."""
        if name not in self._numbers:
            made = values()
            self._numbers[name], self._told[name] = made.hash().to_numpy(), made.is_not_null().to_numpy()
        return self._numbers[name]

    def told(self, name: str) -> npt.NDArray[np.bool_]:
        """Which of the values that :meth:`numbers` were made of are none that are missing."""
        return self._told[name]

    def _rows(self, column: str, numbers: Numbers, wanted: Numbers) -> npt.NDArray[np.int64]:
        """Rows that hold a wanted number: one per profile, or one per value of a list ``column``."""
        is_wanted = pl.Series(numbers).is_in(pl.Series(wanted).unique().implode())
        places = is_wanted.arg_true().to_numpy().astype(np.int64)
        return np.searchsorted(self.flat(column).bounds[1:], places, side="right") if column else places


@dataclass(frozen=True)
class Part:
    """What is compared, by name, and how it is made of profiles."""

    name: str
    made: Callable[[Reach], pl.Series]

    def numbers(self, reach: Reach) -> Numbers:
        return reach.numbers(self.name, lambda: self.made(reach))


@dataclass(frozen=True)
class Trait:
    """What profiles may have in common: all of the ``parts``, each of a profile, or one part of each value of the list ``column``."""

    column: str
    parts: tuple[Part, ...]
    in_any_order: bool = False

    def numbers(self, reach: Reach) -> Numbers:
        """A number for all parts; where a part is missing, one that none of :meth:`told` is equal to."""
        first, *others = (part.numbers(reach) for part in self.parts)
        for part in others:
            first = first + part if self.in_any_order else first * np.uint64(FACTOR) + part
        return first

    def told(self, reach: Reach) -> Numbers:
        """Numbers of the profiles of which no part is missing."""
        numbers = self.numbers(reach)
        return numbers[np.logical_and.reduce([reach.told(part.name) for part in self.parts])]


def _column(name: str) -> Part:
    return Part(name, lambda reach: reach.profiles.get_column(name))


def _derived(name: str) -> Part:
    return Part(name, lambda reach: comparable(reach.profiles, only=[name]).get_column(name))


def _before_at(reach: Reach) -> pl.Series:
    return before(reach.values("emails"), "@")


def _tails(reach: Reach) -> pl.Series:
    return reach.values("phones").str.slice(-TAIL_DIGITS)


_BIRTH, _ROOT, _LAST = _derived("dob"), _derived("first_root"), _column("last_name")


def _all_of(*columns: str) -> Trait:
    return Trait("", tuple(_column(name) for name in columns))


def _each_of(column: str) -> Trait:
    return Trait(column, (Part(column, lambda reach: reach.values(column)),))


def _any_name_and(part: Part) -> list[Trait]:
    return [Trait("", (_column(name), part)) for name in _NAMES]


_PAIR_OF_NAMES = Trait("", (_ROOT, _LAST), in_any_order=True)

_IN_COMMON: Mapping[str, list[Trait]] = {
    "SAME_IDENTIFIER": [_each_of("identifiers")],
    "SAME_EMAIL": [_each_of("emails")],
    "SAME_PROBABLE_EMAIL": [_each_of("emails"), _each_of("probable_emails")],
    "SAME_PHONE": [_each_of("phones")],
    "SAME_NAMES_AND_BIRTH_DATE": [Trait("", (_ROOT, _LAST, _BIRTH), in_any_order=True)],
    "ANY_NAME_AND_BIRTH_DATE": _any_name_and(_BIRTH),
    "SWAPPED_NAMES": [_PAIR_OF_NAMES],
    "ANY_NAME_AND_POSTCODE": _any_name_and(_column("postcode")),
    "ANY_NAME_AND_STREET": _any_name_and(_column("street")),
    "SAME_ADDRESS": [_all_of("street", "house_number")],
    "SAME_EMAIL_NAME": [Trait("emails", (Part("before the @", _before_at),))],
    "SAME_PHONE_ENDING": [Trait("phones", (Part("last digits", _tails),))],
    "SAME_COMPANY": [_all_of("company")],
    "SAME_BIRTH_DATE": [Trait("", (_BIRTH,))],
    "ANY_NAME_AND_CITY": _any_name_and(_column("city")),
    "NUMBER_AND_POSTCODE": [_all_of("house_number", "postcode")],
    "SAME_STREET": [_all_of("street", "house_number")],
    "SAME_LAST_NAME": [_all_of(name) for name in _NAMES],
    "SAME_POSTCODE": [_all_of("postcode")],
}
"""Of a rule, traits such that two profiles with a key in common have one of the traits (the same, or one of each) in common.

A rule that is not named here reaches every profile: those are rules that only small data can afford.
"""

_WITHIN: Mapping[str, str] = {
    "SAME_EMAIL": "SAME_PROBABLE_EMAIL",
    "SAME_PHONE": "SAME_PHONE_ENDING",
    "SAME_NAMES_AND_BIRTH_DATE": "SWAPPED_NAMES",
    "ANY_NAME_AND_BIRTH_DATE": "SAME_BIRTH_DATE",
    "ANY_NAME_AND_POSTCODE": "SAME_POSTCODE",
    "SAME_ADDRESS": "SAME_STREET",
}
"""Rules that reach nobody whom the other one does not reach: beside that one they are not asked."""
