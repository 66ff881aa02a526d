"""Scored pairs beside known truth: which are one person, and how many pairs of one person were never scored.

Pairs of linkage profiles, because those are what the model decides; accuracy of customers is in ``accuracy.py``.
"""

from __future__ import annotations

import polars as pl


def pairs_by_truth(
    scored_pairs: pl.DataFrame, profile_members: pl.DataFrame, truth: pl.DataFrame
) -> tuple[pl.DataFrame, float]:
    """Scored pairs with ``match_weight``, ``is_same`` and ``stands_for`` (1), and how many true pairs are not among them.

    ``truth``: ``record_id``, ``entity_id``. A profile whose records are of several people, or of one that is not known, is left out.
    """
    person = (
        profile_members.join(truth.select("record_id", "entity_id"), on="record_id", how="left")
        .group_by("profile_id")
        .agg(pl.col("entity_id").n_unique().alias("people"), pl.col("entity_id").first())
        .filter(pl.col("people") == 1)
        .drop_nulls("entity_id")
        .select("profile_id", "entity_id")
    )
    pairs = (
        scored_pairs.select("profile_id_l", "profile_id_r", "match_weight")
        .join(person.rename({"profile_id": "profile_id_l", "entity_id": "one"}), on="profile_id_l")
        .join(person.rename({"profile_id": "profile_id_r", "entity_id": "other"}), on="profile_id_r")
        .select("match_weight", (pl.col("one") == pl.col("other")).alias("is_same"), pl.lit(1.0).alias("stands_for"))
    )
    sizes = person.group_by("entity_id").len("profiles").get_column("profiles").cast(pl.Int64)
    true = int((sizes * (sizes - 1) // 2).sum())
    return pairs, float(true - int(pairs.get_column("is_same").sum()))
