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
    one, other = left.to_numpy(), right.to_numpy()
    is_linked = np.zeros(nodes, dtype=np.bool_)
    is_linked[one] = is_linked[other] = True
    linked, number = np.flatnonzero(is_linked), np.cumsum(is_linked) - 1
    label, one, other = np.arange(len(linked)), number[one], number[other]
    while (apart := one != other).any():
        one, other = one[apart], other[apart]
        np.minimum.at(label, np.maximum(one, other), np.minimum(one, other))
        label = followed(label)
        one, other = label[one], label[other]
    every = np.arange(nodes)
    every[linked] = linked[label]
    return pl.Series(every)


def followed(label: Labels) -> Labels:
    """Labels to their end: every node points at a node that points at itself."""
    while True:
        further = label[label]
        if np.array_equal(further, label):
            return label
        label = further
