"""Which record was which customer's, and when: every resolution adds to it, and nothing is forgotten.

Times are our time: the moments of resolutions. Tables of the lake are kept by version for some days only, and an erasure
ends that early; this history stays. What does not belong here: why a record moved (``identity_changes.py``).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cdp_assets.candidate_links.differences import come_or_gone
from cdp_assets.candidate_links.ordered import in_order, replaced, rows_with
from cdp_assets.tables import MEMBERSHIPS, MOMENT

_WHOSE = ["record_id", "customer_id"]


def with_resolution(memberships: pl.DataFrame, customer_ids: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """``identity_graph/memberships`` after a resolution that gave ``customer_ids`` (``identity_graph/customer_ids``) at ``now``."""
    today, is_open, moment = customer_ids.select(_WHOSE), pl.col("valid_to").is_null(), pl.lit(now, dtype=MOMENT)
    if memberships.is_empty():
        return _told_anew(memberships, today, moment)
    held = in_order(memberships, "record_id", "valid_from")
    moved = come_or_gone(held.filter(is_open).select(_WHOSE), today).get_column("record_id").unique()
    has_moved = held.get_column("record_id").is_in(moved.implode())
    told = _told_anew(held.filter(has_moved), rows_with(today, "record_id", moved), moment)
    return MEMBERSHIPS.conform(replaced(held, ~has_moved, told, "record_id"))


def _told_anew(memberships: pl.DataFrame, today: pl.DataFrame, moment: pl.Expr) -> pl.DataFrame:
    is_open = pl.col("valid_to").is_null()
    held = memberships.filter(is_open)
    ended = held.join(today, on=_WHOSE, how="anti").with_columns(valid_to=moment)
    begun = today.join(held, on=_WHOSE, how="anti").with_columns(valid_from=moment, valid_to=pl.lit(None, dtype=MOMENT))
    kept = held.join(today, on=_WHOSE, how="semi")
    # Two resolutions at one instant: what the first of them said held for no time.
    former = pl.concat([memberships.filter(~is_open), ended]).filter(pl.col("valid_from") < pl.col("valid_to"))
    return MEMBERSHIPS.conform(pl.concat([former, kept, begun]).sort("record_id", "valid_from"))


def members_at(memberships: pl.DataFrame, customer_id: str, moment: datetime) -> list[str]:
    """The records that were the customer's at ``moment``, by the last resolution before it; ``customer_id`` as it was then."""
    held = (pl.col("valid_from") <= moment) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > moment))
    return memberships.filter(held & (pl.col("customer_id") == customer_id)).get_column("record_id").sort().to_list()


def members_before(memberships: pl.DataFrame, customer_id: str, moment: datetime) -> list[str]:
    """The records that the customer had until the resolution at ``moment``."""
    held = (pl.col("valid_from") < moment) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= moment))
    return memberships.filter(held & (pl.col("customer_id") == customer_id)).get_column("record_id").sort().to_list()
