"""Which rules and blocks of large data are worth their pairs."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links import worth as module
from cdp_assets.candidate_links.blocking import BLOCKING_RULES, RULES
from cdp_assets.candidate_links.worth import UNTRIED, WASTEFUL, Worth, found_alone, matches_by_rule, wasteful_rules

BIT = {rule.name: 1 << bit for bit, rule in enumerate(BLOCKING_RULES)}
NAMES, MAIL, PHONE = "SWAPPED_NAMES", "SAME_EMAIL", "SAME_PHONE_ENDING"


def _members(*blocks: list[int]) -> pl.DataFrame:
    rows = [(number, key, len(block)) for key, block in enumerate(blocks) for number in block]
    return pl.DataFrame(rows, schema={"number": pl.Int64, "key": pl.UInt64, "size": pl.UInt32}, orient="row")


def _pairs_of(block: list[int]) -> list[tuple[int, int]]:
    return [(one, other) for at, one in enumerate(block) for other in block[at + 1 :]]


def _worth(pairs: list[tuple[int, int]], links: set[tuple[int, int]], rule: str = NAMES) -> Worth:
    frame = pl.DataFrame([(IDS[one], IDS[other]) for one, other in pairs], schema=["id_l", "id_r"], orient="row")
    is_link = pl.Series("is_link", [pair in links for pair in pairs], dtype=pl.Boolean)
    return Worth({}, frame.with_columns(is_link, rule=pl.lit(rule)), {})


IDS = 7 * np.arange(6_000)
"""Ids of the profiles, by number."""

SMALL = [[10 * n, 10 * n + 1, 10 * n + 2] for n in range(100)]
CROWD = list(range(5_000, 5_040))


def test_blocks_whose_pairs_are_hardly_ever_links_are_too_large() -> None:
    pairs = [pair for block in (*SMALL, CROWD) for pair in _pairs_of(block)]
    links = {(block[0], block[1]) for block in SMALL} | {(CROWD[0], CROWD[1])}
    worth = _worth(pairs, links)
    assert worth.largest_block(RULES[NAMES], _members(*SMALL, CROWD), IDS, 400) == len(CROWD) - 1


def test_blocks_that_find_links_are_as_large_as_the_policy_says() -> None:
    pairs = [pair for block in (*SMALL, CROWD) for pair in _pairs_of(block)]
    links = {(block[0], block[1]) for block in (*SMALL, CROWD[:20], CROWD[10:30], CROWD[15:])}
    links |= {(CROWD[0], other) for other in CROWD[1:11]}
    assert _worth(pairs, links).largest_block(RULES[NAMES], _members(*SMALL, CROWD), IDS, 400) == 400


def test_a_handful_of_pairs_without_a_link_proves_nothing() -> None:
    few = CROWD[:15]
    assert _worth(_pairs_of(few), set()).largest_block(RULES[NAMES], _members(few), IDS, 400) == 400


def test_a_pair_of_several_blocks_counts_for_the_smallest() -> None:
    pairs = [pair for block in SMALL for pair in _pairs_of(block)]
    links = {(block[0], block[1]) for block in SMALL}
    everybody = [number for block in SMALL for number in block]
    # The large block has these pairs too, but none that the small ones do not have.
    assert _worth(pairs, links).largest_block(RULES[NAMES], _members(*SMALL, everybody), IDS, 400) == 400


def test_rules_that_found_nothing_alone_are_bounded_by_the_policy() -> None:
    worth = _worth(_pairs_of(CROWD), set())
    assert worth.largest_block(RULES["SAME_COMPANY"], _members(CROWD), IDS, 400) == 400


def test_blocks_of_two_are_judged_with_the_rule() -> None:
    pairs = [(2 * n, 2 * n + 1) for n in range(400)]
    members = _members(*([one, other] for one, other in pairs))
    assert _worth(pairs, set()).largest_block(RULES[NAMES], members, IDS, 400) == 2


def test_pairs_of_one_rule_alone_are_those_that_no_other_rule_in_use_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [BIT[NAMES], BIT[NAMES] | BIT[MAIL], BIT[NAMES] | BIT[PHONE], BIT[MAIL], BIT[PHONE], BIT[PHONE] | BIT[MAIL]]
    pairs = pl.DataFrame({"id_l": range(6), "id_r": range(10, 16), "rules": rules})
    found = found_alone(pairs, {PHONE: WASTEFUL})
    assert found.rows() == [(0, 10, NAMES), (2, 12, NAMES)]
    assert found_alone(pairs, {}).rows() == [(0, 10, NAMES), (4, 14, PHONE)]
    monkeypatch.setattr(module, "MOST_STUDIED", 1)
    assert len(found_alone(pairs, {})) == 1
    assert found_alone(pairs, {rule.name: WASTEFUL for rule in BLOCKING_RULES}).is_empty()


@pytest.mark.parametrize(("match", "is_done_without"), [(0.0, True), (0.1, False)])
def test_a_rule_that_finds_next_to_no_matches_alone_is_done_without(match: float, is_done_without: bool) -> None:
    rules = np.array([BIT[NAMES]] * 100 + [BIT[NAMES] | BIT[MAIL]] * 10, dtype=np.int64)
    matches = np.array([match] * 100 + [0.99] * 10)
    without = wasteful_rules(rules, matches)
    assert (without.get(NAMES) == WASTEFUL) == is_done_without
    assert MAIL not in without
    assert without[PHONE] == UNTRIED


def test_a_rule_may_make_a_pair_per_profile_or_two_per_match_and_exact_keys_all_of_theirs() -> None:
    rules = np.array([BIT[NAMES], BIT[NAMES] | BIT[PHONE], BIT[PHONE]], dtype=np.int64)
    matches = matches_by_rule(rules, np.array([0.5, 1.0, 0.25]), stand_for=100.0)
    assert (matches[NAMES], matches[PHONE], matches[MAIL]) == (150.0, 125.0, 0.0)
    worth = Worth({}, pl.DataFrame(), matches)
    assert worth.most_pairs(RULES[NAMES], 1_000) == 1_000
    assert worth.most_pairs(RULES[NAMES], 200) == 300
    assert worth.most_pairs(RULES[MAIL], 200) == math.inf
