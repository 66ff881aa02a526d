"""``docs/imports.md`` says what the tests show, and the values that the constants have."""

from __future__ import annotations

import re

import pytest

from cdp_assets import ledger
from cdp_assets.sources import contract_model, vocabulary
from cdp_assets_tests.hostile.case import IGNORED, IMPORTED, KNOWN, REFUSED, REJECTED, WAITS
from cdp_assets_tests.hostile.cases import CASES, GROUPS
from cdp_assets_tests.hostile.page import PAGE, TABLES, page_with_tables

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    assert page_with_tables(TEXT) == TEXT, "refresh it: python -m cdp_assets_tests.hostile.page"


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_on_the_page(table: str) -> None:
    assert TEXT.count(f"<!-- {table}: ") == 1


def test_every_case_is_one_row_and_every_outcome_is_explained() -> None:
    for group, cases in GROUPS.items():
        _, _, section = TEXT.partition(f"### {group}\n")
        rows = [line for line in section.partition("\n### ")[0].splitlines() if line.startswith("| ")][2:]
        assert len(rows) == len(cases), group
    for outcome in (IMPORTED, REJECTED, REFUSED, WAITS, IGNORED, KNOWN):
        assert f"| **{outcome}** |" in TEXT
    assert {case.outcome for case in CASES} == {IMPORTED, REJECTED, REFUSED, WAITS, IGNORED, KNOWN}


def test_no_two_rows_say_the_same_delivery_ends_differently() -> None:
    for cases in GROUPS.values():
        assert len({case.what for case in cases}) == len(cases)


def test_words_of_contracts_and_states_are_real() -> None:
    states = {ledger.LANDED, ledger.IMPORTED, ledger.REFUSED, ledger.REPEATED}
    assert set(re.findall(r"state `(\w+)`", TEXT)) == states
    fields = set(contract_model.SourceContract.model_fields) | set(contract_model.Extract.model_fields)
    written_by_hand = TEXT.partition("## What becomes of what")[0]
    assert set(re.findall(r"`(\w+):", written_by_hand)) <= fields
    assert {"snapshot", "changes", "events"} <= set(re.findall(r"\*\*`(\w+)`\*\*", TEXT))
    assert set(vocabulary.DELIVERS_BY_KIND.values()) <= {"snapshot", "changes", "events"}


def test_no_name_of_the_tests_is_on_the_page() -> None:
    assert not re.search(r"Quillfeather|Ypenburg", TEXT)
