"""What the checks of the clusters ask: counts, no value.

What does not belong here: making clusters (``clusters.py``), bounds (``policy.py``).
"""

from __future__ import annotations

import polars as pl


def misplaced_records(records: pl.DataFrame, clustered: pl.DataFrame) -> dict[str, int]:
    """Records ``in_no_cluster`` and ``in_several``, and ``unknown`` ones that are in one.

    ``records``: ``record_id`` of all that have ever been delivered, each once; ``clustered``: ``record_id`` of ``clusters``.
    """
    return {
        "in_no_cluster": records.join(clustered, on="record_id", how="anti").height,
        "in_several": clustered.height - clustered.n_unique(),
        "unknown": clustered.join(records, on="record_id", how="anti").height,
    }


def distinct_in_the_largest(clustered: pl.DataFrame, members: pl.DataFrame) -> int:
    """The most different sets of values that one cluster has; of each cluster no more than it has records.

    ``clustered``: ``record_id`` and ``cluster_id``; ``members``: ``candidate_links/profile_members``.
    """
    by_cluster = (
        clustered.join(members, on="record_id")
        .group_by("cluster_id")
        .agg(pl.min_horizontal(pl.col("profile_id").n_unique(), pl.col("record_id").n_unique()).alias("distinct"))
    )
    return int(by_cluster["distinct"].max() or 0)  # type: ignore[arg-type]
