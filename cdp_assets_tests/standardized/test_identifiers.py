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
