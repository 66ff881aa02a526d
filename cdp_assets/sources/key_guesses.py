"""Which column, or which few together, tell the rows of a file apart.

A column whose values repeat is a key only where its header says so beyond doubt (``contact_id`` of a file that holds several
versions of a contact); never because there is no better one: rows of one key overwrite each other.

What does not belong here: what else a column is (``drafting.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from cdp_assets.sources.column_guesses import ColumnLook, Columns
from cdp_assets.sources.header_meaning import field_of, header_parts, identifier_of, is_of_something_else, rank_of
from cdp_assets.sources.header_words import KEY_WORDS, NO_KEYS, OBSERVED_AT_WORDS, PERSONS_KEYS, SHARED_KEYS

NEARLY_UNIQUE = 0.98
"""Share of rows with a value of their own from which a column called a key is one, with slips."""

REPEATED_AT_MOST = 0.01
"""Share of rows that columns together may leave alike: rows that say the same twice."""

_KEY_ENDINGS = frozenset({"id", "key", "uuid", "guid", "no", "nr", "number"})
_KEY_BEGINNINGS = frozenset({"id", "nr", "no", "num", "numer", "numero", "nummer"})
_ENDS_LIKE_ID = re.compile(r"(?<!pa|va|sa|vo|ou|ro|ri|ui)(?<!l)id$")
"""``SOSVOTERID``, but not what ends so by chance (paid, valid, void, android, grid, solid)."""

MOST_TOGETHER = 6
"""Columns that are tried together; what takes more of them to tell rows apart identifies nothing that lasts."""


@dataclass(frozen=True)
class KeyGuess:
    """Columns that identify a row, and how many rows they leave alike."""

    columns: tuple[str, ...]
    repeated: int


def key_of_profiles(columns: Columns, used: Set[str], emails: Sequence[str]) -> KeyGuess | None:
    """The key of rows of people. ``used``: columns that say something else; ``emails``: those of the person, the main one first."""
    looks = columns.looks
    named = [(name, rank) for name, rank in _named(columns.header) if rank < len(KEY_WORDS) or name not in used]
    sure = [name for name, rank in named if rank < len(KEY_WORDS) and not _is_shared(name)]
    free = [name for name in columns.header if name not in used and _may_be_key(name, looks[name])]
    nearly = [name for name in sure if looks[name].repeated <= columns.height * (1 - NEARLY_UNIQUE)]
    codes, others = [name for name in free if looks[name].with_digit >= 0.5], free
    found = (
        (next((name for name, _ in named), None) if columns.height == 0 else None)
        or _first_unique((name for name, _ in named), looks)
        or next(iter(nearly), None)
        or _first_unique((*codes, *emails, *others), looks)
        or next(iter(sure), None)
    )
    return KeyGuess((found,), looks[found].repeated) if found is not None else _together(columns)


def key_of_events(columns: Columns) -> KeyGuess | None:
    """The key of rows of events: a column that is called one, not the person's, and different in every row."""
    named = [name for name, _ in _named(columns.header) if not _is_persons(name) and identifier_of(name) is None]
    found = _first_unique(named, columns.looks)
    return KeyGuess((found,), 0) if found is not None else None


def _named(header: Sequence[str]) -> list[tuple[str, int]]:
    """Columns that are called keys with how surely, the surest first; whatever ends like an id comes after the known ones."""
    ranked = [(rank, position, name) for position, name in enumerate(header) if (rank := _rank(name)) is not None]
    return [(name, rank) for rank, _, name in sorted(ranked)]


def _rank(name: str) -> int | None:
    rank = rank_of(name, KEY_WORDS)
    if rank is not None:
        return rank
    parts = header_parts(name)
    if not parts or not (parts[-1] in _KEY_ENDINGS or parts[0] in _KEY_BEGINNINGS or _ENDS_LIKE_ID.search(parts[-1])):
        return None
    if identifier_of(name) is not None or field_of(name) is not None or not NO_KEYS.isdisjoint(parts):
        return None
    return len(KEY_WORDS) + is_of_something_else(name)


def _is_shared(name: str) -> bool:
    return rank_of(name, SHARED_KEYS) is not None


def _is_persons(name: str) -> bool:
    return rank_of(name, PERSONS_KEYS) is not None


def _may_be_key(name: str, look: ColumnLook) -> bool:
    """Whether values that differ may be a key: not times, measures or texts that differ by chance."""
    if look.email >= 0.5:
        return False
    says_else = field_of(name) is not None or rank_of(name, OBSERVED_AT_WORDS) is not None
    is_text = look.moment >= 0.5 or look.days >= 0.5 or look.with_blank >= 0.5
    return not says_else and not is_text and NO_KEYS.isdisjoint(header_parts(name))


def _may_help(name: str) -> bool:
    """Whether a column says something of a row that lasts."""
    return field_of(name) is not None or NO_KEYS.isdisjoint(header_parts(name))


def _first_unique(names: Iterable[str], looks: Mapping[str, ColumnLook]) -> str | None:
    return next((name for name in names if looks[name].is_unique), None)


def _together(columns: Columns) -> KeyGuess | None:
    """The few columns, filled in every row, that tell rows apart."""
    looks = columns.looks
    whole = [name for name in columns.header if looks[name].filled == 1.0 and _may_help(name)]
    candidates = sorted(whole, key=lambda name: -looks[name].distinct)[: 2 * MOST_TOGETHER]
    chosen: list[str] = []
    repeated = columns.height
    while repeated and candidates and len(chosen) < MOST_TOGETHER:
        left = {name: columns.repeated([*chosen, name]) for name in candidates}
        best = min(candidates, key=lambda name: left[name])
        if left[best] >= repeated:
            break
        repeated = left[best]
        chosen.append(best)
        candidates.remove(best)
    if len(chosen) < 2 or repeated > columns.height * REPEATED_AT_MOST:
        return None
    return KeyGuess(tuple(name for name in columns.header if name in chosen), repeated)
