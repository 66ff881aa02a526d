"""A run makes anew only what has changed since the last one, and ends where a run of everything would."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.automation import run_pending
from cdp_assets.candidate_links import assets as linkage_assets
from cdp_assets.candidate_links.models import in_use
from cdp_assets.candidate_links.policy import load_linkage_policy
from cdp_assets.candidate_links.profiles import linkage_profiles
from cdp_assets.candidate_links.scoring import score
from cdp_assets.environment import workspace_from_environment
from cdp_assets.identity_graph import assets as graph_assets
from cdp_assets.identity_graph.clusters import clusters
from cdp_assets.tables import (
    CLUSTERS,
    LINKAGE_MODEL,
    LINKAGE_PROFILES,
    PROBABLE_EMAILS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    SCORED_PAIRS,
    SHARED_IDENTIFIERS,
    TERM_FREQUENCIES,
)
from cdp_assets.workspace import Workspace
from cdp_assets_tests.candidate_links.frames import FIRST, LAST, STREETS, TOWNS

CONTRACT = """
source: crm
kind: profiles
extract: {files: "*.csv"}
delivers: snapshot
may_shrink_by: 0.9
key: id
country: GB
columns: {first_name: First, last_name: Last, email: Email, date_of_birth: DOB, street: Street, city: City, postcode: Zip}
"""
# One model for all runs: what is small is trained anew on each run otherwise, and all pairs with it.
ONE_MODEL = "retrain: {always_below_profiles: 0, when_grown_by: 100}\n"


def people(seed: int, count: int) -> dict[int, str]:
    """Rows of a CRM that has most people twice."""
    rng = np.random.default_rng(seed)
    rows: dict[int, str] = {}
    for _ in range(count):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        home = f"{rng.integers(1, 90)} {rng.choice(STREETS)},{rng.choice(TOWNS)},YO{rng.integers(1, 9)} 3PU"
        mail, born = (
            f"{first}.{last}{rng.integers(900)}@mail.example",
            f"19{rng.integers(50, 99)}-03-{rng.integers(10, 28)}",
        )
        for copy in range(int(rng.integers(1, 4))):
            given = last if not copy or rng.random() < 0.7 else last[:-1]
            rows[len(rows)] = f"{len(rows)},{first},{given},{mail if rng.random() < 0.7 else ''},{born},{home}"
    return rows


def land(home: Path, name: str, rows: dict[int, str], seconds_ago: int) -> None:
    path = home / "landing" / "crm" / name
    path.write_text("\n".join(["id,First,Last,Email,DOB,Street,City,Zip", *rows.values()]) + "\n")
    then = time.time() - seconds_ago
    os.utime(path, (then, then))


def in_full(workspace: Workspace) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scored pairs and clusters as a run of everything would make them from the tables that there are; profiles are held against them."""
    lake = workspace.lake
    made = linkage_profiles(
        lake.read(RECORD_VERSIONS), lake.read(SHARED_IDENTIFIERS), set(), lake.read(PROBABLE_EMAILS)
    )
    for table, frame in zip((LINKAGE_PROFILES, PROFILE_MEMBERS), made, strict=True):
        assert lake.read(table).equals(frame)
    model = in_use(
        lake.read(LINKAGE_MODEL), lake.read(TERM_FREQUENCIES), load_linkage_policy(workspace.policy_file("linkage"))
    )
    assert model is not None
    profiles = lake.read(LINKAGE_PROFILES)
    pairs = score(profiles, model)
    records = lake.read(RECORD_VERSIONS, columns=["record_id", "source"]).unique()
    grouped = clusters(pairs, lake.read(PROFILE_MEMBERS), records, workspace.ledger.judgements(), (), profiles=profiles)
    return pairs, grouped


def never(*_given: Any, **_more: Any) -> None:
    raise AssertionError("everything is made anew, although little has changed")


@pytest.mark.slow
@pytest.mark.usefixtures("pictures_left_out")
def test_runs_that_follow_each_other_end_where_a_run_of_everything_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("contracts", "policies", "landing/crm"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "contracts" / "crm.yaml").write_text(CONTRACT)
    (tmp_path / "policies" / "linkage.yaml").write_text(ONE_MODEL)
    rows = people(5, 60)
    land(tmp_path, "1.csv", {at: row for at, row in rows.items() if at % 4}, 900)
    workspace = workspace_from_environment(tmp_path)
    assert not run_pending(workspace, lambda _line: None).problems
    before = workspace.lake.read(SCORED_PAIRS)
    with monkeypatch.context() as patched:
        patched.setattr(linkage_assets, "profiles_of", never)
        patched.setattr(linkage_assets, "score", never)
        patched.setattr(graph_assets, "clusters_of", never)
        land(tmp_path, "2.csv", {at: row for at, row in rows.items() if at % 7}, 600)
        assert not run_pending(workspace, lambda _line: None).problems
        after = workspace.lake.read(SCORED_PAIRS)
        assert after.height > before.height
        assert after["model_version"].unique().to_list() == [before["model_version"][0]]
        pairs, grouped = in_full(workspace)
        assert after.equals(pairs)
        assert workspace.lake.read(CLUSTERS).equals(grouped)
        one, other = grouped.filter(pl.col("cluster_id").is_duplicated())["record_id"].head(2)
        workspace.ledger.add_judgement(
            one,
            other,
            "different",
            judged_by="ada",
            now=datetime(2026, 1, 1, tzinfo=UTC),
        )
    with monkeypatch.context() as patched:
        # Other thresholds are another basis: everything is decided anew.
        (tmp_path / "policies" / "linkage.yaml").write_text(ONE_MODEL + "review_probability: 0.2\n")
        land(tmp_path, "3.csv", rows, 300)
        assert not run_pending(workspace, lambda _line: None).problems
    pairs, grouped = in_full(workspace)
    assert workspace.lake.read(SCORED_PAIRS).equals(pairs)
    assert workspace.lake.read(CLUSTERS).equals(grouped)
