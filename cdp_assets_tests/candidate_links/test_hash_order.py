from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.candidate_links.hash_order import have_equals, in_order

HASHES = st.integers(0, 2**64 - 1) | st.integers(0, 200) | st.integers(2**64 - 3, 2**64 - 1)


@settings(deadline=None)
@given(st.lists(HASHES, max_size=40))
def test_rows_come_in_the_order_of_their_hashes_and_equal_ones_as_they_stand(numbers: list[int]) -> None:
    hashes = np.array(numbers, dtype=np.uint64)
    rows, ordered = in_order(hashes)
    assert rows.tolist() == sorted(range(len(numbers)), key=numbers.__getitem__)
    assert ordered.tolist() == sorted(numbers)
    assert have_equals(ordered).tolist() == [numbers.count(number) > 1 for number in sorted(numbers)]


@pytest.mark.parametrize("apart", [1, 2**12])
def test_hashes_that_lower_bits_alone_tell_apart_are_told_apart(apart: int) -> None:
    hashes = np.array([2**40 + apart, 2**40, 2**40 + apart, 2**40] * 100, dtype=np.uint64)
    rows, ordered = in_order(hashes)
    assert rows.tolist() == np.argsort(hashes, kind="stable").tolist()
    assert (ordered[:200] == 2**40).all()
