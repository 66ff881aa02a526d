from __future__ import annotations

from unittest import mock

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.candidate_links import alignment
from cdp_assets.candidate_links.alignment import rows_side_by_side

NUMBERS = st.sets(st.integers(0, 60))


def texts(numbers: list[int]) -> pl.Series:
    return pl.Series([f"crm/{number:05}" for number in numbers], dtype=pl.String)


@settings(deadline=None)
@given(NUMBERS, NUMBERS, st.booleans())
def test_a_value_is_found_where_it_stands(sought: set[int], held: set[int], is_in_order: bool) -> None:
    there = sorted(held, reverse=not is_in_order)
    expected = [there.index(number) if number in held else None for number in sorted(sought)]
    with mock.patch.object(alignment, "_BLOCK", 8):
        assert rows_side_by_side(texts(sorted(sought)), texts(there)).to_list() == expected


@pytest.mark.parametrize(("come", "gone"), [(100, None), (None, 100), (70, 110), (2, None)])
def test_rows_that_have_come_or_gone_in_a_large_table(come: int | None, gone: int | None) -> None:
    now = [number for number in range(5_000) if gone is None or number % gone]
    before = [number for number in range(5_000) if come is None or number % come]
    row = {number: at for at, number in enumerate(before)}
    assert rows_side_by_side(texts(now), texts(before)).to_list() == [row.get(number) for number in now]


def test_a_table_in_chunks_counts_its_rows_through() -> None:
    before = pl.concat([texts([1, 2]), texts([3]), texts([5, 8])], rechunk=False)
    assert rows_side_by_side(texts([2, 4, 5, 8, 9]), before).to_list() == [1, None, 3, 4, None]


def test_texts_with_one_hash_are_told_apart() -> None:
    now, before = texts([1, 2, 3]), texts([1, 3])
    same_hash = lambda column: pl.repeat(7, len(column), dtype=pl.UInt64, eager=True)  # noqa: E731
    with mock.patch.object(pl.Series, "hash", same_hash):
        probable = alignment._probable_rows(now, before)
    with mock.patch.object(alignment, "_probable_rows", return_value=probable):
        assert rows_side_by_side(now, before).to_list() == [0, None, 1]
