"""Whether what estimation has found is people: bounds on what matches may have in common, and on how much of it, without labels.

What does not belong here: the estimation (``estimation.py``), and what is believed before any data is seen (``priors.py``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cdp_assets.candidate_links.comparisons import COMPANY, DATE_OF_BIRTH, FIRST_NAME, IDENTIFIER, LAST_NAME, Comparison
from cdp_assets.candidate_links.priors import SMALLEST_SHARE
from cdp_assets.candidate_links.weights import (
    ComparedPairs,
    Floats,
    LevelShares,
    Parameters,
    prior_parameters,
    with_shared_home,
)

# At most so many matches have first names that differ altogether; where EM finds more, it has taken relatives for
# matches. A register with titles for names shows one in five. Without a date of birth or an identifier, only
# first names tell relatives apart, and the data can not say which it is: then the bound is twice the prior.
MOST_FIRST_NAMES_DIFFER = 0.25
MOST_FIRST_NAMES_DIFFER_UNSUPPORTED = 0.08
# Nor do more last names: of people known for decades, who marry, one pair in four has two. Where EM finds more, it has taken those for one person who
# share a number, a telephone or an address.
MOST_LAST_NAMES_DIFFER = 0.25
# Dates of birth are as hard to tell from what relatives have. The labelled set with most mistakes shows one in four.
MOST_BIRTH_DATES_DIFFER = 0.25
# Organisations have no other name: where more of them differ, EM has taken the tenants of a building for one. Of records of people the
# company says who employs them, and may change.
MOST_ORGANISATIONS_DIFFER = 0.25
# Even in data where half the values are misspelt, exact levels hold half of what the prior says. Where two comparisons hold
# less than this part, EM has found some other class of alike pairs (numbered test names, say), not people.
LEAST_OF_PRIOR_EXACT = 0.2
# Unless what they hold parts matches from strangers nearly as well: misspelt names are still alike, and strangers' are not. So much of the
# evidence that well-kept values would give must be left; of records with two slips in most values it is half.
LEAST_OF_PRIOR_EVIDENCE = 0.4
# One person's first name and date of birth are both wrong in next to no pairs of records, and where values are misspelt as often as can be, no
# oftener than the two by themselves let expect (measured: .7 to 1.2 times as often). Where both differ in more matches than this, and in so many
# times more than expected, EM has taken parents and children for one person: in data of families, 2.3 to 5.3 times, one match in fifty or more.
MOST_DIFFER_IN_BOTH = 0.01
DIFFER_TOGETHER = 2.0
# Fewer matches than these in which both differ tell nothing: where few records have a date of birth, one pair in doubt would be one match in fifty.
LEAST_THAT_DIFFER = 3.0


def most_that_differ(fields: set[str], numbers_shared: float = 0.0) -> dict[str, float]:
    """How many matches that do not say the same may differ altogether in what people or organisations are called, and when they were born;
    by comparison. ``numbers_shared``: how surely identifiers are a household's, from 0 to 1; then they do not tell its members apart."""
    supported = 1.0 if DATE_OF_BIRTH.name in fields else 1.0 - numbers_shared if IDENTIFIER.name in fields else 0.0
    most = {
        FIRST_NAME.name: supported * MOST_FIRST_NAMES_DIFFER + (1.0 - supported) * MOST_FIRST_NAMES_DIFFER_UNSUPPORTED,
        LAST_NAME.name: MOST_LAST_NAMES_DIFFER,
        DATE_OF_BIRTH.name: MOST_BIRTH_DATES_DIFFER,
    }
    if not {FIRST_NAME.name, LAST_NAME.name} & fields:
        most[COMPANY.name] = MOST_ORGANISATIONS_DIFFER
    return {name: share for name, share in most.items() if name in fields}


def differ_together(pairs: ComparedPairs, of_match: Floats) -> bool:
    """Whether first names and dates of birth of matches differ together as relatives' do (:data:`MOST_DIFFER_IN_BOTH`).

    ``of_match``: the probability of each pair to be a match.
    """
    names = [FIRST_NAME.name, DATE_OF_BIRTH.name]
    if not set(names) <= pairs.gammas.keys():
        return False
    told = np.logical_and.reduce([pairs.gammas[name] >= 0 for name in names])
    match = of_match[told]
    differ = [pairs.gammas[name][told] == 0 for name in names]
    total = max(float(match.sum()), SMALLEST_SHARE)
    first, born, both = (float(match[some].sum()) / total for some in (*differ, differ[0] & differ[1]))
    return both * total >= LEAST_THAT_DIFFER and both > max(MOST_DIFFER_IN_BOTH, DIFFER_TOGETHER * first * born)


def strange_comparisons(parameters: Parameters, prior: Parameters, comparisons: list[Comparison]) -> list[str]:
    """Comparisons whose exact levels hold far fewer matches than anyone has seen, and whose other levels do not make up for it: EM
    has settled on another class."""
    return [
        name
        for name in _hardly_ever_exact(parameters, prior, comparisons)
        if _evidence(parameters.shares[name].m, parameters.shares[name].u)
        < LEAST_OF_PRIOR_EVIDENCE * _evidence(prior.shares[name].m, parameters.shares[name].u)
    ]


def _hardly_ever_exact(parameters: Parameters, prior: Parameters, comparisons: list[Comparison]) -> list[str]:
    found = []
    for comparison in comparisons:
        exact = [at for at, level in enumerate(comparison.scored) if comparison.prior(level).exact]
        have = sum(parameters.shares[comparison.name].m[at] for at in exact)
        if have < LEAST_OF_PRIOR_EXACT * sum(prior.shares[comparison.name].m[at] for at in exact):
            found.append(comparison.name)
    return found


def rarely_exact(parameters: Parameters, comparisons: list[Comparison]) -> list[str]:
    """The comparisons that are hardly ever exact, where they are two or more; one is an address without a street, say."""
    prior = prior_parameters(comparisons, parameters.matches, parameters.households)
    found = _hardly_ever_exact(parameters, prior, comparisons)
    return found if len(found) > 1 else []


def _evidence(m: tuple[float, ...], u: tuple[float, ...]) -> float:
    """Bits that a comparison adds to the weight of a match, on average (Kullback and Leibler 1951)."""
    shares, chance = np.maximum(m, SMALLEST_SHARE), np.maximum(u, SMALLEST_SHARE)
    return float(np.sum(shares * np.log2(shares / chance)))


def checked(parameters: Parameters, prior: Parameters, comparison: Comparison) -> tuple[Parameters, list[str]]:
    """Put the prior's m back where an exact level came out as evidence against a match.

    What strangers have in common is counted, and stays: of one school's pupils, all have its address. Where they agree even more often
    than the prior says that one person does, the comparison tells nothing, whatever the level.
    """
    shares = parameters.shares[comparison.name]
    wrong = _against_a_match(shares, comparison)
    if not wrong:
        return parameters, []
    told = f"{comparison.name}: level '{wrong[0]}' came out rarer among matches than among strangers"
    put_back = with_shared_home(comparison.name, replace(shares, m=prior.shares[comparison.name].m))
    if not _against_a_match(put_back, comparison):
        return parameters.with_shares(comparison.name, put_back), [f"{told}: the prior stands"]
    silent = with_shared_home(comparison.name, LevelShares(shares.u, shares.u, None if shares.h is None else shares.u))
    return parameters.with_shares(comparison.name, silent), [f"{told}: it tells nothing here"]


def _against_a_match(shares: LevelShares, comparison: Comparison) -> list[str]:
    """Exact levels at which fewer matches than strangers stand."""
    return [
        level.name
        for at, level in enumerate(comparison.scored)
        if comparison.prior(level).exact and shares.m[at] < shares.u[at]
    ]
