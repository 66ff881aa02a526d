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
swapped: ``difference.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files

import polars as pl
import sqlalchemy as sa

from cdp_assets.published import history
from cdp_assets.published.difference import Changes, bring_to
from cdp_assets.published.errors import PublicationError, told_without_values
from cdp_assets.published.published_tables import PUBLISHED_TABLES, in_database
from cdp_assets.published.shape import Shaper
from cdp_assets.published.target import Target, open_target
from cdp_assets.published.verification import publishable, verify
from cdp_assets.tables import Table

__all__ = ["CUSTOMER_360", "PublicationError", "PublicationResult", "publish"]

CUSTOMER_360 = "customer_360"


@dataclass(frozen=True)
class PublicationResult:
    """What a publication wrote.

    ``rows``: rows of each published table. ``changes``: how many of them are new, altered or gone since the former
    publication. ``bytes``: what the tables take in the database (SQLite: the whole file). ``is_repeated``: this publication
    had been committed before, nothing was done. ``notes``: what could not be brought to its present shape, and why.
    """

    rows: dict[str, int]
    changes: dict[str, Changes] = field(default_factory=dict)
    bytes: int = 0
    is_repeated: bool = False
    notes: tuple[str, ...] = ()


def publish(
    frames: Mapping[Table, pl.DataFrame],
    url: str,
    lake_versions: Mapping[str, int],
    publication_id: str,
    now: datetime,
) -> PublicationResult:
    """Publish ``frames``, one for each lake table of ``PUBLISHED_TABLES``, to the database behind ``url``.

    ``lake_versions``: the lake versions that the frames were read from. ``publication_id``: given again with the same
    versions, nothing is done; given again with others, it is refused. ``now``: the time of the publication.
    Raises :class:`~cdp_assets.published.errors.PublicationError` when the frames do not agree with their contracts or each
    other, or the database refuses; readers then keep what they had.
    """
    rows = publishable(frames, PUBLISHED_TABLES)
    target = open_target(url)
    try:
        with told_without_values("publishing", target.name), target.writing() as connection:
            return _publish(target, connection, rows, lake_versions, publication_id, now)
    finally:
        target.close()


def _publish(
    target: Target,
    connection: sa.Connection,
    rows: Mapping[str, pl.DataFrame],
    lake_versions: Mapping[str, int],
    publication_id: str,
    now: datetime,
) -> PublicationResult:
    shaper = Shaper(target, connection, views=[CUSTOMER_360])
    shaper.make_or_alter(history.PUBLICATIONS)
    before = history.find(connection, publication_id)
    if before is not None:
        return _repeated(before, lake_versions)
    metadata = sa.MetaData()
    tables = {published.name: in_database(published, metadata) for published in PUBLISHED_TABLES}
    staged = {name: _stage(target, connection, table, rows[name]) for name, table in tables.items()}
    for table in tables.values():
        shaper.make_or_alter(table)
    changes = {name: bring_to(connection, table, staged[name]) for name, table in tables.items()}
    for name, table in tables.items():
        staged[name].drop(connection)
        shaper.make_missing_indexes(table)
        target.analyze(connection, table)
    row_counts = {name: frame.height for name, frame in rows.items()}
    verify(connection, tables, row_counts)
    notes = shaper.make_or_replace_view(CUSTOMER_360, _customer_360(connection))
    connection.execute(
        sa.select(sa.literal(1)).select_from(sa.table(CUSTOMER_360)).limit(1)
    )  # SQLite looks at a view only now
    for table in tables.values():
        notes += shaper.drop_obsolete_columns(table)
    history.add(connection, publication_id, lake_versions, row_counts, now)
    return PublicationResult(row_counts, changes, target.bytes(connection, list(tables.values())), False, tuple(notes))


def _stage(target: Target, connection: sa.Connection, table: sa.Table, rows: pl.DataFrame) -> sa.Table:
    staged = target.staging(table)
    staged.create(connection)
    target.load(connection, staged, rows.sort(column.name for column in table.primary_key))
    target.analyze(connection, staged)
    return staged


def _customer_360(connection: sa.Connection) -> str:
    name = f"{CUSTOMER_360}.{connection.dialect.name}.sql"
    return files("cdp_assets.published").joinpath(name).read_text(encoding="utf-8").strip()


def _repeated(before: sa.Row[tuple[str]], lake_versions: Mapping[str, int]) -> PublicationResult:
    if before.lake_versions != dict(lake_versions):
        raise PublicationError(
            f"publication {before.publication_id} was made of other versions of the lake's tables; publish these under an id of "
            "their own"
        )
    return PublicationResult(dict(before.table_rows), is_repeated=True)
