"""u, m and the shares of matches and households without labels, by expectation maximisation with priors.

One joint EM over the candidate pairs of all blocking rules and a sample of random pairs:

* A pair's probability is that of the whole model, term frequencies and household story included. Which rule found a pair is a
  function of its values, so this holds however pairs were chosen.
* ``m`` of a comparison is counted over pairs that a rule *not* joining on it found: a block of equal surnames says nothing
  about how often surnames are misspelt.
* Records that say the same are one profile, and no candidates. Were they not counted, one person's records would seem to differ more
  often than they do: the more so the fewer fields there are. Each such profile counts as one pair more, of itself, in ``m``; the
  share of matches stays that of pairs of profiles, for these are weighed, and not to count them errs on the careful side.
* ``u`` is counted over random pairs, each weighted by its probability of being two strangers, colleagues among them: in small data a random
  pair is a match often enough to spoil ``u`` otherwise. What colleagues share is counted over pairs that have other names (``colleagues.py``).
* The share of matches among all pairs is the sum of the probabilities: so that probabilities are calibrated and thresholds
  can be set by cost, without labels. That of households is told by the pairs that can show one (``at_home.py``).
* Every share is the mode under a Dirichlet prior (``priors.py``): few pairs leave the prior, many leave none of it.

Pairs whose answer is known are certain members of their class and speak for pairs as alike as they are (``refinement.py``). Parameters are
rounded. What does not belong here: which pairs are looked at (``studied_pairs.py``), the formula of a weight (``weights.py``), and whether what
comes out can be people (``plausibility.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.at_home import shows_a_home
from cdp_assets.candidate_links.blocking import BLOCKING_RULES
from cdp_assets.candidate_links.colleagues import NamedApart, of_one_company, tells_colleagues, with_work
from cdp_assets.candidate_links.comparisons import BY_NAME, COMPANY, CROSSED, FIRST_NAME, LAST_NAME, Comparison
from cdp_assets.candidate_links.plausibility import checked, differ_together, most_that_differ, strange_comparisons
from cdp_assets.candidate_links.priors import (
    MOST_SOURCE_BITS,
    PRIOR_CHANCES,
    PRIOR_HOUSEHOLD_PARTNERS,
    PRIOR_MATCHES,
    PRIOR_NAMESAKE_PAIRS,
    PRIOR_NAMESAKES,
    PRIOR_RECORDS_PER_PERSON,
    PRIOR_SOURCE_PAIRS,
    SHARED_AT_WORK,
    SMALLEST_SHARE,
)
from cdp_assets.candidate_links.refinement import Refinement
from cdp_assets.candidate_links.shared_keys import agreeing_on_keys, numbers_shared, with_keys_shared
from cdp_assets.candidate_links.source_pairs import SourceBits, SourcePair
from cdp_assets.candidate_links.studied_pairs import TrainingData, pair_count
from cdp_assets.candidate_links.twins import with_twins_seen
from cdp_assets.candidate_links.weights import (
    DIGITS,
    NAMES,
    SWAPPED_AT,
    ComparedPairs,
    Floats,
    Levels,
    LevelShares,
    Parameters,
    bits_of_stories,
    colleague_bits,
    namesake_bits,
    prior_parameters,
    source_bits,
    with_shared_home,
)

MAX_ROUNDS = 60
# A pair of sources that is told from the whole by less is not kept: where there are hundreds of sources, most have next to nothing to do with each other.
LEAST_SOURCE_BITS = 0.01
CONVERGED = 1e-4
# Fewer expected matches than this: the data has not shown what a match looks like.
MIN_MATCHES = 3.0
# Where data tells little beside names, EM could call all who share one strangers; no register is known in which names go together more.
MOST_NAMESAKES = 8.0
# Crossed names (one the same in the other's place, the others not) of one person are at most so many of those that are swapped; where EM finds more,
# it has taken families for people, of whom one is written the other way round.
MOST_SWAPPED_ARE_CROSSED = 0.25
_CROSSED_AT = FIRST_NAME.places_of([CROSSED])[0]


class Estimated(NamedTuple):
    """Parameters, and notes on what was left to the priors. ``took_relatives``: what looks most like matches in this data are relatives, of
    whom there must be many."""

    parameters: Parameters
    notes: list[str]
    took_relatives: bool = False


def estimate(data: TrainingData, comparisons: list[Comparison]) -> Estimated:
    """Parameters by EM under the priors."""
    others = data.profiles * (PRIOR_RECORDS_PER_PERSON - 1.0) / 2.0
    partners = data.profiles * PRIOR_HOUSEHOLD_PARTNERS / 2.0
    among = pair_count(data.profiles)
    prior = prior_parameters(comparisons, _share(others, among), _share(partners, among))
    if not len(data.candidates):
        return Estimated(_rounded(prior), ["no two profiles share a blocking key: the prior parameters stand"])
    parameters, found, converged = _maximise(data, comparisons, prior)
    notes = []
    strange = strange_comparisons(parameters, prior, comparisons)
    if found < MIN_MATCHES:
        notes.append(f"about {found:.0f} matches in the data: the prior parameters of m stand")
        # That there are hardly any is known from all pairs, and so is who lives together and what strangers have in common.
        parameters, found, _ = _maximise(data, comparisons, prior, learn_m=False)
        return Estimated(_rounded(replace(parameters, matches=_share(found + 1.0, data.all_pairs))), notes)
    of_match, _ = of_match_and_home(data.candidates, parameters)
    took_relatives = converged and len(strange) <= 1 and differ_together(data.candidates, of_match)
    if not converged:
        notes.append(f"estimation was still moving after {MAX_ROUNDS} rounds: the prior parameters of m stand")
    elif len(strange) > 1:
        notes.append(
            f"estimation took something else for matches ({', '.join(strange)} hardly ever the same): the prior parameters of m stand"
        )
    elif took_relatives:
        notes.append(
            "estimation took relatives for matches (first names and dates of birth differ together): the prior parameters of m stand"
        )
    if notes:
        parameters, _, _ = _maximise(data, comparisons, prior, learn_m=False)
        return Estimated(_rounded(parameters), notes, took_relatives=took_relatives)
    if data.labelled is not None:
        refined, _, settled = _maximise(data, comparisons, prior, refinement=_refinement(data, parameters))
        if settled:
            parameters = refined
            notes.append(f"{data.labelled.share.sum():.0f} judged or labelled pairs refine the parameters")
        else:
            notes.append(
                "judged pairs and the rest of the data did not settle together: the parameters are those without them"
            )
    parameters = replace(parameters, learned_from=found)
    for comparison in comparisons:
        parameters, told = checked(parameters, prior, comparison)
        notes += told
    return Estimated(_rounded(parameters), notes)


def _refinement(data: TrainingData, parameters: Parameters) -> Refinement:
    assert data.labelled is not None
    answers = data.labelled.pairs.ids.with_columns(known=pl.Series(data.labelled.is_same).cast(pl.Int64))
    known = data.candidates.ids.join(answers, on=["id_l", "id_r"], how="left", maintain_order="left")
    return Refinement.under(
        parameters, data.labelled, data.candidates, known.get_column("known").fill_null(-1).to_numpy()
    )


def _share(count: float, total: float) -> float:
    """A share of pairs that leaves room for the other classes: below a third."""
    return min(max(count / total, 1e-12), 0.3)


def _maximise(
    data: TrainingData,
    comparisons: list[Comparison],
    prior: Parameters,
    *,
    learn_m: bool = True,
    refinement: Refinement | None = None,
) -> tuple[Parameters, float, bool]:
    """The rounds of EM. Returns parameters, expected matches among all pairs, and whether it settled.

    Without ``learn_m``, only u and the shares of matches and households follow the data.
    """
    levels = {c.name: _SeenLevels.of(data, c) for c in comparisons}
    shows = shows_a_home(data.candidates)
    keys = agreeing_on_keys(data)
    apart = [NamedApart.of(pairs) for pairs in (data.candidates, data.random)] if tells_colleagues(prior.shares) else []
    parameters = _with_colleagues_believed(prior, data, levels)
    found = 0.0
    for _ in range(MAX_ROUNDS):
        candidates, random = (_stories(pairs, parameters) for pairs in (data.candidates, data.random))
        of_match, of_home, of_unrelated = candidates.of_match, candidates.of_home, random.of_unrelated
        of_same, _ = of_match_and_home(data.same, parameters)
        if refinement is not None:
            before, of_match = of_match, refinement.corrected(of_match)
            of_home = of_home * (1.0 - of_match) / np.maximum(1.0 - before, SMALLEST_SHARE)
        found = float(of_match.sum()) * data.candidates_stand_for
        seen_at_home = of_home * shows
        homes = float(seen_at_home.sum()) * data.candidates_stand_for
        believed = prior.shares | with_twins_seen(prior, data.candidates, parameters, of_home)
        believed |= with_keys_shared(prior, data, keys, parameters, of_home)
        shares = {
            c.name: _next_shares(data, c, believed[c.name], of_match, of_same, of_unrelated, levels[c.name], refinement)
            for c in comparisons
        }
        if LAST_NAME.name in shares and FIRST_NAME.name in shares:
            shares[FIRST_NAME.name] = _swaps_by_chance(shares[FIRST_NAME.name], shares[LAST_NAME.name])
        if not learn_m:
            shares = {
                name: with_shared_home(name, LevelShares(prior.shares[name].m, s.u, s.h)) for name, s in shares.items()
            }
        else:
            # Of those that say the same none differs.
            shares |= {
                name: _bounded(shares[name], most * levels[name].unlike(of_match, of_same))
                for name, most in most_that_differ(set(levels), numbers_shared(parameters)).items()
            }
        if FIRST_NAME.name in shares:
            shares[FIRST_NAME.name] = _crossed_where_swapped(shares[FIRST_NAME.name])
        if LAST_NAME.name in shares and FIRST_NAME.name in shares:
            shares |= _with_families_swapped(shares)
        # What contradicts may say nothing, but does not speak for a match.
        shares = {name: _bounded(told, told.u[-1]) for name, told in shares.items()}
        colleagues = sharing = 0.0
        if apart:
            of_candidates, of_random = apart
            at_work = of_candidates.of_colleagues(1.0 - of_match - of_home, candidates.work)
            shares = _with_colleagues(shares, levels, at_work, of_random.of_colleagues(of_unrelated, random.work))
            colleagues = of_one_company(shares)
            # One pair more, among as many as are believed to hold one.
            untold = float(at_work[of_candidates.untold].sum()) * data.candidates_stand_for
            sharing = (untold + 1.0) / (data.all_pairs * float(of_random.untold.mean()) + 1.0 / prior.households)
        # One household more, among as many pairs as are believed to hold one: where hardly a pair can show any, the belief stands.
        among = data.all_pairs * data.showing.of_all + 1.0 / prior.households
        new = Parameters(shares, _share(found, data.all_pairs), _share(homes + 1.0, among))
        new = replace(
            new,
            namesakes=_namesakes(data, new, 1.0 - of_match - of_home, parameters.namesakes),
            sources=_by_sources(data, new, of_match, seen_at_home),
            colleagues=colleagues,
            sharing=sharing,
        )
        change = _change(parameters, new)
        parameters = new
        if change < CONVERGED:
            return parameters, found, True
    return parameters, found, change < 20 * CONVERGED


def _by_sources(
    data: TrainingData, parameters: Parameters, of_match: Floats, seen_at_home: Floats
) -> dict[SourcePair, SourceBits]:
    """How much more often than on the whole pairs of two sources are matches, and (of those that can show one) households.

    Nothing is known where all records are of one source. Each share is blended with the whole's, which counts as much as so many matches
    (``PRIOR_SOURCE_PAIRS``) as it lets expect. Careful where it counts: that two sources hold more of each other's people than others do is
    believed up to ``MOST_SOURCE_BITS``.
    """
    if len(data.pairs_of_sources) < 2 or data.candidates.sources is None:
        return {}
    found = data.candidates.sources.summed(of_match, seen_at_home)
    bits: dict[SourcePair, SourceBits] = {}
    for pair, pairs in data.pairs_of_sources.items():
        matches, homes = (count * data.candidates_stand_for for count in found.get(pair, (0.0, 0.0)))
        more = _more_often(matches, pairs * parameters.matches)
        expected = pairs * data.showing.of_sources[pair] * parameters.households
        told = SourceBits(min(more, MOST_SOURCE_BITS), _more_often(homes, expected))
        if max(map(abs, told)) >= LEAST_SOURCE_BITS:
            bits[pair] = told
    return bits


def _more_often(found: float, expected: float) -> float:
    """Bits by which more is found than is to be expected."""
    return math.log2((found + PRIOR_SOURCE_PAIRS) / (expected + PRIOR_SOURCE_PAIRS))


def _namesakes(data: TrainingData, parameters: Parameters, of_strangers: Floats, believed: float) -> float:
    """How many times more often strangers agree on both names than each name lets expect.

    Counted where both are the same, because all such pairs are candidates, by ``SWAPPED_NAMES``. Who is a stranger (``of_strangers``: the
    probability per pair) was told with what was ``believed`` of namesakes before; here it is told by all else. Or every pair in doubt would
    raise what is believed, and that the doubt: where names are most of what is told, up to twice of what the truth says.
    """
    if not set(NAMES) <= parameters.shares.keys():
        return 1.0
    is_same = np.ones(len(data.candidates), dtype=np.bool_)
    expected = data.all_pairs * parameters.strangers
    for name in NAMES:
        is_same &= data.candidates.gammas[name] == len(BY_NAME[name].scored) - 1
        expected *= parameters.shares[name].u[0] * float((data.random.gammas[name] >= 0).mean())
    strangers = of_strangers[is_same]
    by_all_else = strangers / (strangers + believed * (1.0 - strangers))
    seen = float(by_all_else.sum()) * data.candidates_stand_for
    blended = (seen + PRIOR_NAMESAKE_PAIRS) / (expected + PRIOR_NAMESAKE_PAIRS / PRIOR_NAMESAKES)
    return min(max(blended, 1.0), MOST_NAMESAKES)


def _swaps_by_chance(first: LevelShares, last: LevelShares) -> LevelShares:
    """First-name shares in which two strangers' names are swapped at least as often as two strangers' names agree.

    Random pairs are too few to show such a pair, but many names stand in both places (Ryan Jack, Jack Ryan): agreeing
    crosswise is as likely as agreeing straight.
    """
    by_chance = first.u[0] * last.u[0]
    u = tuple(max(share, by_chance) if at == SWAPPED_AT else share for at, share in enumerate(first.u))
    return LevelShares(first.m, tuple(share / sum(u) for share in u), first.h)


def _with_families_swapped(shares: Mapping[str, LevelShares]) -> dict[str, LevelShares]:
    """Shares of names in which two of a household are both written the other way round as often as that happens to one of them: then the family's
    name is the same first name, and their own are last names that differ."""
    first, last = shares[FIRST_NAME.name], shares[LAST_NAME.name]
    assert first.h is not None
    assert last.h is not None
    # One of two records is written so where names are swapped: 2 * s * (1 - s) of all pairs.
    swapped = (1.0 - math.sqrt(max(1.0 - 2.0 * first.m[SWAPPED_AT], 0.0))) / 2.0
    both = swapped**2
    return {
        FIRST_NAME.name: replace(
            first, h=(first.h[0] + both * first.h[-1], *first.h[1:-1], first.h[-1] * (1.0 - both))
        ),
        LAST_NAME.name: replace(last, h=(last.h[0] * (1.0 - both), *last.h[1:-1], last.h[-1] + both * last.h[0])),
    }


def _crossed_where_swapped(shares: LevelShares) -> LevelShares:
    """First-name shares in which few of one person's swapped names are crossed: for that, both others must be wrong as well."""
    over = shares.m[_CROSSED_AT] - MOST_SWAPPED_ARE_CROSSED * shares.m[SWAPPED_AT]
    if over <= 0.0:
        return shares
    m = tuple((share - over if at == _CROSSED_AT else share) / (1.0 - over) for at, share in enumerate(shares.m))
    return replace(shares, m=m)


def _bounded(shares: LevelShares, most: float) -> LevelShares:
    """Shares whose last level (``different``) holds at most ``most`` of the matches."""
    if shares.m[-1] <= most:
        return shares
    scale = (1.0 - most) / (1.0 - shares.m[-1])
    return LevelShares((*(share * scale for share in shares.m[:-1]), most), shares.u, shares.h)


@dataclass(frozen=True)
class _SeenLevels:
    """What is counted of one comparison in every round: the level's number plus one per pair, or 0 where the pair does not count.

    Candidates count where they are ``blind``, found by a rule that does not join on the comparison; and so do records that say the same.
    """

    blind: npt.NDArray[np.bool_]
    of_candidates: Levels
    of_same: Levels
    of_random: Levels

    @classmethod
    def of(cls, data: TrainingData, comparison: Comparison) -> _SeenLevels:
        blind, blind_same = (_found_otherwise(rules, comparison.name) for rules in (data.rules, data.same_rules))
        found, same, random = (of.gammas[comparison.name] for of in (data.candidates, data.same, data.random))
        return cls(blind, np.where(blind, found + 1, 0), np.where(blind_same, same + 1, 0), random + 1)

    def unlike(self, of_match: Floats, of_same: Floats) -> float:
        """The share of matches that do not say the same."""
        pairs = PRIOR_MATCHES + float(of_match[self.of_candidates > 0].sum())
        return pairs / (pairs + float(of_same[self.of_same > 0].sum()))


def _found_otherwise(rules: npt.NDArray[np.int64], name: str) -> npt.NDArray[np.bool_]:
    """Pairs that some rule found which does not join on this comparison."""
    mask = 0
    for bit, rule in enumerate(BLOCKING_RULES):
        if name not in rule.agrees_on:
            mask |= 1 << bit
    return np.asarray((rules & mask) != 0)


def of_match_and_home(pairs: ComparedPairs, parameters: Parameters) -> tuple[Floats, Floats]:
    """Probability of being one person, and of being two of a household, per pair."""
    stories = _stories(pairs, parameters)
    return stories.of_match, stories.of_home


def _with_colleagues_believed(prior: Parameters, data: TrainingData, levels: Mapping[str, _SeenLevels]) -> Parameters:
    """What is believed, with as many colleagues as random pairs are of one company (or as there are believed to be pairs of a household, where
    nobody tells one): or the first round would take them for matches."""
    if not tells_colleagues(prior.shares):
        return prior
    shares = prior.shares
    if COMPANY.name in shares:
        company = shares[COMPANY.name]
        seen = _counts(levels[COMPANY.name].of_random, np.ones(len(data.random)), len(company.u))
        shares = shares | {COMPANY.name: replace(company, u=_by_chance(seen, company.u))}
    at_work = {name: with_work(name, shares[name]) for name in SHARED_AT_WORK if name in shares}
    colleagues = of_one_company(shares)
    return replace(prior, shares=shares | at_work, colleagues=colleagues, sharing=colleagues or prior.households)


def _with_colleagues(
    shares: Mapping[str, LevelShares],
    levels: Mapping[str, _SeenLevels],
    of_candidates: Floats,
    of_random: Floats,
) -> dict[str, LevelShares]:
    """Shares with those of colleagues, of what these have in common, by how probably each of the pairs is of two of them."""
    found = dict(shares)
    for name in SHARED_AT_WORK:
        if name in shares:
            count = len(shares[name].m)
            candidates = _counts(levels[name].of_candidates, of_candidates, count)
            found[name] = with_work(name, shares[name], candidates + _counts(levels[name].of_random, of_random, count))
    return found


class _Stories(NamedTuple):
    """How likely pairs are as a match, as a household and as colleagues (or strangers, where these are likelier), and of any class, against
    strangers: bits."""

    match: Floats
    home: Floats
    work: Floats
    total: Floats

    @property
    def of_match(self) -> Floats:
        """Probability of being one person, per pair."""
        return np.exp2(self.match - self.total)

    @property
    def of_home(self) -> Floats:
        """Probability of being two of a household, per pair."""
        return np.exp2(self.home - self.total)

    @property
    def of_unrelated(self) -> Floats:
        """Probability of being neither, per pair."""
        return np.exp2(self.work - self.total)


def _stories(pairs: ComparedPairs, parameters: Parameters) -> _Stories:
    together = namesake_bits(pairs, parameters)
    match, home = source_bits(pairs, parameters)
    match += np.log2(parameters.matches / parameters.strangers) - together
    home += np.log2(parameters.households / parameters.strangers) - together
    for name in parameters.shares:
        of_match, of_home = bits_of_stories(pairs, name, parameters)
        match += of_match
        if of_home is not None:
            home += of_home
    work = colleague_bits(pairs, parameters)
    return _Stories(match, home, work, np.logaddexp2(np.logaddexp2(match, home), work))


def _next_shares(
    data: TrainingData,
    comparison: Comparison,
    prior: LevelShares,
    of_match: Floats,
    of_same: Floats,
    of_unrelated: Floats,
    levels: _SeenLevels,
    refinement: Refinement | None,
) -> LevelShares:
    count = len(comparison.scored)
    if refinement is None:
        matches = _counts(levels.of_candidates, of_match, count)
    else:
        judged = _found_otherwise(refinement.labelled.rules, comparison.name)
        gamma = data.candidates.gammas[comparison.name]
        matches = refinement.level_counts(comparison.name, count, gamma, of_match, levels.blind, judged)
    m = _mode(matches + _counts(levels.of_same, of_same, count), prior.m, PRIOR_MATCHES)
    within = [level.within for level in comparison.scored]
    by_chance = _by_chance(_counts(levels.of_random, of_unrelated, count), prior.u, within)
    u = _weakened(m, by_chance, comparison)
    # What a household shares is not estimated, but for keys whose owners have other names (``shared_keys.py``): free to move, the
    # class would take in namesakes or the matches themselves.
    shares = with_shared_home(comparison.name, LevelShares(m, u, prior.h))
    return replace(shares, h=_as_strangers(shares.h, u, comparison))


def _as_strangers(
    h: tuple[float, ...] | None, u: tuple[float, ...], comparison: Comparison
) -> tuple[float, ...] | None:
    """Household shares in which levels that say nothing are as frequent as among strangers: in which letters a system writes is not the
    household's doing. The others make room."""
    silent = [comparison.prior(level).most_bits == 0.0 for level in comparison.scored]
    if h is None or not any(silent):
        return h
    rest = 1.0 - sum(share for share, says_nothing in zip(u, silent, strict=True) if says_nothing)
    others = sum(share for share, says_nothing in zip(h, silent, strict=True) if not says_nothing)
    return tuple(
        by_chance if says_nothing else share * rest / others
        for share, by_chance, says_nothing in zip(h, u, silent, strict=True)
    )


def _counts(levels: Levels, weight: Floats, count: int) -> Floats:
    """Weighted pairs per level, best level first, of :class:`_SeenLevels`."""
    return np.bincount(levels, weights=weight, minlength=count + 1)[:0:-1].astype(np.float64)


def _mode(counts: Floats, prior: tuple[float, ...], strength: float) -> tuple[float, ...]:
    blended = np.maximum(counts + strength * np.asarray(prior), SMALLEST_SHARE)
    return tuple(float(share) for share in blended / blended.sum())


def _by_chance(
    counts: Floats, prior: tuple[float, ...], within: Sequence[tuple[str, ...]] | None = None
) -> tuple[float, ...]:
    """Shares of random pairs, each blended with a prior that is worth ``PRIOR_CHANCES`` pairs of its own level.

    Levels that are parts of one agreement (``within``, per level) are shares of its pairs, and the prior says how it is divided: where
    two strangers share a town ten times less often than the prior says, they share a street in it ten times less often. Taken
    one by one, no sample of random pairs is large enough to show that; the street would weigh less than the town alone.
    """
    paths = [()] * len(prior) if within is None else list(within)
    parts: dict[tuple[str | int, ...], list[int]] = {}
    for at, path in enumerate(paths):
        parts.setdefault(path[:1] or (at,), []).append(at)
    believed = np.asarray([sum(prior[at] for at in part) for part in parts.values()]) / sum(prior)
    found = np.asarray([sum(counts[at] for at in part) for part in parts.values()])
    worth = PRIOR_CHANCES / np.maximum(believed, SMALLEST_SHARE)
    blended = (found + PRIOR_CHANCES) / (found.sum() + worth)
    shares = [0.0] * len(paths)
    for part, share in zip(parts.values(), blended / blended.sum(), strict=True):
        inside: tuple[float, ...] = (1.0,)
        if len(part) > 1:
            inside = _by_chance(counts[part], tuple(prior[at] for at in part), [paths[at][1:] for at in part])
        for at, of_part in zip(part, inside, strict=True):
            shares[at] = float(share) * of_part
    return tuple(shares)


def _weakened(m: tuple[float, ...], u: tuple[float, ...], comparison: Comparison) -> tuple[float, ...]:
    """Shares of random pairs in which a level that may weigh only so much does; the most frequent of the others makes room."""
    most = [comparison.prior(level).most_bits for level in comparison.scored]
    least = [
        share if bits is None else max(share, m[at] / 2.0**bits)
        for at, (share, bits) in enumerate(zip(u, most, strict=True))
    ]
    others = [share if bits is None else 0.0 for share, bits in zip(u, most, strict=True)]
    least[int(np.argmax(others))] -= sum(least) - sum(u)
    return tuple(least)


def _change(old: Parameters, new: Parameters) -> float:
    largest = abs(float(np.log2(new.matches / old.matches))) / 10.0
    for name, shares in new.shares.items():
        largest = max(largest, float(np.abs(np.asarray(shares.m) - np.asarray(old.shares[name].m)).max()))
    return largest


def _rounded(parameters: Parameters) -> Parameters:
    def tidy(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(float(f"{value:.{DIGITS}g}") for value in values)

    shares = {
        name: LevelShares(tidy(s.m), tidy(s.u), *(None if of is None else tidy(of) for of in (s.h, s.c)))
        for name, s in parameters.shares.items()
    }
    names = ("matches", "households", "namesakes", "learned_from", "colleagues", "sharing")
    numbers = dict(zip(names, tidy(tuple(getattr(parameters, name) for name in names)), strict=True))
    sources = {pair: SourceBits(*tidy(bits)) for pair, bits in parameters.sources.items()}
    return Parameters(shares, sources=sources, **numbers)
