from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cdp_assets.candidate_links import blocking
from cdp_assets.candidate_links.blocking import (
    ALL_LATIN,
    BLOCKING_RULES,
    RULES,
    Blocks,
    Caps,
    candidate_pairs,
    keyed,
    pairs_within,
    report_within,
)
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.studied_pairs import trained_on
from cdp_assets_tests.candidate_links.frames import profiles


def found(*rows: dict[str, Any], policy: LinkagePolicy | None = None) -> Blocks:
    return candidate_pairs(comparable(profiles(*rows)), policy or LinkagePolicy())


def rules_of(blocks: Blocks) -> dict[tuple[int, int], set[str]]:
    return {
        (left, right): {name for bit, name in enumerate(RULES) if rules & (1 << bit)}
        for left, right, rules in blocks.pairs.iter_rows()
    }


@pytest.mark.parametrize(
    ("rule", "left", "right"),
    [
        ("SAME_EMAIL", {"emails": ["a@x.example", "b@x.example"]}, {"emails": ["b@x.example"]}),
        ("SAME_PROBABLE_EMAIL", {"probable_emails": ["b@x.example"]}, {"emails": ["a@x.example", "b@x.example"]}),
        ("SAME_PHONE", {"phones": ["+1", "+2"]}, {"phones": ["+2"]}),
        ("SAME_IDENTIFIER", {"identifiers": ["card=7"]}, {"identifiers": ["card=7"]}),
        ("SAME_EMAIL_NAME", {"emails": ["dana.k@x.example"]}, {"emails": ["dana.k@y.example"]}),
        ("SAME_PHONE_ENDING", {"phones": ["+13125551234"]}, {"phones": ["5551234"]}),
        ("SWAPPED_NAMES", {"first_name": "anna", "last_name": "adler"}, {"first_name": "adler", "last_name": "anna"}),
        ("ANY_NAME_AND_BIRTH_DATE", {"last_name": "anna", "date_of_birth": "1980-05-17"}, {"first_name": "anna", "date_of_birth": "1980-05-17"}),
        ("ANY_NAME_AND_POSTCODE", {"first_name": "anna", "postcode": "y1"}, {"last_name": "anna", "postcode": "y1"}),
        ("SAME_BIRTH_DATE", {"date_of_birth": "1980-05-17"}, {"date_of_birth": "1980-05-17"}),
        ("BIRTH_DAY_AND_POSTCODE", {"date_of_birth": "1980-05-17", "city": "york"}, {"date_of_birth": "1990-05-17", "city": "york"}),
        ("NAME_BEGINNINGS_AND_BIRTH_DAY", {"first_name": "anna", "last_name": "kovalenko", "date_of_birth": "1949-05-17"}, {"first_name": "ana", "last_name": "kowalenko", "date_of_birth": "1994-05-17"}),
        ("NAME_BEGINNINGS_AND_BIRTH_DAY", {"first_name": "julia", "last_name": "kovalenko", "date_of_birth": "1949-05-17"}, {"first_name": "yulia", "last_name": "kovalenka", "date_of_birth": "1994-05-17"}),
        ("NAME_BEGINNINGS_AND_CITY", {"first_name": "anna", "last_name": "kovalenko", "city": "york"}, {"first_name": "ana", "last_name": "kowalenko", "city": "york"}),
        ("NAME_BEGINNINGS", {"first_name": "marianne", "last_name": "kovalenko"}, {"first_name": "mariane", "last_name": "kovalenka"}),
        ("INITIALS_AND_PART_OF_PHONE", {"first_name": "anna", "last_name": "adler", "phones": ["+13125551234"]}, {"first_name": "ana", "last_name": "adlre", "phones": ["+13125651234"]}),
        ("INITIALS_AND_PART_OF_PHONE", {"first_name": "anna", "last_name": "adler", "phones": ["+13125551234"]}, {"first_name": "ana", "last_name": "adlre", "phones": ["+13125551284"]}),
        ("SAME_COMPANY", {"company": "acme"}, {"company": "acme"}),
        ("SAME_ADDRESS", {"street": "mill lane", "house_number": "4", "city": "york"}, {"street": "mill lane", "house_number": "4", "city": "york"}),
    ],
)  # fmt: skip
def test_each_rule_finds_its_pair(rule: str, left: dict[str, Any], right: dict[str, Any]) -> None:
    assert rule in rules_of(found(left, right))[1, 2]


UNLIKE = ({"first_name": "anna", "city": "york"}, {"first_name": "hugo", "city": "leeds"}, {"first_name": "rosa"})


def test_unlike_profiles_are_paired_where_there_are_so_few_that_all_are() -> None:
    assert rules_of(found(*UNLIKE[:2])) == {(1, 2): {"ANY_PAIR"}}


def test_records_that_are_too_many_to_compare_all_say_so_and_nothing_is_left_out() -> None:
    row = {"first_name": "anna", "city": "york"}
    report = {r.rule: r for r in found(*[row] * 6, policy=LinkagePolicy(max_block=2)).reports}["ANY_PAIR"]
    assert (report.cap, report.why_not, report.dropped_pairs) == (0, blocking.TOO_MANY, 0)


def test_estimation_does_not_learn_from_pairs_that_nothing_joins() -> None:
    pairs = found(*UNLIKE, {"first_name": "anna", "city": "york"}).pairs
    assert len(pairs) == 6
    assert trained_on(pairs).select("id_l", "id_r").rows() == [(1, 4)]


def test_the_first_of_january_is_no_birth_day() -> None:
    row = {"city": "york"}
    pairs = rules_of(found({**row, "date_of_birth": "1980-01-01"}, {**row, "date_of_birth": "1990-01-01"}))
    assert "BIRTH_DAY_AND_POSTCODE" not in pairs.get((1, 2), set())


def test_what_two_short_phones_lack_is_nothing_in_common() -> None:
    row = {"first_name": "anna", "last_name": "adler"}
    pairs = rules_of(found({**row, "phones": ["112"]}, {**row, "phones": ["987"]}))
    assert "INITIALS_AND_PART_OF_PHONE" not in pairs[1, 2]


def test_a_junk_value_is_refined_then_left_out_and_reported() -> None:
    rows: list[dict[str, Any]] = [
        {"first_name": f"f{at}x", "last_name": f"{chr(97 + at % 26)}{chr(97 + at // 26)}{at}", "phones": ["+4400"]}
        for at in range(100)
    ]
    rows += [{"phones": ["+4400"]} for _ in range(30)]
    blocks = found(
        *rows, {"first_name": "f0x", "last_name": "aa0", "phones": ["+4400"]}, policy=LinkagePolicy(max_block=10)
    )
    report = {r.rule: r for r in blocks.reports}["SAME_PHONE"]
    assert (report.refined_blocks, report.dropped_blocks) == (1, 1)
    assert (report.dropped_records, report.dropped_pairs) == (30, 30 * 29 // 2)
    assert "SAME_PHONE" in rules_of(blocks)[1, 131]  # the same name behind the junk phone is still found
    assert len(blocks.pairs) < 500


def test_all_rules_together_keep_to_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "MIN_PAIRS", 50)
    rows = [
        {"first_name": "anna", "last_name": f"l{at // 5}", "date_of_birth": "1980-05-17", "city": "york"}
        for at in range(60)
    ]
    blocks = found(*rows, policy=LinkagePolicy(max_pairs_per_profile=10))
    assert {report.rule: report.pairs for report in blocks.reports}["SAME_NAMES_AND_BIRTH_DATE"] == 12 * 10
    assert len(blocks.pairs) <= 600
    monkeypatch.setattr(blocking, "LEAST_SHARE", 1.1)
    spent = found(*rows, policy=LinkagePolicy(max_pairs_per_profile=10))
    assert {report.cap for report in spent.reports} == {0}
    assert spent.pairs.is_empty()


def test_pairs_do_not_depend_on_rows_or_threads(town_profiles: pl.DataFrame) -> None:
    frame = comparable(town_profiles)
    one = candidate_pairs(frame, LinkagePolicy())
    other = candidate_pairs(frame.sample(fraction=1.0, shuffle=True, seed=3), LinkagePolicy())
    assert one.pairs.equals(other.pairs)
    assert one.reports == other.reports


def test_every_rule_gives_a_profile_each_of_its_keys_once() -> None:
    """Pairs are made of blocks: a profile that stood in one twice would be paired with itself."""
    told = ["anna", "anna smith", "a", None]
    rows: list[dict[str, Any]] = [
        {
            "first_name": first, "first_name_root": root, "last_name": last, "date_of_birth": "1980-05-17",
            "last_name_script": "cyrillic",
            "street": "mill lane", "house_number": "4", "city": "york", "postcode": "york", "company": "mill lane",
            "emails": ["anna.k@x.example", "anna.k@y.example"], "phones": ["+13125551234", "5551234"], "identifiers": ["card=7"],
        }
        for first in told for root in ("anna", None) for last in told
    ]  # fmt: skip
    frame = comparable(profiles(*rows))
    known = keyed(frame, BLOCKING_RULES)
    for rule in BLOCKING_RULES:
        keys = known.keys(rule)
        assert keys.is_empty() == (rule.name == "SAME_PROBABLE_EMAIL"), rule.name
        assert not keys.is_duplicated().any(), rule.name


def test_under_the_caps_that_it_planned_blocking_finds_and_reports_the_same(town_profiles: pl.DataFrame) -> None:
    frame, policy = comparable(town_profiles), LinkagePolicy(max_block=3)
    blocks = candidate_pairs(frame, policy)
    caps = {one.rule: Caps(one.cap, one.finer_cap) for one in blocks.reports}
    assert pairs_within(frame, policy, caps).equals(blocks.pairs)
    again = {one.rule: one for one in report_within(frame, policy, caps)}
    used = [one for one in blocks.reports if one.cap]
    assert (
        again.keys() == {one.rule for one in used} == {one.rule for one in blocks.reports} - {"ANY_PAIR", "SAME_SOUNDS"}
    )
    for one in used:
        assert (again[one.rule].sizes, again[one.rule].refined_blocks) == (one.sizes, one.refined_blocks)
        assert again[one.rule].pairs >= one.pairs  # a pair counts once for each block that it stands in
    assert sum(one.refined_blocks for one in blocks.reports) > 0


def test_names_in_other_letters_are_brought_together_by_sound_and_only_where_there_are_any() -> None:
    latin = {"first_name": "muhammad", "last_name": "al masri"}
    arabic = {"first_name": "al msry", "last_name": "mhmd"}  # swapped, too
    written = {"first_name_script": "arabic", "last_name_script": "arabic"}
    bit = [rule.name for rule in BLOCKING_RULES].index("SAME_SOUNDS")

    def found(*rows: dict[str, str]) -> list[tuple[int, int]]:
        pairs = candidate_pairs(comparable(profiles(*rows)), LinkagePolicy()).pairs
        by_sound = pairs.filter(pl.col("rules").and_(1 << bit) != 0)
        return by_sound.select("id_l", "id_r").rows()

    assert found(latin, arabic | written, {"first_name": "anna", "last_name": "adler"}) == [(1, 2)]
    assert found(latin, arabic) == []
    reports = candidate_pairs(comparable(profiles(latin, arabic)), LinkagePolicy()).reports
    assert [one.why_not for one in reports if one.rule == "SAME_SOUNDS"] == [ALL_LATIN]
