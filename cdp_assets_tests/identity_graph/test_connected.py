from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity_graph.connected import connected_components


def components(nodes: int, links: list[tuple[int, int]]) -> list[int]:
    left = pl.Series([one for one, _ in links], dtype=pl.Int64)
    right = pl.Series([other for _, other in links], dtype=pl.Int64)
    return connected_components(nodes, left, right).to_list()


def test_nodes_without_links_stand_alone() -> None:
    assert components(3, []) == [0, 1, 2]


def test_a_component_is_named_by_its_smallest_node() -> None:
    assert components(6, [(5, 3), (3, 1), (4, 2)]) == [0, 1, 2, 1, 2, 1]


def test_a_long_chain_is_one_component() -> None:
    assert set(components(1000, [(n, n + 1) for n in range(999)])) == {0}


@settings(deadline=None)
@given(st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_agrees_with_a_plain_search(graph: tuple[int, list[tuple[int, int]]]) -> None:
    nodes, links = graph
    expected = list(range(nodes))
    for _ in range(nodes):
        for one, other in links:
            expected[one] = expected[other] = min(expected[one], expected[other])
    assert components(nodes, links) == expected
