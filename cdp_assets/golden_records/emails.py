"""Every e-mail address of a customer, in the order in which one would write to them.

A dead address still identifies its person, so it stays in the table, and is never a send target. The order: sendable
before not, what a correction set, consent given before unknown before withdrawn, the customer's alone before a
household's, an own mailbox before a relay, engaged before silent, carried now before formerly, then the policy's rules, then a record's main address before its others.

What does not belong here: what an address is and whether it is alive (``standardized/email_addresses``), how consent
is decided (``consents.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.golden_records.contact_points import contact_points
from cdp_assets.golden_records.corrections import Corrections
from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.policy import BEST_CLASSES, SENDABLE_CLASSES, ConsentPolicy, Rule
from cdp_assets.golden_records.ranked_contacts import RETRACTED, SET, ContactKind, RankedContacts, ranked_contacts
from cdp_assets.golden_records.ranking import Key
from cdp_assets.standardized.email_domains import describe_emails
from cdp_assets.standardized.email_sharing import PERSON, SHARED_BY_MANY
from cdp_assets.tables import GOLDEN_EMAILS

DEAD, UNVERIFIED = "dead", "unverified"

LIVELINESS = {"active": 3, UNVERIFIED: 2, "stale": 1, DEAD: 0}
"""Status as an order: who answered lately is likelier to answer than who was never heard of."""

EMAIL = ContactKind(
    "email",
    GOLDEN_EMAILS,
    usable="is_sendable",
    order=(
        Key("sendable", "is_sendable"),
        SET,
        Key("consent", "consent_order"),
        Key("own", "is_own"),
        Key("class", "class_order"),
        Key("engaged", "liveliness"),
        Key("engaged", "engaged_at"),
        Key("current", "is_current"),
    ),
)


def customer_emails(
    known: CustomerVersions,
    sighted: pl.DataFrame,
    email_addresses: pl.DataFrame,
    consents: pl.DataFrame,
    corrections: Corrections,
    rules: tuple[Rule, ...],
    policy: ConsentPolicy,
) -> RankedContacts:
    """All addresses of all customers, ranked, and which of them is golden.

    ``is_sendable`` is false for an address that is dead, of a class that reaches nobody or just anybody, an office's or
    junk, or retracted; none of these is ever golden, even when there is no other.
    """
    points = contact_points(known, sighted, corrections, "email")
    is_sendable = (
        pl.col("class").is_in(SENDABLE_CLASSES)
        & (pl.col("status") != DEAD)
        & ~pl.col("sharing").is_in(SHARED_BY_MANY)
        & ~pl.col("is_retracted")
    )
    judged = _described(points.frame.rename({"value": "email"}), email_addresses).with_columns(
        is_sendable.alias("is_sendable"),
        pl.when(pl.col("is_retracted")).then(pl.lit(RETRACTED)).otherwise("status").alias("status"),
        (pl.col("sharing") == PERSON).alias("is_own"),
        pl.col("class").is_in(BEST_CLASSES).alias("class_order"),
        pl.col("status").replace_strict(LIVELINESS, return_dtype=pl.Int8).alias("liveliness"),
    )
    return ranked_contacts(EMAIL, points, judged, consents, corrections, rules, policy)


def _described(points: pl.DataFrame, email_addresses: pl.DataFrame) -> pl.DataFrame:
    """Class, status and sharing of each address; one that only a correction names is described here, as unverified."""
    rows = rows_of(points.get_column("email"), email_addresses.get_column("email"))
    known = email_addresses.select("class", "status", "sharing", "engaged_at").rechunk()
    described = points.with_columns(column.gather(rows) for column in known.iter_columns())
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
