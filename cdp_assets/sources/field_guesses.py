"""Which columns feed which field: by their headers where values do not belie them, else by values that can be nothing else.

What does not belong here: what a single header means (``header_meaning.py``); how addresses are put together
(``address_guesses.py``); days of birth in parts (``birth_guesses.py``).
"""

from __future__ import annotations

from cdp_assets.sources.address_guesses import guess_addresses
from cdp_assets.sources.birth_guesses import guess_birth, guess_year_of_birth
from cdp_assets.sources.column_guesses import MOST_OF_THEM, POSTCODES, ColumnLook, Columns
from cdp_assets.sources.draft_yaml import Draft
from cdp_assets.sources.header_meaning import (
    Meaning,
    asks_values,
    field_of,
    header_parts,
    identifier_of,
    is_of_something_else,
    is_second_part_of_name,
    is_short_for_postcode,
    may_be_mail_or_phone,
    meanings_of,
    rank_of,
    shared_prefix,
    without_prefix,
)
from cdp_assets.sources.header_words import KEY_WORDS, LESSER, OBSERVED_AT_WORDS
from cdp_assets.sources.vocabulary import ADDRESS_FIELDS, LIST_FIELDS, NAME_FIELDS

_SAID_IN_OTHER_COLUMNS = ("full_name", "company")
"""Fields of which a column may be filled where another is not: a name as a whole or in parts, a person or a firm."""

_OWN_VALUE_SHARE = 0.2
"""Share of distinct values below which an e-mail or a phone is not the row's person's."""

_ENOUGH_ROWS = 20

_POSTCODE_BESIDE_A_PLACE = rf"^\s*(?i:{POSTCODES}|\d{{4,6}}|\d{{3}} \d{{2}}|\d{{4}} ?[A-Z]{{2}}|\d{{4}}-\d{{3}}|[A-Z]\d[\dW] ?[A-Z\d]{{4}})\s*$"
"""Postcodes of many countries, also where they are nothing but four to six digits."""


def guess_fields(draft: Draft, columns: Columns) -> None:
    """Fill the draft's ``columns``, and ``date_format`` where a day of birth is in parts."""
    meant = _meant(columns)
    guess_birth(draft, columns, meant)
    for name in dict.fromkeys(meaning.field for meaning in meant.values()):
        candidates = [column for column in columns.header if column in meant and meant[column].field == name]
        if name in ("email", "phone"):
            ordered = sorted(
                candidates, key=lambda column: _is_lesser(meant[column]) and not _is_numbered(meant[column])
            )
            draft.columns[name] = [(column,) for column in ordered]
        elif name not in LIST_FIELDS and not (name == "date_of_birth" and name in draft.columns):
            draft.columns[name] = _single(columns, meant, name, candidates)
    guess_year_of_birth(draft, columns)
    _addresses(draft, columns, meant)
    for name in draft.mapped("postcode"):
        if is_short_for_postcode(name):
            draft.notes[name] = "its values are such as postcodes are"
    _by_values(draft, columns)
    _one_way_to_say_a_name(draft, columns)
    _title(draft, columns)


# -- headers and values -----------------------------------------------------------------------------------------------


def _meant(columns: Columns) -> dict[str, Meaning]:
    """For each column the first meaning of its header that its values do not belie."""
    found: dict[str, Meaning] = {}
    for name in columns.header:
        look = columns.looks[name]
        for meaning in meanings_of(name):
            if meaning.field == "activity" and _is_an_events_name(name, look):
                meaning = Meaning("activity_subject", meaning.whose, None, meaning.rank)
            if not _contradicts(meaning.field, look):
                found[name] = meaning
                break
    found |= _prefixed(columns, found)
    if not any(meaning.field == "postcode" for meaning in found.values()):
        found |= _area(columns, found) or _short_postcode(columns, found)
    return found


def _prefixed(columns: Columns, meant: dict[str, Meaning]) -> dict[str, Meaning]:
    """Headers read without the prefix that most of them share, for fields that no other column says."""
    prefix = shared_prefix(columns.header)
    said = {meaning.field for meaning in meant.values()}
    found: dict[str, Meaning] = {}
    for name in columns.header:
        bare = without_prefix(name, prefix)
        if bare == name or name in meant:
            continue
        likely = [meaning for meaning in meanings_of(bare) if not _contradicts(meaning.field, columns.looks[name])]
        if likely and likely[0].field not in said:
            found[name] = likely[0]
    return found


def _contradicts(field: str, look: ColumnLook) -> bool:
    """Whether the values are plainly something else than the header says."""
    if look.filled == 0:
        return False
    if field == "email":
        return look.email < 0.5
    if field == "phone":
        is_moment = look.moment >= MOST_OF_THEM and look.phone == 0 and look.digits < 0.5
        return look.email > 0.5 or look.with_digit < 0.5 or is_moment
    if field == "date_of_birth":
        return not look.date_formats and look.moment < 0.5 and look.days < 0.5
    if field in ("full_name", "first_name", "last_name"):
        return look.with_digit > 0.5 or look.email > 0.5 or look.flags > 0.5
    if field == "postcode":
        return look.email > 0.5 or look.with_digit < 0.5
    if field in ("street", "city", "company", "country", "job_title"):
        return look.email > 0.5 or look.digits > 0.9 or look.flags > 0.9 or look.iso_moment > 0.9
    return look.email > 0.5


def _is_an_events_name(name: str, look: ColumnLook) -> bool:
    """``Event name`` is what happened (page_view), or what it happened at (Spring Gala): words of a code tell."""
    return header_parts(name)[-2:] in (["event"], ["event", "name"]) and look.filled > 0 and look.code_words < 0.5


def _area(columns: Columns, meant: dict[str, Meaning]) -> dict[str, Meaning]:
    """An ``area code`` that is a postcode, and the ``area`` that is then the place."""
    codes = [name for name in columns.header if asks_values(name) == "postcode"]
    found = {name: Meaning("postcode") for name in codes if columns.share(name, r"^\s*\d{4,6}\s*$") >= MOST_OF_THEM}
    if found:
        found |= {name: Meaning("city", rank=-1) for name in columns.header if asks_values(name) == "city"}
    return {name: meaning for name, meaning in found.items() if name not in meant}


def _short_postcode(columns: Columns, meant: dict[str, Meaning]) -> dict[str, Meaning]:
    """A ``pc`` beside a place, whose values are such as postcodes are: elsewhere it may count pieces or computers."""
    has_place = any(meaning.field in ("street", "city", "region") for meaning in meant.values())
    names = [name for name in columns.header if is_short_for_postcode(name) and name not in meant]
    if len(names) != 1 or not has_place:
        return {}
    is_one = columns.share(names[0], _POSTCODE_BESIDE_A_PLACE) >= MOST_OF_THEM
    return {names[0]: Meaning("postcode")} if is_one else {}


def _is_lesser(meaning: Meaning) -> bool:
    return not LESSER.isdisjoint(meaning.whose)


def _is_numbered(meaning: Meaning) -> bool:
    return any(word.isdecimal() for word in meaning.whose)


# -- fields -----------------------------------------------------------------------------------------------------------


def _single(columns: Columns, meant: dict[str, Meaning], field: str, names: list[str]) -> list[tuple[str, ...]]:
    """The best column of a field that has one value, and others that say it where that one does not."""
    ranked = sorted(
        names,
        key=lambda name: (
            _is_lesser(meant[name]) or is_second_part_of_name(name),
            not columns.looks[name].filled,
            bool(meant[name].whose),
            meant[name].rank,
        ),
    )
    first, others = ranked[0], ranked[1:]
    if field in ("first_name", "last_name"):
        second = [name for name in others if is_second_part_of_name(name)]
        return [(first, *second[:1])]
    if field in _SAID_IN_OTHER_COLUMNS:
        others = [name for name in others if not _is_lesser(meant[name]) and columns.are_never_together(first, name)]
        return [(name,) for name in (first, *others)]
    return [(first,)]


def _addresses(draft: Draft, columns: Columns, meant: dict[str, Meaning]) -> None:
    addresses = guess_addresses(columns, meant)
    for part in ADDRESS_FIELDS:
        found = [address[part] for address in addresses if part in address]
        if found:
            draft.columns[part] = found
    if len(addresses) > 1:
        draft.notes["addresses"] = "lists are read side by side: the first of each is one address, the second another"


def _by_values(draft: Draft, columns: Columns) -> None:
    """E-mails, phones and postcodes under headers that do not say so."""
    for name in columns.header:
        look = columns.looks[name]
        if name in draft.used() or is_of_something_else(name) or identifier_of(name) is not None:
            continue
        if not may_be_mail_or_phone(name) and columns.share(name, r"^\s*\+") < MOST_OF_THEM:
            continue
        if rank_of(name, KEY_WORDS) is not None or rank_of(name, OBSERVED_AT_WORDS) is not None:
            continue
        shares = {"email": look.email, "phone": look.phone, "postcode": look.postcode}
        guess = max(shares, key=lambda field: shares[field])
        is_known_otherwise = field_of(name) is not None and guess != "email"
        is_shared = look.filled * columns.height >= _ENOUGH_ROWS and look.distinct < _OWN_VALUE_SHARE
        has_postcode = guess == "postcode" and draft.columns.get("postcode")
        if shares[guess] < MOST_OF_THEM or is_known_otherwise or has_postcode or (is_shared and guess != "postcode"):
            continue
        draft.columns.setdefault(guess, []).append((name,))
        draft.notes[name] = "guessed from its values"


def _one_way_to_say_a_name(draft: Draft, columns: Columns) -> None:
    """The parts of a name or the whole, and the whole beside the parts only where it says what they do not."""
    has = {name for name in NAME_FIELDS if draft.columns.get(name)}
    if "first_name" in has and "last_name" not in has and "full_name" in has:
        whole, first = draft.mapped("full_name")[0], draft.mapped("first_name")[0]
        if columns.share_within(first, whole) < 0.5 and columns.looks[whole].with_blank < 0.5:
            draft.columns["last_name"] = draft.columns.pop("full_name")
            draft.notes[whole] = "without the first name, so it is the last"
    elif len(has & {"first_name", "last_name"}) == 1 and "full_name" not in has:
        part = next(iter(has & {"first_name", "last_name"}))
        if columns.looks[draft.mapped(part)[0]].with_blank > MOST_OF_THEM:
            draft.columns["full_name"] = draft.columns.pop(part)
            draft.notes[draft.mapped("full_name")[0]] = "mostly several words, so it is the whole name"
    if draft.columns.get("first_name") and draft.columns.get("last_name"):
        parts = draft.mapped("first_name", "last_name")
        whole_names = draft.columns.get("full_name", [])
        draft.columns["full_name"] = [value for value in whole_names if columns.fills_gaps(value[0], parts)]


def _title(draft: Draft, columns: Columns) -> None:
    """A ``Title`` that is no form of address is a position."""
    if draft.columns.get("job_title") or not any(draft.columns.get(name) for name in NAME_FIELDS):
        return
    for name in columns.header:
        look = columns.looks[name]
        if asks_values(name) == "job_title" and look.filled and look.honorifics < 0.1 and look.digits < 0.5:
            draft.columns["job_title"] = [(name,)]
            draft.notes[name] = "its values are no forms of address"
