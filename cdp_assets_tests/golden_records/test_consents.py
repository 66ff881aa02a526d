from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets_tests.golden_records.builders import Resolution, golden_row, moment, newer, one_customer, record, said

A, B, C = "ann@a.example", "ann@b.example", "ann@c.example"


def states(resolution: Resolution, customer: str = "C1", **where: str) -> dict[str, str]:
    """Address to state, for marketing by e-mail unless ``where`` says otherwise."""
    wanted = {"customer_id": customer, "channel": "email", "purpose": "marketing", **where}
    rows = resolution.consents().filter(pl.col(name) == value for name, value in wanted.items())
    return {row["address"]: row["state"] for row in rows.iter_rows(named=True)}


def customer(*events: dict[str, Any], **options: Any) -> Resolution:
    """One customer who carries the addresses A and B, with these consent events."""
    return one_customer(record("crm/1", "2019", email=[A, B]), *events, **options)


# -- the four rows of the module's table ---------------------------------------------------------------------------


def test_a_withdrawal_under_one_address_is_the_persons() -> None:
    resolution = customer(said("news/1", "2020", "given", A), said("news/2", "2021", "withdrawn", A))
    assert states(resolution) == {A: "withdrawn", B: "withdrawn"}
    assert golden_row(resolution)["may_email_marketing"] is False


def test_a_withdrawal_newer_than_the_grant_of_the_other_address_blocks_both() -> None:
    resolution = customer(said("news/1", "2021", "withdrawn", A), said("news/2", "2020", "given", B))
    assert states(resolution) == {A: "withdrawn", B: "withdrawn"}


def test_a_later_grant_allows_its_own_address_only() -> None:
    resolution = customer(said("news/1", "2021", "withdrawn", A), said("news/2", "2022", "given", B))
    assert states(resolution) == {A: "withdrawn", B: "given"}
    assert golden_row(resolution)["may_email_marketing"] is True


def test_a_grant_allows_the_addresses_it_names_and_no_other() -> None:
    assert states(customer(said("news/1", "2020", "given", A))) == {A: "given"}


# -- what an event may leave out -----------------------------------------------------------------------------------


def test_a_withdrawal_that_names_the_person_covers_all_addresses() -> None:
    events = [
        said("news/1", "2020", "given", A),
        said("news/2", "2020", "given", B),
        said("news/3", "2021", "withdrawn"),
    ]
    assert states(customer(*events)) == {"": "withdrawn", A: "withdrawn", B: "withdrawn"}


def test_a_grant_that_names_the_person_allows_no_address() -> None:
    resolution = customer(said("news/1", "2021", "given"))
    assert states(resolution) == {"": "given"}
    assert golden_row(resolution)["may_email_marketing"] is False


def test_a_withdrawal_without_a_purpose_ends_all_purposes_and_marketing() -> None:
    events = [
        said("news/1", "2020", "given", A, purpose="surveys"),
        said("news/2", "2021", "withdrawn", A, purpose=None),
    ]
    resolution = customer(*events)
    assert states(resolution, purpose="surveys") == {A: "withdrawn", B: "withdrawn"}
    assert states(resolution) == {A: "withdrawn", B: "withdrawn"}


@pytest.mark.parametrize("channel", [None, "carrier pigeon"])
def test_a_withdrawal_without_a_known_channel_ends_all_channels(channel: str | None) -> None:
    events = [
        said("news/1", "2020", "given", phone="+14155550123", channel="phone"),
        said("news/2", "2021", "withdrawn", A, channel=channel),
    ]
    resolution = customer(*events)
    assert states(resolution) == {A: "withdrawn", B: "withdrawn"}
    assert states(resolution, channel="phone") == {"+14155550123": "withdrawn", "": "withdrawn"}
    assert states(resolution, channel="post") == {"": "withdrawn"}


def test_a_grant_without_a_purpose_is_kept_and_allows_nothing() -> None:
    resolution = customer(said("news/1", "2020", "given", A, purpose=None))
    assert states(resolution, purpose="unspecified") == {A: "given"}
    assert golden_row(resolution)["may_email_marketing"] is False


def test_a_grant_without_a_channel_is_for_the_address_it_names() -> None:
    by_mail = customer(said("news/1", "2020", "given", A, channel=None))
    by_phone = customer(said("news/1", "2020", "given", phone="+14155550123", channel=None))
    assert states(by_mail) == {A: "given"}
    assert states(by_phone, channel="phone") == {"+14155550123": "given"}


@pytest.mark.parametrize(
    ("word", "channel"), [("sms", "phone"), ("e_mail", "email"), ("letter", "post"), ("Email", "email")]
)
def test_channels_are_understood_by_the_words_of_sources(word: str, channel: str) -> None:
    event = said("news/1", "2020", "withdrawn", A, phone="+14155550123", channel=word)
    assert "withdrawn" in states(customer(event), channel=channel).values()


@pytest.mark.parametrize("activity", ["unsubscribed", "complained"])
def test_an_unsubscribe_that_comes_as_an_activity_is_a_withdrawal_of_marketing(activity: str) -> None:
    events = [said("news/1", "2020", "given", A), record("web/1", "2021", email=A, activity=activity)]
    assert states(customer(*events)) == {A: "withdrawn", B: "withdrawn"}


def test_a_word_that_is_not_given_withdraws() -> None:
    events = [said("news/1", "2020", "given", A), said("news/2", "2021", "revoked", A)]
    assert states(customer(*events))[A] == "withdrawn"


# -- time ----------------------------------------------------------------------------------------------------------


def test_on_the_same_moment_the_withdrawal_wins() -> None:
    assert (
        states(customer(said("news/2", "2021", "given", A), said("news/1", "2021", "withdrawn", A)))[A] == "withdrawn"
    )


def test_each_version_of_a_record_is_an_event() -> None:
    was, now = said("news/1", "2020", "withdrawn", A), newer(said("news/1", "2021", "given", A))
    resolution = customer({**was, "is_current": False, "is_newest": False}, now)
    assert states(resolution)[A] == "given"
    assert resolution.consents().filter(pl.col("address") == A).item(0, "events") == 2


def test_the_row_names_the_event_that_decides_and_counts_those_weighed() -> None:
    events = [
        said("news/1", "2020", "given", A),
        said("news/2", "2021", "withdrawn", B),
        said("news/3", "2022", "given", A),
        said("news/4", "2019", "given", C, channel="phone", phone="+14155550123"),
    ]
    row = customer(*events).consents().filter(pl.col("address") == A).row(0, named=True)
    assert {name: row[name] for name in ("state", "since", "record_id", "import_id", "events")} == {
        "state": "given",
        "since": moment("2022"),
        "record_id": "news/3",
        "import_id": "20220101T000000Z-news",
        "events": 3,
    }


def test_a_grant_ends_when_its_record_has_disappeared_and_a_withdrawal_does_not() -> None:
    gone = ["news/1", "news/2"]
    assert states(customer(said("news/1", "2020", "given", A), gone=["news/1"])) == {}
    kept = customer(said("news/1", "2021", "withdrawn", A), said("news/2", "2022", "given", A), gone=gone)
    assert states(kept) == {A: "withdrawn", B: "withdrawn"}


# -- several customers ---------------------------------------------------------------------------------------------


def household(*events: dict[str, Any], **more: Any) -> Resolution:
    """Ann (C1) carries A and B; Bo (C2) carries B and C."""
    rows = [record("crm/1", "2019", email=[A, B]), record("crm/2", "2019", email=[B, C]), *events]
    made = [row["record_id"] for row in events]
    return Resolution(
        rows,
        {"C1": ["crm/1", *(r for r in made if r == "news/1")], "C2": ["crm/2", *(r for r in made if r == "news/2")]},
        **more,
    )


def test_a_withdrawal_of_a_shared_address_counts_for_all_who_carry_it_and_for_that_address() -> None:
    resolution = household(said("news/1", "2021", "withdrawn", B), said("news/2", "2020", "given", [B, C]))
    assert states(resolution, "C1") == {A: "withdrawn", B: "withdrawn"}
    assert states(resolution, "C2") == {B: "withdrawn", C: "given"}


def test_a_grant_of_a_shared_address_counts_for_its_own_customer() -> None:
    resolution = household(said("news/1", "2021", "given", B))
    assert states(resolution, "C1") == {B: "given"}
    assert states(resolution, "C2") == {}


def test_a_withdrawal_by_a_record_of_no_customer_still_blocks_its_address() -> None:
    resolution = household(said("news/9", "2021", "withdrawn", C), said("news/2", "2020", "given", C))
    assert states(resolution, "C2") == {C: "withdrawn"}
    assert states(resolution, "C1") == {}


def test_a_withdrawal_of_somebody_else_names_the_person_and_not_the_shared_address() -> None:
    resolution = household(said("news/1", "2021", "withdrawn"), said("news/2", "2020", "given", B))
    assert states(resolution, "C2") == {B: "given"}


# -- policy --------------------------------------------------------------------------------------------------------


def consent_of(resolution: Resolution, email: str) -> str:
    emails = resolution.golden().emails
    return str(emails.filter(pl.col("email") == email).item(0, "marketing_consent"))


def test_silence_is_what_the_policy_says() -> None:
    assert consent_of(customer(), A) == "unknown"
    assert consent_of(customer(consent=ConsentPolicy(default_state="withdrawn")), A) == "withdrawn"


def test_marketing_is_what_the_policy_says() -> None:
    event = said("news/1", "2020", "given", A, purpose="newsletter")
    assert consent_of(customer(event), A) == "unknown"
    policy = ConsentPolicy(marketing_purposes=("marketing", "newsletter"))
    assert consent_of(customer(event, consent=policy), A) == "given"


def test_service_consent_is_not_marketing_consent() -> None:
    assert golden_row(customer(said("news/1", "2020", "given", A, purpose="service")))["may_email_marketing"] is False
