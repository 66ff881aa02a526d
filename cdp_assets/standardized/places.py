"""Countries, regions, cities and postcodes in comparable form.

Countries by their names in many languages and by code, to ISO 3166-1 alpha-2. States and provinces of the United
States, Canada and Australia to their codes; cities by one name where two languages have two (Munich is munchen);
postcodes without the signs that people put between, with the zeros that spreadsheets take off.

What does not belong here: streets (``streets.py``), and whether a postcode and a city belong together.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from cdp_assets.sources.countries import COUNTRY_CODES
from cdp_assets.standardized.text import (
    VALUE,
    clean,
    comparable_words,
    computed,
    list_lines,
    none_when_empty,
    without_placeholders,
    word_set,
)

_US = """al alabama|ak alaska|az arizona|ar arkansas|ca california|co colorado|ct connecticut|de delaware|
dc district of columbia|fl florida|ga georgia|hi hawaii|id idaho|il illinois|in indiana|ia iowa|ks kansas|ky kentucky|
la louisiana|me maine|md maryland|ma massachusetts|mi michigan|mn minnesota|ms mississippi|mo missouri|mt montana|
ne nebraska|nv nevada|nh new hampshire|nj new jersey|nm new mexico|ny new york|nc north carolina|nd north dakota|
oh ohio|ok oklahoma|or oregon|pa pennsylvania|ri rhode island|sc south carolina|sd south dakota|tn tennessee|tx texas|
ut utah|vt vermont|va virginia|wa washington|wv west virginia|wi wisconsin|wy wyoming|pr puerto rico|gu guam|
vi virgin islands|as american samoa|mp northern mariana islands"""
_CA = """ab alberta|bc british columbia|mb manitoba|nb new brunswick|nl newfoundland and labrador|nl newfoundland|
ns nova scotia|nt northwest territories|nu nunavut|on ontario|pe prince edward island|qc quebec|sk saskatchewan|yt yukon"""
_AU = """nsw new south wales|vic victoria|qld queensland|wa western australia|sa south australia|tas tasmania|
act australian capital territory|nt northern territory"""


def _codes(table: str) -> dict[str, str]:
    pairs = [entry.strip().split(" ", 1) for entry in table.split("|")]
    return {name: code for code, name in pairs}


REGIONS = {"US": _codes(_US), "CA": _codes(_CA), "AU": _codes(_AU)}
"""Comparable name of a state or province to its code, by country."""

_CITY_NAMES = """
munchen munich muenchen monachium monaco di baviera|koln cologne koeln kolonia colonia|wien vienna viena wieden vienne|
warszawa warsaw warschau varsovia varsovie varsavia|krakow cracow krakau cracovia cracovie|wroclaw breslau|
gdansk danzig|poznan posen|szczecin stettin|lodz lodsch|roma rome rom rzym|milano milan mailand mediolan|
torino turin turyn|venezia venice venedig venecia wenecja|firenze florence florenz florencia florencja|
napoli naples neapel napoles neapol|genova genoa genua|lisboa lisbon lissabon lisbonne lizbona|
praha prague prag praga|sevilla seville|zaragoza saragossa|london londres londyn londra londen|
paris paryz parigi parijs|bruxelles brussels brussel bruselas bruksela|antwerpen antwerp anvers amberes|
gent ghent gand|brugge bruges|den haag the hague s gravenhage la haya|kobenhavn copenhagen kopenhagen copenhague|
goteborg gothenburg|geneve geneva genf ginebra genewa|zurich zuerich zurych|basel bale basilea|bern berne berna|
luzern lucerne|nurnberg nuremberg nuernberg|hannover hanover|frankfurt am main frankfurt a m frankfurt main frankfurt|
dusseldorf duesseldorf|braunschweig brunswick|moskva moscow moskau moscu moskwa|sankt peterburg saint petersburg|
kyiv kiev kijow|athina athens athen atenas ateny|bucuresti bucharest bukarest bucarest|beograd belgrade belgrad|
istanbul constantinople|strasbourg strassburg|lyon lyons|marseille marseilles|new york new york city nyc|
mexico city ciudad de mexico mexico df cdmx mexico d f|sao paulo s paulo|rio de janeiro rio|washington washington dc washington d c|
los angeles la|philadelphia phila|saint louis|beijing peking pekin|guangzhou canton|tokyo tokio|mumbai bombay|
kolkata calcutta|chennai madras|bengaluru bangalore|a coruna la coruna|donostia san sebastian|
ciudad autonoma de buenos aires buenos aires caba capital federal
"""
_LONG_NAMES = (
    "monaco di baviera", "frankfurt am main", "frankfurt a m", "frankfurt main", "den haag", "the hague", "s gravenhage",
    "la haya", "saint petersburg", "sankt peterburg", "new york city", "new york", "ciudad de mexico", "mexico city",
    "mexico df", "mexico d f", "sao paulo", "s paulo", "rio de janeiro", "washington d c", "washington dc", "los angeles",
    "saint louis", "a coruna", "la coruna", "san sebastian", "ciudad autonoma de buenos aires", "buenos aires",
    "capital federal",
)  # fmt: skip

_CITY_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount", "sta": "santa", "sto": "santo"}
"""First words of cities; 'Saint' and 'St.' are one."""

POSTCODE_LENGTHS = {
    "US": 5, "DE": 5, "ES": 5, "FR": 5, "IT": 5, "PL": 5, "MX": 5, "AU": 4, "AT": 4, "CH": 4, "BE": 4, "DK": 4, "NO": 4,
    "PT": 7, "SE": 5, "FI": 5, "CZ": 5, "SK": 5, "HU": 4, "JP": 7, "BR": 8, "IN": 6, "CN": 6, "RU": 6, "NZ": 4, "ZA": 4,
    "TR": 5, "KR": 5, "GR": 5, "HR": 5, "EE": 5, "UA": 5, "SG": 6, "PR": 5,
}  # fmt: skip
"""Countries whose postcodes are digits only, and how many."""

_LEADING_ZERO_COUNTRIES = word_set("US DE ES FR IT PL MX AU PT JP BR FI EE UA SG PR TR KR CZ SK")
"""A postcode of theirs may begin with a zero, which a spreadsheet takes off."""


_POSTCODE_LETTERS = {
    "GB": r"^(?:[a-z]{1,2}\d[a-z0-9]?\d[a-z]{2}|gir0aa|bfpo\d{1,4})$", "CA": r"^[a-z]\d[a-z]\d[a-z]\d$",
    "NL": r"^[1-9]\d{3}(?:[a-z]{2})?$", "IE": r"^(?:[a-z]\d{2}|d6w)[a-z0-9]{4}$",
}  # fmt: skip
"""Postcodes with letters in them, comparable; the Dutch leave theirs out at will."""


def standardize_countries(delivered: pl.Series) -> pl.Series:
    """ISO 3166-1 alpha-2 of each code or name; null where it is neither."""
    words = comparable_words(without_placeholders(clean(delivered), are_codes=True))
    names = country_names()
    return words.replace_strict(list(names), list(names.values()), default=None, return_dtype=pl.String)


@cache
def country_names() -> dict[str, str]:
    """Comparable name or code to ISO 3166-1 alpha-2."""
    names = {code.lower(): code for code in sorted(COUNTRY_CODES)}
    for line in list_lines("countries.tsv"):
        code, said = line.split("\t")
        for name in said.split("|"):
            names.setdefault(name, code)
    return names


def comparable_regions(regions: pl.Series, countries: pl.Series) -> pl.Series:
    """The code of a state or province of US, CA or AU, lower case; elsewhere the comparable words."""
    frame = pl.DataFrame({"region": comparable_words(regions), "country": countries})
    everywhere = {name: code for table in ("AU", "CA", "US") for name, code in REGIONS[table].items()}
    code = pl.lit(None, dtype=pl.String)
    for country, table in REGIONS.items():
        known = pl.col("region").replace_strict(list(table), list(table.values()), default=None, return_dtype=pl.String)
        code = pl.when(pl.col("country") == country).then(known).otherwise(code)
    unsaid = pl.col("region").replace_strict(
        list(everywhere), list(everywhere.values()), default=None, return_dtype=pl.String
    )
    code = pl.when(pl.col("country").is_null()).then(unsaid).otherwise(code)
    return frame.select(pl.coalesce(code, "region")).to_series()


def comparable_cities(cities: pl.Series) -> pl.Series:
    """Comparable city: districts' numbers and 'Cedex' off, abbreviations spelled out, one name for two languages'."""
    words = comparable_words(cities)
    words = computed(
        words,
        none_when_empty(
            VALUE.str.replace(r"^(\d{4,6}) +", "")
            .str.replace(r"\bcedex\b.*$", "")
            .str.replace(r"^(.*[a-z]) \d{1,2}(?: ?(?:e|er|eme|arrondissement))?$", "$1")
            .str.strip_chars(" ")
        ),
    )
    first = VALUE.str.extract(r"^(\S+) .")
    spelled = first.replace_strict(
        list(_CITY_ABBREVIATIONS), list(_CITY_ABBREVIATIONS.values()), default=None, return_dtype=pl.String
    )
    words = computed(
        words, pl.when(spelled.is_not_null()).then(spelled + VALUE.str.strip_prefix(first)).otherwise(VALUE)
    )
    names = city_names()
    return words.replace(list(names), list(names.values()))


@cache
def city_names() -> dict[str, str]:
    """Comparable city to the name that stands for it."""
    names: dict[str, str] = {}
    for entry in _CITY_NAMES.replace("\n", "").split("|"):
        text, found = f" {entry.strip()} ", []
        for long_name in _LONG_NAMES:
            if f" {long_name} " in text:
                found.append((text.index(f" {long_name} "), long_name))
                text = text.replace(f" {long_name} ", " " + "\0" * len(long_name) + " ", 1)
        found += [(text.index(f" {word} "), word) for word in text.replace("\0", "").split()]
        ordered = [name for _, name in sorted(found)]
        names |= dict.fromkeys(ordered[1:], ordered[0])
    return names


def comparable_postcodes(postcodes: pl.Series, countries: pl.Series) -> pl.Series:
    """Letters and digits only, lower case; the zeros in front that the country's postcodes have; no ZIP+4."""
    frame = pl.DataFrame({"code": comparable_words(postcodes, keep="a-z0-9."), "country": countries})
    bare = pl.col("code").str.replace(r"\.0$", "").str.replace_all(r"[^a-z0-9]", "")
    frame = frame.with_columns(code=none_when_empty(bare))
    code = pl.col("code")
    frame = frame.with_columns(digits=code.str.replace_all(r"\D", ""))
    country = pl.col("country")
    length = country.replace_strict(
        list(POSTCODE_LENGTHS), list(POSTCODE_LENGTHS.values()), default=None, return_dtype=pl.UInt32
    )
    written = pl.col("digits").str.len_chars()
    fits = (written == length) | (country.is_in(["US", "PR"]) & (written == 9))
    lacks_zero = country.is_in(sorted(_LEADING_ZERO_COUNTRIES)) & (written < length) & (written + 2 >= length)
    result = (
        pl.when(fits)
        .then(pl.col("digits").str.slice(0, length))
        .when(lacks_zero & code.str.contains(r"^\d+$"))
        .then(pl.col("digits").str.zfill(length))
        .otherwise(code)
    )
    placeholder = result.str.contains(r"^(?:0+|9{4,}|x+|1{5,}|12345)$")
    return frame.select(pl.when(~placeholder).then(result)).to_series()


def are_malformed(postcodes: pl.Series, countries: pl.Series) -> pl.Series:
    """Whether a comparable postcode is not written as those of its country; false where the country's are not known."""
    frame = pl.DataFrame({"code": postcodes, "country": countries})
    length = pl.col("country").replace_strict(POSTCODE_LENGTHS, default=None, return_dtype=pl.Int64)
    code = pl.col("code")
    fits = (code.str.len_bytes() == length) & ~code.str.contains(r"\D")
    malformed = pl.when(length.is_not_null()).then(~fits).otherwise(False)
    for country, pattern in _POSTCODE_LETTERS.items():
        malformed = pl.when(pl.col("country") == country).then(~code.str.contains(pattern)).otherwise(malformed)
    return frame.select(malformed.fill_null(False).alias("is_malformed")).to_series()
