"""What headers mean, and above all what they do not."""

from __future__ import annotations

import pytest

from cdp_assets.sources.header_meaning import (
    birth_part_of,
    field_of,
    header_parts,
    identifier_of,
    is_similar,
    may_say_consent,
    meaning_of,
    meanings_of,
    street_part_of,
)


@pytest.mark.parametrize(
    "header",
    [
        "Campaign Name", "List name", "User Name", "username", "Office Name", "Product name", "traffic_source.name",
        "campaign.name", "owner.email", "Owner Email", "Manager's Name", "Assistant's Phone", "Emergency Contact Phone",
        "company phone", "Phone Type", "Phone 1 - Label", "E-mail Type", "Email Status", "email_opt_in", "ip_address",
        "IP Address", "MAC address", "Address Type", "Address 1 - Formatted", "geo.country", "user.owner.email", "owner.profile.email", "owner.user.email", "user.company.phone", "item.name", "Passport country", "Card Name",
        "Card Last4", "Maiden Name", "Phonetic First Name", "Fax", "Home Fax", "Title", "Zip+4", "Home Address PO Box",
        "City/State/Zip", "Homepage", "Line", "Street number", "Email Marketing Consent", "Accepts Email Marketing",
    ],
)  # fmt: skip
def test_what_only_sounds_like_a_field_is_none(header: str) -> None:
    assert field_of(header) is None


@pytest.mark.parametrize(
    ("header", "field", "whose"),
    [
        ("PRIMARY_NAME_LAST", "last_name", ()),
        ("PRIMARY_NAME_ORG", "company", ()),
        ("NATIVE_NAME_FULL", "full_name", ("native",)),
        ("MAILINGPOSTALCODE", "postcode", ("mailing",)),
        ("Default Address Province Code", "region", ()),
        ("Address 2 - City", "city", ("2",)),
        ("Rechnungsadresse Ort", "city", ("rechnungsadresse",)),
        ("res_city_desc", "city", ("res",)),
        ("E-mail 2 - Value", "email", ("2",)),
        ("Person - Phone - Mobile", "phone", ()),
        ("Organization - Name", "company", ()),
        ("Account Name", "company", ()),
        ("What is your first name?", "first_name", ()),
        ("Date of birth (DD/MM/YYYY)", "date_of_birth", ()),
        ("State/Province/Territory", "region", ()),
        ("customer.email", "email", ()),
        ("event.user.email", "email", ()),
        ("session.user.address.city", "city", ()),
        ("event.phone", "phone", ()),
        ("account.user.email", "email", ()),
    ],
)
def test_a_header_says_which_field_and_whose(header: str, field: str, whose: tuple[str, ...]) -> None:
    meaning = meaning_of(header)
    assert meaning is not None
    assert (meaning.field, meaning.whose) == (field, whose)


@pytest.mark.parametrize(
    ("header", "whose", "line", "is_line"),
    [
        ("address_2", (), 2, False),
        ("Home Street 2", ("home",), 2, False),
        ("Address 1: Street 2", (), 2, True),
        ("address1_line2", (), 2, True),
        ("Address 2: Street 1", ("2",), 1, True),
        ("Address Line 2 - 1", (), 2, True),
        ("mail_addr1", ("mail",), 1, False),
    ],
)
def test_a_number_behind_a_street_is_its_line(header: str, whose: tuple[str, ...], line: int, is_line: bool) -> None:
    street = next(meaning for meaning in meanings_of(header) if meaning.field == "street")
    assert (street.whose, street.line, street.is_line) == (whose, line, is_line)


def test_parts_of_streets_and_days_are_no_fields_of_their_own() -> None:
    for header, part in {"Hausnummer": "number", "Nr domu": "number", "house_num": "number", "Apt #": "unit"}.items():
        assert street_part_of(header, is_beside_street=False) == (part, ())
    assert street_part_of("Número", is_beside_street=False) is None
    assert street_part_of("Número", is_beside_street=True) == ("number", ())
    assert [birth_part_of(header) for header in ("dob_day", "Birth Month", "by", "day")] == [
        "day",
        "month",
        "year",
        None,
    ]


@pytest.mark.parametrize(
    ("header", "identifier"),
    [
        ("SSN_NUMBER", "ssn"), ("Social Security Number", "ssn"), ("NATIONAL_ID_NUMBER", "national_id"),
        ("DNI", "national_id"), ("Passport No.", "passport_number"), ("DRIVERS_LICENSE_NUMBER", "drivers_license"),
        ("LoyaltyNo", "loyalty_id"), ("user_pseudo_id", "cookie_id"), ("NATIONAL_ID_COUNTRY", None), ("PASSPORT_COUNTRY", None),
        ("DRIVERS_LICENSE_STATE", None), ("SSN Last 4", None), ("Spouse SSN", None),
    ],
)  # fmt: skip
def test_identifiers_are_numbers_of_a_person(header: str, identifier: str | None) -> None:
    assert identifier_of(header) == identifier


def test_headers_are_similar_by_spelling_or_meaning_only() -> None:
    for one, other in (
        ("E-Mail", "email"),
        ("FirstName", "Given Name"),
        ("Zip", "PLZ"),
        ("addr_city", "Town"),
        ("DOB", "birthDate"),
    ):
        assert is_similar(one, other)
    for one, other in (
        ("Order #", "Order"), ("Phone", "Phone Type"), ("Street", "Street number"), ("Email", "Email opt in"),
        ("Title", "Job title"), ("dob_day", "dob"), ("Owner email", "Email"), ("Fax", "Phone"),
    ):  # fmt: skip
        assert not is_similar(one, other)


def test_a_number_sign_is_a_word() -> None:
    assert header_parts("Attendee #") == ["attendee", "number"]
    assert header_parts("#") == ["number"]
    assert header_parts("Mail #1") == ["mail", "1"]


@pytest.mark.parametrize(
    ("header", "may"),
    [
        ("Accepts Email Marketing", True), ("Opt-in", True), ("HasOptedOutOfEmail", True), ("HASOPTEDOUTOFEMAIL", True), ("Do Not Call", True),
        ("Newsletter", True), ("Zgoda marketingowa", True), ("Unsubscribed", True),
        ("(Do Not Modify) Modified On", False), ("MEMBER_RATING", False), ("Option", False), ("Adoption date", False),
    ],
)  # fmt: skip
def test_what_may_be_an_answer_about_contact_is_told(header: str, may: bool) -> None:
    assert may_say_consent(header) is may
