from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity_graph.fingerprints import Fingerprints, fingerprint
from cdp_assets.identity_graph.mutual import Joined, mutual_best

NODES = 9
KEYS = Fingerprints(pl.Series([f"crm/{node}" for node in range(NODES)]))

Edge = tuple[int, int, int, float]

ENDS = st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda ends: ends[0] < ends[1])
EDGES = st.dictionaries(ENDS, st.tuples(st.integers(0, 2), st.sampled_from([0.5, 1.5])))


def best_of_both(edges: list[Edge]) -> list[int]:
    """The plain way: the largest edge of each node, in the columns, then by fingerprints, then by nodes."""

    def order(edge: Edge) -> tuple[float, ...]:
        a, b, *values = edge
        return (*values, fingerprint(f"crm/{a}") ^ fingerprint(f"crm/{b}"), a, b)

    best = {node: max((e for e in edges if node in e[:2]), key=order, default=None) for node in range(NODES)}
    return [row for row, edge in enumerate(edges) if best[edge[0]] == edge == best[edge[1]]]


@settings(deadline=None)
@given(EDGES)
def test_the_edges_that_both_ends_prefer_are_found(edges: dict[tuple[int, int], tuple[int, float]]) -> None:
    rows = [(a, b, one, other) for (a, b), (one, other) in edges.items()]
    a, b, one = (np.array([row[column] for row in rows], dtype=np.int64) for column in range(3))
    other = np.array([row[3] for row in rows], dtype=np.float64)
    assert mutual_best(a, b, [one, other], KEYS).tolist() == best_of_both(rows)


@settings(deadline=None)
@given(EDGES, st.lists(st.integers(0, NODES - 1), min_size=NODES, max_size=NODES))
def test_edges_that_become_one_are_reduced_to_one(
    edges: dict[tuple[int, int], tuple[int, float]], into: list[int]
) -> None:
    expected: dict[tuple[int, int], list[int]] = {}
    for (one, other), (value, _) in edges.items():
        if into[one] != into[other]:
            low, high = sorted((into[one], into[other]))
            expected.setdefault((low, high), []).append(value)
    a, b = (np.array([ends[side] for ends in edges], dtype=np.int64) for side in (0, 1))
    values = np.array([value for value, _ in edges.values()], dtype=np.int64)
    joined = Joined.of(a, b, np.array(into))
    ends = list(zip(joined.a.tolist(), joined.b.tolist(), strict=True))
    for by, plain in ((np.add, sum), (np.maximum, max)):
        found = dict(zip(ends, joined.reduced(by, values).tolist(), strict=True))
        assert found == {pair: plain(those) for pair, those in expected.items()}
