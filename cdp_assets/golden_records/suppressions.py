"""Who must not be contacted: addresses with purpose, channel and reason, also those of no customer.

Two kinds of rows, told apart by ``customer_id``:

- **for everybody** (empty): somebody withdrew under this very address, and nobody has consented under it since. Whoever carries
  the address, known or not, is left alone; a list to hand to a mail service as it is.
- **for one customer**: an address of theirs that their withdrawal or an expiry covers, though the event names another address,
  or none. The empty address stands for the person of whom no address is known yet: every address that turns up later is covered.

Reasons are :data:`REASONS`. Addresses without any event are not here: they may not be contacted for marketing either, but
nobody has said so.

What does not belong here: how consent is decided (``consents.py``), keeping an erased person out on re-import.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from cdp_assets.candidate_links.among import Many
from cdp_assets.candidate_links.lists import Flat
from cdp_assets.candidate_links.ordered import rows_at
from cdp_assets.golden_records.consent_statements import PERSON
from cdp_assets.golden_records.consents import CONTACTABLE
from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.golden_records.withheld import WITHHELD
from cdp_assets.standardized.consent_words import EXPIRED, WITHDRAWN

COMPLAINED, ERASED = "complained", "erased"

REASONS = (WITHDRAWN, COMPLAINED, EXPIRED, ERASED)
"""``complained``: a spam complaint, a withdrawal said louder. ``erased``: somebody was, and with them the event; that nobody may contact
the address is kept (``withheld.py``)."""

FOR_EVERYBODY = ""
"""Customer id of a row that holds for whoever carries the address."""

_KEY = ["channel", "address", "purpose", "customer_id"]


def suppressions(
    known: CustomerVersions,
    said: pl.DataFrame,
    decided: pl.DataFrame,
    policy: ConsentPolicy,
    withheld: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The rows of ``golden_records/suppressions``.

    ``said``: what events say, ``decided``: what :func:`~cdp_assets.golden_records.consents.consents` made of them. ``withheld``: its
    argument of that name, with ``since``.
    """
    reason = pl.when("is_complaint").then(pl.lit(COMPLAINED)).otherwise(pl.lit(WITHDRAWN))
    of_customers = (
        decided.filter(pl.col("state").is_in([WITHDRAWN, EXPIRED]))
        .join(known.customers, on="customer")
        .with_columns(reason=pl.when(pl.col("state") == EXPIRED).then(pl.lit(EXPIRED)).otherwise(reason))
    )
    named = (
        _withdrawn_by_name(said, decided, policy)
        .join(decided.filter(pl.col("state").is_in(CONTACTABLE)), on=["channel", "address", "purpose"], how="anti")
        .with_columns(reason=reason, customer_id=pl.lit(FOR_EVERYBODY))
    )
    columns = [*_KEY, "reason", "since", "event_id"]
    rows = [_erased(withheld, decided, policy, columns), named.select(columns), of_customers.select(columns)]
    every = pl.concat(rows).unique(_KEY, keep="first", maintain_order=True)
    return every.join(_delivered(known, every), on=["channel", "address"], how="left").sort(_KEY)


def _withdrawn_by_name(said: pl.DataFrame, decided: pl.DataFrame, policy: ConsentPolicy) -> pl.DataFrame:
    """The newest withdrawal that names each address, for each purpose that it ends."""
    said = said.filter(pl.col("address") != PERSON)
    withdrawals = said.filter(pl.col("state") == WITHDRAWN)
    place = ["channel", "address"]
    marketing = pl.DataFrame({"purpose": list(policy.marketing_purposes)}, schema={"purpose": pl.String()})
    unlimited = withdrawals.filter(pl.col("purpose").is_null()).drop("purpose")
    places = unlimited.select(place).unique()
    spoken_of = pl.concat(
        [
            said.select(*place, "purpose").drop_nulls().join(places, on=place, how="semi"),
            decided.select(*place, "purpose").join(places, on=place, how="semi"),
            places.join(marketing, how="cross"),
        ]
    ).unique()
    unlimited = unlimited.join(spoken_of, on=place)
    limited = withdrawals.filter(pl.col("purpose").is_not_null())
    return (
        pl.concat([limited, unlimited.select(limited.columns)])
        .sort("observed_at", "is_complaint", "order", descending=[True, True, False])
        .unique([*place, "purpose"], keep="first", maintain_order=True)
        .select(*place, "purpose", "is_complaint", "event_id", since="observed_at")
    )


def _erased(
    withheld: pl.DataFrame | None, decided: pl.DataFrame, policy: ConsentPolicy, columns: list[str]
) -> pl.DataFrame:
    """Withheld addresses under which nobody has consented since."""
    purposes = pl.DataFrame(
        {"purpose": [*policy.marketing_purposes, *policy.service_purposes]}, schema={"purpose": pl.String()}
    )
    places = pl.DataFrame(schema=WITHHELD) if withheld is None else withheld
    for_all = places.filter(pl.col("purpose").is_null()).drop("purpose").join(purposes, how="cross")
    allowed = decided.filter(pl.col("state").is_in(CONTACTABLE))
    return (
        pl.concat([places.drop_nulls("purpose"), for_all.select(places.columns)])
        .sort("since", descending=True)
        .unique(["channel", "address", "purpose"], keep="first", maintain_order=True)
        .join(allowed, on=["channel", "address", "purpose"], how="anti")
        .with_columns(customer_id=pl.lit(FOR_EVERYBODY), reason=pl.lit(ERASED), event_id=pl.lit(None, pl.String))
        .select(columns)
    )


def _delivered(known: CustomerVersions, suppressed: pl.DataFrame) -> pl.DataFrame:
    """``channel``, ``address`` and how it was last ``delivered``, of suppressed addresses."""
    parts = []
    for kind in ("email", "phone"):
        of_kind = suppressed.filter(pl.col("channel") == kind).get_column("address").unique()
        rows = known.rows.select("observed_at", "order", channel=pl.lit(kind)).with_columns(
            known.versions.get_column(f"{kind}s").alias("address"),
            known.versions.get_column(f"{kind}s_delivered").alias("delivered"),
        )
        some = Flat.of(rows.get_column("address"))
        holding = np.unique(some.rows()[Many(some.values).rows_of(of_kind)])
        theirs = rows_at(rows, holding).filter(pl.col("address").list.len() == pl.col("delivered").list.len())
        parts.append(theirs.explode("address", "delivered").filter(pl.col("address").is_in(of_kind.implode())))
    return (
        pl.concat(parts)
        .sort("observed_at", "order", descending=[True, False])
        .unique(["channel", "address"], keep="first", maintain_order=True)
        .select("channel", "address", "delivered")
    )
