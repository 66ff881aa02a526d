"""Clustering by strongest link, bounded by the evidence of all pairs across, of millions of nodes at once.

In each round every cluster prefers the neighbour that its strongest accepted link leads to, and those that prefer each
other merge. They only do so where the evidence of *all* pairs across speaks for it, also of pairs that nobody ever proposed:
two crowds that one link joins stay apart, although that link alone would do for two single records. Ordering by the mean
evidence instead gives the same accuracy (measured), but then a link could lose to one that is weaker.

Most components of links become one cluster whatever merges first, and that can be told from the sums of what is said in them; only the others
go through rounds. What does not belong here: what the
nodes are (``units.py``) and where the evidence comes from (``evidence.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.identity_graph.connected import Labels, components, followed, linked_nodes
from cdp_assets.identity_graph.descriptions import Described, are_comparable, is_telling
from cdp_assets.identity_graph.exclusive import NO_CODE
from cdp_assets.identity_graph.fingerprints import Fingerprints
from cdp_assets.identity_graph.mutual import Flags, Joined, mutual_best
from cdp_assets.identity_graph.policy import ClusterPolicy

MILLIBITS = 1000
"""Evidence is summed in whole thousandths of a bit: sums of floats depend on the order of their terms."""

_NO_LINK = np.iinfo(np.int64).min


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
    into = np.arange(len(keys))
    paired, a, b = linked_nodes(len(keys), pairs.get_column("a").to_numpy(), pairs.get_column("b").to_numpy())
    masks, codes = ([column.to_numpy() for column in columns] for columns in (registers, exclusive))
    nodes = _Nodes(told.to_numpy(), masks, codes).only(paired)
    across = _Across.of(pairs, a, b, nodes.tells)
    is_link = across.strongest != _NO_LINK
    component = components(len(paired), a[is_link], b[is_link])
    across = across.only(component.take(a) == component.take(b))
    is_whole = _are_whole(across, nodes, component, policy)
    of = np.where(is_whole[component], component, np.arange(len(paired)))
    # Few are left to decide on: what is done to them in each round costs nothing for the others.
    across = across.only(~is_whole[component[across.a]])
    left, a, b = linked_nodes(len(paired), across.a, across.b)
    of[left] = left[_merged(across._replace(a=a, b=b), nodes.only(left), keys.among(paired[left]), policy)]
    into[paired] = paired[of]
    return pl.Series(into)


class _Nodes(NamedTuple):
    """What each node tells, and what keeps it apart from others: the registers that it has rows of, as bits, and its exclusive codes."""

    tells: Labels
    masks: list[Labels]
    codes: list[Labels]

    def only(self, some: Labels) -> _Nodes:
        """Those of some nodes, as a copy."""
        return _Nodes(self.tells[some], [mask[some] for mask in self.masks], [code[some] for code in self.codes])


def _are_whole(across: _Across, nodes: _Nodes, component: Labels, policy: ClusterPolicy) -> Flags:
    """Which components (by their smallest node) become one cluster, in whatever order they merge: nearly all.

    No constraint holds inside, and the least link says more than all that speaks against merges there: pairs that are no links, and pairs that
    nobody proposed. So any two clusters that a link joins merge, until there is one.
    """
    count, of = len(component), component.take(across.a)
    links, opposed = np.flatnonzero(across.strongest != _NO_LINK), np.flatnonzero(across.evidence < 0)
    least = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(least, of[links], across.evidence[links])
    against = np.zeros(count, dtype=np.int64)
    np.add.at(against, of[opposed], across.evidence[opposed])
    telling = np.bincount(component[is_telling(nodes.tells)], minlength=count)
    unseen = telling * (telling - 1) // 2 - np.bincount(of[across.seen > 0], minlength=count)
    is_whole = least + against + unseen * (policy.unseen_pair_bits * MILLIBITS) >= 1
    is_whole[of[across.is_barred]] = False
    for mask in nodes.masks:
        is_whole &= np.bincount(component[mask != 0], minlength=count) < 2
    for code in nodes.codes:
        coded = np.flatnonzero(code != NO_CODE)
        one_of, codes_of = component[coded], code[coded]
        any_code = np.empty(count, dtype=np.int64)
        any_code[one_of] = codes_of
        is_whole[one_of[codes_of != any_code[one_of]]] = False
    return np.asarray(is_whole)


def _merged(across: _Across, nodes: _Nodes, keys: Fingerprints, policy: ClusterPolicy) -> Labels:
    """The cluster of each node, round by round. What ``nodes`` are kept apart by is written into."""
    links = across.strongest != _NO_LINK
    component = components(len(keys), across.a[links], across.b[links])
    described, into = Described.by(nodes.tells), np.arange(len(keys))
    while True:
        possible, evidence = _worthwhile(across, described, nodes, policy)
        best = mutual_best(possible.a, possible.b, [possible.strongest, evidence], keys)
        if not len(best):
            return followed(into)
        kept, gone = possible.a[best], possible.b[best]
        described.merge(kept, gone)
        for mask in nodes.masks:
            mask[kept] |= mask[gone]
        for code in nodes.codes:
            code[kept] = np.maximum(code[kept], code[gone])  # of whichever has one
        into[gone] = kept
        # A component where nothing merged never changes again: its pairs need no further look.
        is_moving = np.zeros(len(keys), dtype=np.bool_)
        is_moving[component[kept]] = True
        across = across.only(is_moving[component[across.a]]).joined(into)


class _Across(NamedTuple):
    """All that is known of two clusters, a row for each pair ``a`` < ``b`` of which there is something to know: the ``evidence`` of pairs
    across, how many are ``seen`` of those that could be compared, the ``strongest`` link (``_NO_LINK``: none), and whether they are kept apart."""

    a: Labels
    b: Labels
    evidence: Labels
    seen: Labels
    strongest: Labels
    is_barred: Flags

    @classmethod
    def of(cls, pairs: pl.DataFrame, a: Labels, b: Labels, told: Labels) -> _Across:
        names = ("evidence", "is_link", "is_barred")
        evidence, is_link, is_barred = (pairs.get_column(name).to_numpy() for name in names)
        seen = (are_comparable(told, a, b) & ~is_barred).astype(np.int64)
        return cls(a, b, evidence, seen, np.where(is_link, evidence, _NO_LINK), is_barred)

    def only(self, which: Flags) -> _Across:
        """The rows that are marked."""
        return _Across(
            self.a[which],
            self.b[which],
            self.evidence[which],
            self.seen[which],
            self.strongest[which],
            self.is_barred[which],
        )

    def joined(self, into: Labels) -> _Across:
        """The same after a round of merges: what became the same pair is summed."""
        joined = Joined.of(self.a, self.b, into)
        return _Across(
            joined.a,
            joined.b,
            joined.reduced(np.add, self.evidence),
            joined.reduced(np.add, self.seen),
            joined.reduced(np.maximum, self.strongest),
            joined.reduced(np.logical_or, self.is_barred),
        )


def _worthwhile(
    across: _Across, described: Described, nodes: _Nodes, policy: ClusterPolicy
) -> tuple[_Across, npt.NDArray[np.float64]]:
    """Pairs of clusters that may merge and would, and the evidence of all pairs across, unseen ones too."""
    possible = across.only((across.strongest != _NO_LINK) & ~across.is_barred)
    a, b = possible.a, possible.b
    comparable, larger = described.compared(a, b)
    held = np.minimum(1.0, policy.unseen_pairs_per_record / np.maximum(larger, 1))
    unseen = (comparable - possible.seen) * held
    evidence = possible.evidence + unseen * (policy.unseen_pair_bits * MILLIBITS)
    would = evidence > 0
    for mask in nodes.masks:
        would &= (mask[a] & mask[b]) == 0
    for code in nodes.codes:
        one, other = code[a], code[b]
        would &= (one == NO_CODE) | (other == NO_CODE) | (one == other)
    return possible.only(would), evidence[would]
