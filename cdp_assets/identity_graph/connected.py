"""Connected components of a large graph, in Polars.

Labels spread along links and every chain of labels is shortened in each round (Shiloach and Vishkin's hooking and
pointer jumping), so a few rounds of vectorised work do for millions of links. What does not belong here: which links
count.
"""

from __future__ import annotations

import polars as pl

NODE = pl.Int64()


def node_range(nodes: int) -> pl.Series:
    """``0 … nodes - 1``."""
    return pl.int_range(nodes, dtype=NODE, eager=True)


def connected_components(nodes: int, left: pl.Series, right: pl.Series) -> pl.Series:
    """The smallest node of each node's component, for nodes ``0 … nodes - 1`` and links ``left[i] - right[i]``."""
    label = node_range(nodes)
    links = pl.DataFrame({"left": left, "right": right}, schema={"left": NODE, "right": NODE})
    while True:
        links = (
            links.select(
                pl.min_horizontal("left", "right").alias("low"), pl.max_horizontal("left", "right").alias("high")
            )
            .filter(pl.col("low") != pl.col("high"))
            .unique()
        )
        if links.is_empty():
            return label
        hooks = links.group_by("high").agg(pl.col("low").min())
        label = _shortened(label.scatter(hooks.get_column("high"), hooks.get_column("low")))
        links = pl.DataFrame(
            {"left": label.gather(links.get_column("low")), "right": label.gather(links.get_column("high"))}
        )


def _shortened(label: pl.Series) -> pl.Series:
    """Follow labels to their end: every node points at a node that points at itself."""
    while True:
        further = label.gather(label)
        if further.equals(label):
            return label
        label = further
