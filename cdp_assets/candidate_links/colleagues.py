"""What two people who work at one company have in common, by pairs whose names have nothing in common.

Business contacts share the name of a company, its address, its telephone, the number that a system gave to it: four proofs that are one. Taken one by
one they merge a whole office. What they have in common is told by pairs, random ones and candidates, whose names have nothing in common: hardly
any of these is one person. A candidate counts where a rule found it that does not join on what is counted. How many of the pairs that tell a
company are of one is told by how often strangers agree on its name. Of the others (who has none is often at no company) it is told by how many
candidates are of colleagues, or of whoever else shares a key under another name: the clients of one agent, the tenants of one flat.

What does not belong here: what is taken off a weight for it (``weights.colleague_bits``), and what families share (``shared_keys.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cdp_assets.candidate_links.comparisons import COMPANY, NOTHING_TO_COMPARE, ONE_COMPANY
from cdp_assets.candidate_links.priors import PRIOR_PAIRS_AT_WORK, SHARED_AT_WORK
from cdp_assets.candidate_links.weights import NAMES, ComparedPairs, Floats, LevelShares


def tells_colleagues(shares: Mapping[str, LevelShares]) -> bool:
    """Whether colleagues can be told: by what they share, and by names, which they do not."""
    return not shares.keys().isdisjoint(SHARED_AT_WORK) and not shares.keys().isdisjoint(NAMES)


def of_one_company(shares: Mapping[str, LevelShares]) -> float:
    """The share of strangers' pairs that tell a company which are of one; none where companies are not compared."""
    if COMPANY.name not in shares:
        return 0.0
    return sum(shares[COMPANY.name].u[at] for at in COMPANY.places_of(ONE_COMPANY))


def with_work(name: str, shares: LevelShares, counts: Floats | float = 0.0) -> LevelShares:
    """Shares with those of colleagues: what is believed (``SHARED_AT_WORK``), blended with ``counts`` of their pairs per level, best level first."""
    part = SHARED_AT_WORK[name]
    believed = part * np.asarray(shares.m) + (1.0 - part) * np.asarray(shares.u)
    blended = counts + PRIOR_PAIRS_AT_WORK * believed
    return replace(shares, c=tuple(float(share) for share in blended / blended.sum()))


@dataclass(frozen=True)
class NamedApart:
    """Which of some pairs have names that have nothing in common (``differ``), which are of ``one_company``, and which do not both tell one
    (``untold``)."""

    differ: npt.NDArray[np.bool_]
    one_company: npt.NDArray[np.bool_]
    untold: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, pairs: ComparedPairs) -> NamedApart:
        """Of pairs of which names are compared; both sides must tell one at least."""
        names = [pairs.gammas[name] for name in NAMES if name in pairs.gammas]
        alike = np.logical_or.reduce([levels > 0 for levels in names])
        differ = np.logical_or.reduce([levels == 0 for levels in names]) & ~alike
        companies = pairs.gammas.get(COMPANY.name, np.full(len(pairs), NOTHING_TO_COMPARE))
        return cls(differ, np.isin(companies, COMPANY.numbers_of(ONE_COMPANY)), companies == NOTHING_TO_COMPARE)

    def of_colleagues(self, of_unrelated: Floats, at_work: Floats) -> Floats:
        """How probably each pair is of two colleagues, if its names differ; none of the others.

        ``of_unrelated``: how probably it is of two who are neither one person nor of one household. ``at_work``: bits by which colleagues are
        likelier to agree so than strangers (``weights.colleague_bits``).
        """
        at_one = np.where(self.one_company, 1.0, 1.0 - np.exp2(-at_work))
        return np.where(self.differ, of_unrelated * at_one, 0.0)
