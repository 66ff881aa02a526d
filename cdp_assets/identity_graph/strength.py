"""How firmly each record is held in its cluster.

What does not belong here: who is in which cluster (``agglomerate.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.identity_graph.connected import NODE, node_range
from cdp_assets.identity_graph.fingerprints import Fingerprints
from cdp_assets.identity_graph.mutual import mutual_best


def weakest_probability(label: pl.Series, links: pl.DataFrame, keys: Fingerprints) -> pl.Series:
    """The least probable link on the strongest path that joins each node to its cluster's greater part.

    ``label``: cluster of each node ``0 … n - 1``; ``links``: ``a`` < ``b``, ``probability``, one row per pair; ``keys``: a fingerprint per node.
    A node that stands alone has 1.

    Links are taken strongest first, as in a maximum spanning tree; when a link joins two parts, it is what holds the
    smaller part (both, if they are equal). So the core of a customer stays certain, and doubt is where it belongs: on the
    records that hang on by a weak link. On the whole cluster, the minimum is the weakest link of its spanning tree.
    """
    nodes = len(label)
    held = pl.repeat(1.0, nodes, dtype=pl.Float64, eager=True)
    part = node_range(nodes)
    size = pl.repeat(1, nodes, dtype=pl.Int64, eager=True)
    within = label.gather(links.get_column("a")) == label.gather(links.get_column("b"))
    edges = links.filter(within).select("a", "b", score="probability")
    while not edges.is_empty():
        merges = mutual_best(edges, ["score"], keys)
        kept, gone = merges.get_column("a"), merges.get_column("b")
        size_kept, size_gone = size.gather(kept), size.gather(gone)
        hold = pl.repeat(1.0, nodes, dtype=pl.Float64, eager=True)
        for side, smaller in ((kept, size_kept <= size_gone), (gone, size_gone <= size_kept)):
            hold = hold.scatter(side.filter(smaller), merges.get_column("score").filter(smaller))
        held = pl.select(pl.min_horizontal(held, hold.gather(part))).to_series()
        size = size.scatter(kept, size_kept + size_gone)
        moved = node_range(nodes).scatter(gone, kept)
        part = moved.gather(part)
        edges = _joined(edges, moved)
    return held


def _joined(edges: pl.DataFrame, moved: pl.Series) -> pl.DataFrame:
    """The strongest link between each two parts after a round of merges."""
    a, b = moved.gather(edges.get_column("a")), moved.gather(edges.get_column("b"))
    return (
        edges.with_columns(a.alias("a"), b.alias("b"))
        .filter(pl.col("a") != pl.col("b"))
        .group_by(
            pl.min_horizontal("a", "b").cast(NODE).alias("a"),
            pl.max_horizontal("a", "b").cast(NODE).alias("b"),
        )
        .agg(pl.col("score").max())
    )
