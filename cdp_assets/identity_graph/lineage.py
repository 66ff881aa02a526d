"""What every customer id that was ever minted leads to: itself, the id that it was merged into, or nothing any more.

What does not belong here: which customer keeps which id (``customer_ids.py``).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import polars as pl

from cdp_assets.candidate_links.ordered import in_order, replaced
from cdp_assets.identity_graph.id_format import in_order_of_ids
from cdp_assets.tables import ID_LINEAGE, MOMENT

CURRENT, MERGED, RETIRED = "current", "merged", "retired"


class Moved(NamedTuple):
    """What a resolution did to ids, without the customers that kept both records and id.

    ``chosen``: ids of customers as they are now; ``arrived``: former ids (``customer_id``), each with the one that its records
    mostly went to (``arrived_at``); ``former``: ids of the customers before.
    """

    chosen: pl.Series
    arrived: pl.DataFrame
    former: pl.Series


def resolve_id(customer_id: str, lineage: pl.DataFrame) -> str | None:
    """The id that ``customer_id`` resolves to now; None where its customer is gone or the id was never minted."""
    found = lineage.filter(pl.col("customer_id") == customer_id).get_column("current_customer_id")
    return found.item() if len(found) else None


def lineage_after(lineage: pl.DataFrame, moved: Moved, now: datetime) -> pl.DataFrame:
    """``identity_graph/id_lineage`` after a resolution; one look-up resolves any id.

    Only rows of ids that moved, or lead to one that did, are told anew.
    """
    moment = pl.lit(now, dtype=MOMENT)
    if lineage.is_empty():
        return in_order_of_ids(_fresh(moved.chosen.to_frame("customer_id"), moment))
    moved = _without_those_that_stayed(moved)
    moving = pl.concat([moved.chosen, moved.former, moved.arrived.get_column("customer_id")]).unique().implode()
    lineage = in_order(lineage, "customer_id")
    leads_there = pl.col("customer_id").is_in(moving) | pl.col("current_customer_id").is_in(moving).fill_null(False)
    stands = lineage.select(~leads_there).to_series()
    told = _told_anew(lineage.filter(~stands), moved, moment)
    return replaced(lineage, stands, in_order_of_ids(told), "customer_id")


def _without_those_that_stayed(moved: Moved) -> Moved:
    """``moved`` but for customers whose records have changed and whose id has not, as a rule most: their rows stay as they are."""
    arrived, is_back = moved.arrived, pl.col("customer_id") == pl.col("arrived_at")
    stayed = arrived.filter(is_back & pl.col("customer_id").is_in(moved.former.implode())).get_column("customer_id")
    chosen, former = (ids.filter(~ids.is_in(stayed.implode())) for ids in (moved.chosen, moved.former))
    return Moved(chosen, arrived.filter(~pl.col("customer_id").is_in(stayed.implode())), former)


def _told_anew(lineage: pl.DataFrame, moved: Moved, moment: pl.Expr) -> pl.DataFrame:
    current = moved.chosen.to_frame("customer_id").with_columns(is_chosen=pl.lit(True))
    ids_now = _resolved(lineage, current, moved.arrived).with_columns(
        state=pl.when("is_chosen")
        .then(pl.lit(CURRENT))
        .when(pl.col("resolved").is_not_null())
        .then(pl.lit(MERGED))
        .otherwise(pl.lit(RETIRED)),
    )
    kept = ids_now.select(
        "customer_id",
        pl.when("is_chosen").then("customer_id").otherwise("resolved").alias("current_customer_id"),
        "state",
        "minted_at",
        changed_at=pl.when(pl.col("state") == pl.col("former_state")).then("changed_at").otherwise(moment),
    )
    fresh = _fresh(current.join(lineage, on="customer_id", how="anti"), moment)
    return ID_LINEAGE.conform(pl.concat([kept, fresh]))


def _fresh(ids: pl.DataFrame, moment: pl.Expr) -> pl.DataFrame:
    """Rows for ids (``customer_id``) that were minted this moment."""
    fresh = ids.select(
        "customer_id",
        current_customer_id="customer_id",
        state=pl.lit(CURRENT),
        minted_at=moment,
        changed_at=moment,
    )
    return ID_LINEAGE.conform(fresh)


def _resolved(lineage: pl.DataFrame, current: pl.DataFrame, arrived: pl.DataFrame) -> pl.DataFrame:
    """Former lineage with ``is_chosen`` (current now) and ``resolved``: the id it leads to now, by its own way or its successor's."""
    own = arrived.rename({"arrived_at": "own_way"})
    successors = arrived.rename({"customer_id": "current_customer_id", "arrived_at": "successors_way"})
    return (
        lineage.rename({"state": "former_state"})
        .join(current, on="customer_id", how="left")
        .join(own, on="customer_id", how="left")
        .join(successors, on="current_customer_id", how="left")
        .with_columns(
            pl.col("is_chosen").fill_null(False),
            resolved=pl.coalesce("own_way", "successors_way"),
        )
    )
