"""Every e-mail address of a customer, in the order in which one would write to them.

A dead address still identifies its person, so it stays in the table, and is never a send target. The order: sendable
before not, what a correction set, consent given before unknown before withdrawn, an own mailbox before a relay, engaged
before silent, carried now before formerly, then the policy's rules, then a record's main address before its others.

What does not belong here: what an address is and whether it is alive (``standardized/email_addresses``), how consent
is decided (``consents.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.golden_records.consents import ALLOWED, CONTACTABLE, INSUFFICIENT
from cdp_assets.golden_records.contact_points import MAIN, SET, contact_points, golden_cells
from cdp_assets.golden_records.corrections import Corrections
from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.policy import BEST_CLASSES, SENDABLE_CLASSES, ConsentPolicy, Rule
from cdp_assets.golden_records.ranking import Key, first_of_each, in_order, keys_of
from cdp_assets.standardized.consent_words import EXPIRED, GIVEN, REQUESTED, WITHDRAWN
from cdp_assets.standardized.email_domains import describe_emails
from cdp_assets.standardized.email_sharing import PERSON, SHARED_BY_MANY

RETRACTED, DEAD, UNVERIFIED = "retracted", "dead", "unverified"

LIVELINESS = {"active": 3, UNVERIFIED: 2, "stale": 1, DEAD: 0}
"""Status as an order: who answered lately is likelier to answer than who was never heard of."""

ORDER = (
    Key("sendable", "is_sendable"),
    SET,
    Key("consent", "consent_order"),
    Key("class", "class_order"),
    Key("engaged", "liveliness"),
    Key("engaged", "engaged_at"),
    Key("current", "is_current"),
)


@dataclass(frozen=True)
class Emails:
    """``table``: the rows of ``golden_records/emails`` with ``customer`` for its id; ``cells``: golden ``email``."""

    table: pl.DataFrame
    cells: pl.DataFrame


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
    judged = described.join(_marketing_consent(consents, policy), on=["customer", "email"], how="left").with_columns(
        is_sendable.alias("is_sendable"),
        pl.when(pl.col("is_retracted")).then(pl.lit(RETRACTED)).otherwise("status").alias("status"),
        pl.col("marketing_consent").fill_null(policy.default_state),
        pl.col("class").is_in(BEST_CLASSES).alias("class_order"),
        pl.col("status").replace_strict(LIVELINESS, return_dtype=pl.Int8).alias("liveliness"),
    )
    judged = judged.with_columns(
        pl.col("marketing_consent")
        .replace_strict({GIVEN: 2, WITHDRAWN: 0}, default=1, return_dtype=pl.Int8)
        .alias("consent_order")
    )
    keys = keys_of(ORDER, rules, last=[MAIN])
    ranked = in_order(judged, keys).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("customer").alias("rank")
    )
    table = ranked.with_columns(_best_for(ranked, consents, policy))
    cells = golden_cells(ranked.rename({"email": "value"}), pl.col("is_sendable"), points.carriers, keys)
    return Emails(table.select("customer", *_COLUMNS), cells)


_COLUMNS = (
    "email",
    "delivered",
    "class",
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


def _marketing_consent(consents: pl.DataFrame, policy: ConsentPolicy) -> pl.DataFrame:
    """Given when any marketing purpose is, else the first of :data:`_STATES` that any is in; silent addresses are absent."""
    return (
        _of_emails(consents)
        .filter(pl.col("purpose").is_in(policy.marketing_purposes))
        .with_columns(order=pl.col("state").replace_strict(_STATES, list(range(len(_STATES))), return_dtype=pl.UInt8))
        .group_by("customer", "email")
        .agg(pl.col("state").sort_by("order").first().alias("marketing_consent"))
    )


_STATES = (GIVEN, ALLOWED, INSUFFICIENT, REQUESTED, EXPIRED, WITHDRAWN)
"""States of consent, first what allows most."""


def _best_for(ranked: pl.DataFrame, consents: pl.DataFrame, policy: ConsentPolicy) -> pl.Series:
    """Purposes for which each address is its customer's best, sorted: a list per row of ``ranked``.

    Marketing purposes need consent given under the address itself; service purposes need only that it was not withdrawn.
    """
    sendable = ranked.select("customer", "email", "is_sendable").with_row_index("place").filter("is_sendable")
    states = _of_emails(consents).select("customer", "email", "purpose", "state")
    best = []
    for purpose in sorted({*policy.marketing_purposes, *policy.service_purposes}):
        of_purpose = states.filter(pl.col("purpose") == purpose)
        if purpose in policy.marketing_purposes:
            needed, how = of_purpose.filter(pl.col("state").is_in(CONTACTABLE)), "semi"
        else:
            needed, how = of_purpose.filter(pl.col("state") == WITHDRAWN), "anti"
        allowed = sendable.join(needed, on=["customer", "email"], how=how, maintain_order="left")  # type: ignore[arg-type]
        best.append(first_of_each(allowed).select("place", purpose=pl.lit(purpose)))
    lists = pl.concat(best).group_by("place", maintain_order=True).agg("purpose") if best else _NO_PURPOSES
    places = pl.int_range(ranked.height, dtype=pl.get_index_type(), eager=True).alias("place").to_frame()
    found = places.join(lists, on="place", how="left", maintain_order="left").get_column("purpose")
    return found.fill_null(pl.Series([[]], dtype=pl.List(pl.String))).alias("best_for")


_NO_PURPOSES = pl.DataFrame(schema={"place": pl.get_index_type(), "purpose": pl.List(pl.String)})


def _of_emails(consents: pl.DataFrame) -> pl.DataFrame:
    return consents.filter(pl.col("channel") == "email").rename({"address": "email"})
