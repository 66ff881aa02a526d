"""Columns derived from linkage profiles, computed once per profile so that no comparison derives them per pair.

Measured on a million records: derived columns halve the CPU time of scoring. Each is made of a whole column at once (of the flat
values of a list, or of the distinct texts), which takes a third of the time that expressions over lists do. What does not belong here: the levels
that compare them (``comparisons.py``) and standardisation of delivered values (``standardized/``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property

import numpy as np
import polars as pl
import pyarrow as pa

from cdp_assets.candidate_links.among import Many
from cdp_assets.candidate_links.lists import Distinct, Flat, from_arrow, where
from cdp_assets.candidate_links.lookup import ROW
from cdp_assets.candidate_links.sounds import sounds
from cdp_assets.standardized.scripts import IDEOGRAPHS
from cdp_assets.tables import TEXT

_DIGITS_OF_DATE = 8
TAIL_DIGITS = 7  # a phone without its area or country code still ends in these
# A local part shorter than this ("info", "j.s") stands at many domains by chance.
_LOCAL_PART_MIN = 5

COMPARABLE_SCHEMA: dict[str, pl.DataType] = {
    "unique_id": pl.Int64(),
    "first_name": pl.String(),
    "first_root": pl.String(),
    "first_name_script": pl.String(),
    "first_sound": pl.String(),
    "middle_name": pl.String(),
    "last_name": pl.String(),
    "last_words": pl.List(pl.String()),
    "last_name_script": pl.String(),
    "last_sound": pl.String(),
    "suffix": pl.String(),
    "sex": pl.String(),
    "dob": pl.String(),
    "dob_swapped": pl.String(),
    "dob_day": pl.String(),
    "email_main": pl.String(),
    "emails": pl.List(pl.String()),
    "probable_emails": pl.List(pl.String()),
    "probable_keys": pl.List(pl.String()),
    "email_locals": pl.List(pl.String()),
    "email_numbered": pl.List(pl.String()),
    "email_digits": pl.String(),
    "phone_main": pl.String(),
    "phones": pl.List(pl.String()),
    "phone_tails": pl.List(pl.String()),
    "identifiers": pl.List(pl.String()),
    "identifier_types": pl.List(pl.String()),
    "street": pl.String(),
    "house_number": pl.String(),
    "dwelling": pl.String(),
    "city": pl.String(),
    "region": pl.String(),
    "postcode": pl.String(),
    "company": pl.String(),
    "company_words": pl.List(pl.String()),
    "job_title": pl.String(),
    "sources": pl.String(),
}


# The first of January is what systems write when they know the year only, or zeros: neither says anything of day and month.
_NO_DAY = r"^0101$|00$"


def _date(texts: pl.Series) -> pl.Series:
    digits = texts.str.replace_all(r"[^0-9]+", "")
    return where(digits, digits.str.len_chars() == _DIGITS_OF_DATE)


def _swapped_date(texts: pl.Series) -> pl.Series:
    born = _date(texts).str
    return born.slice(0, 4) + born.slice(6, 2) + born.slice(4, 2)


def _exact_day(texts: pl.Series) -> pl.Series:
    day = _date(texts).str.slice(4, 4)
    return where(day, ~day.str.contains(_NO_DAY))


def _first_root(roots: pl.Series, names: pl.Series) -> pl.Series:
    """What a first name stands for; the name itself where nothing is told of that."""
    untold = roots.is_null() & names.is_not_null()
    return pl.select(pl.coalesce(roots, names)).to_series() if untold.any() else roots


def _several_words(names: pl.Series, shortest: int) -> pl.Series:
    """:func:`_words` where there are at least two, which is where a name has a space."""
    spaced = names.str.contains(" ", literal=True).fill_null(False).arg_true()
    words = _words(Distinct.of(names.gather(spaced)), shortest, at_least=2)
    places = pl.repeat(None, len(names), dtype=ROW, eager=True)
    return words.gather(places.scatter(spaced, pl.int_range(len(spaced), dtype=ROW, eager=True)))


def _words(texts: Distinct, shortest: int, at_least: int) -> pl.Series:
    """Lists of the distinct words of so many letters, in order; null where there are fewer than ``at_least`` such words."""
    words = Flat.of(texts.texts.str.split(" "))
    told = words.values.str.len_chars() >= shortest
    lists = where(words.lists_of(where(words.values, told)), pl.Series(words.only(told).lengths >= at_least))
    return lists.gather(texts.places)


def before(texts: pl.Series, sign: str) -> pl.Series:
    """What stands before the first ``sign`` in each text; all of it where there is none."""
    return bytes_before(texts, sign).cast(pl.String)


def bytes_before(texts: pl.Series, sign: str) -> pl.Series:
    """:func:`before`, as bytes: for what only compares it, nobody need see that they are a text."""
    text = pl.col("text")
    at = text.str.find(sign, literal=True).fill_null(text.str.len_bytes())  # in bytes, so a slice of bytes
    return texts.to_frame("text").select(text.cast(pl.Binary).bin.slice(0, at)).to_series()


def _digits(texts: pl.Series) -> pl.Series:
    """The digits of each text, null of a null.

    They are picked from the bytes of all texts at once (no other letter has a byte of theirs): a third of the time of a regular expression.
    """
    held = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, bounds, letters = (np.frombuffer(buffer or b"", dtype=np.uint8) for buffer in held.buffers())
    at = np.flatnonzero(letters - np.uint8(ord("0")) < 10)  # what is below "0" becomes a large number
    ends = np.searchsorted(at, bounds.view(np.int64)[held.offset : held.offset + len(held) + 1])
    found = pa.LargeStringArray.from_buffers(len(held), pa.py_buffer(ends), pa.py_buffer(letters[at]))
    return where(from_arrow(found).alias(texts.name), texts.is_not_null())


def _dwelling(profiles: pl.DataFrame) -> pl.Series:
    """Street and number, and the postcode or, where it is not known, the city; null where street or number is."""
    town = pl.coalesce("postcode", "city", pl.lit(""))
    return profiles.select(pl.concat_str("street", "house_number", town, separator=", ")).to_series()


class _Parts:
    """Profiles in the order of their ids, and what several columns are derived from, each made once."""

    def __init__(self, profiles: pl.DataFrame, probable: pl.Series | None) -> None:
        self.profiles = profiles
        self._probable = probable
        self._flat: dict[str, Flat] = {}
        self._distinct: dict[str, Distinct] = {}

    def __getitem__(self, column: str) -> pl.Series:
        return self.profiles.get_column(column)

    def flat(self, column: str) -> Flat:
        """All values of a column of lists."""
        if column not in self._flat:
            self._flat[column] = Flat.of(self[column])
        return self._flat[column]

    def distinct(self, column: str) -> Distinct:
        """The distinct texts of a column."""
        if column not in self._distinct:
            self._distinct[column] = Distinct.of(self[column])
        return self._distinct[column]

    def lists(self, column: str) -> pl.Series:
        """A column of lists, each value once, in order; null where there is none."""
        return self.flat(column).lists_of(self.flat(column).values)

    @cached_property
    def locals(self) -> pl.Series:
        """What stands before the "@" of all addresses, where that is long enough to mean somebody."""
        local = before(self.flat("emails").values, "@")
        return where(local, local.str.len_chars() >= _LOCAL_PART_MIN)

    @property
    def probable_keys(self) -> pl.Series:
        """What brings a profile and the bearer of its probable address together: its probable addresses, and those of its own
        that are probably somebody's."""
        own, probable = self.flat("emails"), self.flat("probable_emails")
        known = probable.values if self._probable is None else self._probable
        keys = probable.and_those_of(own.only(Many(own.values).hold(known)))
        return keys.lists_of(keys.values)


_DERIVED: dict[str, Callable[[_Parts], pl.Series]] = {
    "unique_id": lambda of: of["profile_id"],
    "first_root": lambda of: _first_root(of["first_name_root"], of["first_name"]),
    "first_sound": lambda of: sounds(of.distinct("first_name"), of["first_name_script"]),
    "last_sound": lambda of: sounds(of.distinct("last_name"), of["last_name_script"]),
    "last_words": lambda of: _several_words(of["last_name"], shortest=3),
    "dob": lambda of: of.distinct("date_of_birth").each(_date),
    "dob_swapped": lambda of: of.distinct("date_of_birth").each(_swapped_date),
    "dob_day": lambda of: of.distinct("date_of_birth").each(_exact_day),
    "email_main": lambda of: of["emails"].list.first(),
    "emails": lambda of: of.lists("emails"),
    "probable_emails": lambda of: of.lists("probable_emails"),
    "probable_keys": lambda of: of.probable_keys,
    "email_locals": lambda of: of.flat("emails").lists_of(of.locals),
    "email_numbered": lambda of: of.flat("emails").lists_of(where(of.locals, of.locals.str.contains(r"[0-9]"))),
    "email_digits": lambda of: _digits(of["emails"].list.first()),
    "phone_main": lambda of: of["phones"].list.first(),
    "phones": lambda of: of.lists("phones"),
    "phone_tails": lambda of: of.flat("phones").lists_of(of.flat("phones").values.str.slice(-TAIL_DIGITS)),
    "identifiers": lambda of: of.lists("identifiers"),
    "identifier_types": lambda of: of.flat("identifiers").lists_of(before(of.flat("identifiers").values, "=")),
    "dwelling": lambda of: _dwelling(of.profiles),
    "company_words": lambda of: _words(of.distinct("company"), shortest=2, at_least=1),
    "sources": lambda of: sources_told(of.profiles),
}
"""How a column is derived from profiles; one that is not named here is the profiles' own of that name."""


def comparable(
    profiles: pl.DataFrame,
    probable: pl.Series | None = None,
    only: Collection[str] | None = None,
    unasked: Collection[str] = (),
) -> pl.DataFrame:
    """Derived columns of ``candidate_links/linkage_profiles``, one row per profile, sorted by ``unique_id``.

    ``probable``: all addresses that are probably somebody's, where ``profiles`` are a part of the data only. ``only``:
    the columns wanted beside ``unique_id``; by default all. Those that are ``unasked`` hold nothing. Empty lists become null so that
    "nothing to compare" is one condition for every field.
    """
    wanted = [name for name in COMPARABLE_SCHEMA if only is None or name in only or name == "unique_id"]
    if not profiles["profile_id"].is_sorted():
        profiles = profiles.sort("profile_id")
    of = _Parts(profiles, probable)
    derived = {**_DERIVED, **dict.fromkeys(unasked, _nothing)}
    columns = {name: derived[name](of) if name in derived else of[name] for name in wanted}
    return pl.DataFrame(columns, schema={name: COMPARABLE_SCHEMA[name] for name in wanted})


def _nothing(of: _Parts) -> pl.Series:
    return pl.repeat(None, len(of.profiles), eager=True)


def sources_told(profiles: pl.DataFrame) -> pl.Series:
    """The sources of each profile; an empty text where they are not known."""
    return profiles.get_column("sources").cast(TEXT).fill_null("")


LATIN, OTHER, DRAWN = LETTERINGS = ("latin", "other", "drawn")
"""Names in Latin letters, in other ones, and in ideographs. Of people whose names are written in two of these, one in five has no first letter
in common (measured on ten scripts): Yulia is Iuliia, Hebrew leaves out vowels, Thai writes some first."""


def lettering(script: pl.Expr) -> pl.Expr:
    """Which of :data:`LETTERINGS` a name of this script is of."""
    return (
        pl.when(script.is_null())
        .then(pl.lit(LATIN))
        .when(script == IDEOGRAPHS)
        .then(pl.lit(DRAWN))
        .otherwise(pl.lit(OTHER))
    )


def carriers(profiles: pl.DataFrame, column: str) -> pl.DataFrame:
    """Who carries each e-mail, phone or identifier (``column``): ``profile_id``, ``first_name_root``, ``last_name`` and what that was
    written in, ``value``."""
    return (
        profiles.select("profile_id", "first_name_root", "last_name", "last_name_script", pl.col(column).alias("value"))
        .explode("value")
        .drop_nulls("value")
    )
