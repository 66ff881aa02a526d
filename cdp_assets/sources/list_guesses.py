"""Lists in JSON lines, as columns of their items: ``emails.0``, ``addresses.0.city``.

A contract may name an item of a list by such a path. The first two are looked at: what is mapped is shown to a person.

What does not belong here: what the items are (``field_guesses.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import polars as pl

ITEMS = 2
"""Items of a list that become columns."""

LISTS_LOOKED_AT = 200
"""Lists after these seldom have other keys."""

MOST_KEYS = 40
"""Keys of the objects in a list; what has more is no address."""

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*")


def with_items(header: Sequence[str], rows: pl.DataFrame) -> tuple[list[str], pl.DataFrame]:
    """Columns of text with those of lists replaced by columns of their items; ``rows`` has a column for each of ``header``."""
    names: list[str] = []
    columns: list[pl.Series] = []
    for name, values in zip(header, rows.get_columns(), strict=True):
        paths = _paths(values)
        for path in paths:
            names.append(name + path)
            columns.append(_items(values, path))
        if not paths:
            names.append(name)
            columns.append(values)
    return names, pl.DataFrame([column.alias(str(n)) for n, column in enumerate(columns)])


def _paths(values: pl.Series) -> list[str]:
    """The paths of items in a column of lists (``.0``, ``.1.city``), in the order of the text; none for other columns."""
    filled = values.drop_nulls()
    sample = filled.head(LISTS_LOOKED_AT)
    if not len(sample) or not filled.str.starts_with("[").all():
        return []
    found: dict[str, None] = {}
    for text in sample.to_list():
        for path in _paths_of(text):
            found[path] = None
    return sorted(found, key=lambda path: path.split(".")[1])[: ITEMS * MOST_KEYS]


def _paths_of(text: str) -> Iterator[str]:
    try:
        items = json.loads(text)
    except ValueError:
        return
    for n, item in enumerate(items[:ITEMS]):
        if isinstance(item, dict):
            yield from (
                f".{n}.{key}"
                for key, value in item.items()
                if _KEY.fullmatch(key) and not isinstance(value, dict | list)
            )
        elif not isinstance(item, list):
            yield f".{n}"


def _items(values: pl.Series, path: str) -> pl.Series:
    _, number, *keys = path.split(".")
    found = values.str.json_path_match(f"$[{number}]" + "".join(f"['{key}']" for key in keys))
    return found.set(found == "", None)
