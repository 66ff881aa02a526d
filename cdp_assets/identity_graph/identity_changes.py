"""What a resolution did to customers: created, merged, split, retired, revived, and why.

One row per former customer and the customer that its records went to. New records that join a customer change what is
known of them, not who they are, and stand nowhere here. Only the changes of one resolution are returned; keeping history
is the caller's work.

What does not belong here: deciding any of it (``clusters.py``, ``customer_ids.py``).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.differences import come_or_gone
from cdp_assets.candidate_links.ordered import rows_with
from cdp_assets.identity_graph.fingerprints import short_hashes
from cdp_assets.identity_graph.lineage import MERGED, RETIRED
from cdp_assets.judgements import Judgement, joined, judged, judgements_in_force
from cdp_assets.tables import IDENTITY_CHANGES, MOMENT

NEW_RECORDS, NEW_EVIDENCE, JUDGEMENT, MODEL = "new records", "new evidence", "judgement", "model"
DELETION, ERASURE = "deletion", "erasure"

_WHOSE = ["record_id", "customer_id"]

# What joins two records, the most telling first.
_BY_JUDGEMENT, _BY_PROFILE, _BY_LINK = 0, 1, 2


def identity_changes(
    previous_customer_ids: pl.DataFrame,
    customer_ids: pl.DataFrame,
    lineage: pl.DataFrame,
    *,
    scored_pairs: pl.DataFrame,
    profile_members: pl.DataFrame,
    judgements: pl.DataFrame,
    resolution_id: str,
    now: datetime,
    model_changed: bool = False,
    only_erased: bool = False,
) -> pl.DataFrame:
    """Changes between two resolutions, as rows of ``identity_graph/identity_changes``.

    ``previous_customer_ids`` and ``customer_ids``: ``identity_graph/customer_ids`` before and after; ``lineage``: after.
    ``model_changed``: another linkage model scored this resolution than the last one. ``only_erased``: nothing but erasures parts the two.

    - merged: all records of ``other_customer_id`` that still exist, or most of them, went to ``customer_id``, and so does the id.
    - split: records of ``other_customer_id`` went to ``customer_id``, which is another customer.
    - created, retired: no former customer is behind it; no record is left. revived: an id that came back.
    """
    before, after = _of_customers_that_changed(previous_customer_ids, customer_ids)
    moves = _moves(before, after, lineage)
    in_force = judgements_in_force(judgements)
    overall = ERASURE if only_erased else MODEL if model_changed else None
    merged = _merged(moves, before, after, scored_pairs, profile_members, in_force, overall)
    split = _split(moves, before, after, in_force, overall)
    alone = _created_retired_revived(moves, before, after, lineage)
    changes = pl.concat([merged, split, alone], how="diagonal").sort("change", "customer_id", "other_customer_id")
    named = pl.concat_str(
        pl.lit(resolution_id), "change", "customer_id", pl.col("other_customer_id").fill_null(""), separator="|"
    )
    texts = changes.select(named.alias("text")).get_column("text")
    return IDENTITY_CHANGES.conform(
        changes.with_columns(
            short_hashes(texts).alias("change_id"),
            resolution_id=pl.lit(resolution_id),
            changed_at=pl.lit(now, dtype=MOMENT),
        )
    )


def _of_customers_that_changed(before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All rows, before and after, of the customers that a record has come to or left: mostly few. Nothing happened to any other."""
    changed = come_or_gone(before.select(_WHOSE), after.select(_WHOSE)).get_column("customer_id").unique()
    return rows_with(before, "customer_id", changed), rows_with(after, "customer_id", changed)


def _moves(before: pl.DataFrame, after: pl.DataFrame, lineage: pl.DataFrame) -> pl.DataFrame:
    """``old`` customer, ``new`` customer, ``records`` that went; ``old`` differs from ``new``; with the old id's fate."""
    fate = lineage.select(old="customer_id", state="state", successor="current_customer_id")
    return (
        before.select("record_id", old="customer_id")
        .join(after.select("record_id", new="customer_id"), on="record_id")
        .filter(pl.col("old") != pl.col("new"))
        .group_by("old", "new")
        .agg(pl.len().cast(pl.Int64).alias("records"))
        .join(fate, on="old", how="left")
        .with_columns(is_merge=(pl.col("state") == MERGED) & (pl.col("successor") == pl.col("new")))
        .sort("old", "new")
    )


def _merged(
    moves: pl.DataFrame,
    before: pl.DataFrame,
    after: pl.DataFrame,
    scored_pairs: pl.DataFrame,
    profile_members: pl.DataFrame,
    in_force: pl.DataFrame,
    overall: str | None,
) -> pl.DataFrame:
    merges = moves.filter("is_merge").select("old", "new", "records")
    where = (
        after.select("record_id", new="customer_id")
        .join(merges.select("new").unique(), on="new", how="semi")
        .join(before.select("record_id", old="customer_id"), on="record_id", how="left")
    )
    joins = _joins(where, scored_pairs, profile_members, in_force)
    sides = pl.concat(
        [
            joins.select("new", "kind", "match_weight", l="l", old="old_l", r="r", other="old_r"),
            joins.select("new", "kind", "match_weight", l="r", old="old_r", r="l", other="old_l"),
        ]
    )
    strongest = (
        merges.join(sides, on=["old", "new"])
        .sort("old", "kind", "match_weight", "l", "r", descending=[False, False, True, False, False], nulls_last=True)
        .unique("old", keep="first", maintain_order=True)
        .select("old", "kind", "l", "r", "other", "match_weight")
    )
    cause = (
        pl.when(pl.col("kind") == _BY_JUDGEMENT)
        .then(pl.lit(JUDGEMENT))
        .when(pl.lit(overall is not None))
        .then(pl.lit(overall))
        .when(pl.col("other").is_null() & pl.col("kind").is_not_null())
        .then(pl.lit(NEW_RECORDS))
        .otherwise(pl.lit(NEW_EVIDENCE))
    )
    return merges.join(strongest, on="old", how="left").select(
        change=pl.lit("merged"),
        customer_id="new",
        other_customer_id="old",
        records="records",
        cause=cause,
        because_of_l="l",
        because_of_r="r",
        match_weight="match_weight",
    )


def _joins(
    where: pl.DataFrame, scored_pairs: pl.DataFrame, profile_members: pl.DataFrame, in_force: pl.DataFrame
) -> pl.DataFrame:
    """What joins records of one customer now that were in different ones (or in none) before: ``l``, ``r``, ``kind``, weight.

    A profile is represented by its smallest record per former customer: thousands may share it.
    """
    held = (
        profile_members.join(where, on="record_id").group_by("profile_id", "old", "new").agg(pl.col("record_id").min())
    )
    left = held.rename({"profile_id": "profile_id_l", "old": "old_l", "record_id": "l"})
    right = held.rename({"profile_id": "profile_id_r", "old": "old_r", "record_id": "r"})
    columns = ["new", "l", "r", "old_l", "old_r", "match_weight", "kind"]
    links = (
        scored_pairs.filter(pl.col("decision") == ACCEPTED)
        .select("profile_id_l", "profile_id_r", "match_weight")
        .join(left, on="profile_id_l")
        .join(right, on=["profile_id_r", "new"])
        .with_columns(kind=pl.lit(_BY_LINK))
    )
    shared = left.join(right, left_on=["profile_id_l", "new"], right_on=["profile_id_r", "new"]).with_columns(
        match_weight=pl.lit(None, dtype=pl.Float64), kind=pl.lit(_BY_PROFILE)
    )
    same = joined(in_force)
    judgements = (
        same.select(l="record_id_l", r="record_id_r")
        .join(where.select("new", l="record_id", old_l="old"), on="l")
        .join(where.select("new", r="record_id", old_r="old"), on=["r", "new"])
        .with_columns(match_weight=pl.lit(None, dtype=pl.Float64), kind=pl.lit(_BY_JUDGEMENT))
    )
    found = pl.concat([frame.select(columns) for frame in (links, shared, judgements)])
    return found.filter(pl.col("old_l").ne_missing(pl.col("old_r")))


def _split(
    moves: pl.DataFrame, before: pl.DataFrame, after: pl.DataFrame, in_force: pl.DataFrame, overall: str | None
) -> pl.DataFrame:
    splits = moves.filter(~pl.col("is_merge")).select("old", "new", "records")
    parting = before.select("record_id", old="customer_id").join(splits, on="old", how="semi")
    where = parting.join(after.select("record_id", new="customer_id"), on="record_id", how="left")
    shrunk = where.filter(pl.col("new").is_null()).select("old", lost=pl.lit(True)).unique()
    receiving = after.select("record_id", new="customer_id").join(splits, on="new", how="semi")
    newcomers = receiving.join(before, on="record_id", how="anti").select("new", gained=pl.lit(True)).unique()
    parted = (
        judged(in_force, Judgement.DIFFERENT)
        .join(where.select(record_id_l="record_id", old="old", new_l="new"), on="record_id_l")
        .join(where.select(record_id_r="record_id", old="old", new_r="new"), on=["record_id_r", "old"])
        .filter(pl.col("new_l") != pl.col("new_r"))
    )
    judged_apart = (
        pl.concat([parted.select("old", new="new_l"), parted.select("old", new="new_r")])
        .unique()
        .with_columns(judged=pl.lit(True))
    )
    cause = (
        pl.when("judged")
        .then(pl.lit(JUDGEMENT))
        .when(pl.lit(overall is not None))
        .then(pl.lit(overall))
        .when("lost")
        .then(pl.lit(DELETION))
        .when("gained")
        .then(pl.lit(NEW_RECORDS))
        .otherwise(pl.lit(NEW_EVIDENCE))
    )
    return (
        splits.join(judged_apart, on=["old", "new"], how="left")
        .join(shrunk, on="old", how="left")
        .join(newcomers, on="new", how="left")
        .select(change=pl.lit("split"), customer_id="new", other_customer_id="old", records="records", cause=cause)
    )


def _created_retired_revived(
    moves: pl.DataFrame, before: pl.DataFrame, after: pl.DataFrame, lineage: pl.DataFrame
) -> pl.DataFrame:
    arrived = after.join(before.select("customer_id").unique(), on="customer_id", how="anti")
    sizes = arrived.group_by("customer_id").agg(pl.len().cast(pl.Int64).alias("records"))
    appeared = sizes.join(lineage, on="customer_id").with_columns(
        is_new=pl.col("minted_at") == pl.col("changed_at"),
        has_origin=pl.col("customer_id").is_in(moves.get_column("new").implode()),
    )
    # A part that left another customer is told as its split; an id that came back is told as such in any case.
    born = appeared.filter(pl.col("is_new") & ~pl.col("has_origin"))
    revived = appeared.filter(~pl.col("is_new"))
    gone = (
        before.join(lineage.filter(pl.col("state") == RETIRED), on="customer_id", how="semi")
        .group_by("customer_id")
        .agg(pl.len().cast(pl.Int64).alias("records"))
    )
    return pl.concat(
        [
            born.select(
                change=pl.lit("created"), customer_id="customer_id", records="records", cause=pl.lit(NEW_RECORDS)
            ),
            revived.select(
                change=pl.lit("revived"),
                customer_id="customer_id",
                records="records",
                cause=pl.when("has_origin").then(pl.lit(NEW_EVIDENCE)).otherwise(pl.lit(NEW_RECORDS)),
            ),
            gone.select(change=pl.lit("retired"), customer_id="customer_id", records="records", cause=pl.lit(DELETION)),
        ]
    )
