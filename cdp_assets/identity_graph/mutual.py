"""Pairs of nodes that are each other's best neighbour: the step that all agglomeration here is made of.

Merging all mutual best pairs at once gives what merging the single best pair again and again gives, wherever a merge
makes no third node more attractive than its parts were; single and average linkage are such (Bruynooghe 1978;
Sumengen et al. 2021, "Scaling hierarchical agglomerative clustering to billion-sized datasets"). In a connected component
a few rounds do, and no component depends on another one: resolving a part of the data gives that part of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def mutual_best(edges: pl.DataFrame, by: Sequence[str], key: pl.Series) -> pl.DataFrame:
    """The edges that both their ends prefer.

    ``edges``: ``a`` < ``b`` (nodes) and whatever else, one row per pair. A node prefers the edge that is largest in the
    columns ``by``, compared one after the other. ``key`` holds a fingerprint per node: equal edges are ordered by it,
    at random but always alike. Without that a crowd of equal pairs would all prefer the same node and merge one per round.
    """
    tie = key.gather(edges.get_column("a")) ^ key.gather(edges.get_column("b"))
    ranked = edges.with_columns(tie.alias("tie")).sort(*by, "tie", "a", "b").with_row_index("rank")
    best = (
        pl.concat([ranked.select("rank", node="a"), ranked.select("rank", node="b")])
        .group_by("node")
        .agg(pl.col("rank").max())
        .get_column("rank")
    )
    preferred_twice = best.filter(best.is_duplicated()).unique().sort()
    return ranked[preferred_twice].drop("rank", "tie")
