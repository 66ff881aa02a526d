"""Pairs of nodes that are each other's best neighbour: the step that all agglomeration here is made of.

Merging all mutual best pairs at once gives what merging the single best pair again and again gives, wherever a merge
makes no third node more attractive than its parts were; single and average linkage are such (Bruynooghe 1978;
Sumengen et al. 2021, "Scaling hierarchical agglomerative clustering to billion-sized datasets"). In a connected component
a few rounds do, and no component depends on another one: resolving a part of the data gives that part of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.identity_graph.fingerprints import Fingerprints

Numbers = npt.NDArray[Any]


def mutual_best(edges: pl.DataFrame, by: Sequence[str], keys: Fingerprints) -> pl.DataFrame:
    """The edges that both their ends prefer.

    ``edges``: ``a`` < ``b`` (nodes) and whatever else, one row per pair. A node prefers the edge that is largest in the
    columns ``by``, compared one after the other. ``keys``: a fingerprint per node, which orders equal edges,
    at random but always alike. Without that a crowd of equal pairs would all prefer the same node and merge one per round.
    """
    a, b = edges.get_column("a"), edges.get_column("b")
    node = np.concatenate([a.to_numpy(), b.to_numpy()])
    edge = np.tile(np.arange(len(edges)), 2)
    ends = np.arange(len(node))  # of edges, two each: those that may still be the best of their node
    for column in by:
        ends = _foremost(ends, node, edges.get_column(column).to_numpy()[edge[ends]], len(keys))
    equal = np.bincount(node[ends], minlength=len(keys))[node[ends]] > 1
    if equal.any():
        doubtful, left, right = ends[equal], a.to_numpy(), b.to_numpy()
        for breaks in (lambda at: keys.of(left[at]) ^ keys.of(right[at]), lambda at: left[at], lambda at: right[at]):
            doubtful = _foremost(doubtful, node, breaks(edge[doubtful]), len(keys))
        ends = np.concatenate([ends[~equal], doubtful])
    return edges.filter(pl.Series(np.bincount(edge[ends], minlength=len(edges)) == 2))


def _foremost(ends: Numbers, node: Numbers, values: Numbers, nodes: int) -> Numbers:
    """Those of ``ends`` whose value (one each) is the largest of their node."""
    least = -np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).min
    largest = np.full(nodes, least, dtype=values.dtype)
    np.maximum.at(largest, node[ends], values)
    return np.asarray(ends[values == largest[node[ends]]])
