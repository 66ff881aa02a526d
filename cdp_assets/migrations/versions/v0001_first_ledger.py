"""The first ledger: imports, extraction cursors, judgements, corrections, publications, resolutions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "imports",
        sa.Column("import_id", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("landed_at", sa.DateTime, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("lines", sa.BigInteger),
        sa.Column("records", sa.BigInteger),
        sa.Column("rejected", sa.BigInteger),
        sa.Column("duplicates", sa.BigInteger),
        sa.Column("contract_version", sa.Text),
        sa.Column("problem", sa.Text),
        sa.UniqueConstraint("source", "content_sha256", name="same_content_is_one_import"),
        sa.UniqueConstraint("source", "sequence", name="imports_of_a_source_are_in_order"),
    )
    op.create_table(
        "seen_files",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("location", sa.Text, primary_key=True),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("modified_ns", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "extraction_cursors",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False),
        sa.Column("extracted_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "judgements",
        sa.Column("judgement_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("record_id_l", sa.Text, nullable=False),
        sa.Column("record_id_r", sa.Text, nullable=False),
        sa.Column("judgement", sa.Text, nullable=False),
        sa.Column("judged_by", sa.Text, nullable=False),
        sa.Column("judged_at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("evidence_hash", sa.Text),
    )
    op.create_table(
        "corrections",
        sa.Column("correction_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("correction", sa.Text, nullable=False),
        sa.Column("corrected_by", sa.Text, nullable=False),
        sa.Column("corrected_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "publications",
        sa.Column("publication_id", sa.Text, primary_key=True),
        sa.Column("published_at", sa.DateTime, nullable=False),
        sa.Column("lake_versions", sa.Text, nullable=False),
        sa.Column("customers", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "resolutions",
        sa.Column("resolution_id", sa.Text, primary_key=True),
        sa.Column("imports_hash", sa.Text, nullable=False),
        sa.Column("resolved_at", sa.DateTime, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """A ledger is never taken down: it holds decisions that exist nowhere else."""
    raise NotImplementedError("the ledger's first version has nothing before it; restore a backup instead")
