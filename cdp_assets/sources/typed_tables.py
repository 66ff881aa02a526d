"""Tables with types (Parquet, Excel, databases) as text, the way a careful person would write their values down.

Days are ISO dates, moments ISO date-times, whole numbers have no ``.0``, true and false are words. A struct becomes
dotted columns (``address.city``), a list the JSON text of its items; a contract may name one item (``emails.0``).

What does not belong here: delivered text; it stays as it is (``delimited.py``, ``json_lines.py``).
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

import fastexcel
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.sources.compression import READ_BYTES, ExpansionLimits
from cdp_assets.sources.headers import check_width
from cdp_assets.sources.refusal import FileRefused

MOST_ROWS_AT_ONCE = 65_536
MOST_CELLS_AT_ONCE = 1 << 20
"""A batch of a wide table has fewer rows, so that any batch takes tens of megabytes."""

LARGEST_EXACT_FLOAT = 2.0**53
"""Above it a float can not tell neighbouring whole numbers apart, so it is written as the float that it is."""

BYTES_PER_CELL = 16
"""What one text cell takes in memory at least; to refuse a table that declares billions of them."""

_MIDNIGHT = r"^(\d{4}-\d{2}-\d{2}) 00:00:00$"
"""Excel has no days, only moments: a day is its midnight."""

_TIME_OF_DAY = r"^1899-12-3[01] (\d{2}:\d{2}:\d{2}(?:\.\d+)?)$"
"""Excel has no times of day either, only moments of its day zero."""


class ParquetReader:
    """The rows of a Parquet file as text.

    ``file`` can be read at any place; ``wanted`` are dotted paths that may lead into lists. ``columns`` are the text
    columns of every batch, ``own_columns`` those of them that are not items which only ``wanted`` asks for. Raises
    :class:`FileRefused` for a file that is not readable as what it declares, now or while batches are taken.
    """

    def __init__(self, file: BinaryIO, limits: ExpansionLimits, wanted: Collection[str] = ()) -> None:
        self._wanted = wanted
        with _refusing_damage("Parquet", "write and deliver the file again"):
            # Buffering ahead would keep what it buffered: memory would grow with the file.
            self._file = pq.ParquetFile(file, pre_buffer=False)
            metadata = self._file.metadata
            check_width(metadata.num_columns)
            limits.check(metadata.num_rows * max(1, metadata.num_columns) * BYTES_PER_CELL, limits.max_bytes)
            names = self._file.schema_arrow.names
            if len(set(names)) != len(names):
                raise FileRefused(
                    "header_repeated", "two of its columns have one name", "give each column its own name"
                )
            nothing = _frame(self._file.schema_arrow.empty_table())
            self.columns = tuple(text_table(nothing, wanted).columns)
            self.own_columns = tuple(text_table(nothing).columns)
            self._rows_at_once = max(1, min(MOST_ROWS_AT_ONCE, MOST_CELLS_AT_ONCE // max(1, metadata.num_columns)))

    def batches(self) -> Iterator[pl.DataFrame]:
        """All rows in the order of the file, with ``columns``."""
        with _refusing_damage("Parquet", "write and deliver the file again"):
            for batch in self._file.iter_batches(batch_size=self._rows_at_once, use_threads=False):
                yield text_table(_frame(pa.Table.from_batches([batch])), self._wanted)


@contextmanager
def _refusing_damage(what: str, advice: str) -> Iterator[None]:
    """What a library says of a file that it can not read may hold values; only its kind is passed on."""
    try:
        yield
    except (FileRefused, MemoryError):
        raise
    except (Exception, pl.exceptions.PanicException) as problem:
        raise FileRefused("damaged", f"it is not readable as {what} ({type(problem).__name__})", advice) from None


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def excel_rows(data: bytes, limits: ExpansionLimits, sheet: str | None) -> dict[str, pl.DataFrame]:
    """Every visible sheet (or the one named) as text, header row included, by sheet name, in the workbook's order.

    Raises :class:`FileRefused` when the workbook can not be read or has no such sheet.
    """
    _check_zip(data, limits)
    with _refusing_damage("Excel", "save it again as .xlsx, or as .csv"):
        book = fastexcel.read_excel(data)
        names = book.sheet_names if sheet is None else [sheet]
        if sheet is not None and sheet not in book.sheet_names:
            raise FileRefused(
                "sheet_missing",
                "the sheet that `extract: sheet` names is not in the workbook",
                f"name one of its {len(book.sheet_names)} sheets",
            )
        sheets = {name: book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string") for name in names}
        visible = {name: sheets[name] for name in names if sheet is not None or sheets[name].visible == "visible"}
        return {name: _as_written(found.to_polars()) for name, found in visible.items()}


def _as_written(sheet: pl.DataFrame) -> pl.DataFrame:
    return sheet.select(
        pl.all().cast(pl.String).str.replace(_MIDNIGHT, "$1").str.replace(_TIME_OF_DAY, "$1"),
    )


def _check_zip(data: bytes, limits: ExpansionLimits) -> None:
    """Unpack the archive once, to nowhere: it is whole, and as small as it says."""
    expanded = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if "[Content_Types].xml" not in archive.namelist():
                raise FileRefused("not_a_table", "it is a zip archive", "deliver the files themselves, or .gz or .zst")
            for entry in archive.infolist():
                with archive.open(entry) as unpacked:
                    while piece := unpacked.read(READ_BYTES):
                        expanded += len(piece)
                        limits.check(expanded, len(data))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as problem:
        raise FileRefused(
            "damaged", f"it is not readable as Excel ({type(problem).__name__})", "save it again as .xlsx, or as .csv"
        ) from None


def text_table(frame: pl.DataFrame, wanted: Collection[str] = ()) -> pl.DataFrame:
    """The frame with every column as text; structs and, where ``wanted`` names items of them, lists opened.

    Raises :class:`FileRefused` when two columns end up with one name.
    """
    columns: list[pl.Series] = []
    for column in frame.get_columns():
        columns.extend(_text_columns(column, column.name, wanted))
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise FileRefused(
            "header_repeated", "a column has the name of a nested one", "give each column its own dotted name"
        )
    return pl.DataFrame(columns) if columns else pl.DataFrame()


def _text_columns(column: pl.Series, name: str, wanted: Collection[str]) -> list[pl.Series]:
    dtype = column.dtype
    if isinstance(dtype, pl.Struct):
        parts = [(field.name, column.struct.field(field.name)) for field in dtype.fields]
        return [text for part, values in parts for text in _text_columns(values, f"{name}.{part}", wanted)]
    if isinstance(dtype, pl.Map):
        column = column.cast(pl.List(pl.Struct({"key": dtype.key, "value": dtype.value})))
        dtype = column.dtype
    if isinstance(dtype, pl.List | pl.Array):
        lists = column.cast(pl.List(dtype.inner))
        items = [
            text
            for position in item_positions(name, wanted)
            for text in _text_columns(lists.list.get(position, null_on_oob=True), f"{name}.{position}", wanted)
            if any(path == text.name or path.startswith(f"{text.name}.") for path in wanted)
        ]
        whole = [None if value is None else json_text(value.to_list()) for value in lists]
        return [pl.Series(name, whole, dtype=pl.String), *items]
    return [_text(column).alias(name)]


def item_positions(name: str, wanted: Collection[str]) -> list[int]:
    """Positions in the list ``name`` that dotted paths ask for: ``emails.0`` asks for 0 of ``emails``."""
    start = f"{name}."
    parts = {path[len(start) :].split(".", 1)[0] for path in wanted if path.startswith(start)}
    return sorted(int(part) for part in parts if re.fullmatch(r"\d{1,4}", part))


def _text(column: pl.Series) -> pl.Series:
    dtype = column.dtype
    if dtype == pl.String:
        return column
    if dtype.is_float():
        return _numbers_as_text(column)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f" + ("%:z" if dtype.time_zone else ""))
    if dtype.is_temporal():
        return column.dt.to_string("iso")
    if dtype == pl.Binary:
        return pl.Series([None if value is None else bytes_as_text(value) for value in column], dtype=pl.String)
    return column.cast(pl.String)


def _numbers_as_text(column: pl.Series) -> pl.Series:
    number = pl.col("number")
    is_whole = (number == number.floor()) & (number.abs() < LARGEST_EXACT_FLOAT)
    return (
        column.alias("number")
        .to_frame()
        .select(
            pl.when(number.is_nan())
            .then(None)
            .when(is_whole)
            .then(pl.when(is_whole).then(number).cast(pl.Int64).cast(pl.String))
            .otherwise(number.cast(pl.String))
        )
        .to_series()
    )


def bytes_as_text(value: bytes) -> str:
    """Bytes as UTF-8 text, or in hexadecimal where they are none."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()


def json_text(value: object) -> str:
    """A nested value as compact JSON; what JSON has no word for is text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=value_as_text)


def value_as_text(value: Any) -> str | None:
    """One value of a database or a nested list as text, by the rules of this module."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        is_whole = value.is_integer() and abs(value) < LARGEST_EXACT_FLOAT
        return None if value != value else str(int(value)) if is_whole else repr(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()  # drivers hand out the session's time zone, which may be any
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes_as_text(bytes(value))
    if isinstance(value, dict | list | tuple):
        return json_text(value)
    return str(value)
