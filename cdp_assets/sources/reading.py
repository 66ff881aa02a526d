"""A delivered file as text, exactly as delivered: CSV, TSV, JSON lines, Parquet, Excel; plain, gzip or zstd.

A file is read whole or refused whole (:class:`~cdp_assets.sources.refusal.FileRefused`); within a file that is read, a
line that can not be split into columns is kept as text, with the rule it broke. Nothing is guessed: bytes are checked
first, and everything is text (``007``, ``NO``, `` x ``). An empty value is null.

:func:`open_delivery` is the way: rows come in batches, and memory does not grow with the file (of the formats, only
Excel is held whole, which can not have more than 1,048,576 rows a sheet). A file may turn out to be refused when half of
its batches have been taken: whoever takes them keeps nothing before the end.

What does not belong here: what values mean (standardized), which files there are (``landing.py``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from cdp_assets.sources.compression import DEFAULT_LIMITS, ExpansionLimits, open_regular
from cdp_assets.sources.contract_model import Extract, SourceContract, raw_column
from cdp_assets.sources.delimited import LINE, PROBLEM, TEXT, DelimitedReader
from cdp_assets.sources.delivered_content import REPLACED, DeliveredContent, content_sha256, replaced, sha256_of
from cdp_assets.sources.file_format import FileFormat
from cdp_assets.sources.headers import check_header
from cdp_assets.sources.json_lines import JsonLinesReader
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.schema_drift import ColumnDrift, check_drift
from cdp_assets.sources.text_encoding import utf8_pieces
from cdp_assets.sources.typed_tables import ParquetReader, excel_rows
from cdp_assets.sources.whole_lines import in_chunks, read_ahead

__all__ = [
    "Delivery",
    "DeliveryStream",
    "FileRefused",
    "Table",
    "content_sha256",
    "open_delivery",
    "read_delivery",
    "read_table",
]

ROWS_AT_ONCE = 65_536
"""Rows of a workbook that are handed out at once."""


class DeliveryStream:
    """A delivered file that is being read by a contract.

    ``columns`` are the file's, by their source names; ``new_columns`` those that the contract does not name, and
    ``missing_columns`` those that only the contract names. ``encoding`` is what the text was read as, None for Parquet
    and Excel; ``delimiter`` what parts the fields of a CSV, detected or declared. ``schema`` is that of every batch.

    ``lines`` (data lines, readable or not), ``problems`` (those of them that were kept whole) and ``blank_lines`` are
    complete when :meth:`batches` has ended.
    """

    def __init__(self, opened: _Opened, table: _OpenTable, drift: ColumnDrift, contract: SourceContract) -> None:
        self.file_format: FileFormat = table.file_format
        self.encoding, self.delimiter = table.encoding, table.delimiter
        self.columns, self.new_columns, self.missing_columns = table.header, drift.new, drift.missing
        self.blank_lines, self.lines, self.problems = 0, 0, 0
        self._opened, self._table = opened, table
        ignored = set(drift.new) if contract.on_new_column == "ignore" else set()
        self._kept = [raw_column(name) for name in table.header if name not in ignored]
        self._absent = [raw_column(name) for name in drift.missing]
        self.schema = _schema((*self._kept, *self._absent))

    def batches(self) -> Iterator[pl.DataFrame]:
        """All rows in the order of the file, once: ``_line``, ``_problem``, ``_text``, then the columns as raw spells
        them, without the new ones that the contract ignores, with a null column for each that is missing.

        When this ends without :class:`FileRefused`, the file was read to its end, stayed what it was meanwhile, and has
        the content that it was registered with.
        """
        nothing = [pl.lit(None, dtype=pl.String).alias(name) for name in self._absent]
        with self._opened.refusing():
            for batch in self._table.batches():
                self.lines += batch.height
                self.problems += batch.get_column(PROBLEM).count()
                yield batch.select(LINE, PROBLEM, TEXT, *self._kept, *nothing)
            self.blank_lines = self._table.blank_lines()
            self._opened.check()


@contextmanager
def open_delivery(
    path: Path,
    contract: SourceContract,
    *,
    content: str | None = None,
    limits: ExpansionLimits = DEFAULT_LIMITS,
    spool_dir: Path | None = None,
) -> Iterator[DeliveryStream]:
    """Read a delivered file by its contract, in batches.

    ``content`` is the :func:`content_sha256` that the import was registered with: a file that has been replaced since
    is refused. What has to be put by meanwhile goes to files without a name in ``spool_dir`` (default: where temporary
    files go). Raises :class:`FileRefused`, here or while batches are taken, and ``FileNotFoundError`` when the file has
    gone.
    """
    with open_regular(path) as file, ExitStack() as stack:
        opened = _Opened(file, path.name, limits, spool_dir, content, stack)
        with opened.refusing():
            table = _open_table(opened, contract.extract, contract.source_columns)
            # A file without any line has no header to compare.
            drift = ColumnDrift((), ())
            if table.header:
                drift = check_drift(table.header, contract, is_sparse=table.file_format == "jsonl")
            stream = DeliveryStream(opened, table, drift, contract)
        yield stream


# -- files that are read at once --------------------------------------------------------------------------------------


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
    """A delivered file, read by a contract, all of it at once: see :class:`DeliveryStream`.

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

    @property
    def problems(self) -> int:
        """Data lines that were kept whole."""
        return self.frame.get_column(PROBLEM).count()


def read_delivery(
    path: Path,
    contract: SourceContract,
    *,
    content: str | None = None,
    limits: ExpansionLimits = DEFAULT_LIMITS,
) -> Delivery:
    """Read a delivered file by its contract, all of it at once: for small files. Raises as :func:`open_delivery`."""
    with open_delivery(path, contract, content=content, limits=limits) as stream:
        frame = pl.concat([pl.DataFrame(schema=stream.schema), *stream.batches()])
        return Delivery(
            frame,
            stream.file_format,
            stream.columns,
            stream.new_columns,
            stream.missing_columns,
            stream.blank_lines,
        )


def read_table(path: Path, extract: Extract, *, limits: ExpansionLimits = DEFAULT_LIMITS) -> Table:
    """Read a file of which only encoding, delimiter and sheet may be known. Raises :class:`FileRefused`."""
    with open_regular(path) as file, ExitStack() as stack:
        opened = _Opened(file, path.name, limits, None, None, stack)
        with opened.refusing():
            table = _open_table(opened, extract, ())
            rows = pl.concat([pl.DataFrame(schema=_schema(map(raw_column, table.header))), *table.batches()])
            opened.check()
            return Table(table.file_format, table.header, rows, table.blank_lines())


# -- a file that is open ----------------------------------------------------------------------------------------------


class _Opened:
    """A file that is open, what it was registered as, and what is to be closed when it is not read any more."""

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        limits: ExpansionLimits,
        spool_dir: Path | None,
        registered: str | None,
        closing_it: ExitStack,
    ) -> None:
        self.limits, self.spool_dir, self.registered, self.stack = limits, spool_dir, registered, closing_it
        self._file, self._name = file, name
        self._content: DeliveredContent | None = None

    @property
    def content(self) -> DeliveredContent:
        if self._content is None:
            self._content = DeliveredContent(self._file, self._name, self.limits, self.spool_dir)
        return self._content

    def check(self) -> None:
        """Refuse a file that is not, or did not stay, what it should be."""
        self.content.check(self.registered)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Of a file that can not be read, and is not what was registered either, the latter is what counts."""
        try:
            yield
        except MemoryError:
            raise FileRefused("too_large", "it does not fit into memory", "split it into smaller files") from None
        except FileRefused as refusal:
            self.stack.close()  # nobody may be reading ahead while the file is hashed
            if refusal.rule != REPLACED and self._is_replaced():
                raise replaced() from None
            raise

    def _is_replaced(self) -> bool:
        return self.registered is not None and self.registered != sha256_of(self._file, self.limits, self.spool_dir)


@dataclass(frozen=True)
class _OpenTable:
    """A file's content before any contract is asked, in batches: ``_line``, ``_problem``, ``_text``, raw columns."""

    file_format: FileFormat
    header: tuple[str, ...]
    batches: Callable[[], Iterator[pl.DataFrame]]
    blank_lines: Callable[[], int]
    encoding: str | None = None
    delimiter: str | None = None


def _open_table(opened: _Opened, extract: Extract, expected: tuple[str, ...]) -> _OpenTable:
    return {"csv": _delimited, "jsonl": _json_lines, "parquet": _parquet, "xlsx": _excel}[opened.content.file_format](
        opened, extract, expected
    )


def _text(opened: _Opened, extract: Extract) -> tuple[str, Iterator[bytes]]:
    """The encoding, and the text in chunks that another thread reads, decompresses, hashes and checks meanwhile."""
    encoding, pieces = utf8_pieces(opened.content.text(), extract.encoding)
    return encoding, opened.stack.enter_context(closing(read_ahead(in_chunks(pieces))))


def _delimited(opened: _Opened, extract: Extract, expected: tuple[str, ...]) -> _OpenTable:
    encoding, pieces = _text(opened, extract)
    reader = DelimitedReader(pieces, extract.delimiter, expected)

    def batches() -> Iterator[pl.DataFrame]:
        return (_named(reader.header, rows) for rows in reader.batches())

    return _OpenTable("csv", reader.header, batches, lambda: reader.blank_lines, encoding, reader.delimiter)


def _json_lines(opened: _Opened, extract: Extract, expected: tuple[str, ...]) -> _OpenTable:
    encoding, pieces = _text(opened, extract)
    reader = opened.stack.enter_context(JsonLinesReader(pieces, expected, spool_dir=opened.spool_dir))
    check_header(reader.header)

    def batches() -> Iterator[pl.DataFrame]:
        return (_named(reader.header, rows) for rows in reader.batches())

    return _OpenTable("jsonl", reader.header, batches, lambda: reader.blank_lines, encoding)


def _parquet(opened: _Opened, extract: Extract, expected: tuple[str, ...]) -> _OpenTable:
    file = opened.stack.enter_context(opened.content.seekable())
    reader = ParquetReader(file, opened.limits, expected)
    check_header(reader.columns)

    def batches() -> Iterator[pl.DataFrame]:
        rows, first = reader.batches(), 1
        if opened.registered is not None:
            rows = opened.content.hash_rows("", list(reader.own_columns), rows)
        for batch in rows:
            yield _named(reader.columns, _numbered(batch, first=first))
            first += batch.height

    return _OpenTable("parquet", reader.columns, batches, lambda: 0)


def _excel(opened: _Opened, extract: Extract, expected: tuple[str, ...]) -> _OpenTable:
    """The sheet that is declared; else the first that has the contract's columns; else the first that has any row."""
    data = opened.content.whole()
    if opened.registered is not None:
        for label, sheet in excel_rows(data, opened.limits, None).items():
            deque(opened.content.hash_rows(label, None, [sheet]), maxlen=0)
    sheets = excel_rows(data, opened.limits, extract.sheet)
    tables = [table for sheet in sheets.values() if (table := _from_sheet(sheet))[0]]
    nothing: _Sheet = ((), _numbered(pl.DataFrame(), first=1), 0)
    header, rows, blank = next((table for table in tables if set(expected) <= set(table[0])), [*tables, nothing][0])
    check_header(header)

    def batches() -> Iterator[pl.DataFrame]:
        return (_named(header, part) for part in rows.iter_slices(ROWS_AT_ONCE))

    return _OpenTable("xlsx", header, batches, lambda: blank)


_Sheet = tuple[tuple[str, ...], pl.DataFrame, int]


def _from_sheet(sheet: pl.DataFrame) -> _Sheet:
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


def _schema(columns: Iterable[str]) -> pl.Schema:
    return pl.Schema({LINE: pl.Int64(), **{name: pl.String() for name in (PROBLEM, TEXT, *columns)}})


def _named(header: Iterable[str], rows: pl.DataFrame) -> pl.DataFrame:
    """Rows whose columns after the first three get the header's names, as raw spells them."""
    rows.columns = [LINE, PROBLEM, TEXT, *map(raw_column, header)]
    return rows


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
