"""When each e-mail address was seen, carried, delivered to, answered from and returned: the dates that tell its life.

A sign of life is that somebody at it did something (opened, clicked, attended, bought, unsubscribed …), that a mail system
delivered to it, or that a record was observed with it. That a full export repeats an old record is a weaker one, for a CRM
carries dead addresses for years: it keeps the address current (``carried_at``), and proves nothing against a person's
having left (``alive_at``). A hard bounce is the opposite of a sign of life; a soft one (mailbox full, server busy) is
neither.

What does not belong here: what follows from the dates (``email_status.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.standardized.event_words import BOUNCED, DELIVERED, ENGAGED_ACTIVITIES
from cdp_assets.standardized.text import word_set

SOFT_BOUNCED = "soft_bounced"

REACHED_ACTIVITIES = word_set("delivered opened clicked replied unsubscribed complained")
"""What shows that mail got through, whoever the address belongs to. A purchase or a visit does not."""


def carried_addresses(versions: pl.DataFrame) -> pl.DataFrame:
    """One row per record version and address in it, with the columns of :data:`CARRIED`; the order does not matter.

    ``row`` is the version's place in ``versions``; ``seen_at`` when its source last said so.
    """
    listed = versions.select(
        "record_id", "source", "first_name_root", "last_name_norm", "company_norm", "observed_at", "activity",
        seen_at=pl.max_horizontal("observed_at", "last_seen_at"),
        email="emails",
    ).with_row_index("row")  # fmt: skip
    return (
        listed.filter(pl.col("email").list.len() > 0)
        .explode("email")
        .drop_nulls("email")
        .with_columns(domain=pl.col("email").str.extract(r"@([^@]*)$"))
        .select(CARRIED)
    )


CARRIED = (
    "row", "email", "domain", "record_id", "source", "first_name_root", "last_name_norm", "company_norm",
    "observed_at", "seen_at", "activity",
)  # fmt: skip


def is_sign_of_life() -> pl.Expr:
    """Of rows of :func:`carried_addresses`: whether the version speaks for the address."""
    return pl.col("activity").is_null() | ~pl.col("activity").is_in([BOUNCED, SOFT_BOUNCED])


def email_lives(carried: pl.DataFrame) -> pl.DataFrame:
    """One row per address, in order: ``email``, ``domain``, ``records``, ``first_seen_at``, ``last_seen_at``, ``seen_by``,
    ``delivered_at``, ``bounced_at``, ``engaged_at``, ``alive_at`` (last sign of life, null where none was seen),
    ``carried_at`` (the same, or a source's repeating it) and ``is_reached`` (mail is known to have got through)."""

    def happened(activities: frozenset[str] | set[str]) -> pl.Expr:
        return pl.col("activity").is_in(sorted(activities)).fill_null(False)

    observed, seen = pl.col("observed_at"), pl.col("seen_at")
    # Addresses are numbered in order: to sort and to group half a million texts takes longer. What is told of a row is told first, for to
    # filter within as many groups takes twice as long.
    emails = carried.select(pl.col("email").unique().sort()).with_row_index("address")
    numbered = carried.join(emails, on="email", maintain_order="left")
    told = numbered.select(
        "address", "domain", "record_id", "observed_at", "seen_at",
        delivered_at=pl.when(happened({DELIVERED})).then(observed),
        bounced_at=pl.when(happened({BOUNCED})).then(observed),
        engaged_at=pl.when(happened(ENGAGED_ACTIVITIES)).then(observed),
        alive_at=pl.when(is_sign_of_life()).then(observed),
        carried_at=pl.when(is_sign_of_life()).then(seen),
        is_reached=happened(REACHED_ACTIVITIES),
    )  # fmt: skip
    dated = told.group_by("address").agg(
        pl.col("domain").first(),
        pl.col("record_id").n_unique().cast(pl.Int64).alias("records"),
        observed.min().alias("first_seen_at"),
        seen.max().alias("last_seen_at"),
        pl.col("delivered_at", "bounced_at", "engaged_at", "alive_at", "carried_at").max(),
        pl.col("is_reached").any(),
    )
    return pl.concat([emails, dated.sort("address").drop("address"), _seen_by(numbered)], how="horizontal").drop(
        "address"
    )


def _seen_by(numbered: pl.DataFrame) -> pl.DataFrame:
    """``seen_by`` of each address, in order. ``numbered``: ``address``, ``source`` and ``seen_at``."""
    return (
        numbered.group_by("address", "source")
        .agg(pl.col("seen_at").max().alias("last_seen_at"))
        .sort("address", "source")
        .group_by("address", maintain_order=True)
        .agg(pl.struct("source", "last_seen_at").alias("seen_by"))
        .drop("address")
    )
