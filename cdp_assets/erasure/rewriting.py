"""A delivered file without some of its lines, and byte for byte as it was else.

Text (CSV, JSON lines) loses whole lines; Parquet and Excel lose rows. Compression, encoding and byte order mark stay.
:func:`without_lines` reads what it made once more: where the rows that should be left are not exactly those that are, or the
file can not be read at all, there is no result.

What does not belong here: which lines (``landed.py``).
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
from collections.abc import Collection
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from cdp_assets.sources.compression import compression_of, content_of, open_regular
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.delimited import LINE
from cdp_assets.sources.file_format import PARQUET_MAGIC, ZIP_MAGIC
from cdp_assets.sources.reading import FileRefused, read_delivery

GZIP_LEVEL = 6
"""What `gzip` itself does. Python's own 9 takes three times as long for a file six percent smaller."""

_ROW = re.compile(rb'<row\b[^>]*?\br="(\d+)"[^>]*?(?:/>|>.*?</row>)', re.DOTALL)
_SHARED = re.compile(rb"<si\b[^>]*?(?:/>|>.*?</si>)", re.DOTALL)
_REFERENCE = re.compile(rb'<c\b[^>]*?\bt="s"[^>]*?>\s*<v>(\d+)</v>', re.DOTALL)
_SHEETS, _STRINGS = "xl/worksheets/", "xl/sharedStrings.xml"


def without_lines(path: Path, contract: SourceContract, lines: Collection[int], target: Path) -> bool:
    """Write ``path`` without ``lines`` to ``target``; whether that was possible."""
    try:
        before = read_delivery(path, contract).frame
        target.write_bytes(_without(path, contract, lines, before.get_column(LINE)))
        named = target.with_name(f"{target.name}{_endings(path)}")
        target.rename(named)
        try:
            after = read_delivery(named, contract).frame
        finally:
            named.rename(target)
    except (FileRefused, OSError, UnicodeError, ValueError, pa.ArrowException, zipfile.BadZipFile):
        return False
    return _same_rows(before.filter(~pl.col(LINE).is_in(list(lines))), after)


def _endings(path: Path) -> str:
    """Endings tell a reader the format of a text."""
    return "".join(path.suffixes[-2:])


def _same_rows(wanted: pl.DataFrame, found: pl.DataFrame) -> bool:
    """Whether both say the same in the same order, wherever it stands; a column that only an erased line had is missed by
    nobody."""
    gone = [name for name in wanted.columns if name not in found.columns]
    if wanted.height != found.height or any(wanted.get_column(name).count() for name in gone):
        return False
    said = [name for name in wanted.columns if name in found.columns and name != LINE]
    return wanted.select(said).equals(found.select(said))


def _without(path: Path, contract: SourceContract, lines: Collection[int], starts: pl.Series) -> bytes:
    with open_regular(path) as file:
        compression = compression_of(file.read(4))
        file.seek(0)
        data = b"".join(content_of(file))
    if data.startswith(PARQUET_MAGIC):
        data = _parquet(data, lines)
    elif data.startswith(ZIP_MAGIC):
        data = _workbook(data, lines)
    else:
        data = _text(data, contract.extract.encoding, lines, starts.to_list())
    if compression == "gzip":
        return gzip.compress(data, GZIP_LEVEL, mtime=0)
    return zstandard.compress(data) if compression == "zstd" else data


def _text(data: bytes, declared: str | None, lines: Collection[int], starts: list[int]) -> bytes:
    marks = ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF8, "utf-8"),
             (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
    mark, encoding = next(((bom, name) for bom, name in marks if data.startswith(bom)), (b"", declared or "utf-8"))
    body = data[len(mark) :]
    end = "\n" if "\n".encode(encoding.removesuffix("-sig")) in body else "\r"
    if len(end.encode(encoding)) == 1 and "\n".encode(encoding) == b"\n":
        return mark + _without_places(body, end.encode(), lines, starts)
    kept = _without_places(body.decode(encoding).encode("utf-8"), end.encode(), lines, starts)
    return mark + kept.decode("utf-8").encode(encoding)


def _without_places(text: bytes, end: bytes, lines: Collection[int], starts: list[int]) -> bytes:
    """The text without the rows that begin at ``lines``; a row goes on to where the next one begins."""
    parts = text.split(end)
    physical = [part + end for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
    following = dict(zip(starts, [*starts[1:], len(physical) + 1], strict=False))
    gone = {number for line in lines for number in range(line, following.get(line, line + 1))}
    return b"".join(line for number, line in enumerate(physical, 1) if number not in gone)


def _parquet(data: bytes, lines: Collection[int]) -> bytes:
    table = pq.read_table(io.BytesIO(data))
    stays = pa.array([number not in lines for number in range(1, table.num_rows + 1)], pa.bool_())
    written = io.BytesIO()
    # Smallest and largest values of the rows that are gone would stay in statistics that were copied: none are made.
    pq.write_table(table.filter(stays), written, compression="zstd", write_statistics=False)
    return written.getvalue()


def _workbook(data: bytes, lines: Collection[int]) -> bytes:
    """Rows of every sheet that have these numbers, and the shared texts that nothing refers to any more."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {entry: archive.read(entry) for entry in archive.infolist()}
    sheets = {entry: part for entry, part in parts.items() if entry.filename.startswith(_SHEETS) and entry.filename.endswith(".xml")}  # fmt: skip
    if len(sheets) != 1:
        raise ValueError("a workbook of several sheets: which one was read is not told by a line's number")
    for entry, part in sheets.items():
        parts[entry] = _ROW.sub(lambda row: b"" if int(row[1]) in lines else row[0], part)
    used = {int(number) for entry in sheets for number in _REFERENCE.findall(parts[entry])}
    for entry, part in parts.items():
        if entry.filename == _STRINGS:
            parts[entry] = _without_unused(part, used)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, part in parts.items():
            archive.writestr(entry, part)
    return written.getvalue()


def _without_unused(strings: bytes, used: Collection[int]) -> bytes:
    """The shared texts, empty where no cell refers to them: their places are numbers that others are counted by."""
    places = iter(range(len(strings)))
    return _SHARED.sub(lambda text: text[0] if next(places) in used else b"<si><t></t></si>", strings)
