"""Phone numbers: E.164 where the country is known and the number is as long as its numbers are, else its digits.

The rules and the metadata are those of ``phonenumbers`` (libphonenumber): international prefix, country code with and
without plus, national prefix. They run here as Polars expressions, one pass per region, because parsing a million
numbers one by one takes minutes; regions whose rules rewrite numbers (Argentina, Brazil, Japan …) are parsed by the
library itself. ``test_phones`` compares the two. A number need not be in use: invented and retired numbers identify.

What does not belong here: who shares a number (linkage counts them), and whether anybody answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import phonenumbers
import polars as pl
from phonenumbers.phonemetadata import PhoneMetadata

from cdp_assets.standardized.masked_contacts import are_masked_phones, hides_digits
from cdp_assets.standardized.problems import MASKED, PLACEHOLDER, UNREADABLE
from cdp_assets.standardized.text import VALUE, clean, computed, in_ascii, none_when_empty, parted, without_placeholders

SHORTEST_NUMBER = 6
"""Fewer digits are an extension or a fragment, not a number."""

LONGEST_NUMBER = 17
"""More digits are two numbers, or none."""

_EXTENSION = (
    r"(?i)(?:;ext=|[\s,;.(]*(?:extension|extn?|wewn?|anexo|ramal|poste|durchwahl|dw|apparat|app|toestel|int[eé]rieur|doorkies|interno|int|x)|[\s,;(]+#)"
    r"[\s.:#]*(\d{1,6})\)?\s*$"
)
"""An extension in English, Polish, Spanish, Portuguese, French, German, Dutch or Italian, at the end of the text."""

_REPEATED = "|".join(f"{digit}{{{SHORTEST_NUMBER},}}" for digit in range(10))
_COUNTED = r"0?1234567(?:8(?:90?)?)?|9876543(?:2(?:10?)?)?|0123456789"
_PLACEHOLDER = rf"^(?:{_REPEATED}|{_COUNTED}|\d{{3}}(?:1234567|0000000|5555555|9999999)|\d{{1,2}}0{{7,}})$"
"""One digit throughout, counting up or down, or that behind an area code; a digit or two and nothing but zeros."""

_COUNTRY_CODE = "^(" + "|".join(str(c) for c in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE, reverse=True)) + ")"
_SEPARATED_NUMBERS = r"\s*(?:[;|]|\bor\b|\boder\b|\blub\b|\bou\b|\n|/ )\s*"


@dataclass(frozen=True)
class _Numbering:
    """The numbering plan of a region, as patterns for whole digit strings."""

    country_code: str
    possible_lengths: tuple[int, ...]
    number: str
    national_prefix: str | None
    international_prefix: str | None
    rewrites: bool


@cache
def _numbering(region: str) -> _Numbering | None:
    plan = PhoneMetadata.metadata_for_region(region, None) if region in phonenumbers.SUPPORTED_REGIONS else None
    if plan is None or plan.general_desc is None:
        return None
    numbers = plan.general_desc
    prefix, abroad = plan.national_prefix_for_parsing, plan.international_prefix
    return _Numbering(
        country_code=str(plan.country_code),
        possible_lengths=tuple(numbers.possible_length),
        number=rf"^(?:{numbers.national_number_pattern})$",
        national_prefix=f"^(?:{prefix})" if prefix else None,
        international_prefix=f"^(?:{abroad})" if abroad else None,
        rewrites=bool(plan.national_prefix_transform_rule),
    )


def standardize_phones(delivered: pl.Series, region: pl.Series) -> pl.Series:
    """The number in each delivered text, read in the region beside it (ISO 3166-1 alpha-2, null where unknown).

    E.164 where the number is possible in its country, else its digits (at least six); null for placeholders, for numbers
    of which digits are masked ('212-***-1234', ``masked_contacts.py``) and for texts that hold no number. The extension is cut off (:func:`phone_extensions`). Idempotent.
    """
    texts = clean(delivered)
    texts = without_placeholders(in_ascii(texts.set(are_masked_phones(texts), None)))
    frame = pl.DataFrame({"text": texts, "region": region.cast(pl.String).str.to_uppercase()})
    # Hardly two rows have the same number: looking for those that do takes longer than reading it twice.
    rows = frame.with_row_index("row").drop_nulls("text")
    rows = rows.with_columns(dialled=_dialled(rows.get_column("text")))
    rows = rows.with_columns(digits=pl.col("dialled").str.strip_prefix("+"))
    rows = rows.filter(pl.col("digits").str.len_chars() >= SHORTEST_NUMBER)
    numbers = [
        _in_region(rows.filter(pl.col("region").eq_missing(pl.lit(name, dtype=pl.String))), name)
        for name in sorted(rows.get_column("region").unique().to_list(), key=lambda name: name or "")
    ]
    if not numbers:
        return pl.Series(delivered.name, [None], dtype=pl.String).new_from_index(0, len(delivered))
    found = pl.concat(numbers)
    nothing = pl.repeat(None, len(delivered), dtype=pl.String, eager=True).alias(delivered.name)
    return nothing.scatter(found.get_column("row"), found.get_column("phone"))


def phone_extensions(delivered: pl.Series) -> pl.Series:
    """The digits dialled behind the number of each text; null where there are none ('212 555 0147 x23' has 23)."""
    texts = in_ascii(clean(delivered))
    spoken = texts.filter(texts.str.contains(r"[A-Za-z#]")).drop_nulls().unique()
    extension = computed(spoken, VALUE.str.extract(_EXTENSION, 1))
    if spoken.is_empty():
        return texts.clear(len(texts))
    return texts.replace_strict(spoken, extension, default=None, return_dtype=pl.String)


def why_no_phone(texts: pl.Series) -> pl.Series:
    """The problem of texts in which :func:`standardize_phones` finds no number: one that nobody has, a masked one, or none at all."""
    said = computed(without_placeholders(texts), VALUE.str.count_matches(r"\d"))
    is_nobodys = VALUE.is_null() | VALUE.is_between(SHORTEST_NUMBER, LONGEST_NUMBER)
    problem = computed(said, pl.when(is_nobodys).then(pl.lit(PLACEHOLDER)).otherwise(pl.lit(UNREADABLE)))
    return problem.set(are_masked_phones(texts) & said.is_not_null(), MASKED)


def part_phones(delivered: pl.Series) -> pl.Series:
    """Each delivered text as a list of texts with one number each ('601 202 303; 22 555 44 33' holds two)."""
    parts = VALUE.str.replace_all(_SEPARATED_NUMBERS, ";").str.split(";")
    is_whole = pl.element().str.count_matches("[0-9]") >= SHORTEST_NUMBER
    whole = parts.list.eval(pl.element().filter(is_whole | hides_digits(pl.element())))
    several = VALUE.str.contains(_SEPARATED_NUMBERS) & (whole.list.len() > 1)
    several = pl.when(whole.list.len() > 1).then(whole)
    return parted(clean(delivered), VALUE.str.contains(_SEPARATED_NUMBERS), several)


def _dialled(texts: pl.Series) -> pl.Series:
    """Digits and a leading plus, with the extension and the '(0)' of international numbers off."""
    digits = VALUE.str.replace_all(r"[^0-9]", "")
    plain = computed(texts, pl.when(VALUE.str.contains(_ABROAD)).then("+" + digits).otherwise(digits))
    rows = texts.str.contains(_SAYS_MORE).arg_true()
    return plain.scatter(rows, computed(texts.gather(rows), _read_text(VALUE))) if len(rows) else plain


_ABROAD = r"^[^0-9+]*\+"
_SAYS_MORE = r"[A-Za-z#]|\.0$|\(0\)"
"""What a text has in which :func:`_read_text` finds anything to take off."""


def _read_text(text: pl.Expr) -> pl.Expr:
    bare = text.str.replace(r"\.0$", "").str.replace(_EXTENSION, "")
    is_abroad = bare.str.contains(_ABROAD)
    dialled = bare.str.replace_all(r"[^0-9]", "")
    without_trunk = bare.str.replace(r"\(0\)", "").str.replace_all(r"[^0-9]", "")
    return pl.when(is_abroad).then("+" + without_trunk).otherwise(dialled)


def _in_region(frame: pl.DataFrame, region: str | None) -> pl.DataFrame:
    """``row`` and ``phone`` of a frame (row, text, region, dialled, digits); all its rows are of one region."""
    home = _numbering(region) if region else None
    dialled, digits = pl.col("dialled"), pl.col("digits")
    said = digits.str.strip_chars_start("0")  # no country code begins with 0: '+0048…' is both signs for abroad
    if home is None or home.international_prefix is None:
        abroad = (
            pl.when(dialled.str.starts_with("+"))
            .then(said)
            .when(digits.str.starts_with("00") & (digits.str.len_chars() >= SHORTEST_NUMBER + 5))
            .then(digits.str.strip_chars_start("0"))
        )
    else:
        leaving = digits.str.contains(home.international_prefix) & ~digits.str.contains(home.number)
        shorn = digits.str.replace(home.international_prefix, "")
        abroad = (
            pl.when(dialled.str.starts_with("+")).then(said).when(leaving & ~shorn.str.starts_with("0")).then(shorn)
        )
    frame = frame.with_columns(abroad=abroad)
    national = frame.filter(pl.col("abroad").is_null()).with_columns(country_code=pl.lit(None, pl.String))
    foreign = frame.filter(pl.col("abroad").is_not_null()).with_columns(
        country_code=pl.col("abroad").str.extract(_COUNTRY_CODE)
    )
    read = [_international(foreign), _national(national, home, region)]
    return pl.concat([part.select("row", "phone") for part in read])


def _international(frame: pl.DataFrame) -> pl.DataFrame:
    """Numbers with a country code: the national prefix off where people wrote it all the same."""
    with_plus = pl.when(_is_number(pl.col("abroad"))).then("+" + pl.col("abroad"))
    has_plus = pl.col("dialled").str.starts_with("+")
    as_said = pl.when(has_plus).then(with_plus).otherwise(_as_digits(pl.col("digits")))
    parts = [frame.filter(pl.col("country_code").is_null()).with_columns(phone=as_said)]
    for code in sorted(frame.get_column("country_code").drop_nulls().unique().to_list()):
        rows = frame.filter(pl.col("country_code") == code)
        rows = rows.with_columns(rest=pl.col("abroad").str.strip_prefix(code))
        plan = _numbering(phonenumbers.region_code_for_country_code(int(code)))
        if plan is None:
            parts.append(rows.with_columns(phone=_e164(code, pl.col("rest"), None)).drop("rest"))
            continue
        plain, rows = _plain_and_others(rows, pl.col("rest"), plan)
        parts.append(plain)
        if plan.rewrites:
            rows = _parsed_by_library(rows.with_columns(to_parse="+" + pl.col("abroad")), plan, None)
        else:
            rows = rows.with_columns(national=_without_national_prefix(pl.col("rest"), plan))
        possible = _e164(code, pl.col("national"), plan)
        placeholder = pl.col("national").str.contains(_PLACEHOLDER)
        phone = pl.when(placeholder).then(None).when(possible.is_not_null()).then(possible).otherwise(as_said)
        parts.append(rows.with_columns(phone=phone).select([*frame.columns, "phone"]))
    return pl.concat([part.select([*frame.columns, "phone"]) for part in parts])


def _national(frame: pl.DataFrame, home: _Numbering | None, region: str | None) -> pl.DataFrame:
    """Numbers as dialled at home."""
    digits = pl.col("digits")
    if home is None:
        return frame.with_columns(phone=_as_digits(digits))
    plain, frame = _plain_and_others(frame, digits, home)
    if home.rewrites:
        frame = _parsed_by_library(frame.with_columns(to_parse=digits), home, region)
    else:
        code = home.country_code
        shorn = _without_national_prefix(digits.str.strip_prefix(code), home)
        has_code = digits.str.starts_with(code) & (
            (~digits.str.contains(home.number) & shorn.str.contains(home.number))
            | (digits.str.len_chars() > max(home.possible_lengths))
        )
        frame = frame.with_columns(
            national=pl.when(has_code).then(shorn).otherwise(_without_national_prefix(digits, home))
        )
    possible = _e164(home.country_code, pl.col("national"), home)
    placeholder = pl.col("national").str.contains(_PLACEHOLDER)
    others = frame.with_columns(
        phone=pl.when(placeholder).then(None).when(possible.is_not_null()).then(possible).otherwise(_as_digits(digits))
    )
    return pl.concat([plain, others.select(plain.columns)])


def _plain_and_others(frame: pl.DataFrame, digits: pl.Expr, plan: _Numbering) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows whose digits are a number of the plan, perhaps behind its national prefix, with their ``phone``, and the others:
    most are plain, and a few looks tell which. What is done to the others would give the same for them."""
    if plan.rewrites:
        return frame.clear().with_columns(phone=pl.lit(None, pl.String)), frame
    number = digits if plan.national_prefix is None else digits.str.replace(plan.national_prefix, "")
    frame, shorn = frame.with_columns(shorn=number), pl.col("shorn")
    is_plain = shorn.str.len_chars().is_in(plan.possible_lengths) & shorn.str.contains(plan.number)
    if plan.national_prefix is not None:
        may_be_otherwise = digits.str.starts_with(plan.country_code) | digits.str.contains(plan.number)
        is_plain &= ~shorn.str.contains(plan.national_prefix) & ((shorn == digits) | ~may_be_otherwise)
    marked = frame.select(is_plain).to_series()
    phone = pl.when(~shorn.str.contains(_PLACEHOLDER)).then(pl.lit(f"+{plan.country_code}") + shorn)
    return frame.filter(marked).with_columns(phone=phone).drop("shorn"), frame.filter(~marked).drop("shorn")


def _without_national_prefix(digits: pl.Expr, plan: _Numbering) -> pl.Expr:
    """The digits behind the national prefix, where taking it off leaves a number that is possible."""
    if plan.national_prefix is None:
        return digits
    shorn = digits.str.replace(plan.national_prefix, "")
    spoils = digits.str.contains(plan.number) & ~shorn.str.contains(plan.number)
    # libphonenumber: too long is taken off all the same, too short is not
    shortened = ~shorn.str.len_chars().is_in(plan.possible_lengths) & (
        shorn.str.len_chars() <= max(plan.possible_lengths)
    )
    return pl.when(spoils | shortened).then(digits).otherwise(shorn)


def _parsed_by_library(frame: pl.DataFrame, plan: _Numbering, region: str | None) -> pl.DataFrame:
    """``national`` of each distinct ``to_parse`` by phonenumbers itself."""
    texts = frame.get_column("to_parse").unique().to_list()
    results = [_national_by_library(text, plan.country_code, region) for text in texts]
    found = pl.DataFrame(
        {"to_parse": texts, "national": results}, schema={"to_parse": pl.String, "national": pl.String}
    )
    return frame.join(found, on="to_parse", how="left", maintain_order="left").drop("to_parse")


def _national_by_library(text: str, country_code: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
        national = phonenumbers.national_significant_number(number)
        again = phonenumbers.parse(f"+{number.country_code}{national}")
    except phonenumbers.NumberParseException:
        return None
    is_settled = str(number.country_code) == country_code and national == phonenumbers.national_significant_number(
        again
    )
    return national if is_settled else None


def _e164(code: str, national: pl.Expr, plan: _Numbering | None) -> pl.Expr:
    """E.164, or null where the country has no numbers so long, or none that begin with its own national prefix."""
    if plan is None:
        possible = _is_number(national)
    else:
        possible = national.str.len_chars().is_in(plan.possible_lengths)
        possible &= plan.rewrites | (_without_national_prefix(national, plan) == national)
    return pl.when(possible).then(pl.lit(f"+{code}") + national)


def _is_number(digits: pl.Expr) -> pl.Expr:
    return digits.str.len_chars().is_between(SHORTEST_NUMBER, LONGEST_NUMBER)


def _as_digits(digits: pl.Expr) -> pl.Expr:
    """The digits themselves, where they are enough to be a number and no placeholder."""
    return none_when_empty(pl.when(_is_number(digits) & ~digits.str.contains(_PLACEHOLDER)).then(digits))
