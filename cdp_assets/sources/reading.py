"""A delivered file as text, exactly as delivered: CSV, TSV, JSON lines, Parquet, Excel; plain, gzip or zstd.

A file is read whole or refused whole (:class:`~cdp_assets.sources.refusal.FileRefused`); within a file that is read, a
line that can not be split into columns is kept as text, with the rule it broke. Nothing is guessed: bytes are checked
first, and everything is text (``007``, ``NO``, `` x ``). An empty value is null.

What does not belong here: what values mean (standardized), which files there are (``landing.py``).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import polars as pl

from cdp_assets.sources.compression import DEFAULT_LIMITS, READ_BYTES, ExpansionLimits, content_of, open_regular
from cdp_assets.sources.contract_model import Extract, SourceContract, raw_column
from cdp_assets.sources.delimited import LINE, PROBLEM, TEXT, read_delimited
from cdp_assets.sources.file_format import PARQUET_MAGIC, ZIP_MAGIC, FileFormat, format_of
from cdp_assets.sources.headers import check_header
from cdp_assets.sources.json_lines import read_json_lines
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.schema_drift import ColumnDrift, check_drift
from cdp_assets.sources.text_encoding import utf8_text, without_bom
from cdp_assets.sources.typed_tables import excel_rows, parquet_tables

__all__ = ["Delivery", "FileRefused", "Table", "content_sha256", "read_delivery", "read_table"]

FIRST_BYTES = 64


@dataclass(frozen=True)
class Table:
    """A file's content before any contract is asked.

    ``rows``: ``_line`` (line or row of the file), ``_problem``, ``_text``, then the columns of ``header`` in order, as
    text, under the names that they have in ``raw/<source>_imports``.
    """

    file_format: FileFormat
    header: tuple[str, ...]
    rows: pl.DataFrame
    blank_lines: int


@dataclass(frozen=True)
class Delivery:
    """A delivered file, read by a contract.

    ``frame``: one row per data line, as :class:`Table`'s ``rows``, with a null column for each of the contract's columns
    that is missing and without those that the contract ignores. ``new_columns`` and ``missing_columns`` are source
    columns that the file has and the contract does not name, and the other way round.
    """

    frame: pl.DataFrame
    file_format: FileFormat
    columns: tuple[str, ...]
    new_columns: tuple[str, ...]
    missing_columns: tuple[str, ...]
    blank_lines: int

    @property
    def lines(self) -> int:
        """Data lines, readable or not; neither the header nor blank lines."""
        return self.frame.height


def read_delivery(
    path: Path,
    contract: SourceContract,
    *,
    content: str | None = None,
    limits: ExpansionLimits = DEFAULT_LIMITS,
) -> Delivery:
    """Read a delivered file by its contract.

    ``content`` is the :func:`content_sha256` that the import was registered with: a file that has been replaced since
    is refused. Raises :class:`FileRefused`, and ``FileNotFoundError`` when the file has gone.
    """
    file = _read_whole(path, limits)
    if content is not None and _sha256(file, limits) != content:
        raise FileRefused(
            "replaced", "its content is not what it was when it landed", "deliver the new content under a new name"
        )
    table = _table(file, contract.extract, contract.source_columns, limits)
    if not table.header:
        return Delivery(table.rows, table.file_format, (), (), (), table.blank_lines)
    drift = check_drift(table.header, contract, is_sparse=table.file_format == "jsonl")
    frame = _by_contract(table.rows, drift, contract)
    return Delivery(frame, table.file_format, table.header, drift.new, drift.missing, table.blank_lines)


def read_table(path: Path, extract: Extract, *, limits: ExpansionLimits = DEFAULT_LIMITS) -> Table:
    """Read a file of which only encoding, delimiter and sheet may be known. Raises :class:`FileRefused`."""
    return _table(_read_whole(path, limits), extract, (), limits)


def content_sha256(path: Path, *, limits: ExpansionLimits = DEFAULT_LIMITS) -> str:
    """Hash of what a file says, whatever its name and compression, with or without a byte order mark.

    Of a CSV or JSON file that is its text, streamed in constant memory; of Parquet and Excel, the rows: writing the same
    rows again gives the same hash. A file that can not be read has the hash of its bytes, so that its refusal can be
    remembered, too. Raises :class:`FileRefused` only when the file can not be opened.
    """
    with open_regular(path) as file:
        try:
            return _content_sha256(path.name, content_of(file, limits), limits)
        except FileRefused:
            file.seek(0)
            return _hash_of(iter(lambda: file.read(READ_BYTES), b""))


def _content_sha256(name: str, pieces: Iterator[bytes], limits: ExpansionLimits) -> str:
    first = b""
    while len(first) < FIRST_BYTES and (piece := next(pieces, b"")):
        first += piece
    if first.startswith((PARQUET_MAGIC, ZIP_MAGIC)):
        return _rows_sha256(_File(name, b"".join([first, *pieces])), limits)
    return _hash_of(chain([without_bom(first)], pieces))


def _hash_of(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


# -- a file's content -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _File:
    name: str
    data: bytes

    @property
    def file_format(self) -> FileFormat:
        return format_of(self.data[:FIRST_BYTES], self.name)


def _read_whole(path: Path, limits: ExpansionLimits) -> _File:
    """The content at one instant: a file that changes under our hands is refused."""
    try:
        with open_regular(path) as file:
            before = os.fstat(file.fileno())
            data = b"".join(content_of(file, limits))
            after = os.fstat(file.fileno())
    except MemoryError:
        raise FileRefused("too_large", "it does not fit into memory", "split it into smaller files") from None
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise FileRefused("not_readable", f"reading it failed ({type(problem).__name__})", "check the disk") from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FileRefused("replaced", "it changed while it was read", "land a file under a hidden name, then rename it")
    return _File(path.name, data)


def _sha256(file: _File, limits: ExpansionLimits) -> str:
    return _content_sha256(file.name, iter([file.data]), limits)


def _rows_sha256(file: _File, limits: ExpansionLimits) -> str:
    digest = hashlib.sha256()
    for label, rows in _typed_rows(file, limits):
        digest.update(repr((label, rows.columns if file.file_format == "parquet" else None)).encode())
        digest.update(rows.write_csv(include_header=False, quote_style="always").encode())
    return digest.hexdigest()


def _typed_rows(file: _File, limits: ExpansionLimits) -> Iterator[tuple[str, pl.DataFrame]]:
    if file.file_format == "parquet":
        tables = parquet_tables(file.data, limits)
        yield "", pl.concat(list(tables))
    else:
        yield from excel_rows(file.data, limits, None).items()


# -- tables -----------------------------------------------------------------------------------------------------------


def _table(file: _File, extract: Extract, expected: tuple[str, ...], limits: ExpansionLimits) -> Table:
    file_format = file.file_format
    header, rows, blank = {
        "csv": _from_delimited,
        "jsonl": _from_json_lines,
        "parquet": _from_parquet,
        "xlsx": _from_excel,
    }[file_format](file, extract, expected, limits)
    return Table(file_format, header, rows, blank)


_Read = tuple[tuple[str, ...], pl.DataFrame, int]


def _text(file: _File, extract: Extract) -> bytes:
    return utf8_text(file.data, extract.encoding)


def _named(header: Iterable[str], rows: pl.DataFrame) -> pl.DataFrame:
    """Rows whose columns after the first three get the header's names, as raw spells them."""
    names = tuple(header)
    check_header(names)
    rows.columns = [LINE, PROBLEM, TEXT, *map(raw_column, names)]
    return rows


def _from_delimited(file: _File, extract: Extract, expected: tuple[str, ...], limits: ExpansionLimits) -> _Read:
    table = read_delimited(_text(file, extract), extract.delimiter, expected)
    return table.header, _named(table.header, table.frame), table.blank_lines


def _from_json_lines(file: _File, extract: Extract, expected: tuple[str, ...], limits: ExpansionLimits) -> _Read:
    table = read_json_lines(_text(file, extract), expected)
    return table.header, _named(table.header, table.frame), table.blank_lines


def _from_parquet(file: _File, extract: Extract, expected: tuple[str, ...], limits: ExpansionLimits) -> _Read:
    rows = pl.concat(list(parquet_tables(file.data, limits, expected)))
    return tuple(rows.columns), _named(rows.columns, _numbered(rows, first=1)), 0


def _from_excel(file: _File, extract: Extract, expected: tuple[str, ...], limits: ExpansionLimits) -> _Read:
    """The sheet that is declared; else the first that has the contract's columns; else the first that has any row."""
    sheets = excel_rows(file.data, limits, extract.sheet)
    tables = [table for sheet in sheets.values() if (table := _from_sheet(sheet))[0]]
    if not tables:
        return (), _numbered(pl.DataFrame(), first=1), 0
    header, rows, blank = next((table for table in tables if set(expected) <= set(table[0])), tables[0])
    return header, _named(header, rows), blank


def _from_sheet(sheet: pl.DataFrame) -> _Read:
    rows = _numbered(sheet, first=1)
    values = pl.all().exclude(LINE, PROBLEM, TEXT)
    filled = rows.filter(pl.any_horizontal(values.is_not_null())) if sheet.width else rows.clear()
    if filled.is_empty():
        return (), filled, rows.height
    header = [None if name is None else name.strip() for name in filled.row(0)[3:]]
    body = filled[1:]
    # A used range often reaches further than the table: columns with neither a name nor a value are none.
    kept = [
        (name or "", column)
        for name, column in zip(header, body.columns[3:], strict=True)
        if name or body.get_column(column).null_count() < body.height
    ]
    names = tuple(name for name, _ in kept)
    return names, body.select(LINE, PROBLEM, TEXT, *(column for _, column in kept)), rows.height - filled.height


def _numbered(rows: pl.DataFrame, *, first: int) -> pl.DataFrame:
    """Rows with their numbers, no problem and no text; empty values null."""
    columns = [f"column_{position}" for position in range(rows.width)]
    renamed = rows.rename(dict(zip(rows.columns, columns, strict=True))) if columns else rows
    nothing = pl.Series(TEXT, [None], dtype=pl.String).new_from_index(0, rows.height)
    return pl.DataFrame(
        [
            pl.int_range(first, first + rows.height, eager=True, dtype=pl.Int64).alias(LINE),
            nothing.alias(PROBLEM),
            nothing,
            *renamed.select(pl.when(pl.all().str.len_bytes() > 0).then(pl.all()).name.keep()).get_columns(),
        ]
    )


def _by_contract(rows: pl.DataFrame, drift: ColumnDrift, contract: SourceContract) -> pl.DataFrame:
    if contract.on_new_column == "ignore":
        rows = rows.drop([raw_column(name) for name in drift.new])
    return rows.with_columns(pl.lit(None, dtype=pl.String).alias(raw_column(name)) for name in drift.missing)
