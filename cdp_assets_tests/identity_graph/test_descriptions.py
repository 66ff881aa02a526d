from __future__ import annotations

import itertools

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity_graph.connected import Labels
from cdp_assets.identity_graph.descriptions import BIRTH, EVERYTHING, NAME, PLACE, Described, are_comparable, told
from cdp_assets.tables import LINKAGE_PROFILES


def masks(*values: int) -> Labels:
    return np.array(values, dtype=np.int64)


def test_a_unit_tells_what_any_of_its_profiles_does() -> None:
    values = [
        {"profile_id": 1, "last_name": "reed"},
        {"profile_id": 2, "date_of_birth": "1980-02-30"},
        {"profile_id": 3, "city": "berlin", "company": "acme"},
        {"profile_id": 4, "emails": ["a@b.example"], "sex": "f"},
    ]
    profiles = pl.DataFrame(values, schema=LINKAGE_PROFILES.schema)
    units = pl.DataFrame({"profile_id": [1, 2, 3, 4], "unit": [0, 0, 1, 2]})
    assert told(profiles, units, 4).to_list() == [NAME | BIRTH, NAME | PLACE, 0, 0]


def test_two_common_things_make_a_pair_comparable() -> None:
    one = masks(NAME | BIRTH, NAME | BIRTH, EVERYTHING, NAME, EVERYTHING)
    pairs = {(0, 1): True, (0, 2): True, (2, 4): True, (0, 3): False, (3, 4): False}
    a, b = zip(*pairs, strict=True)
    assert are_comparable(one, masks(*a), masks(*b)).tolist() == list(pairs.values())
    assert are_comparable(masks(NAME | BIRTH, NAME | PLACE), masks(0), masks(1)).tolist() == [False]


@settings(deadline=None)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=7), st.lists(st.integers(0, 7), min_size=1, max_size=7))
def test_merged_clusters_count_the_pairs_of_all_their_units(left: list[int], right: list[int]) -> None:
    told_by = masks(*left, *right)
    described = Described.by(told_by)
    for cluster, first in ((left, 0), (right, len(left))):
        for gone in range(first + 1, first + len(cluster)):
            described.merge(masks(first), masks(gone))
    expected = sum((one & other).bit_count() >= 2 for one, other in itertools.product(left, right))
    larger = max(sum(one.bit_count() >= 2 for one in cluster) for cluster in (left, right))
    pairs, size = described.compared(masks(0), masks(len(left)))
    assert (pairs.tolist(), size.tolist()) == ([expected], [larger])
