"""How each source is read: the contract in force, and how far."""

from __future__ import annotations

from cdp_assets.ledger import Ledger
from cdp_assets_tests.ledger.builders import NOON


def test_a_cursor_moves_on(ledger: Ledger) -> None:
    assert ledger.cursor("shop") is None
    ledger.advance_cursor("shop", "2024-01-01", NOON)
    ledger.advance_cursor("shop", "2024-02-01", NOON)
    assert ledger.cursor("shop") == "2024-02-01"


def test_the_contract_in_force_is_the_last_one_that_came_into_force(ledger: Ledger) -> None:
    assert ledger.contract_in_force("crm") is None
    ledger.put_contract_in_force("crm", "v1", "{1}", NOON)
    ledger.put_contract_in_force("crm", "v2", "{2}", NOON, accepted_by="ana")
    ledger.put_contract_in_force("shop", "v9", "{9}", NOON)
    assert ledger.contract_in_force("crm") == ("v2", "{2}")
    ledger.put_contract_in_force("crm", "v1", "{1}", NOON)
    assert ledger.contract_in_force("crm") == ("v1", "{1}"), "a contract that is taken back is in force again"


def test_fetched_files_are_remembered_with_their_newest_stamp(ledger: Ledger) -> None:
    ledger.remember_fetched("crm", "a.csv", "etag-1", NOON)
    ledger.remember_fetched("crm", "a.csv", "etag-2", NOON)
    ledger.remember_fetched("shop", "a.csv", "etag-9", NOON)
    assert ledger.fetched_files("crm") == {"a.csv": "etag-2"}
