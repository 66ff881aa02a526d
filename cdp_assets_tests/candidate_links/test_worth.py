"""Which rules and blocks of large data are worth their pairs."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links.blocking import BLOCKING_RULES, RULES
from cdp_assets.candidate_links.worth import UNTRIED, WASTEFUL, Worth, wasteful_rules

BIT = {rule.name: 1 << bit for bit, rule in enumerate(BLOCKING_RULES)}
NAMES, MAIL, PHONE = "SWAPPED_NAMES", "SAME_EMAIL", "SAME_PHONE_ENDING"


def _members(*blocks: list[int]) -> pl.DataFrame:
    rows = [(number, key, len(block)) for key, block in enumerate(blocks) for number in block]
    return pl.DataFrame(rows, schema={"unique_id": pl.Int64, "key": pl.UInt64, "size": pl.UInt32}, orient="row")


def _pairs_of(block: list[int]) -> list[tuple[int, int]]:
    return [(one, other) for at, one in enumerate(block) for other in block[at + 1 :]]


def _worth(pairs: list[tuple[int, int]], links: set[tuple[int, int]]) -> Worth:
    frame = pl.DataFrame(pairs, schema={"id_l": pl.Int64, "id_r": pl.Int64}, orient="row")
    is_link = np.array([pair in links for pair in pairs])
    rules = np.full(len(pairs), BIT[NAMES], dtype=np.int64)
    return Worth.of(frame, rules, np.where(is_link, 0.9, 0.1), is_link)


SMALL = [[10 * n, 10 * n + 1, 10 * n + 2] for n in range(100)]
CROWD = list(range(5_000, 5_040))


def test_blocks_whose_pairs_are_hardly_ever_links_are_too_large() -> None:
    pairs = [pair for block in (*SMALL, CROWD) for pair in _pairs_of(block)]
    links = {(block[0], block[1]) for block in SMALL} | {(CROWD[0], CROWD[1])}
    worth = _worth(pairs, links)
    assert worth.largest_block(RULES[NAMES], _members(*SMALL, CROWD), 400) == len(CROWD) - 1


def test_blocks_that_find_links_are_as_large_as_the_policy_says() -> None:
    pairs = [pair for block in (*SMALL, CROWD) for pair in _pairs_of(block)]
    links = {(block[0], block[1]) for block in (*SMALL, CROWD[:20], CROWD[10:30], CROWD[15:])}
    links |= {(CROWD[0], other) for other in CROWD[1:11]}
    assert _worth(pairs, links).largest_block(RULES[NAMES], _members(*SMALL, CROWD), 400) == 400


def test_a_handful_of_pairs_without_a_link_proves_nothing() -> None:
    few = CROWD[:15]
    assert _worth(_pairs_of(few), set()).largest_block(RULES[NAMES], _members(few), 400) == 400


def test_a_pair_of_several_blocks_counts_for_the_smallest() -> None:
    pairs = [pair for block in SMALL for pair in _pairs_of(block)]
    links = {(block[0], block[1]) for block in SMALL}
    everybody = [number for block in SMALL for number in block]
    # The large block has these pairs too, but none that the small ones do not have.
    assert _worth(pairs, links).largest_block(RULES[NAMES], _members(*SMALL, everybody), 400) == 400


def test_exact_keys_and_rules_that_found_nothing_alone_are_bounded_by_the_policy() -> None:
    worth = _worth(_pairs_of(CROWD), set())
    assert worth.largest_block(RULES[MAIL], _members(CROWD), 400) == 400
    assert worth.largest_block(RULES["SAME_COMPANY"], _members(CROWD), 400) == 400


def test_blocks_of_two_are_judged_with_the_rule() -> None:
    pairs = [(2 * n, 2 * n + 1) for n in range(400)]
    frame = pl.DataFrame(pairs, schema={"id_l": pl.Int64, "id_r": pl.Int64}, orient="row")
    rules = np.full(len(pairs), BIT[NAMES], dtype=np.int64)
    worth = Worth.of(frame, rules, np.full(len(pairs), 0.5), np.zeros(len(pairs), dtype=np.bool_))
    assert worth.largest_block(RULES[NAMES], _members(*([one, other] for one, other in pairs)), 400) == 2


@pytest.mark.parametrize(("match", "is_done_without"), [(0.0, True), (0.1, False)])
def test_a_rule_that_finds_next_to_no_matches_alone_is_done_without(match: float, is_done_without: bool) -> None:
    rules = np.array([BIT[NAMES]] * 100 + [BIT[NAMES] | BIT[MAIL]] * 10, dtype=np.int64)
    matches = np.array([match] * 100 + [0.99] * 10)
    without = wasteful_rules(rules, matches)
    assert (without.get(NAMES) == WASTEFUL) == is_done_without
    assert MAIL not in without
    assert without[PHONE] == UNTRIED
