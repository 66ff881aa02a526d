"""What probably became of a missing column, and which names may be shown at all."""

from __future__ import annotations

import pytest

from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.schema_drift import check_drift, likely_renamings, parts_named_by, shown_names

CONTRACT = SourceContract.model_validate(
    {
        "source": "crm",
        "kind": "profiles",
        "key": "contact_id",
        "observed_at": "updated_at",
        "columns": {
            "first_name": "FirstName",
            "last_name": "LastName",
            "email": ["Email", "SecondaryEmail"],
            "phone": ["Mobile", "Phone"],
            "date_of_birth": "DOB",
            "street": "Street1",
            "city": "BillingCity",
            "postcode": "Zip",
            "company": "Account",
            "job_title": "Title",
        },
        "identifiers": {"loyalty_id": "LoyaltyNo"},
    }
)
BEFORE = CONTRACT.source_columns


def after(**renamed: str) -> list[str]:
    return [renamed.get(name, name) for name in BEFORE]


def became(*, former: tuple[str, ...] = (), **renamed: str) -> dict[str, str]:
    found = likely_renamings(after(**renamed), CONTRACT, former=former)
    return {name: renaming.became for name, renaming in found.items()}


@pytest.mark.parametrize(
    ("column", "new"),
    [
        ("FirstName", "GivenName"),
        ("Email", "E-Mail Address"),
        ("DOB", "BirthDate"),
        ("Zip", "PostalCode"),
        ("Zip", "PLZ"),
        ("contact_id", "CustomerID"),
        ("updated_at", "LastModifiedDate"),
        ("Title", "JobTitle"),  # a title alone says nothing; the contract says what it is here
        ("LoyaltyNo", "Loyalty Card"),
        ("LoyaltyNo", "LoyaltyNos"),
        ("FirstName", "first name"),
    ],
)
def test_a_renaming_is_told_by_its_words(column: str, new: str) -> None:
    assert became(**{column: new}) == {column: new}


def test_each_new_column_is_suggested_once() -> None:
    renamed = {"FirstName": "Vorname", "LastName": "Nachname", "Email": "Mail", "SecondaryEmail": "Mail2"}
    phones = {"Mobile": "Handy", "Phone": "Telefon"}
    assert became(**renamed, **phones) == {**renamed, **phones}


@pytest.mark.parametrize(
    ("column", "new"),
    [
        ("Email", "Previous Email"),
        ("SecondaryEmail", "Email3"),
        ("Street1", "Street2"),
        ("BillingCity", "ShippingCity"),
        ("FirstName", "LastName2"),
        ("Zip", "Region"),
    ],
)
def test_a_second_of_its_kind_is_no_renaming(column: str, new: str) -> None:
    assert became(**{column: new}) == {}
    assert became(**{column: new}, former=BEFORE) == {}


def test_a_name_that_says_nothing_is_told_by_its_place() -> None:
    assert became(Account="xq_17") == {}
    found = likely_renamings(after(Account="xq_17"), CONTRACT, former=BEFORE)["Account"]
    assert (found.became, found.why) == ("xq_17", "place")
    moved = [name for name in BEFORE if name != "Account"]
    assert likely_renamings(["xq_17", *moved], CONTRACT, former=BEFORE) == {}


def test_a_column_that_was_there_before_is_not_what_another_became() -> None:
    header = [name for name in BEFORE if name != "Email"] + ["E-Mail"]
    assert likely_renamings(header, CONTRACT)["Email"].became == "E-Mail"
    assert likely_renamings(header, CONTRACT, former=[*BEFORE, "E-Mail"]) == {}


@pytest.mark.parametrize(
    "line",
    [
        ["17", "Dana", "Email", "dana@companyx.example", "12 Larch Road"],
        ["17", "Dana", "Email", "+44 113 496 0123", "Leeds"],
        ["17", "Dana", "Strasse", "1990-05-03", "Ort"],
        ["Calder", "Ines", "Mobile"],  # a place of that name
    ],
)
def test_a_line_of_data_suggests_nothing_and_shows_nothing(line: list[str]) -> None:
    assert likely_renamings(line, CONTRACT, former=BEFORE[: len(line)]) == {}
    assert shown_names(line, line, CONTRACT) == ()
    with pytest.raises(FileRefused) as refused:
        check_drift(line, CONTRACT, former=BEFORE[: len(line)])
    assert not [text for text in line if text not in BEFORE and text in str(refused.value)]


def test_a_header_in_other_words_is_known_as_one() -> None:
    header = ["Kundennummer", "Vorname", "Nachname", "x1"]
    assert shown_names(["x1"], header, CONTRACT) == ("x1",)
    assert likely_renamings(header, CONTRACT)["FirstName"].became == "Vorname"


@pytest.mark.parametrize("odd", ["a@b", "code 20240501", "12 34 56", "x" * 61, "Zip\u202e", "a\nb"])
def test_what_may_be_data_or_drives_a_terminal_is_not_shown(odd: str) -> None:
    assert shown_names([odd, "score"], [*BEFORE, "score"], CONTRACT) == ("score",)


def test_the_refusal_says_what_a_column_became() -> None:
    with pytest.raises(FileRefused, match="'xq_17' stands where 'Account' stood; correct the contract") as refused:
        check_drift(after(Account="xq_17"), CONTRACT, former=BEFORE)
    assert refused.value.rule == "column_missing"


def test_a_name_that_is_parted_or_joined_is_recognised() -> None:
    whole = SourceContract.model_validate(
        {"source": "shop", "kind": "profiles", "key": "id", "columns": {"full_name": "Who", "email": "Mail"}}
    )
    with pytest.raises(FileRefused, match="'Given Name' and 'Surname' look like the name in parts"):
        check_drift(["id", "Given Name", "Surname", "Mail"], whole)
    header = [name for name in BEFORE if name not in ("FirstName", "LastName")] + ["Full Name"]
    with pytest.raises(FileRefused, match="'Full Name' looks like first and last name in one"):
        check_drift(header, CONTRACT)


def test_a_refused_new_column_is_named_where_all_may_be() -> None:
    strict = CONTRACT.model_copy(update={"on_new_column": "refuse"})
    with pytest.raises(FileRefused, match=r"does not name: 1 \('score'\)"):
        check_drift([*BEFORE, "score"], strict)


def test_many_missing_columns_make_a_short_message() -> None:
    wide = SourceContract.model_validate(
        {
            "source": "w",
            "kind": "profiles",
            "key": "id",
            "columns": {"email": "mail"},
            "identifiers": {f"i{n}": f"c{n}" for n in range(30)},
        }
    )
    with pytest.raises(FileRefused, match="and 20 more is not in the file"):
        check_drift(["id", "mail"], wide)


def test_parts_say_which_columns_they_name() -> None:
    named = parts_named_by(CONTRACT)
    assert (named["contact_id"], named["SecondaryEmail"]) == (("key",), ("columns.email",))
    assert (named["updated_at"], named["LoyaltyNo"]) == (("observed_at",), ("identifiers.loyalty_id",))
