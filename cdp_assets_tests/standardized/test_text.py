import re
import unicodedata

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.standardized import text
from cdp_assets.standardized.text import by_distinct, by_value, clean, comparable_words, in_ascii, without_placeholders


def test_clean_text_is_what_a_person_sees() -> None:
    delivered = pl.Series(["  a \t b\n", "a\u200bb", "ﬁ", "\u202ea", "e\u0301", "", " \ufeff ", None, "NO", "007"])
    assert clean(delivered).to_list() == ["a b", "ab", "fi", "a", "é", None, None, None, "NO", "007"]


def test_words_that_say_no_value_are_none() -> None:
    delivered = [
        "n/a",
        "N/A",
        "Unknown",
        "brak",
        "k. A.",
        "xxx",
        "NA",
        "null",
        "-",
        "?",
        "不明",
        "Na",
        "Nan Li",
        "X",
        "0",
    ]
    assert without_placeholders(pl.Series(delivered)).to_list() == [None] * 11 + ["Na", "Nan Li", "X", "0"]


def test_a_code_may_be_na() -> None:
    assert without_placeholders(pl.Series(["NA", "n/a"]), are_codes=True).to_list() == ["NA", None]


def test_comparable_words_are_ascii_lower_case() -> None:
    delivered = pl.Series(["O'Brien-Smith", "ŁÓDŹ", "  Æther & Co. 3 ", "Ω", "…", None])
    assert comparable_words(delivered).to_list() == ["obrien smith", "lodz", "aether co 3", "o", None, None]


def test_only_letters_outside_ascii_are_transliterated() -> None:
    assert in_ascii(pl.Series(["Straße", "plain", None, "Пётр"])).to_list() == ["Strasse", "plain", None, "Petr"]


def test_a_standard_sees_each_combination_once() -> None:
    seen = []

    def joined(left: pl.Series, right: pl.Series) -> pl.Series:
        seen.append(len(left))
        return left.fill_null("-") + right.fill_null("-")

    left, right = pl.Series("x", ["a", "b", "a", None, None]), pl.Series("x", ["1", "2", "1", "1", None])
    assert by_value(joined, left, right).to_list() == ["a1", "b2", "a1", "-1", "--"]
    assert seen == [4]


def test_a_function_is_called_once_per_distinct_value() -> None:
    called: list[str] = []

    def upper(text: str) -> str:
        called.append(text)
        return text.upper()

    assert by_distinct(pl.Series(["a", None, "b", "a"]), upper, pl.String()).to_list() == ["A", None, "B", "A"]
    assert sorted(called) == ["a", "b"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_both_forms_are_idempotent(texts: list[str]) -> None:
    cleaned = clean(pl.Series(texts, dtype=pl.String))
    assert clean(cleaned).to_list() == cleaned.to_list()
    comparable = comparable_words(cleaned)
    assert comparable_words(comparable).to_list() == comparable.to_list()


def test_signs_that_stand_for_themselves_are_clean_however_they_follow_each_other() -> None:
    signs = [chr(code) for code in range(0x3000) if re.fullmatch(text._SIGN, chr(code))]
    assert {"a", "é", "Ł", "ž"} < set(signs)
    assert not {" ", "ŀ", "ſ", "´"} & set(signs)
    assert all(unicodedata.normalize("NFKC", sign) == sign and not unicodedata.combining(sign) for sign in signs)
    assert {unicodedata.category(sign)[0] for sign in signs} <= {"L", "N", "P", "S"}
