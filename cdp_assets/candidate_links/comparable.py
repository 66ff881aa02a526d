"""Columns derived from linkage profiles, computed once per profile so that no comparison derives them per pair.

Measured on a million records: derived columns halve the CPU time of scoring. Each is made of a whole column at once (of the flat
values of a list, or of the distinct texts), which takes a third of the time that expressions over lists do. What does not belong here: the levels
that compare them (``comparisons.py``) and standardisation of delivered values (``standardized/``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import polars as pl

from cdp_assets.candidate_links.lists import as_given, of_each, once, where
from cdp_assets.candidate_links.sounds import sounds
from cdp_assets.standardized.scripts import IDEOGRAPHS

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
    "city": pl.String(),
    "region": pl.String(),
    "postcode": pl.String(),
    "company": pl.String(),
    "company_words": pl.List(pl.String()),
    "job_title": pl.String(),
}


# The first of January is what systems write when they know the year only: it says nothing of day and month.
_YEAR_ALONE = "0101"


def _date(text: pl.Expr) -> pl.Expr:
    digits = text.str.replace_all(r"[^0-9]+", "")
    return pl.when(digits.str.len_chars() == _DIGITS_OF_DATE).then(digits)


def _swapped_date(text: pl.Expr) -> pl.Expr:
    born = _date(text)
    return born.str.slice(0, 4) + born.str.slice(6, 2) + born.str.slice(4, 2)


def _exact_day(text: pl.Expr) -> pl.Expr:
    day = _date(text).str.slice(4, 4)
    return pl.when(day != _YEAR_ALONE).then(day)


def _words(texts: pl.Series, shortest: int, at_least: int) -> pl.Series:
    """Lists of the distinct words of so many letters, in order; null where there are fewer than ``at_least`` such words."""

    def tidy(text: pl.Expr) -> pl.Expr:
        words = text.str.split(" ").list.eval(pl.element().filter(pl.element().str.len_chars() >= shortest))
        return pl.when(words.list.len() >= at_least).then(words.list.unique().list.sort().list.join(" "))

    return once(texts, tidy).str.split(" ")


def _locals(emails: pl.Series) -> pl.Series:
    local = emails.str.split("@").list.first()
    return where(local, local.str.len_chars() >= _LOCAL_PART_MIN)


def _numbered(emails: pl.Series) -> pl.Series:
    local = _locals(emails)
    return where(local, local.str.contains(r"[0-9]"))


_DERIVED: dict[str, Callable[[pl.DataFrame], pl.Series]] = {
    "unique_id": lambda profiles: profiles["profile_id"],
    "first_root": lambda profiles: profiles.select(pl.coalesce("first_name_root", "first_name")).to_series(),
    "first_sound": lambda profiles: sounds(profiles["first_name"], profiles["first_name_script"]),
    "last_sound": lambda profiles: sounds(profiles["last_name"], profiles["last_name_script"]),
    "last_words": lambda profiles: _words(profiles["last_name"], shortest=3, at_least=2),
    "dob": lambda profiles: once(profiles["date_of_birth"], _date),
    "dob_swapped": lambda profiles: once(profiles["date_of_birth"], _swapped_date),
    "dob_day": lambda profiles: once(profiles["date_of_birth"], _exact_day),
    "email_main": lambda profiles: profiles["emails"].list.first(),
    "emails": lambda profiles: of_each(profiles["emails"], as_given),
    "probable_emails": lambda profiles: of_each(profiles["probable_emails"], as_given),
    "probable_keys": lambda profiles: of_each(profiles["probable_keys"], as_given),
    "email_locals": lambda profiles: of_each(profiles["emails"], _locals),
    "email_numbered": lambda profiles: of_each(profiles["emails"], _numbered),
    "email_digits": lambda profiles: profiles["emails"].list.first().str.replace_all(r"[^0-9]+", ""),
    "phone_main": lambda profiles: profiles["phones"].list.first(),
    "phones": lambda profiles: of_each(profiles["phones"], as_given),
    "phone_tails": lambda profiles: of_each(profiles["phones"], lambda phones: phones.str.slice(-TAIL_DIGITS)),
    "identifiers": lambda profiles: of_each(profiles["identifiers"], as_given),
    "identifier_types": lambda profiles: of_each(
        profiles["identifiers"], lambda identifiers: identifiers.str.split("=").list.first()
    ),
    "company_words": lambda profiles: _words(profiles["company"], shortest=2, at_least=1),
}
"""How a column is derived from profiles; one that is not named here is the profiles' own of that name."""


def comparable(
    profiles: pl.DataFrame, probable: pl.Series | None = None, only: Collection[str] | None = None
) -> pl.DataFrame:
    """Derived columns of ``candidate_links/linkage_profiles``, one row per profile, sorted by ``unique_id``.

    ``probable``: all addresses that are probably somebody's, where ``profiles`` are a part of the data only. ``only``:
    the columns wanted beside ``unique_id``; by default all. Empty lists become null so that "nothing to compare" is one condition for every field.
    """
    wanted = [name for name in COMPARABLE_SCHEMA if only is None or name in only or name == "unique_id"]
    if not profiles["profile_id"].is_sorted():
        profiles = profiles.sort("profile_id")
    if "probable_keys" in wanted:
        known = probable_addresses(profiles) if probable is None else probable
        profiles = profiles.join(_probable_keys(profiles, known), on="profile_id", how="left", maintain_order="left")
    columns = {name: _DERIVED[name](profiles) if name in _DERIVED else profiles[name] for name in wanted}
    return pl.DataFrame(columns, schema={name: COMPARABLE_SCHEMA[name] for name in wanted})


def probable_addresses(profiles: pl.DataFrame) -> pl.Series:
    """All addresses that are probably some profile's, each once."""
    return profiles.get_column("probable_emails").explode().drop_nulls().unique().sort()


def _probable_keys(profiles: pl.DataFrame, known: pl.Series) -> pl.DataFrame:
    """What brings a profile and the bearer of its probable address together: ``profile_id``, ``probable_keys``.

    The keys are a profile's probable addresses, and those of its own that are among the ``known`` probable ones.
    """
    probable = profiles.select("profile_id", pl.col("probable_emails").alias("email")).explode("email").drop_nulls()
    own = profiles.select("profile_id", pl.col("emails").alias("email")).explode("email").drop_nulls()
    named = own.join(known.to_frame("email"), on="email", how="semi")
    return pl.concat([probable, named]).group_by("profile_id").agg(pl.col("email").alias("probable_keys"))


def people_among(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """How many people these names are, judged by first letters so that misspelt names stay one person (an aggregation).

    Names of one first initial are one person (who has married, or left out one of two family names), and so are names of the
    same two initials in either order (swapped). Names without a part do not count. Nor can a name in ideographs be told from one in
    letters: as many people as either counts.
    """
    is_drawn = (pl.col("last_name_script") == IDEOGRAPHS).fill_null(False)
    return pl.max_horizontal(_people_of(first.filter(told), last.filter(told)) for told in (~is_drawn, is_drawn))


def _people_of(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    begin, end = first.str.slice(0, 1), last.str.slice(0, 1)
    whole = begin.is_not_null() & end.is_not_null()
    both = pl.min_horizontal(begin, end) + pl.max_horizontal(begin, end)
    return pl.min_horizontal(both.filter(whole).n_unique(), begin.filter(whole).n_unique()).cast(pl.Int64)


def carriers(profiles: pl.DataFrame, column: str) -> pl.DataFrame:
    """Who carries each e-mail, phone or identifier (``column``): ``profile_id``, ``first_name_root``, ``last_name`` and what that was
    written in, ``value``."""
    return (
        profiles.select("profile_id", "first_name_root", "last_name", "last_name_script", pl.col(column).alias("value"))
        .explode("value")
        .drop_nulls("value")
    )


def people_per_value(carried: pl.DataFrame) -> pl.DataFrame:
    """How many people, by name, carry each value of :func:`carriers`: ``value``, ``people``."""
    people = people_among(pl.col("first_name_root"), pl.col("last_name"))
    return carried.group_by("value").agg(people.alias("people"))
