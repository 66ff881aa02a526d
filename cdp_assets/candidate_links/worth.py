"""What blocking rules and blocks are worth in large data, as a study of a sample of it shows.

A rule or a large block is judged by the pairs that nothing else in use finds. The pairs of a block grow with the square of its
size and the matches in it with its size alone: where they are namesakes, three times as much data has six times as many pairs, and
most of what is linked there is two people. Such blocks are refined by a further key instead (``blocking.py``).

What does not belong here: how a block is refined or left out (``blocking.py``), and when data is large (``training.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.blocking import BLOCKING_RULES, EXACT_KEYS, BlockingRule

LEAST_YIELD = 1 / 2_000
"""A rule that finds fewer matches than this per pair that only it finds is not worth its pairs: a match costs more than a hundredth
of a second then."""

LEAST_LINKS = 1 / 200
"""Nor are blocks in which fewer of the pairs that only they find are links. Many times what is asked of a whole rule: these are its worst
pairs and they grow with the square of the data; and a share so small of the pairs of namesakes is linked by chance. Measured on a million
records: of the pairs that only a block of more than 16 namesakes has, one in 400 is accepted, and two of three of these wrongly."""

UNSEEN_LINKS = 1
"""Links that a sample counts as having missed, so that a handful of pairs without any proves nothing."""

WASTEFUL = "they find next to no matches that other rules do not find"
UNTRIED = "they were not tried on the sample"

Bits = npt.NDArray[np.int64]


def wasteful_rules(rules: Bits, match: npt.NDArray[np.float64]) -> dict[str, str]:
    """Rules to do without, with the reason; the one that wastes most pairs goes first.

    ``rules``: per pair of the sample, a bit for each rule that finds it; ``match``: the probability that it is a match. Exact keys are
    never done without: a match that agrees on nothing else must not be lost.
    """
    seen = {bit: rule for bit, rule in enumerate(BLOCKING_RULES) if ((rules >> bit) & 1).any()}
    dropped = {rule.name: UNTRIED for bit, rule in enumerate(BLOCKING_RULES) if bit not in seen}
    while True:
        alone = {bit: _alone(rules, bit, seen) for bit in seen}
        wasteful = [
            (int(pairs.sum()), -bit)
            for bit, pairs in alone.items()
            if seen[bit].name not in EXACT_KEYS and float(match[pairs].sum()) < LEAST_YIELD * int(pairs.sum())
        ]
        if not wasteful:
            return dropped
        dropped[seen.pop(-max(wasteful)[1]).name] = WASTEFUL


def _alone(rules: Bits, bit: int, used: Iterable[int]) -> npt.NDArray[np.bool_]:
    """Which pairs no other of the rules in use finds."""
    return np.asarray((rules & sum(1 << other for other in used)) == (1 << bit), dtype=np.bool_)


@dataclass(frozen=True)
class Worth:
    """What a study of a sample says: rules to do ``without`` (rule to why not), and the pairs that one rule ``alone`` finds.

    ``alone``: by rule, ``id_l``, ``id_r`` and ``is_link``.
    """

    without: dict[str, str]
    alone: dict[str, pl.DataFrame]

    @classmethod
    def of(
        cls, pairs: pl.DataFrame, rules: Bits, match: npt.NDArray[np.float64], is_link: npt.NDArray[np.bool_]
    ) -> Worth:
        """Of the sample's ``pairs`` (``id_l``, ``id_r``), the rules that find each, and what the model says of it."""
        without = wasteful_rules(rules, match)
        used = [bit for bit, rule in enumerate(BLOCKING_RULES) if rule.name not in without]
        told = pairs.select("id_l", "id_r", pl.lit(pl.Series("is_link", is_link)))
        return cls(
            without, {BLOCKING_RULES[bit].name: told.filter(pl.Series(_alone(rules, bit, used))) for bit in used}
        )

    def largest_block(self, rule: BlockingRule, members: pl.DataFrame, most: int) -> int:
        """The size, at most ``most``, above which the rule's blocks are not worth their pairs.

        ``members``: ``unique_id``, ``key`` and ``size`` of the rule's blocks in all data. Exact keys are bounded by ``most`` alone, and blocks of
        two are judged with the rule.
        """
        if rule.name in EXACT_KEYS or rule.name not in self.alone:
            return most
        by_size = _by_size(self.alone[rule.name], members)
        above = by_size.with_columns(pl.col("pairs", "links").cum_sum(reverse=True))
        wasted = above.filter(pl.col("links") + UNSEEN_LINKS < LEAST_LINKS * pl.col("pairs"))
        if wasted.is_empty():
            return most
        return min(most, max(int(wasted.get_column("size")[0]) - 1, 2))


def _by_size(alone: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """How many pairs, and links among them, blocks of each ``size`` have found: of several that a pair shares, the smallest."""
    pairs = alone.with_row_index("pair")
    left = pairs.join(members.rename({"unique_id": "id_l"}), on="id_l")
    shared = left.join(members.select("key", id_r="unique_id"), on=["id_r", "key"])
    sized = shared.group_by("pair").agg(pl.col("size").min(), pl.col("is_link").first())
    return sized.group_by("size").agg(pairs=pl.len(), links=pl.col("is_link").sum()).sort("size")
