"""Contracts of what the stage ``sources`` makes: source contracts, the log of imports, extracts."""

from __future__ import annotations

from cdp_assets.tables.contract import FLAG, INTEGER, MOMENT, NUMBER, TEXT, TEXTS, Column, Table, key_column

SOURCE_CONTRACTS = Table(
    "sources/source_contracts",
    "source contract in the workspace, readable or not",
    (
        key_column("source", "source that the contract describes (the file's stem)"),
        key_column("state", "readable or refused"),
        Column("kind", TEXT, "profiles, activities, consents or corrections"),
        Column("delivers", TEXT, "snapshot, changes or events"),
        Column("contract_version", TEXT, "hash of what the contract says"),
        Column("fields", TEXTS, "canonical fields that the contract maps"),
        Column("problem", TEXT, "why the contract was refused and what to do next"),
    ),
    key=("source",),
)

IMPORT_LOG = Table(
    "sources/import_log",
    "import: one delivery of one source, and what became of each of its lines",
    (
        key_column("import_id", "import"),
        key_column("source", "source that delivered it"),
        Column("sequence", INTEGER, "order in which the source's imports were seen", nullable=False),
        Column("landed_at", MOMENT, "when it landed", nullable=False),
        Column("imported_at", MOMENT, "when it was last read"),
        key_column("state", "landed (waits), imported, refused, or repeated (its rows are those of another import)"),
        Column("bytes", INTEGER, "size of the delivered file"),
        Column("file_format", TEXT, "csv, jsonl, parquet or xlsx"),
        Column("encoding", TEXT, "text encoding that it was read in, declared or told by its first bytes"),
        Column("delimiter", TEXT, "delimiter that it was split at, declared or told by its header"),
        Column("lines", INTEGER, "data lines in the file"),
        Column("records", INTEGER, "records read from them"),
        Column("rejected", INTEGER, "lines that broke a rule"),
        Column("rejected_share", NUMBER, "rejected lines, as a share of all lines"),
        Column("duplicates", INTEGER, "lines that repeat another line of the file"),
        Column("blank_lines", INTEGER, "lines without any text, which are no data"),
        Column("new_columns", INTEGER, "columns of the file that the contract does not name"),
        Column("usual_lines_from", INTEGER, "fewest lines that are usual for this source, judged by the imports before; null while they are too few"),
        Column("usual_lines_to", INTEGER, "most lines that are usual for this source"),
        Column("is_unusual", FLAG, "the number of lines is outside of the usual range", nullable=False),
        Column("observed_until", MOMENT, "newest time that the source gives any of its records"),
        Column("contract_version", TEXT, "contract that it was read with"),
        Column("records_version", TEXT, "part of that contract, and standards, that its records depend on"),
        Column("repeats", TEXT, "import whose rows these are, in another order"),
        Column("tidied", TEXT, "what became of the landed file: archived or removed; null while it stays"),
        Column("accepted_by", TEXT, "who accepted a snapshot that shrinks by more than the contract allows"),
        Column("problem", TEXT, "why it was refused, or could not be read again, and what to do next"),
    ),
    key=("source", "import_id"),
)  # fmt: skip


def source_extracts(source: str) -> Table:
    """The contract of ``sources/<source>_extracts``."""
    return Table(
        f"sources/{source}_extracts",
        "extract: rows of a database, or a file from the source's URL, that landed as one file",
        (
            key_column("extract", "name of the file that landed"),
            Column("extracted_at", MOMENT, "when", nullable=False),
            Column("rows", INTEGER, "rows in it; null for a file that was fetched as it was"),
            Column("bytes", INTEGER, "size of the file", nullable=False),
        ),
        key=("extract",),
    )
