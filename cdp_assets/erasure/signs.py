"""By which signs a row is known as an erased person's, and when it is not.

=========== ============================================================ ===========================================
sign        what it is made of                                           what it proves
=========== ============================================================ ===========================================
record      source and key (of events without a key: their text)         the row is theirs
whole       first name, family name, date of birth and postcode          the row is theirs
email       canonical address                                            theirs, unless the row names somebody else
identifier  name and value of an exact key                               theirs, unless the row names somebody else
phone       number                                                       theirs, unless the row names somebody else
=========== ============================================================ ===========================================

A row names somebody else when it has another first name (nicknames and initials count as the same), another date of
birth or another suffix; or another family name, or none of both, where the address, key or number was not their own
alone. So a family's mailbox or landline never takes the others with it. A row that names nobody is theirs when
its address or identifier was theirs alone; a number alone suffices only where the row has no address or identifier of its own.

"Own" means: no record of anybody else carried it when the person was erased, and no office or function answers to it.

What does not belong here: how rows are read (``sieve.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdp_assets.erasure.secret import Sign

RECORD, WHOLE, EMAIL, IDENTIFIER, PHONE = "record", "whole", "email", "identifier", "phone"
FIRST, LAST, BORN, SUFFIX = "first_name", "last_name", "born", "suffix"
PHONE_END = "phone_end"
"""The last digits of a number: cheap to ask of a row as delivered, before the number is understood."""

PHONE_END_DIGITS = 7

CONTACTS = (EMAIL, IDENTIFIER, PHONE)

Row = Mapping[str, Any]
"""A row of ``tables.RECORD_COLUMNS``."""


@dataclass(frozen=True)
class ErasedPerson:
    """One erased person's signs by kind. ``own`` are those of :data:`CONTACTS` that nobody else had."""

    signs: Mapping[str, Collection[str]]
    own: Collection[str]

    def has(self, kind: str, sign: str) -> bool:
        return sign in self.signs.get(kind, ())


def signs_of(
    rows: Iterable[Row], keys: Iterable[str], own: Collection[tuple[str, str]], sign: Sign
) -> list[tuple[str, str, bool]]:
    """All signs of a person: kind, sign and whether it is their own.

    ``rows``: their records in all versions; ``keys``: of each record, :func:`record_value`; ``own``: kind and value of contacts
    that nobody else has.
    """
    found = {(RECORD, key): False for key in keys}
    for row in rows:
        for kind, value in values_of(row):
            found[(kind, value)] = (kind, value) in own
            if kind == FIRST:
                found[(FIRST, value[0])] = False  # "I. Calder" may be Ines, and names nobody else
    return sorted((kind, sign(kind, value), is_own) for (kind, value), is_own in found.items())


def person_of(found: Iterable[tuple[str, str, bool]]) -> ErasedPerson:
    """The person whose signs (kind, sign, is_own) these are."""
    by_kind: dict[str, set[str]] = {}
    own = set()
    for kind, one, is_own in found:
        by_kind.setdefault(kind, set()).add(one)
        if is_own:
            own.add(one)
    return ErasedPerson(by_kind, own)


def is_theirs(row: Row, key: str | None, person: ErasedPerson, sign: Sign) -> bool:
    """Whether a row, in comparable form, is this person's by the rule of this module. ``key``: :func:`record_value`."""
    if key is not None and person.has(RECORD, sign(RECORD, key)):
        return True
    said: dict[str, list[str]] = {}
    for kind, value in values_of(row):
        said.setdefault(kind, []).append(sign(kind, value))
    if any(person.has(WHOLE, one) for one in said.get(WHOLE, ())):
        return True
    hits = {(kind, one) for kind in CONTACTS for one in said.get(kind, ()) if person.has(kind, one)}
    if not hits or _is_another(said, person):
        return False
    own = {(kind, one) for kind, one in hits if one in person.own}
    first, last = said.get(FIRST), said.get(LAST)
    if first and last:
        same_last = any(person.has(LAST, one) for one in last)
        return same_last or bool(own)
    if first or last:
        return bool(own)
    if any(kind != PHONE for kind, _ in own):
        return True
    others = [one for kind in (EMAIL, IDENTIFIER) for one in said.get(kind, ())]
    return bool(own) and not others


def _is_another(said: Mapping[str, list[str]], person: ErasedPerson) -> bool:
    """Whether the row names somebody whom the person can not be."""
    if FIRST in said and not any(person.has(FIRST, one) for one in said[FIRST]):
        return True
    if LAST in said and FIRST not in said and not any(person.has(LAST, one) for one in said[LAST]):
        return True
    return any(
        kind in said and person.signs.get(kind) and not any(person.has(kind, one) for one in said[kind])
        for kind in (BORN, SUFFIX)
    )


def values_of(row: Row) -> Iterator[tuple[str, str]]:
    """Kind and value of everything in a row that a sign is made of."""
    for email in row["emails"] or ():
        yield EMAIL, email
    for phone in row["phones"] or ():
        yield PHONE, phone
        yield PHONE_END, phone_end(phone)
    for identifier in row["identifiers"] or ():
        yield IDENTIFIER, f"{identifier['type']}={identifier['value']}"
    first, last = row["first_name_root"] or row["first_name_norm"], row["last_name_norm"]
    born = row["date_of_birth_text"]
    if first:
        yield FIRST, first
    if last:
        yield LAST, last
    if born:
        yield BORN, born
    if row["suffix_norm"]:
        yield SUFFIX, row["suffix_norm"]
    if first and last and born:
        for address in row["addresses"] or ():
            if address["postcode_norm"]:
                yield WHOLE, "|".join((first, last, born, address["postcode_norm"]))


def phone_end(phone: str) -> str:
    """The last digits of a number in any writing."""
    return "".join(letter for letter in phone if letter in "0123456789")[-PHONE_END_DIGITS:]


def record_value(source: str, key: str) -> str:
    """What the sign of a record is made of. Of events without a key, ``key`` is the hash of the text alone."""
    return f"{source}/{key}"


def key_of_text(source_key: str) -> str:
    """The hash of an event's text, of its key (which also counts lines of one text)."""
    return source_key.rpartition("-")[0]
