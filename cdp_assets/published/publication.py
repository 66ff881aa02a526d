"""Publish one consistent set of tables to the user's database: SQLite or PostgreSQL.

Everything happens in one transaction, in this order: the rows are staged beside the tables; the tables are given
the shape they should have; the rows that differ are changed; the result is verified; the publication is noted. Until
the commit readers see the former publication, undisturbed, and after it the new one. When anything fails the
transaction is rolled back and :class:`~cdp_assets.published.errors.PublicationError` is raised.

=============================== ======================================================================================
in the database                 one row per
=============================== ======================================================================================
``customers``                   customer: the golden record
``customer_emails``             customer and e-mail address, dead and former ones too
``customer_phones``             customer and phone number
``consents``                    customer, address and purpose
``suppressions``                address, purpose and customer (empty: everybody) that must not be contacted
``provenance``                  value of a golden record, with where it came from
``corrections``                 correction in force: holds, contested, agreed, retired or retracted
``customer_ids``                record, with its customer
``resolved_ids``                customer id that ever was, with the one it resolves to now
``identity_changes``            customer created, merged, split or retired
``segment_members``             customer and segment: yes, maybe or no
``publications``                publication; ``is_current`` marks what the other tables hold
``customer_360`` (view)         customer, with all addresses, segments and former ids as lists
=============================== ======================================================================================

Moments are UTC. Lists are arrays in PostgreSQL and JSON text in SQLite. Why rows are changed rather than tables
swapped: ``difference.py``. Where the database is just as the publication before has left it, only rows that the lake's tables do not have in
common with those that it was made from are staged (:class:`Before`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.resources import files
from typing import NamedTuple

import polars as pl
import sqlalchemy as sa

from cdp_assets.candidate_links.differences import come_and_gone
from cdp_assets.published import history
from cdp_assets.published.difference import Changes, bring_on, bring_to, row_count
from cdp_assets.published.errors import PublicationError, told_without_values
from cdp_assets.published.published_tables import PUBLISHED_TABLES, in_database
from cdp_assets.published.shape import Shaper
from cdp_assets.published.target import Target, open_target
from cdp_assets.published.verification import publishable, verify
from cdp_assets.tables import Table

__all__ = ["CUSTOMER_360", "Before", "PublicationError", "PublicationResult", "publish"]

CUSTOMER_360 = "customer_360"


@dataclass(frozen=True)
class PublicationResult:
    """What a publication wrote.

    ``rows``: rows of each published table. ``changes``: how many of them are new, altered or gone since the former
    publication. ``bytes``: what the tables take in the database (SQLite: the whole file). ``is_repeated``: this publication
    had been committed before, nothing was done. ``notes``: what could not be brought to its present shape, and why.
    ``seal``: of the database as it was left (:class:`Before`), None where there is none. ``staged``: rows that were sent to the database.
    """

    rows: dict[str, int]
    changes: dict[str, Changes] = field(default_factory=dict)
    bytes: int = 0
    is_repeated: bool = False
    notes: tuple[str, ...] = ()
    seal: str | None = None
    staged: int = 0


@dataclass(frozen=True)
class Before:
    """The publication before: its id, the ``seal`` of the database as it left it, and ``rows``, which gives a lake table as it was published
    then, or None where that is not kept any more."""

    publication_id: str
    seal: str
    rows: Callable[[Table], pl.DataFrame | None]


def publish(
    frames: Mapping[Table, pl.DataFrame],
    url: str,
    lake_versions: Mapping[str, int],
    publication_id: str,
    now: datetime,
    before: Before | None = None,
) -> PublicationResult:
    """Publish ``frames``, one for each lake table of ``PUBLISHED_TABLES``, to the database behind ``url``.

    ``lake_versions``: the lake versions that the frames were read from. ``publication_id``: given again with the same
    versions, nothing is done; given again with others, it is refused. ``now``: the time of the publication. ``before``: what is known of the
    publication before; the result is the same without.
    Raises :class:`~cdp_assets.published.errors.PublicationError` when the frames do not agree with their contracts or each
    other, or the database refuses; readers then keep what they had.
    """
    rows = publishable(frames, PUBLISHED_TABLES)
    target = open_target(url)
    try:
        with told_without_values("publishing", target.name), target.writing() as connection:
            result = _publish(target, connection, rows, lake_versions, publication_id, now, before)
        return replace(result, seal=target.left)
    finally:
        target.close()


def _publish(
    target: Target,
    connection: sa.Connection,
    rows: Mapping[str, pl.DataFrame],
    lake_versions: Mapping[str, int],
    publication_id: str,
    now: datetime,
    before: Before | None,
) -> PublicationResult:
    shaper = Shaper(target, connection, views=[CUSTOMER_360])
    shaper.make_or_alter(history.PUBLICATIONS)
    found = history.find(connection, publication_id)
    if found is not None:
        return _repeated(found, lake_versions)
    metadata = sa.MetaData()
    tables = {published: in_database(published, metadata) for published in PUBLISHED_TABLES}
    target.take_stock(connection, list(tables.values()))
    if before is not None and (target.found != before.seal or history.current(connection) != before.publication_id):
        before = None  # somebody has written since
    staged = [
        _staged(
            target,
            connection,
            shaper,
            table,
            rows[published.name],
            before.rows(published.lake_table) if before else None,
        )
        for published, table in tables.items()
    ]
    for table in tables.values():
        shaper.make_or_alter(table)
    changes = {work.table.name: _changed(target, connection, work) for work in staged}
    for table in tables.values():
        shaper.make_missing_indexes(table)
        target.analyze(connection, table)
    target.take_stock(connection, list(tables.values()))
    row_counts = {name: frame.height for name, frame in rows.items()}
    by_name = {table.name: table for table in tables.values()}
    verify(connection, by_name, row_counts, references_too=any(work.gone is None for work in staged))
    notes = shaper.make_or_replace_view(CUSTOMER_360, _customer_360(connection))
    connection.execute(
        sa.select(sa.literal(1)).select_from(sa.table(CUSTOMER_360)).limit(1)
    )  # SQLite looks at a view only now
    for table in tables.values():
        notes += shaper.drop_obsolete_columns(table)
    history.add(connection, publication_id, lake_versions, row_counts, now)
    size = target.bytes(connection, list(tables.values()))
    return PublicationResult(row_counts, changes, size, False, tuple(notes), staged=sum(work.sent for work in staged))


class _Staged(NamedTuple):
    """What is to become of a ``table``: its ``rows`` are to be put into it, since it is not there yet (None is ``staged``); or rows are ``staged``,
    which are all or, where ``gone`` has the keys of those that go, the ones that differ. ``sent``: rows that the database is given."""

    table: sa.Table
    rows: pl.DataFrame
    sent: int
    staged: sa.Table | None = None
    gone: sa.Table | None = None


def _staged(
    target: Target,
    connection: sa.Connection,
    shaper: Shaper,
    table: sa.Table,
    rows: pl.DataFrame,
    former: pl.DataFrame | None,
) -> _Staged:
    key = [column.name for column in table.primary_key]
    if not shaper.is_there(table):
        return _Staged(table, rows, rows.height)
    if former is None or not shaper.is_as_declared(table) or row_count(connection, table) != former.height:
        return _Staged(
            table, rows, rows.height, staged=_stage(target, connection, target.staging(table), rows.sort(key))
        )
    come, left = come_and_gone(former, rows)
    gone = left.select(key).join(come.select(key), on=key, how="anti").sort(key)
    keys_only = sa.Table(
        f"gone_{table.name}", sa.MetaData(), *(sa.Column(c.name, c.type, primary_key=True) for c in table.primary_key)
    )
    return _Staged(
        table,
        come,
        come.height + gone.height,
        staged=_stage(target, connection, target.staging(table), come.sort(key)),
        gone=_stage(target, connection, target.staging(keys_only), gone),
    )


def _stage(target: Target, connection: sa.Connection, staged: sa.Table, rows: pl.DataFrame) -> sa.Table:
    staged.create(connection)
    target.load(connection, staged, rows)
    target.analyze(connection, staged)
    return staged


def _changed(target: Target, connection: sa.Connection, work: _Staged) -> Changes:
    """Change the rows of a table, which has its shape by now, and give back the room that was taken for it."""
    if work.staged is None:
        target.load(connection, work.table, work.rows.sort(column.name for column in work.table.primary_key))
        return Changes(inserted=work.rows.height, updated=0, deleted=0)
    if work.gone is None:
        changes = bring_to(connection, work.table, work.staged)
    else:
        changes = bring_on(connection, work.table, work.staged, work.gone)
        work.gone.drop(connection)
    work.staged.drop(connection)
    return changes


def _customer_360(connection: sa.Connection) -> str:
    name = f"{CUSTOMER_360}.{connection.dialect.name}.sql"
    return files("cdp_assets.published").joinpath(name).read_text(encoding="utf-8").strip()


def _repeated(found: sa.Row[tuple[str]], lake_versions: Mapping[str, int]) -> PublicationResult:
    if found.lake_versions != dict(lake_versions):
        raise PublicationError(
            f"publication {found.publication_id} was made of other versions of the lake's tables; publish these under an id of "
            "their own"
        )
    rows = dict(found.table_rows)
    return PublicationResult(rows, {name: Changes(0, 0, 0) for name in rows}, is_repeated=True)
