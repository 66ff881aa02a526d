"""Masked values: what they look like, and that no more of a value is left than the rule says."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.standardized.masking import HIDDEN, Kind, mask


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("mia.fox@gmail.com", "email", "m•••@g•••.com"),
        ("mia@gmail.con", "email", "m•••@g•••.con"),
        ("mi@gmx.de", "email", "•••@g•••.de"),
        ("mia@mail.company.example", "email", "m•••@m•••"),
        ("mia@yahoo.co.uk", "email", "m•••@y•••.•••.uk"),
        ("mia", "email", "m•••"),
        ("@", "email", "•••@•••"),
        ("+15551230199", "phone", "+1•••99"),
        ("0161 496 0123", "phone", "0•••23"),
        ("123456", "phone", "•••"),
        (date(1985, 3, 12), "date", "1•••-••-••"),
        ("2031-01-02", "date", "2•••-••-••"),
        ("soon", "date", "•••"),
        ("Mia Fox", "text", "M••• F•••"),
        ("O'Brien-Li", "text", "••• B••• •••"),
        ("LS6 2AB", "text", "L••• 2•••"),
        ("", "text", "•••"),
        (None, "text", "•••"),
        (None, "email", "•••"),
    ],
)  # fmt: skip
def test_a_masked_value(value: object, kind: Kind, shown: str) -> None:
    assert mask(value, kind) == shown


PARTS = re.compile(r"[\s.,;:/_+'’\-@]+")


@given(st.text(max_size=60), st.sampled_from(["text", "email"]))
def test_of_each_part_no_more_than_its_first_letter_is_left(value: str, kind: Kind) -> None:
    left = [part for part in re.split(r"[ @.]", mask(value, kind)) if part]
    *parts, ending = left or [""]
    keeps_ending = kind == "email" and re.fullmatch(r"[A-Za-z]{1,3}", ending) is not None
    assert not keeps_ending or value.endswith(ending)
    for part in parts if keeps_ending else left:
        assert part == HIDDEN or (part[1:] == HIDDEN and part[0].isalnum())
        assert part == HIDDEN or any(word.startswith(part[0]) for word in PARTS.split(value))


@given(st.text(alphabet="abcdefgh", max_size=2), st.sampled_from(["text", "email"]))
def test_short_values_are_masked_whole(value: str, kind: Kind) -> None:
    assert mask(value, kind) == HIDDEN


@given(st.text(alphabet="0123456789+ ()-", max_size=24))
def test_of_a_number_the_first_and_the_last_two_digits_are_left(value: str) -> None:
    digits = re.sub(r"\D", "", value)
    left = re.sub(r"\D", "", mask(value, "phone"))
    assert left == ("" if len(digits) < 7 else digits[0] + digits[-2:])


@given(st.dates())
def test_a_date_leaves_its_first_digit(value: date) -> None:
    assert re.sub(r"\D", "", mask(value, "date")) == value.isoformat()[0]


@given(st.text(max_size=40), st.integers(min_value=1, max_value=30))
def test_a_mask_does_not_tell_how_long_a_word_was(value: str, more: int) -> None:
    word = "x" + re.sub(r"[^a-z]", "", value) + "abc"
    assert mask(word, "text") == mask(word + "z" * more, "text")
