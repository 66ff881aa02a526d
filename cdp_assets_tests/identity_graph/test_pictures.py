from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets.identity_graph.pictures import (
    cluster_size_chart,
    cluster_sizes,
    identity_changes_chart,
    plan_chart,
)
from cdp_assets.steward.plan_picture import PictureError, draw_plan
from cdp_assets.steward.plan_text import PlanFacts
from cdp_assets.tables import IDENTITY_CHANGES
from cdp_assets_tests.identity_graph.frames import cluster_frame, day


def rows_of(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that a chart draws, wherever Altair keeps them."""
    (rows,) = chart["datasets"].values() if "datasets" in chart else [chart["data"]["values"]]
    return rows  # type: ignore[no-any-return]


def test_the_histogram_counts_customers_by_their_records_and_ends_with_an_open_bin() -> None:
    large = " ".join(f"crm/{n}" for n in range(33))
    clusters = cluster_frame("s/a s/b", "s/c s/d", "s/e", large)
    assert cluster_sizes(clusters).rows() == [(1, 1), (2, 2), (20, 1)]
    chart = cluster_size_chart(clusters)
    assert [row["label"] for row in rows_of(chart)] == ["1", "2", "20 or more"]
    assert "crm/" not in json.dumps(chart)


def test_the_changes_are_counted_by_resolution_and_kind() -> None:
    rows = [
        (f"id{n}", resolution, at, change, "CONE", "CTWO", 1, "new records", "crm/dana", "crm/b", 1.0)
        for n, (resolution, at, change) in enumerate(
            [("r1", day(0), "created"), ("r1", day(0), "created"), ("r2", day(1), "merged")]
        )
    ]
    frame = pl.DataFrame(rows, schema=IDENTITY_CHANGES.schema, orient="row")
    chart = identity_changes_chart(frame)
    assert [(row["change"], row["changes"]) for row in rows_of(chart)] == [("created", 2), ("merged", 1)]
    assert "dana" not in json.dumps(chart)
    assert "CONE" not in json.dumps(chart)


PLAN = {
    "subject": "the next resolution", "customers_before": 2_000, "customers_after": 1_975, "changed_customers": 50,
    "merged": 30, "split": 5, "created": 0, "retired": 1, "revived": 0,
    "links_before": 4_000, "links_gained": 44, "links_lost": 2,
}  # fmt: skip
EFFECTS = {
    "golden_values_changed": 1_307,
    "contacts_gained": 0,
    "contacts_lost": 7,
    "members_gained": 28,
    "members_lost": 9,
}


def parts_of(chart: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What each part of the picture says: its title, then words and numbers beside their bars."""
    return {
        part["title"]["text"]: {
            row["what"]: row["said"] for row in chart["datasets"][(part.get("data") or chart["data"])["name"]]
        }
        for part in chart["vconcat"]
    }


def test_the_picture_of_a_plan_says_every_count_and_of_how_many_it_is() -> None:
    assert parts_of(plan_chart(PLAN, EFFECTS)) == {
        "customers": {
            "merged into another": "30 (1.5%)", "split off": "5 (0.2%)", "created": "0", "retired": "1 (below 0.1%)", "revived": "0",
        },
        "accepted links": {"more": "44 (1.1%)", "fewer": "2 (below 0.1%)"},
        "values of golden records": {"changed": "1,307"},
        "contacts (address and purpose)": {"more": "0", "fewer": "7"},
        "memberships of segments": {"more": "28", "fewer": "9"},
    }  # fmt: skip


def test_the_picture_of_a_plan_leaves_out_what_is_not_known() -> None:
    blind = {**PLAN, "links_before": None, "links_gained": None, "links_lost": None}
    assert list(parts_of(plan_chart(blind))) == ["customers"]


def test_the_picture_of_a_plan_is_written_as_it_is_named(tmp_path: Path) -> None:
    found = PlanFacts(PLAN, (), EFFECTS)
    draw_plan(found, tmp_path / "plan.svg")
    assert "memberships of segments" in (tmp_path / "plan.svg").read_text()
    draw_plan(found, tmp_path / "plan.png")
    assert (tmp_path / "plan.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(PictureError, match=r"as \.svg or \.png"):
        draw_plan(found, tmp_path / "plan.pdf")
    with pytest.raises(PictureError, match="does not exist"):
        draw_plan(found, tmp_path / "nowhere" / "plan.svg")
