import polars as pl
import pytest

from cdp_assets.standardized.sex import standardize_sex, why_no_sex


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ("F", "f"), ("female", "f"), ("Frau", "f"), ("weiblich", "f"), ("W", "f"), ("mujer", "f"), ("K", "f"), ("kobieta", "f"),
        ("Femme", "f"), ("donna", "f"), ("V", "f"), ("женский", "f"), ("2", "f"), ("M", "m"), ("Male", "m"), ("männlich", "m"),
        ("Herr", "m"), ("hombre", "m"), ("H", "m"), ("mężczyzna", "m"), ("homme", "m"), ("1", "m"), ("X", "x"), ("divers", "x"),
        ("non-binary", "x"), ("Other", "x"), ("0", None), ("9", None), ("unknown", None), ("Miss", "f"), ("kvinna", "f"), ("vrouw", "f"), ("woman", "f"), ("mannelijk", "m"), ("uomo", "m"), ("varón", "m"),
        ("masculino", "m"), ("féminin", "f"), ("non binaire", "x"), ("no binario", "x"), ("prefer not to say", None), ("q", None), ("", None),
    ],
)  # fmt: skip
def test_sex_in_several_languages(delivered: str, expected: str | None) -> None:
    assert standardize_sex(pl.Series([delivered, None])).to_list() == [expected, None]


def test_a_word_for_not_known_is_no_problem() -> None:
    texts = pl.Series(["q", "42", "0", "U", "unknown", "prefer not to say", "keine Angabe"])
    assert why_no_sex(texts).to_list() == ["unreadable", "unreadable", None, None, None, None, None]
