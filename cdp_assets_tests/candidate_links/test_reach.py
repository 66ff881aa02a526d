"""What a change can reach is found without keys, and none of those with a key in common is missed."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links.blocking import BLOCKING_RULES, RULES, BlockingRule, keyed
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.reach import _IN_COMMON, Reach
from cdp_assets_tests.candidate_links.frames import odd_town, profiles

ENGINE = DuckDBEngine(threads=1)


@pytest.mark.parametrize(
    "rule", [rule for rule in BLOCKING_RULES if rule.name in _IN_COMMON], ids=lambda rule: rule.name
)
def test_none_that_shares_a_key_is_missed(rule: BlockingRule) -> None:
    for seed in range(3):
        people = odd_town(seed)
        others = people.sample(6, seed=seed)
        with keyed(comparable(people), [rule], ENGINE) as now:
            keys = now.keys(rule)
            is_other = pl.Series(np.isin(now.ids, others["profile_id"].to_numpy())[keys["number"].to_numpy()])
            sharing = keys.filter(pl.col("key").is_in(keys.filter(is_other)["key"].implode()))["number"].unique()
        found = Reach(people).sharing_a_key(others, [rule])
        assert found[sharing.to_numpy()].all()
        assert not found.all()


def test_of_a_rule_that_is_not_named_all_are_in_reach() -> None:
    people = odd_town(1)
    assert Reach(people).sharing_a_key(people.head(1), [RULES["ANY_PAIR"]]).all()


def test_nobody_is_in_reach_of_nobody_and_what_is_missing_is_not_in_common() -> None:
    people = profiles({"first_name": "anna"}, {"first_name": "anna", "postcode": "p1"}, {"postcode": "p1"})
    rules = [RULES["ANY_NAME_AND_POSTCODE"], RULES["SWAPPED_NAMES"], RULES["SAME_EMAIL"]]
    assert not Reach(people).sharing_a_key(people.clear(), rules).any()
    assert not Reach(people).sharing_a_key(people.head(1), rules).any()
    assert Reach(people.clear()).sharing_a_key(people, rules).tolist() == []


def test_carriers_of_a_value_are_found_by_their_rows() -> None:
    people = profiles({"phones": ["+1"]}, {}, {"phones": ["+1", "+2"]}, {"phones": ["+3"]})
    assert Reach(people).carrying("phones", pl.Series(["+2", "+3"])).tolist() == [2, 3]
    assert Reach(people).carrying("phones", pl.Series([], dtype=pl.String)).tolist() == []
