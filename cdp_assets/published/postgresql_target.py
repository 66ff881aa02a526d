"""PostgreSQL as the place of publications: psycopg 3, rows by COPY, everything in one transaction.

Tables go to the connection's current schema (``?options=-csearch_path%3Dmarketing`` in the URL chooses another). They
are never dropped: views, grants and replication that others hang on them stay.

A reader of several tables who wants them of one publication opens its transaction with REPEATABLE READ.

Whether anybody has written to the tables since we did is told by their rows: each bears the number of the transaction that wrote it
(https://www.postgresql.org/docs/current/ddl-system-columns.html). A seal says how many rows of each table bear which number; whoever inserts,
alters or deletes one changes that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import polars as pl
import psycopg
import sqlalchemy as sa
from psycopg import sql

from cdp_assets.published.errors import PublicationError, explain
from cdp_assets.published.plain_columns import for_copy

CONNECT_SECONDS = 30
"""How long to try to connect."""

LOCK_WAIT = "30s"
"""Only a change of our tables' shape takes a lock that readers notice. Rather than queue behind a long reader, with all
later readers queued behind us, the publication gives up and is run again."""

WORK_MEMORY = "256MB"
"""For the hash joins of a million rows; the server's default of 4 MB would write them to disk in dozens of pieces."""

ONE_AT_A_TIME = 4201338
"""Advisory lock that a publication holds until its commit (any number that nothing else uses)."""

INVALID_TABLE_DEFINITION = "42P16"
"""What the server says when a view can not be replaced since it would lose or rename a column."""

ORDINARY_TABLE = "r"
"""What the catalog calls one: https://www.postgresql.org/docs/current/catalog-pg-class.html."""

ROWS_AT_ONCE = 100_000
"""Rows that are encoded at one time."""


Writers = Mapping[str, Mapping[str, int]]
"""For each table, how many of its rows were written by which transaction."""


class PostgresqlTarget:
    """The current schema of a PostgreSQL database."""

    def __init__(self, url: sa.URL) -> None:
        self.found: str | None = None
        self.left: str | None = None
        self._writers_found: Writers | None = None
        place = f"{url.host or 'local socket'}{f':{url.port}' if url.port else ''}"
        self.name = f"the PostgreSQL database {url.database or '(default)'} at {place}"
        self._engine = sa.create_engine(
            # Any other driver in the URL is replaced: the COPY below is psycopg 3's.
            url.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            connect_args={} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS},
        )

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        with self._engine.begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
            for setting, value in (
                ("lock_timeout", LOCK_WAIT),
                ("work_mem", WORK_MEMORY),
                ("maintenance_work_mem", WORK_MEMORY),
            ):
                connection.execute(sa.text("SELECT set_config(:name, :value, true)"), {"name": setting, "value": value})
            if connection.scalar(sa.text("SELECT current_schema()")) is None:
                raise PublicationError(
                    f"{self.name} has no schema to publish into; create one and name it with "
                    "?options=-csearch_path%3Dschema in the URL"
                )
            yield connection

    def take_stock(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
        """What another session commits while we write is not ours: then there is no seal, and the next publication compares all rows."""
        writers = {table.name: _writers(connection, table) for table in tables}
        if self._writers_found is None:
            self._writers_found, self.found = writers, _seal(writers)
            return
        ours = connection.scalar(sa.text("SELECT (txid_current() & 4294967295)::text"))
        known = {name: {*found, ours} for name, found in self._writers_found.items()}
        is_ours = all(known[name].issuperset(now) for name, now in writers.items())
        self.left = _seal(writers) if is_ours else None

    def load(self, connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
        # In CSV an unquoted nothing is null and "" is the empty text; Polars writes just that.
        columns = sql.SQL(", ").join(sql.Identifier(name) for name in frame.columns)
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table.name), columns)
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        problem = None
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for piece in frame.iter_slices(ROWS_AT_ONCE):
                    copy.write(for_copy(piece).write_csv(include_header=False, quote_style="necessary"))
        except psycopg.Error as error:
            problem = explain(error)
        if problem:
            raise PublicationError(f"loading {table.name} into {self.name} failed: {problem}; nothing was published")

    def staging(self, table: sa.Table) -> sa.Table:
        # Without the key: the joins of difference.py hash, and the key has been checked.
        columns = [sa.Column(column.name, column.type) for column in table.columns]
        return sa.Table(
            f"staged_{table.name}", sa.MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP"
        )

    def change_key_or_types(
        self, connection: sa.Connection, table: sa.Table, retyped: list[str], former_key: list[str]
    ) -> None:
        key = [column.name for column in table.primary_key]
        steps = [f'DROP CONSTRAINT "{name}"' for name in self._key_constraint(connection, table)]
        steps += [f'ALTER COLUMN "{name}" DROP NOT NULL' for name in former_key if name not in key]
        for name in retyped:
            column_type = table.c[name].type.compile(dialect=connection.dialect)
            steps.append(f'ALTER COLUMN "{name}" TYPE {column_type} USING NULL')
        steps.append("ADD PRIMARY KEY (" + ", ".join(f'"{name}"' for name in key) + ")")
        connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ' + ", ".join(steps))

    def _key_constraint(self, connection: sa.Connection, table: sa.Table) -> list[str]:
        name = sa.inspect(connection).get_pk_constraint(table.name)["name"]
        return [name] if name else []

    def is_needed_by_others(self, connection: sa.Connection, table: sa.Table, column: str) -> bool:
        """Asked of the catalog: to try would wait for a lock, and make readers wait behind it, at every publication."""
        views = connection.scalar(
            sa.text(
                "SELECT count(*) FROM pg_depend JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid "
                "WHERE attrelid = to_regclass(:table) AND attname = :column AND classid = 'pg_rewrite'::regclass"
            ),
            {"table": f'"{table.name}"', "column": column},
        )
        return bool(views)

    def replace_view(self, connection: sa.Connection, name: str, select: str) -> bool:
        """CREATE OR REPLACE may add columns at the end and nothing else."""
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f'CREATE OR REPLACE VIEW "{name}" AS\n{select}')
        except sa.exc.DBAPIError as problem:
            if getattr(problem.orig, "sqlstate", None) != INVALID_TABLE_DEFINITION:
                raise
            return False
        return True

    def grants(self, connection: sa.Connection, name: str) -> list[str]:
        return list(
            connection.execute(
                sa.text(
                    "SELECT format('GRANT %s ON %I TO %s%s', privilege_type, relname, "
                    "CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, "
                    "CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) "
                    "FROM pg_class, aclexplode(relacl) WHERE oid = to_regclass(:name) AND grantee <> relowner ORDER BY 1"
                ),
                {"name": f'"{name}"'},
            ).scalars()
        )

    def describe(self, connection: sa.Connection, table: sa.Table) -> None:
        connection.execute(sa.schema.SetTableComment(table))
        for column in table.columns:
            connection.execute(sa.schema.SetColumnComment(column))

    def analyze(self, connection: sa.Connection, table: sa.Table) -> None:
        connection.exec_driver_sql(f'ANALYZE "{table.name}"')

    def bytes(self, connection: sa.Connection, tables: list[sa.Table]) -> int:
        sizes = [
            connection.scalar(sa.text("SELECT pg_total_relation_size(to_regclass(:name))"), {"name": f'"{table.name}"'})
            for table in tables
        ]
        return sum(int(size) for size in sizes if size is not None)

    def compact(self, tables: list[str]) -> None:
        """Each table is locked while it is written anew. The server's own log is its operator's."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("SELECT set_config('lock_timeout', :wait, false)"), {"wait": LOCK_WAIT})
            there = set(sa.inspect(connection).get_table_names())
            for table in sorted(there.intersection(tables)):
                connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{table}"')

    def close(self) -> None:
        self._engine.dispose()


def _writers(connection: sa.Connection, table: sa.Table) -> dict[str, int]:
    kind = sa.text("SELECT relkind FROM pg_class WHERE oid = to_regclass(:table)")
    if connection.scalar(kind, {"table": f'"{table.name}"'}) != ORDINARY_TABLE:
        return {}  # not there, or a view that somebody else has made
    counted = connection.execute(sa.text(f'SELECT xmin::text, count(*) FROM "{table.name}" GROUP BY xmin'))
    return {str(transaction): int(rows) for transaction, rows in counted}


def _seal(writers: Writers) -> str:
    return hashlib.sha256(json.dumps(writers, sort_keys=True).encode()).hexdigest()
