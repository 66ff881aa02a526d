from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cdp_assets.segments.policy import (
    AllOf,
    AnyOf,
    Has,
    HasConsent,
    HasField,
    Not,
    SegmentsPolicy,
    load_segments_policy,
)
from cdp_assets.sources.policy_file import PolicyError


def load(tmp_path: Path, text: str) -> SegmentsPolicy:
    path = tmp_path / "policies" / "segments.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_segments_policy(path)


def where(tmp_path: Path, condition: str) -> object:
    return load(tmp_path, f"segments:\n  one:\n    where: {condition}\n").segments["one"].where


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(PolicyError) as refused:
        load(tmp_path, text)
    return str(refused.value)


def test_no_file_is_no_segment(tmp_path: Path) -> None:
    assert load_segments_policy(None).segments == {}
    assert load(tmp_path, "").segments == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{has: attended}", Has("attended")),
        ("{never: attended}", Not(Has("attended"))),
        ("{has: Page View}", Has("page_view")),
        ("{has: order}", Has("purchase")),
        (
            "{has: attended, subject: '*data*', since: 2020-01-01, until: 2020-12-31}",
            Has("attended", "*data*", date(2020, 1, 1), date(2020, 12, 31)),
        ),
        ("{field: {country: NO}}", HasField("country", ("no",))),
        ("{field: {country: [US, GB]}}", HasField("country", ("us", "gb"))),
        (
            "{field: {is_known: true, country: US}}",
            AllOf((HasField("is_known", ("true",)), HasField("country", ("us",)))),
        ),
        ("{consent: {purpose: Marketing, channel: phone}}", HasConsent("marketing", "phone")),
        ("{consent: {purpose: marketing}}", HasConsent("marketing", "email")),
        ("{all: [{has: attended}, {not: {has: purchase}}]}", AllOf((Has("attended"), Not(Has("purchase"))))),
        ("{any: [{has: attended}]}", AnyOf((Has("attended"),))),
    ],
)
def test_conditions_are_read(tmp_path: Path, text: str, expected: object) -> None:
    assert where(tmp_path, text) == expected


def test_doubt_excludes_unless_the_segment_says_otherwise(tmp_path: Path) -> None:
    text = "segments:\n  a: {where: {has: x}}\n  b: {where: {has: x}, when_in_doubt: include, about: Somebody}\n"
    segments = load(tmp_path, text).segments
    assert (segments["a"].when_in_doubt, segments["b"].when_in_doubt) == ("exclude", "include")


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{haz: attended}", "'haz' is not a condition (did you mean 'has'?)"),
        ("{has: attended, never: purchase}", "'has' and 'never' are two conditions; write {all: [...]} around them"),
        ("{has: attended, sinse: 2020-01-01}", "did you mean 'since'?"),
        ("{field: {country: US}, since: 2020-01-01}", "'field' takes no 'since'"),
        ("{has: attended, since: soon}", "expected a day, such as 2024-01-31"),
        ("{has: attended, since: 2021-01-01, until: 2020-01-01}", "until is earlier than since"),
        ("{has: attended, subject: ''}", "expected a text in which * stands for anything"),
        ("{has: [attended]}", "expected an activity"),
        ("{all: []}", "expected a list of conditions"),
        ("{all: [{has: attended}, {any: {has: x}}]}", "where.all.1.any: expected a list of conditions"),
        ("{not: attended}", "where.not: expected a condition"),
        ("attended", "expected a condition"),
        ("{}", "expected a condition"),
        ("{field: {contry: US}}", "did you mean 'country'?"),
        ("{field: {customer_id: C1}}", "'customer_id' is not a column that can be asked for"),
        ("{field: {is_known: maybe}}", "expected true or false"),
        ("{field: {country: []}}", "expected a value, or a list of values"),
        ("{field: US}", "expected columns and values"),
        ("{consent: {purpose: marketing, chanel: email}}", "did you mean 'channel'?"),
        ("{consent: {purpose: marketing, channel: emial}}", "did you mean 'email'?"),
        ("{consent: {channel: email}}", "expected a purpose"),
        ("{consent: marketing}", "expected {purpose: marketing, channel: email}"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_with_what_was_expected(
    tmp_path: Path, condition: str, told: str
) -> None:
    refused = refusal(tmp_path, f"segments:\n  one:\n    where: {condition}\n")
    assert refused.startswith("policies/segments.yaml, line 3: segments.one.where")
    assert told in refused


def test_the_line_is_that_of_the_very_part(tmp_path: Path) -> None:
    text = "segments:\n  one:\n    where:\n      all:\n        - has: attended\n        - has: x\n          untill: 2020-01-01\n"
    assert "line 7: segments.one.where.all.1.untill" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("segment: {}\n", "did you mean 'segments'?"),
        ("segments:\n  one:\n    were: {has: x}\n", "did you mean 'where'?"),
        ("segments:\n  one: {about: nobody}\n", "segments.one.where: this key is needed here"),
        ("segments:\n  One Two: {where: {has: x}}\n", "expected a segment name of a-z, 0-9 and _"),
        ("segments:\n  one: {where: {has: x}, when_in_doubt: ask}\n", "expected 'include' or 'exclude'"),
        ("certain_probability: 0.2\n", "certain_probability"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(tmp_path, text)


def test_no_value_of_a_condition_is_repeated_in_an_error(tmp_path: Path) -> None:
    assert "Okafor" not in refusal(tmp_path, "segments:\n  one:\n    where: {field: {last_nam: Okafor}}\n")
