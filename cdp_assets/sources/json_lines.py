"""JSON lines: one object per line to columns, with every line accounted for and every number as it was written.

Which columns there are is known only at the end of the file. So the lines are read once, some megabytes at a time, and
their values put by, in memory while they are few and then in a file without a name; then they are handed out with all
columns. Reading twice would cost twice as much: taking JSON apart is what takes the time.

Nested objects become dotted columns (``customer.address.city``); a list stays JSON text under its own name, and a
contract may name one of its items (``emails.0``). ``1.0``, ``1e5`` and long numbers stay exactly that; ``true`` and
``false`` are words. A line that is no JSON object, or says a key twice, is kept whole with the rule it broke.

What does not belong here: encodings (``text_encoding.py``), what the columns mean (contracts).
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, NoReturn, Self

import polars as pl

from cdp_assets.sources.delimited import LINE, PROBLEM, TEXT
from cdp_assets.sources.headers import MOST_COLUMNS
from cdp_assets.sources.json_shapes import FEWEST_LINES, by_shape
from cdp_assets.sources.line_problems import (
    JSON_KEY_EMPTY,
    JSON_KEY_REPEATED,
    JSON_NOT_AN_OBJECT,
    JSON_TOO_DEEP,
    JSON_UNREADABLE,
    NOT_UNICODE,
)
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.row_grammar import LINE_END
from cdp_assets.sources.typed_tables import item_positions
from cdp_assets.sources.whole_lines import LONGEST_ROW, WholeLines

ROWS_AT_ONCE = 50_000

IN_MEMORY = 32 << 20
"""Bytes of values, compressed, that are put by in memory; more go to a file."""

MOST_LEVELS = 100
"""Objects and lists in one another. Nobody's customer is deeper; what is taken apart by recursion needs a bound that does not
depend on how deep the call was that began it."""

_Flat = dict[str, str | None]


@dataclass(frozen=True)
class JsonTable:
    """What a JSON lines file says. ``frame`` has ``_line``, ``_problem``, ``_text`` and, prefixed ``=``, its columns.

    The prefix keeps a delivered ``_line`` apart from ours.
    """

    header: tuple[str, ...]
    frame: pl.DataFrame
    blank_lines: int


class _LineError(ValueError):
    """A line that can not become a row; its argument is the rule."""


class _Number(str):
    """A number as it was written, told apart from text."""

    __slots__ = ()


def read_json_lines(text: bytes, wanted: Collection[str] = (), fewest_of_a_shape: int = FEWEST_LINES) -> JsonTable:
    """Split valid UTF-8 text without NUL into rows, all of it at once: see :class:`JsonLinesReader`."""
    with JsonLinesReader(iter([text]), wanted, fewest_of_a_shape=fewest_of_a_shape) as reader:
        nothing = pl.DataFrame(schema=reader.schema)
        return JsonTable(reader.header, pl.concat([nothing, *reader.batches()]), reader.blank_lines)


class JsonLinesReader:
    """Splits valid UTF-8 text without NUL, which comes in pieces, into rows.

    ``wanted`` are dotted paths that may lead into lists. Values are text; absent, null and empty ones are null. Lines end
    with newlines, or with carriage returns if the first line does. The whole text is read at once; ``header`` and
    ``blank_lines`` are complete then. Raises :class:`FileRefused` when no line at all is a JSON object, there are too
    many distinct paths, or a line has no end. Close it, or use it in a ``with``, to let go of what was put by.
    """

    def __init__(
        self,
        pieces: Iterator[bytes],
        wanted: Collection[str] = (),
        *,
        spool_dir: Path | None = None,
        fewest_of_a_shape: int = FEWEST_LINES,
        longest_line: int = LONGEST_ROW,
    ) -> None:
        self._wanted, self._fewest = wanted, fewest_of_a_shape
        self._reader = _Reader(wanted)
        self._put_by = _PutBy(spool_dir)
        self._filled: set[str] = set()
        self.blank_lines, self._objects_sought = 0, 0
        try:
            self._read(pieces, longest_line)
            self.header = self._without_absent_objects(self._reader.header())
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what was put by."""
        self._put_by.close()

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Columns of every batch."""
        text = {name: pl.String() for name in (PROBLEM, TEXT, *(f"={name}" for name in self.header))}
        return {LINE: pl.Int64(), **text}

    def batches(self) -> Iterator[pl.DataFrame]:
        """All rows in the order of their lines: ``_line``, ``_problem``, ``_text`` and, prefixed ``=``, the columns."""
        columns = list(self.schema)
        for batch in self._put_by.frames():
            has = set(batch.columns)
            absent = [pl.lit(None, dtype=pl.String).alias(name) for name in columns if name not in has]
            yield batch.with_columns(absent).select(columns)

    def _read(self, pieces: Iterator[bytes], longest_line: int) -> None:
        lines = WholeLines(_with_newlines(pieces, longest_line), longest_line, newlines_only=True)
        while not lines.is_all:
            lines.more()
            if lines.text:
                numbered = _numbered(lines.text, lines.line)
                lines.take(len(lines.text), numbered.height)
                self._put_by.add(self._batch(numbered))
        if self._objects_sought and self._reader.no_objects == self._objects_sought:
            raise FileRefused(
                "not_json_lines",
                "none of its lines is a JSON object",
                "write one object per line, not one array or document",
            )

    def _batch(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The rows of some lines, with the columns that those have."""
        is_blank = lines.get_column("text").str.strip_chars() == ""
        rest = lines.filter(~is_blank)
        self.blank_lines += lines.height - rest.height
        self._objects_sought += rest.height
        frames: list[pl.DataFrame] = []
        for paths, values, remaining in by_shape(rest, self._reader.plain, self._fewest):
            values.columns = [LINE, *(f"={path}" for path in paths)]
            self._reader.see(paths, int(values.get_column(LINE)[0]))
            frames.append(values)
            rest = remaining
        frames.extend(batch.frame() for batch in self._reader.batches(rest))
        rows = pl.concat([_Batch().frame(), *frames], how="diagonal").sort(LINE)
        self._filled |= {column.name for column in rows.get_columns() if column.null_count() < rows.height}
        return rows

    def _without_absent_objects(self, header: tuple[str, ...]) -> tuple[str, ...]:
        """Columns without those that are only the null of an object that other lines have: ``user`` beside
        ``user.name``."""
        opened = {name[:end] for name in header for end, letter in enumerate(name) if letter == "."}
        return tuple(
            name for name in header if name not in opened or name in self._wanted or f"={name}" in self._filled
        )


class _PutBy:
    """Frames of different columns, kept in order: a file without a name holds what is too much for memory."""

    def __init__(self, folder: Path | None) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY, dir=None if folder is None else str(folder))  # noqa: SIM115 (closed by its owner)
        self._sizes: list[int] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Put one frame behind the others."""
        written = io.BytesIO()
        frame.write_ipc(written, compression="lz4")
        self._sizes.append(self._file.write(written.getbuffer()))

    def frames(self) -> Iterator[pl.DataFrame]:
        """All of them, from the first."""
        self._file.seek(0)
        for size in self._sizes:
            yield pl.read_ipc(io.BytesIO(self._file.read(size)))

    def close(self) -> None:
        """Forget them."""
        self._file.close()


@dataclass
class _Batch:
    """Some lines: their numbers and values, and the rule and text of those that can not become rows."""

    lines: list[int] = field(default_factory=list)
    values: list[_Flat] = field(default_factory=list)
    kept_whole: dict[int, tuple[str, str]] = field(default_factory=dict)

    def frame(self) -> pl.DataFrame:
        names = dict.fromkeys(name for values in self.values for name in values)
        kept = [self.kept_whole.get(line, (None, None)) for line in self.lines] if self.kept_whole else []
        nothing = [None] * len(self.lines)
        return pl.DataFrame(
            {
                LINE: pl.Series(self.lines, dtype=pl.Int64),
                PROBLEM: pl.Series([rule for rule, _ in kept] or nothing, dtype=pl.String),
                TEXT: pl.Series([text for _, text in kept] or nothing, dtype=pl.String),
                **{f"={n}": pl.Series([row.get(n) or None for row in self.values], dtype=pl.String) for n in names},
            }
        )


class _Reader:
    """Reads lines one by one, and remembers which columns were seen on which line first."""

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = wanted
        self._seen: dict[str, tuple[int, int]] = {}
        self._complete_after = 0  # no known column is first seen after this line
        self.no_objects = 0

    def header(self) -> tuple[str, ...]:
        """Columns in the order in which the file says them."""
        return tuple(sorted(self._seen, key=lambda name: self._seen[name]))

    def see(self, names: Iterable[str], line: int) -> None:
        """Note the columns of a line."""
        for position, name in enumerate(names):
            self._seen[name] = min((line, position), self._seen.get(name, (line, position)))
        self._complete_after = max((first for first, _ in self._seen.values()), default=0)
        if len(self._seen) > MOST_COLUMNS:
            raise FileRefused(
                "too_many_columns",
                f"its objects have more than {MOST_COLUMNS:,} distinct keys",
                "keys must be names of columns; deliver values as values",
            )

    def plain(self, line: str) -> dict[str, Any] | None:
        """The object on a line, for its shape; None when the line is none."""
        try:
            found = _parse(line, _PLAIN)
        except _LineError:
            return None
        return found if isinstance(found, dict) else None

    def batches(self, lines: pl.DataFrame) -> Iterator[_Batch]:
        for part in lines.iter_slices(ROWS_AT_ONCE):
            batch = _Batch()
            for number, line in zip(part.get_column(LINE).to_list(), part.get_column("text").to_list(), strict=True):
                batch.lines.append(number)
                batch.values.append(self._row(number, line, batch))
            yield batch

    def _row(self, number: int, line: str, batch: _Batch) -> _Flat:
        try:
            values = self._values(line)
        except _LineError as problem:
            self.no_objects += str(problem) in (JSON_UNREADABLE, JSON_NOT_AN_OBJECT)
            batch.kept_whole[number] = (str(problem), line)
            return {}
        if number < self._complete_after or not values.keys() <= self._seen.keys():
            self.see(values, number)
        return values

    def _values(self, line: str) -> _Flat:
        # Only inside lists, which stay JSON, must numbers be told apart from text; that is slower.
        found = _parse(line, _LISTS if "[" in line else _PLAIN)
        if not isinstance(found, dict):
            raise _LineError(JSON_NOT_AN_OBJECT)
        if "" in found:
            raise _LineError(JSON_KEY_EMPTY)
        flat: _Flat = found
        if not _TEXT_TYPES.issuperset(map(type, found.values())):
            flat = {}
            self._flatten(found, "", flat)
        if "\\u" in line and not all(map(_is_unicode, (*flat, *flat.values()))):
            raise _LineError(NOT_UNICODE)
        return flat

    def _flatten(self, found: dict[str, Any], prefix: str, flat: _Flat) -> None:
        for key, value in found.items():
            self._add(f"{prefix}{key}", value, flat)

    def _add(self, path: str, value: Any, flat: _Flat) -> None:
        if isinstance(value, dict):
            self._flatten(value, f"{path}.", flat)
            return
        if path in flat:
            raise _LineError(JSON_KEY_REPEATED)
        flat[path] = value if value is None else str(value) if isinstance(value, str) else _json(value)
        if isinstance(value, list):
            for position in item_positions(path, self._wanted):
                if position < len(value):
                    self._add_item(f"{path}.{position}", value[position], flat)

    def _add_item(self, path: str, value: Any, flat: _Flat) -> None:
        """Of a list's item, what the contract asks for and no more."""
        item: _Flat = {}
        self._add(path, value, item)
        flat.update({name: text for name, text in item.items() if name in self._wanted})


def _with_newlines(pieces: Iterator[bytes], longest_line: int) -> Iterator[bytes]:
    """The text with newlines at line ends. Inside JSON a carriage return is a space like any other, so what it means in
    this file is told by its first line's end."""
    beginning = next(pieces, b"")
    while (end := LINE_END.search(beginning)) is None or end.end() == len(beginning):
        if len(beginning) > longest_line:
            break
        piece = next(pieces, None)  # only ever taken to be kept
        if piece is None:
            break
        beginning += piece
    text = chain([beginning], pieces)
    return (piece.replace(b"\r", b"\n") for piece in text) if end is not None and end[0] == b"\r" else text


def _numbered(text: bytes, first: int) -> pl.DataFrame:
    """Lines with their numbers, without their ends."""
    lines = text.split(b"\n")
    lines.pop()
    column = pl.Series("text", lines, dtype=pl.Binary).cast(pl.String).str.strip_suffix("\r")
    return pl.DataFrame([pl.int_range(first, first + len(column), eager=True, dtype=pl.Int64).alias(LINE), column])


def _parse(line: str, decoder: json.JSONDecoder) -> Any:
    try:
        found = decoder.decode(line)
    except _LineError:
        raise
    except RecursionError:
        raise _LineError(JSON_TOO_DEEP) from None
    except ValueError:
        raise _LineError(JSON_UNREADABLE) from None
    if line.count("[") + line.count("{") > MOST_LEVELS and _levels(found) > MOST_LEVELS:
        raise _LineError(JSON_TOO_DEEP)
    return found


def _levels(found: Any) -> int:
    """How many objects and lists are in one another."""
    levels, at_this = 0, [found]
    while at_this := [item for item in at_this if isinstance(item, dict | list)]:
        levels += 1
        at_this = [part for item in at_this for part in (item.values() if isinstance(item, dict) else item)]
    return levels


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _LineError(JSON_KEY_REPEATED)
    return found


def _no_constant(_: str) -> NoReturn:
    raise _LineError(JSON_UNREADABLE)


def _decoder(number: type[str]) -> json.JSONDecoder:
    """A decoder that leaves numbers as they are written, and refuses what JSON does not know."""
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_int=number, parse_float=number, parse_constant=_no_constant
    )


_PLAIN, _LISTS = _decoder(str), _decoder(_Number)
_TEXT_TYPES = frozenset({str, type(None)})


def _is_unicode(text: str | None) -> bool:
    return text is None or ("\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text))


def _json(value: Any) -> str:
    """A value inside a list, as compact JSON with its numbers as they were written."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json(str(key))}:{_json(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
