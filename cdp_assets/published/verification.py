"""What must be true of a publication: of its frames before anything is written, of its tables before the commit.

That everything which is referred to exists is asked of the frames. It is asked of the tables as well, by all their rows, unless these are
known to have held just the former frames and were changed by what the frames differ in.

Both raise :class:`~cdp_assets.published.errors.PublicationError` with tables, columns and counts, never a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl
import sqlalchemy as sa

from cdp_assets.published.difference import row_count
from cdp_assets.published.errors import PublicationError
from cdp_assets.published.published_tables import REFERENCES, PublishedTable, Reference
from cdp_assets.tables import Table, TableContractError


def publishable(frames: Mapping[Table, pl.DataFrame], tables: Sequence[PublishedTable]) -> dict[str, pl.DataFrame]:
    """The frames by published name: as their contracts say, keys filled and unique, key columns first; what they refer to exists."""
    missing = [table.lake_table.name for table in tables if table.lake_table not in frames]
    if missing:
        raise PublicationError(f"a publication needs all of its tables; {missing} were not given")
    rows = {table.name: _publishable(table, frames[table.lake_table]) for table in tables}
    _refuse_if_any(_lost_references(lambda reference: _lost_in_frames(rows, reference)))
    return rows


def _publishable(table: PublishedTable, frame: pl.DataFrame) -> pl.DataFrame:
    contract = table.lake_table
    key = list(contract.key)
    try:
        conformed = contract.conform(frame)
    except TableContractError as problem:
        raise PublicationError(f"{table.name} can not be published: {problem}") from None
    faults = contract.key_faults(conformed)
    if any(faults):
        raise PublicationError(
            f"{table.name} can not be published: of {conformed.height} rows, {faults.nulls} have no {' and '.join(key)} and "
            f"{faults.repeated} repeat that of another row; look into {contract.name}"
        )
    return conformed.select(*key, *(name for name in contract.schema if name not in key))


def verify(
    connection: sa.Connection, tables: Mapping[str, sa.Table], expected_rows: Mapping[str, int], references_too: bool
) -> None:
    """Look at the tables as readers will see them: every row is there and, of ``references_too``, everything that is referred to."""
    problems = [
        f"{name} has {found} rows instead of {expected_rows[name]}"
        for name, table in tables.items()
        if (found := row_count(connection, table)) != expected_rows[name]
    ]
    if references_too:
        problems += _lost_references(lambda reference: _lost(connection, tables, reference))
    _refuse_if_any(problems)


def _lost_references(lost_by: Callable[[Reference], int]) -> list[str]:
    """What is to be said of references, ``lost_by`` telling how many values of each are not where they should be."""
    return [
        f"{lost} of the values of {reference.child}.{reference.column} are not in {reference.parent}.{reference.parent_column}"
        for reference in REFERENCES
        if (lost := lost_by(reference))
    ]


def _refuse_if_any(problems: Sequence[str]) -> None:
    if problems:
        raise PublicationError(
            f"the publication does not agree with itself: {'; '.join(problems)}; nothing was published, resolve again "
            "so that all of its tables come from one resolution"
        )


def _lost_in_frames(rows: Mapping[str, pl.DataFrame], reference: Reference) -> int:
    named = rows[reference.child].get_column(reference.column).drop_nulls()
    lost = named.filter(~named.is_in(rows[reference.parent].get_column(reference.parent_column).implode()))
    return (lost.filter(lost != "") if reference.may_be_empty else lost).n_unique()


def _lost(connection: sa.Connection, tables: Mapping[str, sa.Table], reference: Reference) -> int:
    column = tables[reference.child].c[reference.column]
    names_somebody = column != "" if reference.may_be_empty else column.is_not(None)
    named = sa.select(column.label("value")).distinct().where(names_somebody).subquery()
    parent = tables[reference.parent].c[reference.parent_column]
    found = sa.exists().where(parent == named.c.value)
    return connection.execute(sa.select(sa.func.count()).select_from(named).where(~found)).scalar_one()
