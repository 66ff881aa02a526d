from __future__ import annotations

from unittest import mock

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity_graph import agglomerate as agglomerating
from cdp_assets.identity_graph.agglomerate import MILLIBITS, agglomerate
from cdp_assets.identity_graph.descriptions import EVERYTHING, NAME
from cdp_assets.identity_graph.exclusive import NO_CODE
from cdp_assets.identity_graph.fingerprints import Fingerprints
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS

NODES = 8
KEYS = Fingerprints(pl.Series([f"crm/{node}" for node in range(NODES)]))
SCHEMA = {"a": pl.Int64, "b": pl.Int64, "evidence": pl.Int64, "is_link": pl.Boolean, "is_barred": pl.Boolean}

ENDS = st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda ends: ends[0] < ends[1])
SAID = st.sampled_from([(9, True), (4, True), (1, True), (-1, True), (-1, False), (-20, False)])  # bits, and if a link
PAIRS = st.dictionaries(ENDS, st.tuples(SAID, st.sampled_from([False] * 9 + [True])), min_size=4)


def per_node(*values: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.sampled_from(values), min_size=NODES, max_size=NODES)


def pair_frame(pairs: dict[tuple[int, int], tuple[tuple[int, bool], bool]]) -> pl.DataFrame:
    rows = [(a, b, bits * MILLIBITS, link, barred) for (a, b), ((bits, link), barred) in pairs.items()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def series(values: list[int]) -> pl.Series:
    return pl.Series(values, dtype=pl.Int64)


@settings(deadline=None, max_examples=300)
@given(PAIRS, per_node(EVERYTHING, EVERYTHING, NAME), per_node(0, 0, 0, 0, 1, 2), per_node(NO_CODE, NO_CODE, 0, 1))
def test_components_that_are_decided_at_once_are_what_merging_them_makes(
    pairs: dict[tuple[int, int], tuple[tuple[int, bool], bool]],
    tells: list[int],
    registers: list[int],
    codes: list[int],
) -> None:
    given_ = (pair_frame(pairs), KEYS, series(tells), [series(registers)], DEFAULT_CLUSTERS, [series(codes)])
    nothing_at_once = mock.patch.object(agglomerating, "_are_whole", return_value=np.zeros(NODES, dtype=np.bool_))
    with nothing_at_once:
        step_by_step = agglomerate(*given_)
    assert agglomerate(*given_).to_list() == step_by_step.to_list()


def together(pairs: pl.DataFrame) -> list[int]:
    nothing = series([0] * NODES)
    return agglomerate(pairs, KEYS, series([EVERYTHING] * NODES), [nothing], DEFAULT_CLUSTERS).to_list()


def test_without_pairs_every_node_stands_alone() -> None:
    assert together(pair_frame({})) == list(range(NODES))


def test_pairs_without_links_join_nothing() -> None:
    assert together(pair_frame({(0, 1): ((-1, False), False)})) == list(range(NODES))


def test_links_that_outweigh_what_nobody_proposed_join_all() -> None:
    chain = {(node, node + 1): ((40, True), False) for node in range(NODES - 1)}
    assert together(pair_frame(chain)) == [0] * NODES
