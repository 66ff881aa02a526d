"""Every phone number of a customer, in the order in which one would call them.

The order: callable before not, a number that its country's plan has before others, what a correction set, numbers whose use
for marketing was given before unknown before withdrawn, the customer's alone before a household's, those carried now before
former ones, then the policy's rules, then a record's main number before its others.

What does not belong here: what a number is and who shares it (``standardized/phone_numbers``), how consent is decided
(``consents.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.golden_records.contact_points import MAIN, SET, contact_points, golden_cells, states_of_sets
from cdp_assets.golden_records.corrections import Corrections
from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.policy import ConsentPolicy, Rule
from cdp_assets.golden_records.purposes import best_for, consent_order, marketing_consent
from cdp_assets.golden_records.ranking import Key, in_order, keys_of
from cdp_assets.standardized.phone_numbers import described_by_plan

RETRACTED, VALID, DOUBTED = "retracted", "valid", "doubted"
"""Status: not theirs, by a correction; the country's numbering plan has such numbers; it has not, or the country is unknown."""

PERSONAL = "personal"

SHARED_BY_MANY = ("office", "junk")
"""Sharing that makes a number nobody's own; one household's landline is still theirs."""

ORDER = (
    Key("callable", "is_callable"),
    Key("valid", "is_valid"),
    SET,
    Key("consent", "consent_order"),
    Key("own", "is_own"),
    Key("current", "is_current"),
)


@dataclass(frozen=True)
class Phones:
    """``table``: the rows of ``golden_records/phones`` with ``customer`` for its id; ``cells``: golden ``phone``;
    ``states``: what became of the numbers that were set (:data:`~cdp_assets.golden_records.three_way.STATES`)."""

    table: pl.DataFrame
    cells: pl.DataFrame
    states: pl.DataFrame


def customer_phones(
    known: CustomerVersions,
    sighted: pl.DataFrame,
    phone_numbers: pl.DataFrame,
    consents: pl.DataFrame,
    corrections: Corrections,
    rules: tuple[Rule, ...],
    policy: ConsentPolicy,
) -> Phones:
    """All numbers of all customers, ranked, and which of them is golden: never an office's, a junk one or a retracted one."""
    points = contact_points(known, sighted, corrections, "phone")
    described = _described(points.frame.rename({"value": "phone"}), phone_numbers)
    consented = marketing_consent(consents, "phone", policy).rename({"value": "phone"})
    is_shared = pl.col("sharing").is_in(SHARED_BY_MANY)
    judged = described.join(consented, on=["customer", "phone"], how="left").with_columns(
        is_shared.alias("is_shared"),
        (~is_shared & ~pl.col("is_retracted")).alias("is_callable"),
        (pl.col("sharing") == PERSONAL).alias("is_own"),
        pl.col("marketing_consent").fill_null(policy.default_state),
        pl.when(pl.col("is_retracted"))
        .then(pl.lit(RETRACTED))
        .when(pl.col("is_valid"))
        .then(pl.lit(VALID))
        .otherwise(pl.lit(DOUBTED))
        .alias("status"),
    )
    judged = judged.with_columns(consent_order(pl.col("marketing_consent")).alias("consent_order"))
    keys = keys_of(ORDER, rules, last=[MAIN])
    ranked = in_order(judged, keys).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("customer").alias("rank"),
        value="phone",
        is_usable="is_callable",
    )
    table = ranked.with_columns(best_for(ranked, consents, "phone", policy))
    is_callable = pl.col("is_callable")
    return Phones(
        table.select("customer", *_COLUMNS),
        golden_cells(ranked, is_callable, points.carriers, keys),
        states_of_sets(ranked, corrections.of("phone")[0], is_callable, points.carriers),
    )


_COLUMNS = (
    "phone",
    "delivered",
    "country",
    "type",
    "sharing",
    "status",
    "rank",
    "is_callable",
    "is_shared",
    "marketing_consent",
    "best_for",
    "sources",
    "first_seen_at",
    "last_seen_at",
)


def _described(points: pl.DataFrame, phone_numbers: pl.DataFrame) -> pl.DataFrame:
    """Country, type, validity and sharing of each number; one that only a correction names is described by its plan."""
    columns = ["phone", "country", "type", "is_valid"]
    known = phone_numbers.select(*columns, "sharing")
    named_only = points.join(known, on="phone", how="anti").get_column("phone")
    strangers = described_by_plan(named_only).select(*columns, sharing=pl.lit(PERSONAL))
    return points.join(pl.concat([known, strangers]), on="phone", how="left")
