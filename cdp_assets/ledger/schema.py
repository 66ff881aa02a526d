"""The tables of the ledger, as its migrations make them (a test holds that), and the states of an import.

What does not belong here: what is written to them and when (the modules beside this one).
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

LANDED, IMPORTED, REFUSED, REPEATED = "landed", "imported", "refused", "repeated"
"""What became of an import: registered and not read yet; read; refused as a whole; its rows are those of another import
in another order, so that it brought nothing."""

metadata = sa.MetaData()


class UtcMoment(sa.types.TypeDecorator[datetime]):
    """A moment in UTC: SQLite forgets time zones, so it is stored naive and handed out aware."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


imports = sa.Table(
    "imports",
    metadata,
    sa.Column("import_id", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("content_sha256", sa.Text, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("location", sa.Text, nullable=False),  # path below landing/<source>/
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("landed_at", UtcMoment, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("lines", sa.BigInteger),
    sa.Column("records", sa.BigInteger),
    sa.Column("rejected", sa.BigInteger),
    sa.Column("duplicates", sa.BigInteger),
    sa.Column("contract_version", sa.Text),
    sa.Column("problem", sa.Text),
    sa.Column("reading_version", sa.Text),  # the part of the contract that its raw lines depend on
    sa.Column("records_version", sa.Text),  # … that its records depend on, and the version of the standards
    sa.Column("file_format", sa.Text),
    sa.Column("encoding", sa.Text),
    sa.Column("delimiter", sa.Text),
    sa.Column("columns", sa.Text),  # the file's columns in their order, a JSON list
    sa.Column("new_columns", sa.Integer),
    sa.Column("blank_lines", sa.BigInteger),
    sa.Column("unsplit", sa.BigInteger),  # lines that could not be split into columns
    sa.Column("fingerprint", sa.Text),  # of the rows in any order; equal rows have equal ones, not the other way round
    sa.Column("repeats", sa.Text),  # the import whose rows these are
    sa.Column("observed_until", UtcMoment),  # newest observed time among its records
    sa.Column("imported_at", UtcMoment),
    sa.Column("tidied", sa.Text),  # what became of the landed file: archived or removed; null while it stays
    sa.Column("accepted_by", sa.Text),  # who accepted a snapshot that shrinks
    sa.Column("accepted_at", UtcMoment),
    sa.UniqueConstraint("source", "content_sha256", name="same_content_is_one_import"),
    sa.UniqueConstraint("source", "sequence", name="imports_of_a_source_are_in_order"),
)

seen_files = sa.Table(
    "seen_files",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("modified_ns", sa.BigInteger, nullable=False),
)

fetched_files = sa.Table(
    "fetched_files",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("location", sa.Text, primary_key=True),  # name below the contract's URL
    sa.Column("stamp", sa.Text, nullable=False),  # what changes when the file does: its entity tag, or size and time
    sa.Column("fetched_at", UtcMoment, nullable=False),
)

contract_versions = sa.Table(
    "contract_versions",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("contract_version", sa.Text, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),  # order in which a source's versions came into force
    sa.Column("said", sa.Text, nullable=False),  # the contract as JSON
    sa.Column("in_force_at", UtcMoment, nullable=False),
    sa.Column("accepted_by", sa.Text),  # who made the choice that a change needed; null where it needed none
)

extraction_cursors = sa.Table(
    "extraction_cursors",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("cursor", sa.Text, nullable=False),
    sa.Column("extracted_at", UtcMoment, nullable=False),
)

judgements = sa.Table(
    "judgements",
    metadata,
    sa.Column("judgement_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("record_id_l", sa.Text, nullable=False),
    sa.Column("record_id_r", sa.Text, nullable=False),
    sa.Column("judgement", sa.Text, nullable=False),
    sa.Column("judged_by", sa.Text, nullable=False),
    sa.Column("judged_at", UtcMoment, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("evidence_hash", sa.Text),
)

corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("correction_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("correction", sa.Text, nullable=False),  # set | retract
    sa.Column("corrected_by", sa.Text, nullable=False),
    sa.Column("corrected_at", UtcMoment, nullable=False),
)

choices = sa.Table(
    "choices",
    metadata,
    sa.Column("choice_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),  # what is chosen: a model version
    sa.Column("subject", sa.Text),  # which; null: let the policy choose again
    sa.Column("chosen_by", sa.Text),  # a person; null: the policy chose
    sa.Column("chosen_at", UtcMoment, nullable=False),
)

consent_entries = sa.Table(
    "consent_entries",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),  # order in which a source's entries were made
    sa.Column("import_id", sa.Text, nullable=False),
    sa.Column("content_sha256", sa.Text, nullable=False),
    sa.Column("records_version", sa.Text),
    sa.Column("events", sa.BigInteger),  # null, as head, in the entry of a release
    sa.Column("head", sa.Text),  # hash of the import's last consent event
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("released_by", sa.Text),
    sa.Column("previous_hash", sa.Text, nullable=False),
    sa.Column("entry_hash", sa.Text, nullable=False),
    sa.Column("entered_at", UtcMoment, nullable=False),
)

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("publication_id", sa.Text, primary_key=True),
    sa.Column("published_at", UtcMoment, nullable=False),
    sa.Column("lake_versions", sa.Text, nullable=False),
    sa.Column("customers", sa.BigInteger, nullable=False),
)

resolutions = sa.Table(
    "resolutions",
    metadata,
    sa.Column("resolution_id", sa.Text, primary_key=True),
    sa.Column("imports_hash", sa.Text, nullable=False),
    sa.Column("resolved_at", UtcMoment, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("erasure_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("records", sa.BigInteger, nullable=False),
    sa.Column("requested_by", sa.Text, nullable=False),
    sa.Column("requested_at", UtcMoment, nullable=False),
    sa.Column("key_name", sa.Text, nullable=False),  # tells keys apart: with another one its signs mean nothing
    sa.Column("finished_at", UtcMoment),  # null while steps are to be done
    sa.Column("certificate", sa.Text),  # JSON: counts and hashes
)

erasure_steps = sa.Table(
    "erasure_steps",
    metadata,
    sa.Column("erasure_id", sa.Text, primary_key=True),
    sa.Column("step", sa.Text, primary_key=True),
    sa.Column("done_at", UtcMoment, nullable=False),
    sa.Column("counts", sa.Text, nullable=False),  # JSON: what was erased where
)

erased_signs = sa.Table(
    "erased_signs",
    metadata,
    sa.Column("erasure_id", sa.Text, primary_key=True),
    sa.Column("sign", sa.Text, primary_key=True),  # keyed hash of a kind and a value
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("is_own", sa.Boolean, nullable=False),  # nobody else had the value when the person was erased
)
