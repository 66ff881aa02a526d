"""What is at stake in each review item, and so in which order a person should look at them.

The review queue (``identity_graph/review_queue.py``) knows how likely today's decision is wrong and how many records the other one would
move. What that does is known only here: whether somebody might write to the wrong person, which segments would gain or lose a member,
how much has been bought. It is a table of this stage, made from the same resolution as the queue, and not a look back at
what the last resolution left: that one knows other customers, and the order would depend on what had been run before.

What does not belong here: which items there are, and taking the decision (``steward/``).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.tables import REVIEW_STAKES

PURCHASE = "purchase"

_COST_DIGITS = 6
"""Sums and logarithms differ beyond between machines."""


@dataclass(frozen=True)
class Stakes:
    """What a wrong decision costs beside the records that it moves (one): each a multiple of that, all of them guesses.

    ``contactable``: per customer who may be sent marketing. Mail to the wrong person is the mistake that people notice, so it doubles the cost.
    ``segment``: per segment that would gain or lose a member. A wrong audience is noise, unless there are many.
    ``purchases``: per doubling of what has been bought. A customer of a hundred purchases is not a hundred times as dear as one of one.
    """

    contactable: float = 1.0
    segment: float = 0.25
    purchases: float = 0.5


DEFAULT_STAKES = Stakes()


def review_stakes(
    review_queue: pl.DataFrame,
    customers: pl.DataFrame,
    customer_ids: pl.DataFrame,
    record_versions: pl.DataFrame,
    members: pl.DataFrame,
    stakes: Stakes = DEFAULT_STAKES,
) -> pl.DataFrame:
    """``segments/review_stakes``: every item of ``identity_graph/review_queue`` with what is at stake, the dearest first.

    The other frames are tables of the same resolution. A segment is touched where the two customers of an item stand in it differently, or
    one of them only perhaps; where the item is one customer, where that customer stands in it, if only perhaps.
    """
    sides = _sides(review_queue)
    found = (
        review_queue.join(_contactable(sides, customers), on="item_id", how="left")
        .join(_purchases(sides, customer_ids, record_versions), on="item_id", how="left")
        .join(_segments(sides, members), on="item_id", how="left")
        .with_columns(pl.col("contactable", "purchases").fill_null(0), pl.col("segments").fill_null([]))
    )
    weight = (
        1
        + stakes.contactable * pl.col("contactable")
        + stakes.segment * pl.col("segments").list.len()
        + stakes.purchases * (1 + pl.col("purchases")).log(2)
    )
    ordered = (
        found.with_columns(cost=(pl.col("expected_cost") * weight).round(_COST_DIGITS))
        .sort("cost", "rank", descending=[True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64), says=_says())
    )
    return REVIEW_STAKES.conform(ordered.select(list(REVIEW_STAKES.schema)))


def _sides(queue: pl.DataFrame) -> pl.DataFrame:
    """``item_id`` and ``customer_id``, a row for each customer that an item is about."""
    ends = [queue.select("item_id", customer_id=f"customer_id_{side}") for side in ("l", "r")]
    return pl.concat(ends).drop_nulls("customer_id")


def _contactable(sides: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    told = sides.join(customers.select("customer_id", "may_email_marketing"), on="customer_id")
    return told.group_by("item_id").agg(pl.col("may_email_marketing").sum().cast(pl.Int64).alias("contactable"))


def _purchases(sides: pl.DataFrame, customer_ids: pl.DataFrame, record_versions: pl.DataFrame) -> pl.DataFrame:
    bought = record_versions.filter(pl.col("activity") == PURCHASE).select("record_id").unique()
    by_customer = (
        bought.join(customer_ids.select("record_id", "customer_id"), on="record_id")
        .group_by("customer_id")
        .agg(pl.len().cast(pl.Int64).alias("purchases"))
    )
    return sides.join(by_customer, on="customer_id").group_by("item_id").agg(pl.col("purchases").sum())


def _segments(sides: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    stands = sides.join(members.select("customer_id", "segment", "membership", "is_included"), on="customer_id")
    each = stands.group_by("item_id", "segment").agg(
        pl.len().alias("customers"),
        pl.col("is_included").n_unique().alias("ways"),
        pl.col("is_included").any(),
        (pl.col("membership") == "maybe").any().alias("is_doubtful"),
    )
    is_one = pl.col("customers") == 1
    touched = each.filter(pl.col("is_doubtful") | (pl.col("ways") > 1) | (is_one & pl.col("is_included")))
    return touched.group_by("item_id").agg(pl.col("segment").sort().alias("segments"))


def _says() -> pl.Expr:
    """An item in one sentence, of numbers and names of segments."""
    probability = pl.col("match_probability").round(3).cast(pl.String).fill_null("not known")
    about = (
        pl.when(pl.col("customer_id_r").is_null())
        .then(pl.lit("is this one customer or several?"))
        .otherwise(pl.lit("are these two one customer?"))
    )
    at_stake = pl.concat_list(
        _counted("contactable", "customer who may be sent marketing", "customers who may be sent marketing"),
        _counted("purchases", "purchase", "purchases"),
        pl.when(pl.col("segments").list.len() > 0).then(pl.lit("segments ") + pl.col("segments").list.join(", ")),
    ).list.drop_nulls()
    stakes = pl.when(at_stake.list.len() > 0).then(at_stake.list.join("; ")).otherwise(pl.lit("nothing else"))
    return pl.format(
        "{}: {} Probability of the link {}; a decision moves {}. At stake: {}",
        pl.col("why"), about, probability, _counted("records", "record", "records").fill_null("no record"), stakes,
    )  # fmt: skip


def _counted(column: str, one: str, many: str) -> pl.Expr:
    """``1 record``, ``2 records``; null where there is none."""
    count = pl.col(column)
    words = pl.when(count == 1).then(pl.lit(one)).otherwise(pl.lit(many))
    return pl.when(count > 0).then(pl.format("{} {}", count, words))
