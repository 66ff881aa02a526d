"""How often a household shares an e-mail, a phone or a number, by the first names and dates of birth behind them.

Some families write from one mailbox, have one account or one policy, or numbers that follow each other, and no contract says so. What members of a
household have in common is not free to be learned, for the class would take in one person's pairs (``estimation.py``). But among pairs that agree on a
key those whose first names have nothing in common are told at once, and where a side has no first name, those whose dates of birth have not: where
they are far more than one person's records show, it is people who share it. Otherwise what is believed stands.

What does not belong here: keys of a crowd, which identify nobody (``shared.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cdp_assets.candidate_links.comparisons import (
    ADDRESS,
    BY_NAME,
    COMPANY,
    DATE_OF_BIRTH,
    ELSEWHERE,
    EMAIL,
    FIRST_NAME,
    IDENTIFIER,
    KEY_LEVELS,
    LAST_NAME,
    NOTHING_TO_COMPARE,
)
from cdp_assets.candidate_links.studied_pairs import TrainingData
from cdp_assets.candidate_links.weights import ComparedPairs, Floats, Levels, LevelShares, Parameters

TELL_APART = (FIRST_NAME.name, DATE_OF_BIRTH.name)
"""Comparisons by which members of a household are told apart: of a pair, by the first of them for which both sides have something."""

_Apart = dict[str, Levels]

MOST_SHARED = 0.95
"""At most so many pairs of a household agree on a key: as on their address."""

BELIEVED_TO, TOLD_FROM = 0.2, 0.4
"""Up to the first share of a household's pairs what is believed of its keys stands; from the second on what first names tell does. In between it
passes from the one to the other, or estimation would not settle. Where few share a key, names and dates that are wrong are as many."""

NUMBERS_BELIEVED_TO, NUMBERS_TOLD_FROM = 0.05, 0.2
"""The same of identifiers, of which a household is believed to share next to none: where it shares one in ten, that is twenty times as many."""

DIFFER_AT_LEAST = 2.0
"""One person's first names, or dates of birth, are believed to have nothing in common in so many times the pairs that the prior says, if not in more."""

PRIOR_PAIRS_AT_HOME = 30.0
"""What is believed of the keys of a household counts as much as so many of its pairs."""

WORTH_TELLING = 1.5
"""What is found is told from so many times on what was believed: of phones, half are believed to be the household's."""

FOLLOWING = "one character off"
"""Where identifiers stand of which one follows the other, as the members of a family are numbered."""

MOST_OF_OTHERS = 0.25
"""Of the pairs that agree on a kind of key at most so many may be of colleagues, or it is nobody's own."""

MISTYPED = {EMAIL.name: "mistyped", IDENTIFIER.name: FOLLOWING}
"""Where a key stands that is mistyped on one side: what a household shares it writes as carelessly as one person does."""


class Agreeing(NamedTuple):
    """Pairs that agree on a kind of key and are told apart by one comparison, records that say the same among them; those of them that have nothing
    in common there; and the share of all pairs that have such a key on both sides and are told apart so."""

    pairs: float
    differing: float
    comparable: float


def how_surely_shared(name: str, share: float) -> float:
    """How far a share of a household's pairs that agree on a kind of key is believed to be told, and not by chance: from 0 to 1."""
    is_number = name == IDENTIFIER.name
    low, high = (NUMBERS_BELIEVED_TO, NUMBERS_TOLD_FROM) if is_number else (BELIEVED_TO, TOLD_FROM)
    return min(max((share - low) / (high - low), 0.0), 1.0)


def numbers_shared(parameters: Parameters) -> float:
    """:func:`how_surely_shared` identifiers are, by these parameters."""
    return how_surely_shared(IDENTIFIER.name, _agreeing_at_home(parameters, IDENTIFIER.name))


def found_shared(believed: Parameters, parameters: Parameters) -> dict[str, float]:
    """Kinds of keys that a household was found to share far more often than was ``believed``, and the share of its pairs that agree on them."""
    found = {name: _agreeing_at_home(parameters, name) for name in KEY_LEVELS}
    return {
        name: share
        for name, share in found.items()
        if how_surely_shared(name, share) == 1.0 and share > WORTH_TELLING * _agreeing_at_home(believed, name)
    }


def found_shared_at_work(parameters: Parameters) -> dict[str, float]:
    """Kinds of keys of which many pairs that agree on one are of colleagues (more than :data:`MOST_OF_OTHERS`), and how many of them are."""
    found = {}
    for name, shares in parameters.shares.items():
        if name in KEY_LEVELS and shares.c is not None:
            agree = _at_key(name)
            others = max(parameters.colleagues, parameters.sharing) * _in_all(shares.c, agree)
            found[name] = others / (others + parameters.matches * _in_all(shares.m, agree))
    return {name: share for name, share in found.items() if share > MOST_OF_OTHERS}


def told_of_sharing(at_home: Mapping[str, float], at_work: Mapping[str, float]) -> list[str]:
    """What was found shared (:func:`found_shared`, :func:`found_shared_at_work`), in words."""
    of_homes = [
        f"{name}: people of one household share it, as first names or dates of birth with nothing in common show (in {share:.0%} of their pairs): "
        "it is nobody's own key"
        for name, share in at_home.items()
    ]
    of_work = [
        f"{name}: colleagues, or others under other names, share it ({share:.0%} of the pairs that agree on one are of such): it is nobody's own key"
        for name, share in at_work.items()
        if name not in at_home
    ]
    return of_homes + of_work


def _agreeing_at_home(parameters: Parameters, name: str) -> float:
    """The share of a household's pairs that agree on a kind of key; none where a household is as strangers are, or the kind is not compared."""
    shares = parameters.shares.get(name)
    return 0.0 if shares is None or shares.h is None else _in_all(shares.h, _at_key(name))


def _at_key(name: str) -> list[int]:
    """The places of the levels at which a kind of key agrees."""
    return BY_NAME[name].places_of(KEY_LEVELS[name])


def _in_all(shares: tuple[float, ...], places: list[int]) -> float:
    return sum(shares[at] for at in places)


def agreeing_on_keys(data: TrainingData) -> dict[str, dict[str, Agreeing]]:
    """What the pairs show of each kind of key that is compared, by what they are told apart by."""
    levels, of_same = (_told_apart_at_home(pairs) for pairs in (data.candidates, data.same))
    of_random = _told_apart(data.random)
    keys = [name for name in KEY_LEVELS if levels and name in data.candidates.gammas]
    return {key: _agreeing(data, key, levels, of_same, of_random) for key in keys}


def _agreeing(data: TrainingData, key: str, levels: _Apart, of_same: _Apart, of_random: _Apart) -> dict[str, Agreeing]:
    """By what they are told apart by (:func:`_told_apart`), the pairs that agree on one kind of key."""
    agree, agree_same = (
        np.isin(pairs.gammas[key], BY_NAME[key].numbers_of(KEY_LEVELS[key])) for pairs in (data.candidates, data.same)
    )
    has_key = data.random.gammas[key] >= 0
    found = {}
    for name, levels_of_all in levels.items():
        told = levels_of_all[agree]
        found[name] = Agreeing(
            data.candidates_stand_for
            * float(np.count_nonzero(told >= 0) + np.count_nonzero(of_same[name][agree_same] >= 0)),
            data.candidates_stand_for * float(np.count_nonzero(told == 0)),
            float((has_key & (of_random[name] >= 0)).mean()) if len(data.random) else 0.0,
        )
    return found


def _told_apart(pairs: ComparedPairs) -> _Apart:
    """By name of what is compared of :data:`TELL_APART`, the levels at which pairs are told apart; nothing to compare where one before it tells."""
    found: _Apart = {}
    is_told = np.zeros(len(pairs), dtype=np.bool_)
    for name in TELL_APART:
        if name in pairs.gammas:
            found[name] = np.where(is_told, NOTHING_TO_COMPARE, pairs.gammas[name])
            is_told |= pairs.gammas[name] >= 0
    return found


def _told_apart_at_home(pairs: ComparedPairs) -> _Apart:
    """:func:`_told_apart`, of pairs that may share a key because they are of one home: to the others a friend, a broker or an office may have lent it."""
    may_be = _may_be_of_one_home(pairs)
    return {name: np.where(may_be, levels, NOTHING_TO_COMPARE) for name, levels in _told_apart(pairs).items()}


def _may_be_of_one_home(pairs: ComparedPairs) -> npt.NDArray[np.bool_]:
    """Pairs whose addresses do not tell that they are of two homes or, where these tell nothing, whose last names do not; where companies are compared,
    pairs of one family name: others may be colleagues."""
    last_names = pairs.gammas.get(LAST_NAME.name)
    if last_names is not None and COMPANY.name in pairs.gammas:
        return np.isin(last_names, LAST_NAME.numbers_of(["same"]))
    may_be = np.ones(len(pairs), dtype=np.bool_) if last_names is None else last_names != 0
    addresses = pairs.gammas.get(ADDRESS.name)
    if addresses is None:
        return may_be
    is_elsewhere = np.isin(addresses, ADDRESS.numbers_of(ELSEWHERE))
    return np.where(addresses == NOTHING_TO_COMPARE, may_be, ~is_elsewhere)


def with_keys_shared(
    believed: Parameters,
    data: TrainingData,
    seen: Mapping[str, Mapping[str, Agreeing]],
    parameters: Parameters,
    of_home: Floats,
) -> dict[str, LevelShares]:
    """The ``believed`` shares of keys, by name, of which a household shares as many as first names and dates of birth show: never fewer than believed.

    ``seen``: :func:`agreeing_on_keys`. ``of_home``: how probably each candidate is of a household, under ``parameters``.
    """
    found = {}
    for name, told in seen.items():
        shares = believed.shares[name]
        if shares.h is None or not any(apart.comparable for apart in told.values()):
            continue
        agree = _at_key(name)
        before = _in_all(shares.h, agree)
        share = _shared(name, told, before, believed, parameters, data)
        h = _with_more(shares.h, agree, share)
        if name in MISTYPED and share > before:
            h = _written_alike(h, agree, BY_NAME[name].places_of([MISTYPED[name]])[0], parameters.shares[name].m)
        if name == IDENTIFIER.name:
            follow = IDENTIFIER.places_of([FOLLOWING])
            h = _with_more(h, follow, _following(data.candidates, _in_all(h, follow), of_home))
        found[name] = replace(shares, h=h)
    return found


def _shared(
    name: str,
    told: Mapping[str, Agreeing],
    before: float,
    believed: Parameters,
    parameters: Parameters,
    data: TrainingData,
) -> float:
    """The share of a household's pairs that agree on a kind of key, by its ``name``, of which ``before`` was believed."""
    at_home = sum(_at_home(apart, by, believed, parameters) for by, apart in told.items())
    homes = parameters.households * data.all_pairs * sum(apart.comparable for apart in told.values())
    share = (at_home + PRIOR_PAIRS_AT_HOME * before) / (homes + PRIOR_PAIRS_AT_HOME)
    return before + how_surely_shared(name, share) * (share - before)


def _at_home(agreeing: Agreeing, name: str, believed: Parameters, parameters: Parameters) -> float:
    """How many of the ``agreeing`` pairs are of people who share the key, by the comparison of this ``name``."""
    shares = parameters.shares[name]
    of_home = shares.u if shares.h is None else shares.h
    differ = max(DIFFER_AT_LEAST * believed.shares[name].m[-1], shares.m[-1])
    return max(agreeing.differing - differ * agreeing.pairs, 0.0) / (of_home[-1] - differ)


def _following(candidates: ComparedPairs, before: float, of_home: Floats) -> float:
    """The share of a household's pairs, told apart by names or dates of birth, whose identifiers follow each other."""
    numbers = candidates.gammas[IDENTIFIER.name]
    differ = np.logical_or.reduce([levels == 0 for levels in _told_apart(candidates).values()])
    at_home = np.where(differ & (numbers >= 0), of_home, 0.0)
    (follow,) = IDENTIFIER.numbers_of([FOLLOWING])
    told = float(at_home[numbers == follow].sum()) + PRIOR_PAIRS_AT_HOME * before
    return told / (float(at_home.sum()) + PRIOR_PAIRS_AT_HOME)


def _written_alike(h: tuple[float, ...], agree: list[int], mistyped: int, m: tuple[float, ...]) -> tuple[float, ...]:
    """Shares of a household in which a key that it shares is mistyped as often as one person's is (``m``); at most as much as before in all is shared,
    or :data:`MOST_SHARED`."""
    slips, exact = m[mistyped] / _in_all(m, agree), _in_all(h, agree)
    if exact * slips <= h[mistyped]:
        return h
    others = 1.0 - h[-1] - exact - h[mistyped]
    whole = min(exact * (1.0 + slips), MOST_SHARED - others)
    right = whole / (1.0 + slips)
    changed = {at: share * (right / exact) for at, share in enumerate(h) if at in agree} | {mistyped: whole - right}
    return (*(changed.get(at, share) for at, share in enumerate(h[:-1])), 1.0 - others - whole)


def _with_more(h: tuple[float, ...], some: list[int], share: float) -> tuple[float, ...]:
    """Shares of a household in which ``some`` levels hold this share in all, if that is more than they do; the last level makes room."""
    before = _in_all(h, some)
    share = min(share, MOST_SHARED - (1.0 - h[-1] - before))
    if share <= before:
        return h
    return (*(part * (share / before if at in some else 1.0) for at, part in enumerate(h[:-1])), h[-1] - share + before)
