"""Every phone number of a customer, in the order in which one would call them.

A number in full (E.164) before bare digits, an own one before one that a crowd shares, then what a correction set, then
numbers whose use for marketing was not withdrawn, then those carried now, then the policy's rules, then a record's main
number before its others. The table has no status, so a retracted number is not in it.

What does not belong here: who shares a number (``candidate_links/shared_identifiers``).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.golden_records.contact_points import MAIN, SET, contact_points, golden_cells
from cdp_assets.golden_records.corrections import Corrections
from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.policy import ConsentPolicy, Rule
from cdp_assets.golden_records.ranking import Key, in_order, keys_of
from cdp_assets.standardized.consent_words import GIVEN, WITHDRAWN

SHARED_BY_MANY = ("crowd", "role")
"""Sharing that makes a number nobody's own; one household's landline is still theirs."""

ORDER = (
    Key("valid", "is_valid"),
    Key("own", "is_own"),
    SET,
    Key("consent", "consent_order"),
    Key("current", "is_current"),
)


@dataclass(frozen=True)
class Phones:
    """``table``: the rows of ``golden_records/phones`` with ``customer`` for its id; ``cells``: golden ``phone``."""

    table: pl.DataFrame
    cells: pl.DataFrame


def customer_phones(
    known: CustomerVersions,
    sighted: pl.DataFrame,
    shared_identifiers: pl.DataFrame,
    consents: pl.DataFrame,
    corrections: Corrections,
    rules: tuple[Rule, ...],
    policy: ConsentPolicy,
) -> Phones:
    """All numbers of all customers, ranked, and which of them is golden (never one that a crowd shares)."""
    points = contact_points(known, sighted, corrections, "phone")
    shared = shared_identifiers.filter((pl.col("type") == "phone") & pl.col("sharing").is_in(SHARED_BY_MANY)).select(
        phone="value", is_shared=pl.lit(True)
    )
    marketing = (
        consents.filter((pl.col("channel") == "phone") & pl.col("purpose").is_in(policy.marketing_purposes))
        .group_by("customer", phone="address")
        .agg(
            pl.col("state")
            .replace_strict({GIVEN: 2, WITHDRAWN: 0}, default=1, return_dtype=pl.Int8)
            .max()
            .alias("consent_order")
        )
    )
    judged = (
        points.frame.rename({"value": "phone"})
        .filter(~pl.col("is_retracted"))
        .join(shared, on="phone", how="left")
        .join(marketing, on=["customer", "phone"], how="left")
        .with_columns(
            pl.col("is_shared").fill_null(False),
            pl.col("consent_order").fill_null(1),
            pl.col("phone").str.starts_with("+").alias("is_valid"),
        )
        .with_columns((~pl.col("is_shared")).alias("is_own"))
    )
    keys = keys_of(ORDER, rules, last=[MAIN])
    ranked = in_order(judged, keys).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("customer").alias("rank")
    )
    cells = golden_cells(ranked.rename({"phone": "value"}), pl.col("is_own"), points.carriers, keys)
    return Phones(ranked.select("customer", *_COLUMNS), cells)


_COLUMNS = ("phone", "rank", "is_shared", "sources", "first_seen_at", "last_seen_at")
