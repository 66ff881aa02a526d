"""The contract of what has been published."""

from __future__ import annotations

from cdp_assets.tables.contract import FLAG, INTEGER, MOMENT, TEXT, Column, Table, key_column

PUBLICATIONS = Table(
    "published/publications",
    "publication: one consistent set of tables in the target database",
    (
        key_column("publication_id", "publication"),
        Column("published_at", MOMENT, "when it was committed", nullable=False),
        Column("lake_versions", TEXT, "lake table to version, JSON", nullable=False),
        Column("customers", INTEGER, "customers published", nullable=False),
        Column("is_current", FLAG, "the one that readers see", nullable=False),
    ),
    key=("publication_id",),
)
