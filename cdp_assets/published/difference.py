"""Bring a published table to what was staged by changing only the rows that differ.

Readers are never locked out (rows are deleted and upserted, tables neither truncated nor swapped), whatever others
have hung on a table stays, a row that somebody altered by hand is put right, and a publication in which little has
changed writes little: the cost for replication, vacuum and the write-ahead log is that of the difference.

All rows are staged and compared in the database, unless it is known what the table holds: then so are only those that differ
(:func:`bring_on`). What does not belong here: who knows that (``publication.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


@dataclass(frozen=True)
class Changes:
    """Rows of one table that a publication changed."""

    inserted: int
    updated: int
    deleted: int


def bring_to(connection: sa.Connection, table: sa.Table, staged: sa.Table) -> Changes:
    """Make ``table`` equal to ``staged``. Columns of the table that ``staged`` lacks are left alone."""
    before = row_count(connection, table)
    written = _upsert_different(connection, table, staged)
    together = row_count(connection, table)
    # All that was staged is in the table by now: where it holds no more than that, nothing needs to be looked for.
    deleted = _delete_missing(connection, table, staged) if together > row_count(connection, staged) else 0
    inserted = together - before
    return Changes(inserted=inserted, updated=written - inserted, deleted=deleted)


def bring_on(connection: sa.Connection, table: sa.Table, staged: sa.Table, gone: sa.Table) -> Changes:
    """Make ``table`` what it is to be, where ``staged`` holds all rows that are new or other, and ``gone`` the keys of those that go.

    A key that is gone is none of those staged.
    """
    leaving = sa.exists().where(_same_key(table, gone))
    deleted = connection.execute(table.delete().where(leaving)).rowcount
    before = row_count(connection, table)
    written = _upsert_different(connection, table, staged)
    inserted = row_count(connection, table) - before
    return Changes(inserted=inserted, updated=written - inserted, deleted=deleted)


def row_count(connection: sa.Connection, table: sa.Table) -> int:
    """Rows in a table."""
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _delete_missing(connection: sa.Connection, table: sa.Table, staged: sa.Table) -> int:
    still_there = sa.exists().where(_same_key(table, staged))
    return connection.execute(table.delete().where(~still_there)).rowcount


def _upsert_different(connection: sa.Connection, table: sa.Table, staged: sa.Table) -> int:
    key = [column.name for column in table.primary_key]
    values = [column.name for column in staged.columns if column.name not in key]
    is_new = table.c[key[0]].is_(None)
    is_other = [staged.c[name].is_distinct_from(table.c[name]) for name in values]
    different = (
        sa.select(staged)
        .select_from(staged.outerjoin(table, _same_key(table, staged)))
        .where(sa.or_(is_new, *is_other))
    )
    # The two dialects spell the clause alike; SQLAlchemy has it in each dialect, not in general.
    insert = (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(table).from_select(
        [column.name for column in staged.columns], different
    )
    upsert = (
        insert.on_conflict_do_update(index_elements=key, set_={name: insert.excluded[name] for name in values})
        if values
        else insert
    )
    return connection.execute(upsert, execution_options={"preserve_rowcount": True}).rowcount


def _same_key(table: sa.Table, staged: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[column.name] == staged.c[column.name] for column in table.primary_key))
