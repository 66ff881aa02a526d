"""Delivered columns against the contract's: what is missing, what is new, and what probably became of it.

A missing column has probably been renamed to a new one that is spelled otherwise (``E-Mail`` for ``email``), means the
same in the words of headers (``GivenName`` for ``FirstName``, ``BirthDate`` for ``DOB``), is spelled nearly the same, or
stands where the missing one stood in the delivery before. Each new column is suggested once, the surest first; a second
of its kind (``SecondaryEmail`` for ``Email``, ``ShippingCity`` for ``BillingCity``) is no renaming.

What does not belong here: values. Column names are shown only where they look like names, in a line that is a header:
the first line of a file without a header is somebody's data.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.header_meaning import field_of, header_parts, identifier_of, rank_of
from cdp_assets.sources.header_words import KEY_WORDS, OBSERVED_AT_WORDS
from cdp_assets.sources.refusal import FileRefused

SIMILAR_NAME = 0.75
"""How alike two names must be to be taken for a renaming (difflib ratio); ``EmailAddr`` is .84 like ``EmailAdr``."""

MOST_SHOWN = 10
"""Names that are listed in one message."""

MOST_COMPARED = 200
"""Columns of each side that are compared with each other: a wider table has changed as a whole, and nobody reads on."""

_A_NAME = re.compile(r"(?!.*\d{4})(?!(?:.*\d){4})[^@\x00-\x1f]{1,60}")
"""What may be shown as a column's name: short, no @, at most three digits, never four in a row."""

_DATA = re.compile(r"\S@\S+\.\S|(?:\d[^\w]?){6}|^\s*\d+\s*$")
"""What no header holds: an e-mail address; six digits, as a phone or a day has; nothing but a number."""

_A_SECOND_ONE = frozenset(
    {"secondary", "alternate", "alternative", "other", "previous", "former", "old", "second", "2", "two"}
)
_A_THIRD_ONE = frozenset({"third", "3", "three"})
_ONE_OF_SEVERAL = frozenset(
    {"billing", "shipping", "delivery", "mailing", "home", "work", "business", "office", "private", "personal"}
)
"""Words that tell two columns of one kind from each other, so that one is not the other renamed."""

_MOBILE = frozenset({"mobile", "cell", "cellphone", "handy", "mobil", "movil", "celular", "komorka", "portable"})
"""Words of the phones that people carry: of two new phones these are likelier to be the former mobile."""

WhyRenamed: TypeAlias = Literal["spelling", "meaning", "likeness", "place"]


@dataclass(frozen=True)
class ColumnDrift:
    """How delivered columns differ from the contract's. ``new`` ones are those the contract does not name."""

    new: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Renaming:
    """A missing column and the new one that it probably became.

    ``why``: it is spelled with other capitals, spaces or marks; its words mean the same; it is nearly the same word; or
    it stands at the place of the missing one.
    """

    column: str
    became: str
    why: WhyRenamed


def check_drift(
    header: Sequence[str], contract: SourceContract, *, is_sparse: bool = False, former: Sequence[str] = ()
) -> ColumnDrift:
    """Compare a delivered header with the contract and refuse what the contract says to refuse.

    ``is_sparse`` formats (JSON lines) leave out what is null, so there only a key column, or a column that seems to
    have been renamed, is missing. ``former``: the columns of the delivery before, where they are known; they only make
    suggestions better. Raises :class:`FileRefused`.
    """
    delivered = set(header)
    named = contract.source_columns
    missing = tuple(name for name in named if name not in delivered)
    new = tuple(name for name in header if name not in set(named))
    if missing and contract.on_missing_column == "refuse":
        _refuse_missing(missing, header, contract, is_sparse=is_sparse, former=former)
    if new and contract.on_new_column == "refuse":
        shown = shown_names(new, header, contract)
        listed = f" ({_quoted(shown)})" if len(shown) == len(new[:MOST_SHOWN]) else ""
        raise FileRefused(
            "column_new",
            f"columns that the contract does not name: {len(new)}{listed}",
            "map them, or set `on_new_column: keep` or `ignore`",
        )
    return ColumnDrift(new, missing)


def likely_renamings(
    header: Sequence[str], contract: SourceContract, *, former: Sequence[str] = ()
) -> dict[str, Renaming]:
    """The contract's columns that ``header`` lacks and what they probably became, where that can be told.

    Nothing is suggested where the header may be a line of data. ``former`` as in :func:`check_drift`: a column that was
    there before, too, is none that another became.
    """
    if not is_header(header, contract):
        return {}
    missing = [name for name in contract.source_columns if name not in set(header)][:MOST_COMPARED]
    before = set(former)
    new = [
        name
        for name in header
        if name not in set(contract.source_columns) and name not in before and _may_be_shown(name)
    ][:MOST_COMPARED]
    places = _same_places(header, former)
    named_by = parts_named_by(contract)
    words = {name: _words(name) for name in (*missing, *new)}
    pairs = [
        (*found, m, n, Renaming(old, candidate, found[1]))
        for m, old in enumerate(missing)
        for n, candidate in enumerate(new)
        if (found := _likeness(words[old], words[candidate], named_by.get(old, ()), places.get(old) == candidate))
    ]
    ranked = [pair[-1] for pair in sorted(pairs, key=lambda pair: pair[:-1])]
    renamings: dict[str, Renaming] = {}
    taken: set[str] = set()
    for renaming in ranked:
        if renaming.column not in renamings and renaming.became not in taken:
            renamings[renaming.column] = renaming
            taken.add(renaming.became)
    return {name: renamings[name] for name in missing if name in renamings}


def is_header(header: Sequence[str], contract: SourceContract) -> bool:
    """Whether a first line is one of column names beyond doubt: none of its texts is plainly data, and it has two
    columns of the contract's (or all that there are), or half of it, and two, are words that headers use.

    One is not enough: there are people and places called Mobile, Page or Stelle.
    """
    filled = {name for name in header if name.strip()}
    if not filled or any(_DATA.search(name) for name in filled):
        return False
    named = set(contract.source_columns)
    if len(filled & named) >= min(2, len(named)):
        return True
    spelled = {"".join(header_parts(name)) for name in named}
    known = sum(1 for words in map(_words, filled) if words.letters in spelled or words.is_known)
    return known >= max(2, len(filled) / 2)


def shown_names(names: Sequence[str], header: Sequence[str], contract: SourceContract) -> tuple[str, ...]:
    """Those of a header's ``names``, at most ten, that may be shown: names by their looks, in a line that is a header."""
    if not is_header(header, contract):
        return ()
    return tuple(name for name in names if _may_be_shown(name))[:MOST_SHOWN]


def parts_named_by(contract: SourceContract) -> dict[str, tuple[str, ...]]:
    """Source column to the parts of the contract that name it: ``key``, ``observed_at``, ``columns.email`` …"""
    named: dict[str, list[str]] = {}
    for part, column in _named(contract):
        named.setdefault(column, []).append(part)
    return {column: tuple(dict.fromkeys(parts)) for column, parts in named.items()}


# -- a refusal that helps ---------------------------------------------------------------------------------------------


def _refuse_missing(
    missing: Sequence[str],
    header: Sequence[str],
    contract: SourceContract,
    *,
    is_sparse: bool,
    former: Sequence[str],
) -> None:
    renamed = likely_renamings(header, contract, former=() if is_sparse else former)
    if is_sparse:
        missing = [name for name in missing if name in contract.key or name in renamed]
        if not missing:
            return
    if len(header) == 1 and len(contract.source_columns) > 1:
        hint = "declare the delimiter, for example `extract: {delimiter: ';'}`, if the line has several columns"
    elif not set(header) & set(contract.source_columns) and not renamed:
        hint = "check that the first line is a header, and that the file belongs to this source"
    else:
        changes = [_said(renaming) for renaming in renamed.values()][:MOST_SHOWN]
        advice = "correct the contract, or set `on_missing_column: null`"
        hint = "; ".join([*changes, *_parted(missing, renamed, header, contract), advice])
    more = f" and {len(missing) - MOST_SHOWN:,} more" if len(missing) > MOST_SHOWN else ""
    what = f"the contract's column {_quoted(missing[:MOST_SHOWN])}{more} is not in the file"
    raise FileRefused("column_missing", what, hint)


def _said(renaming: Renaming) -> str:
    if renaming.why == "place":
        return f"'{renaming.became}' stands where '{renaming.column}' stood"
    return f"'{renaming.became}' looks like '{renaming.column}' renamed"


def _parted(
    missing: Sequence[str], renamed: Mapping[str, Renaming], header: Sequence[str], contract: SourceContract
) -> list[str]:
    """Whether a whole name now comes in parts, or the parts as a whole."""
    named, gone = set(contract.source_columns), set(missing) - set(renamed)
    if not gone or not is_header(header, contract):
        return []
    new = {field_of(name): name for name in reversed(header) if name not in named and _may_be_shown(name)}

    def is_gone(field: str) -> bool:
        return any(set(source.source_columns) & gone for source in contract.field_sources(field))

    if is_gone("full_name") and {"first_name", "last_name"} <= new.keys():
        return [f"'{new['first_name']}' and '{new['last_name']}' look like the name in parts"]
    if is_gone("first_name") and is_gone("last_name") and "full_name" in new:
        return [f"'{new['full_name']}' looks like first and last name in one"]
    return []


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


# -- how like a missing and a new column are --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Words:
    """What a header's words say."""

    name: str
    letters: str
    parts: frozenset[str]
    field: str | None
    identifier: str | None
    is_key: bool
    is_moment: bool

    @property
    def is_known(self) -> bool:
        return self.field is not None or self.identifier is not None or self.is_key or self.is_moment

    @property
    def is_mobile(self) -> bool:
        return not _MOBILE.isdisjoint(self.parts)

    def means(self, part: str) -> bool:
        """Whether they say what a part of the contract is."""
        if part in ("key", "observed_at"):
            return self.is_key if part == "key" else self.is_moment
        kind, _, name = part.partition(".")
        return name == (self.field if kind == "columns" else self.identifier)


def _words(header: str) -> _Words:
    parts = header_parts(header)
    return _Words(
        header,
        "".join(parts),
        frozenset(parts),
        field_of(header),
        identifier_of(header),
        rank_of(header, KEY_WORDS) is not None,
        rank_of(header, OBSERVED_AT_WORDS) is not None,
    )


def _likeness(
    old: _Words, new: _Words, parts: Sequence[str], is_in_place: bool
) -> tuple[tuple[float, ...], WhyRenamed] | None:
    """How unsure it is that a new column is a missing one, the surest first, and why it may be; None where it is not."""
    if old.letters == new.letters and old.letters:
        return (0, not is_in_place, 0, _unlikeness(old, new)), "spelling"
    if _are_two_of_a_kind(old, new):
        return None
    if (old.field is not None and old.field == new.field) or any(new.means(part) for part in parts):
        return (1, not is_in_place, old.is_mobile != new.is_mobile, _unlikeness(old, new)), "meaning"
    if new.is_known and old.field is not None:
        return None  # both words are known, and mean different things
    if (unlikeness := _unlikeness(old, new)) <= 1 - SIMILAR_NAME:
        return (2, not is_in_place, 0, unlikeness), "likeness"
    return ((3, 0, 0, unlikeness), "place") if is_in_place and not new.is_known else None


def _unlikeness(old: _Words, new: _Words) -> float:
    """0 for the same name in other capitals, 1 for names without a common letter."""
    names = difflib.SequenceMatcher(None, old.name.lower(), new.name.lower())
    if names.quick_ratio() < SIMILAR_NAME:
        return 1.0
    return 1 - names.ratio()


def _are_two_of_a_kind(one: _Words, other: _Words) -> bool:
    """Whether their words say that both can stand side by side: a first and a second, one for work and one for home."""
    left, right = one.parts, other.parts
    if any(bool(left & words) != bool(right & words) for words in (_A_SECOND_ONE, _A_THIRD_ONE)):
        return True
    mine, its = left & _ONE_OF_SEVERAL, right & _ONE_OF_SEVERAL
    return bool(mine and its and not mine & its)


def _same_places(header: Sequence[str], former: Sequence[str]) -> dict[str, str]:
    """Columns that are gone to those that have taken their place: between the same neighbours, as many as were there."""
    taken: dict[str, str] = {}
    blocks = difflib.SequenceMatcher(None, list(former), list(header), autojunk=False).get_opcodes() if former else []
    for kind, i1, i2, j1, j2 in blocks:
        if kind == "replace" and i2 - i1 == j2 - j1:
            taken.update(zip(former[i1:i2], header[j1:j2], strict=True))
    return taken


def _named(contract: SourceContract) -> Iterator[tuple[str, str]]:
    yield from (("key", column) for column in contract.key)
    if contract.observed_at is not None:
        yield "observed_at", contract.observed_at
    for field, sources in contract.columns.items():
        yield from ((f"columns.{field}", column) for source in sources for column in source.source_columns)
    yield from ((f"identifiers.{name}", identifier.column) for name, identifier in contract.identifiers.items())


def _may_be_shown(name: str) -> bool:
    return _A_NAME.fullmatch(name) is not None and name.isprintable()
