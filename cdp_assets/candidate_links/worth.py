"""What blocking rules and blocks are worth in large data, as a study of a sample of it shows.

A rule or a large block is judged by the pairs that nothing else in use finds. The pairs of a block grow with the square of its
size and the matches in it with its size alone: where they are namesakes, three times as much data has six times as many pairs, and
most of what is linked there is two people. Such blocks are refined by a further key instead (``blocking.py``).

What does not belong here: how a block is refined or left out (``blocking.py``), and when data is large (``studied_pairs.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.blocking import BLOCKING_RULES, EXACT_KEYS, BlockingRule
from cdp_assets.candidate_links.hashing import of_pairs
from cdp_assets.candidate_links.pairing import Numbers

LEAST_YIELD = 1 / 2_000
"""A rule that finds fewer matches than this per pair that only it finds is not worth its pairs: a match costs more than a hundredth
of a second then."""

LEAST_LINKS = 1 / 200
"""Nor are blocks in which fewer of the pairs that only they find are links. Many times what is asked of a whole rule: these are its worst
pairs and they grow with the square of the data; and a share so small of the pairs of namesakes is linked by chance. Measured on a million
records: of the pairs that only a block of more than 16 namesakes has, one in 400 is accepted, and two of three of these wrongly."""

UNSEEN_LINKS = 1
"""Links that a sample counts as having missed, so that a handful of pairs without any proves nothing."""

PAIRS_PER_PROFILE = 1.0
PAIRS_PER_MATCH = 2.0
"""A rule that joins on no exact key may make so many pairs per profile, or per match that it finds, whichever is more: data three times as
large must not have six times as many pairs, and people with many records have many pairs."""

MOST_STUDIED = 200_000
"""Pairs of one rule alone that are looked at: of the pairs of a million records a sample holds a third of that."""

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


def matches_by_rule(rules: Bits, match: npt.NDArray[np.float64], stand_for: float) -> dict[str, float]:
    """How many matches each rule finds in all data, where each of the sample's pairs stands for so many (arguments as above)."""
    return {
        rule.name: float(match[((rules >> bit) & 1).astype(np.bool_)].sum()) * stand_for
        for bit, rule in enumerate(BLOCKING_RULES)
    }


def _alone(rules: Bits, bit: int, used: Iterable[int]) -> npt.NDArray[np.bool_]:
    """Which pairs no other of the rules in use finds."""
    return np.asarray((rules & sum(1 << other for other in used)) == (1 << bit), dtype=np.bool_)


def found_alone(pairs: pl.DataFrame, without: Mapping[str, str]) -> pl.DataFrame:
    """The pairs of the sample (``id_l``, ``id_r``, ``rules``) that one rule in use finds and no other, at most :data:`MOST_STUDIED`.

    In order of their ids, with the name of the ``rule``; those of exact keys, which are not judged, are left out.
    """
    used = [bit for bit, rule in enumerate(BLOCKING_RULES) if rule.name not in without]
    rules = pairs.get_column("rules").to_numpy()
    found = [
        pairs.filter(pl.Series(_alone(rules, bit, used))).select("id_l", "id_r", rule=pl.lit(BLOCKING_RULES[bit].name))
        for bit in used
        if BLOCKING_RULES[bit].name not in EXACT_KEYS
    ]
    if not found:
        return pl.DataFrame(schema={"id_l": pl.Int64, "id_r": pl.Int64, "rule": pl.String})
    alone = pl.concat(found)
    lot = pl.Series("lot", of_pairs(alone.get_column("id_l"), alone.get_column("id_r")), dtype=pl.UInt64)
    drawn = alone.with_columns(lot).sort("lot", "id_l", "id_r").head(MOST_STUDIED)
    return drawn.drop("lot").sort("id_l", "id_r")


@dataclass(frozen=True)
class Worth:
    """What a study of a sample says: rules to do ``without`` (rule to why not), and the pairs that one rule ``alone`` finds.

    ``alone``: rows of :func:`found_alone` with ``is_link``. ``matches``: how many matches each rule finds in all data, by name; those
    of other rules count too.
    """

    without: Mapping[str, str]
    alone: pl.DataFrame
    matches: Mapping[str, float]

    def most_pairs(self, rule: BlockingRule, profiles: int) -> float:
        """How many pairs of so many profiles the rule may make, those of its smallest blocks first."""
        if rule.name in EXACT_KEYS:
            return math.inf
        return max(PAIRS_PER_PROFILE * profiles, PAIRS_PER_MATCH * self.matches.get(rule.name, 0.0))

    def largest_block(self, rule: BlockingRule, members: pl.DataFrame, ids: Numbers, most: int) -> int:
        """The size, at most ``most``, above which the rule's blocks are not worth their pairs.

        ``members``: ``number``, ``key`` and ``size`` of the rule's blocks in all data, whose ``ids`` are in order. Exact keys are bounded by ``most`` alone, and blocks of
        two are judged with the rule.
        """
        alone = self.alone.filter(pl.col("rule") == rule.name)
        if alone.is_empty():
            return most
        by_size = _by_size(alone, members, ids)
        above = by_size.with_columns(pl.col("pairs", "links").cum_sum(reverse=True))
        wasted = above.filter(pl.col("links") + UNSEEN_LINKS < LEAST_LINKS * pl.col("pairs"))
        if wasted.is_empty():
            return most
        return min(most, max(int(wasted.get_column("size")[0]) - 1, 2))


def _by_size(alone: pl.DataFrame, members: pl.DataFrame, ids: Numbers) -> pl.DataFrame:
    """How many pairs, and links among them, blocks of each ``size`` have found: of several that a pair shares, the smallest."""
    left, right = (np.searchsorted(ids, alone.get_column(side).to_numpy()) for side in ("id_l", "id_r"))
    pairs = alone.select("is_link", number=pl.lit(pl.Series(left)), other=pl.lit(pl.Series(right))).with_row_index(
        "pair"
    )
    shared = pairs.join(members, on="number").join(members.select("key", other="number"), on=["other", "key"])
    sized = shared.group_by("pair").agg(pl.col("size").min(), pl.col("is_link").first())
    return sized.group_by("size").agg(pairs=pl.len(), links=pl.col("is_link").sum()).sort("size")
