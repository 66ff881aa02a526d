"""A person taken out of the published tables at once, before the next publication says the same.

One transaction, as a publication: readers see the person or do not. Then the database is written anew, so that nothing
deleted is left in free pages, or in the log beside a SQLite file. What a server keeps elsewhere (its own log, backups,
replicas) is for its operator to let expire.

What does not belong here: which ids and values are a person's (``erasure/person.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from cdp_assets.published.errors import told_without_values
from cdp_assets.published.published_tables import PUBLISHED_TABLES, PublishedTable, in_database
from cdp_assets.published.target import open_target
from cdp_assets.tables import ID_LINEAGE, IDENTITY_CHANGES, TEXT

IDS_AT_ONCE = 500
"""Bound values of one statement; SQLite of old takes 999."""


def erase_published(
    url: str,
    customer_ids: Sequence[str],
    record_ids: Sequence[str],
    values: Sequence[str],
    *,
    only_count: bool = False,
) -> dict[str, int]:
    """Delete rows of these customers and records, and cells that are one of ``values``; rows by published table.

    ``only_count``: everything is undone again.

    A database where nothing has been published yet, or of which there is no file, is left alone. Raises
    :class:`~cdp_assets.published.errors.PublicationError`.
    """
    if _is_missing_file(url):
        return {}
    target = open_target(url)
    counts: dict[str, int] = {}
    try:
        with told_without_values("erasing", target.name), target.writing() as connection:
            there = set(sa.inspect(connection).get_table_names())
            for published in PUBLISHED_TABLES:
                if published.name in there:
                    counts[published.name] = _erase(connection, published, customer_ids, record_ids, values)
            if only_count:
                connection.rollback()
    finally:
        target.close()
    return {name: count for name, count in counts.items() if count}


def compact_published(url: str) -> None:
    """Write the published tables anew, without the space of what was deleted."""
    if _is_missing_file(url):
        return
    target = open_target(url)
    try:
        with told_without_values("compacting", target.name):
            target.compact([published.name for published in PUBLISHED_TABLES])
    finally:
        target.close()


def _is_missing_file(url: str) -> bool:
    parsed = sa.make_url(url)
    return parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file()


def _erase(
    connection: sa.Connection,
    published: PublishedTable,
    customer_ids: Sequence[str],
    record_ids: Sequence[str],
    values: Sequence[str],
) -> int:
    contract, table = published.lake_table, in_database(published, sa.MetaData())
    columns = {column["name"] for column in sa.inspect(connection).get_columns(published.name)}
    gone = 0
    if contract == ID_LINEAGE:
        theirs = table.update().values(current_customer_id=None, state="retired")
        return _each(connection, theirs, table.c.customer_id, customer_ids)
    if contract != IDENTITY_CHANGES:
        for name, ids in (("customer_id", customer_ids), ("record_id", record_ids)):
            if name in contract.schema and name in columns:
                gone += _each(connection, table.delete(), table.c[name], ids)
    for column in contract.columns:
        if not column.personal or column.dtype != TEXT or column.name not in columns:
            continue
        is_needed = column.name in contract.key or not column.nullable
        change = table.delete() if is_needed else table.update().values({column.name: None})
        gone += _each(connection, change, table.c[column.name], [*values, *record_ids])
    return gone


def _each(
    connection: sa.Connection, change: sa.Delete | sa.Update, column: sa.ColumnElement[str], wanted: Sequence[str]
) -> int:
    pieces = (wanted[start : start + IDS_AT_ONCE] for start in range(0, len(wanted), IDS_AT_ONCE))
    return sum(connection.execute(change.where(column.in_(piece))).rowcount for piece in pieces)
