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
    return str(value)[:19].replace("T", " ") if _is_moment(value) else str(value)


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
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    return environment
