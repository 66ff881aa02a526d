from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.candidate_links.policy import LinkagePolicy, load_linkage_policy
from cdp_assets.sources.policy_file import PolicyError


def written(folder: Path, text: str) -> Path:
    path = folder / "linkage.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_absent_or_empty_policy_is_the_default(tmp_path: Path) -> None:
    assert load_linkage_policy(None) == LinkagePolicy()
    assert load_linkage_policy(tmp_path / "linkage.yaml") == LinkagePolicy()
    assert load_linkage_policy(written(tmp_path, "# nothing yet\n")) == LinkagePolicy()


def test_the_threshold_follows_from_the_cost_of_a_false_merge() -> None:
    assert LinkagePolicy(false_merge_cost=1).accepted_from() == 0.5
    assert LinkagePolicy(false_merge_cost=9).accepted_from() == pytest.approx(0.9)
    assert LinkagePolicy(false_merge_cost=9, accept_probability=0.7).accepted_from() == 0.7


def test_review_never_begins_above_acceptance() -> None:
    assert LinkagePolicy(accept_probability=0.02).reviewed_from() == 0.02


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "review_probability: 0.1\nfalse_merge_costs: 3",
            "line 2: false_merge_costs: 'false_merge_costs' is not a key here (did you mean",
        ),
        ("accept_probability: 1.5", "line 1: accept_probability"),
        ("retrain:\n  when_grown_by: 0", "line 2: retrain.when_grown_by"),
        ("- a list", "line 1: expected"),
        ("a: [", "line 1"),
    ],
)
def test_a_wrong_policy_says_what_and_where(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(PolicyError, match=r"linkage\.yaml") as refused:
        load_linkage_policy(written(tmp_path, text))
    assert told in str(refused.value)
