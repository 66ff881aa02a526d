"""Twins of a household are counted where nobody stands twice, and believed to be fewer, never more, than the prior says."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links.comparisons import DATE_OF_BIRTH, FIRST_NAME
from cdp_assets.candidate_links.source_pairs import SourceBits, SourcesOfPairs
from cdp_assets.candidate_links.twins import FEWEST_TWINS, PRIOR_TWINS, with_twins_seen
from cdp_assets.candidate_links.weights import ComparedPairs, LevelShares, Parameters, prior_parameters

BELIEVED = prior_parameters([FIRST_NAME, DATE_OF_BIRTH], 1e-5, 1e-4)
ONCE_IN_THE_REGISTER = {("register", "register"): SourceBits(-9.0, 0.0), ("mail", "register"): SourceBits(1.0, 0.0)}
SAME, DIFFERENT = len(DATE_OF_BIRTH.scored) - 1, 0


def seen(register: list[int], mail: list[int], sources: dict[tuple[str, str], SourceBits]) -> dict[str, LevelShares]:
    """What pairs of one household show whose dates of birth stand at these levels: pairs within the register, and between it and the mail."""
    gamma = np.array(register + mail, dtype=np.int8)
    left = np.zeros(len(gamma), dtype=np.int64)
    right = np.array([1] * len(register) + [2] * len(mail), dtype=np.int64)
    told = SourcesOfPairs.of(pl.Series(["register", "register", "mail"]), left, right)
    pairs = ComparedPairs(pl.DataFrame({"id_l": left, "id_r": right}), {DATE_OF_BIRTH.name: gamma}, {}, told)
    parameters = Parameters(BELIEVED.shares, 1e-5, 1e-4, 1.0, sources)
    return with_twins_seen(BELIEVED, pairs, parameters, np.ones(len(gamma)))


def twins(register: list[int], mail: list[int]) -> float:
    shares = seen(register, mail, ONCE_IN_THE_REGISTER)[DATE_OF_BIRTH.name]
    assert shares.h is not None
    assert sum(shares.h) == pytest.approx(1.0)
    return shares.h[0]


def test_where_there_are_none_hardly_any_are_believed_in() -> None:
    believed = BELIEVED.shares[DATE_OF_BIRTH.name].h
    assert believed is not None
    assert twins([DIFFERENT] * 300, []) == pytest.approx(believed[0] * PRIOR_TWINS / (300 + PRIOR_TWINS))
    assert twins([DIFFERENT] * 30_000, []) == FEWEST_TWINS
    assert twins([], []) == pytest.approx(believed[0])


def test_no_more_are_learned_than_believed_and_none_between_sources_that_share_people() -> None:
    believed = BELIEVED.shares[DATE_OF_BIRTH.name].h
    assert believed is not None
    assert twins([SAME] * 500, []) == pytest.approx(believed[0])
    assert twins([SAME] * 5 + [DIFFERENT] * 900, [SAME] * 500) == pytest.approx((5 + believed[0] * 100) / 1005)
    assert twins([], [DIFFERENT] * 30_000) == pytest.approx(believed[0])


def test_dates_that_are_not_told_say_nothing() -> None:
    assert twins([-1] * 30_000, []) == pytest.approx(twins([], []))


def test_nothing_is_seen_where_sources_are_not_known_or_no_dates_are_compared() -> None:
    assert seen([DIFFERENT] * 10, [], {}) == {}
    names = Parameters({FIRST_NAME.name: BELIEVED.shares[FIRST_NAME.name]}, 1e-5, 1e-4, 1.0, ONCE_IN_THE_REGISTER)
    no_pairs = ComparedPairs(pl.DataFrame({"id_l": [], "id_r": []}), {}, {})
    assert with_twins_seen(names, no_pairs, names, np.ones(0)) == {}
