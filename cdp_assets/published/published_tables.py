"""The published tables: which lake table is which, what they are indexed by, and what must refer to what.

The one place that says what other systems may read. Columns, types and keys are those of ``tables/``.

What does not belong here: how the tables get into a database (``publication.py`` and the modules it uses).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from cdp_assets.tables import (
    CONSENTS,
    CORRECTIONS,
    CUSTOMER_IDS,
    CUSTOMERS,
    DAY,
    FLAG,
    GOLDEN_EMAILS,
    GOLDEN_PHONES,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    INTEGER,
    MOMENT,
    NUMBER,
    PROVENANCE,
    SEGMENT_MEMBERS,
    SUPPRESSIONS,
    TEXT,
    TEXTS,
    Column,
    Table,
)


@dataclass(frozen=True)
class PublishedTable:
    """One published table: the lake table it is made from, its name, and the columns that readers look up by."""

    lake_table: Table
    name: str
    looked_up_by: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Reference:
    """A filled ``child.column`` must be found in ``parent.parent_column``; ``may_be_empty``: the empty text means nobody."""

    child: str
    column: str
    parent: str
    parent_column: str = "customer_id"
    may_be_empty: bool = False


PUBLISHED_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(CUSTOMERS, "customers", looked_up_by=(("email",),)),
    PublishedTable(GOLDEN_EMAILS, "customer_emails", looked_up_by=(("email",),)),
    PublishedTable(GOLDEN_PHONES, "customer_phones", looked_up_by=(("phone",),)),
    PublishedTable(CONSENTS, "consents", looked_up_by=(("address",),)),
    PublishedTable(SUPPRESSIONS, "suppressions", looked_up_by=(("address",), ("customer_id",))),
    PublishedTable(PROVENANCE, "provenance"),
    PublishedTable(CORRECTIONS, "corrections"),
    PublishedTable(CUSTOMER_IDS, "customer_ids", looked_up_by=(("customer_id",), ("source", "source_key"))),
    PublishedTable(ID_LINEAGE, "resolved_ids", looked_up_by=(("current_customer_id",),)),
    PublishedTable(
        IDENTITY_CHANGES, "identity_changes", looked_up_by=(("customer_id",), ("other_customer_id",), ("changed_at",))
    ),
    PublishedTable(SEGMENT_MEMBERS, "segment_members", looked_up_by=(("customer_id",),)),
)
"""Keys that begin with customer_id need no index of their own: the primary key serves."""

REFERENCES: tuple[Reference, ...] = (
    *(
        Reference(child, "customer_id", "customers")
        for child in (
            "customer_emails",
            "customer_phones",
            "consents",
            "provenance",
            "corrections",
            "customer_ids",
            "segment_members",
        )
    ),
    Reference("suppressions", "customer_id", "customers", may_be_empty=True),
    Reference("resolved_ids", "current_customer_id", "customers"),
    Reference("customers", "customer_id", "resolved_ids"),
    # Changes are history: they speak of customers that have since been merged or retired.
    Reference("identity_changes", "customer_id", "resolved_ids"),
    Reference("identity_changes", "other_customer_id", "resolved_ids"),
)

_TYPES: tuple[tuple[pl.DataType, sa.types.TypeEngine[Any]], ...] = (
    (TEXT, sa.Text()),
    (INTEGER, sa.BigInteger()),
    (NUMBER, sa.Double()),
    (FLAG, sa.Boolean()),
    (DAY, sa.Date()),
    (MOMENT, sa.DateTime(timezone=True)),
    # Lists of texts: an array where the database has them, else JSON text.
    (TEXTS, sa.Text().with_variant(postgresql.ARRAY(sa.Text()), "postgresql")),
)


def in_database(published: PublishedTable, metadata: sa.MetaData) -> sa.Table:
    """The published table as a database knows it, with its key, comments and indexes.

    Only key columns are declared NOT NULL (the lake's contract has checked the others): a column that a later version
    leaves out can then stay for somebody's view, empty.
    """
    contract = published.lake_table
    columns = [
        sa.Column(
            column.name,
            _type(column, contract),
            primary_key=column.name in contract.key,
            nullable=column.name not in contract.key,
            comment=column.meaning,
        )
        for column in sorted(contract.columns, key=lambda column: _place_in_key(column, contract))
    ]
    table = sa.Table(
        published.name, metadata, *columns, comment=f"One row per {contract.one_row_per}", sqlite_with_rowid=False
    )
    for names in published.looked_up_by:
        sa.Index(f"cdp_{published.name}_by_{'_'.join(names)}", *(table.c[name] for name in names))
    return table


def _place_in_key(column: Column, contract: Table) -> int:
    """Key columns first, in the key's order (SQLAlchemy takes the primary key's order from the columns')."""
    return contract.key.index(column.name) if column.name in contract.key else len(contract.key)


def _type(column: Column, contract: Table) -> sa.types.TypeEngine[Any]:
    for dtype, database_type in _TYPES:
        if column.dtype == dtype:
            return database_type
    raise TypeError(
        f"{contract.name}.{column.name}: no database type is known for {column.dtype}; add one to published_tables.py"
    )
