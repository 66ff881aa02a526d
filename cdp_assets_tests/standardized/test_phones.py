from functools import cache

import phonenumbers
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cdp_assets.standardized.phones import part_phones, phone_extensions, standardize_phones, why_no_phone

CASES = [
    ("US", "(212) 555-0147", "+12125550147"),
    ("US", "212.555.0147", "+12125550147"),
    ("US", "1-212-555-0147", "+12125550147"),
    ("US", "+1 212 555 0147", "+12125550147"),
    ("US", "212-555-0147 x23", "+12125550147"),
    ("US", "212-555-0147ext. 23", "+12125550147"),
    ("US", "2125550147.0", "+12125550147"),
    ("US", "011 44 20 7946 0958", "+442079460958"),
    ("US", "8789925", "8789925"),
    ("US", "1764573614", "+11764573614"),
    ("US", "998188096", "998188096"),
    ("GB", "020 7946 0958", "+442079460958"),
    ("GB", "+44 (0)20 7946 0958", "+442079460958"),
    ("GB", "07700 900456", "+447700900456"),
    ("GB", "0044 7700 900456", "+447700900456"),
    ("GB", "447700900456", "+447700900456"),
    ("AU", "0412 345 679", "+61412345679"),
    ("AU", "(02) 9374 4000", "+61293744000"),
    ("DE", "030/1234568", "+49301234568"),
    ("DE", "+49 30 9876501", "+49309876501"),
    ("DE", "0171 - 1234568", "+491711234568"),
    ("FR", "06 12 34 56 78", "+33612345678"),
    ("ES", "912 34 56 79", "+34912345679"),
    ("ES", "0034 612 345 679", "+34612345679"),
    ("PL", "601 202 303", "+48601202303"),
    ("PL", "+48 22 555 44 33 wew. 12", "+48225554433"),
    ("PL", "+0048 601 202 303", "+48601202303"),
    ("IT", "06 698 83712", "+390669883712"),
    ("BR", "(11) 98765-4322", "+5511987654322"),
    ("AR", "011 15-2345-6789", "+5491123456789"),
    ("JP", "090-1234-5679", "+819012345679"),
    ("EG", "٠٢ ٢٣٤٥ ٦٧٨٩", "+20223456789"),
    (None, "+48 601 202 303", "+48601202303"),
    (None, "0048 601 202 303", "+48601202303"),
    (None, "601 202 303", "601202303"),
    ("US", "+999 123 456 781", "+999123456781"),
    ("US", "+1-212-555-0147;ext=23", "+12125550147"),
    ("US", "tel:+12125550147", "+12125550147"),
    ("US", "212 555 0147 (cell)", "+12125550147"),
    ("US", "２１２５５５０１４７", "+12125550147"),
    ("GB", "+44(0)7700900456", "+447700900456"),
    ("GB", "(+44) 20 7946 0958", "+442079460958"),
    ("DE", "0049-30-1234568", "+49301234568"),
    ("DE", "030 1234568 App. 12", "+49301234568"),
    ("DE", "030/1234568 Durchwahl 12", "+49301234568"),
    ("ES", "91.234.56.79", "+34912345679"),
    ("ES", "612 34 56 79 ext. 3", "+34612345679"),
    ("PL", "(+48) 601-202-303", "+48601202303"),
    ("PL", "tel. 601 202 303", "+48601202303"),
    ("FR", "+33 (0)6 12 34 56 78", "+33612345678"),
    ("FR", "06.12.34.56.78", "+33612345678"),
    ("FR", "01 44 55 66 79 poste 12", "+33144556679"),
    ("IT", "347 123 4568", "+393471234568"),
    ("NL", "+31 (0)20 123 4568", "+31201234568"),
    ("IN", "098765 43211", "+919876543211"),
    ("CN", "138-0013-8001", "+8613800138001"),
    # nothing to call
    ("PL", "111 111 111", None),
    ("DE", "0000", None),
    ("ES", "600000000", None),
    ("FR", "06 00 00 00 00", None),
    ("US", "+1 (111) 111-1111", None),
    ("US", "555-555-5555", None),
    ("US", "000-000-0000", None),
    ("US", "1234567890", None),
    ("US", "(212) 123-4567", None),
    ("US", "9999999999", None),
    (None, "123456789", None),
    ("US", "12345", None),
    ("US", "n/a", None),
    ("US", "unknown", None),
    ("US", "call me", None),
    ("US", "", None),
]


@cache
def all_numbers() -> dict[tuple[str | None, str | None], str | None]:
    regions, texts = [case[0] for case in CASES], [case[1] for case in CASES]
    found = standardize_phones(pl.Series(texts), pl.Series(regions, dtype=pl.String)).to_list()
    return dict(zip(zip(regions, texts, strict=True), found, strict=True))


@pytest.mark.parametrize(("region", "delivered", "expected"), CASES)
def test_the_number_in_a_text(region: str | None, delivered: str, expected: str | None) -> None:
    assert all_numbers()[(region, delivered)] == expected


def test_each_row_is_read_in_its_own_region() -> None:
    delivered = pl.Series(["601 202 303", None, "601 202 303", "601 202 303"])
    found = standardize_phones(delivered, pl.Series(["PL", "PL", "ES", None]))
    assert found.to_list() == ["+48601202303", None, "+34601202303", "601202303"]


def test_no_rows_give_no_rows() -> None:
    assert standardize_phones(pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.String)).to_list() == []


@pytest.mark.parametrize(
    ("delivered", "extension"),
    [
        ("212-555-0147 x23", "23"), ("212-555-0147ext. 23", "23"), ("+1-212-555-0147;ext=007", "007"), ("2125550147 #12", "12"),
        ("22 555 44 33 wewn. 7", "7"), ("+48 22 555 44 33 wew. 12", "12"), ("030/1234568 Durchwahl 12", "12"), ("030 1234568 App. 12", "12"),
        ("612 34 56 79 ext. 3", "3"), ("11 4567-8901 anexo 45", "45"), ("11 98765-4322 ramal 12", "12"), ("01 44 55 66 79 poste 12", "12"),
        ("06/69883712 int. 3", "3"), ("020 123 4568 toestel 9", "9"), ("020-7946-0958 (x 4)", "4"), ("212 555 0147", None),
        ("212 555 0147 (cell)", None), ("tel. 601 202 303", None), ("555-0147 x", None), ("", None),
    ],
)  # fmt: skip
def test_the_extension_behind_a_number(delivered: str, extension: str | None) -> None:
    assert phone_extensions(pl.Series([delivered, None])).to_list() == [extension, None]


def test_a_text_without_a_number_is_a_placeholder_or_unreadable() -> None:
    texts = pl.Series(["n/a", "555-555-5555", "12", "call me", "1" * 20])
    assert why_no_phone(texts).to_list() == ["placeholder", "placeholder", "unreadable", "unreadable", "unreadable"]


def test_a_text_may_hold_several_numbers() -> None:
    delivered = pl.Series(["601 202 303; 22 555 44 33", "030/1234568", "601 202 303 / 22 555 44 33", "1-2", None])
    assert part_phones(delivered).to_list() == [
        ["601 202 303", "22 555 44 33"],
        ["030/1234568"],
        ["601 202 303", "22 555 44 33"],
        ["1-2"],
        None,
    ]


REGIONS = ["US", "GB", "DE", "ES", "PL", "FR", "AU", "IT", "MX", "IN", "BR", "AR", "JP", "HU"]
DIGITS = st.from_regex(r"(\+|00|0|1|8)?[0-9]{6,13}", fullmatch=True)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.one_of(DIGITS, st.text(max_size=12)), st.sampled_from([*REGIONS, None])), min_size=1, max_size=8
    )
)
def test_standardizing_twice_changes_nothing(rows: list[tuple[str, str | None]]) -> None:
    region = pl.Series([region for _, region in rows], dtype=pl.String)
    once = standardize_phones(pl.Series([text for text, _ in rows], dtype=pl.String), region)
    assert standardize_phones(once, region).to_list() == once.to_list()


@settings(max_examples=60, deadline=None)
@given(st.from_regex(r"0?[2-9][0-9]{7,10}", fullmatch=True), st.sampled_from(REGIONS))
def test_national_numbers_are_read_as_the_library_reads_them(text: str, region: str) -> None:
    [found] = standardize_phones(pl.Series([text]), pl.Series([region])).to_list()
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:  # in some regions 09 begins a call abroad
        assume(False)
    if found is not None and found.startswith("+"):
        assert found == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    elif found is not None:
        assert not phonenumbers.is_valid_number(number)
