from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.candidate_links.lookup import rows_of, rows_of_runs

VALUES = st.one_of(st.integers(-3, 12), st.none())


@settings(deadline=None)
@given(st.lists(VALUES), st.lists(st.integers(-3, 12), unique=True), st.booleans())
def test_a_value_is_found_where_it_stands(sought: list[int | None], held: list[int], as_texts: bool) -> None:
    columns = [pl.Series(values, dtype=pl.Int64) for values in (sought, held)]
    if as_texts:
        columns = [column.cast(pl.String) for column in columns]
    expected = [held.index(value) if value in held else None for value in sought]
    assert rows_of(*columns).to_list() == expected


def test_the_very_column_is_found_row_by_row() -> None:
    values = pl.Series(["b", "a", "c"])
    assert rows_of(values, values.clone()).to_list() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [pl.Int64, pl.String])
def test_values_that_share_a_slot_are_found(dtype: pl.DataType) -> None:
    held = pl.int_range(20_000, eager=True).cast(dtype)  # an eighth of them do
    sought = pl.concat([held.reverse(), held.head(5), pl.Series([-1]).cast(dtype)])
    assert rows_of(sought, held).to_list() == [*range(19_999, -1, -1), *range(5), None]


@pytest.mark.parametrize("dtype", [pl.Int64, pl.String])
def test_a_column_in_chunks_counts_its_rows_through(dtype: pl.DataType) -> None:
    held = pl.concat([pl.Series([7, 3]), pl.Series([5]), pl.Series([1, 9])], rechunk=False).cast(dtype)
    assert held.n_chunks() == 3
    assert rows_of(pl.Series([9, 5, 2, 7]).cast(dtype), held).to_list() == [4, 2, None, 0]


def test_a_column_of_runs_is_looked_up_as_any_other() -> None:
    held = pl.Series(["c", "a", "b"])
    for sought in (["a", "a", "b", "a", None, None, "x", "c", "c"], [None], ["x"], []):
        column = pl.Series(sought, dtype=pl.String)
        assert rows_of_runs(column, held).to_list() == rows_of(column, held).to_list()
