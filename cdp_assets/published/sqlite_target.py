"""SQLite as the place of publications: one file, in write-ahead-log mode.

In that mode (https://www.sqlite.org/wal.html) readers never wait for the writer and see the database as it was when
their transaction began; the writer never waits for readers. DDL is part of the transaction, so a publication that adds
a column is as atomic as any.

Whether anybody has written since we did is told by a seal: which file it is, its size, and when it was last written to, while its log is
empty. Whoever writes, by whatever program, leaves another size or time, or something in the log.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import polars as pl
import sqlalchemy as sa

from cdp_assets.published.errors import PublicationError
from cdp_assets.published.plain_columns import for_sqlite

BUSY_SECONDS = 30
"""How long a publication waits for another process that writes to the file."""

WAL_ATTEMPTS, WAL_WAIT_SECONDS = 100, 0.05
"""Making the file takes another process milliseconds; five seconds are plenty."""

ROWS_AT_ONCE = 50_000
"""Rows that exist as Python values at one time while loading: about 100 MB of customers."""

LOG = "-wal"
"""What SQLite puts behind the file's name for its write-ahead log."""

CACHE_KIBIBYTES = 128 * 1024
"""Page cache while publishing; the default of 2 MB makes joins of a million rows read the file over and over."""


class SqliteTarget:
    """A SQLite file."""

    def __init__(self, url: sa.URL) -> None:
        self.name = f"the SQLite database {Path(url.database or '').name}"
        self.found: str | None = None
        self.left: str | None = None
        self._file = Path(url.database or "").absolute()
        self._engine = sa.create_engine(
            url.set(drivername="sqlite+pysqlite"), hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}
        )
        sa.event.listen(self._engine, "connect", _on_connect)
        sa.event.listen(self._engine, "begin", _on_begin)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        with self._engine.connect() as connection:
            driver = cast(sqlite3.Connection, connection.connection.driver_connection)
            with connection.begin():
                self.found = self._seal()
                yield connection
                before = _writes_of_others(driver)  # until the commit there can be none
            if _log_is_emptied(driver):
                seal = self._seal()
                self.left = seal if _writes_of_others(driver) == before else None

    def take_stock(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
        """The file tells."""

    def _seal(self) -> str | None:
        log = self._file.with_name(self._file.name + LOG)
        with suppress(OSError):
            told = self._file.stat()
            if not log.exists() or not log.stat().st_size:
                return f"{told.st_dev}:{told.st_ino}:{told.st_size}:{told.st_mtime_ns}"
        return None

    def load(self, connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
        names = ", ".join(f'"{name}"' for name in frame.columns)
        insert = f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * frame.width)})'
        for piece in for_sqlite(frame).iter_slices(ROWS_AT_ONCE):
            connection.exec_driver_sql(insert, piece.rows())

    def staging(self, table: sa.Table) -> sa.Table:
        return _copy(table, f"staged_{table.name}", sa.MetaData(), prefixes=["TEMPORARY"])

    def change_key_or_types(
        self, connection: sa.Connection, table: sa.Table, retyped: list[str], former_key: list[str]
    ) -> None:
        """SQLite can change neither in place. The empty table is made anew; views name it and do not notice."""
        known = {index.name for index in table.indexes}
        hangs_on_it = connection.execute(
            sa.text(
                "SELECT name FROM sqlite_master WHERE tbl_name = :table AND type IN ('index', 'trigger') AND sql IS NOT NULL"
            ),
            {"table": table.name},
        ).scalars()
        foreign = sorted(name for name in hangs_on_it if name not in known)
        if foreign:
            raise PublicationError(
                f"{table.name} has a new key or new column types, and indexes or triggers that others made hang on it: "
                f"{foreign}; drop them, publish, and make them again"
            )
        table.drop(connection)
        table.create(connection)

    def is_needed_by_others(self, connection: sa.Connection, table: sa.Table, column: str) -> bool:
        """SQLite tells when it is tried, at no cost."""
        return False

    def replace_view(self, connection: sa.Connection, name: str, select: str) -> bool:
        """Views are text that is read at each use: dropping ours disturbs no view that names it."""
        connection.exec_driver_sql(f'DROP VIEW IF EXISTS "{name}"')
        connection.exec_driver_sql(f'CREATE VIEW "{name}" AS\n{select}')
        return True

    def grants(self, connection: sa.Connection, name: str) -> list[str]:
        """SQLite knows no users."""
        return []

    def describe(self, connection: sa.Connection, table: sa.Table) -> None:
        """SQLite's catalog has no place for it."""

    def analyze(self, connection: sa.Connection, table: sa.Table) -> None:
        """Not needed, keys and indexes are what the few queries go by; and it would keep samples of values of its own."""

    def bytes(self, connection: sa.Connection, tables: list[sa.Table]) -> int:
        """The whole file: what each table takes in it is not known to every build of SQLite."""
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        return int(pages) * int(size)

    def compact(self, tables: list[str]) -> None:
        """The whole file, and the log beside it."""
        driver = self._engine.raw_connection()
        try:
            for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                driver.driver_connection.execute(statement).fetchall()  # type: ignore[union-attr]
        finally:
            driver.close()

    def close(self) -> None:
        self._engine.dispose()


def _copy(table: sa.Table, name: str, metadata: sa.MetaData, **options: Any) -> sa.Table:
    columns = [
        sa.Column(column.name, column.type, primary_key=column.primary_key, nullable=column.nullable)
        for column in table.columns
    ]
    return sa.Table(name, metadata, *columns, sqlite_with_rowid=False, **options)


def _writes_of_others(connection: sqlite3.Connection) -> int:
    """Another number once another connection has written: https://www.sqlite.org/pragma.html#pragma_data_version."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _log_is_emptied(connection: sqlite3.Connection) -> bool:
    """Move what the log holds into the file, as closing it would, unless a reader still needs it: nobody is waited for."""
    try:
        connection.execute("PRAGMA busy_timeout = 0")
        is_busy = bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
    except sqlite3.OperationalError:
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    return not is_busy


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver would begin late and without the lock; _on_begin does it
    _use_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIBIBYTES}")


def _use_write_ahead_log(connection: Any) -> None:
    """Switch to the write-ahead log. SQLite does not wait for its turn here when several make the file at once."""
    for _ in range(WAL_ATTEMPTS - 1):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorname not in ("SQLITE_BUSY", "SQLITE_BUSY_RECOVERY", "SQLITE_LOCKED"):
                raise
            time.sleep(WAL_WAIT_SECONDS)
    connection.execute("PRAGMA journal_mode=WAL")


def _on_begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
