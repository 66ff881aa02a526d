"""What is held about a person as one page to read: no script, nothing asked for from anywhere.

What does not belong here: gathering it (``access.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2

SECTIONS = (
    ("golden_record", "What we take to be true", "The value that we use of each field, and the record that it came from.",
     ("field", "value", "source", "observed_at", "rule")),
    ("emails", "E-mail addresses", "All that we know, former and dead ones too.",
     ("email", "status", "status_reason", "marketing_consent", "sources", "first_seen_at", "last_seen_at")),
    ("phones", "Phone numbers", "", ("phone", "rank", "sources", "first_seen_at", "last_seen_at")),
    ("postal_addresses", "Postal addresses", "",
     ("street", "postcode", "city", "region", "country", "sources", "first_seen_at", "last_seen_at", "is_current")),
    ("consents_in_force", "Consent in force", "", ("channel", "address", "purpose", "state", "since")),
    ("consent_events", "What was agreed to or withdrawn", "Every event, the oldest first.",
     ("observed_at", "source", "consent", "purpose", "channel", "wording")),
    ("activities", "What happened", "The oldest first.", ("observed_at", "source", "activity", "activity_subject")),
    ("segments", "Segments", "Groups that we count the person to, or not, and why.", ("segment", "membership", "is_included", "why")),
    ("corrections", "Corrections", "", ("corrected_at", "field", "correction", "value", "corrected_by")),
    ("judgements", "Decisions of people about these records", "", ("judged_at", "record_id_l", "record_id_r", "judgement", "judged_by", "reason")),
    ("identity_changes", "How the records came together", "", ("changed_at", "change", "customer_id", "other_customer_id", "records", "cause")),
    ("doubts", "Open doubts", "Whether a record is this person's, or another's.", ("why", "match_probability", "records")),
)  # fmt: skip
"""Key in what is held, title, explanation, columns."""

HEADINGS = {
    "observed_at": "when", "changed_at": "when", "corrected_at": "when", "judged_at": "when", "first_seen_at": "first seen",
    "last_seen_at": "last seen", "is_included": "counted in", "is_current": "today", "rule": "chosen because it is",
    "status_reason": "because", "marketing_consent": "marketing", "activity": "what", "activity_subject": "about",
    "customer_id": "id", "other_customer_id": "other id", "record_id_l": "record", "record_id_r": "and record",
    "match_probability": "probability", "corrected_by": "by", "judged_by": "by",
}  # fmt: skip
"""Columns that a reader would call otherwise than a table does."""

CHOSEN_BECAUSE = {
    "only_value": "the only one", "most_trusted": "from the most trusted source", "most_recent": "the newest",
    "most_frequent": "said most often", "first_seen": "the first", "engaged": "the one in use", "correction": "a person's correction",
}  # fmt: skip
"""Rules of golden records, as ends of a sentence; the others are words already."""

WORDS_OF_OURS = frozenset(
    ("field", "rule", "segment", "activity", "status", "status_reason", "correction", "change", "cause", "state", "membership")
)  # fmt: skip
"""Columns that hold names of ours, never a value of the person."""

DAYS = frozenset(("first_seen_at", "last_seen_at"))
"""Moments of which the day is enough: the room is the address's."""

LONG = frozenset(
    ("value", "email", "address", "wording", "activity_subject", "segment", "reason", "record_id_l", "record_id_r", "customer_id", "other_customer_id")
)  # fmt: skip
"""Columns whose texts may be broken anywhere; the words of all others stay whole."""


def access_page(held: Mapping[str, Any]) -> str:
    """The page as HTML."""
    return _templates().get_template("access.html").render(held=held, sections=SECTIONS)


def _shown(value: Any) -> str:
    if value is None or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(item)}" for name, item in value.items() if item not in (None, []))
    return _minute(str(value)) if _is_moment(value) else str(value)


def _minute(moment: str) -> str:
    """Day and time to the minute; the day alone where a source says no more."""
    day, _, time = moment[:16].partition("T")
    return day if moment[11:19] == "00:00:00" else f"{day} {time}"


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row[column]
    if column in DAYS and value is not None:
        return str(value)[:10]
    if column == "rule" and value in CHOSEN_BECAUSE:
        return CHOSEN_BECAUSE[value]
    return _words(value) if column in WORDS_OF_OURS and isinstance(value, str) else _shown(value)


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _is_moment(value: Any) -> bool:
    text = str(value)
    return len(text) >= 19 and text[4:5] == text[7:8] == "-" and text[10:11] == "T" and text[:4].isdigit()


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.PackageLoader("cdp_assets.erasure", "templates"),
                jinja2.PackageLoader("cdp_assets.standardized", "templates"),
            ]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = _shown
    environment.filters["words"] = _words
    environment.filters["cell_of"] = _cell
    environment.filters["head"] = lambda column: HEADINGS.get(column, _words(column))
    environment.tests["long"] = LONG.__contains__
    environment.tests["day"] = DAYS.__contains__
    return environment
