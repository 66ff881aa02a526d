"""How firmly each record is held in its cluster.

What does not belong here: who is in which cluster (``agglomerate.py``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.identity_graph.connected import Labels
from cdp_assets.identity_graph.fingerprints import Fingerprints
from cdp_assets.identity_graph.mutual import Joined, mutual_best

Probabilities = npt.NDArray[np.float64]


def weakest_probability(label: pl.Series, links: pl.DataFrame, keys: Fingerprints) -> pl.Series:
    """The least probable link on the strongest path that joins each node to its cluster's greater part.

    ``label``: cluster of each node ``0 … n - 1``; ``links``: ``a`` < ``b``, ``probability``, one row per pair; ``keys``: a fingerprint per node.
    A node that stands alone has 1.

    Links are taken strongest first, as in a maximum spanning tree; when a link joins two parts, it is what holds the
    smaller part (both, if they are equal). So the core of a customer stays certain, and doubt is where it belongs: on the
    records that hang on by a weak link. On the whole cluster, the minimum is the weakest link of its spanning tree.
    """
    of = label.to_numpy()
    a, b, probability = (links.get_column(name).to_numpy() for name in ("a", "b", "probability"))
    within = of[a] == of[b]
    a, b, probability = a[within], b[within], probability[within]
    into, size = np.arange(len(of)), np.ones(len(of), dtype=np.int64)
    rounds = []
    while len(a):
        best = mutual_best(a, b, [probability], keys)
        kept, gone = a[best], b[best]
        rounds.append(_Merges(kept, gone, probability[best], size[kept] - size[gone]))
        size[kept] += size[gone]
        into[gone] = kept
        joined = Joined.of(a, b, into)
        a, b, probability = joined.a, joined.b, joined.reduced(np.maximum, probability)
    return pl.Series(_held(rounds, len(of)))


class _Merges(NamedTuple):
    """Pairs of parts that one round joins, named by their smallest nodes, and by how many nodes the one that is ``kept`` is larger."""

    kept: Labels
    gone: Labels
    probability: Probabilities
    larger: Labels


def _held(rounds: list[_Merges], nodes: int) -> Probabilities:
    """What holds each node, the last round first: what has held a part from then on holds both parts that it was made of."""
    held = np.ones(nodes)
    for merges in reversed(rounds):
        further = held[merges.kept]
        for part, is_smaller in ((merges.kept, merges.larger <= 0), (merges.gone, merges.larger >= 0)):
            held[part] = np.where(is_smaller, np.minimum(further, merges.probability), further)
    return held
