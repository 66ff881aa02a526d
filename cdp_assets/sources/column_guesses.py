"""What the values of a column look like: e-mails, phones, days and how they are written, a key.

Shares and counts only; no value leaves this module. Guesses for a draft: a contract decides.

What does not belong here: headers (``header_meaning.py``), decisions (``drafting.py``).
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

YEARS = (1600, 2100)
"""The first and the last year of a day: parish registers tell of people who were born long ago."""

LEAST_DAYS = 0.5
"""Share of filled values that must look like days for a column to be read as days at all."""

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
    "%b %d %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %y",
    "%Y.%m.%d",
)
"""How systems write days, the commonest first."""

SHORTEST_SHARE_TOLD = 0.01
"""Of ways to write days; what fewer values are written in is a slip."""

TOGETHER_BY_MISTAKE = 0.01
"""Share of rows that may fill both of two columns that are alternatives."""

FEW_WORDS = 10
"""Distinct values that a column of answers may have."""

_TIME_OF_DAY = r"[T ,]+\d{1,2}:\d{2}.*$"
_FLAGS = r"^(?i:\s*(?:yes|no|true|false|ja|nein|si|sí|oui|non|tak|nie)\s*)$"
_HONORIFICS = (
    r"^(?i:\s*(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir|madam|rev|herr|frau|sr|sra|srta|mme|m|mlle|pan|pani)\.?\s*)+$"
)
_CODE_WORD = r"^\s*[a-z0-9$]+(?:[_\-:.][a-z0-9]+)*\s*$"
_PLAIN_NUMBER = r"^\s*[-+]?\d*[.,]\d+\s*$"
_IP = r"^\s*\d{1,3}(?:\.\d{1,3}){3}\s*$"
_EMAIL = r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"
_PHONE = r"^\s*\(?\+?[\d\s().\-/]{7,22}(?:\s*(?:x|ext\.?)\s*\d{1,6})?\s*$"
_PHONE_MARKS = r"[+()\-\s./]"
_ISO_MOMENT = r"^\s*(?:\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?\s*$"
_MOMENT = r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ,]+\d{1,2}:\d{2}.*)?\s*$"
_EPOCH = r"^\s*\d{10}(?:\d{3})?\s*$"
POSTCODES = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{2}-\d{3}|\d{5}-\d{4}"
"""Postcodes that hardly anything else is written like."""

_POSTCODE = rf"^\s*(?i:{POSTCODES})\s*$"


@dataclass(frozen=True)
class ColumnLook:
    """What the values of one column look like: shares of the filled ones, 0 to 1.

    ``repeated``: rows without a value of their own. ``days_written``: formats with the share of values that no earlier one of them
    reads, the commonest first; without the time of day.
    """

    filled: float
    is_unique: bool
    repeated: int
    email: float
    phone: float
    moment: float
    iso_moment: float
    postcode: float
    digits: float
    with_digit: float
    with_blank: float
    flags: float
    honorifics: float
    code_words: float
    distinct: float
    date_formats: tuple[str, ...]
    days_written: tuple[tuple[str, float], ...]

    @property
    def days(self) -> float:
        """The share that is written in one of ``DATE_FORMATS``."""
        return sum(share for _, share in self.days_written)


def looks(frame: pl.DataFrame) -> Mapping[str, ColumnLook]:
    """Look at every column of a frame of text."""
    return {name: _look(frame.get_column(name)) for name in frame.columns}


def _look(column: pl.Series) -> ColumnLook:
    values = column.drop_nulls()
    sample = values.head(ROWS_LOOKED_AT)
    readings, distinct = _readings(sample), values.n_unique()
    return ColumnLook(
        filled=len(values) / max(1, len(column)),
        is_unique=bool(len(values)) and distinct == len(column),
        repeated=len(column) - distinct,
        email=_share(sample, _EMAIL),
        phone=_phone_share(sample),
        moment=max(_share(sample, _MOMENT), _share(sample, _EPOCH)),
        iso_moment=_share(sample, _ISO_MOMENT),
        postcode=_share(sample, _POSTCODE),
        digits=_share(sample, r"^\s*\d+\s*$"),
        with_digit=_share(sample, r"\d"),
        with_blank=_share(sample, r"\S[\s,]+\S"),
        flags=_share(sample, _FLAGS),
        honorifics=_share(sample, _HONORIFICS),
        code_words=_share(sample, _CODE_WORD),
        distinct=distinct / max(1, len(values)),
        date_formats=_date_formats(readings),
        days_written=_days_written(readings),
    )


def _share(values: pl.Series, pattern: str) -> float:
    return _mean(values.str.contains(pattern)) if len(values) else 0.0


def _phone_share(values: pl.Series) -> float:
    """Numbers of 7 to 15 digits, at least a third of them written as only phones are; days look alike but are not."""
    if not len(values):
        return 0.0
    digits = values.str.count_matches(r"\d")
    is_other = values.str.contains(_MOMENT) | values.str.contains(_PLAIN_NUMBER) | values.str.contains(_IP)
    phones = values.str.contains(_PHONE) & digits.is_between(7, 15) & ~is_other
    marked = phones & values.str.strip_chars().str.contains(_PHONE_MARKS)
    return _mean(phones) if _mean(marked) > 1 / 3 else 0.0


def _readings(values: pl.Series) -> pl.DataFrame:
    """Whether each format reads each value as a day of :data:`YEARS`: a column a format, none for no days at all."""
    texts = values.str.strip_chars().str.replace(_TIME_OF_DAY, "").str.slice(0, 24)
    if not len(texts) or _share(texts, r"^\d{1,4}.?\w+.{0,2}\d{1,4}|^\w{3,9} \d{1,2},? \d{4}") < LEAST_DAYS:
        return pl.DataFrame()
    days = {written: texts.str.to_date(written, strict=False, exact=True) for written in DATE_FORMATS}
    return pl.DataFrame(
        [day.dt.year().is_between(*YEARS).fill_null(False).alias(written) for written, day in days.items()]
    )


def _date_formats(readings: pl.DataFrame) -> tuple[str, ...]:
    """Formats that read nearly all values, the best first."""
    shares = [(-_mean(readings[written]), n, written) for n, written in enumerate(readings.columns)]
    return tuple(written for share, _, written in sorted(shares) if -share >= NEARLY_ALL)


def _days_written(readings: pl.DataFrame) -> tuple[tuple[str, float], ...]:
    found: list[tuple[str, float]] = []
    height = max(1, readings.height)
    day_first = [written for written in readings.columns if _is_day_first(written)]
    is_day_first = _any(readings, day_first) >= _any(readings, [n for n in readings.columns if n not in day_first])
    while readings.height and readings.width:
        best = max(
            readings.columns, key=lambda written: (int(readings[written].sum()), _is_day_first(written) == is_day_first)
        )
        share = int(readings[best].sum()) / height
        if share < SHORTEST_SHARE_TOLD:
            break
        found.append((best, share))
        readings = readings.filter(~readings[best]).drop(best)
    return tuple(found)


def _is_day_first(written: str) -> bool:
    return 0 <= written.find("%d") < written.find("%m")


def _any(readings: pl.DataFrame, names: Sequence[str]) -> int:
    """How many values one of some formats reads."""
    return int(readings.select(is_read=pl.any_horizontal(names)).to_series().sum()) if names else 0


def _mean(are_so: pl.Series) -> float:
    return float(are_so.mean() or 0.0)  # type: ignore[arg-type]


def written_shares(written: Sequence[tuple[str, float]]) -> str:
    """Formats with the share of values in each, and of those in none."""
    rest = 1 - sum(share for _, share in written)
    shares = [f"{spelled} {share:.0%}" for spelled, share in written]
    return ", ".join([*shares, f"none of these {rest:.0%}"] if rest >= 0.005 else shares)


class Columns:
    """The columns of a table of text by their headers, and how their values stand to each other."""

    def __init__(self, header: Sequence[str], rows: pl.DataFrame) -> None:
        """``rows``: one column of text for each of ``header``, in its order."""
        self.header = tuple(header)
        self.height = rows.height
        self._rows = rows.rename(dict(zip(rows.columns, header, strict=True)))
        self.looks: Mapping[str, ColumnLook] = looks(self._rows)

    def filled_rows(self, names: Sequence[str]) -> pl.Series:
        """Whether any of some columns is filled, row by row."""
        return self._rows.select(is_filled=pl.any_horizontal(pl.col(names).is_not_null())).to_series()

    def fills_gaps(self, name: str, others: Sequence[str]) -> bool:
        """Whether a column is filled somewhere where none of the others is."""
        return bool((self.filled_rows([name]) & ~self.filled_rows(others)).any())

    def are_never_together(self, one: str, other: str) -> bool:
        """Whether two columns, both filled somewhere, are hardly ever filled in one row: two ways to say one thing."""
        first, second = self.filled_rows([one]), self.filled_rows([other])
        fewer = min(int(first.sum()), int(second.sum()))
        return fewer > 0 and int((first & second).sum()) <= fewer * TOGETHER_BY_MISTAKE

    def share(self, name: str, pattern: str) -> float:
        """The share of a column's filled values that fit a pattern."""
        return _share(self._rows.get_column(name).drop_nulls().head(ROWS_LOOKED_AT), pattern)

    def share_within(self, name: str, other: str) -> float:
        """In how many of the rows that have both a value of ``name`` is a part of that of ``other``."""
        both = self._rows.select(one=pl.col(name), other=pl.col(other)).drop_nulls().head(ROWS_LOOKED_AT)
        lower = both.select(
            pl.col("other").str.to_lowercase().str.contains(pl.col("one").str.to_lowercase(), literal=True)
        )
        return _mean(lower.to_series()) if both.height else 0.0

    def days(self, names: Sequence[str], written: str) -> pl.Series:
        """The days that some columns, joined by blanks, are in rows where all are filled; null for what is not so written."""
        texts = self._rows.select(text=pl.concat_str([pl.col(name).str.strip_chars() for name in names], separator=" "))
        days = texts.to_series().drop_nulls().head(ROWS_LOOKED_AT).str.to_date(written, strict=False)
        return days.set(~days.dt.year().is_between(*YEARS).fill_null(False), None)

    def words(self, name: str) -> set[str]:
        """The distinct values of a column of few: none where it has many."""
        values = self._rows.get_column(name).drop_nulls()
        return set(values.unique().to_list()) if 0 < values.n_unique() <= FEW_WORDS else set()

    def repeated(self, names: Sequence[str]) -> int:
        """Rows that are not told from an earlier one by some columns together."""
        return self.height - self._rows.select(names).n_unique() if names else self.height
