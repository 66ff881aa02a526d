from __future__ import annotations

import json
from typing import Any

import polars as pl

from cdp_assets.identity_graph.pictures import cluster_size_chart, cluster_sizes, identity_changes_chart
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
