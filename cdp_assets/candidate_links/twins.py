"""How many of a household's pairs are twins, by sources that hold hardly anybody twice.

Two records of one home and one date of birth whose first names differ are twins, or one person whose first name is wrong, and nothing in the
pair itself says which. Within a source that holds hardly anybody twice they are twins: it shows how many there are.

What does not belong here: what else a household shares, which is not estimated (``weights.with_shared_home``).
"""

from __future__ import annotations

from dataclasses import replace

from cdp_assets.candidate_links.comparisons import DATE_OF_BIRTH, NOTHING_TO_COMPARE
from cdp_assets.candidate_links.weights import ComparedPairs, Floats, LevelShares, Parameters, source_bits

HARDLY_ANYBODY_TWICE_BITS = -3.0
"""A source holds hardly anybody twice where so many bits less often than others its pairs are one person's."""

PRIOR_TWINS = 100.0
"""How many pairs of a household what is believed of twins counts as."""

FEWEST_TWINS = 0.001
"""Never fewer than these of a household's pairs are believed to be twins: with one birth in eighty of twins, and six pairs in a household of four,
two or three in a thousand are."""


def with_twins_seen(
    believed: Parameters, pairs: ComparedPairs, parameters: Parameters, of_home: Floats
) -> dict[str, LevelShares]:
    """The ``believed`` shares of dates of birth, by their name, with no more twins in a household than such sources show.

    ``of_home``: how probably each of the ``pairs`` is of a household, under ``parameters``. Nothing is said where there are no such sources. That
    there are more twins than believed is not learned: the class of households would take in one person's pairs.
    """
    shares = believed.shares.get(DATE_OF_BIRTH.name)
    if shares is None or shares.h is None or not parameters.sources:
        return {}
    gamma = pairs.gammas[DATE_OF_BIRTH.name]
    for_a_match, _ = source_bits(pairs, parameters)
    told = (for_a_match <= HARDLY_ANYBODY_TWICE_BITS) & (gamma != NOTHING_TO_COMPARE)
    twins = told & (gamma == len(DATE_OF_BIRTH.scored) - 1)
    most, different = shares.h[0], shares.h[-1]
    seen = (float(of_home[twins].sum()) + PRIOR_TWINS * most) / (float(of_home[told].sum()) + PRIOR_TWINS)
    share = min(max(seen, FEWEST_TWINS), most)
    return {DATE_OF_BIRTH.name: replace(shares, h=(share, *shares.h[1:-1], different + most - share))}
