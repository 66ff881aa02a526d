"""Contracts of what is known of the quality of the sources."""

from __future__ import annotations

from cdp_assets.tables.contract import DAY, INTEGER, MOMENT, NUMBER, TEXT, Column, Table, key_column

QUALITY_REPORT = Table(
    "standardized/quality_report",
    "source, import and field, with how well the import fills it and how much of it could be read",
    (
        key_column("source", "source"),
        key_column("import_id", "import"),
        Column("landed_at", MOMENT, "when the import landed", nullable=False),
        key_column("field", "canonical field, or the name of an identifier"),
        Column("records", INTEGER, "records of the import", nullable=False),
        Column("filled", INTEGER, "records in which the field has a value", nullable=False),
        Column("unreadable", INTEGER, "records that delivered something for the field which could not be kept", nullable=False),
        Column("distinct_values", INTEGER, "distinct values", nullable=False),
        Column("completeness", NUMBER, "filled / records", nullable=False),
        Column("validity", NUMBER, "records with nothing unreadable / records that delivered something; null where nothing was"),
        Column("distinctness", NUMBER, "distinct values / values; null where nothing is filled"),
        Column("top_problem", TEXT, "commonest reason for which a value was not kept"),
        Column("top_problem_records", INTEGER, "records with that reason", nullable=False),
    ),
    key=("source", "import_id", "field"),
)  # fmt: skip

QUALITY_FINDINGS = Table(
    "standardized/quality_findings",
    "source and finding: something a person should know of its current records, counted",
    (
        key_column("source", "source"),
        key_column("finding", "rejected rows by rule, duplicates, dead, stale or mistyped addresses, inconsistencies …"),
        key_column("field", "canonical field that it speaks of, or 'record'"),
        Column("found", INTEGER, "records, rows or addresses that show it", nullable=False),
        Column("looked_at", INTEGER, "records, rows or addresses that could have shown it", nullable=False),
        Column("share", NUMBER, "found / looked_at", nullable=False),
        key_column("advice", "what to do about it"),
    ),
    key=("source", "finding", "field"),
)  # fmt: skip

QUALITY_AUDITS = Table(
    "standardized/quality_audits",
    "source, audit and measure: the quality of a source over time",
    (
        key_column("source", "source"),
        Column("audited_on", DAY, "day of the audit; a second audit of a day replaces the first", nullable=False),
        key_column("measure", "completeness, validity, rejected_share, dead_email_share …"),
        Column("value", NUMBER, "its value", nullable=False),
    ),
    key=("source", "audited_on", "measure"),
)
