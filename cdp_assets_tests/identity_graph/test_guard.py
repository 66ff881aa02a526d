"""The guard: a resolution beyond declared limits waits for the approval of just that plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cdp_assets.identity_graph.guard import (
    IdentityPolicy,
    PlanRefusedError,
    beyond_limits,
    load_identity_policy,
    require_approval,
)
from cdp_assets.sources.policy_file import PolicyError


def plan(merged: int = 0, split: int = 0, customers: int = 1_000) -> dict[str, Any]:
    return {"plan_id": "p1", "merged": merged, "split": split, "customers_before": customers}


STRICT = IdentityPolicy(largest_merged_share=0.05, largest_split_share=0.01)


def test_without_limits_nothing_is_held() -> None:
    assert not IdentityPolicy().has_limits
    assert beyond_limits(plan(merged=1_000, split=1_000), IdentityPolicy()) == []


def test_each_limit_holds_its_own_kind_of_change() -> None:
    assert beyond_limits(plan(merged=50, split=10), STRICT) == []
    assert beyond_limits(plan(merged=51), STRICT) == ["merged: 51 of 1,000 customers, 5.1%; the limit is 5.0%"]
    assert beyond_limits(plan(split=11), STRICT) == ["split: 11 of 1,000 customers, 1.1%; the limit is 1.0%"]
    assert len(beyond_limits(plan(merged=999, split=999), STRICT)) == 2


def test_a_first_resolution_changes_nobody() -> None:
    assert beyond_limits(plan(customers=0), STRICT) == []


def test_what_is_beyond_a_limit_needs_the_approval_of_that_very_plan() -> None:
    require_approval(plan(merged=50), STRICT, None)
    require_approval(plan(merged=500), STRICT, "p1")
    for approved in (None, "another"):
        with pytest.raises(PlanRefusedError, match=r"merged: 500 of 1,000 customers, 50.0%.*`cdp apply p1`"):
            require_approval(plan(merged=500), STRICT, approved)


def test_limits_are_read_from_the_policy_file(tmp_path: Path) -> None:
    path = tmp_path / "identity.yaml"
    assert load_identity_policy(None) == load_identity_policy(path) == IdentityPolicy()
    path.write_text("largest_merged_share: 0.05\nlargest_split_share: 0.01\n")
    assert load_identity_policy(path) == STRICT
    path.write_text("largest_merge_share: 0.05\n")
    with pytest.raises(PolicyError, match="largest_merged_share"):
        load_identity_policy(path)
