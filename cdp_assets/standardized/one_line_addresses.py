"""Whole addresses in the street line: '12 Mill Lane, Leeds LS1 4AB' is a street, a city and a postcode.

Only where the row has neither city nor postcode of its own, and only where a postcode of the row's country stands in the
last or the next-to-last of the parts between commas: it is what tells a place from a street. A country named behind all
that is the row's own is left out; where it is another one, nothing is taken apart.

* Before the city ('10115 Berlin', '75002 Paris'): the countries of the European continent.
* Behind it ('Leeds LS1 4AB', 'Los Angeles, CA 90089', 'Sydney NSW 2000'): GB, US, CA, AU; between the two a state or province, by
  its code or name, and in Britain a county.

What is not sure stays in the street: a part with digits, or one that ends like a street, is no city; words before a number
are a city only beside a street that has a number in front, for 'Highway 2000' is a road.

What does not belong here: the comparable form of the parts (``streets.py``, ``places.py``), and addresses of unknown countries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from anyascii import anyascii

from cdp_assets.standardized.places import REGIONS, are_malformed, comparable_postcodes, country_names
from cdp_assets.standardized.text import word_set

_BEFORE_CITY = {
    **dict.fromkeys(word_set("DE FR ES IT FI"), r"(?:[A-Z]{1,3}-)?\d{5}"),
    **dict.fromkeys(word_set("AT CH BE DK NO"), r"(?:[A-Z]{1,3}-)?\d{4}"),
    "SE": r"(?:SE?-)?\d{3} ?\d{2}",
    "PL": r"(?:PL-)?\d{2}-\d{3}",
    "NL": r"(?:NL-)?[1-9]\d{3} ?(?!DE\s[A-Z\s]+$)[A-Z]{2}",
}
"""Country to how a postcode is written that stands before its city. Dutch letters are capitals, and not the first word of a
city in capitals, '3731 DE BILT'."""

_BEHIND_CITY = {
    "US": r"\d{5}(?:-\d{4})?",
    "GB": r"(?i:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})",
    "CA": r"(?i:[A-Z]\d[A-Z][ -]?\d[A-Z]\d)",
    "AU": r"\d{4}",
}
"""Country to how a postcode is written that stands behind its city."""

_DIGITS_ONLY = ("US", "AU")
"""Of those, countries whose postcode may be any number."""

_SHORTEST_ALONE = 5
"""A line of nothing but postcode and city: with four digits it may be a number and a street."""

_MAY_HOLD_ALL = {
    r"\b\d{5}\b": word_set("DE FR ES IT FI"),
    r"\b\d{4} ": word_set("AT CH BE DK NO"),
    r"\d{3} ?\d{2} ": word_set("SE"),
    r"\d{2}-\d{3}\b": word_set("PL"),
    r"\d{4} ?[A-Z]{2}\b": word_set("NL"),
    r"\d{5}(?:-\d{4})?\s*(?:[,;|]|$)": word_set("US"),
    r"\d{4}\s*(?:[,;|]|$)": word_set("AU"),
    r"(?i)\d[a-z]{2}\s*(?:[,;|]|$)": word_set("GB"),
    r"(?i)\d[a-z]\d\s*(?:[,;|]|$)": word_set("CA"),
}
"""What a line must have to hold a postcode of these countries: only such lines are looked at one by one."""

_CITY = r"[^\W\d_][^\d,]{1,48}?(?:\s\d{1,2}(?:e|er|eme|ème)?)?"
"""No digits, but for the district or the Cedex behind the name."""

_STREET_ENDS = re.compile(
    r"\b(?:street|str|st|road|rd|lane|ln|avenue|ave|drive|dr|close|court|ct|crescent|cres|terrace|way|boulevard|blvd|row|mews|highway|"
    r"hwy|parade|route|box|floor|level|suite|ste|unit|room|lot|building|block|apt|apartment|flat)\.?$|(?:strasse|str\.?)$",
    re.IGNORECASE,
)
"""How a street or a unit ends, and hardly a city; 'park', 'hill' or 'grove' end both."""

_STREET_BEGINS = re.compile(
    r"^(?:rue|r\.|avenue|av\.?|boulevard|bd|place|chemin|allee|impasse|quai|route|calle|c/|avenida|avda\.?|plaza|paseo|via|viale|"
    r"piazza|corso|ul\.?|ulica|al\.|straat|weg)\s",
    re.IGNORECASE,
)
_NUMBER_IN_FRONT = re.compile(r"^\d+[a-z]?(?:\s?[-/]\s?\d+[a-z]?)?\s+\d*[^\W\d_]", re.IGNORECASE)

_COUNTIES = re.compile(
    r"^(?:(?:(?:north|south|east|west|n|s|e|w) )?[a-z]+shire|(?:county|co) [a-z]+|kent|surrey|essex|(?:east |west )?sussex|norfolk|suffolk|"
    r"cornwall|devon|dorset|somerset|cumbria|greater (?:london|manchester)|merseyside|tyne (?:and|&) wear|west midlands|middlesex|"
    r"northumberland|rutland|isle of wight|avon|cleveland|humberside|(?:east |west |mid)lothian|fife|angus|caithness|sutherland|"
    r"clwyd|dyfed|gwent|gwynedd|powys|(?:mid|south|west) glamorgan|"
    r"beds|berks|bucks|cambs|glos|hants|herts|lancs|leics|lincs|northants|notts|oxon|staffs|warks|wilts|worcs|[nsew] yorks)\.?$",
    re.IGNORECASE,
)
"""Counties that people write between the post town and the postcode; none is a town."""


@dataclass(frozen=True)
class _Place:
    """What of an address says where its street is."""

    city: str | None
    region: str | None
    postcode: str


def with_parts_of_one_line(parts: Mapping[str, pl.Series], countries: pl.Series) -> dict[str, pl.Series]:
    """``street``, ``city``, ``region`` and ``postcode`` of each row, with what a street line says of the others.

    ``parts`` are those series, clean; ``countries`` the country that each row is read in.
    """
    frame = pl.DataFrame({**{name: parts[name] for name in _COLUMNS}, "country": countries})
    rows = _may_hold_all(frame)
    if rows.is_empty():
        return {}
    lines = frame.select("street", "country")[rows]
    distinct = lines.unique()
    table = _valid(distinct.with_columns(_read(distinct)))
    found = lines.with_columns(rows).join(table, on=["street", "country"], how="inner")
    if found.is_empty():
        return {}
    at = found.get_column("row")
    told = {name: found.get_column(f"of_{name}") for name in _COLUMNS}
    told["region"] = parts["region"].gather(at).fill_null(told["region"])
    return {name: parts[name].clone().scatter(at, told[name]) for name in _COLUMNS}


def _may_hold_all(frame: pl.DataFrame) -> pl.Series:
    """Rows without city and postcode whose street line may have a postcode in it."""
    has_street_alone = pl.col("street").is_not_null() & pl.all_horizontal(pl.col("city", "postcode").is_null())
    alone = frame.with_row_index("row").filter(has_street_alone)
    if alone.is_empty():
        return alone.get_column("row")
    shapes = [
        pl.col("country").is_in(sorted(countries)) & pl.col("street").str.contains(shape)
        for shape, countries in _MAY_HOLD_ALL.items()
        if alone.get_column("country").is_in(sorted(countries)).any()
    ]
    return alone.filter(pl.any_horizontal([pl.lit(False), *shapes])).get_column("row")


_COLUMNS = ("street", "city", "region", "postcode")
_READ_SCHEMA = {f"of_{name}": pl.String for name in _COLUMNS}


def _read(lines: pl.DataFrame) -> list[pl.Series]:
    read = [_taken_apart(street, country) for street, country in lines.iter_rows()]
    return pl.DataFrame(read, schema=_READ_SCHEMA, orient="row").get_columns()


def _valid(read: pl.DataFrame) -> pl.DataFrame:
    """The lines whose postcode is one of their country."""
    code = comparable_postcodes(read.get_column("of_postcode"), read.get_column("country"))
    return read.filter(code.is_not_null() & ~are_malformed(code, read.get_column("country")))


_Address = tuple[str | None, str | None, str | None, str | None]
_NOTHING: _Address = (None, None, None, None)


def _taken_apart(line: str, country: str) -> _Address:
    """Street, city, region and postcode of a line that holds them; nothing where it does not."""
    parts = [part for part in (one.strip(" .-") for one in re.split(r"[,;|]", line)) if part]
    named = _country_named(parts[-1]) if len(parts) > 1 else None
    if named is not None and named != country and not _is_region(parts[-1], country):
        return _NOTHING
    if named == country:
        parts = parts[:-1]
    read = _before_city(parts, country) if country in _BEFORE_CITY else _behind_city(parts, country)
    if read is None:
        return _NOTHING
    rest, place = read
    return ", ".join(rest) or None, place.city, place.region, place.postcode


def _country_named(part: str) -> str | None:
    """ISO code of the country that a part is the name or the code of: 'U.S.A.', 'Deutschland'."""
    return None if re.search(r"\d", part) else country_names().get(_plain(part.replace("-", " ")))


_Read = tuple[list[str], _Place]


def _before_city(parts: list[str], country: str) -> _Read | None:
    """'10115 Berlin' as the last part or the one before it; '10115' and 'Berlin' as the last two."""
    code = _BEFORE_CITY[country]
    for at in range(len(parts) - 1, max(len(parts) - 3, -1), -1):
        found = re.fullmatch(rf"({code})\s+({_CITY})", parts[at])
        if found and _is_city(found[2]):
            rest = parts[:at] + parts[at + 1 :]
            is_sure = bool(rest) or len(re.sub(r"\W", "", found[1])) >= _SHORTEST_ALONE
            return (rest, _Place(found[2], None, found[1])) if is_sure else None
    if len(parts) > 2 and re.fullmatch(code, parts[-2]) and re.fullmatch(_CITY, parts[-1]) and _is_city(parts[-1]):
        return parts[:-2], _Place(parts[-1], None, parts[-2])
    return None


def _behind_city(parts: list[str], country: str) -> _Read | None:
    """'Leeds LS1 4AB' or 'LS1 4AB' as the last part, or as the one before a city or a region."""
    code = _BEHIND_CITY[country]
    for at in range(len(parts) - 1, max(len(parts) - 3, -1), -1):
        found = re.fullmatch(rf"(?:(\D*[^\W\d_]\.?)\s+)?({code})", parts[at])
        if found:
            break
    else:
        return None
    words, postcode, before, behind = found[1], found[2], parts[:at], parts[at + 1 :]
    region = None
    if behind:
        region = behind[0] if _is_region(behind[0], country) else None
        if region is None:
            if words is None and before and _is_city(behind[0]) and not re.search(r"\d", behind[0]):
                return before, _Place(behind[0], None, postcode)
            return None
    return _with_city(before, words, region, postcode, country)


def _with_city(before: list[str], words: str | None, region: str | None, postcode: str, country: str) -> _Read | None:
    """The city among the words before the postcode, or else in the part before them."""
    if words is not None and region is None:
        words, region = _without_region(words, before, country)
    if words is not None:
        is_number = country in _DIGITS_ONLY and region is None
        has_street = any(_NUMBER_IN_FRONT.match(part) for part in before)
        if not _is_city(words) or (is_number and not has_street):
            return None
        return before, _Place(words, region, postcode)
    if region is None and len(before) > 1 and _is_region_alone(before[-1], before[:-1], country):
        before, region = before[:-1], before[-1]
    if _ends_in_city(before) and (len(before) > 1 or country in REGIONS):
        return before[:-1], _Place(before[-1], region, postcode)
    return (before, _Place(None, region, postcode)) if before else None


def _without_region(words: str, before: list[str], country: str) -> tuple[str | None, str | None]:
    """What is left of the words without the state behind them, and the state."""
    split = words.split()
    for count in range(min(4, len(split)), 0, -1):
        said = " ".join(split[-count:])
        if not _is_region(said, country):
            continue
        if count < len(split):
            return " ".join(split[:-count]), said
        if _is_region_alone(said, before, country):
            return None, said
    return words, None


def _is_region_alone(words: str, before: list[str], country: str) -> bool:
    """Whether words that stand alone are a region: a code, a county, or a state's name behind a city. Else a city is called like
    it ('New York, 10118')."""
    if not _is_region(words, country):
        return False
    return country == "GB" or _plain(words) in REGIONS[country].values() or _ends_in_city(before)


def _is_region(words: str, country: str) -> bool:
    if country == "GB":
        return bool(_COUNTIES.match(words))
    known = REGIONS.get(country, {})
    return _plain(words) in known or _plain(words) in known.values()


def _plain(words: str) -> str:
    return " ".join(re.sub(r"[^a-z ]", "", anyascii(words).lower()).split())


def _ends_in_city(parts: list[str]) -> bool:
    """Whether the last of the parts before a postcode is a city: no number, no street, and a street before it or nothing."""
    if not parts or re.search(r"\d", parts[-1]) or not _is_city(parts[-1]):
        return False
    before = parts[:-1]
    return not before or any(re.search(r"\d", part) or _STREET_ENDS.search(part) for part in before)


def _is_city(words: str) -> bool:
    plain = anyascii(words)
    return len(plain) > 1 and not _STREET_ENDS.search(plain) and not _STREET_BEGINS.match(plain)
