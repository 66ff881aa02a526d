"""Every e-mail address of a customer, in the order in which one would write to them.

A dead address still identifies its person, so it stays in the table, and is never a send target. The order: sendable
before not, what a correction set, consent given before unknown before withdrawn, the customer's alone before a
household's, an own mailbox before a relay, engaged before silent, carried now before formerly, then the policy's rules, then a record's main address before its others.

What does not belong here: what an address is and whether it is alive (``standardized/email_addresses``), how consent
is decided (``consents.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.golden_records.contact_points import MAIN, SET, contact_points, golden_cells, states_of_sets
from cdp_assets.golden_records.corrections import Corrections
from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.policy import BEST_CLASSES, SENDABLE_CLASSES, ConsentPolicy, Rule
from cdp_assets.golden_records.purposes import best_for, consent_order, marketing_consent
from cdp_assets.golden_records.ranking import Key, in_order, keys_of
from cdp_assets.standardized.email_domains import describe_emails
from cdp_assets.standardized.email_sharing import PERSON, SHARED_BY_MANY

RETRACTED, DEAD, UNVERIFIED = "retracted", "dead", "unverified"

LIVELINESS = {"active": 3, UNVERIFIED: 2, "stale": 1, DEAD: 0}
"""Status as an order: who answered lately is likelier to answer than who was never heard of."""

ORDER = (
    Key("sendable", "is_sendable"),
    SET,
    Key("consent", "consent_order"),
    Key("own", "is_own"),
    Key("class", "class_order"),
    Key("engaged", "liveliness"),
    Key("engaged", "engaged_at"),
    Key("current", "is_current"),
)


@dataclass(frozen=True)
class Emails:
    """``table``: the rows of ``golden_records/emails`` with ``customer`` for its id; ``cells``: golden ``email``;
    ``states``: what became of the addresses that were set (:data:`~cdp_assets.golden_records.three_way.STATES`)."""

    table: pl.DataFrame
    cells: pl.DataFrame
    states: pl.DataFrame


def customer_emails(
    known: CustomerVersions,
    sighted: pl.DataFrame,
    email_addresses: pl.DataFrame,
    consents: pl.DataFrame,
    corrections: Corrections,
    rules: tuple[Rule, ...],
    policy: ConsentPolicy,
) -> Emails:
    """All addresses of all customers, ranked, and which of them is golden.

    ``is_sendable`` is false for an address that is dead, of a class that reaches nobody or just anybody, an office's or
    junk, or retracted; none of these is ever golden, even when there is no other.
    """
    points = contact_points(known, sighted, corrections, "email")
    described = _described(points.frame.rename({"value": "email"}), email_addresses)
    is_sendable = (
        pl.col("class").is_in(SENDABLE_CLASSES)
        & (pl.col("status") != DEAD)
        & ~pl.col("sharing").is_in(SHARED_BY_MANY)
        & ~pl.col("is_retracted")
    )
    consented = marketing_consent(consents, "email", policy).rename({"value": "email"})
    judged = described.join(consented, on=["customer", "email"], how="left").with_columns(
        is_sendable.alias("is_sendable"),
        pl.when(pl.col("is_retracted")).then(pl.lit(RETRACTED)).otherwise("status").alias("status"),
        pl.col("marketing_consent").fill_null(policy.default_state),
        (pl.col("sharing") == PERSON).alias("is_own"),
        pl.col("class").is_in(BEST_CLASSES).alias("class_order"),
        pl.col("status").replace_strict(LIVELINESS, return_dtype=pl.Int8).alias("liveliness"),
    )
    judged = judged.with_columns(consent_order(pl.col("marketing_consent")).alias("consent_order"))
    keys = keys_of(ORDER, rules, last=[MAIN])
    ranked = in_order(judged, keys).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("customer").alias("rank"),
        value="email",
        is_usable="is_sendable",
    )
    table = ranked.with_columns(best_for(ranked, consents, "email", policy))
    is_sendable = pl.col("is_sendable")
    return Emails(
        table.select("customer", *_COLUMNS),
        golden_cells(ranked, is_sendable, points.carriers, keys),
        states_of_sets(ranked, corrections.of("email")[0], is_sendable, points.carriers),
    )


_COLUMNS = (
    "email",
    "delivered",
    "class",
    "sharing",
    "status",
    "rank",
    "is_sendable",
    "marketing_consent",
    "best_for",
    "sources",
    "first_seen_at",
    "last_seen_at",
)


def _described(points: pl.DataFrame, email_addresses: pl.DataFrame) -> pl.DataFrame:
    """Class, status and sharing of each address; one that only a correction names is described here, as unverified."""
    described = points.join(
        email_addresses.select("email", "class", "status", "sharing", "engaged_at"), on="email", how="left"
    )
    strangers = described.filter(pl.col("class").is_null()).get_column("email").unique()
    if strangers.is_empty():
        return described
    classes = describe_emails(strangers).select("email", as_described="class")
    return (
        described.join(classes, on="email", how="left")
        .with_columns(
            pl.coalesce("class", "as_described").alias("class"),
            pl.col("status").fill_null(UNVERIFIED),
            pl.col("sharing").fill_null(PERSON),
        )
        .drop("as_described")
    )
