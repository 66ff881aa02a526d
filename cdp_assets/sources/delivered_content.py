"""The content of a delivered file that is open: what it is, what it says, and whether it stayed what it was.

Content has a hash that does not depend on the file's name and compression, nor on a byte order mark: what tells whether
something was delivered before. Of text it is that of the bytes; of Parquet and Excel, of the rows.

What does not belong here: columns and rows of text (``delimited.py``, ``json_lines.py``).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import polars as pl

from cdp_assets.sources.compression import (
    DEFAULT_LIMITS,
    READ_BYTES,
    ExpansionLimits,
    content_of,
    open_regular,
    seekable,
)
from cdp_assets.sources.file_format import PARQUET_MAGIC, ZIP_MAGIC, FileFormat, format_of
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.text_encoding import LOOKED_AT, gathered, without_bom
from cdp_assets.sources.typed_tables import ParquetReader, excel_rows

FIRST_BYTES = 64
"""What tells a format."""

REPLACED = "replaced"
"""Rule of a file that is not, or did not stay, what it was."""

MOST_EXCEL_BYTES = 512 << 20
"""A workbook is read whole. One of a million rows has some 100 MB."""


class DeliveredContent:
    """A delivered file that is open. Its content is read once, one way: :meth:`text`, :meth:`seekable` or :meth:`whole`.

    Raises :class:`FileRefused` for what is known not to be a table, and as it is read for damaged or bombed compression.
    """

    def __init__(self, file: BinaryIO, name: str, limits: ExpansionLimits, spool_dir: Path | None) -> None:
        self._file, self._limits, self._spool_dir = file, limits, spool_dir
        self._before = os.fstat(file.fileno())
        self._digest = hashlib.sha256()
        self._pieces = _readable(content_of(file, limits))
        self._beginning = gathered(self._pieces, LOOKED_AT)
        self.file_format: FileFormat = format_of(self._beginning[:FIRST_BYTES], name)

    def text(self) -> Iterator[bytes]:
        """The bytes of a text in pieces; their hash is known when all have been taken."""
        self._digest.update(without_bom(self._beginning))
        yield self._beginning
        for piece in self._pieces:
            self._digest.update(piece)
            yield piece

    def seekable(self) -> AbstractContextManager[BinaryIO]:
        """The content as a file that can be read at any place."""
        self._file.seek(0)
        return seekable(self._file, self._limits, self._spool_dir)

    def whole(self) -> bytes:
        """All bytes of a workbook."""
        return _joined(chain([self._beginning], self._pieces))

    def hash_rows(
        self, label: str, columns: list[str] | None, batches: Iterable[pl.DataFrame]
    ) -> Iterator[pl.DataFrame]:
        """The same batches, whose rows become part of the hash as they are taken."""
        return _hashed(self._digest, label, columns, batches)

    def check(self, expected: str | None) -> None:
        """Refuse a file that changed since it was opened or, if its hash is known, that has other content."""
        after = os.fstat(self._file.fileno())
        if (self._before.st_size, self._before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise FileRefused(
                REPLACED, "it changed while it was read", "land a file under a hidden name, then rename it"
            )
        if expected is not None and self._digest.hexdigest() != expected:
            raise replaced()


def content_sha256(path: Path, *, limits: ExpansionLimits = DEFAULT_LIMITS, spool_dir: Path | None = None) -> str:
    """Hash of what a file says, whatever its name and compression, with or without a byte order mark.

    Of a CSV or JSON file that is its text; of Parquet and Excel, the rows: writing the same rows again gives the same
    hash. All but Excel is streamed in constant memory (Parquet that was compressed once more goes through a file without
    a name in ``spool_dir``). A file that can not be read has the hash of its bytes, so that its refusal can be
    remembered, too. Raises :class:`FileRefused` only when the file can not be opened.
    """
    with open_regular(path) as file:
        return sha256_of(file, limits, spool_dir)


def sha256_of(file: BinaryIO, limits: ExpansionLimits, spool_dir: Path | None) -> str:
    """:func:`content_sha256` of a file that is open."""
    file.seek(0)
    try:
        return _content_sha256(file, limits, spool_dir)
    except FileRefused:
        file.seek(0)
        digest = hashlib.sha256()
        for piece in iter(lambda: file.read(READ_BYTES), b""):
            digest.update(piece)
        return digest.hexdigest()


def _content_sha256(file: BinaryIO, limits: ExpansionLimits, spool_dir: Path | None) -> str:
    pieces = content_of(file, limits)
    first = gathered(pieces, FIRST_BYTES)
    digest = hashlib.sha256()
    if first.startswith(PARQUET_MAGIC):
        file.seek(0)
        with seekable(file, limits, spool_dir) as opened:
            reader = ParquetReader(opened, limits)
            _exhaust(_hashed(digest, "", list(reader.columns), reader.batches()))
    elif first.startswith(ZIP_MAGIC):
        for label, rows in excel_rows(_joined(chain([first], pieces)), limits, None).items():
            _exhaust(_hashed(digest, label, None, [rows]))
    else:
        for piece in chain([without_bom(first)], pieces):
            digest.update(piece)
    return digest.hexdigest()


def _hashed(
    digest: hashlib._Hash, label: str, columns: list[str] | None, batches: Iterable[pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    digest.update(repr((label, columns)).encode())
    for batch in batches:
        rows = batch if columns is None else batch.select(columns)
        digest.update(rows.write_csv(include_header=False, quote_style="always").encode())
        yield batch


def _exhaust(batches: Iterator[pl.DataFrame]) -> None:
    for _ in batches:
        pass


def _joined(pieces: Iterator[bytes]) -> bytes:
    """All bytes of a workbook; its reader can not do with less."""
    found: list[bytes] = []
    size = 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size > MOST_EXCEL_BYTES:
            raise FileRefused("too_large", "it is too large for a workbook", "deliver it as .csv or Parquet")
    return b"".join(found)


def _readable(pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pieces
    except OSError as problem:
        raise FileRefused("not_readable", f"reading it failed ({type(problem).__name__})", "check the disk") from None


def replaced() -> FileRefused:
    """The refusal of a file whose content is not the one that was registered."""
    return FileRefused(
        REPLACED, "its content is not what it was when it landed", "deliver the new content under a new name"
    )
