"""The contract of what is kept of a delivery exactly as it came."""

from __future__ import annotations

from cdp_assets.tables.contract import INTEGER, TEXT, Column, Table


def raw_imports(source: str) -> Table:
    """The contract of ``raw/<source>_imports``."""
    return Table(
        f"raw/{source}_imports",
        "line of a delivered file, exactly as delivered",
        (
            Column("_import_id", TEXT, "import that delivered the line", nullable=False),
            Column("_file", TEXT, "name of the delivered file", nullable=False, personal=True),
            Column("_line", INTEGER, "line or row in that file, from 1 at the header", nullable=False),
            Column("_problem", TEXT, "rule that the line broke before it could be split into columns, else null"),
            Column(
                "_text",
                TEXT,
                "the whole line's text where it could not be split into columns, else null",
                personal=True,
            ),
        ),
        key=("_import_id", "_line"),
        partitioned_by="_import_id",
        open_ended=True,
    )
