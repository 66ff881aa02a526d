"""Contracts of erasures and of the certificates that prove them."""

from __future__ import annotations

from cdp_assets.tables.contract import INTEGER, MOMENT, Column, Table, key_column

ERASURES = Table(
    "erasure/erasures",
    "erasure of a person, finished or going on",
    (
        key_column("erasure_id", "erasure"),
        key_column("customer_id", "customer id that the person had; it resolves to nobody"),
        key_column("requested_by", "who erased them"),
        Column("requested_at", MOMENT, "when it was begun", nullable=False),
        Column("finished_at", MOMENT, "when it was proven; null while steps are to be done"),
        Column("records", INTEGER, "records erased", nullable=False),
        Column("delivered_lines", INTEGER, "delivered lines erased, over all imports"),
    ),
    key=("erasure_id",),
)

ERASURE_CERTIFICATES = Table(
    "erasure/certificates",
    "erasure and format of file, with how many files were searched and how often anything of the person was found",
    (
        key_column("erasure_id", "erasure"),
        key_column("file_format", "parquet, sqlite, gzip, json …"),
        Column("files", INTEGER, "files searched, after decoding", nullable=False),
        Column("bytes", INTEGER, "their size", nullable=False),
        Column("texts", INTEGER, "texts searched for", nullable=False),
        Column("occurrences", INTEGER, "values or pieces of files that hold one", nullable=False),
        key_column("contents_sha256", "hash of the names and contents of all files that were searched"),
    ),
    key=("erasure_id", "file_format"),
)
