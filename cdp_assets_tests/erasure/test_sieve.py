"""Rows of a delivery as they come are told to be an erased person's, whatever way they are written, in whatever line."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cdp_assets.erasure.sieve import Sieve, record_values
from cdp_assets.erasure.signs import EMAIL, IDENTIFIER, PHONE, person_of, signs_of
from cdp_assets.sources.contracts import SourceContract
from cdp_assets_tests.erasure.test_signs import INES, LANDLINE, MAIL, MOBILE, sign

OWN = {(EMAIL, MAIL), (PHONE, MOBILE), (IDENTIFIER, "loyalty_id=L1")}
COLUMNS = ("id", "First", "Last", "Email", "Mobile", "Born", "Zip", "Loyalty", "Note")


def said(**parts: Any) -> SourceContract:
    return SourceContract.model_validate(parts)


@pytest.fixture
def contract() -> SourceContract:
    columns = {
        "first_name": "First", "last_name": "Last", "email": "Email", "phone": "Mobile", "date_of_birth": "Born",
        "postcode": "Zip",
    }  # fmt: skip
    return said(
        source="crm", kind="profiles", key="id", country="GB", columns=columns, identifiers={"loyalty_id": "Loyalty"}
    )


def raw(*rows: dict[str, str | None]) -> pl.DataFrame:
    filled = [
        {"_import_id": "i", "_file": "f", "_line": n, "_problem": None, "_text": None, **dict.fromkeys(COLUMNS), **row}
        for n, row in enumerate(rows, 2)
    ]
    own = {"_import_id": pl.String, "_file": pl.String, "_line": pl.Int64, "_problem": pl.String, "_text": pl.String}
    return pl.DataFrame(filled, schema=own | dict.fromkeys(COLUMNS, pl.String), orient="row")


def flags(contract: SourceContract, *rows: dict[str, str | None]) -> list[bool]:
    person = person_of(signs_of([INES], ["crm/1"], OWN, sign))
    return Sieve([person], sign).rows_of_erased(raw(*rows), contract).to_list()


def test_rows_are_told_by_key_address_number_identifier_and_name_with_birth(contract: SourceContract) -> None:
    assert (
        flags(
            contract,
            {"id": "1", "First": "Anybody"},
            {"id": "9", "Email": " INES@Calder.example "},
            {"id": "9", "Email": "other@x.example; ines@calder.example"},
            {"id": "9", "Mobile": "07700 900 456"},
            {"id": "9", "Mobile": "0044 7700 900456 ext 3"},
            {"id": "9", "Loyalty": "l1"},
            {"id": "9", "First": "Ines", "Last": "CALDER", "Born": "07/03/1984", "Zip": "LS6 2AB"},
        )
        == [True] * 7
    )


def test_rows_of_the_household_and_of_strangers_stay(contract: SourceContract) -> None:
    assert (
        flags(
            contract,
            {"id": "2", "First": "Tom", "Last": "Calder", "Mobile": LANDLINE},
            {"id": "3", "First": "Tom", "Last": "Calder", "Email": MAIL},
            {"id": "4", "First": "Ines", "Last": "Calder", "Zip": "LS6 2AB"},
            {"id": "5", "First": "Bea", "Last": "Holm", "Born": "1984-03-07"},
            {"id": "6"},
        )
        == [False] * 5
    )


def test_a_line_that_breaks_a_rule_is_told_too(contract: SourceContract) -> None:
    """It would be kept as it was delivered."""
    without_key = {"id": None, "First": "Ines", "Last": "Calder", "Email": MAIL}
    unsplit = {"_problem": "ragged_row", "_text": f"9,Ines,{MAIL}"}
    others = {"_problem": "ragged_row", "_text": "9,Tom,tom@calder.example"}
    assert flags(contract, without_key, unsplit, others) == [True, True, False]


def test_events_without_a_key_are_told_by_their_text() -> None:
    contract = said(source="web", kind="activities", columns={"activity": "First", "activity_subject": "Note"})
    rows = raw({"First": "page_view", "Note": "/a"}, {"First": "page_view", "Note": "/b"})
    erased = person_of(signs_of([], [record_values(rows, contract)[0]], set(), sign))
    assert Sieve([erased], sign).rows_of_erased(rows, contract).to_list() == [True, False]


@pytest.fixture
def corrections() -> SourceContract:
    columns = {
        "corrected_source": ["First", "Zip"], "corrected_key": "Last", "corrected_field": {"value": "city"},
        "corrected_value": "Note", "correction": {"value": "set"},
    }  # fmt: skip
    return said(source="desk", kind="corrections", key="id", columns=columns)


def correcting(key: str, source: str, number: str) -> dict[str, str | None]:
    return {"id": key, "First": source, "Last": number, "Note": "x"}


def test_a_correction_of_an_erased_record_is_told(corrections: SourceContract) -> None:
    assert flags(corrections, correcting("a", "crm", "1"), correcting("b", "crm", "2")) == [True, False]


def test_a_correction_is_told_however_it_writes_the_source(corrections: SourceContract) -> None:
    """As golden records read it: in lower case, without space around it, in the first column that is filled."""
    in_the_second = {"id": "c", "Zip": "Crm", "Last": "1", "Note": "x"}
    rows = (correcting("a", "CRM", "1"), correcting("b", " Crm ", "1"), in_the_second, correcting("d", "CRM2", "1"))
    assert flags(corrections, *rows) == [True, True, True, False]


def test_nobody_erased_costs_nothing_and_puts_nothing_aside(contract: SourceContract) -> None:
    assert Sieve([], sign).rows_of_erased(raw({"id": "1", "Email": MAIL}), contract).to_list() == [False]
