"""The rows of ``golden_records/customers``: cells side by side, and what is counted over the records of each customer.

Customers are numbered without a gap, so whatever is told of each is put in its place, and nothing is joined. What does not belong
here: which value survives (``survivorship.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from cdp_assets.candidate_links.lists import Flat, where
from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.candidate_links.ordered import first_rows
from cdp_assets.golden_records.consents import CONTACTABLE
from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.packed_order import rows_in_order
from cdp_assets.golden_records.ranked_contacts import RETRACTED


def customer_rows(
    cells: Mapping[str, pl.DataFrame],
    known: CustomerVersions,
    customer_ids: pl.DataFrame,
    clusters: pl.DataFrame,
    emails: pl.DataFrame,
    phones: pl.DataFrame,
) -> pl.DataFrame:
    """One row per customer: its cells side by side, and what is counted over its records."""
    contactable = emails.filter(pl.col("is_sendable") & pl.col("marketing_consent").is_in(CONTACTABLE))
    reached = [emails, phones.filter(pl.col("status") != RETRACTED)]
    whole = known.customers.with_columns(
        *(_one_for_each(known.customers, cells[name]).alias(name) for name in cells),
        *_counted(known, customer_ids, clusters).iter_columns(),
        *_seen(known).iter_columns(),
        _marked(known.customers, [contactable]).alias("may_email_marketing"),
        _marked(known.customers, reached).alias("reached"),
    )
    named = pl.any_horizontal(pl.col("first_name", "last_name", "full_name").is_not_null())
    return whole.with_columns(
        pl.col("date_of_birth").str.to_date("%Y-%m-%d"),
        (named | pl.col("reached")).alias("is_known"),
        pl.col("email").is_not_null().alias("is_reachable_by_email"),
        pl.col("phone").is_not_null().alias("is_reachable_by_phone"),
        (pl.col("street").is_not_null() & pl.any_horizontal(pl.col("city", "postcode").is_not_null())).alias(
            "is_reachable_by_post"
        ),
    ).drop("customer", "reached")


def _counted(known: CustomerVersions, customer_ids: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """``records``, ``sources`` and ``weakest_probability`` of each customer, in the order of customers."""
    count, names = known.customers.height, customer_ids.get_column("source").unique().sort()
    customer = known.members.get_column("customer")
    source = customer_ids.get_column("source").cast(pl.Enum(names)).to_physical()
    order, repeats = rows_in_order([customer, source], [False, False])
    firsts = pl.Series(order[~repeats])
    of_each = np.bincount(customer.gather(firsts).to_numpy(), minlength=count)
    rows = rows_of(customer_ids.get_column("record_id"), clusters.get_column("record_id"))
    weakest = clusters.get_column("weakest_probability").rechunk().gather(rows).gather(pl.Series(order))
    by_customer = pl.DataFrame([customer.gather(pl.Series(order)).set_sorted(), weakest])
    return pl.DataFrame(
        [
            pl.Series("records", np.bincount(customer.to_numpy(), minlength=count), dtype=pl.Int64),
            Flat.of_lengths(names.gather(source.gather(firsts)).alias("sources"), of_each).lists(),
            by_customer.group_by("customer", maintain_order=True).agg(pl.all().min()).get_column("weakest_probability"),
        ]
    )


def _seen(known: CustomerVersions) -> pl.DataFrame:
    """``first_seen_at`` and ``last_seen_at`` of each customer, in the order of customers."""
    rows = known.rows.select("customer", "observed_at")
    rows = rows.drop_nulls("customer") if rows.get_column("customer").null_count() else rows
    customer, moments = rows.get_column("customer").to_numpy(), rows.get_column("observed_at")
    at = moments.to_physical().to_numpy()
    limits = np.iinfo(np.int64)
    first, last = (np.full(known.customers.height, limit) for limit in (limits.max, limits.min))
    np.minimum.at(first, customer, at)
    np.maximum.at(last, customer, at)
    return pl.DataFrame({"first_seen_at": first, "last_seen_at": last}).cast(moments.dtype)


def _marked(customers: pl.DataFrame, some: Sequence[pl.DataFrame]) -> pl.Series:
    """Whether each customer has a row in one of the frames."""
    marks = np.zeros(customers.height, dtype=np.bool_)
    for frame in some:
        marks[frame.get_column("customer").to_numpy()] = True
    return pl.Series(marks)


def _one_for_each(customers: pl.DataFrame, cells: pl.DataFrame) -> pl.Series:
    """The cells' values in the order of customers, null where a customer has none."""
    found = pl.Series(first_rows(cells.get_column("customer").to_numpy(), customers.height))
    return cells.get_column("value").rechunk().gather(where(found, found < cells.height))
