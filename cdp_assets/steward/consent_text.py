"""Consent, and what holds of its chain, as text for a terminal.

What does not belong here: what is known of it (``consent_facts.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from cdp_assets.golden_records.consent_chain import Break
from cdp_assets.steward.consent_facts import ConsentFacts
from cdp_assets.steward.plain_text import bullets, heading, plural, table

THE_PERSON, EVERYBODY = "the person", "everybody"

DIGITS_SHOWN = 12
"""Of a hash: enough to tell events apart on a screen; ``--json`` has all."""


def consent_text(facts: ConsentFacts, width: int) -> str:
    """What is in force, what must not be done, and every event behind it; sections without a row are left out."""
    sections = [
        _section(
            "In force",
            _IN_FORCE,
            _in_force(facts.in_force),
            width,
            ("event", "customer", "lawful basis", "expires", "region"),
        ),
        _section("Must not be contacted", _SUPPRESSED, _suppressed(facts.suppressed), width, ("event", "written")),
        _section("Events, oldest first", _EVENTS, _events(facts.events), width, _LESS_OFTEN_ASKED),
    ]
    return "\n\n".join(section for section in sections if section)


def chain_text(broken: Sequence[Break], events: int, entries: int, width: int) -> str:
    """Whether the chain of events holds, and where it does not."""
    counted = f"{plural(events, 'consent event')}, {plural(entries, 'entry', 'entries')} in the ledger"
    if not broken:
        return f"The chain holds: {counted}."
    head = f"The chain is broken in {plural(len(broken), 'place')} ({counted}). Nothing is published until it holds."
    return f"{head}\n{bullets([str(one) for one in broken], width)}"


def _section(title: str, columns: Sequence[str], rows: list[list[Any]], width: int, may_drop: Sequence[str]) -> str:
    if not rows:
        return ""
    told = [at for at, name in enumerate(columns) if name not in may_drop or any(row[at] is not None for row in rows)]
    columns, rows = [columns[at] for at in told], [[row[at] for at in told] for row in rows]
    return f"{heading(title)}\n{table(columns, rows, width, [name for name in may_drop if name in columns])}"


_IN_FORCE = (
    "purpose",
    "channel",
    "address",
    "customer",
    "state",
    "since",
    "region",
    "lawful basis",
    "expires",
    "event",
)


def _in_force(rows: pl.DataFrame) -> list[list[Any]]:
    return [
        [
            row["purpose"], row["channel"], row["address"] or THE_PERSON, row["customer_id"], row["state"], row["since"],
            row["jurisdiction"], row["lawful_basis"], row["expires_at"], _short(row["event_id"]),
        ]
        for row in rows.to_dicts()
    ]  # fmt: skip


_SUPPRESSED = ("purpose", "channel", "address", "for", "reason", "since", "event", "written")


def _suppressed(rows: pl.DataFrame) -> list[list[Any]]:
    return [
        [
            row["purpose"], row["channel"], row["address"] or THE_PERSON, row["customer_id"] or EVERYBODY, row["reason"],
            row["since"], _short(row["event_id"]), row["delivered"],
        ]
        for row in rows.to_dicts()
    ]  # fmt: skip


_EVENTS = (
    "when", "event", "said", "purpose", "channel", "address", "from", "by", "wording", "collected", "basis", "chain"
)  # fmt: skip

_LESS_OFTEN_ASKED = ("event", "channel", "by", "wording", "collected", "basis", "chain")


def _events(rows: pl.DataFrame) -> list[list[Any]]:
    return [
        [
            row["event_time"], _short(row["event_id"]), _said(row), row["purpose"], row["channel"],
            [*(row["emails"] or []), *(row["phones"] or [])] or THE_PERSON, f"{row['source']}, line {row['line']:,}",
            row["entity_id"], row["privacy_notice"], row["collection_method"], row["lawful_basis"], _short(row["event_hash"]),
        ]
        for row in rows.to_dicts()
    ]  # fmt: skip


def _said(row: dict[str, Any]) -> str:
    parts = [row["activity"] or row["event_state"]]
    if row["double_opt_in"]:
        parts.append(f"double opt-in {row['double_opt_in']}")
    if row["validity_duration"]:
        parts.append(f"valid {row['validity_duration']}")
    return ", ".join(parts)


def _short(text: str | None) -> str | None:
    return None if text is None else text[:DIGITS_SHOWN]
