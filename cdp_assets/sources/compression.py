"""Files as streams of their content: opened safely, decompressed, never larger than they may be.

Whether a file is compressed is told by its first bytes, not by its name. Everything streams in constant memory.

What does not belong here: what the content is (``file_format.py``).
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Literal, TypeAlias

import zstandard

from cdp_assets.sources.refusal import FileRefused

Compression: TypeAlias = Literal["gzip", "zstd"]

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

CUT_SHORT = "cut_short"
"""Rule of a compressed file that ends too early: perhaps it is still being written."""

READ_BYTES = 1 << 20
ZSTD_READ_BYTES = 1 << 12
"""zstd may expand 32,000 times, and its decoder hands out all of it at once: small bites keep memory flat."""


@dataclass(frozen=True)
class ExpansionLimits:
    """How large a file's content may be: what protects memory and disk from a few hostile kilobytes.

    Customer exports compress 4 to 40 times, sparse ones up to 100; a ratio above 250 over more than ``free_bytes`` is
    nobody's data. ``max_bytes`` bounds even honest files: a delivery that large should be split.
    """

    max_bytes: int = 32 << 30
    max_ratio: int = 250
    free_bytes: int = 64 << 20

    def check(self, expanded: int, compressed: int) -> None:
        """Raise :class:`FileRefused` when ``compressed`` bytes have become too many."""
        if expanded > self.max_bytes:
            raise FileRefused(
                "too_large",
                f"its content is larger than {self.max_bytes:,} bytes",
                "split the delivery into smaller files",
            )
        if expanded > self.free_bytes and expanded > compressed * self.max_ratio:
            raise FileRefused(
                "expands_too_much",
                f"its content is more than {self.max_ratio} times larger than the compressed file",
                "deliver it uncompressed if it is what it should be",
            )


DEFAULT_LIMITS = ExpansionLimits()


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading; refuse symlinks, FIFOs, directories and what may not be read.

    Never blocks: a FIFO is recognised, not waited for. A file that is not there is a ``FileNotFoundError``.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise FileRefused(
            "not_readable",
            f"it can not be opened ({type(problem).__name__})",
            "check who may read it, and that it is a file",
        ) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileRefused(
            "not_a_file", "it is not a regular file", "deliver a file; links, pipes and folders are not read"
        )
    with os.fdopen(descriptor, "rb") as file:
        yield file


def compression_of(first_bytes: bytes) -> Compression | None:
    """How a file that begins with these bytes is compressed."""
    if first_bytes.startswith(GZIP_MAGIC):
        return "gzip"
    return "zstd" if first_bytes.startswith(ZSTD_MAGIC) else None


def content_of(file: BinaryIO, limits: ExpansionLimits = DEFAULT_LIMITS) -> Iterator[bytes]:
    """The file's content in pieces, decompressed to its very end.

    Raises :class:`FileRefused`: rule ``cut_short`` when the compressed data ends too early, ``damaged`` when it is not
    what it says, ``expands_too_much`` or ``too_large`` beyond the limits.
    """
    compression = compression_of(file.read(len(ZSTD_MAGIC)))
    file.seek(0)
    expanded = 0
    pieces = {"gzip": _gunzipped, "zstd": _unzstd, None: _plain}[compression](file)
    for piece in pieces:
        expanded += len(piece)
        limits.check(expanded, file.tell() if compression else expanded)
        yield piece


@contextmanager
def seekable(
    file: BinaryIO, limits: ExpansionLimits = DEFAULT_LIMITS, folder: Path | None = None
) -> Iterator[BinaryIO]:
    """The file's content as a file that can be read at any place: itself, or when it is compressed, a file without a
    name in ``folder`` (default: where temporary files go). Raises as :func:`content_of` does."""
    is_compressed = compression_of(file.read(len(ZSTD_MAGIC))) is not None
    file.seek(0)
    if not is_compressed:
        limits.check(os.fstat(file.fileno()).st_size, limits.max_bytes)
        yield file
        return
    with TemporaryFile(dir=folder) as unpacked:
        for piece in content_of(file, limits):
            unpacked.write(piece)
        unpacked.seek(0)
        yield unpacked


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(READ_BYTES):
        yield piece


def _gunzipped(file: BinaryIO) -> Iterator[bytes]:
    decoder: zlib._Decompress | None = None
    pending, is_first = b"", True
    while pending := pending or file.read(READ_BYTES):
        if decoder is None:
            # A further member may follow the first, and some writers pad with zeros.
            pending = pending if is_first else pending.lstrip(b"\0")
            if not pending:
                continue
            decoder, is_first = zlib.decompressobj(wbits=31), False
        try:
            piece = decoder.decompress(pending, READ_BYTES)
        except zlib.error:
            raise _damaged("gzip") from None
        if piece:
            yield piece
        pending = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
        decoder = None if decoder.eof else decoder
    if decoder is not None:
        if rest := decoder.flush():
            yield rest
        if not decoder.eof:
            raise _cut_short("gzip")


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    context = zstandard.ZstdDecompressor()
    decoder: zstandard.ZstdDecompressionObj | None = None
    pending = b""
    while pending := pending or file.read(ZSTD_READ_BYTES):
        decoder = decoder or context.decompressobj()
        try:
            piece = decoder.decompress(pending)
        except zstandard.ZstdError:
            raise _damaged("zstd") from None
        if piece:
            yield piece
        pending = decoder.unused_data if decoder.eof else b""
        decoder = None if decoder.eof else decoder
    if decoder is not None:
        raise _cut_short("zstd")


def _damaged(compression: Compression) -> FileRefused:
    return FileRefused("damaged", f"its {compression} data is damaged", "deliver the file again")


def _cut_short(compression: Compression) -> FileRefused:
    return FileRefused(CUT_SHORT, f"its {compression} data ends too early", "deliver the whole file")
