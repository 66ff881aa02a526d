"""JSON lines: one object per line to columns, with every line accounted for and every number as it was written.

Nested objects become dotted columns (``customer.address.city``); a list stays JSON text under its own name, and a
contract may name one of its items (``emails.0``). ``1.0``, ``1e5`` and long numbers stay exactly that; ``true`` and
``false`` are words. A line that is no JSON object, or says a key twice, is kept whole with the rule it broke.

What does not belong here: encodings (``text_encoding.py``), what the columns mean (contracts).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import polars as pl

from cdp_assets.sources.delimited import LINE, PROBLEM, TEXT
from cdp_assets.sources.headers import MOST_COLUMNS
from cdp_assets.sources.json_shapes import FEWEST_LINES, by_shape
from cdp_assets.sources.line_problems import (
    JSON_KEY_EMPTY,
    JSON_KEY_REPEATED,
    JSON_NOT_AN_OBJECT,
    JSON_UNREADABLE,
    NOT_UNICODE,
)
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.typed_tables import item_positions

ROWS_AT_ONCE = 50_000
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
    """Split valid UTF-8 text without NUL into rows.

    ``wanted`` are dotted paths that may lead into lists. Values are text; absent, null and empty ones are null. Raises
    :class:`FileRefused` when no line at all is a JSON object, or there are too many distinct paths.
    """
    lines = _lines(text)
    is_blank = lines.get_column("text").str.strip_chars() == ""
    rest, blank = lines.filter(~is_blank), int(is_blank.sum() or 0)
    total = rest.height
    reader = _Reader(wanted)
    frames: list[pl.DataFrame] = []
    for paths, values, remaining in by_shape(rest, reader.plain, fewest_of_a_shape):
        values.columns = [LINE, *(f"={path}" for path in paths)]
        reader.see(paths, int(values.get_column(LINE)[0]))
        frames.append(values)
        rest = remaining
    frames.extend(batch.frame() for batch in reader.batches(rest))
    if total and reader.no_objects == total:
        raise FileRefused(
            "not_json_lines",
            "none of its lines is a JSON object",
            "write one object per line, not one array or document",
        )
    frame = pl.concat([_Batch().frame(), *frames], how="diagonal").sort(LINE)
    header = _without_absent_objects(reader.header(), frame, wanted)
    return JsonTable(header, frame.select(LINE, PROBLEM, TEXT, *(f"={name}" for name in header)), blank)


def _without_absent_objects(header: tuple[str, ...], frame: pl.DataFrame, wanted: Collection[str]) -> tuple[str, ...]:
    """Columns without those that are only the null of an object that other lines have: ``user`` beside ``user.name``."""
    opened = {name[:end] for name in header for end, letter in enumerate(name) if letter == "."}
    return tuple(
        name
        for name in header
        if name not in opened or name in wanted or frame.get_column(f"={name}").null_count() < frame.height
    )


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


def _lines(text: bytes) -> pl.DataFrame:
    """Lines with their numbers, without their ends."""
    if b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    column = pl.Series("text", lines, dtype=pl.Binary).cast(pl.String).str.strip_suffix("\r")
    return pl.DataFrame([pl.int_range(1, len(column) + 1, eager=True, dtype=pl.Int64).alias(LINE), column])


def _parse(line: str, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(line)
    except _LineError:
        raise
    except (ValueError, RecursionError):
        raise _LineError(JSON_UNREADABLE) from None


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
