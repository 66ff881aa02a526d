"""The contract of every table: what one row is, its columns, their types and meaning, and its key.

Every table in the lake is declared here and nowhere else. :meth:`Table.conform` is called by the lake before each
write, so no stage can store a frame that is not what its readers expect; the code location turns each contract into a
blocking check and into the column schema that the UI shows.

What does not belong here: how a table is made (its stage) or where it is kept (``lake.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

TEXT = pl.String()
INTEGER = pl.Int64()
NUMBER = pl.Float64()
FLAG = pl.Boolean()
DAY = pl.Date()
MOMENT = pl.Datetime("us", "UTC")
TEXTS = pl.List(pl.String())

ADDRESS = pl.Struct(
    {
        "street": TEXT,  # as delivered, trimmed
        "city": TEXT,
        "region": TEXT,
        "postcode": TEXT,
        "country": TEXT,  # ISO 3166-1 alpha-2
        "street_norm": TEXT,  # comparable: ASCII lower case, abbreviations expanded, no house number and no unit
        "house_number": TEXT,
        "unit": TEXT,
        "city_norm": TEXT,
        "region_norm": TEXT,
        "postcode_norm": TEXT,
    }
)
ADDRESSES = pl.List(ADDRESS)
IDENTIFIERS = pl.List(pl.Struct({"type": TEXT, "value": TEXT}))
SEEN_BY = pl.List(pl.Struct({"source": TEXT, "last_seen_at": MOMENT}))


class TableContractError(ValueError):
    """A frame does not fit its table's contract. Names the table and the columns, never a value."""


@dataclass(frozen=True)
class Column:
    """One column: its name, Polars type, meaning, whether it may be null, and whether it holds personal values."""

    name: str
    dtype: pl.DataType
    meaning: str
    nullable: bool = True
    personal: bool = False


@dataclass(frozen=True)
class Table:
    """The contract of one table.

    ``name`` is ``<stage>/<table>``: the lake path and the asset key. ``key`` is the set of columns that identify a row.
    ``open_ended`` tables (raw imports) carry further text columns whose names only their source knows.
    """

    name: str
    one_row_per: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partitioned_by: str | None = None
    open_ended: bool = False

    @property
    def stage(self) -> str:
        return self.name.split("/", 1)[0]

    @property
    def has_personal_values(self) -> bool:
        return self.open_ended or any(column.personal for column in self.columns)

    @property
    def schema(self) -> dict[str, pl.DataType]:
        return {column.name: column.dtype for column in self.columns}

    def empty(self) -> pl.DataFrame:
        """A frame with this table's columns and no row."""
        return pl.DataFrame(schema=self.schema)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return ``frame`` with the contract's column order and types.

        Raises :class:`TableContractError` where a column is missing, unknown, of another type (a null column is cast)
        or null where it may not be. Only lossless casts between integer and float widths and time units are made.
        """
        have = set(frame.columns)
        missing = [c.name for c in self.columns if c.name not in have]
        if missing:
            raise TableContractError(f"{self.name}: missing columns {missing}")
        extra = [name for name in frame.columns if name not in self.schema]
        if extra and not self.open_ended:
            raise TableContractError(f"{self.name}: unknown columns {extra}; declare them in tables.py")
        casts: list[pl.Expr] = []
        for column in self.columns:
            found = frame.schema[column.name]
            if found == column.dtype:
                casts.append(pl.col(column.name))
            elif _is_safe_cast(found, column.dtype):
                casts.append(pl.col(column.name).cast(column.dtype))
            else:
                raise TableContractError(f"{self.name}.{column.name}: expected {column.dtype}, found {found}")
        ordered = frame.select(*casts, *extra)
        for column in self.columns:
            if not column.nullable and ordered.get_column(column.name).null_count():
                count = ordered.get_column(column.name).null_count()
                raise TableContractError(f"{self.name}.{column.name}: {count} nulls in a column that may not be null")
        return ordered


def _is_safe_cast(found: pl.DataType, wanted: pl.DataType) -> bool:
    if found == pl.Null() or (found.is_integer() and wanted.is_numeric()):
        return True
    if found.is_float() and wanted.is_float():
        return True
    if isinstance(found, pl.Datetime) and isinstance(wanted, pl.Datetime):
        return found.time_zone == wanted.time_zone
    if isinstance(found, pl.List) and isinstance(wanted, pl.List):
        return _is_safe_cast(_data_type(found.inner), _data_type(wanted.inner)) or found.inner == wanted.inner
    if isinstance(found, pl.Struct) and isinstance(wanted, pl.Struct):
        inner = {f.name: _data_type(f.dtype) for f in found.fields}
        return list(inner) == [f.name for f in wanted.fields] and all(
            inner[f.name] == f.dtype or _is_safe_cast(inner[f.name], _data_type(f.dtype)) for f in wanted.fields
        )
    return False


def _data_type(dtype: object) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype  # type: ignore[return-value,unused-ignore]


def _key(name: str, meaning: str, dtype: pl.DataType = TEXT) -> Column:
    return Column(name, dtype, meaning, nullable=False)


# ---------------------------------------------------------------------------------------------------------------------
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


def raw_imports(source: str) -> Table:
    """The contract of ``raw/<source>_imports``."""
    return Table(
        f"raw/{source}_imports",
        "line of a delivered file, exactly as delivered",
        (
            Column("_import_id", TEXT, "import that delivered the line", nullable=False),
            Column("_file", TEXT, "name of the delivered file", nullable=False, personal=True),
            Column("_line", INTEGER, "line or row in that file, from 1 at the header", nullable=False),
            Column("_problem", TEXT, "rule that the line broke before it could be split into columns, else null"),
            Column(
                "_text",
                TEXT,
                "the whole line's text where it could not be split into columns, else null",
                personal=True,
            ),
        ),
        key=("_import_id", "_line"),
        partitioned_by="_import_id",
        open_ended=True,
    )


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
    _key("source", "source that delivered the line"),
    _key("import_id", "import that delivered the line"),
    Column("line", INTEGER, "line or row in the delivered file", nullable=False),
    _key("rule", "rule that the line broke"),
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


SOURCE_CONTRACTS = Table(
    "sources/source_contracts",
    "source contract in the workspace, readable or not",
    (
        _key("source", "source that the contract describes (the file's stem)"),
        _key("state", "readable or refused"),
        Column("kind", TEXT, "profiles, activities, consents or corrections"),
        Column("delivers", TEXT, "snapshot, changes or events"),
        Column("contract_version", TEXT, "hash of what the contract says"),
        Column("fields", TEXTS, "canonical fields that the contract maps"),
        Column("problem", TEXT, "why the contract was refused and what to do next"),
    ),
    key=("source",),
)

IMPORT_LOG = Table(
    "sources/import_log",
    "import: one delivery of one source, and what became of each of its lines",
    (
        _key("import_id", "import"),
        _key("source", "source that delivered it"),
        Column("sequence", INTEGER, "order in which the source's imports were seen", nullable=False),
        Column("landed_at", MOMENT, "when it landed", nullable=False),
        Column("imported_at", MOMENT, "when it was last read"),
        _key("state", "landed (waits), imported, refused, or repeated (its rows are those of another import)"),
        Column("bytes", INTEGER, "size of the delivered file"),
        Column("file_format", TEXT, "csv, jsonl, parquet or xlsx"),
        Column("encoding", TEXT, "text encoding that it was read in, declared or told by its first bytes"),
        Column("delimiter", TEXT, "delimiter that it was split at, declared or told by its header"),
        Column("lines", INTEGER, "data lines in the file"),
        Column("records", INTEGER, "records read from them"),
        Column("rejected", INTEGER, "lines that broke a rule"),
        Column("rejected_share", NUMBER, "rejected lines, as a share of all lines"),
        Column("duplicates", INTEGER, "lines that repeat another line of the file"),
        Column("blank_lines", INTEGER, "lines without any text, which are no data"),
        Column("new_columns", INTEGER, "columns of the file that the contract does not name"),
        Column("usual_lines_from", INTEGER, "fewest lines that are usual for this source, judged by the imports before; null while they are too few"),
        Column("usual_lines_to", INTEGER, "most lines that are usual for this source"),
        Column("is_unusual", FLAG, "the number of lines is outside of the usual range", nullable=False),
        Column("observed_until", MOMENT, "newest time that the source gives any of its records"),
        Column("contract_version", TEXT, "contract that it was read with"),
        Column("records_version", TEXT, "part of that contract, and standards, that its records depend on"),
        Column("repeats", TEXT, "import whose rows these are, in another order"),
        Column("tidied", TEXT, "what became of the landed file: archived or removed; null while it stays"),
        Column("accepted_by", TEXT, "who accepted a snapshot that shrinks by more than the contract allows"),
        Column("problem", TEXT, "why it was refused, or could not be read again, and what to do next"),
    ),
    key=("source", "import_id"),
)  # fmt: skip


def source_extracts(source: str) -> Table:
    """The contract of ``sources/<source>_extracts``."""
    return Table(
        f"sources/{source}_extracts",
        "extract: rows of a database, or a file from the source's URL, that landed as one file",
        (
            _key("extract", "name of the file that landed"),
            Column("extracted_at", MOMENT, "when", nullable=False),
            Column("rows", INTEGER, "rows in it; null for a file that was fetched as it was"),
            Column("bytes", INTEGER, "size of the file", nullable=False),
        ),
        key=("extract",),
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

EMAIL_ADDRESSES = Table(
    "standardized/email_addresses",
    "distinct e-mail address, over all records and versions",
    (
        Column("email", TEXT, "canonical address", nullable=False, personal=True),
        Column("domain", TEXT, "domain, ASCII", nullable=False),
        _key("class", "personal (free mail), corporate, role, disposable, relay or placeholder"),
        _key("sharing", "personal (one person), household (one family), role (a function or office) or junk (a placeholder, or many unrelated people)"),
        Column("suggestion", TEXT, "address with the domain that was probably meant; the delivered one is never replaced", personal=True),
        Column("suggestion_confidence", NUMBER, "probability that the suggestion was meant, 0 to 1"),
        Column("suggestion_agrees", FLAG, "a record of the same name carries the suggested address: the second signal that promotes it"),
        Column("records", INTEGER, "records that carry it", nullable=False),
        Column("people", INTEGER, "people among those records, judged by name", nullable=False),
        Column("families", INTEGER, "family names among those people", nullable=False),
        Column("is_shared", FLAG, "too many unrelated people carry it to identify one of them", nullable=False),
        Column("first_seen_at", MOMENT, "first sighting, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last sighting, source time", nullable=False),
        Column("seen_by", SEEN_BY, "last sighting by each source, sorted by source", nullable=False),
        Column("delivered_at", MOMENT, "last delivery that a mail system reported"),
        Column("bounced_at", MOMENT, "last bounce reported"),
        Column("engaged_at", MOMENT, "last open, click, attendance or purchase reported"),
        Column("left_at", MOMENT, "when its person was first seen with another employer's address"),
        Column("domain_gone_at", MOMENT, "when the whole domain fell silent or bounced"),
        Column("alive_probability", NUMBER, "probability that mail still reaches its person, by the decay of its class since the last sign of life", nullable=False),
        _key("status", "active, unverified, stale or dead"),
        _key("status_reason", "the evidence: bounced, domain_gone, left_employer, engaged, delivered, carried, silent, or unheard"),
    ),
    key=("email",),
)  # fmt: skip

EMAIL_DECAY = Table(
    "standardized/email_decay",
    "class of e-mail addresses, with how fast its addresses die, estimated from the data",
    (
        _key("class", "personal, corporate, role, disposable, relay or placeholder"),
        Column("addresses", INTEGER, "addresses of the class", nullable=False),
        Column("deaths", INTEGER, "of those, addresses known to have died", nullable=False),
        Column("years_observed", NUMBER, "address-years from first sighting to the last sign of life or to death", nullable=False),
        Column("yearly_decay", NUMBER, "share of living addresses that die in a year, prior included", nullable=False),
        Column("yearly_decay_from", NUMBER, "lower end of its 95% interval", nullable=False),
        Column("yearly_decay_to", NUMBER, "upper end of its 95% interval", nullable=False),
        Column("prior_share", NUMBER, "weight of the prior in the estimate, 0 to 1", nullable=False),
    ),
    key=("class",),
)  # fmt: skip

PHONE_NUMBERS = Table(
    "standardized/phone_numbers",
    "distinct phone number, over all records and versions",
    (
        Column("phone", TEXT, "E.164, or national digits where no region is known", nullable=False, personal=True),
        Column("country", TEXT, "ISO 3166-1 alpha-2 of the numbering plan; null where it is not known"),
        _key("type", "mobile, fixed_line, fixed_line_or_mobile, voip, toll_free, premium, shared_cost, pager, personal, uan, or unknown"),
        Column("is_valid", FLAG, "the numbering plan has such numbers", nullable=False),
        _key("sharing", "personal (one person), household (one family), office (a company's) or junk (a placeholder, or many unrelated people)"),
        Column("records", INTEGER, "records that carry it", nullable=False),
        Column("people", INTEGER, "people among those records, judged by name", nullable=False),
        Column("extensions", INTEGER, "distinct extensions dialled behind it", nullable=False),
        Column("first_seen_at", MOMENT, "first sighting, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last sighting, source time", nullable=False),
    ),
    key=("phone",),
)  # fmt: skip

COMPANY_DOMAINS = Table(
    "standardized/company_domains",
    "corporate domain, with how its addresses are formed and what became of it",
    (
        Column("domain", TEXT, "domain, ASCII; many are named for a person", nullable=False, personal=True),
        Column("company", TEXT, "company that most of its people name, comparable", personal=True),
        Column("people", INTEGER, "people with an address at it, judged by name", nullable=False),
        Column("addresses", INTEGER, "personal addresses at it", nullable=False),
        Column("first_seen_at", MOMENT, "first sighting of any of its addresses, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last sighting of any of its addresses, source time", nullable=False),
        Column("pattern", TEXT, "form of its addresses now: first.last, flast …; null while too few people show it"),
        Column("pattern_support", INTEGER, "people whose address has that form", nullable=False),
        Column("pattern_share", NUMBER, "of the people whose address and name are both known in that time, 0 to 1"),
        Column("former_pattern", TEXT, "form of its addresses before it changed it"),
        Column("former_support", INTEGER, "people whose address had that form", nullable=False),
        Column("pattern_changed_on", DAY, "cut-over of the change of form"),
        Column("became", TEXT, "domain that replaced it", personal=True),
        Column("became_people", INTEGER, "people seen first here and then there", nullable=False),
        Column("became_on", DAY, "cut-over to that domain"),
        Column("gone_at", MOMENT, "when the whole domain fell silent or bounced; null while it lives"),
    ),
    key=("domain",),
)  # fmt: skip

PROBABLE_EMAILS = Table(
    "standardized/probable_emails",
    "record and an address that is probably its person's, though nobody delivered it: a second, weaker identifier",
    (
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        Column("email", TEXT, "canonical address", nullable=False, personal=True),
        _key("because", "mistyped_domain, company_pattern, company_changed_pattern or company_changed_domain"),
        Column("derived_from", TEXT, "delivered address that it was derived from; null where it was predicted from name and company", personal=True),
        Column("confidence", NUMBER, "probability that it is the person's, 0 to 1", nullable=False),
        Column("is_carried", FLAG, "some record delivers this very address", nullable=False),
    ),
    key=("record_id", "email"),
)  # fmt: skip

SIGHTINGS = Table(
    "standardized/sightings",
    "record and identifier that it has carried, with when",
    (
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        _key("source", "source of the record"),
        _key("type", "email, phone or the name of an identifier"),
        Column("value", TEXT, "canonical value", nullable=False, personal=True),
        Column("first_seen_at", MOMENT, "first sighting, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last sighting, source time", nullable=False),
        Column("first_landed_at", MOMENT, "first sighting, our time", nullable=False),
        Column("last_landed_at", MOMENT, "last sighting, our time", nullable=False),
        Column("is_current", FLAG, "the record's current version carries it", nullable=False),
    ),
    key=("record_id", "type", "value"),
)

QUALITY_REPORT = Table(
    "standardized/quality_report",
    "source, import and field, with how well the import fills it and how much of it could be read",
    (
        _key("source", "source"),
        _key("import_id", "import"),
        Column("landed_at", MOMENT, "when the import landed", nullable=False),
        _key("field", "canonical field, or the name of an identifier"),
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
        _key("source", "source"),
        _key("finding", "rejected rows by rule, duplicates, dead, stale or mistyped addresses, inconsistencies …"),
        _key("field", "canonical field that it speaks of, or 'record'"),
        Column("found", INTEGER, "records, rows or addresses that show it", nullable=False),
        Column("looked_at", INTEGER, "records, rows or addresses that could have shown it", nullable=False),
        Column("share", NUMBER, "found / looked_at", nullable=False),
        _key("advice", "what to do about it"),
    ),
    key=("source", "finding", "field"),
)  # fmt: skip

QUALITY_AUDITS = Table(
    "standardized/quality_audits",
    "source, audit and measure: the quality of a source over time",
    (
        _key("source", "source"),
        Column("audited_on", DAY, "day of the audit; a second audit of a day replaces the first", nullable=False),
        _key("measure", "completeness, validity, rejected_share, dead_email_share …"),
        Column("value", NUMBER, "its value", nullable=False),
    ),
    key=("source", "audited_on", "measure"),
)

# A linkage profile. Values of several e-mails, phones and identifiers stay side by side; a record with several postal
# addresses has one profile per address.
PROFILE_VALUES: tuple[Column, ...] = (
    Column("source", TEXT, "source, only where the contract says one_row_per_person; else null"),
    Column("first_name", TEXT, "given name, comparable", personal=True),
    Column("first_name_root", TEXT, "what a nickname stands for", personal=True),
    Column("middle_name", TEXT, "middle name, comparable", personal=True),
    Column("last_name", TEXT, "family name, comparable", personal=True),
    Column("first_name_script", TEXT, "what the given name was written in; null for Latin letters"),
    Column("last_name_script", TEXT, "what the family name was written in; null for Latin letters"),
    Column("suffix", TEXT, "generational suffix"),
    Column("sex", TEXT, "f, m or x"),
    Column("date_of_birth", TEXT, "yyyy-mm-dd, also of a day that cannot exist", personal=True),
    Column("emails", TEXTS, "canonical addresses that identify, sorted", personal=True),
    Column(
        "probable_emails",
        TEXTS,
        "addresses that are probably theirs, though not delivered with these values, sorted",
        personal=True,
    ),
    Column("phones", TEXTS, "numbers that identify, sorted", personal=True),
    Column("identifiers", TEXTS, "'type=value' of identifiers that identify, sorted", personal=True),
    Column("street", TEXT, "street, comparable", personal=True),
    Column("house_number", TEXT, "house number", personal=True),
    Column("city", TEXT, "city, comparable", personal=True),
    Column("region", TEXT, "region, comparable"),
    Column("postcode", TEXT, "postcode, comparable", personal=True),
    Column("country", TEXT, "ISO 3166-1 alpha-2"),
    Column("company", TEXT, "company, comparable", personal=True),
    Column("job_title", TEXT, "job title, comparable", personal=True),
)

LINKAGE_PROFILES = Table(
    "candidate_links/linkage_profiles",
    "linkage profile: the distinct compared values of one or more record versions",
    (
        Column("profile_id", INTEGER, "hash of the compared values", nullable=False),
        *PROFILE_VALUES,
        Column("records", INTEGER, "records that have or had these values", nullable=False),
    ),
    key=("profile_id",),
)

PROFILE_MEMBERS = Table(
    "candidate_links/profile_members",
    "linkage profile and record that has or had its values",
    (
        Column("profile_id", INTEGER, "linkage profile", nullable=False),
        Column("record_id", TEXT, "record", nullable=False, personal=True),
    ),
    key=("profile_id", "record_id"),
)

SHARED_IDENTIFIERS = Table(
    "candidate_links/shared_identifiers",
    "e-mail, phone or identifier that more than one record carries, with how far to trust it",
    (
        _key("type", "email, phone or the name of an identifier"),
        Column("value", TEXT, "canonical value", nullable=False, personal=True),
        Column("records", INTEGER, "records that carry it", nullable=False),
        Column("people", INTEGER, "distinct people among them, judged by name", nullable=False),
        _key(
            "sharing", "personal (one person), household (one family name, several people), crowd (many people) or role"
        ),
    ),
    key=("type", "value"),
)

LINKAGE_MODEL = Table(
    "candidate_links/linkage_model",
    "trained version of the linkage model",
    (
        _key("model_version", "hash of the settings and term frequencies"),
        Column("trained_at", MOMENT, "when it was trained", nullable=False),
        Column("trained_profiles", INTEGER, "linkage profiles that it was trained on", nullable=False),
        Column("fields", TEXTS, "fields that it compares", nullable=False),
        Column("settings", TEXT, "Splink settings with trained parameters, JSON", nullable=False),
        Column("accept_weight", NUMBER, "match weight from which a candidate link is accepted", nullable=False),
        Column("review_weight", NUMBER, "match weight from which a candidate link is kept for review", nullable=False),
        Column("notes", TEXTS, "what training had to leave to the prior, and why", nullable=False),
        Column("is_in_use", FLAG, "the version that scores", nullable=False),
        Column("is_proposed", FLAG, "it waits beside the version in use, to be taken into use or left; null: from before there were proposals"),
        Column("in_use_since", MOMENT, "when it was last taken into use; null: never, or before this was kept"),
    ),
    key=("model_version",),
)  # fmt: skip

TERM_FREQUENCIES = Table(
    "candidate_links/term_frequencies",
    "model version, field and value, with how common the value was",
    (
        _key("model_version", "model version"),
        _key("field", "compared field"),
        Column("value", TEXT, "value of the field", nullable=False, personal=True),
        Column("frequency", NUMBER, "share of the filled values", nullable=False),
    ),
    key=("model_version", "field", "value"),
)

SCORED_PAIRS = Table(
    "candidate_links/scored_pairs",
    "pair of linkage profiles whose match weight reaches the review threshold, or that a named rule decides",
    (
        Column("profile_id_l", INTEGER, "the smaller profile id", nullable=False),
        Column("profile_id_r", INTEGER, "the larger profile id", nullable=False),
        Column("match_weight", NUMBER, "log2 of the Bayes factor, prior included", nullable=False),
        Column(
            "match_probability",
            NUMBER,
            "probability that the two are one person: that of the match weight; where OWN_KEY decides, at least the share of pairs agreeing on such a key whose names agree too (from the model)",
            nullable=False,
        ),
        _key("found_by", "first blocking rule that found the pair"),
        _key("decision", "accepted, review or conflict (strong evidence both ways)"),
        _key("reason", "why: weight, or the named rule that overruled it"),
        _key("model_version", "model that scored it"),
    ),
    key=("profile_id_l", "profile_id_r"),
)

DRIFT = Table(
    "candidate_links/drift",
    "resolution and measure: how far the data has moved from what the linkage model in use was trained on",
    (
        _key("resolution_id", "resolution whose profiles and pairs were measured"),
        Column("measured_at", MOMENT, "when", nullable=False),
        _key("model_version", "model version in use"),
        Column("accept_weight", NUMBER, "match weight from which a candidate link was accepted", nullable=False),
        _key("measure", "growth, fields_compared, frequencies_shift, unseen_share, filled_share, agreement_shift or near_threshold_share"),
        _key("field", "field or comparison that it speaks of, or 'all'"),
        Column("value", NUMBER, "its value", nullable=False),
        Column("drift", NUMBER, "how far the value is from what the version was trained on, or was first measured with", nullable=False),
        Column("limit", NUMBER, "drift above this says that a new version is due (policies/linkage.yaml)", nullable=False),
        Column("is_beyond", FLAG, "the drift is above the limit", nullable=False),
        Column("shares", pl.List(NUMBER), "of agreement_shift: shares of the accepted pairs per level, best first"),
        _key("says", "what that means"),
    ),
    key=("resolution_id", "measure", "field"),
)  # fmt: skip

CLUSTERS = Table(
    "identity_graph/clusters",
    "record, with the cluster it belongs to in this resolution",
    (
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        Column("cluster_id", INTEGER, "cluster, valid in this resolution only", nullable=False),
        Column("weakest_probability", NUMBER, "least probable link on the strongest path that joins the record to its cluster; 1 when it stands alone", nullable=False),
    ),
    key=("record_id",),
)  # fmt: skip

OVERRULED_LINKS = Table(
    "identity_graph/overruled_links",
    "accepted link that the clusters do not follow, with the named rule that cut it",
    (
        Column("profile_id_l", INTEGER, "the smaller profile id", nullable=False),
        Column("profile_id_r", INTEGER, "the larger profile id", nullable=False),
        Column("match_weight", NUMBER, "match weight of the link", nullable=False),
        Column("match_probability", NUMBER, "probability that the two are one person", nullable=False),
        _key(
            "rule",
            "JUDGED_DIFFERENT, PINNED, ONE_ROW_PER_PERSON, ONE_PER_PERSON, TWO_BIRTH_DATES, SINGLE_BEST_ROW, TOO_LARGE or WEAK_BRIDGE",
        ),
    ),
    key=("profile_id_l", "profile_id_r"),
)

CUSTOMER_IDS = Table(
    "identity_graph/customer_ids",
    "record, with the stable id of its customer",
    (
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        _key("source", "source of the record"),
        Column("source_key", TEXT, "key of the record in its source", nullable=False, personal=True),
        _key("customer_id", "stable customer id"),
        Column("is_current", FLAG, "the record still exists in its source", nullable=False),
    ),
    key=("record_id",),
)

MEMBERSHIPS = Table(
    "identity_graph/memberships",
    "record and time for which it was one customer's",
    (
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        _key("customer_id", "stable customer id, as it was then"),
        Column("valid_from", MOMENT, "resolution that put it there", nullable=False),
        Column("valid_to", MOMENT, "resolution that took it away; null: it is still there"),
    ),
    key=("record_id", "valid_from"),
)

ID_LINEAGE = Table(
    "identity_graph/id_lineage",
    "customer id that was ever minted, with the id it resolves to now",
    (
        _key("customer_id", "customer id, never reused"),
        Column(
            "current_customer_id", TEXT, "id that it resolves to; null when the customer is retired with no successor"
        ),
        _key("state", "current, merged (into current_customer_id) or retired"),
        Column("minted_at", MOMENT, "when it was minted", nullable=False),
        Column("changed_at", MOMENT, "when its state last changed", nullable=False),
    ),
    key=("customer_id",),
)

IDENTITY_CHANGES = Table(
    "identity_graph/identity_changes",
    "change of a customer's identity: created, merged, split, retired or revived",
    (
        _key("change_id", "hash of resolution, change and customers"),
        _key("resolution_id", "resolution that made the change"),
        Column("changed_at", MOMENT, "when", nullable=False),
        _key("change", "created, merged, split, retired or revived"),
        _key("customer_id", "customer that lives on, or that was created or retired"),
        Column("other_customer_id", TEXT, "merged: the id that was retired; split: the customer it came from"),
        Column("records", INTEGER, "records that moved", nullable=False),
        _key("cause", "new records, new evidence, judgement, model, deletion or erasure"),
        Column("because_of_l", TEXT, "record on one side of the strongest link that caused a merge", personal=True),
        Column("because_of_r", TEXT, "record on the other side", personal=True),
        Column("match_weight", NUMBER, "weight of that link"),
    ),
    key=("change_id",),
)

REVIEW_QUEUE = Table(
    "identity_graph/review_queue",
    "pair of customers, or a cluster, that a person should look at, worst first",
    (
        _key("item_id", "hash of the two sides"),
        Column("rank", INTEGER, "1 is the first to look at", nullable=False),
        _key("why", "near threshold, fragile bridge, conflict, large cluster or reopened judgement"),
        _key("customer_id_l", "customer on one side"),
        Column("customer_id_r", TEXT, "customer on the other side; null when the item is one cluster"),
        Column("record_id_l", TEXT, "record whose link is in doubt", personal=True),
        Column("record_id_r", TEXT, "the other record of that link", personal=True),
        Column("match_probability", NUMBER, "probability that the two are one person"),
        Column("records", INTEGER, "records that a decision moves", nullable=False),
        Column(
            "expected_cost", NUMBER, "probability of a wrong decision times the records that it moves", nullable=False
        ),
    ),
    key=("item_id",),
)

PLANS = Table(
    "identity_graph/plans",
    "plan: what a proposed linkage model, or the next resolution, would do to the customers, worked out before it is done",
    (
        _key("plan_id", "hash of the model version and of every change: the same plan has the same id"),
        _key("subject", "a proposed model, the next resolution, or an erasure"),
        Column("planned_at", MOMENT, "when it was worked out", nullable=False),
        _key("model_version", "model version that would score"),
        _key("compared_with", "model version of the last resolution"),
        _key("resolution_id", "resolution that it was compared with"),
        Column("profiles", INTEGER, "linkage profiles that were resolved in full", nullable=False),
        Column("links_before", INTEGER, "accepted links of the last resolution; null: a resolution had begun that was then refused"),
        Column("links_gained", INTEGER, "accepted links that would be new; null as links_before"),
        Column("links_lost", INTEGER, "accepted links that would be no more; null as links_before"),
        Column("customers_before", INTEGER, "customers of the last resolution", nullable=False),
        Column("customers_after", INTEGER, "customers that there would be", nullable=False),
        Column("merged", INTEGER, "customers that would go into another one: their ids would resolve to its", nullable=False),
        Column("split", INTEGER, "parts that would leave a customer", nullable=False),
        Column("created", INTEGER, "customers that would be new, with no former one behind them", nullable=False),
        Column("retired", INTEGER, "ids that would stand for nobody", nullable=False),
        Column("revived", INTEGER, "ids that would come back", nullable=False),
        Column("records_moved", INTEGER, "records that would go to another customer", nullable=False),
        Column("changed_customers", INTEGER, "customers that would lose or gain records by a merge or a split", nullable=False),
        Column("changed_share", NUMBER, "those, as a share of the customers before", nullable=False),
        _key("outcome", "taken into use (by policy), waits for approval, the next resolution trains anew, or within the limits"),
    ),
    key=("plan_id",),
)  # fmt: skip

PLAN_CHANGES = Table(
    "identity_graph/plan_changes",
    "plan and change of a customer's identity that it would make, the most consequential first",
    (
        _key("plan_id", "plan"),
        Column("rank", INTEGER, "1 moves the most records", nullable=False),
        _key("change", "created, merged, split, retired or revived"),
        _key("customer_id", "customer that would live on, be created or be retired"),
        Column("other_customer_id", TEXT, "merged: the id that would be retired; split: the customer it would leave"),
        Column("records", INTEGER, "records that would move", nullable=False),
        Column("match_weight", NUMBER, "weight of the strongest link behind a merge"),
    ),
    key=("plan_id", "rank"),
)

PLAN_MOVES = Table(
    "identity_graph/plan_moves",
    "plan and known record of a customer that it would change, with the customer that it would be",
    (
        _key("plan_id", "plan"),
        Column("record_id", TEXT, "record", nullable=False, personal=True),
        Column("customer_id", TEXT, "customer that it would belong to; null: it would be there no more"),
        Column(
            "weakest_probability", NUMBER, "how strongly it would be held there, as in clusters; null as customer_id"
        ),
    ),
    key=("plan_id", "record_id"),
)

RESOLUTION_AUDITS = Table(
    "identity_graph/resolution_audits",
    "audit of a resolution: a slice of the customers resolved anew in full, and compared with what the tables hold",
    (
        _key("audit_id", "hash of resolution, model version and seed"),
        Column("audited_at", MOMENT, "when", nullable=False),
        _key("seed", "what chose the slice: the day of the audit"),
        _key("resolution_id", "resolution that was audited"),
        _key("model_version", "model version in use"),
        Column("records", INTEGER, "records of the slice", nullable=False),
        Column("profiles", INTEGER, "linkage profiles of the slice", nullable=False),
        Column("pairs", INTEGER, "pairs of these profiles with any other, scored anew", nullable=False),
        Column("pairs_missing", INTEGER, "pairs that the tables lack", nullable=False),
        Column("pairs_too_many", INTEGER, "pairs that only the tables have", nullable=False),
        Column("pairs_scored_otherwise", INTEGER, "pairs with another weight, decision or reason", nullable=False),
        Column("records_elsewhere", INTEGER, "records that stand in another cluster", nullable=False),
        Column("records_held_otherwise", INTEGER, "records held in their cluster by another probability", nullable=False),
        Column("customers_torn", INTEGER, "clusters with several customer ids, or ids with several clusters", nullable=False),
    ),
    key=("audit_id",),
)  # fmt: skip

CUSTOMERS = Table(
    "golden_records/customers",
    "customer: the golden record",
    (
        _key("customer_id", "stable customer id"),
        Column("first_name", TEXT, "given name", personal=True),
        Column("middle_name", TEXT, "middle name", personal=True),
        Column("last_name", TEXT, "family name", personal=True),
        Column("name_suffix", TEXT, "generational suffix", personal=True),
        Column("full_name", TEXT, "whole name", personal=True),
        Column("sex", TEXT, "f, m or x"),
        Column("date_of_birth", DAY, "date of birth", personal=True),
        Column("email", TEXT, "best address to send to; null when every known one is dead, junk or role-shared", personal=True),
        Column("phone", TEXT, "best phone", personal=True),
        Column("street", TEXT, "street of the best postal address", personal=True),
        Column("city", TEXT, "city of the same address", personal=True),
        Column("region", TEXT, "region of the same address", personal=True),
        Column("postcode", TEXT, "postcode of the same address", personal=True),
        Column("country", TEXT, "country of the same address"),
        Column("company", TEXT, "company", personal=True),
        Column("job_title", TEXT, "job title", personal=True),
        Column("is_known", FLAG, "has a name, an e-mail or a phone; else an anonymous visitor", nullable=False),
        Column("may_email_marketing", FLAG, "has a live address with marketing consent in force", nullable=False),
        Column("is_reachable_by_email", FLAG, "has an address that can be sent to, whatever the consent", nullable=False),
        Column("is_reachable_by_phone", FLAG, "has a number that can be called, whatever the consent", nullable=False),
        Column("is_reachable_by_post", FLAG, "has a street with a city or a postcode, whatever the consent", nullable=False),
        Column("records", INTEGER, "records, current and former", nullable=False),
        Column("sources", TEXTS, "sources they come from", nullable=False),
        Column("first_seen_at", MOMENT, "first observation, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last observation, source time", nullable=False),
        Column("weakest_probability", NUMBER, "probability of the weakest link that holds the customer together", nullable=False),
    ),
    key=("customer_id",),
)  # fmt: skip

PROVENANCE = Table(
    "golden_records/provenance",
    "cell of a golden record, with where it came from",
    (
        _key("customer_id", "customer"),
        _key("field", "column of golden_records/customers"),
        Column("value", TEXT, "the value, as text", nullable=False, personal=True),
        Column("record_id", TEXT, "record that it came from", nullable=False, personal=True),
        _key("source", "source of that record"),
        _key("import_id", "import that delivered it"),
        Column("observed_at", MOMENT, "when the source said so", nullable=False),
        _key("rule", "survivorship rule that chose it"),
        Column("runners_up", INTEGER, "other distinct values that it was chosen over", nullable=False),
        Column("next_best", TEXT, "the first of these, golden if the value were not", personal=True),
        Column("next_best_record_id", TEXT, "record that says the next best", personal=True),
    ),
    key=("customer_id", "field"),
)

CORRECTIONS = Table(
    "golden_records/corrections",
    "correction in force, with what became of it",
    (
        _key("customer_id", "customer"),
        _key("field", "field that is corrected"),
        _key("correction", "set or retract"),
        Column("value", TEXT, "value that was set or retracted; empty where a part of a whole name was set to be empty", nullable=False, personal=True),
        Column("corrected_at", MOMENT, "when it was corrected", nullable=False),
        Column("record_id", TEXT, "record that was corrected", nullable=False, personal=True),
        _key("source", "source that brought the correction, or steward"),
        _key("import_id", "import that brought it, or ledger"),
        _key("state", "holds, contested (a newer, third value waits for a person, and the correction holds meanwhile), agreed (the set value wins by itself), retired (the corrected record says it now) or retracted"),
        Column("contested_by", TEXT, "the third value", personal=True),
        Column("contested_record_id", TEXT, "record that says it", personal=True),
        Column("contested_at", MOMENT, "since when it says so, source time"),
    ),
    key=("customer_id", "field", "correction", "value"),
)  # fmt: skip

GOLDEN_EMAILS = Table(
    "golden_records/emails",
    "customer and e-mail address",
    (
        _key("customer_id", "customer"),
        Column("email", TEXT, "canonical address", nullable=False, personal=True),
        Column("delivered", TEXT, "as last delivered", nullable=False, personal=True),
        _key("class", "personal, corporate, role, disposable, relay or placeholder"),
        _key("sharing", "personal (one person), household, role or junk"),
        _key("status", "active, unverified, stale, dead or retracted"),
        Column("rank", INTEGER, "1 is the best to send to", nullable=False),
        Column("is_sendable", FLAG, "may be a send target: alive, not junk, not shared, not retracted", nullable=False),
        Column("marketing_consent", TEXT, "state of golden_records/consents, or unknown", nullable=False),
        Column("best_for", TEXTS, "purposes for which it is the best address", nullable=False),
        Column("sources", TEXTS, "sources that know it", nullable=False),
        Column("first_seen_at", MOMENT, "first sighting, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last sighting, source time", nullable=False),
    ),
    key=("customer_id", "email"),
)

GOLDEN_PHONES = Table(
    "golden_records/phones",
    "customer and phone number",
    (
        _key("customer_id", "customer"),
        Column("phone", TEXT, "E.164", nullable=False, personal=True),
        Column("delivered", TEXT, "as last delivered", nullable=False, personal=True),
        Column("country", TEXT, "ISO 3166-1 alpha-2 of the numbering plan; null where it is not known"),
        _key("type", "mobile, fixed_line … as in standardized/phone_numbers"),
        _key("sharing", "personal (one person), household, office or junk"),
        _key("status", "valid, doubted (the numbering plan has no such number, or none is known) or retracted"),
        Column("rank", INTEGER, "1 is the best to call", nullable=False),
        Column("is_callable", FLAG, "may be called: nobody else's, not shared, not retracted", nullable=False),
        Column("is_shared", FLAG, "too many people carry it", nullable=False),
        Column("marketing_consent", TEXT, "state of golden_records/consents, or unknown", nullable=False),
        Column("best_for", TEXTS, "purposes for which it is the best number", nullable=False),
        Column("sources", TEXTS, "sources that know it", nullable=False),
        Column("first_seen_at", MOMENT, "first sighting, source time", nullable=False),
        Column("last_seen_at", MOMENT, "last sighting, source time", nullable=False),
    ),
    key=("customer_id", "phone"),
)

CONSENTS = Table(
    "golden_records/consents",
    "customer, address and purpose, with the consent in force",
    (
        _key("customer_id", "customer"),
        _key("channel", "email, phone or post"),
        Column("address", TEXT, "canonical e-mail or phone that the event names; empty when it names the person only", nullable=False, personal=True),
        _key("purpose", "what it may be used for"),
        _key("state", "given, withdrawn, expired, requested (a double opt-in that is not confirmed), insufficient (a legal basis that its region does not take for consent), or allowed (nobody asked, and the region's law does not ask it; only where the policy uses that)"),
        Column("since", MOMENT, "when the event that decides it happened", nullable=False),
        Column("record_id", TEXT, "record of that event", nullable=False, personal=True),
        Column("import_id", TEXT, "import of that event", nullable=False),
        Column("events", INTEGER, "events that were weighed", nullable=False),
        Column("event_id", TEXT, "that event in consent_events; null where the state is allowed, which no event decides"),
        Column("jurisdiction", TEXT, "regions whose strictest rule was applied, joined by '+'; unknown among them where one is; null where the rule did not matter"),
        Column("lawful_basis", TEXT, "legal basis that the event names"),
        Column("expires_at", MOMENT, "when the consent ends by itself; null where it does not"),
    ),
    key=("customer_id", "channel", "address", "purpose"),
)  # fmt: skip

CONSENT_EVENTS = Table(
    "golden_records/consent_events",
    "consent event as an import delivered it, in the chain of its import",
    (
        _key("event_id", "hash of what was said: record, time, content; the same in every import that says it"),
        _key("source", "source that delivered it"),
        _key("import_id", "import that delivered it"),
        Column("line", INTEGER, "line or row in the delivered file", nullable=False),
        Column("record_id", TEXT, "record that says so", nullable=False, personal=True),
        Column("event_time", MOMENT, "when it happened, by its source", nullable=False),
        Column("recorded_at", MOMENT, "when its import landed", nullable=False),
        _key("event_state", "given, withdrawn, expired or requested"),
        Column("purpose", TEXT, "what for; null where it does not say"),
        Column("channel", TEXT, "email, phone or post; null where it does not say"),
        Column("emails", TEXTS, "addresses that it names, canonical", personal=True),
        Column("emails_delivered", TEXTS, "the same as delivered", personal=True),
        Column("phones", TEXTS, "numbers that it names, E.164", personal=True),
        Column("phones_delivered", TEXTS, "the same as delivered", personal=True),
        Column("jurisdiction", TEXT, "country whose law applies, where it says so"),
        Column("lawful_basis", TEXT, "legal basis, where it says so"),
        Column("privacy_notice", TEXT, "wording that the person agreed to"),
        Column("collection_method", TEXT, "where and how it was collected", personal=True),
        Column("validity_duration", TEXT, "how long it holds, ISO 8601; unreadable where nobody can tell"),
        Column("double_opt_in", TEXT, "confirmed or pending"),
        Column("entity_id", TEXT, "who said so", personal=True),
        Column("activity", TEXT, "the activity that it is, where it is one (unsubscribed, complained)"),
        Column("corrected_record_id", TEXT, "record that it speaks of, where it comes as a correction", personal=True),
        _key("previous_hash", "event_hash of the event before it in the same import; of the first, a hash of the import's content"),
        _key("event_hash", "hash of previous_hash and all that the event says"),
    ),
    key=("source", "import_id", "line"),
)  # fmt: skip

SUPPRESSIONS = Table(
    "golden_records/suppressions",
    "address that must not be contacted for a purpose, also where it is no customer's",
    (
        _key("channel", "email, phone or post"),
        Column("address", TEXT, "canonical e-mail or phone; empty where the person is meant and no address is known", nullable=False, personal=True),
        _key("purpose", "what it must not be used for"),
        Column("customer_id", TEXT, "customer for whom it is suppressed; empty: for everybody who carries the address, known or not", nullable=False),
        Column("delivered", TEXT, "the address as last delivered", personal=True),
        _key("reason", "withdrawn, complained, expired or erased"),
        Column("since", MOMENT, "since when", nullable=False),
        Column("event_id", TEXT, "event in consent_events that is the reason; null where none is kept"),
    ),
    key=("channel", "address", "purpose", "customer_id"),
)  # fmt: skip

SEGMENT_MEMBERS = Table(
    "segments/members",
    "customer and segment, with whether the customer is in it and why",
    (
        _key("segment", "segment of the policy"),
        _key("customer_id", "customer"),
        _key("membership", "yes, maybe or no"),
        Column("is_included", FLAG, "counts as a member, given what the segment says of doubt", nullable=False),
        _key("why", "the evidence, without personal values"),
        Column("doubt", NUMBER, "probability that the membership is wrong", nullable=False),
    ),
    key=("segment", "customer_id"),
)

PLAN_EFFECTS = Table(
    "segments/plan_effects",
    "plan, with what it would do to golden records, contacts and segments",
    (
        _key("plan_id", "plan of identity_graph/plans"),
        Column("customers", INTEGER, "customers that it touches", nullable=False),
        Column("golden_values_changed", INTEGER, "cells of golden records that would hold another value, or appear or vanish", nullable=False),
        Column("contacts_gained", INTEGER, "addresses, each for a purpose, that could be contacted and can not now", nullable=False),
        Column("contacts_lost", INTEGER, "addresses, each for a purpose, that could no longer be contacted", nullable=False),
        Column("members_gained", INTEGER, "memberships of segments that would be new", nullable=False),
        Column("members_lost", INTEGER, "memberships of segments that would end", nullable=False),
    ),
    key=("plan_id",),
)  # fmt: skip

REVIEW_STAKES = Table(
    "segments/review_stakes",
    "item of the review queue, with what a wrong decision would cost, the dearest first",
    (
        _key("item_id", "item of identity_graph/review_queue"),
        Column("rank", INTEGER, "1 is the first to look at", nullable=False),
        Column("cost", NUMBER, "expected cost of the queue, times what is at stake", nullable=False),
        _key("why", "why it is in the queue"),
        _key("customer_id_l", "customer on one side"),
        Column("customer_id_r", TEXT, "customer on the other side; null when the item is one customer"),
        Column("contactable", INTEGER, "of these customers, how many may be sent marketing", nullable=False),
        Column("purchases", INTEGER, "records of purchases of theirs", nullable=False),
        Column("segments", TEXTS, "segments that would gain or lose a member, or may", nullable=False),
        _key("says", "the item in a sentence, without a value of anybody"),
    ),
    key=("item_id",),
)

PUBLICATIONS = Table(
    "published/publications",
    "publication: one consistent set of tables in the target database",
    (
        _key("publication_id", "publication"),
        Column("published_at", MOMENT, "when it was committed", nullable=False),
        Column("lake_versions", TEXT, "lake table to version, JSON", nullable=False),
        Column("customers", INTEGER, "customers published", nullable=False),
        Column("is_current", FLAG, "the one that readers see", nullable=False),
    ),
    key=("publication_id",),
)

EVALUATION = Table(
    "evaluation/accuracy",
    "measure of the current resolution against the workspace's truth file",
    (
        _key("measure", "pairwise_precision, pairwise_recall, b_cubed_f1 …"),
        Column("value", NUMBER, "its value", nullable=False),
    ),
    key=("measure",),
)

ERASURES = Table(
    "erasure/erasures",
    "erasure of a person, finished or going on",
    (
        _key("erasure_id", "erasure"),
        _key("customer_id", "customer id that the person had; it resolves to nobody"),
        _key("requested_by", "who erased them"),
        Column("requested_at", MOMENT, "when it was begun", nullable=False),
        Column("finished_at", MOMENT, "when it was proven; null while steps are to be done"),
        Column("records", INTEGER, "records erased", nullable=False),
        Column("delivered_lines", INTEGER, "delivered lines erased, over all imports"),
    ),
    key=("erasure_id",),
)

ERASURE_CERTIFICATES = Table(
    "erasure/certificates",
    "erasure and format of file, with how many files were searched and how often anything of the person was found",
    (
        _key("erasure_id", "erasure"),
        _key("file_format", "parquet, sqlite, gzip, json …"),
        Column("files", INTEGER, "files searched, after decoding", nullable=False),
        Column("bytes", INTEGER, "their size", nullable=False),
        Column("texts", INTEGER, "texts searched for", nullable=False),
        Column("occurrences", INTEGER, "values or pieces of files that hold one", nullable=False),
        _key("contents_sha256", "hash of the names and contents of all files that were searched"),
    ),
    key=("erasure_id", "file_format"),
)

TABLES: tuple[Table, ...] = (
    SOURCE_CONTRACTS,
    IMPORT_LOG,
    RECORD_VERSIONS,
    REJECTED_ROWS,
    EMAIL_DECAY,
    EMAIL_ADDRESSES,
    COMPANY_DOMAINS,
    PROBABLE_EMAILS,
    PHONE_NUMBERS,
    SIGHTINGS,
    QUALITY_REPORT,
    QUALITY_FINDINGS,
    QUALITY_AUDITS,
    LINKAGE_PROFILES,
    PROFILE_MEMBERS,
    SHARED_IDENTIFIERS,
    LINKAGE_MODEL,
    TERM_FREQUENCIES,
    SCORED_PAIRS,
    DRIFT,
    CLUSTERS,
    OVERRULED_LINKS,
    CUSTOMER_IDS,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    MEMBERSHIPS,
    REVIEW_QUEUE,
    PLANS,
    PLAN_CHANGES,
    PLAN_MOVES,
    RESOLUTION_AUDITS,
    CUSTOMERS,
    PROVENANCE,
    CORRECTIONS,
    GOLDEN_EMAILS,
    GOLDEN_PHONES,
    CONSENTS,
    CONSENT_EVENTS,
    SUPPRESSIONS,
    SEGMENT_MEMBERS,
    REVIEW_STAKES,
    PLAN_EFFECTS,
    PUBLICATIONS,
    EVALUATION,
    ERASURES,
    ERASURE_CERTIFICATES,
)
