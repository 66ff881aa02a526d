"""Compressed files, archives, and files that are not tables."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile

from cdp_assets_tests.hostile.case import (
    HEAD,
    IMPORTED,
    PERSON,
    REFUSED,
    ROW,
    Case,
    gzipped,
    sheet,
    text,
    zstd,
)

_TEXT = text(ROW)
_ROWS = (b"1," + b"x" * 8_000 + b",y\n") * 100
_BOMB_BYTES = 80 << 20
"""More than what is read of any file without asking how small it was; bombs of gigabytes end at the same place."""


def _zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def _gzip_bomb() -> bytes:
    head = gzip.compress(HEAD.encode(), mtime=0)
    rows = gzip.compress(_ROWS * (_BOMB_BYTES // 8 // len(_ROWS)), compresslevel=6, mtime=0)
    return head + rows * 9


def _zstd_bomb() -> bytes:
    return zstd(HEAD.encode()) + zstd(_ROWS * (_BOMB_BYTES // 8 // len(_ROWS))) * 9


def _excel_bomb() -> bytes:
    plain = sheet(["id", "name", "email"], ["1", PERSON, "a"])
    out = io.BytesIO(plain)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/picture.bin", bytes(_BOMB_BYTES))
    return out.getvalue()


def _damaged() -> bytes:
    content = bytearray(gzipped(text(*(f"{n},{PERSON},{n * n}@x.example\n" for n in range(2_000)))))
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


def _wrong_sum() -> bytes:
    content = bytearray(gzipped(_TEXT))
    content[-5] ^= 0xFF
    return bytes(content)


COMPRESSED = (
    Case(
        "gzip_as_csv",
        "gzip that is named `.csv`",
        IMPORTED,
        "as what it is: names decide nothing",
        gzipped(_TEXT),
        records=1,
    ),
    Case("csv_as_gzip", "text that is named `.csv.gz`", IMPORTED, "as what it is", _TEXT, file="{}.csv.gz", records=1),
    Case("zstd_as_csv", "zstd that is named `.csv`", IMPORTED, "as what it is", zstd(_TEXT), records=1),
    Case(
        "two_members",
        "gzip or zstd of several parts, one behind the other",
        IMPORTED,
        "all of them",
        gzipped(_TEXT) + gzipped(b"2,Bo,b@x.example\n"),
        file="{}.csv.gz",
        records=2,
    ),
    Case(
        "compressed_bom",
        "a byte order mark inside of it",
        IMPORTED,
        "without the mark",
        gzipped(codecs.BOM_UTF8 + _TEXT),
        records=1,
    ),
    Case("damaged_gzip", "gzip with a wrong byte", REFUSED, "", _damaged, reason="gzip data is damaged"),
    Case("wrong_sum", "gzip with a wrong checksum", REFUSED, "", _wrong_sum, reason="gzip data is damaged"),
    Case(
        "rest_behind_gzip",
        "gzip with something else behind it",
        REFUSED,
        "",
        gzipped(_TEXT) + PERSON.encode(),
        reason="gzip data is damaged",
    ),
    Case(
        "twice",
        "gzip inside of gzip",
        REFUSED,
        "",
        gzipped(gzipped(_TEXT)),
        reason="compressed twice; compress it once",
    ),
    Case(
        "gzip_bomb",
        "a gzip bomb",
        REFUSED,
        "when it has become too large, in little memory",
        _gzip_bomb,
        reason="times larger",
    ),
    Case("zstd_bomb", "a zstd bomb", REFUSED, "the same", _zstd_bomb, reason="times larger", file="{}.csv.zst"),
    Case("excel_bomb", "an Excel bomb", REFUSED, "the same", _excel_bomb, reason="times larger", file="{}.xlsx"),
    Case(
        "zip",
        "a zip archive",
        REFUSED,
        "with what to deliver instead",
        _zipped("a.csv", _TEXT),
        reason="it is a zip archive; deliver the files themselves",
        file="{}.zip",
    ),
    Case("bzip2", "bzip2", REFUSED, "the same", bz2.compress(_TEXT), reason="compressed with bzip2"),
    Case("xz", "xz", REFUSED, "the same", lzma.compress(_TEXT), reason="compressed with xz"),
    Case("seven_zip", "7z or rar", REFUSED, "the same", b"7z\xbc\xaf\x27\x1c" + bytes(100), reason="7z archive"),
)

NO_TABLES = (
    Case(
        "pdf", "a PDF document", REFUSED, "with what to deliver instead", b"%PDF-1.7\n" + PERSON.encode(), reason="PDF"
    ),
    Case("picture", "a picture", REFUSED, "the same", b"\x89PNG\r\n\x1a\n" + bytes(50), reason="picture"),
    Case(
        "sqlite", "a SQLite database", REFUSED, "the same", b"SQLite format 3\0" + bytes(100), reason="SQLite database"
    ),
    Case(
        "html",
        "a web page, such as a login page that was saved as `.csv`",
        REFUSED,
        "for the columns that it does not have",
        f"<!DOCTYPE html>\n<html><body>Hello {PERSON}</body></html>\n".encode(),
        reason="is not in the file",
    ),
    Case(
        "json_error",
        "an error message in JSON, saved as `.csv`",
        REFUSED,
        "for the columns that it does not have",
        f'{{"error": "no access for {PERSON}"}}\n'.encode(),
        reason="is not in the file",
    ),
    Case(
        "noise",
        "bytes that are nothing at all",
        REFUSED,
        "",
        bytes(range(255, 127, -1)) * 20,
        reason="it is not text in ",
    ),
    Case(
        "old_excel",
        "an Excel file of the old kind, or with a password",
        REFUSED,
        "with what to deliver instead",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
        reason="password",
        file="{}.xlsx",
    ),
    Case(
        "word",
        "another Office document",
        REFUSED,
        "",
        _zipped("[Content_Types].xml", b"<Types/>"),
        reason="not readable as Excel",
        file="{}.docx",
    ),
    Case(
        "open_document",
        "an OpenDocument spreadsheet",
        REFUSED,
        "as the archive that it is",
        _zipped("content.xml", b"<x/>"),
        reason="zip archive",
        file="{}.ods",
    ),
)
