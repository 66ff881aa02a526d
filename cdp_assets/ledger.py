"""Decisions and bookkeeping: what must never be lost and never be doubled.

Imports seen, stewards' judgements and corrections, erasures, publications, extraction cursors. Small, transactional,
in SQLite (WAL) inside the workspace or in PostgreSQL; its schema is kept by Alembic (``migrations/``).

What does not belong here: tables of data (``lake.py``). No stage is imported; frames go out, plain values come in.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"

BUSY_SECONDS = 30
"""How long a writer waits for another before it gives up."""

WAL_WAIT_SECONDS = 0.05
"""Pause before the switch to WAL is tried again."""

LANDED, IMPORTED, REFUSED, REPEATED = "landed", "imported", "refused", "repeated"
"""What became of an import: registered and not read yet; read; refused as a whole; its rows are those of another import
in another order, so that it brought nothing."""

metadata = sa.MetaData()


class _UtcMoment(sa.types.TypeDecorator[datetime]):
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
    sa.Column("landed_at", _UtcMoment, nullable=False),
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
    sa.Column("observed_until", _UtcMoment),  # newest observed time among its records
    sa.Column("imported_at", _UtcMoment),
    sa.Column("tidied", sa.Text),  # what became of the landed file: archived or removed; null while it stays
    sa.Column("accepted_by", sa.Text),  # who accepted a snapshot that shrinks
    sa.Column("accepted_at", _UtcMoment),
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
    sa.Column("fetched_at", _UtcMoment, nullable=False),
)

contract_versions = sa.Table(
    "contract_versions",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("contract_version", sa.Text, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),  # order in which a source's versions came into force
    sa.Column("said", sa.Text, nullable=False),  # the contract as JSON
    sa.Column("in_force_at", _UtcMoment, nullable=False),
    sa.Column("accepted_by", sa.Text),  # who made the choice that a change needed; null where it needed none
)

extraction_cursors = sa.Table(
    "extraction_cursors",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("cursor", sa.Text, nullable=False),
    sa.Column("extracted_at", _UtcMoment, nullable=False),
)

judgements = sa.Table(
    "judgements",
    metadata,
    sa.Column("judgement_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("record_id_l", sa.Text, nullable=False),
    sa.Column("record_id_r", sa.Text, nullable=False),
    sa.Column("judgement", sa.Text, nullable=False),
    sa.Column("judged_by", sa.Text, nullable=False),
    sa.Column("judged_at", _UtcMoment, nullable=False),
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
    sa.Column("corrected_at", _UtcMoment, nullable=False),
)

choices = sa.Table(
    "choices",
    metadata,
    sa.Column("choice_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),  # what is chosen: a model version
    sa.Column("subject", sa.Text),  # which; null: let the policy choose again
    sa.Column("chosen_by", sa.Text),  # a person; null: the policy chose
    sa.Column("chosen_at", _UtcMoment, nullable=False),
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
    sa.Column("entered_at", _UtcMoment, nullable=False),
)

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("publication_id", sa.Text, primary_key=True),
    sa.Column("published_at", _UtcMoment, nullable=False),
    sa.Column("lake_versions", sa.Text, nullable=False),
    sa.Column("customers", sa.BigInteger, nullable=False),
)

resolutions = sa.Table(
    "resolutions",
    metadata,
    sa.Column("resolution_id", sa.Text, primary_key=True),
    sa.Column("imports_hash", sa.Text, nullable=False),
    sa.Column("resolved_at", _UtcMoment, nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("erasure_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("records", sa.BigInteger, nullable=False),
    sa.Column("requested_by", sa.Text, nullable=False),
    sa.Column("requested_at", _UtcMoment, nullable=False),
    sa.Column("key_name", sa.Text, nullable=False),  # tells keys apart: with another one its signs mean nothing
    sa.Column("finished_at", _UtcMoment),  # null while steps are to be done
    sa.Column("certificate", sa.Text),  # JSON: counts and hashes
)

erasure_steps = sa.Table(
    "erasure_steps",
    metadata,
    sa.Column("erasure_id", sa.Text, primary_key=True),
    sa.Column("step", sa.Text, primary_key=True),
    sa.Column("done_at", _UtcMoment, nullable=False),
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

ERASED_TEXT = "[erased]"
"""What stands in notes where a value of an erased person stood."""


class LedgerError(RuntimeError):
    """The ledger refused something. Says what and what to do, never a value."""


@dataclass(frozen=True)
class Landed:
    """A complete file that landed, as the ledger needs to know it."""

    source: str
    content_sha256: str
    location: str
    bytes: int
    landed_at: datetime


@dataclass(frozen=True)
class ReadFile:
    """How a file was read, as the ledger needs to know it. ``columns`` is a JSON list of the file's columns."""

    reading_version: str
    file_format: str
    encoding: str | None
    delimiter: str | None
    columns: str
    new_columns: int
    blank_lines: int
    lines: int
    unsplit: int
    fingerprint: str


class Ledger:
    """The ledger behind one database URL. Opening it brings its schema up to date."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url, hide_parameters=True, **_engine_options(url))
        if self._engine.dialect.name == "sqlite":
            _make_sqlite_transactional(self._engine)
        self._migrate()

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    # -- imports ------------------------------------------------------------------------------------------------------

    def register(self, landed: Landed) -> tuple[str, bool]:
        """Register a delivery; return its import id and whether it is new.

        Content that this source has delivered before, under whatever name, is the import it was then; one that was refused
        and is delivered again is to be read again, from the new file. Safe against any number of callers at once: one of them
        registers it, the others are told that it is not new.
        """
        with self._writing() as connection:
            same = (imports.c.source == landed.source, imports.c.content_sha256 == landed.content_sha256)
            known = connection.execute(sa.select(imports.c.import_id).where(*same)).scalar()
            if known is not None:
                is_another_file = sa.or_(imports.c.location != landed.location, imports.c.landed_at != landed.landed_at)
                connection.execute(
                    imports.update()
                    .where(*same, imports.c.state == REFUSED, is_another_file)
                    .values(state=LANDED, location=landed.location, bytes=landed.bytes, problem=None)
                )
                return known, False
            last = connection.execute(
                sa.select(sa.func.max(imports.c.sequence)).where(imports.c.source == landed.source)
            ).scalar()
            import_id = f"{landed.landed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{landed.content_sha256[:12]}"
            connection.execute(
                imports.insert().values(
                    import_id=import_id,
                    source=landed.source,
                    content_sha256=landed.content_sha256,
                    sequence=(last or 0) + 1,
                    location=landed.location,
                    bytes=landed.bytes,
                    landed_at=landed.landed_at,
                    state=LANDED,
                )
            )
            return import_id, True

    def seen_files(self, source: str) -> set[tuple[str, int, int]]:
        """Files of a source that need no second look: (location, bytes, time of modification in ns)."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(seen_files.c.location, seen_files.c.bytes, seen_files.c.modified_ns).where(
                    seen_files.c.source == source
                )
            )
            return {tuple(row) for row in rows}

    def remember_file(self, source: str, location: str, size: int, modified_ns: int) -> None:
        """Remember that a file, in this size and of this time, has been registered (or is a copy of one that was)."""
        with self._writing() as connection:
            connection.execute(
                seen_files.delete().where(seen_files.c.source == source, seen_files.c.location == location)
            )
            connection.execute(
                seen_files.insert().values(source=source, location=location, bytes=size, modified_ns=modified_ns)
            )

    def import_row(self, source: str, import_id: str) -> dict[str, Any]:
        """One import's row. Raises :class:`LedgerError` for an import that was never registered."""
        with self._engine.connect() as connection:
            row = connection.execute(
                sa.select(imports).where(imports.c.source == source, imports.c.import_id == import_id)
            ).mappings()
            found = row.first()
        if found is None:
            raise LedgerError(
                f"{source}: import {import_id} was never registered; land its file and let the sensor or "
                "`cdp run` pick it up instead of materializing the partition by hand"
            )
        return dict(found)

    def mark_kept(self, source: str, import_id: str, read: ReadFile) -> None:
        """Record that an import's lines are kept, and how the file was read; a former refusal is over.

        An import that is in use stays in use: its records are those of the former reading until the new ones are there.
        """
        self._update_import(
            source,
            import_id,
            state=sa.case((imports.c.state == IMPORTED, IMPORTED), else_=LANDED),
            problem=None,
            repeats=None,
            **vars(read),
        )

    def mark_still_kept(self, source: str, import_id: str, *, reading_version: str) -> None:
        """Record that the lines that are kept of an import are what counts with this contract, too."""
        self._update_import(
            source,
            import_id,
            state=sa.case((imports.c.state == IMPORTED, IMPORTED), else_=LANDED),
            reading_version=reading_version,
            problem=None,
        )

    def imports_like(self, source: str, import_id: str) -> list[str]:
        """Other imports of the source whose rows have the same fingerprint and count: those in use, and earlier ones."""
        this = self.import_row(source, import_id)
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(imports.c.import_id)
                .where(
                    imports.c.source == source,
                    imports.c.import_id != import_id,
                    imports.c.fingerprint == this["fingerprint"],
                    imports.c.lines > 0,
                    sa.or_(
                        imports.c.state == IMPORTED,
                        sa.and_(imports.c.state == LANDED, imports.c.sequence < this["sequence"]),
                    ),
                )
                .order_by(imports.c.sequence)
            )
            return [row.import_id for row in found]

    def mark_imported(
        self,
        source: str,
        import_id: str,
        *,
        counts: Mapping[str, int],
        contract_version: str,
        records_version: str,
        observed_until: datetime | None,
        now: datetime,
    ) -> None:
        """Record that an import was read: ``counts`` holds lines, records, rejected and duplicates."""
        self._update_import(
            source,
            import_id,
            state=IMPORTED,
            contract_version=contract_version,
            records_version=records_version,
            observed_until=observed_until,
            imported_at=now,
            problem=None,
            **dict(counts),
        )

    def mark_refused(self, source: str, import_id: str, *, problem: str, contract_version: str) -> None:
        """Record that an import was refused as a whole, and why."""
        self._update_import(
            source, import_id, state=REFUSED, contract_version=contract_version, problem=problem, repeats=None
        )

    def mark_unchanged(self, source: str, import_id: str, *, problem: str) -> None:
        """Record why an import in use could not be read again; what was made of it before stays in use."""
        self._update_import(source, import_id, problem=problem)

    def mark_repeated(self, source: str, import_id: str, *, repeats: str, lines: int, now: datetime) -> None:
        """Record that an import says, in another order, what the import ``repeats`` says: each line is a duplicate."""
        self._update_import(
            source,
            import_id,
            state=REPEATED,
            repeats=repeats,
            lines=lines,
            records=0,
            rejected=0,
            duplicates=lines,
            imported_at=now,
            problem=None,
        )

    def mark_tidied(self, source: str, import_id: str, tidied: str) -> None:
        """Record what became of an import's landed file: ``archived`` or ``removed``."""
        self._update_import(source, import_id, tidied=tidied)

    def accept_import(self, source: str, import_id: str, *, by: str, now: datetime) -> None:
        """Record that a person accepts a snapshot although it shrinks; it waits to be read again."""
        self.import_row(source, import_id)
        self._update_import(source, import_id, state=LANDED, problem=None, accepted_by=by, accepted_at=now)

    def _update_import(self, source: str, import_id: str, **values: Any) -> None:
        with self._writing() as connection:
            connection.execute(
                imports.update().where(imports.c.source == source, imports.c.import_id == import_id).values(**values)
            )

    def read_file_again(self, source: str, import_ids: Sequence[str]) -> None:
        """Have imports read from their files again, where these are still there, rather than from the lines that were kept."""
        with self._writing() as connection:
            connection.execute(
                imports.update()
                .where(imports.c.source == source, imports.c.import_id.in_(import_ids))
                .values(reading_version=None)
            )

    def imports(self, source: str | None = None) -> pl.DataFrame:
        """All imports, or one source's, one row each, in the order of sources and of sight."""
        wanted = sa.true() if source is None else imports.c.source == source
        return self._frame(
            sa.select(imports).where(wanted).order_by(imports.c.source, imports.c.sequence),
            {
                "import_id": pl.String,
                "source": pl.String,
                "content_sha256": pl.String,
                "sequence": pl.Int64,
                "location": pl.String,
                "bytes": pl.Int64,
                "landed_at": pl.Datetime("us", "UTC"),
                "state": pl.String,
                "lines": pl.Int64,
                "records": pl.Int64,
                "rejected": pl.Int64,
                "duplicates": pl.Int64,
                "contract_version": pl.String,
                "problem": pl.String,
                "reading_version": pl.String,
                "records_version": pl.String,
                "file_format": pl.String,
                "encoding": pl.String,
                "delimiter": pl.String,
                "columns": pl.String,
                "new_columns": pl.Int64,
                "blank_lines": pl.Int64,
                "unsplit": pl.Int64,
                "fingerprint": pl.String,
                "repeats": pl.String,
                "observed_until": pl.Datetime("us", "UTC"),
                "imported_at": pl.Datetime("us", "UTC"),
                "tidied": pl.String,
                "accepted_by": pl.String,
                "accepted_at": pl.Datetime("us", "UTC"),
            },
        )

    # -- contracts ----------------------------------------------------------------------------------------------------

    def contract_in_force(self, source: str) -> tuple[str, str] | None:
        """The newest contract that a source's imports are read with: its version and its text (JSON); None at first."""
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(contract_versions.c.contract_version, contract_versions.c.said)
                .where(contract_versions.c.source == source)
                .order_by(contract_versions.c.sequence.desc())
                .limit(1)
            ).first()
        return None if found is None else (found.contract_version, found.said)

    def put_contract_in_force(
        self, source: str, contract_version: str, said: str, now: datetime, *, accepted_by: str | None = None
    ) -> None:
        """Remember the contract that a source's imports are read with from now on; the one before stays as history."""
        with self._writing() as connection:
            last = connection.execute(
                sa.select(contract_versions.c.contract_version, contract_versions.c.sequence)
                .where(contract_versions.c.source == source)
                .order_by(contract_versions.c.sequence.desc())
                .limit(1)
            ).first()
            if last is not None and last.contract_version == contract_version:
                return
            connection.execute(
                contract_versions.delete().where(
                    contract_versions.c.source == source, contract_versions.c.contract_version == contract_version
                )
            )
            connection.execute(
                contract_versions.insert().values(
                    source=source,
                    contract_version=contract_version,
                    sequence=(last.sequence if last is not None else 0) + 1,
                    said=said,
                    in_force_at=now,
                    accepted_by=accepted_by,
                )
            )

    # -- extraction ---------------------------------------------------------------------------------------------------

    def cursor(self, source: str) -> str | None:
        """How far a SQL source has been extracted; None before the first time."""
        with self._engine.connect() as connection:
            return connection.scalar(
                sa.select(extraction_cursors.c.cursor).where(extraction_cursors.c.source == source)
            )

    def advance_cursor(self, source: str, cursor: str, now: datetime) -> None:
        """Remember how far a SQL source has been extracted. Call it when the extract has landed, not before."""
        with self._writing() as connection:
            connection.execute(extraction_cursors.delete().where(extraction_cursors.c.source == source))
            connection.execute(extraction_cursors.insert().values(source=source, cursor=cursor, extracted_at=now))

    def fetched_files(self, source: str) -> dict[str, str]:
        """Files that have been fetched from a source's URL: name below it to stamp."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(fetched_files.c.location, fetched_files.c.stamp).where(fetched_files.c.source == source)
            )
            return {row.location: row.stamp for row in rows}

    def remember_fetched(self, source: str, location: str, stamp: str, now: datetime) -> None:
        """Remember that a file has been fetched. Call it when its copy has landed, not before."""
        with self._writing() as connection:
            connection.execute(
                fetched_files.delete().where(fetched_files.c.source == source, fetched_files.c.location == location)
            )
            connection.execute(
                fetched_files.insert().values(source=source, location=location, stamp=stamp, fetched_at=now)
            )

    def forget_cursor(self, source: str) -> None:
        """Have the next extraction of a SQL source read everything again."""
        with self._writing() as connection:
            connection.execute(extraction_cursors.delete().where(extraction_cursors.c.source == source))

    # -- stewards -----------------------------------------------------------------------------------------------------

    def add_judgement(
        self,
        record_id_l: str,
        record_id_r: str,
        judgement: str,
        *,
        judged_by: str,
        now: datetime,
        reason: str | None = None,
        evidence_hash: str | None = None,
    ) -> None:
        """Append a judgement; the newest of a pair is in force, the others stay as history."""
        if record_id_l == record_id_r:
            raise LedgerError("a judgement needs two different records")
        said = (record_id_l, record_id_r, judgement, evidence_hash)
        self.add_judgements([said], judged_by=judged_by, now=now, reason=reason)

    def add_judgements(
        self,
        said: Sequence[tuple[str, str, str, str | None]],
        *,
        judged_by: str,
        now: datetime,
        reason: str | None = None,
    ) -> None:
        """Append judgements that belong together, all or none: both record ids, the word, and the hash of the evidence.

        A pin names its first record twice: it speaks of one record.
        """
        with self._writing() as connection:
            for one, other, judgement, evidence_hash in said:
                left, right = sorted((one, other))
                connection.execute(
                    judgements.insert().values(
                        record_id_l=left,
                        record_id_r=right,
                        judgement=judgement,
                        judged_by=judged_by,
                        judged_at=now,
                        reason=reason,
                        evidence_hash=evidence_hash,
                    )
                )

    def judgements(self) -> pl.DataFrame:
        """All judgements ever made, oldest first."""
        return self._frame(
            sa.select(judgements).order_by(judgements.c.judgement_id),
            {
                "judgement_id": pl.Int64,
                "record_id_l": pl.String,
                "record_id_r": pl.String,
                "judgement": pl.String,
                "judged_by": pl.String,
                "judged_at": pl.Datetime("us", "UTC"),
                "reason": pl.String,
                "evidence_hash": pl.String,
            },
        )

    def add_correction(
        self, record_id: str, field: str, value: str, correction: str, *, corrected_by: str, now: datetime
    ) -> None:
        """Append a steward's correction of a record's field (``set`` or ``retract``)."""
        with self._writing() as connection:
            connection.execute(
                corrections.insert().values(
                    record_id=record_id,
                    field=field,
                    value=value,
                    correction=correction,
                    corrected_by=corrected_by,
                    corrected_at=now,
                )
            )

    def corrections(self) -> pl.DataFrame:
        """All stewards' corrections, oldest first."""
        return self._frame(
            sa.select(corrections).order_by(corrections.c.correction_id),
            {
                "correction_id": pl.Int64,
                "record_id": pl.String,
                "field": pl.String,
                "value": pl.String,
                "correction": pl.String,
                "corrected_by": pl.String,
                "corrected_at": pl.Datetime("us", "UTC"),
            },
        )

    def add_choice(self, kind: str, subject: str | None, *, chosen_by: str | None, now: datetime) -> None:
        """Append a choice, of a model version for instance; the newest of a kind is in force, the others stay as history.

        ``subject`` None: the policy chooses again. ``chosen_by`` None: the policy chose, no person.
        """
        with self._writing() as connection:
            connection.execute(choices.insert().values(kind=kind, subject=subject, chosen_by=chosen_by, chosen_at=now))

    def choice(self, kind: str) -> dict[str, Any] | None:
        """The choice of this kind that is in force: ``subject``, ``chosen_by``, ``chosen_at``."""
        with self._engine.connect() as connection:
            row = connection.execute(
                sa.select(choices).where(choices.c.kind == kind).order_by(choices.c.choice_id.desc()).limit(1)
            ).mappings()
            found = row.first()
        return dict(found) if found else None

    def decisions(self) -> dict[str, int]:
        """How many judgements, corrections and choices have ever been made: all are only appended."""
        with self._engine.connect() as connection:
            return {
                table.name: int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
                for table in (judgements, corrections, choices)
            }

    # -- consent ------------------------------------------------------------------------------------------------------

    def consent_entries(self) -> pl.DataFrame:
        """The account of consent events, by source in the order of its entries."""
        return self._frame(
            sa.select(consent_entries).order_by(consent_entries.c.source, consent_entries.c.number),
            {
                "source": pl.String,
                "number": pl.Int64,
                "import_id": pl.String,
                "content_sha256": pl.String,
                "records_version": pl.String,
                "events": pl.Int64,
                "head": pl.String,
                "reason": pl.String,
                "released_by": pl.String,
                "previous_hash": pl.String,
                "entry_hash": pl.String,
                "entered_at": pl.Datetime("us", "UTC"),
            },
        )

    def add_consent_entries(self, entries: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
        """Append entries, all or none. There is no way to change or remove one. Refuses a number that is taken."""
        if not entries:
            return
        with self._writing() as connection:
            try:
                connection.execute(consent_entries.insert(), [{**entry, "entered_at": now} for entry in entries])
            except sa.exc.IntegrityError:
                raise LedgerError(
                    "somebody else has entered consent events meanwhile; run again: nothing was recorded, and nothing is lost"
                ) from None

    # -- resolutions and publications ---------------------------------------------------------------------------------

    def add_resolution(self, resolution_id: str, *, imports_hash: str, model_version: str, now: datetime) -> None:
        """Record that a resolution of exactly these imports is complete. Recording it again changes nothing."""
        with self._writing() as connection:
            connection.execute(resolutions.delete().where(resolutions.c.resolution_id == resolution_id))
            connection.execute(
                resolutions.insert().values(
                    resolution_id=resolution_id, imports_hash=imports_hash, model_version=model_version, resolved_at=now
                )
            )

    def last_resolution(self) -> dict[str, Any] | None:
        """The newest complete resolution."""
        with self._engine.connect() as connection:
            row = connection.execute(
                sa.select(resolutions).order_by(resolutions.c.resolved_at.desc(), resolutions.c.resolution_id).limit(1)
            ).mappings()
            found = row.first()
        return dict(found) if found else None

    def add_publication(self, publication_id: str, *, lake_versions: str, customers: int, now: datetime) -> None:
        """Record a publication that has been committed to the target."""
        with self._writing() as connection:
            connection.execute(publications.delete().where(publications.c.publication_id == publication_id))
            connection.execute(
                publications.insert().values(
                    publication_id=publication_id, published_at=now, lake_versions=lake_versions, customers=customers
                )
            )

    def publications(self) -> pl.DataFrame:
        """All publications, oldest first."""
        return self._frame(
            sa.select(publications).order_by(publications.c.published_at, publications.c.publication_id),
            {
                "publication_id": pl.String,
                "published_at": pl.Datetime("us", "UTC"),
                "lake_versions": pl.String,
                "customers": pl.Int64,
            },
        )

    # -- erasures -----------------------------------------------------------------------------------------------------

    def begin_erasure(
        self,
        erasure_id: str,
        customer_id: str,
        *,
        records: int,
        signs: Sequence[tuple[str, str, bool]],
        key_name: str,
        by: str,
        now: datetime,
    ) -> None:
        """Record that a person is being erased, and the ``signs`` (kind, sign, is_own) that keep them out from now on.

        Recording it again changes nothing.
        """
        with self._writing() as connection:
            if connection.scalar(sa.select(erasures.c.erasure_id).where(erasures.c.erasure_id == erasure_id)):
                return
            connection.execute(
                erasures.insert().values(
                    erasure_id=erasure_id,
                    customer_id=customer_id,
                    records=records,
                    requested_by=by,
                    requested_at=now,
                    key_name=key_name,
                )
            )
            for kind, sign, is_own in signs:
                connection.execute(
                    erased_signs.insert().values(erasure_id=erasure_id, sign=sign, kind=kind, is_own=is_own)
                )

    def erasures(self) -> pl.DataFrame:
        """All erasures, oldest first."""
        return self._frame(
            sa.select(erasures).order_by(erasures.c.requested_at, erasures.c.erasure_id),
            {
                "erasure_id": pl.String,
                "customer_id": pl.String,
                "records": pl.Int64,
                "requested_by": pl.String,
                "requested_at": pl.Datetime("us", "UTC"),
                "key_name": pl.String,
                "finished_at": pl.Datetime("us", "UTC"),
                "certificate": pl.String,
            },
        )

    def erased_signs(self) -> pl.DataFrame:
        """The signs of all erased people: erasure_id, sign, kind, is_own."""
        return self._frame(
            sa.select(erased_signs).order_by(erased_signs.c.erasure_id, erased_signs.c.sign),
            {"erasure_id": pl.String, "sign": pl.String, "kind": pl.String, "is_own": pl.Boolean},
        )

    def steps_of_erasure(self, erasure_id: str) -> dict[str, dict[str, int]]:
        """The steps of an erasure that are done, each with what it counted."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(erasure_steps.c.step, erasure_steps.c.counts)
                .where(erasure_steps.c.erasure_id == erasure_id)
                .order_by(erasure_steps.c.done_at)
            )
            return {row.step: json.loads(row.counts) for row in rows}

    def finish_erasure_step(self, erasure_id: str, step: str, counts: Mapping[str, int], now: datetime) -> None:
        """Record that a step is done."""
        with self._writing() as connection:
            connection.execute(
                erasure_steps.delete().where(erasure_steps.c.erasure_id == erasure_id, erasure_steps.c.step == step)
            )
            connection.execute(
                erasure_steps.insert().values(
                    erasure_id=erasure_id, step=step, done_at=now, counts=json.dumps(dict(counts))
                )
            )

    def finish_erasure(self, erasure_id: str, certificate: str, now: datetime) -> None:
        """Record that everything has been erased and proven; ``certificate`` holds counts and hashes."""
        with self._writing() as connection:
            connection.execute(
                erasures.update()
                .where(erasures.c.erasure_id == erasure_id)
                .values(finished_at=now, certificate=certificate)
            )

    def mark_erased_lines(
        self,
        source: str,
        import_id: str,
        *,
        records: int,
        rejected: int,
        unsplit: int,
        fingerprint: str,
        observed_until: datetime | None,
    ) -> None:
        """Record what an import has left after lines of it were erased; its lines stay as many, and are accounted for."""
        registered = self.import_row(source, import_id)
        values: dict[str, Any] = {"unsplit": unsplit, "fingerprint": fingerprint}
        if registered["state"] == IMPORTED:
            duplicates = int(registered["lines"]) - records - rejected
            values |= {
                "records": records,
                "rejected": rejected,
                "duplicates": duplicates,
                "observed_until": observed_until,
            }
        self._update_import(source, import_id, **values)

    def replace_content(self, source: str, import_id: str, content_sha256: str, size: int) -> None:
        """Record that an import's file was rewritten without an erased person's lines."""
        with self._writing() as connection:
            same = imports.c.content_sha256 == content_sha256
            taken = connection.scalar(
                sa.select(imports.c.import_id).where(imports.c.source == source, same, imports.c.import_id != import_id)
            )
            # Two files that told each other apart by the erased line alone say the same now.
            identity = f"{content_sha256}@{import_id}" if taken else content_sha256
            connection.execute(
                imports.update()
                .where(imports.c.source == source, imports.c.import_id == import_id)
                .values(content_sha256=identity, bytes=size)
            )

    def erase_decisions(self, record_ids: Sequence[str], values: Sequence[str]) -> dict[str, int]:
        """Delete judgements and corrections of these records, and corrections to one of ``values``; take the values out of
        notes, names and former contracts. What was erased, counted by table."""
        wanted = [value.casefold() for value in values]
        counts = dict.fromkeys(("judgements", "corrections", "notes"), 0)
        with self._writing() as connection:
            for table, columns in (
                (judgements, (judgements.c.record_id_l, judgements.c.record_id_r)),
                (corrections, (corrections.c.record_id,)),
            ):
                theirs = sa.or_(*(column.in_(record_ids) for column in columns))
                counts[table.name] += connection.execute(table.delete().where(theirs)).rowcount
            said = connection.execute(sa.select(corrections.c.correction_id, corrections.c.value)).all()
            named = [row.correction_id for row in said if _holds(row.value, wanted)]
            counts["corrections"] += connection.execute(
                corrections.delete().where(corrections.c.correction_id.in_(named))
            ).rowcount
            for column in (
                judgements.c.reason,
                contract_versions.c.said,
                imports.c.problem,
                imports.c.columns,
                extraction_cursors.c.cursor,
            ):
                counts["notes"] += _take_out(connection, column, values, wanted)
        return counts

    def compact(self) -> None:
        """Write the database anew, so that nothing deleted is left in free pages or in the log beside it."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if connection.dialect.name == "sqlite":
                driver = connection.connection.driver_connection
                assert driver is not None
                for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    driver.execute(statement).fetchall()
            else:
                for table in (judgements, corrections, contract_versions, imports, extraction_cursors):
                    connection.exec_driver_sql(f'VACUUM FULL "{table.name}"')

    # -- inside -------------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A transaction that no other writer of the imports table interleaves with."""
        try:
            with self._engine.execution_options(writes=True).begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(sa.text("LOCK TABLE imports IN SHARE ROW EXCLUSIVE MODE"))
                yield connection
        except sa.exc.OperationalError as problem:
            cause = type(problem.orig).__name__ if problem.orig else type(problem).__name__
            raise LedgerError(
                f"the ledger could not be written ({cause}); see whether its disk is full and its database is up, then run "
                "again: nothing was recorded, and nothing is lost"
            ) from None

    def _frame(self, query: sa.Select[Any], schema: Mapping[str, Any]) -> pl.DataFrame:
        with self._engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
        return pl.DataFrame(rows, schema=dict(schema), orient="row")

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        newest = ScriptDirectory.from_config(config).get_current_head()
        with self._engine.connect() as connection:
            if _schema_version(connection) == newest:
                return
        with self._writing_schema() as connection:
            if _schema_version(connection) != newest:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    @contextmanager
    def _writing_schema(self) -> Iterator[sa.Connection]:
        with self._engine.execution_options(writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                # Two processes that open a new ledger at once: one makes the tables, the other waits and finds them.
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(4201337)"))
            yield connection


def _holds(text: str | None, wanted: Sequence[str]) -> bool:
    return text is not None and any(value in text.casefold() for value in wanted)


def _take_out(connection: sa.Connection, column: sa.Column[Any], values: Sequence[str], wanted: Sequence[str]) -> int:
    """Put :data:`ERASED_TEXT` in the place of each of ``values`` in a column of texts; how many rows had one."""
    table = column.table
    assert isinstance(table, sa.Table)
    keys = list(table.primary_key.columns)
    held = [row for row in connection.execute(sa.select(column, *keys)) if _holds(row[0], wanted)]
    for text, *key in held:
        for value in sorted(values, key=len, reverse=True):
            text = re.sub(re.escape(value), ERASED_TEXT, text, flags=re.IGNORECASE)
        same = (part == value for part, value in zip(keys, key, strict=True))
        connection.execute(table.update().where(*same).values({column.name: text}))
    return len(held)


def _schema_version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return version


def _engine_options(url: str) -> dict[str, Any]:
    if sa.make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    return {"pool_pre_ping": True}


def _make_sqlite_transactional(engine: sa.Engine) -> None:
    """WAL (readers never wait) and real transactions: the driver's own habit is to begin late, which loses races."""

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        _set_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")

    @sa.event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_wal(connection: Any) -> None:
    """Switch to WAL. Unlike everything else this does not wait for others: several processes that open a new file at once
    would fail in one case of thirty."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(WAL_WAIT_SECONDS)
        else:
            return
