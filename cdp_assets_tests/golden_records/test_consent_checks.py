"""The checks of consent see what they are there for: each is shown a table that is wrong in one way."""

from __future__ import annotations

from typing import Any

import pytest

from cdp_assets.golden_records.consent_checks import (
    addresses_without_consent,
    contactable_and_suppressed,
    lost_withdrawals,
    untraced_consents,
)
from cdp_assets.tables import CONSENT_EVENTS, CONSENTS, CUSTOMER_IDS, GOLDEN_EMAILS, RECORD_VERSIONS, SUPPRESSIONS
from cdp_assets_tests.builders import day, frame

A = "ann@a.example"
IN_FORCE = {
    "customer_id": "C1", "channel": "email", "address": A, "purpose": "marketing", "state": "given", "since": day("2022-01-01"),
    "record_id": "news/1", "event_id": "e1",
}  # fmt: skip
GRANT = {
    "event_id": "e1", "record_id": "news/1", "import_id": "i1", "line": 2, "event_state": "given", "event_time": day("2022-01-01"),
    "emails": [A], "phones": [], "purpose": "marketing", "channel": "email",
}  # fmt: skip
OWNERS = frame(
    CUSTOMER_IDS,
    *({"record_id": record, "customer_id": customer} for record, customer in (("news/1", "C1"), ("news/2", "C1"), ("news/3", "C2"))),
)  # fmt: skip


def wrong(found: dict[str, int]) -> list[str]:
    return [name for name, count in found.items() if count and name != "contactable"]


@pytest.mark.parametrize(
    ("in_force", "event", "expected"),
    [
        ({}, {}, []),
        ({"event_id": "unheard-of"}, {}, ["without_an_event"]),
        ({"since": day("2022-02-02")}, {}, ["without_an_event"]),
        ({}, {"event_state": "withdrawn"}, ["without_an_event"]),
        ({}, {"emails": ["bo@b.example"]}, ["by_an_event_that_names_another_address"]),
        ({"record_id": "news/3"}, {}, ["by_a_record_of_somebody_else"]),
        ({"state": "withdrawn", "event_id": "unheard-of"}, {}, []),
    ],
)
def test_a_consent_that_leads_nowhere_is_found(
    in_force: dict[str, Any], event: dict[str, Any], expected: list[str]
) -> None:
    consents, events = frame(CONSENTS, {**IN_FORCE, **in_force}), frame(CONSENT_EVENTS, {**GRANT, **event})
    assert wrong(untraced_consents(consents, events, OWNERS)) == expected


PERSON, ADDRESS = "after_a_withdrawal_of_the_person", "after_a_withdrawal_of_the_address"


@pytest.mark.parametrize(
    ("withdrawal", "expected"),
    [
        ({"record_id": "news/2", "emails": []}, [PERSON]),
        ({"record_id": "news/2", "emails": [], "event_time": day("2021-12-31")}, []),
        ({"record_id": "news/2", "emails": [], "purpose": None, "channel": None}, [PERSON]),
        ({"record_id": "news/2", "emails": [], "purpose": "surveys"}, []),
        ({"record_id": "news/2", "emails": [], "channel": "phone"}, []),
        ({"record_id": "news/2", "emails": [], "purpose": None, "activity": "unsubscribed"}, [PERSON]),
        ({"record_id": "news/3", "emails": [A]}, [ADDRESS]),
        ({"record_id": "nobody/1", "emails": [A]}, [ADDRESS]),
        ({"record_id": "news/3", "emails": []}, []),
        ({"record_id": "news/3", "emails": [], "corrected_record_id": "news/1"}, [PERSON]),
    ],
)
def test_a_withdrawal_that_was_lost_is_found(withdrawal: dict[str, Any], expected: list[str]) -> None:
    event = {
        **GRANT,
        "event_id": "e2",
        "line": 3,
        "event_state": "withdrawn",
        "event_time": day("2022-01-01"),
        **withdrawal,
    }
    events = frame(CONSENT_EVENTS, GRANT, event)
    versions = frame(
        RECORD_VERSIONS, *({"record_id": e["record_id"], "import_id": "i1", "line": e["line"]} for e in (GRANT, event))
    )
    consents = frame(CONSENTS, IN_FORCE)
    assert wrong(lost_withdrawals(consents, events, versions, OWNERS, ["marketing"])) == expected
    assert wrong(lost_withdrawals(consents, events, versions.head(1), OWNERS, ["marketing"])) == [], (
        "a repeated line is no event"
    )


@pytest.mark.parametrize(("customer", "expected"), [("", 1), ("C1", 1), ("C2", 0)])
def test_an_address_in_both_tables_is_found(customer: str, expected: int) -> None:
    row = {"channel": "email", "address": A, "purpose": "marketing", "customer_id": customer}
    assert contactable_and_suppressed(frame(CONSENTS, IN_FORCE), frame(SUPPRESSIONS, row)) == expected


@pytest.mark.parametrize(("state", "expected"), [("given", 0), ("allowed", 0), ("expired", 1)])
def test_an_address_to_send_to_that_nobody_consented_to_is_found(state: str, expected: int) -> None:
    consents = frame(CONSENTS, {**IN_FORCE, "state": state})
    for said in ({"marketing_consent": "given"}, {"marketing_consent": "unknown", "best_for": ["marketing"]}):
        emails = frame(GOLDEN_EMAILS, {"customer_id": "C1", "email": A, "best_for": [], **said})
        assert addresses_without_consent(emails, consents, ["marketing"]) == expected


def test_empty_tables_are_fine() -> None:
    events, consents = CONSENT_EVENTS.empty(), CONSENTS.empty()
    assert wrong(untraced_consents(consents, events, CUSTOMER_IDS.empty())) == []
    assert wrong(lost_withdrawals(consents, events, RECORD_VERSIONS.empty(), CUSTOMER_IDS.empty(), [])) == []
    assert contactable_and_suppressed(consents, SUPPRESSIONS.empty()) == 0
    assert addresses_without_consent(GOLDEN_EMAILS.empty(), consents, ["marketing"]) == 0
