"""A record in no cluster, in two, or unknown is counted; a cluster is as large as the different values that it holds."""

from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.identity_graph.cluster_facts import distinct_in_the_largest, misplaced_records
from cdp_assets_tests.identity_graph.frames import own_profiles


def records(*ids: str) -> pl.DataFrame:
    return pl.DataFrame({"record_id": list(ids)}, schema={"record_id": pl.String})


def test_each_way_to_be_misplaced_is_counted() -> None:
    assert misplaced_records(records("a", "b"), records("b", "a")) == {
        "in_no_cluster": 0,
        "in_several": 0,
        "unknown": 0,
    }
    found = misplaced_records(records("a", "b", "c"), records("a", "a", "z"))
    assert found == {"in_no_cluster": 2, "in_several": 1, "unknown": 1}


def test_the_largest_cluster_has_the_most_different_profiles_and_no_more_than_records() -> None:
    clustered = pl.DataFrame({"record_id": ["a", "b", "c", "d"], "cluster_id": [1, 1, 1, 2]})
    same = pl.DataFrame({"profile_id": [7, 7, 8, 9], "record_id": ["a", "b", "c", "d"]})
    assert distinct_in_the_largest(clustered, same) == 2
    former = pl.DataFrame({"profile_id": [7, 8, 9, 10, 11], "record_id": ["a", "d", "d", "d", "d"]})
    assert distinct_in_the_largest(clustered, former) == 1
    assert distinct_in_the_largest(clustered.clear(), same) == 0


@pytest.mark.parametrize("records", [0, 1, 3, 25])
def test_the_most_that_a_cluster_holds_is_told_of_small_clusters_and_large(records: int) -> None:
    ids = [f"s/{at:02d}" for at in range(records)]
    of = dict.fromkeys(ids, 1) | {"t/1": 2, "t/2": 2}
    in_clusters = pl.DataFrame({"record_id": list(of), "cluster_id": list(of.values())})
    assert distinct_in_the_largest(in_clusters, own_profiles(of, {"t/1": [1], "t/2": [1]})) == max(records, 2)
    alike = own_profiles(["t/1", "t/2"]).vstack(own_profiles([], {record: [7] for record in ids}))
    assert distinct_in_the_largest(in_clusters, alike) == 2
