"""What an import was read as, what became of its file, the contracts it was read with, and files fetched from a URL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NEW_COLUMNS = {
    "reading_version": sa.Text,
    "records_version": sa.Text,
    "file_format": sa.Text,
    "encoding": sa.Text,
    "delimiter": sa.Text,
    "columns": sa.Text,
    "new_columns": sa.Integer,
    "blank_lines": sa.BigInteger,
    "unsplit": sa.BigInteger,
    "fingerprint": sa.Text,
    "repeats": sa.Text,
    "observed_until": sa.DateTime,
    "imported_at": sa.DateTime,
    "tidied": sa.Text,
    "accepted_by": sa.Text,
    "accepted_at": sa.DateTime,
}


def upgrade() -> None:
    """Add the columns, empty: an import that was read before says nothing of them and counts as stale."""
    for name, kind in NEW_COLUMNS.items():
        op.add_column("imports", sa.Column(name, kind))
    op.create_table(
        "fetched_files",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("location", sa.Text, primary_key=True),
        sa.Column("stamp", sa.Text, nullable=False),
        sa.Column("fetched_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "contract_versions",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("contract_version", sa.Text, primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("in_force_at", sa.DateTime, nullable=False),
        sa.Column("accepted_by", sa.Text),
    )


def downgrade() -> None:
    """A ledger is never taken down: it holds decisions that exist nowhere else."""
    raise NotImplementedError("the ledger is only ever brought forward; restore a backup of it instead")
