"""The review queue as a person works through it: worst first, with what has been judged since.

What does not belong here: how the queue is made (``identity_graph/review_queue.py``).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from cdp_assets.golden_records.three_way import CONTESTED
from cdp_assets.identity_graph.review_queue import REOPENED
from cdp_assets.judgements import judgements_in_force
from cdp_assets.lake import Lake
from cdp_assets.ledger import Ledger
from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.tables import CORRECTIONS, CUSTOMERS, MOMENT, REVIEW_QUEUE, REVIEW_STAKES

CONTESTED_CORRECTION = "contested correction"

EVEN_ODDS = 0.5
"""Chance that a contested correction is out of date, as far as anybody knows before they look."""

CONTESTED_PREFIX = "correction-"
""":func:`review_item` knows by it that an item is a contested correction; then comes the customer and the field."""


def open_items(lake: Lake, ledger: Ledger) -> pl.DataFrame:
    """Every item of ``identity_graph/review_queue``, and every contested correction, worst first, those that nobody has
    judged before the others.

    Added columns: ``name_l``, ``name_r`` (golden names), ``judgement``, ``judged_by`` (null while nobody has judged), ``says`` (the
    item and what is at stake in a sentence; null before segments were made). ``rank`` is that of ``segments/review_stakes``.
    """
    items = pl.concat([lake.read_or_empty(REVIEW_QUEUE), contested_corrections(lake)])
    ranked = items.sort("expected_cost", "rank", "item_id", descending=[True, False, False])
    return _with_words(ranked.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)), lake, ledger)


def contested_corrections(lake: Lake) -> pl.DataFrame:
    """Corrections that a newer value contests, as rows of the queue: the record corrected, and the one that contests it.

    One row per customer and field; ``rank`` is to be given. A person settles it by setting the field anew: to the value that
    holds, or to the newer one.
    """
    if not lake.exists(CORRECTIONS):
        return REVIEW_QUEUE.empty()
    contested = lake.scan(CORRECTIONS).filter(pl.col("state") == CONTESTED).collect()
    return REVIEW_QUEUE.conform(
        contested.select(
            pl.concat_str(pl.lit(CONTESTED_PREFIX), "customer_id", pl.lit("-"), "field").alias("item_id"),
            pl.lit(0, pl.Int64).alias("rank"),
            pl.lit(CONTESTED_CORRECTION).alias("why"),
            pl.col("customer_id").alias("customer_id_l"),
            pl.lit(None, pl.String).alias("customer_id_r"),
            pl.col("record_id").alias("record_id_l"),
            pl.col("contested_record_id").alias("record_id_r"),
            pl.lit(None, pl.Float64).alias("match_probability"),
            pl.lit(1, pl.Int64).alias("records"),
            pl.lit(EVEN_ODDS).alias("expected_cost"),
        )
    )


def review_item(lake: Lake, ledger: Ledger, item_id: str) -> dict[str, Any]:
    """One item. Raises :class:`~cdp_assets.steward.lookup.LookupProblemError` when the queue has none of that id."""
    rows = contested_corrections(lake) if item_id.startswith(CONTESTED_PREFIX) else lake.read_or_empty(REVIEW_QUEUE)
    rows = rows.filter(pl.col("item_id") == item_id)
    if rows.is_empty():
        raise LookupProblemError("the review queue has no such item any more: a newer resolution has settled it")
    return _with_words(rows, lake, ledger).row(0, named=True)


def _with_words(items: pl.DataFrame, lake: Lake, ledger: Ledger) -> pl.DataFrame:
    ids = pl.concat([items["customer_id_l"], items["customer_id_r"]]).drop_nulls().unique()
    names = (
        lake.scan(CUSTOMERS)
        .filter(pl.col("customer_id").is_in(ids.implode()))
        .select("customer_id", "full_name")
        .collect()
        if lake.exists(CUSTOMERS)
        else CUSTOMERS.empty().select("customer_id", "full_name")
    )
    judged = judgements_in_force(ledger.judgements()).select(
        "record_id_l", "record_id_r", "judgement", "judged_by", "judged_at"
    )
    last = ledger.last_resolution()
    # What reopened is open until somebody has judged it again.
    since = pl.lit(last["resolved_at"] if last else None, dtype=MOMENT)
    is_answer = (pl.col("why") != REOPENED) | (pl.col("judged_at") > since)
    turned = judged.rename({"record_id_l": "record_id_r", "record_id_r": "record_id_l"}).select(judged.columns)
    stakes = lake.read_or_empty(REVIEW_STAKES).select("item_id", "says", pl.col("rank").alias("first_by_stakes"))
    return (
        items.join(stakes, on="item_id", how="left")
        .join(names.rename({"customer_id": "customer_id_l", "full_name": "name_l"}), on="customer_id_l", how="left")
        .join(names.rename({"customer_id": "customer_id_r", "full_name": "name_r"}), on="customer_id_r", how="left")
        .join(pl.concat([judged, turned]), on=["record_id_l", "record_id_r"], how="left")
        .with_columns(pl.when(is_answer).then(name).alias(name) for name in ("judgement", "judged_by"))
        .drop("judged_at")
        .sort(pl.col("judgement").is_not_null(), pl.coalesce("first_by_stakes", "rank"), "rank", "item_id")
        # Ranks by what is at stake, where that is known of this very queue.
        .with_columns(rank=pl.coalesce("first_by_stakes", "rank"))
        .drop("first_by_stakes")
    )
