"""From levels of agreement to bits of evidence: Fellegi-Sunter weights, and what a shared household explains.

A match weight adds up ``log2(m / u)`` per comparison, where ``u`` of an exact level is the frequency of the very value. That
assumes that two people agree by chance only. People of one household do not: they share family name, address, phone and mailbox,
and would be merged on four proofs that are one. So a pair is weighed against both stories, "two strangers" and "two people of one
household" (a latent-class model with three classes), and what the second explains is taken off the weight as its own line:

    taken off = log2(1 + share of household pairs / share of strangers * product of h / u)

Nor do people who work together: they share the name of their company, its address, its telephone and whatever number it has. That two of them
have the company in common is in the frequency of its name; what else they have in common for that reason is taken off as well, as a line of its
own (:func:`colleague_bits`, ``colleagues.py``).

Nor are all sources alike: how many bits more often the records of two of them are one person, or of one household, is added before
anything is compared (``source_pairs.py``).

Nor are a stranger's two names independent: who is called Jan is called Nowak more often than others are, because names go together by
language, generation and family. Where both names agree, that is taken off the weight too (:func:`namesake_bits`).

Bits, base 2, throughout. What does not belong here: estimation (``estimation.py``) and decisions (``scoring.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.comparisons import (
    AMONG_MIDDLE_NAMES,
    BY_NAME,
    COMPANY,
    CROSSED,
    DATE_OF_BIRTH,
    ELSE,
    FIRST_NAME,
    LAST_NAME,
    NOTHING_TO_COMPARE,
    READ_OTHERWISE,
    SWAPPED,
    Comparison,
)
from cdp_assets.candidate_links.priors import (
    FAMILY_NAME_AT_HOME,
    NAMED_ALIKE_AT_HOME,
    PRIOR_NAMESAKES,
    SAME_AGE_AT_HOME,
    SHARED_AT_HOME,
    WRITTEN_AT_HOME,
)
from cdp_assets.candidate_links.source_pairs import SourceBits, SourcePair, SourcesOfPairs

NAMES = (FIRST_NAME.name, LAST_NAME.name)
SWAPPED_AT = FIRST_NAME.places_of([SWAPPED])[0]
UNLIKE = (ELSE.name, READ_OTHERWISE)
"""Levels at which names do not agree."""

DIGITS = 8
"""Parameters and frequencies are kept to so many significant digits: sums of floats differ in the last ones between machines."""

Floats = npt.NDArray[np.float64]
Levels = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class LevelShares:
    """Shares of pairs per scored level of one comparison, best level first, each summing to 1.

    ``m``: pairs of one person; ``u``: of two strangers, who may work together; ``h``: of two people of one household; ``c``: of two colleagues
    (None: as strangers).
    """

    m: tuple[float, ...]
    u: tuple[float, ...]
    h: tuple[float, ...] | None
    c: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Parameters:
    """All parameters of a model: shares per comparison, and how many of all pairs are matches and household pairs.

    ``namesakes``: how many times more often two strangers agree on both names than either name lets expect by itself. ``sources``: how
    many bits more often pairs of two sources are matches and household pairs (``source_pairs.py``). ``learned_from``: how many matches of the data
    ``m`` was learned from; none where the prior stands. ``colleagues``: how many of the strangers' pairs that both tell
    a company are of one; ``sharing``: how many of the others are of two who share what colleagues do.
    """

    shares: dict[str, LevelShares]
    matches: float
    households: float
    namesakes: float = 1.0
    sources: Mapping[SourcePair, SourceBits] = field(default_factory=dict)
    learned_from: float = 0.0
    colleagues: float = 0.0
    sharing: float = 0.0

    @property
    def strangers(self) -> float:
        return 1.0 - self.matches - self.households

    @property
    def prior_bits(self) -> float:
        """Weight of a pair before anything is compared."""
        return float(np.log2(self.matches / (1.0 - self.matches)))

    def with_shares(self, name: str, shares: LevelShares) -> Parameters:
        return replace(self, shares={**self.shares, name: shares})

    def as_dict(self) -> dict[str, Any]:
        return {
            "matches": self.matches,
            "households": self.households,
            "namesakes": self.namesakes,
            "learned_from": self.learned_from,
            "colleagues": self.colleagues,
            "sharing": self.sharing,
            "sources": [[*pair, *bits] for pair, bits in sorted(self.sources.items())],
            "shares": {name: {"m": s.m, "u": s.u, "h": s.h, "c": s.c} for name, s in self.shares.items()},
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Parameters:
        shares = {
            name: LevelShares(
                tuple(s["m"]), tuple(s["u"]), *(None if s.get(of) is None else tuple(s[of]) for of in "hc")
            )
            for name, s in data["shares"].items()
        }
        sources = {(one, other): SourceBits(*bits) for one, other, *bits in data.get("sources", [])}
        numbers = (data.get(name, 0.0) for name in ("learned_from", "colleagues", "sharing"))
        return cls(shares, data["matches"], data["households"], data.get("namesakes", 1.0), sources, *numbers)


@dataclass(frozen=True)
class ComparedPairs:
    """Pairs with the level of each comparison and, where a term frequency adjusts that level, its log2.

    ``sources``: those of both profiles of each pair, where they are known.
    """

    ids: pl.DataFrame
    gammas: dict[str, Levels]
    log_tf: dict[str, Floats]  # nan where no term frequency applies; nothing of a comparison that has none
    sources: SourcesOfPairs | None = None

    def __len__(self) -> int:
        return len(self.ids)


def compared_pairs(
    frame: pl.DataFrame, comparisons: list[Comparison], sources: SourcesOfPairs | None = None
) -> ComparedPairs:
    """Read ``id_l``, ``id_r``, ``gamma_*`` and ``tf_<column>`` columns; ``tf_`` is the frequency of the left value."""
    gammas: dict[str, Levels] = {}
    log_tf: dict[str, Floats] = {}
    for comparison in comparisons:
        gamma = frame.get_column(f"gamma_{comparison.name}").to_numpy()
        gammas[comparison.name] = gamma
        count = len(comparison.scored)
        for at, level in enumerate(comparison.scored):
            if level.tf and f"tf_{level.tf}" in frame.columns:
                here = np.flatnonzero(gamma == count - 1 - at)
                frequency = frame.get_column(f"tf_{level.tf}").gather(here).fill_null(float("nan"))
                logs = log_tf.setdefault(comparison.name, np.full(len(frame), np.nan))
                logs[here] = np.log2(frequency.to_numpy())
    return ComparedPairs(frame.select("id_l", "id_r"), gammas, log_tf, sources)


def _by_gamma(shares: tuple[float, ...]) -> Floats:
    """log2 of the shares, indexed by gamma (0 is the last level), with 0 bits at index -1 for nothing to compare."""
    return np.concatenate([np.log2(np.asarray(shares[::-1])), [0.0]])


def bits_of(pairs: ComparedPairs, name: str, parameters: Parameters) -> Floats:
    """Bits for (positive) or against a match that one comparison adds, term frequency included."""
    shares = parameters.shares[name]
    gamma = pairs.gammas[name]
    return _by_gamma(shares.m)[gamma] - _log_u(pairs, name, shares)


def household_bits_of(pairs: ComparedPairs, name: str, parameters: Parameters) -> Floats:
    """Bits that one comparison adds for "one household" against "strangers"."""
    shares = parameters.shares[name]
    if shares.h is None:
        return np.zeros(len(pairs))
    home = _by_gamma(shares.h)
    if name not in pairs.log_tf:
        return np.asarray((home - _by_gamma(shares.u))[pairs.gammas[name]])
    log_u = _log_u(pairs, name, shares)
    return np.subtract(home[pairs.gammas[name]], log_u, out=log_u)


def bits_of_stories(pairs: ComparedPairs, name: str, parameters: Parameters) -> tuple[Floats, Floats | None]:
    """Both at once: :func:`bits_of` and :func:`household_bits_of`, None where a household is as strangers are."""
    shares, gamma = parameters.shares[name], pairs.gammas[name]
    log_u = _log_u(pairs, name, shares)
    home = None if shares.h is None else _by_gamma(shares.h)[gamma] - log_u
    return _by_gamma(shares.m)[gamma] - log_u, home


def _log_u(pairs: ComparedPairs, name: str, shares: LevelShares) -> Floats:
    log_u = _by_gamma(shares.u)[pairs.gammas[name]]
    if name in pairs.log_tf:
        log_tf = pairs.log_tf[name]
        np.copyto(log_u, log_tf, where=~np.isnan(log_tf))
    return log_u


def namesake_bits(pairs: ComparedPairs, parameters: Parameters) -> Floats:
    """Bits that strangers' names going together takes off where both names agree: zero or more."""
    if parameters.namesakes == 1.0:
        return np.zeros(len(pairs))
    agree = np.ones(len(pairs), dtype=np.bool_)
    for name in NAMES:  # in other letters they may agree or not: nobody can tell
        is_like = np.ones(len(BY_NAME[name].scored) + 1, dtype=np.bool_)  # by gamma; nothing to compare is the last
        is_like[[*BY_NAME[name].numbers_of(UNLIKE), NOTHING_TO_COMPARE]] = False
        agree &= is_like[pairs.gammas[name]]
    return np.where(agree, np.log2(parameters.namesakes), 0.0)


def source_bits(pairs: ComparedPairs, parameters: Parameters) -> tuple[Floats, Floats]:
    """Bits by which a pair is likelier than others to be one person, and one household, by the sources that its records are of."""
    if pairs.sources is None or not parameters.sources:
        return np.zeros(len(pairs)), np.zeros(len(pairs))
    return pairs.sources.bits(parameters.sources)


class Discounts(NamedTuple):
    """What is off the match weight of pairs, by how many bits two of one household (``home``) and two colleagues (``work``, zero or more) are
    likelier to agree so than strangers."""

    home: Floats
    work: Floats

    @property
    def total(self) -> Floats:
        """Bits that are taken off in all: zero or more."""
        return np.asarray(np.logaddexp2(self.work, self.home), dtype=np.float64)

    @property
    def household(self) -> Floats:
        """Those that a shared household explains."""
        return np.asarray(np.logaddexp2(0.0, self.home), dtype=np.float64)

    @property
    def colleagues(self) -> Floats:
        """Those that two colleagues have in common beyond that."""
        return self.total - self.household


def discounts(pairs: ComparedPairs, parameters: Parameters) -> Discounts:
    """What a shared household and a shared company take off the match weight."""
    _, of_sources = source_bits(pairs, parameters)
    bits = np.log2(parameters.households / parameters.strangers) + of_sources - namesake_bits(pairs, parameters)
    for comparison in household_comparisons(parameters):
        bits += household_bits_of(pairs, comparison.name, parameters)
    return Discounts(bits, colleague_bits(pairs, parameters))


def colleague_bits(pairs: ComparedPairs, parameters: Parameters) -> Floats:
    """Bits by which two colleagues are likelier to agree as each pair does than strangers on the whole: zero or more.

    Strangers on the whole may be colleagues, and the frequency of a company has counted these: that two agree on its name, and on nothing else, is
    no likelier of colleagues. So is a number's or a mailbox's that several carry. A company is as rare as the rarest of these that two have
    in common, if that is rarer than companies on the whole are; what they agree on beside it is what colleagues have in common as well.
    """
    total = np.zeros(len(pairs))
    if not parameters.sharing:
        return total
    most = np.full(len(pairs), -np.log2(parameters.sharing))
    if COMPANY.name in pairs.gammas:
        most[pairs.gammas[COMPANY.name] != NOTHING_TO_COMPARE] = -np.log2(parameters.colleagues)
    for name, shares in parameters.shares.items():
        if shares.c is not None:
            bits = _by_gamma(shares.c)[pairs.gammas[name]] - _log_u(pairs, name, shares)
            total += bits
            if name in pairs.log_tf:
                np.maximum(most, bits, out=most, where=~np.isnan(pairs.log_tf[name]))
    return np.asarray(np.maximum(total - most, 0.0), dtype=np.float64)


def match_weights(pairs: ComparedPairs, parameters: Parameters) -> Floats:
    """Match weight of each pair: prior, its sources, comparisons, and what households, colleagues and names that go together take off."""
    total = parameters.prior_bits + source_bits(pairs, parameters)[0]
    for name in parameters.shares:
        total = total + bits_of(pairs, name, parameters)
    return total - namesake_bits(pairs, parameters) - discounts(pairs, parameters).total


def probability(weights: Floats) -> Floats:
    """Match probability of a match weight."""
    return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(weights, -1000, 1000))), dtype=np.float64)


def weight_of_probability(share: float) -> float:
    """Match weight at which the match probability is ``share``."""
    return float(np.log2(share / (1.0 - share)))


def prior_parameters(comparisons: list[Comparison], matches: float, households: float) -> Parameters:
    """The shipped parameters of ``priors.py`` for these comparisons."""
    shares = {}
    for comparison in comparisons:
        priors = [comparison.prior(level) for level in comparison.scored]
        m = _normal(tuple(p.m for p in priors))
        u = _normal(tuple(p.u for p in priors))
        h = None
        if any(p.h is not None for p in priors):
            h = _normal(tuple(p.u if p.h is None else p.h for p in priors))
        shares[comparison.name] = with_shared_home(comparison.name, LevelShares(m, u, h))
    return Parameters(shares, matches, households, PRIOR_NAMESAKES if set(NAMES) <= shares.keys() else 1.0)


def with_shared_home(name: str, shares: LevelShares) -> LevelShares:
    """Shares in which a household agrees as one person does on what it shares by definition (``SHARED_AT_HOME``), writes it as
    carelessly (``WRITTEN_AT_HOME``), and has first names and dates of birth in common as families do."""
    if name in SHARED_AT_HOME:
        part = SHARED_AT_HOME[name]
        return replace(shares, h=tuple(part * m + (1.0 - part) * u for m, u in zip(shares.m, shares.u, strict=True)))
    if name in WRITTEN_AT_HOME and shares.h is not None:
        agree = (1.0 - shares.h[-1]) / (1.0 - shares.m[-1])
        return replace(shares, h=(*(agree * m for m in shares.m[:-1]), shares.h[-1]))
    if name == FIRST_NAME.name:
        return replace(shares, h=_first_names_at_home(shares))
    if name == DATE_OF_BIRTH.name and shares.h is not None:
        return replace(shares, h=_born_at_home(shares.h[0], shares.u))
    return shares


def _first_names_at_home(shares: LevelShares) -> tuple[float, ...]:
    """As strangers, but for those named alike, and those of whom one is told by the family's name."""
    h = list(shares.u)
    for at, level in enumerate(FIRST_NAME.scored):
        if level.name in ("same", AMONG_MIDDLE_NAMES):  # the latter for a child's, after a parent
            h[at] = max(NAMED_ALIKE_AT_HOME, shares.u[at])
        elif level.name == "stands in the other's last name":
            h[at] = max(FAMILY_NAME_AT_HOME * shares.m[at], shares.u[at])
        elif level.name == CROSSED:  # where one person's names are swapped, one of a family's are
            h[at] = max(FAMILY_NAME_AT_HOME * shares.m[SWAPPED_AT], shares.u[at])
    h[-1] = max(h[-1] - (sum(h) - sum(shares.u)), shares.u[-1] / 2.0)
    return tuple(h)


def _born_at_home(twins: float, u: tuple[float, ...]) -> tuple[float, ...]:
    """As strangers, but for twins and for those of an age: where years alone are told, partners are often born in the same."""
    same = min(max(twins, SAME_AGE_AT_HOME * u[0]), 0.5)
    return (same, *(share * (1.0 - same) / (1.0 - u[0]) for share in u[1:]))


def _normal(shares: tuple[float, ...]) -> tuple[float, ...]:
    total = sum(shares)
    return tuple(share / total for share in shares)


def used_comparisons(parameters: Parameters) -> list[Comparison]:
    """The comparisons that a model uses, in their order."""
    return [BY_NAME[name] for name in BY_NAME if name in parameters.shares]


def household_comparisons(parameters: Parameters) -> list[Comparison]:
    """Those of the comparisons that a household has shares of its own of."""
    return [
        comparison for comparison in used_comparisons(parameters) if parameters.shares[comparison.name].h is not None
    ]


def dependent_comparisons(parameters: Parameters) -> list[Comparison]:
    """The comparisons by which households, colleagues and names that go together are told: all that their discounts read."""
    told = {name for name, shares in parameters.shares.items() if shares.h is not None or shares.c is not None}
    return [
        comparison for comparison in used_comparisons(parameters) if comparison.name in told or comparison.name in NAMES
    ]
