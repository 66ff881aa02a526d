"""What kind of table a file holds, told by its first bytes and only then by its name.

What does not belong here: compression, which is off before anyone asks here (``compression.py``).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from cdp_assets.sources.refusal import FileRefused

FileFormat: TypeAlias = Literal["csv", "jsonl", "parquet", "xlsx"]

PARQUET_MAGIC = b"PAR1"
ZIP_MAGIC = b"PK\x03\x04"

JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
COMPRESSED_ENDINGS = (".gz", ".zst")

NOT_TABLES = {
    b"\xd0\xcf\x11\xe0": (
        "an old Excel workbook (.xls), or one with a password",
        "save it without a password as .xlsx or .csv",
    ),
    b"%PDF": ("a PDF document", "export the table as .csv or .xlsx"),
    b"PK\x05\x06": ("an empty zip archive", "deliver the files themselves"),
    b"BZh": ("compressed with bzip2", "compress it with gzip or zstd, or not at all"),
    b"\xfd7zXZ": ("compressed with xz", "compress it with gzip or zstd, or not at all"),
    b"7z\xbc\xaf": ("a 7z archive", "deliver the files themselves"),
    b"Rar!": ("a rar archive", "deliver the files themselves"),
    b"SQLite format 3": ("a SQLite database", "write a contract with `extract: sql`"),
    b"\x1f\x8b": ("compressed twice", "compress it once"),
    b"\x28\xb5\x2f\xfd": ("compressed twice", "compress it once"),
    b"\x89PNG": ("a picture", "export the table as .csv or .xlsx"),
    b"\xff\xd8\xff": ("a picture", "export the table as .csv or .xlsx"),
    b"PARE": ("Parquet with an encrypted footer", "deliver it without encryption"),
    b"ORC": ("an ORC file", "deliver Parquet or CSV"),
    b"Obj\x01": ("an Avro file", "deliver Parquet or CSV"),
}
"""First bytes of what people deliver by mistake; each says what it is, and what to deliver instead."""


def format_of(first_bytes: bytes, name: str) -> FileFormat:
    """The format of content that begins with ``first_bytes`` in a file called ``name``.

    Raises :class:`FileRefused` for what is known not to be a table.
    """
    for magic, (what, advice) in NOT_TABLES.items():
        if first_bytes.startswith(magic):
            raise FileRefused("not_a_table", f"it is {what}", advice)
    if first_bytes.startswith(PARQUET_MAGIC):
        return "parquet"
    if first_bytes.startswith(ZIP_MAGIC):
        return "xlsx"
    plain = plain_name(name).lower()
    if plain.endswith(JSON_ENDINGS):
        return "jsonl"
    text = first_bytes.removeprefix(b"\xef\xbb\xbf").lstrip()
    has_ending = plain.endswith((".csv", ".tsv", ".txt"))
    return "jsonl" if text.startswith(b"{") and not has_ending else "csv"


def plain_name(name: str) -> str:
    """The name without the ending of its compression."""
    for ending in COMPRESSED_ENDINGS:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name
