"""Few values are found among many wherever they stand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.candidate_links import among
from cdp_assets.candidate_links.among import Many, ManyHashes, are_in, rows_of_hashes_among

CHUNKS = st.lists(st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh")), max_size=5), min_size=1, max_size=3)


@settings(deadline=None)
@given(CHUNKS, st.lists(st.one_of(st.none(), st.sampled_from("abcxyz")), max_size=5))
def test_rows_that_hold_one_of_few_values(chunks: list[list[str | None]], few: list[str | None]) -> None:
    column = pl.concat([pl.Series(values, dtype=pl.String) for values in chunks], rechunk=False)
    some = {value for value in few if value is not None}
    expected = [value in some for value in column]
    many = Many(column)
    assert many.hold(pl.Series(few, dtype=pl.String)).to_list() == expected
    assert many.rows_of(pl.Series(few, dtype=pl.String)).tolist() == np.flatnonzero(expected).tolist()


@pytest.mark.parametrize("column", [[-3, 1, 1, 4, 9, 9, 9], [9, 1, -3, 1, 9], [5], []])
def test_numbers_in_order_are_found_as_others_are(column: list[int]) -> None:
    for few in ([9, 1, None, 9], [0], [-4, 10], [4, -3], []):
        many = Many(pl.Series(column, dtype=pl.Int64))
        expected = [row for row, value in enumerate(column) if value in few]
        assert many.rows_of(pl.Series(few, dtype=pl.Int64)).tolist() == expected
    assert Many(pl.Series([1, 2, None, 3])).rows_of(pl.Series([3, None])).tolist() == [3]


@pytest.mark.parametrize("small", [0, 10_000])
def test_values_are_looked_for_among_more_than_they_are(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(among, "_SMALL", small)
    values = pl.Series(["a", None, "e", "x"])
    assert are_in(values, pl.Series([*"abcdefgh", None])).tolist() == [True, False, True, False]
    assert are_in(values, pl.Series([], dtype=pl.String)).tolist() == [False] * 4


@pytest.mark.parametrize("bits", [1, 20])
def test_hashes_that_look_alike_by_their_upper_bits_are_told_apart(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(among, "_BITS", bits)
    hashes = np.array([2**63, 2**63 + 1, 1, 0, 2**64 - 1], dtype=np.uint64)
    few = np.array([2**63 + 1, 0, 2, 0], dtype=np.uint64)
    assert rows_of_hashes_among(hashes, few).tolist() == [1, 3]
    assert rows_of_hashes_among(hashes, few[:0]).tolist() == []
    assert rows_of_hashes_among(hashes[:0], few).tolist() == []
    assert Many(pl.Series(hashes)).rows_of(pl.Series(few)).tolist() == [1, 3]
    assert ManyHashes(pl.Series(hashes)).rows_of(pl.Series(few)).tolist() == [1, 3]
