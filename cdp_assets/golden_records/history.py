"""What was true on a day: record versions, and what is known of addresses, cut at a moment of source time.

Golden records of a day gone by are made of these by the same functions as today's. What was known on a day (our time) is a
matter of which imports had landed: whoever gives the versions leaves out those that had not.

What does not belong here: reading deliveries (``steward/past.py``), how a golden record is made (``golden.py``).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cdp_assets.golden_records.emails import UNVERIFIED


def versions_at(versions: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """``standardized/record_versions`` as they stood at ``as_of``, source time.

    A version that began later is not there yet; one that ended later stands; a record that had gone by then is gone.
    """
    begun = versions.filter(pl.col("valid_from") <= as_of)
    is_newest = pl.col("version") == pl.col("version").max().over("record_id")
    has_ended = (pl.col("valid_to") <= as_of).fill_null(False)
    return begun.with_columns(
        pl.min_horizontal("last_seen_at", pl.lit(as_of)).cast(pl.Datetime("us", "UTC")).alias("last_seen_at"),
        pl.when(has_ended).then("valid_to").alias("valid_to"),
        is_newest.alias("is_newest"),
        (is_newest & has_ended).alias("is_deleted"),
        (is_newest & ~has_ended).alias("is_current"),
    )


def addresses_at(email_addresses: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """``standardized/email_addresses`` without the evidence that is newer than ``as_of``.

    Where that evidence decided the status (a bounce, another employer, a domain that went silent, an engagement), the
    address was ``unverified`` then. What an address is, and who shares it, is as known today.
    """
    evidence = ("bounced_at", "engaged_at", "delivered_at", "left_at", "domain_gone_at")
    later = {name: (pl.col(name) > as_of).fill_null(False) for name in evidence}
    return email_addresses.with_columns(
        pl.when(pl.any_horizontal(*later.values())).then(pl.lit(UNVERIFIED)).otherwise("status").alias("status"),
        *(pl.when(~is_later).then(name).alias(name) for name, is_later in later.items()),
    )
