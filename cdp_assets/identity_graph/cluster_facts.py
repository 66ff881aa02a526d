"""What the checks of the clusters ask: counts, no value.

What does not belong here: making clusters (``clusters.py``), bounds (``policy.py``).
"""

from __future__ import annotations

import polars as pl

_MANY_RECORDS = 20
"""Few clusters of a million records hold so many, and one as a rule that many different ones."""


def misplaced_records(records: pl.DataFrame, clustered: pl.DataFrame) -> dict[str, int]:
    """Records ``in_no_cluster`` and ``in_several``, and ``unknown`` ones that are in one.

    ``records``: ``record_id`` of all that have ever been delivered, each once; ``clustered``: ``record_id`` of ``clusters``.
    """
    if records.equals(clustered):  # both are in order, so that this says as a rule all there is to say
        return {"in_no_cluster": 0, "in_several": 0, "unknown": 0}
    return {
        "in_no_cluster": records.join(clustered, on="record_id", how="anti").height,
        "in_several": clustered.height - clustered.n_unique(),
        "unknown": clustered.join(records, on="record_id", how="anti").height,
    }


def distinct_in_the_largest(clustered: pl.DataFrame, members: pl.DataFrame) -> int:
    """The most different sets of values that one cluster has; of each cluster no more than it has records.

    Clusters of many records are looked into first, and then those that may hold more.
    ``clustered``: ``record_id`` and ``cluster_id``; ``members``: ``candidate_links/profile_members``.
    """
    sizes = clustered.get_column("cluster_id").value_counts()

    def most(least: int) -> int:
        many = sizes.filter(pl.col("count") >= least).get_column("cluster_id")
        held = clustered.filter(pl.col("cluster_id").is_in(many.implode())).select("record_id", "cluster_id")
        of_many = members.join(held, on="record_id").group_by("cluster_id")
        distinct = of_many.agg(pl.min_horizontal(pl.col(name).n_unique() for name in ("profile_id", "record_id")))
        return int(distinct.to_series(1).max() or 0)  # type: ignore[arg-type]

    found = most(_MANY_RECORDS)
    return found if found >= _MANY_RECORDS else max(found, most(found + 1))
