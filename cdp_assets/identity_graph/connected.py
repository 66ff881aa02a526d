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


def numbered(label: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Which nodes others are labelled by, and each node's number among them, in order. ``label``: the smallest node of each node's set."""
    labels = label.to_numpy()
    is_first = labels == np.arange(len(labels))
    return pl.Series(is_first), pl.Series((np.cumsum(is_first) - 1).take(labels))


def connected_components(nodes: int, left: pl.Series, right: pl.Series) -> pl.Series:
    """The smallest node of each node's component, for nodes ``0 … nodes - 1`` and links ``left[i] - right[i]``."""
    linked, one, other = linked_nodes(nodes, left.to_numpy(), right.to_numpy())
    label = np.arange(nodes)
    label[linked] = linked[components(len(linked), one, other)]
    return pl.Series(label)


def linked_nodes(nodes: int, one: Labels, other: Labels) -> tuple[Labels, Labels, Labels]:
    """Those of ``nodes`` that are an end of anything, in order, and the ends by their numbers among them."""
    is_linked = np.zeros(nodes, dtype=np.bool_)
    is_linked[one] = is_linked[other] = True
    number = np.cumsum(is_linked) - 1
    return np.flatnonzero(is_linked), number.take(one), number.take(other)


def components(nodes: int, one: Labels, other: Labels) -> Labels:
    """:func:`connected_components`, where most nodes have a link."""
    label = np.arange(nodes)
    while (apart := one != other).any():
        one, other = one[apart], other[apart]
        np.minimum.at(label, np.maximum(one, other), np.minimum(one, other))
        label = followed(label)
        one, other = label.take(one), label.take(other)
    return label


def followed(label: Labels) -> Labels:
    """Labels to their end: every node points at a node that points at itself."""
    while True:
        further = label.take(label)
        if np.array_equal(further, label):
            return label
        label = further
