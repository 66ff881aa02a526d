"""Of which sources the records of two profiles are, and how much more often those are one person than records on the whole.

A shop that holds each customer once has no two rows of one person, and the same people as the CRM; two systems of two countries have
hardly anybody in common; a club that enrols families is full of households. A model that knows one share of matches for all pairs
believes of each what holds on the average. So both shares, of matches and of households, are kept by pair of sources as well, in
bits beside the whole's (``Parameters.sources``). They change what is believed before anything is compared, and nothing of what an
agreement proves.

What does not belong here: how the shares are learned (``estimation.py``), and registers, whose contracts say that they hold nobody
twice (``scoring.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.lists import Distinct

SEPARATOR = ","
"""Between the names of the sources in a profile's ``sources``; they hold letters, digits and underscores only."""

SourcePair = tuple[str, str]
"""Two sources, in order; the same one twice for two records of one."""

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]


class SourceBits(NamedTuple):
    """How many bits more often than pairs on the whole those of two sources are one person, and of one household."""

    match: float
    household: float


AS_THE_WHOLE = SourceBits(0.0, 0.0)


@dataclass(frozen=True)
class SourcesOfPairs:
    """The sources of both profiles of each pair: the ``kinds`` of pairs that there are, and which ``kind`` each pair is."""

    kinds: tuple[tuple[str, str], ...]
    kind: Numbers

    @classmethod
    def of(cls, sources: pl.Series, left: Numbers, right: Numbers) -> SourcesOfPairs:
        """``sources``: those of each profile, as ``linkage_profiles`` has them; ``left`` and ``right``: its rows of the pairs."""
        held = Distinct.of(sources)
        codes, texts = held.places.to_numpy().astype(np.intp), held.texts.to_list()
        both = Distinct.of(pl.Series(codes[left] * len(texts) + codes[right]))
        kinds = tuple((texts[number // len(texts)], texts[number % len(texts)]) for number in both.texts.to_list())
        return cls(kinds, both.places.to_numpy())

    @cached_property
    def _told(self) -> tuple[list[SourcePair], Numbers, Numbers]:
        """The pairs of sources that there are; of each kind in turn, those it is of (places among them), and the kind."""
        places: dict[SourcePair, int] = {}
        at: list[int] = []
        of_kind: list[int] = []
        for number, (one, other) in enumerate(self.kinds):
            for pair in source_pairs(one, other):
                at.append(places.setdefault(pair, len(places)))
                of_kind.append(number)
        return list(places), np.asarray(at, dtype=np.intp), np.asarray(of_kind, dtype=np.intp)

    def bits(self, known: Mapping[SourcePair, SourceBits]) -> tuple[Floats, Floats]:
        """Per pair, the bits for a match and for a household; none where nothing is ``known`` of their sources.

        Profiles of several sources: that pair of sources speaks of which the fewest are one person. If the two profiles are one person, so
        are those two records.
        """
        pairs, at, of_kind = self._told
        told = np.asarray([known.get(pair, AS_THE_WHOLE) for pair in pairs], dtype=np.float64).reshape(-1, 2)
        found = np.zeros((len(self.kinds), 2))
        order = np.lexsort((told[at, 1], told[at, 0], of_kind))  # the least comes first
        firsts, first_of = np.unique(of_kind[order], return_index=True)
        found[firsts] = told[at[order[first_of]]]
        return found[self.kind, 0], found[self.kind, 1]

    def summed(self, *weights: Floats) -> dict[SourcePair, list[float]]:
        """The sums of these weights of pairs by pair of sources."""
        pairs, at, of_kind = self._told
        sums = []
        for weight in weights:
            by_kind = np.bincount(self.kind, weights=weight, minlength=len(self.kinds))
            sums.append(np.bincount(at, weights=by_kind[of_kind], minlength=len(pairs)))
        return {pair: [float(total[place]) for total in sums] for place, pair in enumerate(pairs)}


def sources_of_pairs(profiles: pl.DataFrame, pairs: pl.DataFrame) -> SourcesOfPairs:
    """The sources of ``pairs``, whose sides stand in the rows ``at_l`` and ``at_r`` of ``profiles`` (of ``comparable``)."""
    left, right = (pairs.get_column(side).to_numpy() for side in ("at_l", "at_r"))
    return SourcesOfPairs.of(profiles.get_column("sources"), left, right)


def furthest_first(known: Mapping[SourcePair, SourceBits]) -> list[SourcePair]:
    """Pairs of sources, those first of which records are one person most, or least, often beside the whole."""
    return sorted(known, key=lambda pair: (-abs(known[pair].match), pair))


def source_pairs(one: str, other: str) -> set[SourcePair]:
    """The pairs of one of a profile's ``sources`` and one of another's; none where no source is known."""
    return {
        (min(left, right), max(left, right))
        for left in one.split(SEPARATOR)
        for right in other.split(SEPARATOR)
        if left and right
    }


def pairs_of_profiles(sources: pl.Series) -> dict[SourcePair, float]:
    """How many pairs of profiles there are of every two sources; ``sources`` as for :class:`SourcesOfPairs`."""
    having: Counter[SourcePair] = Counter()  # profiles that have both; of one source twice, those that have it
    for text, profiles in sources.value_counts(name="profiles").rows():
        for pair in source_pairs(text, text):
            having[pair] += profiles
    names = sorted(one for one, other in having if one == other)
    return {
        (one, other): _pair_count(having[one, one], having[other, other], having[one, other])
        for one, other in combinations_with_replacement(names, 2)
    }


def _pair_count(ones: int, others: int, both: int) -> float:
    """Pairs of so many profiles of one source and of another, ``both`` of which are of the two: none with itself, each once."""
    return ones * others - both - both * (both - 1) / 2.0
