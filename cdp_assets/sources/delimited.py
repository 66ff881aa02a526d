"""CSV and TSV: text to columns, with every line accounted for and no value changed.

The grammar is RFC 4180's (``row_grammar.py``), and is checked before anything is split. Text is read some megabytes at
a time. Where every row of such a piece is sound, which is nearly always, Polars splits all of it at once; else the lines
that are sound rows are split at once and the others are read one by one. A line that fits no way is kept whole, with the
rule it broke: never padded, never cut. How the text is cut into pieces changes nothing in what is read.

What does not belong here: encodings (``text_encoding.py``), what the columns mean (contracts).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from cdp_assets.sources.headers import MOST_COLUMNS, check_header, check_width
from cdp_assets.sources.line_problems import QUOTE_MISPLACED, QUOTE_NOT_CLOSED, RAGGED_ROW, VALUE_WITHOUT_COLUMN
from cdp_assets.sources.nameless_columns import BLANKS, ROWS_ASKED, RowWidth, without_nameless_end
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.row_grammar import LINE_END, Row, RowGrammar
from cdp_assets.sources.row_shapes import (
    Flags,
    Lines,
    Places,
    count_of_single_lines,
    fields_of_line,
    lines_of,
    skeleton,
    sound_rows,
)
from cdp_assets.sources.whole_lines import LONGEST_ROW, WholeLines

DELIMITERS = (",", ";", "\t", "|")
"""What may be detected; anything else has to be declared."""

ENOUGH_VALUES = 500_000
"""Values of rows that are read one by one before they become a frame: as Python's they take much room."""

_EXCEL_HINT = re.compile(rb'"?sep=([^\r\n"])"?')
"""A first line ``sep=;`` is how Excel declares a delimiter."""

_BLANK_LINES = re.compile(rb"[\r\n]*+")
_BOM = "\ufeff".encode()

LINE, PROBLEM, TEXT = "_line", "_problem", "_text"


@dataclass(frozen=True)
class DelimitedTable:
    """What a CSV or TSV file says. ``frame`` has ``_line``, ``_problem``, ``_text`` and ``column_0`` … as text."""

    header: tuple[str, ...]
    frame: pl.DataFrame
    blank_lines: int


def read_delimited(text: bytes, declared: str | None, expected: tuple[str, ...] = ()) -> DelimitedTable:
    """Split valid UTF-8 text without NUL into columns, all of it at once: see :class:`DelimitedReader`."""
    reader = DelimitedReader(iter([text]), declared, expected)
    frame = pl.concat([_rows([], len(reader.header)), *reader.batches()])
    return DelimitedTable(reader.header, frame, reader.blank_lines)


class DelimitedReader:
    """Splits valid UTF-8 text without NUL, which comes in pieces, into columns.

    ``declared`` is the delimiter, None to detect it from the header; ``expected`` are column names that can tell which
    of several possible delimiters is meant. ``header`` and ``delimiter`` are known at once (a text without any row has
    neither); ``blank_lines`` is complete after :meth:`batches` has ended. Columns without a name at the end of the header are
    none (``nameless_columns.py``). Raises :class:`FileRefused` when the delimiter
    can not be told, the header can not be a header, or a line has no end.
    """

    def __init__(
        self,
        pieces: Iterator[bytes],
        declared: str | None,
        expected: tuple[str, ...] = (),
        longest_row: int = LONGEST_ROW,
    ) -> None:
        self.blank_lines = 0
        self._longest = longest_row
        self._lines = WholeLines(pieces, longest_row)
        self._lines.more()
        declared = self._excel_hint() or declared
        self._skip_blank_lines()
        self.header: tuple[str, ...] = ()
        self.delimiter: str | None = None
        if self._lines.text:
            names, self.delimiter = self._header(declared, expected)
            self.header = without_nameless_end(names, expected)
            check_header(self.header)
            self._columns = self._row_width(self.delimiter, len(self.header), len(names))

    def batches(self) -> Iterator[pl.DataFrame]:
        """All rows in the order of their lines: ``_line``, ``_problem``, ``_text``, ``column_0`` … as text.

        Lines are numbered from 1 as an editor would; a row that goes on over several lines has the number of its first.
        Empty values are null.
        """
        if self.delimiter is None:
            return
        splitter = _Splitter(self.delimiter, self._columns, self._longest)
        lines = self._lines
        while lines.text or not lines.is_all:
            is_waiting = not lines.text
            if lines.text:
                taken = splitter.take(lines.text, lines.line, is_all=lines.is_all)
                self.blank_lines += taken.blank_lines
                lines.take(taken.size, taken.lines)
                is_waiting = taken.is_waiting or not lines.text
                if taken.rows.height:
                    yield taken.rows
            if is_waiting and not lines.is_all:
                lines.more()

    # -- the header ---------------------------------------------------------------------------------------------------

    def _excel_hint(self) -> str | None:
        end = LINE_END.search(self._lines.text)
        hint = _EXCEL_HINT.fullmatch(self._lines.text, 0, end.start()) if end else None
        if hint is None or end is None:
            return None
        self._lines.take(end.end(), 1)
        return hint.group(1).decode("latin-1")

    def _skip_blank_lines(self) -> None:
        while True:
            blank = _BLANK_LINES.match(self._lines.text)
            size = blank.end() if blank else 0
            count = sum(1 for _ in LINE_END.finditer(self._lines.text, 0, size))
            self.blank_lines += count
            self._lines.take(size, count)
            if self._lines.text or self._lines.is_all:
                return
            self._lines.more()

    def _header(self, declared: str | None, expected: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
        """Column names and the delimiter."""
        first_line = LINE_END.split(self._lines.text, 1)[0]
        found = [mark for mark in DELIMITERS if mark.encode() in first_line]
        read = {mark: self._header_row(mark, first_line) for mark in ([declared] if declared else found or [","])}
        headers = {mark: row for mark, row in read.items() if row is not None}
        if not headers:
            raise FileRefused("header_unreadable", "its header has a quote that is never closed", "correct the header")
        parted = {mark: row for mark, row in headers.items() if row.count > 1} or headers
        if len(parted) > 1:
            fitting = {mark: row for mark, row in parted.items() if expected and set(expected) <= set(_names(row))}
            parted = fitting or parted
        if len(parted) > 1:
            raise FileRefused(
                "delimiter_unclear",
                f"its header can be split in {len(parted)} ways",
                "declare the delimiter, for example `extract: {delimiter: ';'}`",
            )
        mark, row = next(iter(parted.items()))
        self._lines.take(row.after, _line_count(self._lines.text, row.after))
        return _names(row), mark

    def _header_row(self, mark: str, first_line: bytes) -> Row | None:
        # Counted before anything is made of it: a million columns are refused, not read.
        check_width(fields_of_line(first_line, mark))
        row = self._row_at(0, RowGrammar(mark), MOST_COLUMNS)
        if row is not None:
            check_width(row.count)
        return row

    def _row_at(self, start: int, grammar: RowGrammar, most_fields: int) -> Row | None:
        """The row at a place in the text, for which it is read on; None where none ends within the longest row."""
        while True:
            row = grammar.read(self._lines.text, start, most_fields)
            if row == "open" and not self._lines.is_all and len(self._lines.text) <= self._longest:
                self._lines.more()
                continue
            return row if isinstance(row, Row) and row.after <= self._longest else None

    def _row_width(self, mark: str, named: int, whole: int) -> RowWidth:
        """How wide rows are: as wide as the header, unless the first row that fits leaves off what has no name."""
        if named == whole:
            return RowWidth(named, whole, whole)
        grammar, start = RowGrammar(mark), 0
        self._skip_blank_lines()
        for _ in range(ROWS_ASKED):
            if start == len(self._lines.text) and not self._lines.is_all:
                self._lines.more()
            row = self._row_at(start, grammar, whole) if start < len(self._lines.text) else None
            if row is None:
                break
            width = RowWidth(named, whole, row.count)
            if row.end > start and width.problem(row.fields, row.count) is None:
                return width
            start = row.after
        return RowWidth(named, whole, whole)


def _names(row: Row) -> tuple[str, ...]:
    """Header cells without the spaces and byte order marks around them, which nobody sees."""
    return tuple(field.decode("utf-8").strip().strip("\ufeff").strip() for field in row.fields)


def _line_count(text: bytes, row_end: int) -> int:
    """Lines of the row at the beginning of a text: a carriage return alone ends a line only where it ends the row."""
    return text.count(b"\n", 0, row_end) + (text[row_end - 1 : row_end] == b"\r")


# -- rows -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Taken:
    """What was read from the beginning of a text: its rows, how many bytes and lines they are, how many were blank.

    ``is_waiting`` when what is left is a row whose end has yet to come."""

    rows: pl.DataFrame
    size: int
    lines: int
    blank_lines: int = 0
    is_waiting: bool = False


@dataclass(frozen=True)
class _Kept:
    """A row that was read on its own."""

    line: int
    problem: str | None
    text: str | None
    fields: list[str] | None


class _Splitter:
    """Splits text that begins with a row and holds whole lines."""

    def __init__(self, delimiter: str, columns: RowWidth, longest_row: int) -> None:
        self._delimiter, self._columns, self._longest = delimiter, columns, longest_row
        self._width = columns.usual
        self._grammar = RowGrammar(delimiter)

    def take(self, text: bytes, line: int, *, is_all: bool) -> _Taken:
        """Read as many rows as the text holds for certain. Only at the end of the file are all of them."""
        marks = skeleton(text, self._delimiter)
        taken = self._plain(text, marks, line) or self._single_lines(text, marks, line) or self._sound(text, line)
        if taken is None or self._has_nameless_value(taken.rows).any():
            return self._line_by_line(text, line, is_all)
        return replace(taken, rows=self._named(taken.rows))

    def _plain(self, text: bytes, marks: bytes, line: int) -> _Taken | None:
        """All rows of a text without quotes and with as many delimiters on every line."""
        if self._width == 1:
            return None  # what has no delimiters does not tell a blank line from a row
        row = self._delimiter.encode() * (self._width - 1)
        end = LINE_END.match(marks, self._width - 1)
        if end is None or len(marks) % (len(row) + len(end[0])):
            return None
        count = len(marks) // (len(row) + len(end[0]))
        if marks != (row + end[0]) * count or (end[0] == b"\r\n" and text.count(end[0]) != count):
            return None
        rows = text.replace(b"\r", b"\n") if end[0] == b"\r" else text
        return self._on_single_lines(text, rows, line, count, has_quotes=False)

    def _single_lines(self, text: bytes, marks: bytes, line: int) -> _Taken | None:
        """All rows of a text whose quotes all hold whole values, and no line ends."""
        count = count_of_single_lines(text, marks, self._delimiter, self._width)
        return None if count is None else self._on_single_lines(text, text, line, count, has_quotes=b'"' in text)

    def _on_single_lines(self, text: bytes, rows: bytes, line: int, count: int, *, has_quotes: bool) -> _Taken:
        frame = self._split(rows, count, has_quotes=has_quotes)
        numbers = pl.int_range(line, line + count, eager=True, dtype=pl.Int64)
        return _Taken(_numbered(frame, numbers), len(text), count)

    def _sound(self, text: bytes, line: int) -> _Taken | None:
        """All rows of a text whose quotes all hold whole values. The last row may be waiting for its end."""
        sound = sound_rows(text, self._delimiter, self._width)
        if sound is None or sound.longest > self._longest or len(text) - sound.size > self._longest:
            return None
        rows = text[: sound.size]
        if len(sound.lone_returns):
            with_newlines = np.frombuffer(rows, dtype=np.uint8).copy()
            with_newlines[sound.lone_returns] = b"\n"[0]
            rows = with_newlines.tobytes()
        frame = self._split(rows, len(sound.before), has_quotes=b'"' in rows)
        numbers = pl.Series(sound.before, dtype=pl.Int64) + line
        return _Taken(_numbered(frame, numbers), sound.size, sound.lines, is_waiting=sound.size < len(text))

    def _split(self, rows: bytes, count: int, *, has_quotes: bool, width: int | None = None) -> pl.DataFrame:
        """Split sound rows of ``width`` fields (default: the usual), every one of which ends with a newline."""
        width = self._width if width is None else width
        names = [f"column_{position}" for position in range(width)]
        if not count:
            return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        # Polars takes a byte order mark off the first value; a first line of delimiters only keeps it.
        guard = (self._delimiter * (width - 1) + ("\n" if width > 1 else "-\n")).encode()
        is_guarded = rows.startswith(_BOM) or width == 1
        frame = pl.read_csv(
            guard + rows if is_guarded else rows,
            has_header=False,
            separator=self._delimiter,
            quote_char='"' if has_quotes else None,
            schema=dict.fromkeys(names, pl.String),
        )[int(is_guarded) :]
        if frame.height != count:
            raise AssertionError("sound rows were not split one by one")
        return _without_empty(frame) if has_quotes and b'""' in rows else frame

    def _has_nameless_value(self, rows: pl.DataFrame) -> pl.Series:
        """Whether anything is in a column without a name, row by row."""
        nameless = [pl.col(f"column_{n}") for n in range(self._columns.named, self._width)]
        is_filled = [
            (column.str.strip_chars(BLANKS.decode()).str.len_bytes() > 0).fill_null(False) for column in nameless
        ]
        if not is_filled:
            return pl.Series([False]).new_from_index(0, rows.height)
        return rows.select(is_filled=pl.any_horizontal(is_filled)).to_series()

    def _named(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows without the columns that have no name."""
        return rows.drop([f"column_{n}" for n in range(self._columns.named, self._width)])

    # -- line by line -------------------------------------------------------------------------------------------------

    def _line_by_line(self, text: bytes, line: int, is_all: bool) -> _Taken:
        """Rows of a text some of whose lines are not sound: those that are, at once, and the others one by one."""
        lines = lines_of(text, self._delimiter, self._width)
        quoted = _QuotedRows(text, lines, self._grammar, self._columns, self._longest, is_all)
        quoted.read()
        done = quoted.done
        numbers = line + np.arange(done + 1) - np.cumsum(quoted.uncounted[: done + 1])
        is_free, is_regular = ~quoted.is_used[:done], lines.is_regular[:done]
        regular = np.flatnonzero(is_free & is_regular)
        others = np.flatnonzero(is_free & ~is_regular & ~lines.has_quotes[:done])
        is_blank = lines.starts[others] == lines.stops[others]
        ragged = others[~is_blank]
        split = self._split(
            _joined(text, lines, regular), len(regular), has_quotes=bool(lines.has_quotes[regular].any())
        )
        is_unfit = self._has_nameless_value(split)
        unfit = regular[is_unfit.to_numpy()]
        rows = [_Kept(int(numbers[kept.line]), kept.problem, kept.text, kept.fields) for kept in quoted.rows]
        frames = [
            self._named(_numbered(split, pl.Series(numbers[regular], dtype=pl.Int64)).filter(~is_unfit)),
            _rows(rows, self._columns.named),
            self._kept(text, lines, unfit, numbers, VALUE_WITHOUT_COLUMN),
            *self._of_other_widths(text, lines, ragged, numbers),
        ]
        return _Taken(
            pl.concat(frames).sort(LINE),
            int(lines.ends[done - 1]) + 1 if done else 0,
            int(numbers[done]) - line,
            blank_lines=int(is_blank.sum()),
            is_waiting=quoted.is_waiting,
        )

    def _of_other_widths(self, text: bytes, lines: Lines, others: Places, numbers: Places) -> list[pl.DataFrame]:
        """Lines without quotes that have more or fewer fields than is usual: rows where only nameless columns differ."""
        if self._columns.named == self._columns.whole:
            return [self._kept(text, lines, others, numbers, RAGGED_ROW)]
        mark, named, whole = self._delimiter.encode(), self._columns.named, self._columns.whole
        fitting: list[bytes] = []
        at: dict[str | None, list[int]] = {None: [], RAGGED_ROW: [], VALUE_WITHOUT_COLUMN: []}
        for position in others.tolist():
            values = text[lines.starts[position] : lines.stops[position]].split(mark, whole)
            problem = self._columns.problem(values, len(values))
            at[problem].append(position)
            if problem is None:
                fitting.append(mark.join(values[:named]) + b"\n")
        found = {problem: np.array(positions, dtype=np.int64) for problem, positions in at.items()}
        split = self._split(b"".join(fitting), len(fitting), has_quotes=False, width=named)
        return [
            _numbered(split, pl.Series(numbers[found[None]], dtype=pl.Int64)),
            *(self._kept(text, lines, found[rule], numbers, rule) for rule in (RAGGED_ROW, VALUE_WITHOUT_COLUMN)),
        ]

    def _kept(self, text: bytes, lines: Lines, unfit: Places, numbers: Places, problem: str) -> pl.DataFrame:
        """Lines that are kept whole for one reason."""
        places = zip(lines.starts[unfit].tolist(), lines.stops[unfit].tolist(), strict=True)
        kept = pl.Series(TEXT, [text[start:stop] for start, stop in places], dtype=pl.Binary).cast(pl.String)
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(unfit))
        return pl.DataFrame(
            [
                pl.Series(LINE, numbers[unfit], dtype=pl.Int64),
                pl.Series(PROBLEM, [problem], dtype=pl.String).new_from_index(0, len(unfit)),
                kept,
                *(nothing.alias(f"column_{position}") for position in range(self._columns.named)),
            ]
        )


class _QuotedRows:
    """Reads the rows that begin on lines with quotes that are not sound rows on their own.

    After :meth:`read`, ``rows`` are those rows (with the line's position as their line), ``is_used`` the lines that they
    hold, ``done`` how many lines were read; the others are left for the next time, because these rows are enough, or
    when ``is_waiting``, because the end of the next has yet to come. ``uncounted`` says, after which line, how many line
    ends there were that count for nobody.
    """

    def __init__(
        self, text: bytes, lines: Lines, grammar: RowGrammar, columns: RowWidth, longest: int, is_all: bool
    ) -> None:
        self._text, self._lines, self._grammar = text, lines, grammar
        self._columns, self._longest, self._is_all = columns, longest, is_all
        count = len(lines.ends)
        self.rows: list[_Kept] = []
        self.done, self.is_waiting = count, False
        self.is_used: Flags = np.zeros(count, dtype=np.bool_)
        self.uncounted: Places = np.zeros(count + 1, dtype=np.int64)

    def read(self) -> None:
        """Read them all, but no more than are enough."""
        after = 0
        for position in np.flatnonzero(~self._lines.is_regular & self._lines.has_quotes).tolist():
            if position < after:
                continue
            if len(self.rows) * self._columns.whole >= ENOUGH_VALUES:
                self.done = position
                return
            start = int(self._lines.starts[position])
            row = self._grammar.read(self._text, start, self._columns.whole)
            if row == "open" and not self._is_all and len(self._text) - start <= self._longest:
                self.done, self.is_waiting = position, True
                return
            after = self._keep(row, position)

    def _keep(self, row: Row | str, position: int) -> int:
        """Keep the row that begins on a line; gives the line after it."""
        start = int(self._lines.starts[position])
        if not isinstance(row, Row) or row.after - start > self._longest:
            return self._keep_line(position, QUOTE_MISPLACED if row == "misplaced" else QUOTE_NOT_CLOSED)
        after = int(np.searchsorted(self._lines.ends, row.after - 1)) + 1
        problem = self._columns.problem(row.fields, row.count)
        inside = slice(position + 1, after - 1)
        if problem is not None and after - position > 2 and self._lines.is_regular[inside].all():
            # A stray quote swallowed rows that are sound on their own: the line alone is at fault.
            return self._keep_line(position, QUOTE_NOT_CLOSED)
        self.is_used[position:after] = True
        self.uncounted[after] += int(self._lines.ends_alone[position : after - 1].sum())
        if problem is None:
            values = [value.decode("utf-8") for value in row.fields[: self._columns.named]]
            self.rows.append(_Kept(position, None, None, values))
        else:
            self.rows.append(_Kept(position, problem, self._text[start : row.end].decode("utf-8"), None))
        return after

    def _keep_line(self, position: int, problem: str) -> int:
        text = self._text[self._lines.starts[position] : self._lines.stops[position]]
        self.is_used[position] = True
        self.rows.append(_Kept(position, problem, text.decode("utf-8"), None))
        return position + 1


def _joined(text: bytes, lines: Lines, kept: Places) -> bytes:
    """Some lines of a text, none of which holds a line end in quotes, with newlines at their ends."""
    if not len(kept):
        return b""
    last_of_run = np.append(np.diff(kept) > 1, True)
    first_of_run = np.insert(last_of_run[:-1], 0, True)
    starts = lines.starts[kept[first_of_run]].tolist()
    ends = lines.ends[kept[last_of_run]].tolist()
    rows = b"".join(text[start : end + 1] for start, end in zip(starts, ends, strict=True))
    return LINE_END.sub(b"\n", rows) if lines.ends_alone.any() else rows


# -- frames -----------------------------------------------------------------------------------------------------------


def _numbered(split: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
    nothing = pl.Series(TEXT, [None], dtype=pl.String).new_from_index(0, split.height)
    return pl.DataFrame([lines.alias(LINE), nothing.alias(PROBLEM), nothing, *split.get_columns()])


def _without_empty(values: pl.DataFrame) -> pl.DataFrame:
    return values.select(pl.when(pl.all().str.len_bytes() > 0).then(pl.all()).name.keep())


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
