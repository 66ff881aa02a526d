"""By which signs a row is an erased person's, and when a household's shared mailbox, landline or name is not enough."""

from __future__ import annotations

from typing import Any

import pytest

from cdp_assets.erasure.signs import EMAIL, IDENTIFIER, PHONE, is_theirs, person_of, signs_of

MAIL, OTHER_MAIL, FAMILY_MAIL = "ines@calder.example", "x@new.example", "calders@home.example"
MOBILE, LANDLINE = "+447700900456", "+441134960123"
OWN = {(EMAIL, MAIL), (PHONE, MOBILE), (IDENTIFIER, "loyalty_id=L1")}


def sign(kind: str, value: str) -> str:
    return f"{kind} of {value}"


def row(**values: Any) -> dict[str, Any]:
    names = ("first_name_root", "first_name_norm", "last_name_norm", "date_of_birth_text", "suffix_norm")
    lists = ("emails", "phones", "identifiers", "addresses")
    return {**dict.fromkeys(names), **{name: [] for name in lists}, **values}


def named(first: str | None, last: str | None, **values: Any) -> dict[str, Any]:
    return row(first_name_root=first, first_name_norm=first, last_name_norm=last, **values)


HOME = [{"postcode_norm": "ls62ab"}]
INES = named(
    "ines", "calder", date_of_birth_text="1984-03-07", emails=[MAIL, FAMILY_MAIL], phones=[MOBILE, LANDLINE],
    identifiers=[{"type": "loyalty_id", "value": "L1"}], addresses=HOME,
)  # fmt: skip
PERSON = person_of(signs_of([INES], ["crm/1"], OWN, sign))

THEIRS = {
    "its key": (named("somebody", "else"), "crm/1"),
    "name, date of birth and postcode": (
        named("ines", "calder", date_of_birth_text="1984-03-07", addresses=HOME),
        None,
    ),
    "own address and no name": (row(emails=[MAIL]), None),
    "own address among others and no name": (row(emails=[OTHER_MAIL, MAIL]), None),
    "own address under a new surname": (named("ines", "miller", emails=[MAIL]), None),
    "own address and an initial": (named("i", "calder", emails=[MAIL]), None),
    "own address and the first name alone": (named("ines", None, emails=[MAIL]), None),
    "own identifier and no name": (row(identifiers=[{"type": "loyalty_id", "value": "L1"}]), None),
    "own number and no name": (row(phones=[MOBILE]), None),
    "own number and the name": (named("ines", "calder", phones=[MOBILE]), None),
    "family mailbox and the name": (named("ines", "calder", emails=[FAMILY_MAIL]), None),
    "family landline and the name": (named("ines", "calder", phones=[LANDLINE]), None),
}
NOT_THEIRS = {
    "another key": (row(), "crm/2"),
    "the same key of another source": (row(), "shop/1"),
    "the name alone": (named("ines", "calder"), None),
    "name and date of birth elsewhere": (named("ines", "calder", date_of_birth_text="1984-03-07", addresses=[{"postcode_norm": "yo17aa"}]), None),
    "name and postcode, born on another day": (named("ines", "calder", date_of_birth_text="1990-01-01", addresses=HOME), None),
    "a twin": (named("ida", "calder", date_of_birth_text="1984-03-07", addresses=HOME), None),
    "own address named for another": (named("tom", "calder", emails=[MAIL]), None),
    "own number named for another": (named("tom", "calder", phones=[MOBILE]), None),
    "family mailbox named for another": (named("tom", "calder", emails=[FAMILY_MAIL]), None),
    "family mailbox and no name": (row(emails=[FAMILY_MAIL]), None),
    "family landline and no name": (row(phones=[LANDLINE]), None),
    "family landline under another surname": (named("ines", "miller", phones=[LANDLINE]), None),
    "family mailbox of a namesake born on another day": (named("ines", "calder", emails=[FAMILY_MAIL], date_of_birth_text="2010-05-05"), None),
    "own number beside another's address and no name": (row(phones=[MOBILE], emails=[OTHER_MAIL]), None),
    "an identifier of another kind": (row(identifiers=[{"type": "cookie_id", "value": "L1"}]), None),
}  # fmt: skip


@pytest.mark.parametrize("case", THEIRS)
def test_a_row_is_theirs_by(case: str) -> None:
    said, key = THEIRS[case]
    assert is_theirs(said, key, PERSON, sign)


@pytest.mark.parametrize("case", NOT_THEIRS)
def test_a_row_is_not_theirs_by(case: str) -> None:
    said, key = NOT_THEIRS[case]
    assert not is_theirs(said, key, PERSON, sign)


def test_father_and_son_of_one_name_are_told_apart_by_their_suffix() -> None:
    father = named("john", "calder", suffix_norm="sr", phones=[LANDLINE])
    erased = person_of(signs_of([father], ["crm/7"], set(), sign))
    assert is_theirs(father, None, erased, sign)
    assert not is_theirs({**father, "suffix_norm": "jr"}, None, erased, sign)
