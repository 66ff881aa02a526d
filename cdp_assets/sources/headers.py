"""Column names of a delivered file: few enough, all of them there, and all different.

What does not belong here: what a contract expects of them (``schema_drift.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

from cdp_assets.sources.refusal import FileRefused

MOST_COLUMNS = 10_000
"""More are never a table of people; a million of them would break every tool that opens the lake."""


def check_header(header: Sequence[str]) -> None:
    """Refuse a header whose columns can not be told apart or have no name."""
    check_width(len(header))
    empty = [str(position) for position, name in enumerate(header, start=1) if not name]
    if empty:
        raise FileRefused(
            "header_empty", f"column {', '.join(empty[:5])} has no name", "give every column a name in the first line"
        )
    places: dict[str, int] = {}
    for position, name in enumerate(header, start=1):
        first = places.setdefault(name.casefold(), position)
        if first != position:
            raise FileRefused(
                "header_repeated",
                f"columns {first} and {position} have the same name, or one that differs only in capitals",
                "give each column its own name",
            )


def check_width(columns: int) -> None:
    """Refuse a table of too many columns, before anything is made of them."""
    if columns > MOST_COLUMNS:
        raise FileRefused(
            "too_many_columns",
            f"it has {columns:,} columns, at most {MOST_COLUMNS:,} are read",
            "deliver fewer columns",
        )
