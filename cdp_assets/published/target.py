"""What a publication needs of a database, whichever it is.

:func:`open_target` gives the one for a URL. Everything that differs between databases is in ``sqlite_target.py`` and
``postgresql_target.py``; everything else is SQLAlchemy that both understand.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import polars as pl
import sqlalchemy as sa

from cdp_assets.published.errors import PublicationError


class Target(Protocol):
    """A database to publish to."""

    name: str
    """What it is called in messages: kind, host and database, never a user or password."""

    found: str | None
    """A seal of the tables as :meth:`writing` found them: another one than was left once anybody has written to them since. None: none is known."""

    left: str | None
    """The seal of the tables as :meth:`writing` left them, when it has ended."""

    def writing(self) -> AbstractContextManager[sa.Connection]:
        """The one transaction of a publication; no other publication to this place runs meanwhile."""

    def take_stock(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
        """Called before anything is written to the tables and, after all their rows are in place, before these are verified: see who has
        written to them."""

    def load(self, connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
        """Append a frame, whose columns are the table's, in bulk."""

    def staging(self, table: sa.Table) -> sa.Table:
        """A table of the same columns that only this transaction sees and that goes when it ends."""

    def change_key_or_types(
        self, connection: sa.Connection, table: sa.Table, retyped: list[str], former_key: list[str]
    ) -> None:
        """Give the table, which is empty by now, the declared types and key. Nothing of others is ever dropped."""

    def is_needed_by_others(self, connection: sa.Connection, table: sa.Table, column: str) -> bool:
        """Whether it is known that the column can not be dropped (False: it may be tried)."""

    def replace_view(self, connection: sa.Connection, name: str, select: str) -> bool:
        """Let our view say ``select`` without disturbing what uses it; False when that can not be."""

    def grants(self, connection: sa.Connection, name: str) -> list[str]:
        """Statements that grant again what others may do with a table or view that is made anew."""

    def describe(self, connection: sa.Connection, table: sa.Table) -> None:
        """Leave the meaning of table and columns in the database's catalog, where it has a place for that."""

    def analyze(self, connection: sa.Connection, table: sa.Table) -> None:
        """Refresh what the query planner knows of the table."""

    def bytes(self, connection: sa.Connection, tables: list[sa.Table]) -> int:
        """Bytes that the tables and their indexes take."""

    def compact(self, tables: list[str]) -> None:
        """Write the tables that are there anew, so that nothing deleted is left between their rows."""

    def close(self) -> None:
        """Let go of all connections."""


def open_target(url: str) -> Target:
    """The database behind ``url``: ``sqlite:///file`` or ``postgresql://user:password@host/database``."""
    from cdp_assets.published.postgresql_target import PostgresqlTarget
    from cdp_assets.published.sqlite_target import SqliteTarget

    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
    except (sa.exc.ArgumentError, ValueError):  # ValueError: a port that is none, or a password with an unescaped "@"
        parsed, backend = None, ""
    if parsed is not None and backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return SqliteTarget(parsed)
    if parsed is not None and backend in ("postgresql", "postgres"):
        return PostgresqlTarget(parsed)
    raise PublicationError(
        "the publication URL is not one of sqlite:///path/to/file.db or postgresql://user:password@host:5432/database; "
        "correct it, with %40 for an @ and %3A for a : inside a password (it is not shown here, since it may hold one)"
    )
