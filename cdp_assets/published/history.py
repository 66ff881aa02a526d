"""The table ``publications`` in the target: one row per publication, the newest of them current.

It is written in the publication's own transaction, so it tells what readers see, whatever the ledger had time to note.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa

PUBLICATIONS = sa.Table(
    "publications",
    sa.MetaData(),
    sa.Column("publication_id", sa.Text, primary_key=True, comment="publication"),
    sa.Column("published_at", sa.DateTime(timezone=True), comment="when it was made (UTC)"),
    sa.Column("lake_versions", sa.JSON, comment="lake table to version, JSON"),
    sa.Column("customers", sa.BigInteger, comment="customers published"),
    sa.Column("is_current", sa.Boolean, comment="the one that readers see"),
    sa.Column("table_rows", sa.JSON, comment="published table to rows, JSON"),
    comment="One row per publication: one consistent set of tables",
    sqlite_with_rowid=False,
)


def find(connection: sa.Connection, publication_id: str) -> sa.Row[tuple[str]] | None:
    """The row of a publication that was committed before, or None."""
    return connection.execute(sa.select(PUBLICATIONS).where(PUBLICATIONS.c.publication_id == publication_id)).first()


def current(connection: sa.Connection) -> str | None:
    """The id of the publication that readers see; None before the first."""
    return connection.scalar(sa.select(PUBLICATIONS.c.publication_id).where(PUBLICATIONS.c.is_current))


def add(
    connection: sa.Connection,
    publication_id: str,
    lake_versions: Mapping[str, int],
    table_rows: Mapping[str, int],
    now: datetime,
) -> None:
    """Append a publication and make it the current one."""
    connection.execute(PUBLICATIONS.update().where(PUBLICATIONS.c.is_current).values(is_current=False))
    connection.execute(
        PUBLICATIONS.insert().values(
            publication_id=publication_id,
            published_at=now.astimezone(UTC),
            lake_versions=dict(sorted(lake_versions.items())),
            customers=table_rows["customers"],
            is_current=True,
            table_rows=dict(sorted(table_rows.items())),
        )
    )
