"""JSON lines of one shape, taken apart all at once.

Exports write the same keys in the same order on nearly every line. From one such line follows a pattern of the whole
shape; every line that fits it is valid JSON, says each key once, and gives its values, numbers as they are written, in
one pass. Lines with escapes, lists or a shape of their own fit no pattern, and are for ``json_lines.py`` to read.

What does not belong here: what to do with lines that are no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

FEWEST_LINES = 1_000
"""Fewer lines than this are read one by one sooner than a pattern is made."""

MOST_SHAPES = 40
"""Patterns that are tried; what has more shapes than that has no shape."""

MOST_KEYS = 300
"""A pattern of more keys costs more than it saves."""

LINE = "_line"

_STRING = r'"[^"\\\x00-\x1f]*"'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_VALUE = rf"({_STRING}|{_NUMBER}|true|false|null)"
_SPACE = r"[ \t\r]*"


def by_shape(
    lines: pl.DataFrame, parse: Callable[[str], Mapping[str, Any] | None], fewest: int = FEWEST_LINES
) -> Iterator[tuple[list[str], pl.DataFrame, pl.DataFrame]]:
    """Take lines apart by shape.

    ``lines`` has ``_line`` and ``text``; ``parse`` gives the object on a line, None when there is none. Yields, for each
    shape, its dotted paths, a frame of ``_line`` and a text column per path (``column_0`` …), and the lines that are left.
    """
    for _ in range(MOST_SHAPES):
        plain = lines.filter(~pl.col("text").str.contains("\\", literal=True)).head(fewest * 2)
        if plain.height < fewest:
            return
        # A line from the middle: the first ones of a file are the odd ones.
        found = parse(plain.get_column("text")[plain.height // 2])
        pattern = None if found is None else _pattern(found)
        if pattern is None:
            return
        paths, expression = pattern
        fits = lines.get_column("text").str.contains(expression)
        if int(fits.sum() or 0) < fewest:
            return
        fitting, lines = lines.filter(fits), lines.filter(~fits)
        yield paths, _values(fitting, len(paths), expression), lines


def _pattern(found: Mapping[str, Any]) -> tuple[list[str], str] | None:
    """The dotted paths of an object and a pattern of all lines like it; None where there is no such pattern."""
    paths: list[str] = []
    body = _object_pattern(found, "", paths)
    if body is None or not paths or len(paths) > MOST_KEYS or len(set(paths)) != len(paths) or "" in found:
        return None
    return paths, f"^{_SPACE}{body}{_SPACE}$"


def _object_pattern(found: Mapping[str, Any], prefix: str, paths: list[str]) -> str | None:
    parts: list[str] = []
    for key, value in found.items():
        if isinstance(value, list) or '"' in key or not key.isprintable():
            return None
        if isinstance(value, Mapping):
            inner = _object_pattern(value, f"{prefix}{key}.", paths)
            if inner is None:
                return None
        else:
            paths.append(f"{prefix}{key}")
            inner = _VALUE
        parts.append(f'"{pl.escape_regex(key)}"{_SPACE}:{_SPACE}{inner}')
    return rf"\{{{_SPACE}" + f"{_SPACE},{_SPACE}".join(parts) + rf"{_SPACE}\}}"


def _values(lines: pl.DataFrame, count: int, expression: str) -> pl.DataFrame:
    groups = lines.get_column("text").str.extract_groups(expression).struct
    columns = [groups.field(str(position)).alias(f"column_{position - 1}") for position in range(1, count + 1)]
    written = pl.all().exclude(LINE)
    text = written.str.strip_prefix('"').str.strip_suffix('"')
    return pl.DataFrame([lines.get_column(LINE), *columns]).select(
        LINE,
        pl.when(written.str.starts_with('"') & (text != ""))
        .then(text)
        .when(~written.str.starts_with('"') & (written != "null"))
        .then(written)
        .name.keep(),
    )
