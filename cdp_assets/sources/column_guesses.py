"""What the values of a column look like: e-mails, phones, days and how they are written, a key.

Shares and counts only; no value leaves this module. Guesses for a draft: a contract decides.

What does not belong here: headers (``header_words.py``), writing the draft (``drafting.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

ROWS_LOOKED_AT = 50_000
"""Values after these hardly change what a column looks like."""

MOST_OF_THEM = 0.8
"""Share of filled values that must look alike for a column to be taken for it; real columns hold some junk."""

NEARLY_ALL = 0.95
"""Share of filled values that a date format must read: a wrong format reads about a third of all days."""

DATE_FORMATS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
)
"""How systems write days, the commonest first."""

_EMAIL = r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"
_PHONE = r"^\s*\(?\+?[\d\s().\-/]{7,22}(?:\s*(?:x|ext\.?)\s*\d{1,6})?\s*$"
_PHONE_MARKS = r"[+()\-\s./]"
_ISO_MOMENT = r"^\s*(?:\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?\s*$"
_MOMENT = r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ,]+\d{1,2}:\d{2}.*)?\s*$"
_EPOCH = r"^\s*\d{10}(?:\d{3})?\s*$"
_POSTCODE = r"^\s*(?i:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{2}-\d{3}|\d{5}-\d{4})\s*$"


@dataclass(frozen=True)
class ColumnLook:
    """What the values of one column look like: shares of the filled ones, 0 to 1."""

    filled: float
    is_unique: bool
    repeated: int
    email: float
    phone: float
    moment: float
    iso_moment: float
    postcode: float
    digits: float
    date_formats: tuple[str, ...]


def looks(frame: pl.DataFrame) -> Mapping[str, ColumnLook]:
    """Look at every column of a frame of text."""
    return {name: _look(frame.get_column(name)) for name in frame.columns}


def _look(column: pl.Series) -> ColumnLook:
    values = column.drop_nulls()
    sample = values.head(ROWS_LOOKED_AT)
    return ColumnLook(
        filled=len(values) / max(1, len(column)),
        is_unique=bool(len(values)) and values.n_unique() == len(column),
        repeated=len(column) - values.n_unique(),
        email=_share(sample, _EMAIL),
        phone=_phone_share(sample),
        moment=max(_share(sample, _MOMENT), _share(sample, _EPOCH)),
        iso_moment=_share(sample, _ISO_MOMENT),
        postcode=_share(sample, _POSTCODE),
        digits=_share(sample, r"^\s*\d+\s*$"),
        date_formats=_date_formats(sample),
    )


def _share(values: pl.Series, pattern: str) -> float:
    return float(values.str.contains(pattern).mean() or 0.0) if len(values) else 0.0  # type: ignore[arg-type]


def _phone_share(values: pl.Series) -> float:
    """Numbers of 7 to 15 digits, at least a third of them written as only phones are; days look alike but are not."""
    if not len(values):
        return 0.0
    digits = values.str.count_matches(r"\d")
    phones = values.str.contains(_PHONE) & digits.is_between(7, 15) & ~values.str.contains(_MOMENT)
    marked = (phones & values.str.strip_chars().str.contains(_PHONE_MARKS)).mean()
    return float(phones.mean() or 0.0) if float(marked or 0.0) > 1 / 3 else 0.0  # type: ignore[arg-type]


def _date_formats(values: pl.Series) -> tuple[str, ...]:
    """Formats that read nearly all values as days between 1890 and 2100, the best first."""
    texts = values.str.strip_chars().str.slice(0, 24)
    if not len(texts) or _share(texts, r"^\d{1,4}.?\w+.{0,2}\d{1,4}|^\w{3,9} \d{1,2}, \d{4}") < MOST_OF_THEM:
        return ()
    read: list[tuple[float, int, str]] = []
    for position, written in enumerate(DATE_FORMATS):
        days = texts.str.to_date(written, strict=False, exact=True)
        share = float(days.dt.year().is_between(1890, 2100).fill_null(False).mean() or 0.0)  # type: ignore[arg-type]
        if share >= NEARLY_ALL:
            read.append((-share, position, written))
    return tuple(written for _, _, written in sorted(read))


def best_key(names: Sequence[str], found: Mapping[str, ColumnLook]) -> str | None:
    """The first of ``names`` that is filled and different in every row."""
    return next((name for name in names if found[name].is_unique), None)
