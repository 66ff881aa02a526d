"""The forms in which values travel to a database."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.published.plain_columns import for_copy, for_sqlite
from cdp_assets.tables import MOMENT, TEXTS

MOMENTS = pl.DataFrame(
    {"at": [datetime(2024, 5, 1, 3, 0, 0, 7, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC), None]},
    schema={"at": MOMENT},
)
TEXT_LISTS = st.lists(st.none() | st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]))))


def test_moments_say_microseconds_and_to_copy_their_zone() -> None:
    assert for_sqlite(MOMENTS)["at"].to_list() == ["2024-05-01 03:00:00.000007", "1900-01-01 00:00:00.000000", None]
    assert for_copy(MOMENTS)["at"].to_list() == ["2024-05-01 03:00:00.000007+00", "1900-01-01 00:00:00.000000+00", None]


def test_days_are_iso_text() -> None:
    days = pl.DataFrame({"on": [date(1980, 2, 29), date(812, 1, 1), None]})
    assert for_sqlite(days)["on"].to_list() == for_copy(days)["on"].to_list() == ["1980-02-29", "0812-01-01", None]


def test_flags_are_one_and_nought_in_sqlite_and_words_to_copy() -> None:
    flags = pl.DataFrame({"is": [True, False, None]})
    assert for_sqlite(flags)["is"].to_list() == [1, 0, None]
    assert for_copy(flags)["is"].to_list() == ["true", "false", None]


def test_numbers_keep_every_digit() -> None:
    numbers = pl.DataFrame({"n": [0.1 + 0.2, 1e-300, -0.0, None]})
    assert [None if text is None else float(text) for text in for_copy(numbers)["n"]] == numbers["n"].to_list()


def test_not_a_number_is_null() -> None:
    numbers = pl.DataFrame({"n": [float("nan"), 1.0]})
    assert for_sqlite(numbers)["n"].to_list() == [None, 1.0]
    assert for_copy(numbers)["n"].to_list() == [None, "1.0"]


@given(TEXT_LISTS)
def test_lists_are_json_text_in_sqlite(lists: list[list[str | None] | None]) -> None:
    sent = for_sqlite(pl.DataFrame({"texts": lists}, schema={"texts": TEXTS}))["texts"]
    kept = [
        None if each is None else [None if t is None else t.replace("\0", "\ufffd") for t in each] for each in lists
    ]
    assert [None if text is None else json.loads(text) for text in sent] == kept


def test_lists_are_array_literals_to_copy() -> None:
    lists = pl.DataFrame({"texts": [["a", 'q"b\\'], [], ["", None, "NULL"], None]}, schema={"texts": TEXTS})
    assert for_copy(lists)["texts"].to_list() == ['{"a","q\\"b\\\\"}', "{}", '{"",NULL,"NULL"}', None]
