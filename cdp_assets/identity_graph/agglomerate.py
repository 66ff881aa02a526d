"""Clustering by strongest link, bounded by the evidence of all pairs across, of millions of nodes at once.

In each round every cluster prefers the neighbour that its strongest accepted link leads to, and those that prefer each
other merge. They only do so where the evidence of *all* pairs across speaks for it, also of pairs that nobody ever proposed:
two crowds that one link joins stay apart, although that link alone would do for two single records. Ordering by the mean
evidence instead gives the same accuracy (measured), but then a link could lose to one that is weaker. What does not belong here: what the
nodes are (``units.py``) and where the evidence comes from (``evidence.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cdp_assets.identity_graph.connected import NODE, connected_components, node_range
from cdp_assets.identity_graph.descriptions import Described, are_comparable
from cdp_assets.identity_graph.exclusive import NO_CODE
from cdp_assets.identity_graph.fingerprints import Fingerprints
from cdp_assets.identity_graph.mutual import mutual_best
from cdp_assets.identity_graph.policy import ClusterPolicy

MILLIBITS = 1000
"""Evidence is summed in whole thousandths of a bit: sums of floats depend on the order of their terms."""


def agglomerate(
    pairs: pl.DataFrame,
    keys: Fingerprints,
    told: pl.Series,
    registers: Sequence[pl.Series],
    policy: ClusterPolicy,
    exclusive: Sequence[pl.Series] = (),
) -> pl.Series:
    """The cluster of each node ``0 … n - 1``, named by its smallest node.

    ``pairs``: one row per pair of nodes, ``a`` < ``b``, ``evidence`` (thousandths of a bit), ``is_link`` (an accepted link) and
    ``is_barred`` (never in one cluster). Per node: ``keys``, a fingerprint; ``told``, what it tells (``descriptions.py``); ``registers``,
    bit masks with a bit for each one-row-per-person source that the node has a record of. Nodes that share a bit never meet; nor do
    nodes of two ``exclusive`` codes (``exclusive.py``).
    """
    label = node_range(len(keys))
    described = Described.by(told)
    masks, codes = [mask.clone() for mask in registers], [code.clone() for code in exclusive]
    a, b = pairs.get_column("a"), pairs.get_column("b")
    pairs = pairs.with_columns(
        strongest=pl.when("is_link").then("evidence"),
        seen=pl.when(pl.lit(are_comparable(told, a, b)) & ~pl.col("is_barred")).then(1).otherwise(0).cast(pl.Int64),
    )
    links = pairs.filter("is_link")
    component = connected_components(len(keys), links.get_column("a"), links.get_column("b"))
    while True:
        merges = mutual_best(_worthwhile(pairs, described, masks, codes, policy), ["strongest", "evidence"], keys)
        if merges.is_empty():
            return label
        kept, gone = merges.get_column("a"), merges.get_column("b")
        described = described.merged(kept, gone)
        masks = [mask.scatter(kept, mask.gather(kept) | mask.gather(gone)) for mask in masks]
        codes = [code.scatter(kept, _higher(code.gather(kept), code.gather(gone))) for code in codes]
        moved = node_range(len(keys)).scatter(gone, kept)
        label = moved.gather(label)
        # A component where nothing merged never changes again: its edges need no further look.
        moving = pl.repeat(False, len(keys), dtype=pl.Boolean, eager=True).scatter(
            component.gather(kept).unique(), True
        )
        pairs = _joined(pairs.filter(moving.gather(component.gather(pairs.get_column("a")))), moved)


def _worthwhile(
    pairs: pl.DataFrame,
    described: Described,
    masks: Sequence[pl.Series],
    codes: Sequence[pl.Series],
    policy: ClusterPolicy,
) -> pl.DataFrame:
    """Pairs of clusters that may merge and would: their ``strongest`` link, and the ``evidence`` of all pairs across."""
    possible = pairs.filter(pl.col("is_link") & ~pl.col("is_barred"))
    a, b = possible.get_column("a"), possible.get_column("b")
    apart = pl.repeat(False, len(possible), dtype=pl.Boolean, eager=True)
    for mask in masks:
        apart = apart | ((mask.gather(a) & mask.gather(b)) != 0)
    for code in codes:
        one, other = code.gather(a), code.gather(b)
        apart = apart | ((one != NO_CODE) & (other != NO_CODE) & (one != other))
    larger = pl.max_horizontal(pl.lit(described.sizes(a)), pl.lit(described.sizes(b)), pl.lit(1))
    held = pl.min_horizontal(pl.lit(1.0), policy.unseen_pairs_per_record / larger)
    unseen = (pl.lit(described.comparable_pairs(a, b)) - pl.col("seen")) * held
    return (
        possible.with_columns(evidence=pl.col("evidence") + unseen * (policy.unseen_pair_bits * MILLIBITS))
        .filter(~pl.lit(apart) & (pl.col("evidence") > 0))
        .select("a", "b", "strongest", "evidence")
    )


def _joined(pairs: pl.DataFrame, moved: pl.Series) -> pl.DataFrame:
    """Pairs of clusters after a round of merges: what became the same pair is summed."""
    a, b = moved.gather(pairs.get_column("a")), moved.gather(pairs.get_column("b"))
    return (
        pairs.with_columns(a.alias("a"), b.alias("b"))
        .filter(pl.col("a") != pl.col("b"))
        .group_by(
            pl.min_horizontal("a", "b").cast(NODE).alias("a"),
            pl.max_horizontal("a", "b").cast(NODE).alias("b"),
        )
        .agg(
            pl.col("evidence", "seen").sum(),
            pl.col("is_link", "is_barred").any(),
            pl.col("strongest").max(),
        )
    )


def _higher(one: pl.Series, other: pl.Series) -> pl.Series:
    """The code of two clusters that met: that of whichever has one."""
    return pl.select(pl.max_horizontal(one, other)).to_series()
