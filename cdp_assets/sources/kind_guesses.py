"""What a row of a file is: a person's profile, or something that happened.

A wrong guess here changes what the whole file means, so that profiles are the rule: a column called ``Opt-in`` or ``Campaign``
among addresses and days of birth does not make a list of people one of consents or visits.

What does not belong here: which column feeds which field (``field_guesses.py``).
"""

from __future__ import annotations

from collections.abc import Set

from cdp_assets.sources.column_guesses import Columns
from cdp_assets.sources.draft_yaml import Draft
from cdp_assets.sources.header_meaning import header_parts, rank_of, spellings_of
from cdp_assets.sources.header_words import (
    AMOUNT_WORDS,
    ATTENDANCE_WORDS,
    DONATION_WORDS,
    DONOR_WORDS,
    OBSERVED_AT_WORDS,
    ORDER_WORDS,
    RECEIPT_WORDS,
    REGISTRATION_WORDS,
)
from cdp_assets.sources.vocabulary import CANONICAL_FIELDS, CORRECTION_NEEDS, EVENT_FIELDS, NAME_FIELDS, Kind

OF_A_PERSON = ("street", "city", "postcode", "date_of_birth", "company", "job_title", "sex")
"""Fields of which lists of people have several, and events few."""

_EVENT_NAMES = frozenset(CANONICAL_FIELDS[CANONICAL_FIELDS.index("activity") :])
_PAGE_WORDS = frozenset({"page", "url"})
_SUBJECTS_OF_MUCH = frozenset({"page", "url", "document", "campaign", "content", "session"})
"""Words of an event's subject that stand in lists of people, too."""

_ATTENDED: dict[str, str] = {
    **dict.fromkeys(("Yes", "yes", "YES", "Y", "y", "True", "true", "TRUE", "1", "x", "X", "Ja", "ja"), "attended"),
    **dict.fromkeys(("No", "no", "NO", "N", "n", "False", "false", "FALSE", "0", "Nein", "nein"), "no_show"),
}


def guess_kind(draft: Draft, columns: Columns) -> None:
    """Set the draft's kind, what it says happened, and take out fields that rows of its kind have not."""
    has = {name for name in draft.columns if draft.columns[name]}
    people = sum(1 for name in OF_A_PERSON if name in has)
    if set(CORRECTION_NEEDS) <= has:
        draft.kind = "corrections"
    elif _is_consent(has, people, columns):
        draft.kind = "consents"
    elif happened := _happened(draft, has, people, columns):
        draft.kind = "activities"
        if "activity" not in has:
            draft.constants["activity"] = happened
    _translate_attendance(draft, columns)
    kept = _kept(draft.kind)
    for name in [name for name in draft.columns if name in _EVENT_NAMES and name not in kept]:
        draft.columns.pop(name)


def _kept(kind: Kind) -> tuple[str, ...]:
    if kind in ("profiles", "activities"):
        return EVENT_FIELDS[kind]
    return CANONICAL_FIELDS


def _is_consent(has: Set[str], people: int, columns: Columns) -> bool:
    """Whether rows say who agreed to what: not a list of people with a column of consent."""
    if "consent" not in has:
        return False
    more = sum(1 for name in EVENT_FIELDS["consents"] if name in has and name not in ("consent", "double_opt_in"))
    has_moment = any(rank_of(name, OBSERVED_AT_WORDS) is not None for name in columns.header)
    is_nobody = not any(name in has for name in NAME_FIELDS)
    return more >= 2 or (people < 2 and (more > 0 or (has_moment and is_nobody)))


def _happened(draft: Draft, has: Set[str], people: int, columns: Columns) -> str | None:
    """What happened, in the words of activities; None where rows are people."""
    words = {word for name in columns.header for word in spellings_of(name)}
    parts = {part for name in columns.header for part in header_parts(name)}
    subject = draft.mapped("activity_subject")
    if "activity" in has and people < 4:
        return "activity"
    if words & ATTENDANCE_WORDS:
        return "attended"
    if words & REGISTRATION_WORDS:
        return "registered"
    is_donation = words & DONATION_WORDS or (words & RECEIPT_WORDS and parts & DONOR_WORDS)
    if is_donation and parts & AMOUNT_WORDS:
        return "donated"
    if words & ORDER_WORDS and parts & AMOUNT_WORDS:
        return "purchase"
    if not subject:
        return None
    of_much = not _SUBJECTS_OF_MUCH.isdisjoint(spellings_of(subject[0]))
    if of_much and (people > 1 or any(name in has for name in NAME_FIELDS)):
        return None
    is_page = not _PAGE_WORDS.isdisjoint(header_parts(subject[0])) or "location" in header_parts(subject[0])
    return "page_view" if is_page else "attended"


def _translate_attendance(draft: Draft, columns: Columns) -> None:
    """``Attended: Yes, No`` says what happened to each."""
    if draft.kind != "activities" or draft.constants.get("activity") != "attended":
        return
    for name in columns.header:
        said = columns.words(name)
        if {"attended", "checkedin"}.isdisjoint(spellings_of(name)) or not said or not said <= _ATTENDED.keys():
            continue
        del draft.constants["activity"]
        draft.columns["activity"] = [(name,)]
        draft.translations["activity"] = {word: means for word, means in _ATTENDED.items() if word in said}
        return
