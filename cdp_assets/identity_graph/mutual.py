"""Pairs of nodes that are each other's best neighbour: the step that all agglomeration here is made of.

Merging all mutual best pairs at once gives what merging the single best pair again and again gives, wherever a merge
makes no third node more attractive than its parts were; single and average linkage are such (Bruynooghe 1978;
Sumengen et al. 2021, "Scaling hierarchical agglomerative clustering to billion-sized datasets"). In a connected component
a few rounds do, and no component depends on another one: resolving a part of the data gives that part of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cdp_assets.identity_graph.connected import Labels
from cdp_assets.identity_graph.fingerprints import Fingerprints

Numbers = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]


def mutual_best(a: Labels, b: Labels, by: Sequence[Numbers], keys: Fingerprints) -> Labels:
    """The edges that both their ends prefer, as rows of ``a``.

    ``a`` < ``b``: the nodes of each edge, one edge per pair. A node prefers the edge that is largest in the
    columns ``by``, compared one after the other. ``keys``: a fingerprint per node, which orders equal edges,
    at random but always alike. Without that a crowd of equal pairs would all prefer the same node and merge one per round.
    """
    first, *further = by
    largest = np.empty(len(keys), dtype=first.dtype)  # only nodes that have edges are written: in most rounds a few
    largest[a] = largest[b] = _lowest(first)
    for end in (a, b):
        np.maximum.at(largest, end, first)
    at_a, at_b = first == largest.take(a), first == largest.take(b)
    at_both = at_a & at_b
    is_open = _is_open(a, b, at_a, at_b, len(keys))
    from_a, from_b = np.flatnonzero(at_a & is_open.take(a)), np.flatnonzero(at_b & is_open.take(b))
    node, edge = np.concatenate([a[from_a], b[from_b]]), np.concatenate([from_a, from_b])
    orders: list[Callable[[Labels], Numbers]] = [column.take for column in further]
    orders += [lambda edge: keys.of(a[edge]) ^ keys.of(b[edge]), a.take, b.take]
    for values_of in orders:
        if not len(edge):
            break
        best = _is_foremost(node, values_of(edge), len(keys))
        at_both[edge[~best]] = False
        node, edge = node[best], edge[best]
    return np.flatnonzero(at_both)


def _is_open(a: Labels, b: Labels, at_a: Flags, at_b: Flags, nodes: int) -> Flags:
    """Which nodes have several foremost edges, one of which at least is its other end's as well: others need no decision.

    ``at_a``, ``at_b``: whether an edge is among the foremost of that end.
    """
    edges_of, is_open = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.bool_)
    for end, is_foremost in ((a, at_a), (b, at_b)):
        np.add.at(edges_of, end[is_foremost], 1)
    at_both = np.flatnonzero(at_a & at_b)
    for end in (a, b):
        mutual = end[at_both]
        is_open[mutual[edges_of[mutual] > 1]] = True
    return is_open


def _is_foremost(node: Labels, values: Numbers, nodes: int) -> Flags:
    """Which values (one for each ``node``) are the largest of their node."""
    largest = np.empty(nodes, dtype=values.dtype)
    largest[node] = _lowest(values)
    np.maximum.at(largest, node, values)
    return np.asarray(values == largest[node])


def _lowest(values: Numbers) -> float | int:
    return -np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).min


class Joined(NamedTuple):
    """Edges between clusters: the ``rows`` of edges that are one now are neighbours, and each ``begins`` at one of them."""

    a: Labels
    b: Labels
    rows: Labels
    begins: Labels

    @classmethod
    def of(cls, a: Labels, b: Labels, into: Labels) -> Joined:
        """Edges after a round of merges. ``into``: the cluster that each node has joined, or itself."""
        a, b = into.take(a), into.take(b)
        rows = np.flatnonzero(a != b)
        a, b = a[rows], b[rows]
        low, high = np.minimum(a, b), np.maximum(a, b)
        pair = low * len(into) + high
        order = np.argsort(pair)
        begins = np.flatnonzero(np.diff(pair[order], prepend=-1))
        first = order[begins]
        return cls(low[first], high[first], rows[order], begins)

    def reduced(self, by: np.ufunc, values: Numbers) -> Numbers:
        """One of ``values`` (one for each edge before) for each edge now: their sum, by ``np.add``, or the like."""
        return np.asarray(by.reduceat(values.take(self.rows), self.begins) if len(self.begins) else values[:0])
