"""Dates of birth and points in time, read by the declared format, else where there is only one way to read them.

Without a declared format, or where a value does not follow it: ISO (1990-05-03, also with a time behind it), compact
(19900503), East Asian (1990年5月3日), names of months in eight languages, and day/month/year in the order that the country writes; without a
country only where one reading is possible. A day that cannot exist, or is to come, and a year without a day are no date, but the digits are
kept as text: a typing error in a date still identifies, and so does a year (1984 as 1984-00-00). Placeholders (1900-01-01, 1970-01-01, 9999-12-31 …) are null
in both. Times without a zone are UTC.

What does not belong here: deciding what happens to a row whose time is not readable (``records.py``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cache

import polars as pl

from cdp_assets.sources.countries import MONTH_FIRST_COUNTRIES
from cdp_assets.standardized.problems import (
    IMPOSSIBLE,
    INCOMPLETE,
    PLACEHOLDER,
    TO_COME,
    UNREADABLE,
    placeholder_or,
    say_something,
)
from cdp_assets.standardized.text import clean, in_ascii, without_placeholders

EARLIEST_YEAR = 2
"""The year 1 is padding ('0001-01-01'), not history; there are sources of historical persons."""

LATEST_SLIP_YEAR = 2199
"""A day to come before the end of this year may be a slip of the hand; after it, it is an 'end of time'."""

PLACEHOLDER_DATES = (
    "1900-01-01",
    "1900-01-00",
    "1900-00-00",
    "1970-01-01",
    "1899-12-30",
    "1899-12-31",
    "1753-01-01",
    "1111-11-11",
)
"""What systems write for 'no date': their first day, or one key held down."""

_MONTHS = """
january jan januar januari enero ene janvier janv gennaio gen janeiro styczen stycznia sty leden ledna jaen
february feb februar februari febrero fevrier fevr fev febbraio fevereiro luty lutego lut
march mar marz maerz mrz maart mrt marzo mars marco marzec marca
april apr avril avr abril abr aprile kwiecien kwietnia kwi
may mai mei mayo maggio mag maio maj maja
june jun juni junio juin giugno giu junho czerwiec czerwca cze
july jul juli julio juillet juil luglio lug julho lipiec lipca lip
august aug augustus agosto ago aout agos sierpien sierpnia sie
september sep sept septiembre septembre settembre setembro set wrzesien wrzesnia wrz
october oct oktober okt octubre octobre ottobre ott outubro out pazdziernik pazdziernika paz
november nov noviembre novembre novembro listopad listopada lis
december dec dezember dez diciembre dic decembre dicembre dezembro grudzien grudnia gru
"""
MONTHS = {word: number for number, line in enumerate(_MONTHS.strip().splitlines(), 1) for word in line.split()}
"""Comparable month name or abbreviation to its number; English, German, Dutch, Spanish, French, Italian, Portuguese, Polish."""

_TIME = (
    r"(?:[t ,]+(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<p>[ap]\.?m\.?)?"
    r"\s*(?P<z>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?(?:\s*\[[a-z_/]+\])?)?$"
)
_ISO = (
    r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + _TIME,
    r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})" + _TIME,
)
_NAMED = (
    r"^(?:[a-z]+,? (?:den )?)?(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.|o)?[ \-/]*(?:de |of )?(?P<b>[a-z]{3,})\.?,?[ \-/]*(?:de |del )?(?:(?P<y>\d{4})|(?P<yy>\d{2}))(?: ?r(?:oku|\.)?| ?g\.?)?"
    + _TIME,
    r"^(?:[a-z]+,? )?(?P<b>[a-z]{3,})\.?[ \-]*(?P<d>\d{1,2})(?:st|nd|rd|th)?,?[ \-]+(?P<y>\d{4})" + _TIME,
    r"^(?P<y>\d{4})[ \-/.]+(?P<b>[a-z]{3,})[ \-/.]+(?P<d>\d{1,2})" + _TIME,
)
_YEAR_ALONE = r"^(?P<y>(?:1[5-9]|20)\d{2})(?:[-/.](?P<m>0[1-9]|1[0-2]))?$"
"""'1984', '1984-05': a day of birth of which the year is known, or year and month; the rest is written as zeros."""

_NO_DAY = "-00"
"""How a text ends of which no more than the year, or year and month, is known."""

_YEARS = ("%Y", "%Y-%m")
"""Declared formats without a day: such texts are read like any other year that stands alone."""

_TWO_NUMBERS = r"^(?P<one>\d{1,2})(?P<by>[-/. ])(?P<two>\d{1,2})[-/. ](?:(?P<y>\d{4})|(?P<yy>\d{2}))" + _TIME
_PARTS = ("y", "yy", "m", "b", "d", "H", "M", "S", "f", "p", "z")
_SLIP = r"^[\d\-/.]*[a-z]?[\d\-/.]*[a-z]?[\d\-/.]*$"
_EAST_ASIAN = r"^(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?"
_COMPACT_YEAR_FIRST = r"^(?P<y>(?:1[5-9]|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})$"
"""'1942t-09-28' and '1792-0826': up to two stray letters or a missing sign, the year in front beyond doubt."""

_EPOCH = r"^\d{9,10}(?:\.\d+)?$|^\d{12,13}$|^\d{15,16}$"
_EPOCH_UNITS = ((15, 1), (12, 1_000), (0, 1_000_000))
"""Digits of the whole part, and microseconds in one unit: micro-, milli- and seconds since 1970."""


def standardize_birth_dates(
    delivered: pl.Series, date_format: str | None, country: str | None, latest: date
) -> pl.DataFrame:
    """``date_of_birth``, ``date_of_birth_text`` (yyyy-mm-dd, also of a day that cannot exist) and ``problem`` of each text.

    ``latest``: the day the import landed; nobody is born after it. ``problem``: why there is no date of birth (impossible,
    incomplete, placeholder, to_come, unreadable); null where there is one, and where nothing was delivered.
    """
    distinct = delivered.drop_nulls().unique()
    parts = _read(distinct, date_format, country, latest.year)
    text, year = pl.col("text"), pl.col("y").str.to_integer(strict=False)
    is_to_come = text > pl.lit(latest.isoformat())
    is_end_of_time = is_to_come & ((year > LATEST_SLIP_YEAR) | text.str.contains(r"-(?:01-01|12-31)$"))
    is_nobodys = text.is_in(PLACEHOLDER_DATES) | (year < EARLIEST_YEAR) | is_end_of_time
    day = pl.when(~is_to_come).then(text.str.to_date("%Y-%m-%d", strict=False))
    problem = (
        pl.when(is_nobodys)
        .then(pl.lit(PLACEHOLDER))
        .when(is_to_come)
        .then(pl.lit(TO_COME))
        .when(text.str.ends_with(_NO_DAY))
        .then(pl.lit(INCOMPLETE))
        .when(day.is_null())
        .then(pl.lit(IMPOSSIBLE))
    )
    table = parts.select(
        "key", problem=problem, text=pl.when(~is_nobodys).then(text), day=pl.when(~is_nobodys).then(day)
    )
    table = pl.concat([table, _not_read(distinct, parts)])
    joined = delivered.cast(pl.String).alias("key").to_frame().join(table, on="key", how="left", maintain_order="left")
    return joined.select(date_of_birth="day", date_of_birth_text="text", problem="problem")


def _not_read(distinct: pl.Series, parts: pl.DataFrame) -> pl.DataFrame:
    """Texts in which there is no day: those that say 'no date' (also as 0000-00-00), and those that say something else."""
    rest = pl.DataFrame({"key": distinct}).join(parts, on="key", how="anti")
    texts = clean(rest.get_column("key"))
    why = placeholder_or(UNREADABLE)(texts).set(~say_something(texts), None)
    has_zeros_only = pl.col("key").str.contains(r"^[0\s./:-]*0[0\s./:-]*$")
    problem = pl.when(has_zeros_only).then(pl.lit(PLACEHOLDER)).otherwise("why")
    return rest.with_columns(why=why).select(
        "key", problem=problem, text=pl.lit(None, pl.String), day=pl.lit(None, pl.Date)
    )


def standardize_moments(
    delivered: pl.Series, date_format: str | None = None, country: str | None = None, latest_year: int = 2100
) -> pl.Series:
    """The point in time that each text names, UTC; null where it is not readable. Also seconds, milli- and
    microseconds since 1970."""
    is_plain = delivered.str.contains(_PLAIN_MOMENT)
    if date_format and date_format not in _PLAIN_FORMATS:
        is_plain = is_plain & ~delivered.str.to_lowercase().str.contains(_pattern(date_format))
    plain = delivered.set(~is_plain, None).str.replace("T", " ", literal=True)
    read = plain.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False).dt.replace_time_zone("UTC")
    if is_plain.all():
        return read
    rest = _moments(delivered.set(is_plain.fill_null(True), None), date_format, country, latest_year)
    return rest.zip_with(~is_plain.fill_null(False), read).alias(delivered.name)


_PLAIN_MOMENT = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}$"
"""Points in time that nearly all systems write so; they are read without looking for their parts."""

_PLAIN_FORMATS = ("%Y-%m-%d", "%F", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%F %T", "%FT%T")
"""Declared formats that read such a text as it is read without them."""


def _moments(delivered: pl.Series, date_format: str | None, country: str | None, latest_year: int) -> pl.Series:
    distinct = delivered.drop_nulls().unique()
    parts = _read(distinct, date_format, country, latest_year)
    number = pl.col("key").str.strip_chars()
    epochs = pl.DataFrame({"key": distinct}).filter(number.str.contains(_EPOCH)).join(parts, on="key", how="anti")
    table = pl.concat([parts.select("key", moment=_moment()), epochs.select("key", moment=_from_epoch(number))])
    joined = delivered.cast(pl.String).alias("key").to_frame().join(table, on="key", how="left", maintain_order="left")
    return joined.get_column("moment").alias(delivered.name)


def _read(distinct: pl.Series, date_format: str | None, country: str | None, latest_year: int) -> pl.DataFrame:
    """``key`` and the parts of each distinct text, as text: those of ``_PARTS``, and ``text`` (yyyy-mm-dd)."""
    spelled = without_placeholders(clean(distinct)).str.replace(_EAST_ASIAN, "$1-$2-$3")
    spelled = in_ascii(spelled).str.to_lowercase()
    waiting = pl.DataFrame({"key": distinct, "text": spelled}).drop_nulls("text")
    schema = {"key": pl.String, **dict.fromkeys(_PARTS, pl.String)}
    found = [pl.DataFrame(schema=schema)]
    declared = [_pattern(date_format)] if date_format and date_format not in _YEARS else []
    patterns = [*declared, *_ISO, *_NAMED]
    for pattern in patterns:
        read = _extracted(waiting, pattern)
        found.append(read.select(schema.keys()))
        waiting = waiting.join(read, on="key", how="anti")
        if waiting.is_empty():
            break
    found.append(_in_countrys_order(_extracted(waiting, _TWO_NUMBERS), country).select(schema.keys()))
    years = _extracted(waiting, _YEAR_ALONE).with_columns(pl.col("m").fill_null("00"), d=pl.lit("00"))
    found.append(years.select(schema.keys()))
    waiting = waiting.join(years, on="key", how="anti")
    digits = pl.col("text").str.replace_all(r"[^0-9]", "")
    slips = waiting.filter(pl.col("text").str.contains(_SLIP)).with_columns(text=digits)
    found.append(_extracted(slips, _COMPACT_YEAR_FIRST).select(schema.keys()))
    return _spelled_out(pl.concat(found), latest_year)


def _extracted(waiting: pl.DataFrame, pattern: str) -> pl.DataFrame:
    """The rows that fit a pattern, with its groups as columns; months' names must be known."""
    groups = pl.col("text").str.extract_groups(pattern)
    read = waiting.filter(pl.col("text").str.contains(pattern)).with_columns(groups.alias("groups")).unnest("groups")
    if "b" in read.columns:
        number = pl.col("b").replace_strict(list(MONTHS), [str(n) for n in MONTHS.values()], default=None)
        read = read.with_columns(m=number.cast(pl.String)).filter(pl.col("m").is_not_null())
    absent = [name for name in (*_PARTS, "one", "two", "by") if name not in read.columns]
    return read.with_columns([pl.lit(None, dtype=pl.String).alias(name) for name in absent])


def _in_countrys_order(read: pl.DataFrame, country: str | None) -> pl.DataFrame:
    """Day and month of 'one/two/year'; dots are only ever written day first."""
    one, two = pl.col("one").str.to_integer(strict=False), pl.col("two").str.to_integer(strict=False)
    only_day_first = ((one > 12) & (two <= 12)) | (pl.col("by") == ".")
    only_month_first = (two > 12) & (one <= 12)
    by_country = pl.lit(None, pl.Boolean) if country is None else pl.lit(country not in MONTH_FIRST_COUNTRIES)
    day_first = (
        pl.when(only_day_first)
        .then(True)
        .when(only_month_first)
        .then(False)
        .when(one == two)
        .then(True)
        .otherwise(by_country)
    )
    read = read.with_columns(day_first=day_first).filter(pl.col("day_first").is_not_null())
    return read.with_columns(
        d=pl.when("day_first").then("one").otherwise("two"), m=pl.when("day_first").then("two").otherwise("one")
    )


def _spelled_out(parts: pl.DataFrame, latest_year: int) -> pl.DataFrame:
    """Adds ``text``; a year of two digits is the last such year that is not to come."""
    short = pl.col("yy").str.to_integer(strict=False)
    century = pl.when(2000 + short <= latest_year).then(2000 + short).otherwise(1900 + short)
    year = pl.coalesce("y", century.cast(pl.String))
    text = pl.concat_str([year, pl.col("m").str.zfill(2), pl.col("d").str.zfill(2)], separator="-")
    return parts.with_columns(y=year).with_columns(text=text)


def _moment() -> pl.Expr:
    hour = pl.col("H").fill_null("0").str.to_integer(strict=False)
    afternoon = pl.col("p").str.starts_with("p")
    hour = pl.when(pl.col("p").is_null()).then(hour).when(afternoon).then(hour % 12 + 12).otherwise(hour % 12)
    clock = pl.concat_str(
        [hour.cast(pl.String).str.zfill(2), pl.col("M").fill_null("00"), pl.col("S").fill_null("00")], separator=":"
    )
    fraction = pl.col("f").fill_null("0").str.pad_end(6, "0").str.slice(0, 6).str.to_integer(strict=False)
    local = (pl.col("text") + " " + clock).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    offset = pl.col("z").str.replace(":", "").str.extract(r"^([+-]\d{2,4})$").str.pad_end(5, "0")
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    minutes = sign * (
        offset.str.slice(1, 2).str.to_integer(strict=False) * 60 + offset.str.slice(3, 2).str.to_integer(strict=False)
    )
    utc = local + pl.duration(microseconds=fraction) - pl.duration(minutes=minutes.fill_null(0))
    return utc.dt.replace_time_zone("UTC")


def _from_epoch(number: pl.Expr) -> pl.Expr:
    whole = number.str.extract(r"^(\d+)")
    result = pl.lit(None, dtype=pl.Int64)
    for digits, factor in reversed(_EPOCH_UNITS):
        result = (
            pl.when(whole.str.len_chars() >= digits).then(whole.str.to_integer(strict=False) * factor).otherwise(result)
        )
    return result.cast(pl.Datetime("us", "UTC"))


@cache
def _pattern(date_format: str) -> str:
    """A strptime format as a pattern with named groups. Numbers may lack their zero where something stands between them."""
    directives = re.split(
        r"(%[-#]?.)", date_format.replace("%T", "%H:%M:%S").replace("%D", "%m/%d/%y").replace("%F", "%Y-%m-%d")
    )
    parts = [part for part in directives if part]
    has_time = any(part[-1] in "HIMS" and part.startswith("%") for part in parts)
    pieces = [_piece(parts, n) for n in range(len(parts))]
    return "^" + "".join(pieces) + ("$" if has_time else _TIME)


def _piece(parts: Sequence[str], position: int) -> str:
    part = parts[position]
    if not part.startswith("%") or len(part) < 2:
        return "".join("[-/. ]+" if sign in "-/. " else re.escape(sign) for sign in part.lower())
    stands_alone = all(not parts[n].startswith("%") for n in (position - 1, position + 1) if 0 <= n < len(parts))
    number = r"\d{1,2}" if stands_alone else r"\d{2}"
    by_letter = {
        "Y": r"(?P<y>\d{4})", "y": r"(?P<yy>\d{2})", "m": f"(?P<m>{number})", "d": f"(?P<d>{number})", "e": r" ?(?P<d>\d{1,2})",
        "b": r"(?P<b>[a-z]{3,})\.?", "B": r"(?P<b>[a-z]{3,})\.?", "h": r"(?P<b>[a-z]{3,})\.?", "H": f"(?P<H>{number})",
        "I": f"(?P<H>{number})", "M": f"(?P<M>{number})", "S": f"(?P<S>{number})", "f": r"(?P<f>\d{1,9})",
        "p": r"(?P<p>[ap]\.?m\.?)", "z": r"(?P<z>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)", "Z": r"(?P<z>[a-z]{1,5}|[+-]\d{2}:?\d{2})",
        "a": r"[a-z]+\.?", "A": r"[a-z]+", "%": "%",
    }  # fmt: skip
    return by_letter.get(part[-1], r".+?")
