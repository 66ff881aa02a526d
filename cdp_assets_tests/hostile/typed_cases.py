"""Parquet and Excel files."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from cdp_assets_tests.hostile.case import (
    IMPORTED,
    PEOPLE,
    PERSON,
    REFUSED,
    ROW,
    Case,
    gzipped,
    parquet,
    sheet,
    text,
    workbook,
)


def _arrow(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _nested() -> bytes:
    return _arrow(
        pa.table(
            {
                "id": pa.array([7, 8], pa.int64()),
                "name": pa.array([f"Ada {PERSON}", None]),
                "email": pa.array(["a@x.example", ""]),
                "score": pa.array([1.0, 0.1]),
                "amount": pa.array([Decimal("1234567890123456789.10"), None], pa.decimal128(38, 2)),
                "at": pa.array([datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
                "nanos": pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns")),
                "day": pa.array([date(2024, 2, 29), None]),
                "clock": pa.array([time(1, 2, 3), None]),
                "bytes": pa.array([b"abc", b"\xff\x00"]),
                "flag": pa.array([True, False]),
                "home": pa.array([{"city": "Leeds", "no": 5}, None]),
                "tags": pa.array([["a", "b"], []]),
                "kind": pa.array(["x", "y"]).dictionary_encode(),
                "pairs": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
            }
        )
    )


_TYPED = {
    (1, "id"): "7",
    (1, "score"): "1",
    (2, "score"): "0.1",
    (1, "amount"): "1234567890123456789.10",
    (1, "at"): "2024-02-29T01:02:03+00:00",
    (1, "nanos"): "2023-11-14T22:13:20.123456789",
    (1, "day"): "2024-02-29",
    (1, "clock"): "01:02:03",
    (1, "bytes"): "abc",
    (2, "bytes"): "ff00",
    (2, "flag"): "false",
    (1, "home.city"): "Leeds",
    (1, "home.no"): "5",
    (1, "tags"): '["a","b"]',
    (2, "tags"): "[]",
    (1, "kind"): "x",
    (1, "pairs"): '[{"key":"k","value":1}]',
    (2, "email"): None,
}


def _many() -> dict[str, list[str]]:
    return {
        "id": [str(n) for n in range(2_000)],
        "name": [PERSON] * 2_000,
        "email": [f"{n}@x.example" for n in range(2_000)],
    }


def _damaged(place: int, size: int, content: bytes | None = None) -> bytes:
    data = bytearray(parquet(_many()) if content is None else content)
    data[place : place + size if place >= 0 else len(data) + place + size] = bytes(size)
    return bytes(data)


def _footer_of_another() -> bytes:
    """The pages of one file, and the footer of another whose columns are numbers."""
    pages = parquet(_many())
    numbers = _arrow(
        pa.table({"id": pa.array(range(5_000)), "name": pa.array(range(5_000)), "email": pa.array(range(5_000))})
    )
    size = int.from_bytes(numbers[-8:-4], "little")
    return pages[: len(pages) - 8 - int.from_bytes(pages[-8:-4], "little")] + numbers[-8 - size :]


def _huge_footer() -> bytes:
    data = parquet(PEOPLE)
    return data[:-8] + (1 << 31).to_bytes(4, "little") + b"PAR1"


def _rows_of_nothing() -> bytes:
    """A few kilobytes that say they are billions of rows."""
    out = io.BytesIO()
    group = pa.table(
        {
            name: pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int8()), ["1"])
            for name in ("id", "name", "email")
        }
    )
    with pq.ParquetWriter(out, group.schema) as writer:
        for _ in range(2):
            writer.write_table(group)
    return out.getvalue()


PARQUET = (
    Case(
        "parquet_as_csv",
        "Parquet that is named `.csv`",
        IMPORTED,
        "as what it is",
        parquet(PEOPLE),
        records=2,
        keys=["1", "2"],
    ),
    Case(
        "csv_as_parquet",
        "text that is named `.parquet`",
        IMPORTED,
        "as what it is",
        text(ROW),
        file="{}.parquet",
        records=1,
    ),
    Case(
        "parquet_in_gzip",
        "Parquet that was compressed once more",
        IMPORTED,
        "",
        gzipped(parquet(PEOPLE)),
        file="{}.parquet.gz",
        records=2,
    ),
    Case(
        "parquet_types",
        "nested, binary, decimal, date and time columns",
        IMPORTED,
        "as text: decimals and nanoseconds exactly, structs as dotted columns, lists as JSON",
        _nested,
        file="{}.parquet",
        contract={"on_missing_column": "null"},
        records=2,
        keys=["7", "8"],
        cells=_TYPED,
    ),
    Case(
        "no_rows",
        "Parquet without rows",
        IMPORTED,
        "with no line",
        parquet(pl.DataFrame(PEOPLE).clear()),
        file="{}.parquet",
    ),
    Case(
        "no_columns",
        "Parquet without columns",
        IMPORTED,
        "with no line",
        _arrow(pa.table({})),
        file="{}.parquet",
    ),
    Case(
        "damaged_pages",
        "pages that are damaged",
        REFUSED,
        "",
        lambda: _damaged(8, 192),
        file="{}.parquet",
        reason="not readable as Parquet",
    ),
    Case(
        "lying_schema",
        "a footer that lies about columns, types and rows",
        REFUSED,
        "",
        _footer_of_another,
        file="{}.parquet",
        reason="not readable as Parquet",
    ),
    Case(
        "huge_footer",
        "a footer that says it has two gigabytes",
        REFUSED,
        "",
        _huge_footer,
        file="{}.parquet",
        reason="not readable as Parquet",
    ),
    Case(
        "encrypted_parquet",
        "Parquet whose footer is encrypted",
        REFUSED,
        "with what to deliver instead",
        b"PARE" + bytes(range(256)) * 4 + b"PARE",
        file="{}.parquet",
        reason="encrypted",
    ),
    Case(
        "parquet_same_names",
        "two columns whose names differ only in capitals",
        REFUSED,
        "with both places",
        parquet({"id": ["1"], "name": [PERSON], "email": ["a"], "EMAIL": ["b"]}),
        file="{}.parquet",
        reason="columns 3 and 4",
    ),
    Case(
        "parquet_clash",
        "a column that has the name of a nested one",
        REFUSED,
        "",
        parquet({"id": ["1"], "name": [{"x": PERSON}], "name.x": ["y"], "email": ["a"]}),
        file="{}.parquet",
        reason="the name of a nested one",
    ),
)


def _formulas(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet()
    page.write_row(0, 0, ["id", "name", "email"])
    page.write_formula(1, 0, "=3+4", None, 7)
    page.write_formula(1, 1, f'="Ada {PERSON}"', None, f"Ada {PERSON}")
    page.write_string(1, 2, "=cmd|' /C calc'!A0")


def _hidden(book: xlsxwriter.Workbook) -> None:
    for name, is_hidden, rows in (
        ("Read me", False, [[f"Made by {PERSON}"]]),
        ("Old", True, [["id", "name", "email"], ["9", PERSON, "old@x.example"]]),
        ("Data", False, [["id", "name", "email"], ["1", f"Ada {PERSON}", "a@x.example"]]),
    ):
        page = book.add_worksheet(name)
        if is_hidden:
            page.hide()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)


def _merged(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet()
    page.merge_range(0, 0, 0, 2, f"Customers of {PERSON}")
    page.write_row(1, 0, ["id", "name", "email"])
    page.write_row(2, 0, ["1", PERSON, "a@x.example"])


def _kinds(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet()
    page.write_row(0, 0, ["id", "name", "email", "day", "moment", "clock", "number", "long", "percent"])
    page.write_string(1, 0, "007")
    page.write_string(1, 1, PERSON)
    page.write_boolean(1, 2, True)
    page.write_datetime(1, 3, datetime(2024, 2, 29), book.add_format({"num_format": "dd/mm/yyyy"}))
    page.write_datetime(1, 4, datetime(2024, 2, 29, 13, 5), book.add_format({"num_format": "dd/mm/yyyy hh:mm"}))
    page.write_datetime(1, 5, time(13, 5), book.add_format({"num_format": "hh:mm"}))
    page.write_number(1, 6, 0.1)
    page.write_number(1, 7, 4815162342000000)
    page.write_number(1, 8, 0.25, book.add_format({"num_format": "0%"}))


EXCEL = (
    Case(
        "excel",
        "dates, times, numbers and text such as `007`",
        IMPORTED,
        "as text: days as ISO dates, whole numbers without `.0`",
        lambda: workbook(_kinds),
        file="{}.xlsx",
        records=1,
        keys=["007"],
        cells={
            (2, "email"): "true",
            (2, "day"): "2024-02-29",
            (2, "moment"): "2024-02-29 13:05:00",
            (2, "clock"): "13:05:00",
            (2, "number"): "0.1",
            (2, "long"): "4815162342000000",
            (2, "percent"): "0.25",
        },
    ),
    Case(
        "excel_formulas",
        "formulas",
        IMPORTED,
        "with the values that Excel had calculated; text that looks like one is text",
        lambda: workbook(_formulas),
        file="{}.xlsx",
        records=1,
        keys=["7"],
        cells={(2, "name"): f"Ada {PERSON}", (2, "email"): "=cmd|' /C calc'!A0"},
    ),
    Case(
        "excel_hidden",
        "several sheets, some hidden",
        IMPORTED,
        "the one that the contract names, else the first visible one with its columns; hidden ones only by name",
        lambda: workbook(_hidden),
        file="{}.xlsx",
        records=1,
        keys=["1"],
    ),
    Case(
        "excel_merged",
        "a merged title above the header",
        REFUSED,
        "for columns without names",
        lambda: workbook(_merged),
        file="{}.xlsx",
        reason="has no name",
    ),
    Case(
        "excel_blank_rows",
        "blank rows, and a used range that reaches further than the table",
        IMPORTED,
        "blank rows are counted apart; columns without name and value are none",
        sheet(["id", "name", "email", " "], [], ["1", PERSON, "a@x.example"], []),
        file="{}.xlsx",
        blank=1,
        records=1,
    ),
    Case(
        "empty_excel",
        "a workbook of empty sheets",
        IMPORTED,
        "with no line",
        lambda: workbook(lambda book: book.add_worksheet()),
        file="{}.xlsx",
    ),
)
