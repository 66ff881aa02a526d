"""Whatever a person has at hand finds the customer; nothing that is refused repeats it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.identity_graph.id_format import mint
from cdp_assets.steward.lookup import LookupProblemError, customer_of_record, find, is_customer_id, names_of, resolve_id
from cdp_assets.tables import CUSTOMER_IDS, ID_LINEAGE, RECORD_VERSIONS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import (
    DEAD_EMAIL,
    FORMER,
    INES,
    INEZ,
    LUCJA,
    PERSONAL_VALUES,
    TOM,
    empty_workspace,
    frame,
)


@pytest.mark.parametrize(
    ("enquiry", "kind", "customers"),
    [
        (INES, "customer id", {INES}),
        (INES.lower(), "customer id", {INES}),
        (f"{INES[:5]}-{INES[5:]}", "customer id", {INES}),
        (FORMER, "customer id", {INES}),
        ("crm/1", "record", {INES}),
        ("shop/99", "record", {LUCJA}),
        ("ines@calder.example", "e-mail address", {INES}),
        (" Ines@Calder.Example ", "e-mail address", {INES}),
        (DEAD_EMAIL, "e-mail address", {INES}),
        ("+44 7700 900456", "phone", {INES}),
        ("07700 900456", "phone", {INES}),
        ("0044 7700 900456", "phone", {INES}),
        ("(0113) 496-0123", "phone", {INES, TOM}),
        ("ines calder", "name", {INES}),
        ("CALDER", "name", {INES, TOM}),
        ("Wiśniewska", "name", {LUCJA}),
        ("wisniewska lucja", "name", {LUCJA}),
    ],
)
def test_an_enquiry_finds_its_customers(finished: Workspace, enquiry: str, kind: str, customers: set[str]) -> None:
    found = find(finished.lake, enquiry)
    assert (found.kind, set(found.customer_ids), found.total) == (kind, customers, len(customers))


def test_customers_with_most_records_come_first(finished: Workspace) -> None:
    assert find(finished.lake, "calder").customer_ids == (INES, TOM)


def test_a_former_address_that_only_an_old_version_carries_still_finds(finished: Workspace, tmp_path: Path) -> None:
    lake = empty_workspace(tmp_path / "w").lake
    for table in (RECORD_VERSIONS, CUSTOMER_IDS):
        lake.replace(table, finished.lake.read(table))
    assert find(lake, DEAD_EMAIL).customer_ids == (INES,)


@pytest.mark.parametrize(
    ("enquiry", "advice"),
    [
        ("nobody@calder.example", "no customer has that e-mail address"),
        ("Ines Kalder", "no customer has that name"),
        ("+44 7700 900999", "no customer has that phone"),
        ("crm/4711", "no record has that id"),
        ("", "nothing was asked for"),
        (INES[:-1] + ("0" if INES[-1] != "0" else "1"), "check character does not fit"),
        ("calde", "no customer has that name"),
    ],
)
def test_what_finds_nobody_says_what_to_do_and_repeats_nothing(finished: Workspace, enquiry: str, advice: str) -> None:
    with pytest.raises(LookupProblemError) as refused:
        find(finished.lake, enquiry)
    assert advice in str(refused.value)
    assert not enquiry or enquiry not in str(refused.value)
    assert not any(value in str(refused.value) for value in PERSONAL_VALUES)


def test_an_id_that_was_never_minted_is_told_from_a_slip(finished: Workspace) -> None:
    with pytest.raises(LookupProblemError, match="ever had that id"):
        resolve_id(finished.lake, mint("crm/unheard-of", 0))


def test_a_customer_that_is_gone_is_said_to_be(finished: Workspace, tmp_path: Path) -> None:
    lake = empty_workspace(tmp_path / "w").lake
    lake.replace(ID_LINEAGE, frame(ID_LINEAGE, {"customer_id": INES, "current_customer_id": None, "state": "retired"}))
    with pytest.raises(LookupProblemError, match="retired"):
        resolve_id(lake, INES)


def test_before_the_first_resolution_the_answer_is_what_to_run(tmp_path: Path) -> None:
    lake = empty_workspace(tmp_path / "w").lake
    for ask in (lambda: find(lake, "crm/1"), lambda: resolve_id(lake, INES), lambda: customer_of_record(lake, "crm/1")):
        with pytest.raises(LookupProblemError, match="cdp run"):
            ask()


@pytest.mark.parametrize("text", ["Chris Calder", "Cal", "C3PO", "CALDERCALDERCA", "2024"])
def test_names_and_words_are_not_taken_for_customer_ids(text: str) -> None:
    assert not is_customer_id(text)


def test_names_are_listed_in_the_order_asked_for(finished: Workspace) -> None:
    listed = names_of(finished.lake, (INEZ, INES))
    assert listed["full_name"].to_list() == ["Inez Kalder", "Ines Calder"]
