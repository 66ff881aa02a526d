from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.golden_records.policy import (
    DEFAULT_RULES,
    SURVIVING,
    load_consent_policy,
    load_survivorship_policy,
)
from cdp_assets.sources.policy_file import PolicyError


def written(tmp_path: Path, name: str, text: str) -> Path:
    folder = tmp_path / "policies"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def survivorship(tmp_path: Path, text: str) -> str:
    with pytest.raises(PolicyError) as refused:
        load_survivorship_policy(written(tmp_path, "survivorship", text))
    return str(refused.value)


def consent(tmp_path: Path, text: str) -> str:
    with pytest.raises(PolicyError) as refused:
        load_consent_policy(written(tmp_path, "consent", text))
    return str(refused.value)


@pytest.mark.parametrize("text", [None, "", "# nothing said\n", "fields:\n"])
def test_no_file_and_an_empty_one_mean_the_defaults(tmp_path: Path, text: str | None) -> None:
    path = None if text is None else written(tmp_path, "survivorship", text)
    policy = load_survivorship_policy(path)
    assert {field: policy.rules_for(field) for field in SURVIVING} == dict(DEFAULT_RULES)


def test_a_path_without_a_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_consent_policy(tmp_path / "policies" / "consent.yaml").marketing_purposes == ("marketing",)


def test_a_default_in_the_file_stands_for_every_field_it_does_not_name(tmp_path: Path) -> None:
    text = "fields:\n  default: [longest]\n  company: most_frequent\n"
    policy = load_survivorship_policy(written(tmp_path, "survivorship", text))
    assert policy.rules_for("company") == ("most_frequent",)
    assert policy.rules_for("address") == ("longest",)


def test_a_field_without_a_default_in_the_file_keeps_the_built_in_rules(tmp_path: Path) -> None:
    policy = load_survivorship_policy(written(tmp_path, "survivorship", "fields: {company: [longest]}\n"))
    assert policy.rules_for("company") == ("longest",)
    assert policy.rules_for("name") == DEFAULT_RULES["name"]


def test_a_part_of_a_name_stands_for_the_whole(tmp_path: Path) -> None:
    policy = load_survivorship_policy(written(tmp_path, "survivorship", "fields: {last_name: [longest]}\n"))
    assert policy.rules_for("name") == ("longest",)


def test_parts_of_one_whole_can_not_have_different_rules(tmp_path: Path) -> None:
    text = "fields:\n  street: [longest]\n  city: [first_seen]\n"
    assert "policies/survivorship.yaml, line 3: fields.city: address survives as a whole" in survivorship(
        tmp_path, text
    )


def test_an_unknown_field_is_named_with_its_line_and_the_nearest_known(tmp_path: Path) -> None:
    told = survivorship(tmp_path, "fields:\n  default: [longest]\n  emial: [most_recent]\n")
    assert told.startswith("policies/survivorship.yaml, line 3: fields.emial: 'emial' is not a field")
    assert "did you mean 'email'?" in told


def test_an_unknown_rule_is_named_with_its_line_and_the_nearest_known(tmp_path: Path) -> None:
    told = survivorship(tmp_path, "fields:\n  email:\n    - most_recent\n    - most_trustd\n")
    assert "line 4" in told
    assert "did you mean 'most_trusted'?" in told


def test_a_rule_twice_and_an_empty_list_are_refused(tmp_path: Path) -> None:
    assert "stands twice" in survivorship(tmp_path, "fields: {email: [longest, longest]}\n")
    assert "expected a list of rules" in survivorship(tmp_path, "fields: {email: []}\n")


def test_every_problem_of_a_file_is_told_in_its_order(tmp_path: Path) -> None:
    told = survivorship(tmp_path, "field: {}\nfields:\n  emial: [longest]\n").splitlines()
    assert [line.split(":")[0] for line in told] == [
        "policies/survivorship.yaml, line 1",
        "policies/survivorship.yaml, line 3",
    ]
    assert "did you mean 'fields'?" in told[0]


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "fields: [a\n", "fields:\n\t- x\n", "a: 1\na: 2\n"])
def test_what_is_no_policy_at_all_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    assert "policies/survivorship.yaml, line" in survivorship(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "consent", "")
    path.write_bytes(b"default_state: \xff\xfe")
    with pytest.raises(PolicyError, match="UTF-8"):
        load_consent_policy(path)


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="not readable"):
        load_consent_policy(tmp_path)


def test_consent_is_never_assumed(tmp_path: Path) -> None:
    assert "silence is not consent" in consent(tmp_path, "default_state: given\n")


def test_an_unknown_state_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    assert "expected 'unknown' or 'withdrawn'" in consent(tmp_path, "default_state: maybe\n")


def test_a_purpose_needs_consent_or_it_does_not(tmp_path: Path) -> None:
    assert "'billing' is a service purpose as well" in consent(tmp_path, "marketing_purposes: [billing]\n")


def test_purposes_are_read_as_delivered_ones_are(tmp_path: Path) -> None:
    text = "marketing_purposes: [Product News, marketing, marketing]\n"
    policy = load_consent_policy(written(tmp_path, "consent", text))
    assert policy.marketing_purposes == ("product_news", "marketing")


@pytest.mark.parametrize("text", ["marketing_purposes: {a: b}\n", "marketing_purposes: ['']\n"])
def test_purposes_that_are_no_list_of_words_are_refused(tmp_path: Path, text: str) -> None:
    assert "expected a list of purposes" in consent(tmp_path, text)
