"""Which customers are new, altered or gone between two publications: what a system downstream has to apply.

What does not belong here: reading the two frames and writing the feed to a file.
"""

from __future__ import annotations

import polars as pl

from cdp_assets.tables import CUSTOMERS, TEXTS

INSERTED, UPDATED, DELETED = "inserted", "updated", "deleted"

_KEY = "customer_id"
_VALUES = [name for name in CUSTOMERS.schema if name != _KEY]

CHANGE_FEED_SCHEMA: dict[str, pl.DataType] = {
    "change": pl.String(),
    "changed_fields": TEXTS,
    **CUSTOMERS.schema,
}
"""Columns of a change feed: what happened, to which columns of an updated customer, and the customer as it is now."""


def change_feed(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """One row per customer that differs between two frames of ``golden_records/customers``, in the order of their ids.

    ====================== ============================= ========================== =======================
    the customer is        ``change``                    ``changed_fields``         the other columns
    ====================== ============================= ========================== =======================
    only in ``after``      ``inserted``                  null                       as in ``after``
    in both, and differs   ``updated``                   those that differ          as in ``after``
    only in ``before``     ``deleted``                   null                       null: only the id is left
    in both, and is equal  no row
    ====================== ============================= ========================== =======================

    Null differs from every value and equals null. ``before`` may be of a former version of the contract: a column that it
    lacks counts as null there, one that exists no longer is not compared. The values of a deleted customer are not passed on.
    """
    former = _as_now(before).with_columns(_was_there=True)
    present = CUSTOMERS.conform(after).with_columns(_is_there=True)
    both = present.join(former, on=_KEY, how="full", coalesce=True, suffix="_before")
    is_new, is_gone = pl.col("_was_there").is_null(), pl.col("_is_there").is_null()
    differing = [
        pl.when(pl.col(name).ne_missing(pl.col(f"{name}_before"))).then(pl.lit(name)).alias(f"_{name}_differs")
        for name in _VALUES
    ]
    told = both.with_columns(
        change=pl.when(is_new).then(pl.lit(INSERTED)).when(is_gone).then(pl.lit(DELETED)).otherwise(pl.lit(UPDATED)),
        changed_fields=pl.when(~is_new & ~is_gone).then(pl.concat_list(differing).list.drop_nulls()),
    )
    differs = pl.col("changed_fields").is_null() | (pl.col("changed_fields").list.len() > 0)
    return told.filter(differs).select(list(CHANGE_FEED_SCHEMA)).sort(_KEY)


def _as_now(before: pl.DataFrame) -> pl.DataFrame:
    """The former frame with the present contract's columns, missing ones null."""
    return before.select(
        pl.col(name) if name in before.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in CUSTOMERS.schema.items()
    )
