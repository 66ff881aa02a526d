"""Decisions and bookkeeping: what must never be lost and never be doubled.

Imports seen, stewards' judgements and corrections, erasures, publications, extraction cursors. Small, transactional,
in SQLite (WAL) inside the workspace or in PostgreSQL; its schema is kept by Alembic (``migrations/``).

What does not belong here: tables of data (``lake.py``). No stage is imported; frames go out, plain values come in.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
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

LANDED, IMPORTED, REFUSED = "landed", "imported", "refused"

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

        Content that this source has delivered before, under whatever name, is the import it was then. Safe against
        any number of callers at once: one of them registers it, the others are told that it is not new.
        """
        with self._writing() as connection:
            known = connection.execute(
                sa.select(imports.c.import_id).where(
                    imports.c.source == landed.source, imports.c.content_sha256 == landed.content_sha256
                )
            ).scalar()
            if known is not None:
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
            return {(row.location, row.bytes, row.modified_ns) for row in rows}

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

    def mark_landed(self, source: str, import_id: str) -> None:
        """Record that an import's lines are kept and wait to be standardized; a former refusal is over."""
        self._update_import(source, import_id, state=LANDED, problem=None)

    def mark_imported(self, source: str, import_id: str, *, counts: Mapping[str, int], contract_version: str) -> None:
        """Record that an import was read: ``counts`` holds lines, records, rejected and duplicates."""
        self._update_import(
            source, import_id, state=IMPORTED, contract_version=contract_version, problem=None, **dict(counts)
        )

    def mark_refused(self, source: str, import_id: str, *, problem: str, contract_version: str) -> None:
        """Record that an import's file was refused as a whole, and why."""
        self._update_import(source, import_id, state=REFUSED, contract_version=contract_version, problem=problem)

    def _update_import(self, source: str, import_id: str, **values: Any) -> None:
        with self._writing() as connection:
            connection.execute(
                imports.update().where(imports.c.source == source, imports.c.import_id == import_id).values(**values)
            )

    def imports(self) -> pl.DataFrame:
        """All imports, one row each, in the order of sources and of sight."""
        return self._frame(
            sa.select(imports).order_by(imports.c.source, imports.c.sequence),
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
            },
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
        left, right = sorted((record_id_l, record_id_r))
        if left == right:
            raise LedgerError("a judgement needs two different records")
        with self._writing() as connection:
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

    def decisions(self) -> dict[str, int]:
        """How many judgements and corrections have ever been made: both are only appended."""
        with self._engine.connect() as connection:
            return {
                table.name: int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
                for table in (judgements, corrections)
            }

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

    # -- inside -------------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A transaction that no other writer of the imports table interleaves with."""
        with self._engine.execution_options(writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("LOCK TABLE imports IN SHARE ROW EXCLUSIVE MODE"))
            yield connection

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
