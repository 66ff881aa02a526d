from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links.pairing import NO_PAIRS, distinct_pairs, pairs_of_blocks, together

IDS = np.array([10, 20, 30, 40, 2**62])


def blocks(*members: str) -> pl.DataFrame:
    """``blocks("013", "13")``: the blocks {0, 1, 3} and {1, 3}."""
    rows = [(int(number), key) for key, numbers in enumerate(members) for number in numbers]
    return pl.DataFrame(rows, schema={"number": pl.Int64, "key": pl.UInt64}, orient="row").reverse()


def test_every_two_members_of_a_block_are_a_pair_once() -> None:
    found = together([(0, pairs_of_blocks(blocks("0134", "31", "2")))], IDS)
    assert found.select("id_l", "id_r").rows() == list(combinations([10, 20, 40, 2**62], 2))
    assert found["rules"].unique().to_list() == [1]


def test_a_pair_tells_all_the_rules_that_found_it() -> None:
    some = pairs_of_blocks(blocks("01", "12"))
    others = distinct_pairs(np.array([2, 0, 2]), np.array([1, 4, 1]))  # either way round, and twice
    found = together([(0, some), (5, others)], IDS)
    assert found.rows() == [(10, 20, 1), (10, 2**62, 32), (20, 30, 33)]


def test_pairs_tell_where_both_stand_where_that_is_asked() -> None:
    found = together([(0, pairs_of_blocks(blocks("014")))], IDS, with_places=True)
    assert found.select("at_l", "at_r").rows() == [(0, 1), (0, 4), (1, 4)]
    assert together([], IDS, with_places=True).schema == found.schema


def test_no_blocks_make_no_pairs() -> None:
    assert together([], IDS).equals(NO_PAIRS)
    assert together([(0, pairs_of_blocks(blocks()))], IDS).equals(NO_PAIRS)


def test_more_profiles_than_a_pair_has_room_for_are_refused() -> None:
    ids = np.broadcast_to(np.int64(1), 2**29 + 1)  # one number in memory
    with pytest.raises(ValueError, match="536,870,913 linkage profiles: pairs are made of 536,870,911 at most"):
        together([], ids)
