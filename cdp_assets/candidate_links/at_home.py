"""Of how many pairs a household would show: those of which something that a household shares can be compared.

People of one household are told from strangers by what they share: an address, a mailbox, a phone. Where one of two sources tells nothing of that,
no pair between them shows, and hardly one is proposed. That they hold nobody's partners does not follow. So households are counted, and expected,
among the pairs that can show one; of all others it is believed that they are as often of one household as those.

What does not belong here: what a household shares (``weights.with_shared_home``), and how often (``estimation.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.comparisons import Comparison
from cdp_assets.candidate_links.source_pairs import SEPARATOR, SourcePair
from cdp_assets.candidate_links.weights import ComparedPairs

SHOW_A_HOME = ("address", "email", "phone")
"""Comparisons that show a household. Names alone do not: namesakes share them too."""

_Shares = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Showing:
    """The share of pairs that can show a household: of all, and of those of every two sources."""

    of_all: float = 1.0
    of_sources: Mapping[SourcePair, float] = field(default_factory=dict)


def shows_a_home(pairs: ComparedPairs) -> npt.NDArray[np.bool_]:
    """Which pairs can show a household; all, where nothing that a household shares is compared."""
    compared = [gammas >= 0 for name, gammas in pairs.gammas.items() if name in SHOW_A_HOME]
    return np.logical_or.reduce(compared) if compared else np.ones(len(pairs), dtype=np.bool_)


def showing(
    frame: pl.DataFrame, comparisons: list[Comparison], pairs_of_sources: Mapping[SourcePair, float]
) -> Showing:
    """Those shares among the pairs of these profiles (of ``comparable``), as if what is filled in one were chance to another.

    ``pairs_of_sources``: the pairs of sources that there are.
    """
    # Part by part: a street and a town say nothing of each other.
    told = [part for comparison in comparisons if comparison.name in SHOW_A_HOME for part in comparison.needs]
    if not told:
        return Showing(1.0, dict.fromkeys(pairs_of_sources, 1.0))
    of = _by_source(frame, told)
    return Showing(_both(of[""], of[""]), {(one, other): _both(of[one], of[other]) for one, other in pairs_of_sources})


def _by_source(frame: pl.DataFrame, told: list[str]) -> dict[str, _Shares]:
    """How the profiles of each source fill what is ``told``: the share of each pattern, a bit for each column; of all under the empty name."""
    filled = (pl.col(column).is_not_null().cast(pl.Int64) * (1 << bit) for bit, column in enumerate(told))
    counts = (
        frame.select("sources", pattern=pl.sum_horizontal(filled)).group_by("sources", "pattern").len().sort(pl.all())
    )
    found = {"": np.zeros(1 << len(told))}
    for sources, pattern, profiles in counts.rows():
        for source in {"", *sources.split(SEPARATOR)}:
            found.setdefault(source, np.zeros(1 << len(told)))[pattern] += profiles
    return {source: patterns / patterns.sum() for source, patterns in found.items()}


def _both(one: _Shares, other: _Shares) -> float:
    """How many pairs of one and of the other fill something in common."""
    patterns = np.arange(len(one))
    in_common = (patterns[:, np.newaxis] & patterns) != 0
    return float((np.outer(one, other) * in_common).sum())
