"""The account of consent events: which import ended its chain of events with which hash."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, empty: the next resolution enters every import in use."""
    op.create_table(
        "consent_entries",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("import_id", sa.Text, nullable=False),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("records_version", sa.Text),
        sa.Column("events", sa.BigInteger),
        sa.Column("head", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("released_by", sa.Text),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("entry_hash", sa.Text, nullable=False),
        sa.Column("entered_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """A ledger is never taken down: it holds decisions that exist nowhere else."""
    raise NotImplementedError("the ledger is only ever brought forward; restore a backup of it instead")
