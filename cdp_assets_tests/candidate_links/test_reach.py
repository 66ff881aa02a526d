"""What a change can reach is found without keys, and none of those with a key in common is missed."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links.blocking import BLOCKING_RULES, RULES, BlockingRule, keyed
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.reach import _IN_COMMON, _WITHIN, Reach
from cdp_assets_tests.candidate_links.frames import profiles, town

ENGINE = DuckDBEngine(threads=1)


def odd_town(seed: int) -> pl.DataFrame:
    """A town whose people also leave out and swap names, write dates in several ways, and share mailboxes, phones, cards and companies."""
    rng = np.random.default_rng(seed)
    filled = town(people=120, seed=seed)[0].to_dicts()
    mails = [row["emails"][0] for row in filled if row["emails"]]
    for row in filled:
        del row["profile_id"]
        row["phones"] = [f"{rng.choice(['+44161', '0'])}{rng.integers(40):07d}"] if rng.random() < 0.5 else []
        row["identifiers"] = [f"card={rng.integers(60)}"] if rng.random() < 0.3 else []
        row["probable_emails"] = [str(rng.choice(mails))] if rng.random() < 0.2 else []
        row["company"] = str(rng.choice(["acme", "acme tools"])) if rng.random() < 0.2 else None
        if rng.random() < 0.2 and row["emails"]:
            row["emails"] = sorted({row["emails"][0].replace("mail.", "post."), "no-at-sign", str(rng.choice(mails))})
        if rng.random() < 0.3:
            row["date_of_birth"] = (row["date_of_birth"] or "1980-01-01").replace("-", str(rng.choice(["/", ".", ""])))
        if rng.random() < 0.2:
            row["first_name"], row["last_name"] = row["last_name"], row["first_name"]
        row["first_name_root"] = [row["first_name"], None, "anna"][rng.integers(3)]
        for name in ("first_name", "last_name", "postcode", "street"):
            row[name] = None if rng.random() < 0.1 else row[name]
    return profiles(*filled)


@pytest.mark.parametrize(
    "rule", [rule for rule in BLOCKING_RULES if rule.name in _IN_COMMON], ids=lambda rule: rule.name
)
def test_none_that_shares_a_key_is_missed(rule: BlockingRule) -> None:
    for seed in range(3):
        people = odd_town(seed)
        others = people.sample(6, seed=seed)
        now = keyed(comparable(people), [rule])
        keys = now.keys(rule)
        is_other = pl.Series(np.isin(now.ids, others["profile_id"].to_numpy())[keys["number"].to_numpy()])
        of_others = keys.filter(is_other)["key"]
        found = Reach(people).sharing_a_key(others, [rule])
        assert found[keys.filter(pl.col("key").is_in(of_others.implode()))["number"].to_numpy()].all()
        assert not found.all()
        of_two = of_others.filter(of_others.is_duplicated())
        found_by_two = Reach(people).sharing_a_key(others, [rule], of_two=True)
        assert found_by_two[keys.filter(pl.col("key").is_in(of_two.implode()))["number"].to_numpy()].all()
        assert not (found_by_two & ~found).any()


@pytest.mark.parametrize(("rule", "wider"), _WITHIN.items())
def test_a_rule_that_is_not_asked_reaches_nobody_whom_the_other_does_not(rule: str, wider: str) -> None:
    for seed in range(3):
        people = odd_town(seed)
        found, found_by_the_wider = (
            Reach(people).sharing_a_key(people.sample(6, seed=seed), [RULES[name]]) for name in (rule, wider)
        )
        assert not (found & ~found_by_the_wider).any()
        both = Reach(people).sharing_a_key(people.sample(6, seed=seed), [RULES[rule], RULES[wider]])
        assert (both == found_by_the_wider).all()


def test_what_stands_before_the_at_is_in_common_in_any_letters() -> None:
    people = profiles({"emails": ["zoë.müllör@mail.example"]}, {"emails": ["zoë.müllör@post.example"]})
    assert Reach(people).sharing_a_key(people.head(1), [RULES["SAME_EMAIL_NAME"]]).all()


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
