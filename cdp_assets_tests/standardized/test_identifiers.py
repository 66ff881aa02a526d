import polars as pl
import pytest

from cdp_assets.standardized.identifiers import standardize_identifiers

CASES = [
    ("086-55-9906", "086559906"),
    ("086 55 9906", "086559906"),
    ("086559906", "086559906"),
    ("12.345.678-5", "123456785"),
    ("ab 12-x", "AB12-X"),
    ("AB12-X", "AB12-X"),
    ("aB3dE==", "aB3dE=="),
    ("007", "007"),
    ("12345.0", "12345"),
    (" LY-1001 ", "LY-1001"),
    ("7", "7"),
    ("777", "777"),
    ("1234", "1234"),
    ("85010112345", "85010112345"),
    ("PL 526-000-12-46", "PL526-000-12-46"),
    ("DE 123 456 789", "DE123456789"),
    ("12345678-z", "12345678-Z"),
    ("x1234567l", "X1234567L"),
    ("QQ 12 34 56 C", "QQ123456C"),
    ("1 85 05 78 006 084 36", "185057800608436"),
    ("RSSMRA85T10A562S", "RSSMRA85T10A562S"),
    ("123.456.789-09", "12345678909"),
    ("123/456/7899", "1234567899"),
    ("１２３４-56", None),
    ("a\u200bb1", "AB1"),
    ("f47ac10b-58cc-4372-a567-0e02b2c3d479", "F47AC10B-58CC-4372-A567-0E02B2C3D479"),
    ("1e5", "1E5"),
    ("brak", None),
    ("keine Angabe", None),
    ("1234567890", None),
    ("000-00-0000", None),
    ("0", None),
    ("99999", None),
    ("111-11-1111", None),
    ("123-45-6789", None),
    ("987654321", None),
    ("n/a", None),
    ("unknown", None),
    ("xxx", None),
    ("test", None),
    ("00000000-0000-0000-0000-000000000000", None),
    ("", None),
]


@pytest.mark.parametrize(("delivered", "expected"), CASES)
def test_an_identifier(delivered: str, expected: str | None) -> None:
    assert standardize_identifiers(pl.Series([delivered])).to_list() == [expected]


def test_standardizing_twice_changes_nothing() -> None:
    once = standardize_identifiers(pl.Series([delivered for delivered, _ in CASES]))
    assert standardize_identifiers(once).to_list() == once.to_list()
