"""Findings: what a person should know of the current records of each source, counted, with what to do about it.

Every rule has a row wherever it had something to look at, also when it found nothing: that it was looked for is worth
knowing, and a curve over time needs its zeros. Masked examples are made apart (:func:`examples`), for a report that
stays in the workspace; the table holds numbers and words of our own only.

What does not belong here: what is a finding (``quality_rules.py``), the facts (``quality_facts.py``).
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from cdp_assets.standardized.masking import mask
from cdp_assets.standardized.quality_facts import Facts
from cdp_assets.standardized.quality_report import field_counts
from cdp_assets.standardized.quality_rules import (
    ADDRESS_RULES,
    IDENTIFIER_RULE,
    NOT_KEPT,
    NOT_KEPT_ADVICE,
    NOT_KEPT_ADVICE_ELSE,
    PHONE_RULES,
    RECORD_RULES,
    REJECTED,
    REJECTED_ADVICE_ELSE,
    Rule,
    graded,
)
from cdp_assets.tables import QUALITY_FINDINGS

EXAMPLES_EACH = 3
"""Masked examples of a finding: enough to see the pattern, too few to be a list of people."""

_COUNTS = {"source": pl.String, "finding": pl.String, "field": pl.String, "found": pl.Int64, "looked_at": pl.Int64, "advice": pl.String}  # fmt: skip


def quality_findings(facts: Facts, rejected_rows: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/quality_findings``, sorted by key.

    ``rejected_rows``: of ``standardized/rejected_rows``. ``lines``: ``source`` and ``lines``, how many its imports in use
    had.
    """
    counted = [
        *_ruled(facts.addresses, ADDRESS_RULES),
        *_ruled(facts.numbers, PHONE_RULES),
        *_ruled(facts.records, RECORD_RULES),
        _identifiers(facts.identifiers),
        _not_kept(facts.current),
        _rejected(rejected_rows, lines),
    ]
    found = pl.concat([pl.DataFrame(schema=_COUNTS), *(rows.select(list(_COUNTS)) for rows in counted)])
    found = found.filter(pl.col("looked_at") > 0).with_columns(share=pl.col("found") / pl.col("looked_at"))
    return QUALITY_FINDINGS.conform(found.select(QUALITY_FINDINGS.schema.keys()).sort("source", "finding", "field"))


def kinds_found(findings: pl.DataFrame) -> pl.DataFrame:
    """``source`` and ``kinds``: how many findings each source shows, wrong or doubtful."""
    counts = (pl.col("found") > 0) & (pl.col("severity") != "to know")
    return graded(findings).group_by("source").agg(kinds=counts.sum()).sort("source")


def examples(facts: Facts, source: str) -> dict[tuple[str, str], list[str]]:
    """(Finding, field) to a few masked examples of it in one source; only where there are any."""
    is_of_source = pl.col("source") == source
    looked = [
        (facts.addresses.filter(is_of_source), ADDRESS_RULES),
        (facts.numbers.filter(is_of_source), PHONE_RULES),
        (facts.records.filter(is_of_source), RECORD_RULES),
    ]
    told = {(rule.name, rule.field): _masked(units, rule) for units, rules in looked for rule in rules}
    for (field,), rows in facts.identifiers.filter(is_of_source & pl.col("contradicts")).group_by("field"):
        told[IDENTIFIER_RULE.name, str(field)] = _masked(rows, IDENTIFIER_RULE)
    return {key: shown for key, shown in told.items() if shown}


def _masked(units: pl.DataFrame, rule: Rule) -> list[str]:
    columns = [shown.column for shown in rule.shown]
    rows = units.filter(rule.looked_at & rule.found).select(columns).unique().sort(columns).head(EXAMPLES_EACH)
    told = [
        ", ".join(f"{shown.label} {mask(value, shown.kind)}" for shown, value in zip(rule.shown, row, strict=True))
        for row in rows.iter_rows()
    ]
    return list(dict.fromkeys(told))


def _ruled(units: pl.DataFrame, rules: tuple[Rule, ...]) -> Iterator[pl.DataFrame]:
    """Each rule's counts, from one pass over its units."""
    counts = units.group_by("source").agg(
        *(_count(rule.looked_at).alias(f"looked_at {n}") for n, rule in enumerate(rules)),
        *(_count(rule.looked_at & rule.found).alias(f"found {n}") for n, rule in enumerate(rules)),
    )
    for n, rule in enumerate(rules):
        yield counts.select(
            "source",
            finding=pl.lit(rule.name),
            field=pl.lit(rule.field),
            found=f"found {n}",
            looked_at=f"looked_at {n}",
            advice=pl.lit(rule.advice),
        )


def _count(condition: pl.Expr) -> pl.Expr:
    """Of the rows of a group; a condition that reads no column holds for each of them."""
    return (condition.fill_null(False) & pl.col("source").is_not_null()).sum().cast(pl.Int64)


def _identifiers(units: pl.DataFrame) -> pl.DataFrame:
    rule = IDENTIFIER_RULE
    return units.group_by("source", "field").agg(
        pl.lit(rule.name).first().alias("finding"),
        _count(rule.looked_at & rule.found).alias("found"),
        _count(rule.looked_at).alias("looked_at"),
        pl.lit(rule.advice).first().alias("advice"),
    )


def _not_kept(current: pl.DataFrame) -> pl.DataFrame:
    """By field and problem, of the records that delivered something for the field."""
    told = current.select("source", "record_id", "problems").filter(pl.col("problems").list.len() > 0)
    parts = told.explode("problems").select(
        "source",
        "record_id",
        field=pl.col("problems").str.extract(r"^([^:]*):").fill_null("record"),
        problem=pl.col("problems").str.extract(r"([^:]*)$"),
    )
    counts = parts.unique().group_by("source", "field", "problem").agg(pl.len().cast(pl.Int64).alias("found"))
    if counts.is_empty():
        return pl.DataFrame(schema=_COUNTS)
    delivered = field_counts(current, ["source"], with_distinct=False).select("source", "field", looked_at="delivered")
    advice = pl.col("problem").replace_strict(NOT_KEPT_ADVICE, default=NOT_KEPT_ADVICE_ELSE, return_dtype=pl.String)
    return counts.join(delivered, on=["source", "field"]).with_columns(
        finding=NOT_KEPT + pl.col("problem"), advice=advice
    )


def _rejected(rejected_rows: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """By rule and field, of all lines of the source's imports in use."""
    return (
        rejected_rows.group_by("source", "rule", pl.col("field").fill_null("record"))
        .agg(pl.len().cast(pl.Int64).alias("found"), pl.col("advice").min())
        .join(lines.select("source", looked_at=pl.col("lines").cast(pl.Int64)), on="source", how="inner")
        .with_columns(finding=REJECTED + pl.col("rule"), advice=pl.col("advice").fill_null(REJECTED_ADVICE_ELSE))
    )
