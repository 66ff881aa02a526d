"""Every phone number of a customer, in the order in which one would call them.

The order: callable before not, a number that its country's plan has before others, what a correction set, numbers whose use
for marketing was given before unknown before withdrawn, the customer's alone before a household's, those carried now before
former ones, then the policy's rules, then a record's main number before its others.

What does not belong here: what a number is and who shares it (``standardized/phone_numbers``), how consent is decided
(``consents.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.golden_records.contact_points import contact_points
from cdp_assets.golden_records.corrections import Corrections
from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.policy import ConsentPolicy, Rule
from cdp_assets.golden_records.ranked_contacts import RETRACTED, SET, ContactKind, RankedContacts, ranked_contacts
from cdp_assets.golden_records.ranking import Key
from cdp_assets.standardized.phone_numbers import described_by_plan
from cdp_assets.tables import GOLDEN_PHONES

VALID, DOUBTED = "valid", "doubted"
"""Status: the country's numbering plan has such numbers; it has not, or the country is unknown."""

PERSONAL = "personal"

SHARED_BY_MANY = ("office", "junk")
"""Sharing that makes a number nobody's own; one household's landline is still theirs."""

PHONE = ContactKind(
    "phone",
    GOLDEN_PHONES,
    usable="is_callable",
    order=(
        Key("callable", "is_callable"),
        Key("valid", "is_valid"),
        SET,
        Key("consent", "consent_order"),
        Key("own", "is_own"),
        Key("current", "is_current"),
    ),
)


def customer_phones(
    known: CustomerVersions,
    sighted: pl.DataFrame,
    phone_numbers: pl.DataFrame,
    consents: pl.DataFrame,
    corrections: Corrections,
    rules: tuple[Rule, ...],
    policy: ConsentPolicy,
) -> RankedContacts:
    """All numbers of all customers, ranked, and which of them is golden: never an office's, a junk one or a retracted one."""
    points = contact_points(known, sighted, corrections, "phone")
    is_shared = pl.col("sharing").is_in(SHARED_BY_MANY)
    judged = _described(points.frame.rename({"value": "phone"}), phone_numbers).with_columns(
        is_shared.alias("is_shared"),
        (~is_shared & ~pl.col("is_retracted")).alias("is_callable"),
        (pl.col("sharing") == PERSONAL).alias("is_own"),
        pl.when(pl.col("is_retracted"))
        .then(pl.lit(RETRACTED))
        .when(pl.col("is_valid"))
        .then(pl.lit(VALID))
        .otherwise(pl.lit(DOUBTED))
        .alias("status"),
    )
    return ranked_contacts(PHONE, points, judged, consents, corrections, rules, policy)


def _described(points: pl.DataFrame, phone_numbers: pl.DataFrame) -> pl.DataFrame:
    """Country, type, validity and sharing of each number; one that only a correction names is described by its plan."""
    columns = ["phone", "country", "type", "is_valid"]
    known, sought = phone_numbers.select(*columns, "sharing"), points.get_column("phone")
    rows = rows_of(sought, known.get_column("phone"))
    if rows.null_count():
        strangers = described_by_plan(sought.filter(rows.is_null())).select(*columns, sharing=pl.lit(PERSONAL))
        known = pl.concat([known, strangers])
        rows = rows_of(sought, known.get_column("phone"))
    return points.with_columns(column.gather(rows) for column in known.drop("phone").rechunk().iter_columns())
