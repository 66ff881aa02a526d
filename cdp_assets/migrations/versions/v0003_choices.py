"""What somebody, or a policy, has chosen: which version of the linkage model scores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table, empty: until somebody chooses, policies do."""
    op.create_table(
        "choices",
        sa.Column("choice_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("chosen_by", sa.Text),
        sa.Column("chosen_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """A ledger is never taken down: it holds decisions that exist nowhere else."""
    raise NotImplementedError("the ledger is only ever brought forward; restore a backup of it instead")
