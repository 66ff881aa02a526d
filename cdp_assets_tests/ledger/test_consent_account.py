"""The account of consent events."""

from __future__ import annotations

import pytest

from cdp_assets.ledger import Ledger, LedgerError
from cdp_assets_tests.ledger.builders import NOON


def entry(number: int, source: str = "news") -> dict[str, object]:
    return {
        "source": source, "number": number, "import_id": "i1", "content_sha256": "aa", "records_version": "r1", "events": 3,
        "head": "h", "reason": "imported", "released_by": None, "previous_hash": "p", "entry_hash": "e",
    }  # fmt: skip


def test_consent_entries_are_appended_all_or_none_and_never_replaced(ledger: Ledger) -> None:
    ledger.add_consent_entries([entry(1), entry(2), entry(1, "crm")], now=NOON)
    with pytest.raises(LedgerError, match="nothing was recorded"):
        ledger.add_consent_entries([entry(3), entry(2)], now=NOON)
    ledger.add_consent_entries([], now=NOON)
    kept = ledger.consent_entries()
    assert kept.select("source", "number").rows() == [("crm", 1), ("news", 1), ("news", 2)]
    assert set(kept["entered_at"]) == {NOON}
