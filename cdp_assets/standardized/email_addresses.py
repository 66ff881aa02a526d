"""E-mail addresses as things of their own: what each is, who carries it, whether it is alive.

A dead address still identifies; it is never a send target. Everything is judged against the newest observation in the
data, never against the clock: the same data give the same answer tomorrow.

========== ==========================================================================================================
status     when
========== ==========================================================================================================
dead       a bounce was reported, and nobody at it has engaged since
active     somebody at it engaged within two years, or a record carried it within one
stale      neither seen nor engaged for two years
unverified else
========== ==========================================================================================================

People are counted by name, not by record (``people.py``). Shared are role and placeholder addresses, and addresses of
people who are not one household.

What does not belong here: what an address is by its text (``email_domains.py``); consent.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from cdp_assets.standardized.email_domains import describe_emails
from cdp_assets.standardized.event_words import BOUNCED, ENGAGED_ACTIVITIES
from cdp_assets.standardized.people import is_more_than_a_household, people_sharing
from cdp_assets.tables import EMAIL_ADDRESSES

ACTIVE_WITHIN = timedelta(days=365)
ENGAGED_WITHIN = timedelta(days=730)
STALE_AFTER = timedelta(days=730)
"""Business addresses lose about a fifth a year, and a mailbox that is not opened for two years is mostly abandoned."""

SHARED_CLASSES = ("role", "placeholder")


def email_addresses(versions: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/email_addresses`` from ``standardized/record_versions``, sorted by address."""
    if versions.is_empty():
        return EMAIL_ADDRESSES.empty()
    carried = (
        versions.select(
            "record_id", "first_name_root", "last_name_norm", "observed_at", "last_seen_at", "activity", email="emails"
        )
        .explode("email")
        .drop_nulls("email")
    )
    counted = _dated(carried).join(people_sharing(carried, "email"), on="email", how="left")
    described = describe_emails(counted.get_column("email")).drop("email")
    newest = versions.select(pl.max_horizontal(pl.col("observed_at").max(), pl.col("last_seen_at").max())).item()
    table = counted.hstack(described).with_columns(status=_status(pl.lit(newest)), is_shared=_is_shared())
    return EMAIL_ADDRESSES.conform(table.select(EMAIL_ADDRESSES.schema.keys()).sort("email"))


def _dated(carried: pl.DataFrame) -> pl.DataFrame:
    seen_at = pl.max_horizontal("observed_at", "last_seen_at")
    is_bounce = (pl.col("activity") == BOUNCED).fill_null(False)
    is_engaged = pl.col("activity").is_in(sorted(ENGAGED_ACTIVITIES)).fill_null(False)
    return carried.group_by("email").agg(
        pl.col("record_id").n_unique().cast(pl.Int64).alias("records"),
        pl.col("observed_at").min().alias("first_seen_at"),
        seen_at.max().alias("last_seen_at"),
        seen_at.filter(~is_bounce).max().alias("carried_at"),
        pl.col("observed_at").filter(is_bounce).max().alias("bounced_at"),
        seen_at.filter(is_engaged).max().alias("engaged_at"),
    )


def _status(newest: pl.Expr) -> pl.Expr:
    bounced, engaged, carried = pl.col("bounced_at"), pl.col("engaged_at"), pl.col("carried_at")
    is_dead = bounced.is_not_null() & (engaged.is_null() | (bounced >= engaged))
    is_active = (engaged >= newest - ENGAGED_WITHIN).fill_null(False) | (carried >= newest - ACTIVE_WITHIN).fill_null(
        False
    )
    is_stale = pl.max_horizontal("last_seen_at", engaged) < newest - STALE_AFTER
    return (
        pl.when(is_dead)
        .then(pl.lit("dead"))
        .when(is_active)
        .then(pl.lit("active"))
        .when(is_stale)
        .then(pl.lit("stale"))
        .otherwise(pl.lit("unverified"))
    )


def _is_shared() -> pl.Expr:
    return pl.col("class").is_in(SHARED_CLASSES) | is_more_than_a_household()
