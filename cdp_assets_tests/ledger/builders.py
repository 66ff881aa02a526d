"""What tests of the ledger are made from: a moment, and a delivery."""

from __future__ import annotations

from datetime import UTC, datetime

from cdp_assets.ledger import Landed

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def delivery(content: str, source: str = "crm", location: str = "contacts.csv") -> Landed:
    return Landed(source, content.ljust(64, "0"), location, 10, NOON)
