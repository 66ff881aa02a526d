"""The database behind the ledger: opening it, its schema, what is written in one transaction, what is read as a frame.

What does not belong here: what is written and read.
"""

from __future__ import annotations

import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from cdp_assets.ledger.schema import UtcMoment

MIGRATIONS = Path(__file__).parent.parent / "migrations"

BUSY_SECONDS = 30
"""How long a writer waits for another before it gives up."""

WAL_WAIT_SECONDS = 0.05
"""Pause before the switch to WAL is tried again."""


class LedgerError(RuntimeError):
    """The ledger refused something. Says what and what to do, never a value."""


class LedgerDatabase:
    """One database URL. Opening it brings its schema up to date."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url, hide_parameters=True, **_engine_options(url))
        if self._engine.dialect.name == "sqlite":
            _make_sqlite_transactional(self._engine)
        # Python 3.13 warns of connections that nobody closed.
        weakref.finalize(self, self._engine.dispose).atexit = False
        self._migrate()

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

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

    def _frame(self, query: sa.Select[Any]) -> pl.DataFrame:
        """The rows of a query, whose columns are of the tables of ``schema.py`` and have their types."""
        schema = {column.name: _dtype(column.type) for column in query.selected_columns}
        with self._engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _migrate(self) -> None:
        newest = _newest_schema()
        with self._engine.connect() as connection:
            if _schema_version(connection) == newest:
                return
        with self._writing_schema() as connection:
            if _schema_version(connection) != newest:
                config = _migrations()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    @contextmanager
    def _writing_schema(self) -> Iterator[sa.Connection]:
        with self._engine.execution_options(writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                # Two processes that open a new ledger at once: one makes the tables, the other waits and finds them.
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(4201337)"))
            yield connection


def _dtype(of: sa.types.TypeEngine[Any]) -> pl.DataType:
    """The Polars type of a column of the ledger."""
    if isinstance(of, UtcMoment):
        return pl.Datetime("us", "UTC")
    if isinstance(of, sa.Boolean):
        return pl.Boolean()
    return pl.Int64() if isinstance(of, sa.Integer) else pl.String()


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@cache
def _newest_schema() -> str | None:
    """The version that the last of the migrations makes. Looking for it means loading all of them."""
    return ScriptDirectory.from_config(_migrations()).get_current_head()


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
