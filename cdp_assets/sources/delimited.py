"""CSV and TSV: text to columns, with every line accounted for and no value changed.

The grammar is RFC 4180's, and is checked before anything is split: a line is *regular* when all its fields are either
free of quotes or wholly quoted, and there are as many as in the header. Regular lines are split by Polars, all at
once. The few others are read one by one: a quoted value may go on over several lines; a quote inside an unquoted value
is a character like any other. A line that fits neither way is kept whole, with the rule it broke: never padded, never cut.

What does not belong here: encodings (``text_encoding.py``), what the columns mean (contracts).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import polars as pl

from cdp_assets.sources.headers import check_header
from cdp_assets.sources.line_problems import QUOTE_MISPLACED, QUOTE_NOT_CLOSED, RAGGED_ROW
from cdp_assets.sources.refusal import FileRefused

DELIMITERS = (",", ";", "\t", "|")
"""What may be detected; anything else has to be declared."""

_EXCEL_HINT = re.compile(rb'"?sep=([^\r\n"])"?\r?')
"""A first line ``sep=;`` is how Excel declares a delimiter."""

LINE, PROBLEM, TEXT = "_line", "_problem", "_text"


@dataclass(frozen=True)
class DelimitedTable:
    """What a CSV or TSV file says. ``frame`` has ``_line``, ``_problem``, ``_text`` and ``column_0`` … as text."""

    header: tuple[str, ...]
    frame: pl.DataFrame
    blank_lines: int


def read_delimited(text: bytes, declared: str | None, expected: tuple[str, ...] = ()) -> DelimitedTable:
    """Split valid UTF-8 text without NUL into columns.

    ``declared`` is the delimiter, None to detect it from the header; ``expected`` are column names that can tell which
    of several possible delimiters is meant. Lines are numbered from 1 as an editor would; a row that goes on over
    several lines has the number of its first. Empty values are null. Raises :class:`FileRefused` when the delimiter
    can not be told.
    """
    text = _with_newlines(text)
    lines = text.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    first = 0
    if lines and (hint := _EXCEL_HINT.fullmatch(lines[0])):
        declared, first = hint.group(1).decode("latin-1"), 1
    while first < len(lines) and _is_blank(lines[first]):
        first += 1
    if first == len(lines):
        return DelimitedTable((), _rows([], 0), len([line for line in lines if _is_blank(line)]))
    header, next_line, delimiter = _header(lines, first, declared, expected)
    check_header(header)
    body = _Body(lines, next_line, len(header), delimiter)
    frame, blank = body.read()
    return DelimitedTable(header, frame, blank + sum(_is_blank(line) for line in lines[:first]))


def _with_newlines(text: bytes) -> bytes:
    """The text with ``\\n`` or ``\\r\\n`` at line ends, where old systems wrote ``\\r``; quoted values stay."""
    if text.count(b"\r") == text.count(b"\r\n"):
        return text
    parts = text.split(b'"')
    parts[::2] = [part.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for part in parts[::2]]
    return b'"'.join(parts)


def _is_blank(line: bytes) -> bool:
    return line in (b"", b"\r")


# -- the header -------------------------------------------------------------------------------------------------------


def _header(
    lines: list[bytes], first: int, declared: str | None, expected: tuple[str, ...]
) -> tuple[tuple[str, ...], int, str]:
    """Column names, the line after the header, and the delimiter."""
    candidates = [declared] if declared else [mark for mark in DELIMITERS if mark.encode() in lines[first]] or [","]
    read = {mark: _gather(lines, first, _Splitter(mark)) for mark in candidates}
    headers = {mark: row for mark, row in read.items() if isinstance(row.fields, list)}
    if not headers:
        raise FileRefused("header_unreadable", "its header has a quote that is never closed", "correct the header")
    parted = {mark: row for mark, row in headers.items() if len(row.fields or ()) > 1} or headers
    if len(parted) > 1:
        fitting = {
            mark: row for mark, row in parted.items() if expected and set(expected) <= set(_names(row.fields or []))
        }
        parted = fitting or parted
    if len(parted) > 1:
        raise FileRefused(
            "delimiter_unclear",
            f"its header can be split in {len(parted)} ways",
            "declare the delimiter, for example `extract: {delimiter: ';'}`",
        )
    mark, row = next(iter(parted.items()))
    return tuple(_names(row.fields or [])), row.after, mark


def _names(fields: list[str]) -> list[str]:
    """Header cells without the spaces and byte order marks around them, which nobody sees."""
    return [field.strip().strip("\ufeff").strip() for field in fields]


# -- rows -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """A row that was read on its own: its fields, or the rule that it broke; and the line after it."""

    fields: list[str] | None
    problem: str | None
    after: int


class _Splitter:
    """Splits one row's text at one delimiter."""

    def __init__(self, delimiter: str) -> None:
        mark = _literal(delimiter)
        self._field = re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"{mark}\n][^{mark}\n]*|))({mark}|\Z)')
        self._quoted = re.compile(r'"[^"]*(?:""[^"]*)*')

    def split(self, text: str) -> list[str] | Literal["quote_misplaced", "quote_not_closed"]:
        fields: list[str] = []
        position = 0
        while True:
            found = self._field.match(text, position)
            if found is None:
                opened = self._quoted.match(text, position)
                is_open = opened is not None and opened.end() == len(text)
                return "quote_not_closed" if is_open else "quote_misplaced"
            quoted, plain, mark = found.groups()
            fields.append(plain if quoted is None else quoted.replace('""', '"'))
            position = found.end()
            if not mark:
                return fields


def _gather(lines: list[bytes], start: int, splitter: _Splitter, is_regular: pl.Series | None = None) -> _Row:
    """Read the row that begins on line ``start``, over as many lines as its quotes say."""
    fields = splitter.split(_text_of(lines, start, start + 1))
    if isinstance(fields, list):
        return _Row(fields, None, start + 1)
    if fields == QUOTE_MISPLACED:
        return _Row(None, QUOTE_MISPLACED, start + 1)
    end = start + 1
    while end < len(lines) and lines[end].count(b'"') % 2 == 0:
        end += 1
    if end == len(lines):
        return _Row(None, QUOTE_NOT_CLOSED, start + 1)
    fields = splitter.split(_text_of(lines, start, end + 1))
    if isinstance(fields, list):
        return _Row(fields, None, end + 1)
    return _Row(None, QUOTE_NOT_CLOSED, start + 1)


def _literal(delimiter: str) -> str:
    """The delimiter in a regular expression of Python or Rust, inside and outside of brackets."""
    return f"\\x{ord(delimiter):02x}"


def _text_of(lines: list[bytes], start: int, end: int) -> str:
    """The text of some lines, without the last one's end."""
    return b"\n".join(lines[start:end]).removesuffix(b"\r").decode("utf-8")


class _Body:
    """The lines after the header, and how they are split."""

    def __init__(self, lines: list[bytes], first: int, width: int, delimiter: str) -> None:
        self.lines, self.first, self.width, self.delimiter = lines, first, width, delimiter

    def read(self) -> tuple[pl.DataFrame, int]:
        """All rows in the order of their lines, and how many lines were blank."""
        regular = self._regular_lines()
        if regular.all():
            split = self._split_all(self.lines[self.first :])
            return self._numbered(split, pl.int_range(self.first + 1, self.first + 1 + split.height, eager=True)), 0
        rows, used, blank = self._irregular_rows(regular)
        kept = (regular & ~used).arg_true()
        split = self._split_all([self.lines[self.first + position] for position in kept])
        frames = [self._numbered(split, kept.cast(pl.Int64) + self.first + 1), _rows(rows, self.width)]
        return pl.concat(frames).sort(LINE), blank

    def _regular_lines(self) -> pl.Series:
        """Which lines are wholly regular rows, so that all of them can be split at once."""
        mark = _literal(self.delimiter)
        line = pl.col("line")
        quoted = r'"[^"]*(?:""[^"]*)*"'
        has_quotes = line.str.contains('"', literal=True)
        is_well_formed = line.str.contains(rf'^(?:{quoted}|[^"{mark}]*)(?:{mark}(?:{quoted}|[^"{mark}]*))*$')
        marks = line.str.count_matches(self.delimiter, literal=True)
        marks_outside = line.str.replace_all(quoted, "").str.count_matches(self.delimiter, literal=True)
        frame = pl.DataFrame({"line": pl.Series(self.lines[self.first :], dtype=pl.Binary).cast(pl.String)}).select(
            line.str.strip_suffix("\r")
        )
        plain = frame.select(
            (marks == self.width - 1) & (line != ""),
            has_quotes.alias("has_quotes"),
        )
        regular, quoted_lines = plain.to_series(0), plain.get_column("has_quotes")
        if not quoted_lines.any():
            return regular
        some = frame.filter(quoted_lines).select(is_well_formed & (marks_outside == self.width - 1)).to_series()
        return regular.scatter(quoted_lines.arg_true(), some)

    def _split_all(self, lines: list[bytes]) -> pl.DataFrame:
        """Split regular lines. A first line of delimiters only keeps Polars from taking a mark off the first value."""
        names = [f"column_{position}" for position in range(self.width)]
        if not lines:
            return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        guard = (self.delimiter * (self.width - 1)).encode() or b"-"
        frame = pl.read_csv(
            b"\n".join([guard, *lines, b""]),
            has_header=False,
            separator=self.delimiter,
            schema=dict.fromkeys(names, pl.String),
        )
        if frame.height != len(lines) + 1:
            raise AssertionError("regular lines were not split one by one")
        return frame[1:]

    def _numbered(self, split: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
        nothing = pl.lit(None, dtype=pl.String)
        values = pl.all().exclude(LINE)
        return split.with_columns(lines.alias(LINE)).select(
            LINE,
            nothing.alias(PROBLEM),
            nothing.alias(TEXT),
            pl.when(values.str.len_bytes() > 0).then(values).name.keep(),
        )

    def _irregular_rows(self, regular: pl.Series) -> tuple[list[_Kept], pl.Series, int]:
        """Rows of lines that are not regular, which regular-looking lines those rows hold, and blank lines."""
        splitter = _Splitter(self.delimiter)
        rows: list[_Kept] = []
        used: list[int] = []
        blank, done = 0, self.first
        for position in (~regular).arg_true():
            start = self.first + position
            if start < done:
                continue
            if _is_blank(self.lines[start]):
                blank, done = blank + 1, start + 1
                continue
            row = _gather(self.lines, start, splitter)
            is_whole = row.fields is not None and len(row.fields) == self.width
            inside = range(position + 1, row.after - self.first)
            if not is_whole and len(inside) > 1 and regular[inside.start : inside.stop - 1].all():
                # A stray quote swallowed rows that are sound on their own: the line alone is at fault.
                row = _Row(None, QUOTE_NOT_CLOSED, start + 1)
                inside = range(0)
            used.extend(inside)
            rows.append(self._kept(row, start, is_whole))
            done = row.after
        return rows, _flags(used, len(regular)), blank

    def _kept(self, row: _Row, start: int, is_whole: bool) -> _Kept:
        if is_whole and row.fields is not None:
            return _Kept(start + 1, None, None, row.fields)
        problem = row.problem or RAGGED_ROW
        return _Kept(start + 1, problem, _text_of(self.lines, start, row.after), None)


@dataclass(frozen=True)
class _Kept:
    """A row that was read on its own."""

    line: int
    problem: str | None
    text: str | None
    fields: list[str] | None


def _flags(positions: list[int], length: int) -> pl.Series:
    flags = pl.repeat(False, length, eager=True, dtype=pl.Boolean)
    return flags.scatter(positions, True) if positions else flags


def _rows(rows: list[_Kept], width: int) -> pl.DataFrame:
    empty: list[str | None] = [None] * width
    return pl.DataFrame(
        [
            (row.line, row.problem, row.text, *([f or None for f in row.fields] if row.fields else empty))
            for row in rows
        ],
        schema={
            LINE: pl.Int64,
            PROBLEM: pl.String,
            TEXT: pl.String,
            **{f"column_{position}": pl.String for position in range(width)},
        },
        orient="row",
    )
