"""The contract of how accurate a resolution is."""

from __future__ import annotations

from cdp_assets.tables.contract import NUMBER, Column, Table, key_column

EVALUATION = Table(
    "evaluation/accuracy",
    "measure of the current resolution against the workspace's truth file",
    (
        key_column("measure", "pairwise_precision, pairwise_recall, b_cubed_f1 …"),
        Column("value", NUMBER, "its value", nullable=False),
    ),
    key=("measure",),
)
