"""Which profiles a change can reach: those that may share a blocking key with some others, found without making the keys of all.

To make all keys of a million profiles, with all columns that they are derived from, takes as long as all that follows from ten thousand
new ones. What profiles with a key in common have in common beside it is told here by numbers of fewer columns: equal keys, equal numbers.
The reverse need not hold: profiles that are found for nothing are sorted out where their keys are made (``increments.py``).

What does not belong here: keys and blocks (``blocking.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.among import rows_of_hashes_among
from cdp_assets.candidate_links.blocking import PHONE_END, PHONE_START, BlockingRule
from cdp_assets.candidate_links.comparable import TAIL_DIGITS, bytes_before, carriers, comparable
from cdp_assets.candidate_links.keys import FACTOR, beginning
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
        self._told: dict[str, Told] = {}
        self._held: dict[Trait, Held] = {}

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
            wanted = np.concatenate([trait.held(asked).numbers for trait in traits])
            wanted = wanted[pl.Series(wanted).is_duplicated().to_numpy()] if of_two else wanted
            for trait in traits if len(wanted) else ():
                held = self._holding(trait)
                places = held.places[rows_of_hashes_among(held.numbers, wanted)]
                found[self._rows(trait.column, places)] = True
        return found

    def carrying(self, column: str, values: pl.Series) -> npt.NDArray[np.int64]:
        """Rows of the profiles that carry one of these ``values`` in a list column, in order; a stray one may be among them."""
        numbers, wanted = self.numbers(column, lambda: self.values(column)), values.drop_nulls().hash().to_numpy()
        return np.unique(self._rows(column, rows_of_hashes_among(numbers, wanted)))

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
        return self.told(name, lambda: Told.of(values())).numbers

    def told(self, name: str, made: Callable[[], Told]) -> Told:
        """What is told under this name, made where it has not been yet."""
        if name not in self._told:
            self._told[name] = made()
        return self._told[name]

    def _holding(self, trait: Trait) -> Held:
        """Who holds a trait, made once: others are asked for a second time, when it is known whom a change touches."""
        if trait not in self._held:
            self._held[trait] = trait.held(self)
        return self._held[trait]

    def _rows(self, column: str, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The rows of these places, which are in order: of profiles, or of values of a list ``column``."""
        return self.flat(column).rows_of(places) if column else places


class Told(NamedTuple):
    """A number per profile, or per value of a list, and where it is the number of a value and not of a missing one."""

    numbers: Numbers
    is_there: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, values: pl.Series) -> Told:
        """Their hashes."""
        return cls(values.hash().to_numpy(), values.is_not_null().to_numpy())


class Held(NamedTuple):
    """The ``numbers`` of those ``places`` (rows of profiles, or places of values of a list) that hold a trait."""

    places: npt.NDArray[np.int64]
    numbers: Numbers


@dataclass(frozen=True)
class Part:
    """What is compared, by name, and how it is made of profiles."""

    name: str
    made: Callable[[Reach], Told]

    def told(self, reach: Reach) -> Told:
        return reach.told(self.name, lambda: self.made(reach))


@dataclass(frozen=True)
class Trait:
    """What profiles may have in common: all of the ``parts``, each of a profile, or one part of each value of the list ``column``."""

    column: str
    parts: tuple[Part, ...]
    in_any_order: bool = False

    def held(self, reach: Reach) -> Held:
        """A number for all parts, where none is missing."""
        told = [part.told(reach) for part in self.parts]
        places = np.flatnonzero(np.logical_and.reduce([part.is_there for part in told]))
        number, *others = (part.numbers[places] for part in told)
        for part in others:
            number = number + part if self.in_any_order else number * np.uint64(FACTOR) + part
        return Held(places, number)


def _column(name: str) -> Part:
    return Part(name, lambda reach: Told.of(reach.profiles.get_column(name)))


def _born(name: str) -> Part:
    """A column of ``comparable`` that is derived from dates of birth, where there are any: hardly one profile in five has one."""

    def made(reach: Reach) -> Told:
        has_date = reach.profiles.get_column("date_of_birth").is_not_null()
        dated = reach.profiles.select("profile_id", "date_of_birth").filter(has_date)
        there = has_date.to_numpy()
        numbers, is_there = np.zeros(len(there), dtype=np.uint64), np.zeros(len(there), dtype=np.bool_)
        numbers[there], is_there[there] = Told.of(comparable(dated, only=[name]).get_column(name))
        return Told(numbers, is_there)

    return Part(name, made)


def _beginning(column: str, letters: int) -> Part:
    return Part(
        f"{letters} letters of {column}",
        lambda reach: Told.of(reach.profiles.select(beginning(column, letters)).to_series()),
    )


def _of_main_phone(name: str, part: pl.Expr) -> Part:
    return Part(name, lambda reach: Told.of(comparable(reach.profiles, only=["phone_main"]).select(part).to_series()))


def _first_root(reach: Reach) -> Told:
    """``comparable.first_root``: the root of the first name, or that name where it has none."""
    root, name = (_column(column).told(reach) for column in ("first_name_root", "first_name"))
    return Told(np.where(root.is_there, root.numbers, name.numbers), root.is_there | name.is_there)


def _before_at(reach: Reach) -> Told:
    return Told.of(bytes_before(reach.values("emails"), "@"))


def _tails(reach: Reach) -> Told:
    return Told.of(reach.values("phones").str.slice(-TAIL_DIGITS))


_BIRTH, _BIRTH_DAY = _born("dob"), _born("dob_day")
_ROOT, _LAST = Part("first_root", _first_root), _column("last_name")
_FIRST_INITIAL, _LAST_INITIAL = _beginning("first_name", 1), _beginning("last_name", 1)


def _all_of(*columns: str) -> Trait:
    return Trait("", tuple(_column(name) for name in columns))


def _each_of(column: str) -> Trait:
    return Trait(column, (Part(column, lambda reach: Told.of(reach.values(column))),))


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
    "NAME_BEGINNINGS_AND_BIRTH_DAY": [
        Trait("", (_beginning("last_name", 2), _FIRST_INITIAL, _BIRTH_DAY)),
        Trait("", (_beginning("last_name", 4), _BIRTH_DAY)),
    ],
    "NAME_BEGINNINGS_AND_CITY": [Trait("", (_beginning("last_name", 2), _FIRST_INITIAL, _column("city")))],
    "NAME_BEGINNINGS": [Trait("", (_beginning("last_name", 3), _beginning("first_name", 3)))],
    "INITIALS_AND_PART_OF_PHONE": [
        Trait("", (_of_main_phone("end of the main phone", PHONE_END), _FIRST_INITIAL, _LAST_INITIAL)),
        Trait("", (_of_main_phone("start of the main phone", PHONE_START), _FIRST_INITIAL, _LAST_INITIAL)),
    ],
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
