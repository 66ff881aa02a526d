"""The quality of a source in a dozen numbers, and their history over audits.

A measure that a source can not have (dead addresses, where it delivers none) has no row: a zero would be praise.

What does not belong here: the counts behind the numbers (``quality_report.py``, ``quality_findings.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from cdp_assets.standardized.quality_facts import Facts
from cdp_assets.standardized.quality_report import field_counts
from cdp_assets.standardized.quality_rules import DAYS_OF_A_YEAR, REJECTED, graded
from cdp_assets.tables import QUALITY_AUDITS

Form = Literal["share", "count", "days", "rate"]


@dataclass(frozen=True)
class Measure:
    """``better``: the direction in which it improves, or neither."""

    name: str
    title: str
    form: Form
    better: Literal["up", "down", "neither"]
    meaning: str


MEASURES = (
    Measure("completeness", "Completeness", "share", "up", "filled cells, of the fields that the source fills at all"),
    Measure("validity", "Validity", "share", "up", "delivered values that could be read"),
    Measure(
        "findings_per_1000", "Findings per 1,000 records", "rate", "down", "wrong or doubtful, each finding counted"
    ),
    Measure("rejected_share", "Rejected lines", "share", "down", "of all lines of the imports in use"),
    Measure("duplicate_share", "Repeated records", "share", "down", "of records with a full name and any evidence"),
    Measure("dead_email_share", "Dead addresses", "share", "down", "of the source's e-mail addresses"),
    Measure("stale_email_share", "Stale addresses", "share", "down", "of the source's e-mail addresses"),
    Measure("mistyped_email_share", "Mistyped domains", "share", "down", "of the source's e-mail addresses"),
    Measure("placeholder_email_share", "Placeholder addresses", "share", "down", "of the source's e-mail addresses"),
    Measure("median_age_days", "Median age", "days", "down", "of a record, back from the newest observation of all"),
    Measure("records", "Records", "count", "neither", "current ones"),
)
"""In the order in which they are shown."""

SMALLEST_SHARE = 0.0005
"""Below it a share is told as 'under 0.1%', for 0.0% would say that there is none."""

_OF_FINDINGS = {
    "duplicate_share": ("repeats_another_record", "record"),
    "dead_email_share": ("dead_address", "email"),
    "stale_email_share": ("stale_address", "email"),
    "mistyped_email_share": ("mistyped_domain", "email"),
    "placeholder_email_share": ("placeholder_address", "email"),
}
"""Measures that are the share of a finding."""


def told(measure: Measure, value: float | None) -> str:
    """The value of a measure as people write it; a dash for none."""
    if value is None or measure.form == "share":
        return percent(value)
    if measure.form == "days":
        return f"{value:,.0f} days" if value < DAYS_OF_A_YEAR else f"{value / DAYS_OF_A_YEAR:,.1f} years"
    return f"{value:,.0f}" if value >= 10 or measure.form == "count" else f"{value:,.1f}"


def percent(share: float | None) -> str:
    """A share as a percentage; never rounded to all or nothing. A dash for none."""
    if share is None:
        return "–"
    if 0 < share < SMALLEST_SHARE:
        return "under 0.1%"
    if 1 > share > 1 - SMALLEST_SHARE:
        return "over 99.9%"
    return f"{share:.0%}" if share in (0, 1) else f"{share:.1%}"


def quality_measures(facts: Facts, findings: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """``source``, ``measure`` and ``value`` of each source with current records; sorted.

    ``findings``: of ``standardized/quality_findings``. ``lines``: ``source`` and ``lines`` of its imports in use.
    """
    records = facts.records.group_by("source").agg(
        records=pl.len().cast(pl.Float64),
        median_age_days=(pl.col("newest") - pl.col("observed_at")).dt.total_hours().median() / 24,
    )
    told = [
        _long(records, "records", "median_age_days"),
        _long(_of_fields(facts.current), "completeness", "validity"),
        _long(_rejected(findings, lines), "rejected_share"),
        _long(_per_1000(findings, records), "findings_per_1000"),
        *(_share(findings, measure, *which) for measure, which in _OF_FINDINGS.items()),
    ]
    with_records = pl.concat(told).drop_nulls("value").join(records.select("source"), on="source", how="semi")
    return with_records.sort("source", "measure")


def with_audit(history: pl.DataFrame, measures: pl.DataFrame, audited_on: date) -> pl.DataFrame:
    """``standardized/quality_audits`` with the measures of a day; those of the same sources and day are replaced."""
    audit = measures.select("source", pl.lit(audited_on).alias("audited_on"), "measure", "value")
    kept = history.join(audit.select("source", "audited_on").unique(), on=["source", "audited_on"], how="anti")
    joined = pl.concat([kept.select(QUALITY_AUDITS.schema.keys()), audit])
    return QUALITY_AUDITS.conform(joined.sort("source", "audited_on", "measure"))


def _long(wide: pl.DataFrame, *measures: str) -> pl.DataFrame:
    return pl.concat(
        wide.select("source", measure=pl.lit(measure), value=pl.col(measure).cast(pl.Float64)) for measure in measures
    )


def _of_fields(current: pl.DataFrame) -> pl.DataFrame:
    counts = field_counts(current, ["source"], with_distinct=False).filter(pl.col("delivered") > 0)
    return counts.group_by("source").agg(
        completeness=pl.col("filled").sum() / pl.col("records").sum(),
        validity=1 - pl.col("unreadable").sum() / pl.col("delivered").sum(),
    )


def _rejected(findings: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    rejected = (
        findings.filter(pl.col("finding").str.starts_with(REJECTED)).group_by("source").agg(pl.col("found").sum())
    )
    some = lines.filter(pl.col("lines") > 0).join(rejected, on="source", how="left")
    return some.select("source", rejected_share=pl.col("found").fill_null(0) / pl.col("lines"))


def _per_1000(findings: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """A repeated record counts once, not once by each evidence."""
    counted = graded(findings).filter(pl.col("severity") != "to know")
    sums = counted.group_by("source").agg(pl.col("found").sum())
    joined = records.join(sums, on="source", how="left")
    return joined.select("source", findings_per_1000=1000 * pl.col("found").fill_null(0) / pl.col("records"))


def _share(findings: pl.DataFrame, measure: str, finding: str, field: str) -> pl.DataFrame:
    rows = findings.filter((pl.col("finding") == finding) & (pl.col("field") == field))
    return rows.select("source", measure=pl.lit(measure), value="share")
