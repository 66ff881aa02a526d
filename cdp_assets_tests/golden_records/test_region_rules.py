from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from cdp_assets.golden_records.policy import ConsentPolicy, load_consent_policy
from cdp_assets.golden_records.region_rules import (
    REGION_RULES,
    UNKNOWN,
    RegionRule,
    days_of,
    ends_of_validity,
    rule_frame,
    strictest,
)
from cdp_assets.sources.policy_file import PolicyError
from cdp_assets_tests.golden_records.builders import moment


def policy(tmp_path: Path, text: str) -> ConsentPolicy:
    path = tmp_path / "policies" / "consent.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_consent_policy(path)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(PolicyError) as problem:
        policy(tmp_path, text)
    return str(problem.value)


def test_of_two_rules_each_part_is_the_stricter() -> None:
    one, other = RegionRule(frozenset({"email", "post"}), "ignored", 30), RegionRule(frozenset({"email"}), "required")
    assert one.and_also(other) == other.and_also(one) == RegionRule(frozenset({"email"}), "required", 30)


def test_the_strictest_satisfies_every_rule() -> None:
    whole = strictest(REGION_RULES.values())
    assert all(rule.and_also(whole) == whole for rule in REGION_RULES.values())
    assert whole.opt_out_channels == frozenset()


def test_only_the_laws_that_say_so_allow_silence_and_only_by_mail() -> None:
    assert {region for region, rule in REGION_RULES.items() if rule.opt_out_channels} == {"US", "SG"}
    assert {channel for rule in REGION_RULES.values() for channel in rule.opt_out_channels} == {"email"}


def test_by_default_nobody_may_be_contacted_who_was_not_asked() -> None:
    assert not [rule for rule in ConsentPolicy().region_rules.values() if rule.opt_out_channels]


def test_an_unknown_region_has_the_strictest_rule_of_all(tmp_path: Path) -> None:
    made = policy(
        tmp_path, "use_opt_out: true\nregions:\n  DE: {double_opt_in: required}\n  FR: {expires_after: 3 years}\n"
    )
    unknown = rule_frame(made.region_rules).filter(pl.col("region") == UNKNOWN).row(0, named=True)
    assert unknown == {"region": UNKNOWN, "opt_out_channels": [], "double_opt_in": 2, "expires_after": 1095}


def test_a_workspace_overrules_a_region_part_by_part(tmp_path: Path) -> None:
    text = "use_opt_out: true\nexpires_after: 24 months\nregions:\n  US: {opt_out_channels: []}\n  BR: {double_opt_in: ignored}\n"
    rules = policy(tmp_path, text).region_rules
    assert rules["US"] == RegionRule(frozenset(), "honoured", 730)
    assert rules["SG"] == RegionRule(frozenset({"email"}), "honoured", 730)
    assert rules["BR"] == RegionRule(frozenset(), "ignored", 730)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "regions:\n  XX: {double_opt_in: required}\n",
            "line 2: regions.XX: expected a region: a country's two letters",
        ),
        ("regions:\n  US: {opt_out_channels: [fax]}\n", "'fax' is not a channel"),
        ("expires_after: soon\n", "line 1: expires_after: expected a period"),
        ("double_opt_in: perhaps\n", "expected 'ignored', 'honoured' or 'required'"),
        ("regions:\n  DE: {duble_opt_in: required}\n", "did you mean 'double_opt_in'"),
    ],
)
def test_what_no_rule_can_be_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("90 days", 90),
        ("2 weeks", 14),
        ("1 month", 30),
        ("24 months", 730),
        ("3 years", 1095),
        ("0 days", None),
        ("soon", None),
    ],
)
def test_a_period_is_so_many_days(period: str, days: int | None) -> None:
    assert days_of(period) == days


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ("P1Y", "2022-01-01"),
        ("P12M", "2022-01-01"),
        ("P30D", "2021-01-31"),
        ("2021-06-01", "2021-06-02"),
        ("unreadable", "2021-01-01"),
    ],
)
def test_a_validity_ends_as_its_source_says_and_what_nobody_can_read_has_ended(said: str, ends: str) -> None:
    since = pl.Series([moment("2021")], dtype=pl.Datetime("us", "UTC"))
    assert ends_of_validity(pl.Series([said]), since).to_list() == [moment(ends)]
