"""Connected components of a large graph.

Labels spread along links and every chain of labels is shortened in each round (Shiloach and Vishkin's hooking and
pointer jumping), so a few rounds of vectorised work do for millions of links. What does not belong here: which links
count.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Labels = npt.NDArray[np.int64]
NODE = pl.Int64()


def node_range(nodes: int) -> pl.Series:
    """``0 … nodes - 1``."""
    return pl.int_range(nodes, dtype=NODE, eager=True)


def numbered(label: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The nodes that others are labelled by, in order, and each node's number among them. ``label``: the smallest node of each node's set."""
    is_first = label == node_range(len(label))
    return is_first.arg_true(), (is_first.cum_sum().cast(NODE) - 1).gather(label)


def connected_components(nodes: int, left: pl.Series, right: pl.Series) -> pl.Series:
    """The smallest node of each node's component, for nodes ``0 … nodes - 1`` and links ``left[i] - right[i]``."""
    label = np.arange(nodes)
    one, other = left.to_numpy(), right.to_numpy()
    while True:
        one, other = label[one], label[other]
        apart = one != other
        if not apart.any():
            return pl.Series(label)
        one, other = one[apart], other[apart]
        np.minimum.at(label, np.maximum(one, other), np.minimum(one, other))
        label = followed(label)


def followed(label: Labels) -> Labels:
    """Labels to their end: every node points at a node that points at itself."""
    while True:
        further = label[label]
        if np.array_equal(further, label):
            return label
        label = further
