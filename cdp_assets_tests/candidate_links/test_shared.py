from __future__ import annotations

from typing import Any

import polars as pl

from cdp_assets.candidate_links.shared import CROWD_PEOPLE, shared_identifiers
from cdp_assets.tables import EMAIL_ADDRESSES
from cdp_assets_tests.candidate_links.frames import FIRST, LAST, versions

NO_EMAILS = EMAIL_ADDRESSES.empty()


def person(at: int, first: str, last: str, **more: Any) -> dict[str, Any]:
    return {"record_id": f"crm/{at}", "first_name_norm": first, "last_name_norm": last, **more}


def sharing(frame: pl.DataFrame) -> dict[str, str]:
    return dict(frame.select("value", "sharing").iter_rows())


def test_one_persons_value_is_personal_however_many_records_carry_it() -> None:
    rows = [person(at, "anna", "adler", emails=["a@x.example"]) for at in range(30)]
    assert sharing(shared_identifiers(versions(*rows), NO_EMAILS, {})) == {"a@x.example": "personal"}


def test_a_family_mailbox_is_a_households() -> None:
    frame = versions(
        person(1, "anna", "adler", emails=["adlers@x.example"], phones=["+441"]),
        person(2, "bruno", "adler", emails=["adlers@x.example"]),
    )
    assert sharing(shared_identifiers(frame, NO_EMAILS, {})) == {"adlers@x.example": "household"}


def test_many_unrelated_people_are_a_crowd() -> None:
    rows = [person(at, FIRST[at], LAST[at], phones=["+4420000"]) for at in range(CROWD_PEOPLE + 2)]
    assert sharing(shared_identifiers(versions(*rows), NO_EMAILS, {})) == {"+4420000": "crowd"}


def test_one_person_misspelt_in_many_ways_is_no_crowd() -> None:
    names = ["adler", "adlr", "aldler", "adlerr", "addler", "adle", "adller", "adlre", "adlera", "adlerb", "adlerc"]
    rows = [person(at, "anna", name, emails=["a@x.example"]) for at, name in enumerate(names)]
    assert sharing(shared_identifiers(versions(*rows), NO_EMAILS, {})) == {"a@x.example": "household"}


def test_a_contracts_cap_makes_a_crowd_sooner() -> None:
    rows = [person(at, FIRST[at], LAST[at], identifiers=[{"type": "cookie", "value": "c1"}]) for at in range(4)]
    assert sharing(shared_identifiers(versions(*rows), NO_EMAILS, {})) == {"c1": "household"}
    assert sharing(shared_identifiers(versions(*rows), NO_EMAILS, {"cookie": 3})) == {"c1": "crowd"}


def test_a_role_address_is_listed_even_for_one_record() -> None:
    emails = pl.DataFrame({"email": ["info@x.example"], "people": [1], "sharing": ["role"]})
    frame = versions(person(1, "anna", "adler", emails=["info@x.example"]))
    assert sharing(shared_identifiers(frame, emails, {})) == {"info@x.example": "role"}


def test_a_value_of_one_record_is_not_listed() -> None:
    assert shared_identifiers(versions(person(1, "anna", "adler", emails=["a@x.example"])), NO_EMAILS, {}).is_empty()


def test_who_shares_an_address_is_judged_once_and_read_here() -> None:
    said = {"a@x.example": "junk", "b@x.example": "household", "c@x.example": "personal"}
    emails = pl.DataFrame({"email": list(said), "people": [1, 2, 1], "sharing": list(said.values())})
    rows = [person(at, FIRST[at], LAST[at], emails=list(said)) for at in range(CROWD_PEOPLE + 2)]
    found = shared_identifiers(versions(*rows), emails, {})
    assert sharing(found) == {"a@x.example": "crowd", "b@x.example": "household", "c@x.example": "personal"}
    assert found.get_column("people").to_list() == [1, 2, 1]


def test_the_order_of_record_versions_does_not_matter() -> None:
    rows = [
        person(at % 7, FIRST[at % 5], LAST[at % 3], emails=[f"{at % 4}@x.example"], phones=[f"+44{at % 6}"])
        for at in range(40)
    ]
    found = shared_identifiers(versions(*sorted(rows, key=lambda row: str(row["record_id"]))), NO_EMAILS, {})
    assert found.height == 10
    assert found.select("type", "value").equals(found.select("type", "value").sort("type", "value"))
    assert shared_identifiers(versions(*rows), NO_EMAILS, {}).equals(found)


def test_people_are_counted_by_both_names_and_families_by_initials_in_any_order() -> None:
    names = [("anna", "adler"), ("anna", "adler"), ("adler", "anna"), ("bert", "adler"), ("bert", None), (None, None)]
    nobody = [{"record_id": f"crm/{at}", "phones": ["+441"]} for at in (7, 8)]
    named = [
        {"record_id": f"crm/{at}", "first_name_norm": first, "last_name_norm": last, "phones": ["+441"]}
        for at, (first, last) in enumerate(names)
    ]
    found = shared_identifiers(versions(*named, *nobody), NO_EMAILS, {})
    assert found.rows() == [("phone", "+441", 8, 4, "household")]


def test_an_address_of_a_function_is_none_where_it_is_written_as_an_identifier() -> None:
    emails = pl.DataFrame({"email": ["info@x.example"], "people": [1], "sharing": ["role"]})
    written = [{"type": "login", "value": "info@x.example"}]
    alone = versions(person(1, "anna", "adler", identifiers=written))
    assert shared_identifiers(alone, emails, {}).is_empty()
    both = versions(*(person(at, FIRST[at], LAST[at], identifiers=written) for at in (1, 2)))
    assert shared_identifiers(both, emails, {}).rows() == [("login", "info@x.example", 2, 2, "household")]


def test_a_value_without_a_type_is_nothing() -> None:
    untyped = [{"type": None, "value": "v1"}, {"type": "cookie", "value": None}]
    rows = [person(at, FIRST[at], LAST[at], identifiers=untyped) for at in (1, 2)]
    assert shared_identifiers(versions(*rows), NO_EMAILS, {}).is_empty()
