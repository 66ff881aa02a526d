"""What a header means: which canonical field, whose or which one of several, and which part of a street or a day.

A header is read as it stands, then without what does not change its field: whose it is (``billing``, ``customer``), the
group that it belongs to (``addr_city``, ``Address 1 - City``), a code's ending (``state_cd``), the words of a question (``What
is your e-mail?``), or with the parts of a name in another order (``name_first``). What is left must be a known word as a
whole: ``Phone Type`` is no phone, and ``email_opt_in`` no e-mail.

What does not belong here: the words (``header_words.py``); values, which may belie a header (``column_guesses.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from anyascii import anyascii

from cdp_assets.sources.header_words import (
    ADDRESS_QUALIFIERS,
    ADDRESS_WORDS,
    ARTICLES,
    ASKS,
    BIRTH_PARTS,
    CODE_ENDINGS,
    CONSENT_HINTS,
    CONSENT_PHRASES,
    DATE_PICTURES,
    FIELD_WORDS,
    FIRMS,
    IDENTIFIER_WORDS,
    JUST_A_DAY,
    MAIL_WORDS,
    NAME_PARTS,
    NAME_QUALIFIERS,
    NEITHER_MAIL_NOR_PHONE,
    NOT_A_FIELD,
    NUMBER_WORDS,
    OF_SOMEBODY_ELSE,
    OF_SOMETHING,
    OF_SOMETHING_ELSE,
    PERSON_GROUPS,
    PHONE_NOUNS,
    PHONE_WORDS,
    PLACES,
    PLAIN_DAY_PARTS,
    QUALIFIERS,
    SAID_IN_QUESTIONS,
    SAID_OF_MOMENTS,
    SAME_AS_NONE,
    SHORT_FOR_POSTCODE,
    STREET_LINE_WORDS,
    STREET_PARTS,
    STREET_PARTS_BESIDE_A_STREET,
    WORDS_THAT_ASK_VALUES,
)
from cdp_assets.sources.vocabulary import ADDRESS_FIELDS, NAME_FIELDS

FEWEST_WITH_PREFIX = 4
"""Headers that share a first word for it to be a prefix."""


@dataclass(frozen=True)
class Meaning:
    """What a header says.

    ``whose``: the qualifiers that tell it from others of its field, in order (``billing``; ``work 2``); none for the plain one.
    ``line``: the number behind a street's word (2 of ``Address 2``), which may be a line or another address, unless ``is_line``
    (``Address 1 Street 2``). ``rank``: how early the field's words name it; ``county`` is a region, too, but ``state`` is the better
    one.
    """

    field: str
    whose: tuple[str, ...] = ()
    line: int | None = None
    rank: int = 0
    is_line: bool = False


def header_parts(header: str) -> list[str]:
    """A header's words: ASCII, lower case; ``MailingPostalCode`` is mailing, postal, code. A ``#`` behind a word is a number."""
    numbered = re.sub(r"(?:^|(?<=\w))\s*#\s*$", " number", anyascii(header))
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", numbered)
    return re.findall(r"[a-z]+|\d+", spaced.lower())


def meaning_of(header: str) -> Meaning | None:
    """What a header probably means; None when it says nothing known."""
    return next(_meanings(header), None)


def meanings_of(header: str) -> list[Meaning]:
    """All that a header may mean, the likeliest first: its values decide."""
    return list(dict.fromkeys(_meanings(header)))


def field_of(header: str) -> str | None:
    """The canonical field that a header probably names; None when it says nothing known."""
    meaning = meaning_of(header)
    return meaning.field if meaning else None


def identifier_of(header: str) -> str | None:
    """The identifier that a header probably names."""
    parts = _words(header)
    spellings = _spellings(parts) + _spellings([part for part in parts if part not in NUMBER_WORDS])
    return next((_IDENTIFIER_OF_WORD[word] for word in spellings if word in _IDENTIFIER_OF_WORD), None)


def rank_of(header: str, words: list[str]) -> int | None:
    """How early ``words`` names the header; None when it does not."""
    parts = header_parts(header)
    plain = [part for part in parts if part not in SAID_OF_MOMENTS and not part.isdecimal()]
    for candidate in _spellings(parts) + _spellings(plain):
        if candidate in words:
            return words.index(candidate)
    return None


def is_similar(one: str, other: str) -> bool:
    """Whether two headers differ only in capitals, spaces and marks, or name one field in different words."""
    same = "".join(header_parts(one)) == "".join(header_parts(other))
    return same or (field_of(one) is not None and field_of(one) == field_of(other))


def street_part_of(header: str, *, is_beside_street: bool) -> tuple[str, tuple[str, ...]] | None:
    """Which part of a street a header names (number, unit, type, direction, line), and whose; None where it names none."""
    parts = _words(header)
    for aside in (frozenset[str](), QUALIFIERS, QUALIFIERS | ADDRESS_QUALIFIERS):
        core, whose = _parted(parts, aside)
        numbered = ["number" if part in NUMBER_WORDS else part for part in core if part not in ARTICLES]
        for word in ("".join(core), "".join(part for part in core if part not in ARTICLES), "".join(numbered)):
            found = _STREET_PART_OF_WORD.get(word)
            if found is None and is_beside_street:
                found = _PART_BESIDE_STREET_OF_WORD.get(word)
            if found is not None:
                return found, _whose(whose)
    return None


def birth_part_of(header: str) -> str | None:
    """``year``, ``month`` or ``day``, where a header may name that part of a day of birth."""
    parts = header_parts(header)
    spellings = ("".join(parts), "".join(part for part in parts if part not in QUALIFIERS))
    return next((_BIRTH_PART_OF_WORD[word] for word in spellings if word in _BIRTH_PART_OF_WORD), None)


def plain_day_part_of(header: str) -> str | None:
    """``year``, ``month`` or ``day``, where a header is that word and says no more."""
    return _PLAIN_DAY_PART_OF_WORD.get("".join(header_parts(header)))


def is_just_a_day(header: str) -> bool:
    """Whether a header says that its values are days, and not of what: ``Date``."""
    return "".join(header_parts(header)) in JUST_A_DAY


def is_short_for_postcode(header: str) -> bool:
    """Whether a header is short for a postcode, and for other things: ``PC``."""
    return "".join(header_parts(header)) in SHORT_FOR_POSTCODE


def asks_values(header: str) -> str | None:
    """The field of a word that means it only where the values do: ``Title`` may be a position or a form of address."""
    parts = header_parts(header)
    return WORDS_THAT_ASK_VALUES.get("".join(part for part in parts if part != "current"))


def shared_prefix(headers: Sequence[str]) -> str | None:
    """The first word of most headers, where it says nothing by itself: ``PAT`` of ``PAT_CITY``, ``PAT_DOB``, ``PAT_SEX`` …"""
    firsts = [parts[0] for header in headers if len(parts := header_parts(header)) > 1]
    word = max(dict.fromkeys(firsts), key=firsts.count, default=None)
    if word is None or firsts.count(word) < max(FEWEST_WITH_PREFIX, len(headers) / 2):
        return None
    return None if is_of_something_else(word) or field_of(word) is not None else word


def without_prefix(header: str, prefix: str | None) -> str:
    """A header without its first word, where that is the prefix."""
    parts = header_parts(header)
    return " ".join(parts[1:]) if len(parts) > 1 and parts[0] == prefix else header


def is_of_something_else(header: str) -> bool:
    """Whether a header speaks of somebody or something that is not the row's person: ``Contact owner``."""
    parts = header_parts(header)
    return any(part in OF_SOMETHING_ELSE or part.startswith(_LONG_WORDS_OF_SOMETHING_ELSE) for part in parts)


def may_be_mail_or_phone(header: str) -> bool:
    """Whether nothing in a header says that its values are numbers of another kind."""
    return NEITHER_MAIL_NOR_PHONE.isdisjoint(header_parts(header))


def may_say_consent(header: str) -> bool:
    """Whether a header may say who agreed to be contacted: ``Accepts Email Marketing``, ``Opt-in``."""
    parts = header_parts(header)
    joined = "".join(parts)
    return not CONSENT_HINTS.isdisjoint(parts) or any(said.replace(" ", "") in joined for said in CONSENT_PHRASES)


def spellings_of(header: str) -> list[str]:
    """A header's words in one, as they stand, and without articles and whose it is."""
    return _spellings(_words(header))


def is_second_part_of_name(header: str) -> bool:
    """Whether a header names the second part of one name, not another person's: ``Segundo apellido``, ``lname_c2``."""
    words = header_parts(header)
    joined = "".join(words)
    is_component = len(words) > 2 and len(words[-2]) == 1 and words[-1] == "2"
    return is_component or joined in ("segundoapellido", "apellido2", "apellidos2", "segundosapellidos")


# -- readings ---------------------------------------------------------------------------------------------------------

_FIELD_OF_WORD = {
    word: (field, rank) for field, words in FIELD_WORDS.items() for rank, word in enumerate(words.split())
}
_IDENTIFIER_OF_WORD = {word: name for name, words in IDENTIFIER_WORDS.items() for word in words.split()}
_STREET_PART_OF_WORD = {word: part for part, words in STREET_PARTS.items() for word in words.split()}
_PART_BESIDE_STREET_OF_WORD = {
    word: part for part, words in STREET_PARTS_BESIDE_A_STREET.items() for word in words.split()
}
_BIRTH_PART_OF_WORD = {word: part for part, words in BIRTH_PARTS.items() for word in words.split()}
_PLAIN_DAY_PART_OF_WORD = {word: part for part, words in PLAIN_DAY_PARTS.items() for word in words.split()}

_LONG_WORDS_OF_SOMETHING_ELSE = tuple(word for word in OF_SOMETHING_ELSE if len(word) > 5)
_GLUED = tuple(
    "mailing billing shipping residential permanent other home work business office mobile customer contact person".split()  # noqa: SIM905
)
_THINGS_HAVE = frozenset({"full_name", "company", "job_title", *ADDRESS_FIELDS})
_MAY_BE_CODED = frozenset({"sex", "name_suffix", *ADDRESS_FIELDS})
_MAY_BE_GLUED = frozenset({"email", "phone", *ADDRESS_FIELDS})


def _meanings(header: str) -> Iterator[Meaning]:
    whole = _words(header)
    segments = _counted(header).split(".")
    last = _words(segments[-1])
    if "".join(whole) in NOT_A_FIELD or (len(segments) > 1 and "".join(last) in NOT_A_FIELD):
        return
    yield from _read(whole)
    if len(segments) > 1 and last:
        yield from _nested(segments, last)
    yield from _alternatives(header)
    if not ASKS.isdisjoint(whole):
        yield from _read([part for part in whole if part not in SAID_IN_QUESTIONS])
    plain = [part for part in whole if part not in ARTICLES and part not in DATE_PICTURES]
    if plain != whole:
        yield from _read(plain)


def _nested(segments: Sequence[str], last: Sequence[str]) -> Iterator[Meaning]:
    """A path of nested data by its last part: ``event.user.email`` is the user's, ``owner.email`` the owner's."""
    heads = [_words(segment) for segment in segments[:-1]]
    groups: set[str] = set()
    for words in heads:
        groups = (groups & OF_SOMEBODY_ELSE) - FIRMS if PERSON_GROUPS.intersection(words) else groups | set(words)
    if not OF_SOMEBODY_ELSE.isdisjoint(groups):
        return
    whose = [part for words in heads for part in words if part in QUALIFIERS]
    has_own = not OF_SOMETHING.isdisjoint(groups)
    yield from (meaning for meaning in _read([*whose, *last]) if not (has_own and meaning.field in _THINGS_HAVE))


def _alternatives(header: str) -> Iterator[Meaning]:
    """``State/Province/Territory``: words that all mean one field, where they are known; ``City/State/Zip`` means none."""
    said = [next(_read(_words(word)), None) for word in header.split("/")] if "/" in header else []
    known = [meaning for meaning in said if meaning is not None]
    if said and said[0] is not None and len({meaning.field for meaning in known}) == 1:
        yield said[0]


def _read(parts: Sequence[str]) -> Iterator[Meaning]:
    """The readings of a header's words, the plainest first."""
    core, whose = _parted(parts, QUALIFIERS)
    yield from _known(parts, ())
    yield from _known(core, whose)
    yield from _address(parts)
    yield from _name(core, whose)
    yield from _phone_or_mail(core, whose)
    if len(core) == 1:
        yield from _unglued(core[0], whose)
    if len(core) > 1 and core[-1] in CODE_ENDINGS:
        yield from (meaning for meaning in _known(core[:-1], whose) if meaning.field in _MAY_BE_CODED)


def _known(parts: Sequence[str], whose: tuple[str, ...]) -> Iterator[Meaning]:
    found = _FIELD_OF_WORD.get("".join(parts))
    if found is None or (found[0] in (*NAME_FIELDS, "date_of_birth") and not PLACES.isdisjoint(whose)):
        return
    field, rank = found
    line = int(parts[-1]) if parts[-1].isdecimal() and field == "street" else None
    if line is None and field == "street" and whose and whose[-1].isdecimal():
        return  # which line, or which address, is told by :func:`_address`
    yield Meaning(field, _whose(whose), line, rank)


def _address(parts: Sequence[str]) -> Iterator[Meaning]:
    """Parts of an address that name their group, their code or their line: ``Address 1 - City``, ``mail_addr2``."""
    line = parts[-1] if len(parts) > 1 and parts[-1].isdecimal() and int(parts[-1]) < 5 else None
    words = parts[:-1] if line else parts
    words = [word for n, word in enumerate(words) if n == 0 or word != words[n - 1]]
    core, whose = _parted(words, QUALIFIERS)
    bare, more = _parted(words, QUALIFIERS | ADDRESS_QUALIFIERS)
    streets, others = _parted(words, (QUALIFIERS | ADDRESS_QUALIFIERS) - ADDRESS_WORDS)
    for left, said in ((core, whose), (streets, others), (bare, more)):
        word = "".join(left)
        field, rank = _FIELD_OF_WORD.get(word, (None, 0))
        if word in STREET_LINE_WORDS and (line or len(words) > len(left)):
            field, rank = "street", 0
        if field is None and len(left) > 1 and left[-1] in CODE_ENDINGS:
            field, rank = _FIELD_OF_WORD.get("".join(left[:-1]), (None, 0))
            field = field if field in ADDRESS_FIELDS else None
        is_odd = line is not None and field != "street" and line not in QUALIFIERS
        if field is None or is_odd or (field not in ADDRESS_FIELDS and not _belongs(field, words)):
            continue
        number = int(line) if line and field == "street" else None
        is_line = word in STREET_LINE_WORDS or any(part.isdecimal() for part in words)
        rank += 0 if field in ADDRESS_FIELDS else 50
        yield Meaning(field, _whose(said if number or not line else (*said, line)), number, rank, is_line)


def _belongs(field: str, words: Sequence[str]) -> bool:
    """Whether a field beside the address may be named as a part of it: ``Default Address Phone``."""
    is_grouped = not ADDRESS_WORDS.isdisjoint(words[:-1]) and words[-1] not in ADDRESS_WORDS
    return is_grouped and field in ("company", "phone", "first_name", "last_name", "middle_name")


def _name(core: Sequence[str], whose: tuple[str, ...]) -> Iterator[Meaning]:
    """The parts of a name in another order: ``PRIMARY_NAME_LAST``; what is the business's is a company's."""
    if "name" not in core and "names" not in core:
        return
    rest = [part for part in core if part not in ("name", "names") and part not in NAME_QUALIFIERS]
    field = NAME_PARTS.get("".join(rest))
    if field is not None and (field == "company" or PLACES.isdisjoint(whose)):
        yield Meaning(field, _whose([*whose, *(part for part in core if part == "native")]), None, 50)


def _phone_or_mail(core: Sequence[str], whose: tuple[str, ...]) -> Iterator[Meaning]:
    words = set(core)
    if words & PHONE_NOUNS and words <= PHONE_WORDS:
        yield Meaning("phone", _whose(whose), None, 50)
    if words & {"email", "emails"} and words <= MAIL_WORDS | {"email", "emails"}:
        yield Meaning("email", _whose(whose), None, 50)


def _unglued(word: str, whose: tuple[str, ...]) -> Iterator[Meaning]:
    """Words without a gap, as in exports in capitals: ``MAILINGPOSTALCODE``."""
    for qualifier in _GLUED:
        rest = word.removeprefix(qualifier)
        if rest != word and (found := _FIELD_OF_WORD.get(rest)) and found[0] in _MAY_BE_GLUED:
            yield Meaning(found[0], _whose((qualifier, *whose)), None, found[1])


def _parted(parts: Sequence[str], aside: frozenset[str]) -> tuple[list[str], tuple[str, ...]]:
    return [part for part in parts if part not in aside], tuple(part for part in parts if part in aside)


def _whose(qualifiers: Sequence[str] | Iterator[str]) -> tuple[str, ...]:
    return tuple(part for part in qualifiers if part not in SAME_AS_NONE)


def _counted(header: str) -> str:
    """Items of lists, which count from 0, as the first and the second: ``emails.0`` is the first e-mail."""
    return re.sub(r"\.(\d)(?=\.|$)", lambda item: f" {int(item[1]) + 1}", header)


def _words(header: str) -> list[str]:
    """A header's words, with ``e mail``, ``addr``, ``dt``, the component ``c1`` and the group behind a line in one form."""
    spaced = re.sub(r"\be mail", "email", " ".join(header_parts(_counted(header))))
    spaced = re.sub(r"\bad(?:d|)r\b", "address", spaced)
    spaced = re.sub(r"\bdt\b", "date", spaced)
    spaced = re.sub(r"^(.* \d) (\d)$", r"\2 \1", spaced)
    return re.sub(r"(?<=\w )[a-z] (\d)$", r"\1", spaced).split()


def _spellings(parts: Sequence[str]) -> list[str]:
    """A header's words in one, with and without whose it is, what it is a number of, and articles."""
    plain = [part for part in parts if part not in ARTICLES]
    core = [part for part in parts if part not in QUALIFIERS]
    found = ["".join(parts), "".join(core), "".join(plain), "".join(part for part in plain if part not in QUALIFIERS)]
    return list(dict.fromkeys(word for word in found if word))
