"""Contracts of records in comparable form, of their versions, and of lines that broke a rule."""

from __future__ import annotations

from cdp_assets.tables.contract import (
    ADDRESSES,
    DAY,
    FLAG,
    IDENTIFIERS,
    INTEGER,
    MOMENT,
    TEXT,
    TEXTS,
    Column,
    Table,
    key_column,
)

# The columns of a record in comparable form. `standardized/<source>_records` and `standardized/record_versions` share
# them. `*_norm` columns are for comparison (ASCII, lower case); the plain ones are for people (NFC, trimmed).
RECORD_COLUMNS: tuple[Column, ...] = (
    Column("record_id", TEXT, "source and source key, joined by '/'", nullable=False, personal=True),
    Column("source", TEXT, "source that delivered the record", nullable=False),
    Column("source_key", TEXT, "key of the record in its source; parts of a composite key joined by '|'", nullable=False, personal=True),
    Column("import_id", TEXT, "import that delivered this row", nullable=False),
    Column("line", INTEGER, "line (CSV, JSON lines) or row (Parquet, Excel) in the delivered file, from 1 at the header", nullable=False),
    Column("observed_at", MOMENT, "when the source says it was true", nullable=False),
    Column("landed_at", MOMENT, "when the import landed", nullable=False),
    Column("content_hash", TEXT, "hash of the mapped values: two deliveries with the same hash say the same thing", nullable=False),
    Column("full_name", TEXT, "whole name, for people", personal=True),
    Column("first_name", TEXT, "given name, for people", personal=True),
    Column("middle_name", TEXT, "middle name or initial, for people", personal=True),
    Column("last_name", TEXT, "family name, for people", personal=True),
    Column("name_suffix", TEXT, "generational suffix, for people: Jr, Sr, II, III …", personal=True),
    Column("first_name_norm", TEXT, "given name, comparable; words joined by one space", personal=True),
    Column("middle_name_norm", TEXT, "middle name, comparable", personal=True),
    Column("last_name_norm", TEXT, "family name, comparable; particles kept, hyphens and apostrophes off", personal=True),
    Column("suffix_norm", TEXT, "jr, sr, ii, iii, iv, v"),
    Column("first_name_root", TEXT, "what a nickname stands for (bill, will → william); else first_name_norm's first word", personal=True),
    Column("sex", TEXT, "f, m or x"),
    Column("date_of_birth", DAY, "date of birth, when it is a possible one", personal=True),
    Column("date_of_birth_text", TEXT, "year-month-day digits as delivered, even when that day cannot exist", personal=True),
    Column("emails", TEXTS, "canonical addresses, first the main one", personal=True),
    Column("emails_delivered", TEXTS, "the same addresses as delivered, side by side with emails", personal=True),
    Column("phones", TEXTS, "E.164 numbers (national digits where no region is known), first the main one", personal=True),
    Column("phones_delivered", TEXTS, "the same numbers as delivered, side by side with phones", personal=True),
    Column("phone_extensions", TEXTS, "extension dialled behind each number, side by side with phones; null where there is none", personal=True),
    Column("addresses", ADDRESSES, "postal addresses, first the current one", personal=True),
    Column("company", TEXT, "company, for people", personal=True),
    Column("company_norm", TEXT, "company, comparable; legal form off", personal=True),
    Column("job_title", TEXT, "job title, for people", personal=True),
    Column("identifiers", IDENTIFIERS, "exact keys shared between systems, by the contract's names", personal=True),
    Column("problems", TEXTS, "what was delivered and could not be kept, as field:problem (date_of_birth:impossible, email:unreadable …), sorted"),
    Column("activity", TEXT, "kind activities: what happened (attended, page_view, purchase, opened, clicked, bounced …)"),
    Column("activity_subject", TEXT, "kind activities: what it was about (a webinar's or page's name)", personal=True),
    Column("consent", TEXT, "kind consents: given, withdrawn, expired or requested (asked for, and not confirmed yet)"),
    Column("purpose", TEXT, "kind consents: what the address may be used for (marketing, service …)"),
    Column("channel", TEXT, "kind consents: email, phone, post"),
    Column("wording", TEXT, "kind consents: the text or version that the person agreed to"),
    Column("lawful_basis", TEXT, "kind consents: consent, legitimate_interest, contract … where the source says it"),
    Column("jurisdiction", TEXT, "kind consents: country whose law applies, ISO 3166-1 alpha-2, or EU"),
    Column("collection_method", TEXT, "kind consents: where and how it was collected (a form, a fair, a call)", personal=True),
    Column("validity_duration", TEXT, "kind consents: how long it holds, as ISO 8601 (P12M, or its last day); unreadable where nobody can tell"),
    Column("double_opt_in", TEXT, "kind consents: confirmed or pending"),
    Column("indicated_by", TEXT, "kind consents: who said so: the person, a parent, an agent", personal=True),
    Column("corrected_source", TEXT, "kind corrections: source of the record that is corrected"),
    Column("corrected_key", TEXT, "kind corrections: key of that record in its source", personal=True),
    Column("corrected_field", TEXT, "kind corrections: canonical field that is corrected"),
    Column("corrected_value", TEXT, "kind corrections: the value that is right or, for a retraction, the one that is not theirs", personal=True),
    Column("correction", TEXT, "kind corrections: set (this is the value now) or retract (this one is not theirs)"),
)  # fmt: skip


def source_records(source: str) -> Table:
    """The contract of ``standardized/<source>_records``."""
    return Table(
        f"standardized/{source}_records",
        "record that an import delivered, in comparable form",
        RECORD_COLUMNS,
        key=("import_id", "record_id", "observed_at", "content_hash"),
        partitioned_by="import_id",
    )


_REJECTION_COLUMNS = (
    key_column("source", "source that delivered the line"),
    key_column("import_id", "import that delivered the line"),
    Column("line", INTEGER, "line or row in the delivered file", nullable=False),
    key_column("rule", "rule that the line broke"),
    Column("field", TEXT, "canonical field or column that the rule speaks of"),
    Column("advice", TEXT, "what to do about it"),
    Column("raw_values", TEXT, "the line as delivered, as a JSON object of column to text", personal=True),
)


def source_rejections(source: str) -> Table:
    """The contract of ``standardized/<source>_rejections``: written with the source's records, gathered afterwards."""
    return Table(
        f"standardized/{source}_rejections",
        "line of an import that broke a rule",
        _REJECTION_COLUMNS,
        key=("import_id", "line"),
        partitioned_by="import_id",
    )


RECORD_VERSIONS = Table(
    "standardized/record_versions",
    "version of a record: what its source said, from when until when",
    (
        *RECORD_COLUMNS,
        Column("version", INTEGER, "number of the version, from 1", nullable=False),
        Column("valid_from", MOMENT, "source time from which it was true", nullable=False),
        Column("valid_to", MOMENT, "source time at which a newer version or a deletion ended it; null while it stands"),
        Column("last_import_id", TEXT, "last import that repeated it", nullable=False),
        Column("last_seen_at", MOMENT, "when the source last said so", nullable=False),
        Column("is_current", FLAG, "newest version of its record, and the record still exists in its source", nullable=False),
        Column("is_newest", FLAG, "newest version of its record, deleted or not", nullable=False),
        Column("is_deleted", FLAG, "the record has disappeared from its source's snapshots", nullable=False),
    ),
    key=("record_id", "version"),
)  # fmt: skip

REJECTED_ROWS = Table(
    "standardized/rejected_rows",
    "delivered line that broke a rule, with the rule",
    _REJECTION_COLUMNS,
    key=("source", "import_id", "line"),
)
