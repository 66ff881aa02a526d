"""Text for a terminal: aligned, wrapped, and harmless whatever a value holds."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cdp_assets.steward.plain_text import (
    bullets,
    cell,
    facts,
    harmless,
    heading,
    paragraph,
    plural,
    probability,
    shortened,
    table,
    width_of,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("", "–"),
        (True, "yes"),
        (False, "no"),
        (1234567, "1,234,567"),
        (0.98765, "0.988"),
        (date(2020, 3, 1), "2020-03-01"),
        (datetime(2020, 3, 1, 12, 30, tzinfo=UTC), "2020-03-01"),
        (["crm", "shop"], "crm, shop"),
        ([], "–"),
        ("two\nlines", "two lines"),
    ],
)
def test_a_value_is_one_line_of_text(value: object, text: str) -> None:
    assert cell(value) == text


def test_a_value_can_not_drive_the_terminal() -> None:
    assert harmless("\x1b[31mred\x07\x9b\u202egnp") == "·[31mred···gnp"
    assert "\x1b" not in table(("name",), [["\x1b]0;title\x07"]], 80)
    assert "\x1b" not in facts([("name", "\x1b[2J")], 80)
    assert "\x1b" not in bullets(["\x1b[2J"], 80) + paragraph("\x1b[2J", 80)


def test_columns_are_aligned_and_numbers_stand_to_the_right() -> None:
    text = table(("source", "records"), [["crm", 12], ["newsletter", 1200]], 80)
    assert text.splitlines() == ["source      records", "crm              12", "newsletter    1,200"]


def test_signed_numbers_stand_to_the_right_and_phones_to_the_left() -> None:
    assert table(("bits", "x"), [["+1.25", "a"], ["-12.00", "b"]], 80).splitlines()[1] == " +1.25  a"
    assert table(("phone", "x"), [["+4412", "a"], ["+441234", "b"]], 80).splitlines()[1] == "+4412    a"


def test_wide_signs_take_two_columns() -> None:
    assert width_of("山田") == 4
    assert width_of("e\u0301") == 1
    lines = table(("name", "city"), [["山田", "x"], ["Ana", "y"]], 80).splitlines()
    assert lines[1:] == ["山田  x", "Ana   y"]


def test_the_last_column_wraps_under_itself() -> None:
    lines = table(("id", "why"), [["1", "one two three four five six seven eight nine ten"]], 36).splitlines()
    assert all(len(line) <= 36 for line in lines)
    assert lines[2].startswith("    ")


def test_columns_that_may_go_are_left_out_and_named_where_there_is_no_room() -> None:
    rows = [["a" * 20, "b" * 20, 1]]
    wide = table(("one", "two", "three"), rows, 60, may_drop=["two"])
    narrow = table(("one", "two", "three"), rows, 40, may_drop=["two"])
    assert "two" in wide.splitlines()[0]
    assert "two" not in narrow.splitlines()[0]
    assert narrow.endswith("(not shown for want of room: two)")


def test_a_table_that_can_not_fit_becomes_one_block_per_row() -> None:
    text = table(("one", "two"), [["a" * 30, 1], ["b" * 30, 2]], 34)
    assert text.split("\n\n")[0].splitlines() == ["one  " + "a" * 29, "     a", "two  1"]
    assert text.count("\n\n") == 1


def test_an_empty_table_is_no_text() -> None:
    assert table(("one",), [], 80) == ""


def test_small_words() -> None:
    assert heading("Ab") == "Ab\n──"
    assert [plural(n, "record") for n in (0, 1, 2)] == ["0 records", "1 record", "2 records"]
    assert plural(2, "entry", "entries") == "2 entries"
    assert bullets(["one two three four five six seven"], 26).splitlines()[1].startswith("  ")


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.5, "0.500"), (0.9999, "0.99990"), (0.99999999, "> 0.9999999"), (1e-12, "< 0.0000001"), (1.0, "1"), (None, "–")],
)
def test_a_probability_is_never_rounded_to_certainty(share: float | None, text: str) -> None:
    assert probability(share) == text


def test_the_widest_text_wraps_between_words_wherever_it_stands() -> None:
    lines = table(("why", "when"), [["one two three four five six seven", "2024-05-01"]], 34).splitlines()
    assert lines == ["why                     when", "one two three four      2024-05-01", "five six seven"]


def test_words_are_not_broken_to_make_room() -> None:
    address = "somebody.with.a.long.name@example.example"
    assert address in table(("address", "why"), [[address, "one two three four five six"]], 64)


def test_a_text_is_cut_to_its_room() -> None:
    assert shortened("maren.thornquist", 8) == "maren.t…"
    assert shortened("maren", 8) == "maren"
    assert shortened(None, 8) == "–"
    assert width_of(shortened("山田太郎花子", 6)) <= 6
