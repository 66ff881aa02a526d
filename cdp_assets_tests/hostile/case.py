"""One hostile delivery: what it is, how to make it, and what must become of it."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
import zstandard

IMPORTED, REJECTED, REFUSED, WAITS = "imported", "rows rejected", "refused", "waits"
IGNORED, KNOWN = "ignored", "nothing new"
"""The outcomes. Of ``rows rejected`` the other rows are imported."""

PERSON = "Quillfeather"
"""A customer's name that stands in hostile files and must stand nowhere else."""

FILE_PERSON = "Ypenburg"
"""A customer's name that stands in the names of hostile files."""

HEAD = "id,name,email\n"
ROW = f"1,Ada {PERSON},ada@{PERSON.lower()}.example\n"
GOOD = b"id,name,email\ng1,Grace Hopper,grace@navy.example\n"
"""The file beside it. Whatever happens, this one is imported."""

LONG_AGO = 3600.0
"""Age in seconds of a file that nobody is writing any more."""


@dataclass(frozen=True)
class Case:
    """A hostile delivery.

    ``content`` are its bytes, or a function that puts it into the folder under the name ``file``. ``age``: seconds since it
    changed. ``contract``: parts that differ from key ``id`` and columns ``name`` and ``email``. ``becomes`` is what the page
    says besides the outcome; ``reason`` a part of what the ledger (or, for files that wait or are ignored, the look) says.

    ``keys`` are the exact keys of its records, ``cells`` exact raw values by line and column, ``rejected`` the rule and the
    exact raw text (or the values) by line. ``between`` happens after the file was registered and before it is read.
    ``shown_by`` names the test of what needs one of its own.
    """

    name: str
    what: str
    outcome: str
    becomes: str
    content: bytes | Callable[[], bytes] | Callable[[Path], None]
    file: str = "{}.csv"
    age: float = LONG_AGO
    contract: Mapping[str, Any] = field(default_factory=dict)
    good: bytes = GOOD
    good_records: int = 1
    reason: str = ""
    records: int = 0
    duplicates: int = 0
    blank: int = 0
    keys: Sequence[str] | None = None
    cells: Mapping[tuple[int, str], str | None] = field(default_factory=dict)
    rejected: Mapping[int, tuple[str, str | Mapping[str, str | None]]] = field(default_factory=dict)
    places: bool = False
    between: Callable[[Path], None] | None = None
    shown_by: str = ""

    @property
    def file_name(self) -> str:
        """The name that it lands under, which names a person unless the name is what the case is about."""
        return self.file.format(f"{self.name} {FILE_PERSON}")

    @property
    def source(self) -> str:
        """A source of its own for the case."""
        return f"of_{self.name}"[:60]

    def put(self, folder: Path, name: str | None = None) -> Path:
        """Make the file in a folder."""
        path = folder / (name or self.file_name)
        if self.places:
            self.content(path)  # type: ignore[operator, call-arg]
        else:
            path.write_bytes(self.content if isinstance(self.content, bytes) else self.content())  # type: ignore[operator, call-arg]
        return path


def text(*lines: str, head: str = HEAD) -> bytes:
    """A CSV file with a header."""
    return (head + "".join(lines)).encode()


def gzipped(content: bytes) -> bytes:
    """The same, compressed."""
    return gzip.compress(content, mtime=0)


def zstd(content: bytes) -> bytes:
    """The same, compressed."""
    return zstandard.ZstdCompressor().compress(content)


def parquet(frame: pl.DataFrame | Mapping[str, Any]) -> bytes:
    """A Parquet file."""
    out = io.BytesIO()
    (frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame)).write_parquet(out)
    return out.getvalue()


PEOPLE = {"id": ["1", "2"], "name": [f"Ada {PERSON}", "Bo"], "email": ["a@x.example", None]}


def workbook(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    """An Excel file; ``fill`` writes its sheets."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    fill(book)
    book.close()
    return out.getvalue()


def sheet(*rows: Sequence[object]) -> bytes:
    """An Excel file of one sheet."""

    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    page.write(number, column, value)

    return workbook(fill)
