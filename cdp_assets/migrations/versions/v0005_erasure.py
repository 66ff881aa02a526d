"""Erasures of people with their steps, and the keyed signs by which an erased person is known again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add three tables; nobody has been erased before."""
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", sa.DateTime, nullable=False),
        sa.Column("key_name", sa.Text, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("certificate", sa.Text),
    )
    op.create_table(
        "erasure_steps",
        sa.Column("erasure_id", sa.Text, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("done_at", sa.DateTime, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
    )
    op.create_table(
        "erased_signs",
        sa.Column("erasure_id", sa.Text, primary_key=True),
        sa.Column("sign", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("is_own", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    """A ledger is never taken down: it holds decisions that exist nowhere else."""
    raise NotImplementedError("the ledger is only ever brought forward; restore a backup of it instead")
