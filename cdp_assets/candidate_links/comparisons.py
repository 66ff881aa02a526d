"""What is compared, level by level, and which comparisons a data set gets.

A comparison is an ordered list of levels; a pair falls into the first whose condition holds. Fields that prove the same
thing stand in ONE comparison (street, number, city and postcode are one address), so that Fellegi-Sunter's assumption of
independence is broken as little as possible; what is left of it (a household shares family name, address, phone and
mailbox) is taken back by ``household.py``.

The conditions are DuckDB SQL over the columns of ``comparable.py`` with ``_l`` and ``_r`` (``levels.py``); cheap conditions stand before
expensive ones, and similarities are guarded by a length or a first letter where that loses nothing.

What does not belong here: the numbers (``priors.py``, ``training.py``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from cdp_assets.candidate_links.priors import PRIORS, LevelPrior

NOTHING_TO_COMPARE = -1
"""The number of every null level."""


@dataclass(frozen=True)
class Level:
    """One level of agreement. ``tf`` names the column whose term frequency adjusts it.

    ``within``: what else agrees at this level, the broadest first (a street within a town). Such levels are parts of that
    agreement, and no commoner among strangers than it is.
    """

    name: str
    condition: str
    tf: str | None = None
    is_null: bool = False
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Glance:
    """What few columns tell of most pairs: where ``doubtful`` does not hold, the first of ``levels`` that holds is the level.

    These are some of the comparison's own. A comparison of many columns has one: reading them all costs more than any condition.
    """

    doubtful: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Comparison:
    """A comparison: its name, the profile fields it reads, why it is there, and its levels, best first.

    ``nothing_without``: columns; where a side fills none of them there is nothing to compare, whatever else is there.
    ``same_values``: columns; where all of them have one value on both sides, the best level holds.
    ``glance``: see :class:`Glance`.
    """

    name: str
    needs: tuple[str, ...]  # columns of `comparable` of which at least one must be filled
    reason: str
    levels: tuple[Level, ...]
    nothing_without: tuple[str, ...] = ()
    same_values: tuple[str, ...] = ()
    glance: Glance | None = None

    @property
    def scored(self) -> tuple[Level, ...]:
        """The levels that carry weight: all but the null level."""
        return tuple(level for level in self.levels if not level.is_null)

    def prior(self, level: Level) -> LevelPrior:
        return PRIORS[self.name][level.name]

    def gamma_sql(self) -> str:
        """A CASE that numbers the levels as Splink does: best highest, the last 0, nothing to compare -1."""
        return f"CASE {self._numbered(self.levels)} END"

    def glance_sql(self) -> str | None:
        """As :meth:`gamma_sql`, but null where few columns do not tell; None where the comparison reads few anyway."""
        if self.glance is None:
            return None
        return f"CASE WHEN {self.glance.doubtful} THEN NULL {self._numbered(self.glance.levels)} END"

    def _numbered(self, levels: Iterable[Level]) -> str:
        count, parts = len(self.scored), []
        for level in levels:
            value = NOTHING_TO_COMPARE if level.is_null else count - 1 - self.scored.index(level)
            parts.append(f"ELSE {value}" if level.condition == "ELSE" else f"WHEN {level.condition} THEN {value}")
        return " ".join(parts)

    def is_filled(self) -> pl.Expr:
        """Whether a profile (of ``comparable``) has something to compare."""
        return pl.any_horizontal(pl.col(name).is_not_null() for name in self.needs)

    def places_of(self, names: Collection[str]) -> list[int]:
        """Where the levels of these names stand among the :attr:`scored` ones. Raises ``ValueError`` where there is none of a name."""
        found = [at for at, level in enumerate(self.scored) if level.name in names]
        if len(found) != len(names):
            raise ValueError(f"{self.name} has no such level: {sorted(set(names))}")
        return found

    def numbers_of(self, names: Collection[str]) -> list[int]:
        """The numbers of the levels of these names. Raises ``ValueError`` where there is none of a name."""
        return [len(self.scored) - 1 - at for at in self.places_of(names)]

    def level_of(self, gamma: int) -> Level | None:
        """The level with this number; None for nothing to compare."""
        return None if gamma < 0 else self.scored[len(self.scored) - 1 - gamma]

    def as_splink(self, m: list[float], u: list[float], tf_floor: dict[str, float]) -> dict[str, Any]:
        """This comparison as Splink settings, with ``m`` and ``u`` in the order of :attr:`scored`."""
        levels: list[dict[str, Any]] = []
        for level in self.levels:
            row: dict[str, Any] = {"sql_condition": level.condition, "label_for_charts": level.name}
            if level.is_null:
                row["is_null_level"] = True
            else:
                at = self.scored.index(level)
                row |= {"m_probability": m[at], "u_probability": u[at]}
                if level.tf in tf_floor:  # a field that nobody fills has no term frequencies
                    row |= {
                        "tf_adjustment_column": level.tf,
                        "tf_adjustment_weight": 1.0,
                        "tf_minimum_u_value": tf_floor[level.tf],
                        "disable_tf_exact_match_detection": True,
                    }
            levels.append(row)
        return {"output_column_name": self.name, "comparison_levels": levels}


def _null(condition: str) -> Level:
    return Level("nothing to compare", condition, is_null=True)


def _same(column: str, tf: bool = False) -> Level:
    return Level("same", f"{column}_l = {column}_r", tf=column if tf else None)


ELSE = Level("different", "ELSE")

# Values that belong to somebody. How often one occurs says how many records its owner has, not how likely strangers are
# to have it by chance: only those that several people carry are adjusted by frequency. So it is with a date of birth, as
# long as there are far fewer people than days.
OWNED_VALUES = ("email_main", "phone_main", "dob")
# A building has a frequency where more people live in it than in any household: a hostel, a barracks, a block of flats.
DWELLING = "dwelling"
OFTEN_WITHOUT = (*OWNED_VALUES, DWELLING)
"""Columns of which many values have no frequency: agreeing on them is as rare as the level's ``u`` says."""
# Several people may be behind a date of birth whose names begin alike, or say one thing. More records of one than this are
# counted as others': most people have fewer, and where they have more the date weighs what it would by all its records.
OWN_RECORDS = {"dob": 4}

_FIRST_IN_OTHER_LETTERS = "first_name_script_l IS DISTINCT FROM first_name_script_r"
_LAST_IN_OTHER_LETTERS = "last_name_script_l IS DISTINCT FROM last_name_script_r"
_SWAPPED = (
    "(first_name_l = last_name_r AND last_name_l = first_name_r) OR "
    f"({_FIRST_IN_OTHER_LETTERS} AND first_sound_l = last_sound_r AND last_sound_l = first_sound_r"
    " AND first_sound_l <> first_sound_r) OR "
    "(substr(first_name_l, 1, 1) = substr(last_name_r, 1, 1) AND substr(last_name_l, 1, 1) = substr(first_name_r, 1, 1)"
    " AND NOT last_name_l = last_name_r AND first_name_l <> first_name_r"
    " AND jaro_winkler_similarity(first_name_l, last_name_r) >= 0.9"
    " AND jaro_winkler_similarity(last_name_l, first_name_r) >= 0.9)"
)
_IN_OTHERS_PLACE = (
    "(first_name_l = last_name_r OR last_name_l = first_name_r)"
    " AND coalesce(last_name_l <> last_name_r, true) AND coalesce(first_name_l <> first_name_r, true)"
)
# Where both sides have both names, the two others are not each other's: one of a family, written the other way round.
_OTHER_BESIDE = "first_name_l <> first_name_r AND last_name_l <> last_name_r"


def _sounds_the_same(name: str, sound: str) -> str:
    """Spaces are left out or put between syllables (Guo Hua, Guohua), whatever they are read from."""
    return f"({sound}_l = {sound}_r OR replace({name}_l, ' ', '') = replace({name}_r, ' ', ''))"


def _sounds_alike(sound: str) -> str:
    return f"jaro_winkler_similarity({sound}_l, {sound}_r) >= 0.85"


# Term frequencies that only data with names in other letters has, by the column that says so.
FREQUENT_SOUNDS = {"first_sound": "first_name_script", "last_sound": "last_name_script"}
SAME_SOUND = "sounds the same in other letters"
READ_OTHERWISE = "other letters, read otherwise"

_SECOND_L, _SECOND_R = "split_part(first_name_l, ' ', 2)", "split_part(first_name_r, ' ', 2)"
_OTHER_SECOND_NAME = (
    "contains(first_name_l, ' ') AND contains(first_name_r, ' ')"
    " AND split_part(first_name_l, ' ', 1) = split_part(first_name_r, ' ', 1)"
    f" AND NOT starts_with({_SECOND_L}, {_SECOND_R}) AND NOT starts_with({_SECOND_R}, {_SECOND_L})"
    f" AND jaro_winkler_similarity({_SECOND_L}, {_SECOND_R}) < 0.88"
)


def _edits(left: str, right: str, most: int) -> str:
    """At most so many characters wrong, missing, or swapped with their neighbour.

    A swap is two edits to Levenshtein: the other distance is his or less, and half of it or more. His is seen in a quarter of the time,
    and how many characters of two texts of one length differ in a hundredth. A condition is not asked where one before it tells.
    """
    whole, swapped = f"levenshtein({left}, {right})", f"damerau_levenshtein({left}, {right})"
    if most > 1:
        return (
            f"(CASE WHEN {whole} > {2 * most} THEN false WHEN {whole} <= {most} THEN true ELSE {swapped} <= {most} END)"
        )
    longer, differing = f"abs(strlen({left}) - strlen({right}))", f"hamming({left}, {right})"
    return (
        f"(CASE WHEN {longer} > 1 THEN false WHEN {longer} = 1 THEN {whole} <= 1 WHEN {left} = {right} THEN true"
        f" WHEN {differing} <= 1 THEN true WHEN {differing} = 2 THEN {swapped} <= 1 ELSE false END)"
    )


def _near(column: str) -> str:
    """One slip of the pen in a name of four letters or more, or the same beginning and much the same letters."""
    return (
        f"(length({column}_l) >= 4 AND length({column}_r) >= 4 AND ("
        f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.92 OR {_edits(f'{column}_l', f'{column}_r', 1)}))"
    )


# Nearly all lists hold one value. Conditions read them in two parts: the value where it is the only one, and the list where
# there are several; to compare single values costs a tenth of comparing lists.
ONE, MANY = "one_", "many_"


def _any_of(left: str, right: str) -> str:
    """A value in common between two lists, named with the sides they are of (``emails_l``)."""
    return (
        f"(CASE WHEN {MANY}{left} IS NULL AND {MANY}{right} IS NULL THEN {ONE}{left} = {ONE}{right}"
        f" WHEN {MANY}{right} IS NULL THEN list_contains({MANY}{left}, {ONE}{right})"
        f" WHEN {MANY}{left} IS NULL THEN list_contains({MANY}{right}, {ONE}{left})"
        f" ELSE list_has_any({MANY}{left}, {MANY}{right}) END)"
    )


def _in_common(column: str) -> str:
    """A value in common."""
    return _any_of(f"{column}_l", f"{column}_r")


def _one_of_several(column: str) -> str:
    """A value in common where a side has several: two single ones have been compared as the main ones."""
    return f"({MANY}{column}_l IS NOT NULL OR {MANY}{column}_r IS NOT NULL) AND {_in_common(column)}"


def _unless(exception: str, condition: str) -> str:
    """The condition, but where the exception holds, which is asked of no others."""
    return f"(CASE WHEN {condition} THEN CASE WHEN {exception} THEN false ELSE true END ELSE false END)"


def _among_middle_names(name: str) -> str:
    """The name of one side is a middle name of the other's: a maiden name that was kept, or a second name that somebody goes by."""

    def stands(own: str, other: str) -> str:
        held = f"contains(' ' || middle_name_{other} || ' ', ' ' || {name}_{own} || ' ')"
        return f"(length({name}_{own}) >= 3 AND {held})"

    return (
        "(CASE WHEN middle_name_l IS NULL AND middle_name_r IS NULL THEN false"
        f" ELSE coalesce({stands('l', 'r')}, false) OR coalesce({stands('r', 'l')}, false) END)"
    )


AMONG_MIDDLE_NAMES = "among the other's middle names"
SWAPPED = "first and last name swapped"
CROSSED = "crossed, other names differ"

FIRST_NAME = Comparison(
    "first_name",
    ("first_name",),
    "given name, with nicknames, initials and names in each other's place",
    (
        _same("first_name", tf=True),
        Level(SWAPPED, _SWAPPED),
        Level(CROSSED, f"{_IN_OTHERS_PLACE} AND {_OTHER_BESIDE}"),
        Level("stands in the other's last name", _IN_OTHERS_PLACE),
        _null("first_name_l IS NULL OR first_name_r IS NULL"),
        Level(
            SAME_SOUND, f"{_FIRST_IN_OTHER_LETTERS} AND {_sounds_the_same('first_name', 'first_sound')}", "first_sound"
        ),
        # Jose Maria and Jose Manuel are brothers; Jose alone may be either.
        Level("same first of two names, other second", _OTHER_SECOND_NAME),
        Level("same nickname or first word", "first_root_l = first_root_r"),
        Level("one slip", _near("first_name")),
        Level(AMONG_MIDDLE_NAMES, _among_middle_names("first_name")),
        Level(
            "initial or beginning",
            "starts_with(first_name_l, first_name_r) OR starts_with(first_name_r, first_name_l)",
        ),
        Level(
            "alike",
            "jaro_winkler_similarity(first_name_l, first_name_r) >= 0.8"
            f" OR ({_FIRST_IN_OTHER_LETTERS} AND {_sounds_alike('first_sound')})",
        ),
        # That one system writes in other letters says nothing of who it writes of; and ideographs have many readings.
        Level(READ_OTHERWISE, _FIRST_IN_OTHER_LETTERS),
        ELSE,
    ),
    nothing_without=("first_name", "last_name"),
    same_values=("first_name",),
)

_PART_OF_DOUBLE_NAME = (
    "(CASE WHEN last_words_l IS NULL AND last_words_r IS NULL THEN false"
    " ELSE list_has_any(last_words_l, [last_name_r]) OR list_has_any(last_words_r, [last_name_l])"
    " OR list_has_all(last_words_l, last_words_r) OR list_has_all(last_words_r, last_words_l) END)"
)

LAST_NAME = Comparison(
    "last_name",
    ("last_name",),
    "family name, with double names",
    (
        _same("last_name", tf=True),
        # Names in each other's place are one finding, told under the first name.
        _null(f"last_name_l IS NULL OR last_name_r IS NULL OR {_SWAPPED} OR ({_IN_OTHERS_PLACE})"),
        Level(SAME_SOUND, f"{_LAST_IN_OTHER_LETTERS} AND {_sounds_the_same('last_name', 'last_sound')}", "last_sound"),
        Level("one slip", _near("last_name")),
        Level("part of a double name", _PART_OF_DOUBLE_NAME),
        Level(AMONG_MIDDLE_NAMES, _among_middle_names("last_name")),
        # One of two family names in common is what cousins have; a name may begin like another that is none of its parts.
        Level(
            "alike",
            "jaro_winkler_similarity(last_name_l, last_name_r) >= 0.8 OR list_has_any(last_words_l, last_words_r)"
            " OR (least(length(last_name_l), length(last_name_r)) >= 3 AND"
            " (starts_with(last_name_l, last_name_r) OR starts_with(last_name_r, last_name_l)))"
            f" OR ({_LAST_IN_OTHER_LETTERS} AND {_sounds_alike('last_sound')})",
        ),
        Level(READ_OTHERWISE, _LAST_IN_OTHER_LETTERS),
        ELSE,
    ),
    nothing_without=("last_name",),
    same_values=("last_name",),
)

MIDDLE_NAME = Comparison(
    "middle_name",
    ("middle_name",),
    "middle name or its initial",
    (
        _same("middle_name", tf=True),
        # A middle name that is the other's first or last name has been told there.
        _null(
            "middle_name_l IS NULL OR middle_name_r IS NULL"
            f" OR (first_root_l <> first_root_r AND {_among_middle_names('first_name')})"
            f" OR (last_name_l <> last_name_r AND {_among_middle_names('last_name')})"
        ),
        Level("initial", "starts_with(middle_name_l, middle_name_r) OR starts_with(middle_name_r, middle_name_l)"),
        Level("alike", "jaro_winkler_similarity(middle_name_l, middle_name_r) >= 0.88"),
        ELSE,
    ),
    nothing_without=("middle_name",),
    same_values=("middle_name",),
)

SUFFIX = Comparison(
    "suffix",
    ("suffix",),
    "generational suffix: tells father and son apart",
    (
        _same("suffix"),
        _null("suffix_l IS NULL AND suffix_r IS NULL"),
        Level("told on one side only", "suffix_l IS NULL OR suffix_r IS NULL"),
        ELSE,
    ),
    same_values=("suffix",),
)

SEX = Comparison(
    "sex",
    ("sex",),
    "sex, where the first name does not say it already",
    (
        _null("sex_l IS NULL OR sex_r IS NULL OR (sex_l = sex_r AND first_name_l = first_name_r)"),
        Level("same", "sex_l = sex_r"),
        ELSE,
    ),
    nothing_without=("sex",),
)

DATE_OF_BIRTH = Comparison(
    "date_of_birth",
    ("dob",),
    "date of birth, with swapped day and month and mistyped digits",
    (
        _same("dob", tf=True),
        _null("dob_l IS NULL OR dob_r IS NULL"),
        Level("day and month swapped", "dob_l = dob_swapped_r"),
        Level(
            "years one digit apart, day unknown",
            "dob_day_l IS NULL AND dob_day_r IS NULL AND hamming(dob_l, dob_r) <= 2 AND damerau_levenshtein(dob_l, dob_r) <= 1",
        ),
        Level("one digit off", "hamming(dob_l, dob_r) <= 2 AND damerau_levenshtein(dob_l, dob_r) <= 1"),
        Level(
            "two of year, month and day agree",
            "(dob_day_l = dob_day_r)"
            " OR (substr(dob_l, 1, 6) = substr(dob_r, 1, 6) AND dob_day_l IS NOT NULL AND dob_day_r IS NOT NULL)"
            " OR (substr(dob_l, 1, 4) = substr(dob_r, 1, 4) AND substr(dob_l, 7, 2) = substr(dob_r, 7, 2)"
            " AND dob_day_l IS NOT NULL AND dob_day_r IS NOT NULL)",
        ),
        Level(
            "same year, day unknown",
            "(dob_day_l IS NULL OR dob_day_r IS NULL) AND substr(dob_l, 1, 4) = substr(dob_r, 1, 4)",
        ),
        Level("two digits off", "hamming(dob_l, dob_r) <= 2"),
        Level("same year", "substr(dob_l, 1, 4) = substr(dob_r, 1, 4)"),
        ELSE,
    ),
    nothing_without=("dob",),
    same_values=("dob",),
)

# A local part that two people share because they share the name says no more than the name: also where it is misspelt on one
# side, or one side has a second family name.
_NAMES_AGREE = (
    f"((first_root_l = first_root_r OR {_near('first_name')})"
    f" AND (last_name_l = last_name_r OR {_near('last_name')} OR {_PART_OF_DOUBLE_NAME}))"
)

# Of two addresses that are alike, either name may be what they have in common, also where it is misspelt or shortened on one side.
_A_NAME_AGREES = (
    "(coalesce(first_name_l = first_name_r, false) OR coalesce(last_name_l = last_name_r, false)"
    f" OR coalesce(first_root_l = first_root_r, false) OR coalesce({_near('first_name')}, false) OR coalesce({_near('last_name')}, false))"
)


def _without_names(side: str) -> str:
    """The main address with a mark in the place of each of the record's own names: ``lee_ann@…`` of Ann Lee, ``lee_anna@…`` of Anna Lee.

    An initial counts where it stands before or behind the other name.
    """
    first, last = f"split_part(first_name_{side}, ' ', 1)", f"last_name_{side}"
    whole = f"replace(replace(email_main_{side}, {last}, '>'), {first}, '<')"
    behind = f"replace({whole}, '<' || left({last}, 1) || '@', '<>@')"
    return f"replace({behind}, left({first}, 1) || '>', '<>')"


_PROBABLY_SAME = f"({_any_of('probable_emails_l', 'emails_r')} OR {_any_of('emails_l', 'probable_emails_r')})"
_ALIKE_EMAIL = "jaro_winkler_similarity(email_main_l, email_main_r) >= 0.88"
_NO_EMAIL = _null("email_main_l IS NULL OR email_main_r IS NULL")
# Digits in an address are chosen, not mistyped: j.smith12 and j.smith13 are two people. So is a first letter, which is most
# often an initial: j.smith and a.smith.
_MAY_BE_MISTYPED = (
    "email_digits_l = email_digits_r AND substr(email_main_l, 1, 1) = substr(email_main_r, 1, 1)"
    " AND abs(length(email_main_l) - length(email_main_r)) <= 2"  # loses nothing, and saves most of the time
)

EMAIL = Comparison(
    "email",
    ("email_main",),
    "e-mail addresses, any of one against any of the other",
    (
        Level("same", "email_main_l = email_main_r", tf="email_main"),
        Level("one of several the same", _one_of_several("emails")),
        # An address predicted from name and company says again what these say, where both sides tell the company.
        _null(f"company_l = company_r AND {_PROBABLY_SAME} AND NOT coalesce({_in_common('email_locals')}, false)"),
        Level("probably the same", _PROBABLY_SAME),
        _NO_EMAIL,
        Level("same name and number at another domain", _in_common("email_numbered")),
        # An address made of the name says again what the name says: only where the names do not agree is it news.
        Level(
            "same name at another domain",
            _unless(f"{_NAMES_AGREE} OR {_SWAPPED}", _in_common("email_locals")),
        ),
        _null(_in_common("email_locals")),
        Level(
            "mistyped",
            # Ann's and Anna's, each formed from her own name: what differs is the names, and they are compared already.
            _unless(
                f"{_without_names('l')} = {_without_names('r')}",
                f"{_MAY_BE_MISTYPED} AND {_edits('email_main_l', 'email_main_r', 2)}",
            ),
        ),
        _null(f"(CASE WHEN {_ALIKE_EMAIL} THEN {_A_NAME_AGREES} ELSE false END)"),
        Level("alike", _ALIKE_EMAIL),
        ELSE,
    ),
    nothing_without=("email_main", "probable_emails"),
    same_values=("email_main",),
    # Numbered local parts are local parts, and whatever the names say, they say it of addresses that are alike already.
    glance=Glance(
        f"{_one_of_several('emails')} OR {_PROBABLY_SAME} OR {_in_common('email_locals')} OR {_ALIKE_EMAIL}"
        f" OR ({_MAY_BE_MISTYPED})",
        (_NO_EMAIL, ELSE),
    ),
)

PHONE = Comparison(
    "phone",
    ("phone_main",),
    "phone numbers, any of one against any of the other",
    (
        Level("same", "phone_main_l = phone_main_r", tf="phone_main"),
        _null("phone_main_l IS NULL OR phone_main_r IS NULL"),
        Level("one of several the same", _one_of_several("phones")),
        Level("same but for its code", _in_common("phone_tails")),
        Level("one digit off", _edits("phone_main_l", "phone_main_r", 1)),
        ELSE,
    ),
    nothing_without=("phone_main",),
    same_values=("phone_main",),
)

IDENTIFIER = Comparison(
    "identifier",
    ("identifiers",),
    "exact keys shared between systems",
    (
        Level("same", _in_common("identifiers")),
        _null(f"coalesce(NOT ({_in_common('identifier_types')}), true)"),
        Level("one character off", _edits(f"{ONE}identifiers_l", f"{ONE}identifiers_r", 1)),
        ELSE,
    ),
    nothing_without=("identifiers",),
)

_SAME_STREET = "street_l = street_r"
_NEAR_STREET = "jaro_winkler_similarity(street_l, street_r) >= 0.9"
_SAME_NUMBER = "house_number_l = house_number_r"
_SAME_TOWN = "(postcode_l = postcode_r OR city_l = city_r)"
_NEAR_CITY = "jaro_winkler_similarity(city_l, city_r) >= 0.9"
_NEAR_POSTCODE = _edits("postcode_l", "postcode_r", 1)

_TOWN, _STREET_IN_TOWN = ("town",), ("town", "street")

ADDRESS = Comparison(
    "address",
    ("street", "city", "postcode"),
    "street, number, city and postcode as one proof, not four",
    (
        Level(
            "same street, number and town",
            f"{_SAME_STREET} AND {_SAME_NUMBER} AND {_SAME_TOWN}",
            tf=DWELLING,
            within=_STREET_IN_TOWN,
        ),
        Level("same street and number", f"{_SAME_STREET} AND {_SAME_NUMBER}", tf=DWELLING),
        Level(
            "street mistyped, same number and town",
            f"{_SAME_NUMBER} AND {_SAME_TOWN} AND {_NEAR_STREET}",
            within=_STREET_IN_TOWN,
        ),
        Level(
            "same street and town, number unknown",
            f"(house_number_l IS NULL OR house_number_r IS NULL) AND {_SAME_TOWN} AND ({_SAME_STREET} OR {_NEAR_STREET})",
            within=_STREET_IN_TOWN,
        ),
        Level(
            "same street and town, other number",
            f"{_SAME_TOWN} AND ({_SAME_STREET} OR {_NEAR_STREET})",
            within=_STREET_IN_TOWN,
        ),
        Level("street mistyped, same number", f"{_SAME_NUMBER} AND {_NEAR_STREET}"),
        Level(
            "same postcode and number or city",
            f"postcode_l = postcode_r AND ({_SAME_NUMBER} OR city_l = city_r OR {_NEAR_CITY})",
            within=_TOWN,
        ),
        Level("same postcode", "postcode_l = postcode_r", within=_TOWN),
        Level("same city, number too", f"city_l = city_r AND {_SAME_NUMBER}", within=_TOWN),
        Level(
            "same city, other postcode",
            f"city_l = city_r AND postcode_l <> postcode_r AND NOT {_NEAR_POSTCODE}",
            tf="city",
            within=_TOWN,
        ),
        Level("same city", "city_l = city_r", tf="city", within=_TOWN),
        _null(
            "(street_l IS NULL OR street_r IS NULL) AND (city_l IS NULL OR city_r IS NULL)"
            " AND (postcode_l IS NULL OR postcode_r IS NULL)"
        ),
        Level("same street", f"{_SAME_STREET} OR (substr(street_l, 1, 1) = substr(street_r, 1, 1) AND {_NEAR_STREET})"),
        Level(
            "city or postcode mistyped",
            f"{_NEAR_CITY} OR {_NEAR_POSTCODE}",
        ),
        ELSE,
    ),
    nothing_without=("street", "city", "postcode"),
    same_values=("house_number", "postcode", "street"),
)

COMPANY = Comparison(
    "company",
    ("company",),
    "company, or the name of an organisation",
    (
        _same("company", tf=True),
        _null("company_l IS NULL OR company_r IS NULL"),
        Level("mistyped", "jaro_winkler_similarity(company_l, company_r) >= 0.94"),
        Level(
            "most words in common",
            "3 * len(list_intersect(company_words_l, company_words_r))"
            " >= 2 * least(len(company_words_l), len(company_words_r))"
            " AND len(list_intersect(company_words_l, company_words_r)) >= 2",
        ),
        Level(
            "alike",
            "jaro_winkler_similarity(company_l, company_r) >= 0.85"
            " OR starts_with(company_l, company_r) OR starts_with(company_r, company_l)",
        ),
        Level("a word in common", "list_has_any(company_words_l, company_words_r)"),
        ELSE,
    ),
    nothing_without=("company",),
    same_values=("company",),
)

ONE_COMPANY = ("same", "mistyped", "most words in common")
"""Levels at which two companies are one."""

ELSEWHERE = ("same city, other postcode", "different")
"""Levels at which two addresses are those of two homes."""

JOB_TITLE = Comparison(
    "job_title",
    ("job_title",),
    "job title or occupation",
    (
        _same("job_title", tf=True),
        _null("job_title_l IS NULL OR job_title_r IS NULL"),
        ELSE,
    ),
    nothing_without=("job_title",),
    same_values=("job_title",),
)

COMPARISONS: tuple[Comparison, ...] = (
    FIRST_NAME,
    LAST_NAME,
    MIDDLE_NAME,
    SUFFIX,
    SEX,
    DATE_OF_BIRTH,
    EMAIL,
    PHONE,
    IDENTIFIER,
    ADDRESS,
    COMPANY,
    JOB_TITLE,
)
# Levels at which a pair agrees on a key of its own.
KEY_LEVELS: dict[str, tuple[str, ...]] = {
    EMAIL.name: ("same", "one of several the same"),
    PHONE.name: ("same", "one of several the same"),
    IDENTIFIER.name: ("same",),
}
KEY_COLUMNS: dict[str, str] = {EMAIL.name: "emails", PHONE.name: "phones", IDENTIFIER.name: "identifiers"}
"""The lists of values that these kinds of keys are compared by."""
BY_NAME: dict[str, Comparison] = {comparison.name: comparison for comparison in COMPARISONS}

# However few fill a field among many: two records of one small source can agree on it, and only they might tell that they are one person.
MIN_FILLED = 2
# A field with one value everywhere tells nobody apart, unless it is the key of the only two who carry one.
MIN_DISTINCT = 2


@dataclass(frozen=True)
class Choice:
    """Whether a comparison is used on a data set, why (or why not), and the share of profiles that fill it."""

    comparison: Comparison
    is_used: bool
    reason: str
    filled: float


def choose_comparisons(frame: pl.DataFrame) -> list[Choice]:
    """Decide for each comparison whether ``frame`` (of ``comparable``) fills its fields, and with more than one value."""
    choices = []
    rows = max(len(frame), 1)
    for comparison in COMPARISONS:
        filled, distinct = 0, 0
        for name in comparison.needs:
            column = frame.get_column(name)
            filled = max(filled, len(column) - column.null_count())
            distinct = max(distinct, column.drop_nulls().n_unique() if len(column) else 0)
        share = filled / rows
        told = f"{_percent(share)} of profiles filled, {distinct} values"
        is_filled, differs = filled >= MIN_FILLED, distinct >= MIN_DISTINCT or comparison.name in KEY_LEVELS
        if not is_filled:
            reason = f"left out: {told}"
        elif not differs:
            reason = f"left out: the same value everywhere ({told})"
        else:
            reason = f"{comparison.reason} ({told})"
        choices.append(Choice(comparison, is_filled and differs, reason, share))
    return choices


def _percent(share: float) -> str:
    """Whole per cents, and not none where there are some."""
    return "under 1%" if 0.0 < share < 0.005 else f"{share:.0%}"


def columns_of(comparisons: list[Comparison]) -> list[str]:
    """What the conditions of these comparisons read: columns of ``comparable``, lists in two parts (:data:`ONE`, :data:`MANY`)."""
    return columns_in(" ".join(level.condition for comparison in comparisons for level in comparison.levels))


def columns_in(condition: str) -> list[str]:
    """The columns that an SQL condition over both sides reads."""
    return sorted({match[:-2] for match in re.findall(r"\b\w+_[lr]\b", condition)})
