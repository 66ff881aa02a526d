"""A customer's dossier, and a list of customers, as text for a terminal.

What does not belong here: what is in a dossier (``dossier.py``).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from cdp_assets.steward import address_text
from cdp_assets.steward.dossier import Dossier
from cdp_assets.steward.lookup import Found
from cdp_assets.steward.past import Past
from cdp_assets.steward.plain_text import facts, heading, moment, plural, probability, table


def customer_text(dossier: Dossier, width: int) -> str:
    """The whole dossier, section by section; sections without a row are left out."""
    sections = [
        _head(dossier, width),
        _section("Golden record", _golden(dossier), width),
        _section("E-mail addresses", _emails(dossier.emails), width),
        _section("Phones", _phones(dossier.phones), width),
        _section("Postal addresses", _postal(dossier.postal_addresses), width),
        _section("Consent", _consents(dossier.consents), width),
        _section("Records", _records(dossier.records), width),
        _section("Segments", _segments(dossier.segments), width),
        _section("History", _history(dossier), width),
        _section("In review", _review(dossier), width),
        _section("Judgements", _judgements(dossier.judgements), width),
        _section("Corrections", _corrections(dossier.corrections), width),
    ]
    return "\n\n".join(section for section in sections if section)


def past_text(then: Past, width: int) -> str:
    """A customer on a day gone by: which day, what could not be told as it was, and the dossier of that day."""
    rows: list[tuple[str, object]] = [
        ("true on", f"{then.as_of:%Y-%m-%d %H:%M} UTC, by the sources"),
        ("known on", f"{then.known_at:%Y-%m-%d %H:%M} UTC, to us"),
        *(("note", note) for note in then.notes),
    ]
    return f"{facts(rows, width)}\n\n{customer_text(then.dossier, width)}"


def candidates_text(found: Found, names: pl.DataFrame, width: int) -> str:
    """Several customers that an enquiry may mean, and how to see one of them."""
    rows = [(r["customer_id"], r["full_name"], r["city"], r["records"], r["last_seen_at"]) for r in names.to_dicts()]
    listed = table(("customer", "name", "city", "records", "last seen"), rows, width)
    more = f"\n… and {found.total - len(rows):,} more; ask for more of the name" if found.total > len(rows) else ""
    return f"{plural(found.total, 'customer')} with that {found.kind}. Ask for one by its id: cdp customer ID\n\n{listed}{more}"


_DISPENSABLE = ("by record", "chosen over", "why", "class", "best for", "first seen", "import")
"""Columns that a narrow terminal does without, the last first; ``--json`` holds everything."""

_Rows = tuple[tuple[str, ...], list[tuple[Any, ...]]]


def _section(title: str, content: _Rows, width: int) -> str:
    columns, rows = content
    may_drop = [name for name in _DISPENSABLE if name in columns]
    return f"{heading(title)}\n{table(columns, rows, width, may_drop)}" if rows else ""


def _head(dossier: Dossier, width: int) -> str:
    golden = dossier.summary
    title = (
        f"{dossier.name} · customer {dossier.customer_id}"
        if golden.get("full_name")
        else f"Customer {dossier.customer_id}"
    )
    rows: list[tuple[str, object]] = []
    if dossier.asked_for:
        rows.append(("asked for", f"{dossier.asked_for}, which is {dossier.customer_id} now"))
    if golden:
        rows += [
            ("profile", "known" if golden["is_known"] else "anonymous: no name, e-mail or phone yet"),
            ("records", f"{plural(golden['records'], 'record')} from {', '.join(golden['sources'])}"),
            ("seen", f"{golden['first_seen_at']:%Y-%m-%d} to {golden['last_seen_at']:%Y-%m-%d}"),
            ("weakest link", probability(golden["weakest_probability"])),
            ("marketing", "may be sent e-mail" if golden["may_email_marketing"] else "may not be sent e-mail"),
        ]
    else:
        rows.append(("golden record", "not made yet; run `cdp run`"))
    if dossier.former_ids:
        rows.append(("former ids", dossier.former_ids))
    return f"{heading(title)}\n{facts(rows, width)}"


def _golden(dossier: Dossier) -> _Rows:
    return ("field", "value", "record", "observed", "rule", "chosen over", "import"), [
        (
            row["field"].replace("_", " "), row["value"], row["record_id"], row["observed_at"], row["rule"],
            row["runners_up"], row["import_id"],
        )
        for row in dossier.values.to_dicts()
    ]  # fmt: skip


def _emails(emails: pl.DataFrame) -> _Rows:
    return ("address", "status", "why", "class", "send", "marketing", "best for", "first seen", "last seen", "sources"), [
        (
            row["email"], row["status"], address_text.why(row), row["class"], row["is_sendable"], row["marketing_consent"],
            row["best_for"], row["first_seen_at"], row["last_seen_at"], row["sources"],
        )
        for row in emails.to_dicts()
    ]  # fmt: skip


def _phones(phones: pl.DataFrame) -> _Rows:
    return ("number", "type", "status", "call", "marketing", "best for", "first seen", "last seen", "sources"), [
        (
            row["phone"], row["type"], row["status"], row["is_callable"], row["marketing_consent"], row["best_for"],
            row["first_seen_at"], row["last_seen_at"], row["sources"],
        )
        for row in phones.to_dicts()
    ]  # fmt: skip


def _postal(addresses: pl.DataFrame) -> _Rows:
    return ("address", "now", "first seen", "last seen", "sources"), [
        (one_line_address(row), row["is_current"], row["first_seen_at"], row["last_seen_at"], row["sources"])
        for row in addresses.to_dicts()
    ]


def one_line_address(row: dict[str, Any]) -> str:
    """Street, city, region, postcode and country on one line, as far as they are known."""
    place = " ".join(str(row[part]) for part in ("city", "region", "postcode") if row.get(part))
    return ", ".join(part for part in (row.get("street"), place, row.get("country")) if part)


def _consents(consents: pl.DataFrame) -> _Rows:
    return ("purpose", "channel", "address", "state", "since", "by record"), [
        (row["purpose"], row["channel"], row["address"] or "the person", row["state"], row["since"], row["record_id"])
        for row in consents.to_dicts()
    ]


def _records(records: pl.DataFrame) -> _Rows:
    return ("record", "observed", "versions", "link", "says"), [
        (
            row["record_id"] + (" (gone)" if row["is_deleted"] else ""), row["observed_at"], row["versions"],
            row["link_probability"], what_it_says(row),
        )
        for row in records.to_dicts()
    ]  # fmt: skip


def what_it_says(row: dict[str, Any]) -> str:
    """A record's newest version in one line: name, contacts, place, company, and what happened."""
    addresses = row["addresses"] or []
    happened = " ".join(str(row[name]) for name in ("activity", "activity_subject") if row[name])
    consent = " ".join(str(row[name]) for name in ("purpose", "consent") if row[name]) if row["consent"] else ""
    corrected = f"{row['correction'] or 'set'} {row['corrected_field']}" if row["corrected_field"] else ""
    parts = [
        row["full_name"], *(row["emails"] or ()), *(row["phones"] or ()), *(one_line_address(a) for a in addresses[:1]),
        row["company"], happened, consent, corrected,
    ]  # fmt: skip
    return "; ".join(str(part) for part in parts if part)


def _segments(segments: pl.DataFrame) -> _Rows:
    return ("segment", "member", "counts", "doubt", "why"), [
        (row["segment"], row["membership"], row["is_included"], probability(row["doubt"]), row["why"])
        for row in segments.to_dicts()
    ]


def _history(dossier: Dossier) -> _Rows:
    return ("change", "records", "cause", "because of", "when"), [
        (change_in_words(row), row["records"], row["cause"], _because(row), moment(row["changed_at"]))
        for row in dossier.history.to_dicts()
    ]


def change_in_words(row: dict[str, Any]) -> str:
    """An identity change as a sentence's predicate: ``C2 merged into C1``."""
    one, other = row["customer_id"], row["other_customer_id"]
    if row["change"] == "merged" and other:
        return f"{other} merged into {one}"
    if row["change"] == "split" and other:
        return f"{one} split off {other}"
    return f"{one} {row['change']}"


def _because(row: dict[str, Any]) -> str | None:
    if row["because_of_l"] is None or row["because_of_r"] is None:
        return None
    weight = "" if row["match_weight"] is None else f" ({row['match_weight']:+.1f} bits)"
    return f"{row['because_of_l']} – {row['because_of_r']}{weight}"


def _review(dossier: Dossier) -> _Rows:
    def other(row: dict[str, Any]) -> str | None:
        left, right = row["customer_id_l"], row["customer_id_r"]
        return str(right if left == dossier.customer_id else left) if right else None

    return ("rank", "why", "probability", "other customer", "records in doubt"), [
        (row["rank"], row["why"], probability(row["match_probability"]), other(row), _pair(row))
        for row in dossier.review_items.to_dicts()
    ]


def _pair(row: dict[str, Any]) -> str | None:
    return f"{row['record_id_l']} – {row['record_id_r']}" if row["record_id_l"] and row["record_id_r"] else None


def _judgements(judgements: pl.DataFrame) -> _Rows:
    return ("judgement", "records", "by", "reason", "when"), [
        (row["judgement"], _pair(row), row["judged_by"], row["reason"], moment(row["judged_at"]))
        for row in judgements.to_dicts()
    ]


def _corrections(corrections: pl.DataFrame) -> _Rows:
    return ("correction", "field", "value", "record", "by", "when"), [
        (
            row["correction"],
            row["field"],
            row["value"],
            row["record_id"],
            row["corrected_by"],
            moment(row["corrected_at"]),
        )
        for row in corrections.to_dicts()
    ]
