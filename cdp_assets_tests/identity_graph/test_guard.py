"""The guard: a resolution beyond declared limits waits for the approval of just that plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets.identity_graph.guard import (
    IdentityPolicy,
    PlanRefusedError,
    beyond_limits,
    follows_only_erasures,
    load_identity_policy,
    require_approval,
)
from cdp_assets.sources.policy_file import PolicyError
from cdp_assets_tests.identity_graph.frames import day


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


def erasures(*certificates: dict[str, Any] | None) -> pl.DataFrame:
    """Erasures that were finished a day after the other; None: one that goes on."""
    rows = [(None, None) if said is None else (day(n), json.dumps(said)) for n, said in enumerate(certificates, 1)]
    schema = {"finished_at": pl.Datetime("us", "UTC"), "certificate": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_a_resolution_follows_only_erasures_where_a_certificate_since_the_last_one_knows_its_inputs() -> None:
    only = {"resolution": {"follows_nothing_else": True, "inputs": "h2"}}
    mixed = {"resolution": {"follows_nothing_else": False, "inputs": "h2"}}
    former = {"erasure_id": "of a release that did not say"}
    last = {"resolved_at": day(1)}
    assert follows_only_erasures(erasures(former, only, None), last, "h2")
    assert not follows_only_erasures(erasures(only), last, "h3")  # something has arrived since
    assert not follows_only_erasures(erasures(only), {"resolved_at": day(2)}, "h2")  # a resolution knows it already
    assert not follows_only_erasures(erasures(only), None, "h2")
    for others in ((), (mixed,), (former,), (None,)):
        assert not follows_only_erasures(erasures(*others), last, "h2")
