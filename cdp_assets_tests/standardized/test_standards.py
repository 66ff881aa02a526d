"""What holds of every standard: it never raises, it changes nothing the second time, and it makes no two texts one that a
documented rule does not make one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import phonenumbers
import polars as pl
import pytest
from anyascii import anyascii
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.standardized.addresses import ADDRESS_PARTS, lost_address_parts, standardize_addresses
from cdp_assets.standardized.companies import standardize_companies
from cdp_assets.standardized.consent_words import (
    standardize_consents,
    standardize_double_opt_ins,
    standardize_jurisdictions,
    standardize_lawful_bases,
    standardize_validity,
)
from cdp_assets.standardized.dates import standardize_birth_dates, standardize_moments
from cdp_assets.standardized.emails import part_emails, standardize_emails, why_no_email
from cdp_assets.standardized.event_words import (
    standardize_activities,
    standardize_channels,
    standardize_corrections,
)
from cdp_assets.standardized.identifiers import standardize_identifiers
from cdp_assets.standardized.names import standardize_names, why_no_name
from cdp_assets.standardized.phones import part_phones, phone_extensions, standardize_phones, why_no_phone
from cdp_assets.standardized.places import (
    comparable_cities,
    comparable_postcodes,
    comparable_regions,
    standardize_countries,
)
from cdp_assets.standardized.sex import standardize_sex, why_no_sex

TODAY = date(2026, 1, 1)
COUNTRIES = ("US", "GB", "DE", "ES", "PL", "FR", "IT", "NL", "BR", "JP", "CN", "IN", None)


def in_every_country(texts: pl.Series, standard: Callable[[pl.Series, pl.Series], pl.Series]) -> pl.Series:
    """The standard of each text in each country, one after the other."""
    parts = [
        standard(texts, pl.Series([country], dtype=pl.String).new_from_index(0, len(texts))) for country in COUNTRIES
    ]
    return pl.concat([part.rename("found") for part in parts])


def names(texts: pl.Series, country: pl.Series) -> pl.Series:
    frame = standardize_names(pl.DataFrame({"full_name": texts, "first_name": texts, "country": country}))
    return frame.select(pl.concat_str(pl.all(), separator="|", ignore_nulls=True)).to_series()


def addresses(texts: pl.Series, country: pl.Series) -> pl.Series:
    frame = pl.DataFrame({part: country if part == "country" else texts for part in ADDRESS_PARTS})
    made = standardize_addresses(frame)
    problems = lost_address_parts(frame, made)
    assert sum(part.height for part in problems) <= 6 * len(texts)
    return made.struct.field("street_norm")


STANDARDS: dict[str, Callable[[pl.Series], object]] = {
    "names": lambda texts: in_every_country(texts, names),
    "phones": lambda texts: in_every_country(texts, standardize_phones),
    "addresses": lambda texts: in_every_country(texts, addresses),
    "dates": lambda texts: [standardize_birth_dates(texts, None, country, TODAY) for country in COUNTRIES],
    "dates with a format": lambda texts: standardize_birth_dates(texts, "%d/%m/%Y", "GB", TODAY),
    "moments": lambda texts: standardize_moments(texts, None, "US"),
    "companies": standardize_companies,
    "emails": standardize_emails,
    "identifiers": standardize_identifiers,
    "sex": standardize_sex,
    "activities": standardize_activities,
    "consents": standardize_consents,
    "double opt-ins": standardize_double_opt_ins,
    "lawful bases": standardize_lawful_bases,
    "jurisdictions": standardize_jurisdictions,
    "validities": standardize_validity,
    "channels": standardize_channels,
    "corrections": standardize_corrections,
    "parts of phones": part_phones,
    "parts of e-mails": part_emails,
    "extensions": phone_extensions,
    "why no name": why_no_name,
    "why no phone": why_no_phone,
    "why no e-mail": why_no_email,
    "why no sex": why_no_sex,
}

SCRAPS = (
    "Jr", "Dr.", "von ", "de la ", "O'", "-", ",", ".", "/", "#", "+48", "00", "x12", "ext. 5", "12", "1990", "30 Feb", "St.", "C/",
    "ul. ", "m. 5", "Apt ", "Postfach", "º", "ª", "GmbH", "S.A.", "& Co", "(", ")", '"', "n/a", "Test", "王", "ß", "Ł", "é", "\u200b",
    "@", "x.org", " ", "\n", "١", "ﬁ", "№", "½", "🙂", "İ", "***", "•", "xxx", "…",
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=20), st.lists(st.sampled_from(SCRAPS), max_size=7).map("".join), st.none())


@pytest.mark.parametrize("standard", STANDARDS)
@settings(max_examples=12, deadline=None)
@given(texts=st.lists(TEXTS, max_size=6))
def test_no_text_is_too_strange(standard: str, texts: list[str | None]) -> None:
    STANDARDS[standard](pl.Series("text", texts, dtype=pl.String))


IDEMPOTENT: dict[str, Callable[[pl.Series], pl.Series]] = {
    "companies": lambda texts: standardize_companies(texts).get_column("company_norm"),
    "emails": standardize_emails,
    "identifiers": standardize_identifiers,
    "sex": standardize_sex,
    "activities": standardize_activities,
    "consents": standardize_consents,
    "double opt-ins": standardize_double_opt_ins,
    "lawful bases": standardize_lawful_bases,
    "jurisdictions": standardize_jurisdictions,
    "validities": standardize_validity,
    "countries": standardize_countries,
    "cities": comparable_cities,
    "regions": lambda texts: comparable_regions(texts, countries_of(texts)),
    "postcodes": lambda texts: comparable_postcodes(texts, countries_of(texts)),
    "dates": lambda texts: standardize_birth_dates(texts, None, "GB", TODAY).get_column("date_of_birth_text"),
}


def countries_of(texts: pl.Series) -> pl.Series:
    """A country for each row, all of them in turn."""
    return pl.Series([COUNTRIES[n % len(COUNTRIES)] for n in range(len(texts))], dtype=pl.String)


@pytest.mark.parametrize("standard", IDEMPOTENT)
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=13))
def test_standardizing_twice_changes_nothing(standard: str, texts: list[str | None]) -> None:
    once = IDEMPOTENT[standard](pl.Series("text", texts, dtype=pl.String))
    assert IDEMPOTENT[standard](once).to_list() == once.to_list()


# -- what two texts may come to share ---------------------------------------------------------------------------------

NUMBERS = st.from_regex(r"(\+48|0048|\+44|0|\+1|1)? ?[1-9][0-9]{1,2}[ -]?[0-9]{3}[ -]?[0-9]{2,4}", fullmatch=True)


def _core(text: str, country: str | None) -> str:
    """The digits of a number behind everything that may stand before it: signs for abroad, country code, trunk."""
    digits = re.sub(r"\D", "", text).lstrip("0")
    code = str(phonenumbers.country_code_for_region(country or ""))
    return digits.removeprefix(code).lstrip("0")


@settings(max_examples=60, deadline=None)
@given(left=NUMBERS, right=NUMBERS, country=st.sampled_from(["PL", "GB", "US"]))
def test_numbers_become_one_only_if_their_digits_without_prefixes_are(left: str, right: str, country: str) -> None:
    found = standardize_phones(pl.Series([left, right]), pl.Series([country, country])).to_list()
    if found[0] is not None and found[0] == found[1]:
        cores = {_core(left, country), _core(right, country)}
        assert len(cores) == 1 or all(found[0].endswith(core) for core in cores)


LETTERS = st.text(alphabet="abcdeéëłńoøßüzаё王", min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(left=LETTERS, right=LETTERS)
def test_names_become_one_only_if_their_comparable_letters_are(left: str, right: str) -> None:
    found = standardize_names(pl.DataFrame({"last_name": [left, right]})).get_column("last_name_norm").to_list()
    if found[0] is not None and found[0] == found[1]:
        assert re.sub(r"[^a-z]", "", anyascii(left).lower()) == re.sub(r"[^a-z]", "", anyascii(right).lower())


@settings(max_examples=60, deadline=None)
@given(left=LETTERS, right=LETTERS, number=st.integers(1, 200))
def test_houses_become_one_only_if_number_and_letters_are(left: str, right: str, number: int) -> None:
    frame = pl.DataFrame(
        {"street": [f"{left}a Road {number}", f"{right}a Road {number + 1}", f"{left}a Road {number}"]}
    )
    one, other, same = (
        (address["street_norm"], address["house_number"]) for address in standardize_addresses(frame).to_list()
    )
    assert one == same
    assert one != other


@settings(max_examples=60, deadline=None)
@given(
    left=LETTERS, right=LETTERS, form=st.sampled_from(["GmbH", "S.A.", "Sp. z o.o.", "Ltd", "S.r.l.", "SARL", "B.V."])
)
def test_companies_become_one_only_if_they_are_but_for_the_legal_form(left: str, right: str, form: str) -> None:
    texts = pl.Series([f"{left}a {form}", f"{left}a", f"{right}a"])
    one, bare, other = standardize_companies(texts).get_column("company_norm").to_list()
    assert one == bare
    if one is not None and one == other:
        assert anyascii(left).lower().split() == anyascii(right).lower().split()
