"""Days of birth: in one column, in three, by the year alone; and days that may be of birth and are not called so.

Where headers say nothing of a birth, values may tell: people of all ages were born over decades and mostly long ago, but what is
written down of an event in a system happened in the years since there are such systems. That is a guess, and marked as one.

What does not belong here: moments at which rows were true (``moment_guesses.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from cdp_assets.sources.column_guesses import MOST_OF_THEM, Columns
from cdp_assets.sources.draft_yaml import Draft
from cdp_assets.sources.header_meaning import Meaning, birth_part_of, is_just_a_day, plain_day_part_of
from cdp_assets.sources.vocabulary import NAME_FIELDS

DECADES = 20
"""Years between the earliest tenth and the latest tenth of days of birth; fewer have a class of a school, and events."""

SYSTEMS_SINCE = 2000
"""Before this year were most people born, and few of the events that today's systems tell of."""

MOSTLY = 0.5
"""Share of different days before :data:`SYSTEMS_SINCE` from which they are rather of birth."""

_YEAR_OF_BIRTH = r"^\s*(?:1[89]|20)[0-9]{2}\s*$"
_YEARS, _MONTHS = ("%Y", "%y"), ("%m", "%b", "%B")


def guess_birth(draft: Draft, columns: Columns, meant: dict[str, Meaning]) -> None:
    """Fill the draft's ``date_of_birth`` where it is in parts, and then ``date_format``; the parts leave ``meant``."""
    called = {part: name for name in reversed(columns.header) if (part := birth_part_of(name)) is not None}
    found = _joined(columns, called, _YEARS)
    if found is None and _may_be_unsaid(columns, meant):
        found = _in_plain_parts(columns)
        if found is not None:
            draft.notes[found.names[0]] = "CHECK that it is one: only its years say so, which are spread over decades"
    if found is None:
        return
    draft.columns["date_of_birth"] = [found.names]
    draft.date_format = found.written
    for name in found.names:
        meant.pop(name, None)


def guess_year_of_birth(draft: Draft, columns: Columns) -> None:
    """The year of birth, where nothing else says when a row's person was born."""
    if draft.columns.get("date_of_birth"):
        return
    for name in columns.header:
        if birth_part_of(name) == "year" and columns.share(name, _YEAR_OF_BIRTH) >= MOST_OF_THEM:
            draft.columns["date_of_birth"] = [(name,)]
            draft.notes[name] = "the year only"
            return


def may_be_birth(draft: Draft, columns: Columns, name: str) -> bool:
    """Whether a column that is called a date and no more rather says when the people beside it were born.

    Where something else says that, or rows are events, it does not.
    """
    has_names = any(draft.columns.get(field) for field in NAME_FIELDS)
    if not is_just_a_day(name) or name in draft.used() or draft.kind != "profiles" or not has_names:
        return False
    formats = columns.looks[name].date_formats
    return not draft.columns.get("date_of_birth") and bool(formats) and _are_of_birth(columns.days([name], formats[0]))


def _may_be_unsaid(columns: Columns, meant: Mapping[str, Meaning]) -> bool:
    """Whether there are names, and no header says when their people were born."""
    fields = {meaning.field for meaning in meant.values()}
    is_said = "date_of_birth" in fields or any(birth_part_of(name) == "year" for name in columns.header)
    return not is_said and not fields.isdisjoint(NAME_FIELDS)


class _Joined(NamedTuple):
    """Three columns in the order of the file, how the day is ``written`` that they make, and the ``days``."""

    names: tuple[str, ...]
    written: str
    days: pl.Series


def _in_plain_parts(columns: Columns) -> _Joined | None:
    """A ``day``, a ``month`` and a ``year`` of nothing in particular, where their days are like those of birth."""
    parts = [(part, name) for name in columns.header if (part := plain_day_part_of(name)) is not None]
    found = dict(parts)
    if len(found) != len(parts):
        return None  # which of two is meant?
    joined = _joined(columns, found, ("%Y",))
    return joined if joined is not None and _are_of_birth(joined.days) else None


def _joined(columns: Columns, parts: Mapping[str, str], years: tuple[str, ...]) -> _Joined | None:
    """The three columns of a day, by part, where they make one."""
    part_of = {name: part for part, name in parts.items()}
    names = tuple(name for name in columns.header if name in part_of)
    if len(parts) != 3:
        return None
    for year, month in ((year, month) for year in years for month in _MONTHS):
        directives = {"year": year, "month": month, "day": "%d"}
        written = " ".join(directives[part_of[name]] for name in names)
        days = columns.days(names, written)
        if len(days) and days.count() / len(days) >= MOST_OF_THEM:
            return _Joined(names, written, days)
    return None


def _are_of_birth(days: pl.Series) -> bool:
    """Whether days are spread as those of birth are. Each counts once: an event has many people, a default many rows."""
    years = days.drop_nulls().unique().dt.year()
    if not len(years):
        return False
    earliest, latest = years.quantile(0.1, "nearest"), years.quantile(0.9, "nearest")
    is_spread = earliest is not None and latest is not None and latest - earliest >= DECADES
    return is_spread and int((years < SYSTEMS_SINCE).sum()) >= len(years) * MOSTLY
