from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cdp_assets.golden_records.policy import ConsentPolicy, SurvivorshipPolicy
from cdp_assets_tests.golden_records.builders import (
    Resolution,
    former,
    golden_row,
    moment,
    newer,
    one_customer,
    origin,
    record,
    said,
)

A, B = "dana@a.example", "dana@b.example"


def ranked(resolution: Resolution) -> list[str]:
    return resolution.golden().emails.sort("rank").get_column("email").to_list()


def row(resolution: Resolution, email: str) -> dict[str, Any]:
    return resolution.golden().emails.filter(pl.col("email") == email).row(0, named=True)


@pytest.mark.parametrize(
    "known",
    [
        {"status": "dead"},
        {"class": "role"},
        {"class": "disposable"},
        {"class": "placeholder"},
        {"sharing": "role"},
        {"sharing": "junk"},
    ],
)
def test_an_address_that_reaches_nobody_or_anybody_is_known_and_never_golden(known: dict[str, Any]) -> None:
    rows = [record("crm/1", "2023", email=A), record("web/1", "2019", email=B), said("news/1", "2024", "given", A)]
    resolution = one_customer(*rows, addresses={A: known})
    assert row(resolution, A)["is_sendable"] is False
    assert row(resolution, A)["best_for"] == []
    assert golden_row(resolution)["email"] == B
    assert origin(resolution, "email")["rule"] == "only_value" or origin(resolution, "email")["rule"] == "sendable"
    assert golden_row(resolution)["may_email_marketing"] is False
    alone = one_customer(rows[0], addresses={A: known})
    assert golden_row(alone)["email"] is None
    assert golden_row(alone)["is_known"] is True


@pytest.mark.parametrize(
    "known", [{"class": "relay"}, {"status": "stale"}, {"class": "corporate"}, {"sharing": "household"}]
)
def test_other_addresses_can_be_sent_to(known: dict[str, Any]) -> None:
    assert row(one_customer(record("crm/1", email=A), addresses={A: known}), A)["is_sendable"] is True


def two(rule: str, better: dict[str, Any] | None = None, worse: dict[str, Any] | None = None, **more: Any) -> None:
    """B, seen last, is behind A for one reason only."""
    rows = [record("crm/1", "2020", email=A), record("crm/2", "2021", email=B), *more.get("events", ())]
    resolution = one_customer(*rows, addresses={A: better or {}, B: worse or {}})
    assert ranked(resolution) == [A, B]
    assert origin(resolution, "email")["rule"] == rule


def test_consent_comes_before_everything_but_being_sendable() -> None:
    two("consent", {"class": "relay", "status": "stale"}, {}, events=[said("news/1", "2022", "given", A)])
    two("sendable", {}, {"status": "dead"}, events=[said("news/1", "2022", "given", B)])


def test_unknown_consent_comes_before_withdrawn() -> None:
    rows = [
        record("crm/1", "2020", email=A),
        record("crm/2", "2021", email=B),
        said("news/9", "2022", "withdrawn", B),
    ]
    # The withdrawal is by a record of nobody: it blocks the address, not the person.
    resolution = Resolution(rows, {"C1": ["crm/1", "crm/2"]})
    assert ranked(resolution) == [A, B]


def test_the_customers_own_address_comes_before_the_households() -> None:
    two("own", {"class": "relay", "status": "stale"}, {"sharing": "household"})


def test_a_households_address_is_best_for_marketing_only_while_no_own_one_has_consent() -> None:
    rows = [record("crm/1", "2020", email=A), record("crm/2", "2021", email=B), said("news/1", "2022", "given", B)]
    shared = {B: {"sharing": "household", "status": "active"}}
    assert "marketing" in row(one_customer(*rows, addresses=shared), B)["best_for"]
    both = one_customer(*rows, said("news/2", "2022", "given", A), addresses=shared)
    assert ("marketing" in row(both, A)["best_for"], "marketing" in row(both, B)["best_for"]) == (True, False)


def test_an_own_mailbox_comes_before_a_relay() -> None:
    two("class", {"status": "stale"}, {"class": "relay"})


def test_who_answers_comes_before_who_is_silent() -> None:
    two("engaged", {"status": "active"}, {"status": "unverified"})
    two("engaged", {"status": "unverified"}, {"status": "stale"})
    two("engaged", {"engaged_at": moment("2020")}, {})


def test_an_address_carried_now_comes_before_a_former_one() -> None:
    rows = [former(record("crm/1", "2022", email=B)), newer(record("crm/1", "2023", email=A))]
    later = record("web/1", "2024", email=B)
    assert ranked(one_customer(*rows)) == [A, B]
    assert ranked(one_customer(*rows, later)) == [B, A]


@pytest.mark.parametrize(
    ("rules", "first"), [(("most_recent",), B), (("most_trusted",), A), (("first_seen",), A), (("longest",), A)]
)
def test_then_the_policys_rules_decide(rules: tuple[Any, ...], first: str) -> None:
    rows = [record("crm/1", "2020", email=A), record("web/1", "2021", email=B)]
    resolution = one_customer(*rows, survivorship=SurvivorshipPolicy(fields={"email": rules}))
    assert ranked(resolution)[0] == first
    assert row(resolution, first)["rank"] == 1


def test_a_records_main_address_comes_before_its_others() -> None:
    resolution = one_customer(record("crm/1", "2020", email=[B, A]))
    assert ranked(resolution) == [B, A]
    assert origin(resolution, "email")["rule"] == "main_one"
    # What a more trusted record says comes before the order in which another lists them.
    trusted = [record("web/1", "2020", email=[B, A]), record("crm/1", "2020", email=A)]
    assert ranked(one_customer(*trusted)) == [A, B]


def test_an_address_says_who_knows_it_and_since_when() -> None:
    rows = [
        record("web/1", "2019", email=A, emails_delivered=["Dana@A.example"]),
        record("crm/1", "2023", email=A, emails_delivered=["dana@a.example"]),
        record("crm/2", "2021", email=A, emails_delivered=["DANA@A.EXAMPLE"]),
    ]
    found = row(one_customer(*rows), A)
    assert found["delivered"] == "dana@a.example"
    assert found["sources"] == ["crm", "web"]
    assert (found["first_seen_at"], found["last_seen_at"]) == (moment("2019"), moment("2023"))


def test_an_address_of_two_customers_has_a_row_for_each() -> None:
    rows = [record("crm/1", email=A), record("crm/2", email=A)]
    emails = Resolution(rows, {"C1": ["crm/1"], "C2": ["crm/2"]}).golden().emails
    assert sorted(zip(emails["customer_id"], emails["rank"], strict=True)) == [("C1", 1), ("C2", 1)]


def test_best_for_marketing_needs_consent_and_best_for_service_none() -> None:
    rows = [record("crm/1", "2020", email=A), record("crm/2", "2021", email=B)]
    assert row(one_customer(*rows), B)["best_for"] == ["billing", "service"]
    assert row(one_customer(*rows), A)["best_for"] == []
    resolution = one_customer(*rows, said("news/1", "2022", "given", A))
    assert row(resolution, A)["best_for"] == ["billing", "marketing", "service"]


def test_a_withdrawal_of_a_service_purpose_ends_it() -> None:
    rows = [record("crm/1", "2020", email=A), said("news/1", "2021", "withdrawn", A, purpose="billing")]
    assert row(one_customer(*rows), A)["best_for"] == ["service"]


def test_the_purposes_are_the_policys() -> None:
    policy = ConsentPolicy(marketing_purposes=("news",), service_purposes=())
    rows = [record("crm/1", email=A), said("news/1", "2021", "given", A, purpose="news")]
    assert row(one_customer(*rows, consent=policy), A)["best_for"] == ["news"]


def test_the_golden_address_leads_to_the_best_record_that_carries_it() -> None:
    rows = [
        record("web/1", "2023", email=A),
        former(record("crm/1", "2020", email=A)),
        newer(record("crm/1", "2021", email=B)),
    ]
    resolution = one_customer(*rows, addresses={B: {"status": "dead"}})
    assert origin(resolution, "email")["record_id"] == "web/1"
    assert origin(resolution, "email")["runners_up"] == 1
