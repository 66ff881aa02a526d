"""The columns of postal addresses, put together: which belong to one address, and which to one street.

Columns belong to one address by whose they are (``Billing City``, ``Billing Street``). A contract reads lists of address fields side
by side, so that a further address may only have parts that the one before has: any other would slip into the wrong address.

A street may have parts of its own in columns (house number, flat, direction, a second line); they are joined in the order
in which the file has them, which is the order in which its country writes them.

What does not belong here: what a single header means (``header_meaning.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cdp_assets.sources.column_guesses import Columns
from cdp_assets.sources.header_meaning import Meaning, street_part_of
from cdp_assets.sources.header_words import LESSER
from cdp_assets.sources.vocabulary import ADDRESS_FIELDS

MOST_ADDRESSES = 3
"""Further ones are seldom filled, and never looked at by a person who checks the draft."""

_PLACES = ("city", "postcode")


@dataclass
class _Address:
    """One address: its columns by field, of the street in the order of the file."""

    whose: tuple[str, ...]
    position: int
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_lesser(self) -> bool:
        return not LESSER.isdisjoint(self.whose)


def guess_addresses(columns: Columns, meant: Mapping[str, Meaning]) -> list[dict[str, tuple[str, ...]]]:
    """The addresses of a row, the current one first: each field's columns, several where they are to be joined.

    ``meant``: what columns that are not taken for something else say; only fields of addresses count.
    """
    said = _with_lines_placed({name: meaning for name, meaning in meant.items() if meaning.field in ADDRESS_FIELDS})
    found: dict[tuple[str, ...], _Address] = {}
    for position, name in enumerate(columns.header):
        if name in said:
            found.setdefault(said[name].whose, _Address(said[name].whose, position))
    parts = _street_parts(columns, said)
    for address in found.values():
        mine = {name: meaning for name, meaning in said.items() if meaning.whose == address.whose}
        for part in ADDRESS_FIELDS:
            names = [name for name, meaning in mine.items() if meaning.field == part]
            if part == "street":
                beside = {name: what for name, (what, whose) in parts.items() if whose == address.whose}
                address.columns |= _street(columns, mine, names, beside)
            elif names:
                address.columns[part] = (
                    min(names, key=lambda name: (not columns.looks[name].filled, mine[name].rank)),
                )
    return _side_by_side(_merged(list(found.values())))


def _with_lines_placed(said: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """``Address 2`` is a second address where there is a ``City 2``, and a further line of the first where there is none."""
    others = {meaning.whose for meaning in said.values() if meaning.field in _PLACES}
    placed: dict[str, Meaning] = {}
    for name, meaning in said.items():
        numbered = (*meaning.whose, str(meaning.line))
        is_another = meaning.line is not None and meaning.line > 1 and not meaning.is_line and numbered in others
        placed[name] = Meaning(meaning.field, numbered, None, meaning.rank) if is_another else meaning
    return placed


def _street_parts(columns: Columns, said: Mapping[str, Meaning]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Columns that are parts of a street, with which and whose; some words mean one only next to a street."""
    header = columns.header
    known = {name for name, meaning in said.items() if meaning.field == "street"}
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for _ in range(3):  # parts beside parts: number, direction, name
        for n, name in enumerate(header):
            near = {header[at] for at in (n - 1, n + 1) if 0 <= at < len(header)}
            part = street_part_of(name, is_beside_street=bool(near & (known | found.keys())))
            if part is not None and name not in said and not (part[0] == "number" and _is_no_number(columns, name)):
                found[name] = part
    return found


def _is_no_number(columns: Columns, name: str) -> bool:
    look = columns.looks[name]
    return look.filled > 0 and look.with_digit < 0.5


def _street(
    columns: Columns, said: Mapping[str, Meaning], names: Sequence[str], parts: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The street of one address: its name or first line, and what has columns of its own."""
    looks = columns.looks
    bases = [name for name in names if (said[name].line or 1) == 1]
    if not bases:
        return {}
    numbered = [name for name, part in parts.items() if part == "number" and looks[name].filled]
    whole = [name for name in bases if numbered and looks[name].with_digit > 0.5]
    bases.sort(key=lambda name: (not looks[name].filled, name not in whole, said[name].line is None, said[name].rank))
    chosen = {bases[0], *(name for name in bases[1:] if columns.are_never_together(bases[0], name))}
    chosen |= {name for name in names if (said[name].line or 1) > 1}
    chosen |= {name for name, part in parts.items() if not whole or part in ("unit", "line")}
    return {"street": tuple(name for name in columns.header if name in chosen)}


def _merged(addresses: list[_Address]) -> list[_Address]:
    """The addresses in the order to write them: current ones with a street first.

    What the first lacks is taken from one that has nothing else: ``Street`` beside ``Home City``, a ``Country`` of all.
    """
    addresses.sort(
        key=lambda one: (one.is_lesser, "street" not in one.columns, "city" not in one.columns, one.position)
    )
    kept = addresses[:1]
    for other in addresses[1:]:
        first = kept[0]
        is_complement = first.columns.keys().isdisjoint(other.columns) and not other.is_lesser
        lacks = "street" not in first.columns or not any(part in first.columns for part in _PLACES)
        if is_complement and (lacks or not other.whose):
            first.columns |= other.columns
        else:
            kept.append(other)
    return kept


def _side_by_side(addresses: Sequence[_Address]) -> list[dict[str, tuple[str, ...]]]:
    kept: list[dict[str, tuple[str, ...]]] = []
    for address in addresses:
        has = address.columns
        if kept:
            has = {part: names for part, names in has.items() if part in kept[-1]}
            if ("street" in kept[0]) > ("street" in has) or not any(part in has for part in (*_PLACES, "street")):
                continue
            if any(part in kept[0] for part in _PLACES) and not any(part in has for part in _PLACES):
                continue
        kept.append(has)
    if kept and kept[0].keys() == {"region"}:
        return []  # a state without a place is more often that of a subscription
    return kept[:MOST_ADDRESSES]
