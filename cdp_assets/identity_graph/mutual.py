"""Pairs of nodes that are each other's best neighbour: the step that all agglomeration here is made of.

Merging all mutual best pairs at once gives what merging the single best pair again and again gives, wherever a merge
makes no third node more attractive than its parts were; single and average linkage are such (Bruynooghe 1978;
Sumengen et al. 2021, "Scaling hierarchical agglomerative clustering to billion-sized datasets"). In a connected component
a few rounds do, and no component depends on another one: resolving a part of the data gives that part of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cdp_assets.identity_graph.connected import Labels
from cdp_assets.identity_graph.fingerprints import Fingerprints

Numbers = npt.NDArray[Any]


def mutual_best(a: Labels, b: Labels, by: Sequence[Numbers], keys: Fingerprints) -> Labels:
    """The edges that both their ends prefer, as rows of ``a``.

    ``a`` < ``b``: the nodes of each edge, one edge per pair. A node prefers the edge that is largest in the
    columns ``by``, compared one after the other. ``keys``: a fingerprint per node, which orders equal edges,
    at random but always alike. Without that a crowd of equal pairs would all prefer the same node and merge one per round.
    """
    # Of edges, two ends each: those that may still be the best of their node.
    node, edge = np.concatenate([a, b]), np.tile(np.arange(len(a)), 2)
    for column in by:
        best = _is_foremost(node, column[edge], len(keys))
        node, edge = node[best], edge[best]
    doubtful = _is_doubtful(node, edge, a, b, len(keys))
    if doubtful.any():
        settled, node, edge = edge[~doubtful], node[doubtful], edge[doubtful]
        for breaks in (lambda at: keys.of(a[at]) ^ keys.of(b[at]), lambda at: a[at], lambda at: b[at]):
            best = _is_foremost(node, breaks(edge), len(keys))
            node, edge = node[best], edge[best]
        edge = np.concatenate([settled, edge])
    return np.flatnonzero(np.bincount(edge, minlength=len(a)) == 2)


def _is_foremost(node: Labels, values: Numbers, nodes: int) -> npt.NDArray[np.bool_]:
    """Which values (one for each ``node``) are the largest of their node."""
    largest = np.empty(nodes, dtype=values.dtype)  # only nodes that have values are written: in most rounds a few
    largest[node] = -np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).min
    np.maximum.at(largest, node, values)
    return np.asarray(values == largest[node])


def _is_doubtful(node: Labels, edge: Labels, a: Labels, b: Labels, nodes: int) -> npt.NDArray[np.bool_]:
    """Which ends are of nodes that have several equal edges, one of which at least its other end may prefer as well: others need no decision."""
    edges_of = np.zeros(nodes, dtype=np.int64)
    np.add.at(edges_of, node, 1)
    at_both = np.bincount(edge, minlength=len(a)) == 2
    is_open = np.zeros(nodes, dtype=np.bool_)
    is_open[a[at_both]] = is_open[b[at_both]] = True
    return np.asarray((edges_of[node] > 1) & is_open[node])


class Joined(NamedTuple):
    """Edges between clusters: the ``rows`` of edges that are one now are neighbours, and each ``begins`` at one of them."""

    a: Labels
    b: Labels
    rows: Labels
    begins: Labels

    @classmethod
    def of(cls, a: Labels, b: Labels, into: Labels) -> Joined:
        """Edges after a round of merges. ``into``: the cluster that each node has joined, or itself."""
        a, b = into[a], into[b]
        rows = np.flatnonzero(a != b)
        pair = np.minimum(a, b)[rows] * len(into) + np.maximum(a, b)[rows]
        order = np.argsort(pair)
        pair = pair[order]
        begins = np.flatnonzero(np.diff(pair, prepend=-1))
        return cls(pair[begins] // len(into), pair[begins] % len(into), rows[order], begins)

    def reduced(self, by: np.ufunc, values: Numbers) -> Numbers:
        """One of ``values`` (one for each edge before) for each edge now: their sum, by ``np.add``, or the like."""
        return np.asarray(by.reduceat(values[self.rows], self.begins) if len(self.begins) else values[:0])
