from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.golden_records.withheld import WITHHELD
from cdp_assets_tests.golden_records.builders import (
    Resolution,
    correction,
    former,
    golden_row,
    moment,
    newer,
    one_customer,
    postal,
    record,
    said,
)

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


def test_a_withdrawal_covers_addresses_that_turn_up_later() -> None:
    resolution = customer(said("news/1", "2021", "withdrawn"), record("shop/1", "2024", email=C))
    assert states(resolution)[C] == "withdrawn"
    again = customer(
        said("news/1", "2021", "withdrawn"), said("news/2", "2020", "given", C), record("shop/1", "2024", email=C)
    )
    assert states(again)[C] == "withdrawn"


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


# -- expiry, double opt-in, regions ----------------------------------------------------------------------------------


def test_an_expiry_is_that_of_its_address_and_not_of_the_person() -> None:
    events = [
        said("news/1", "2020", "given", A),
        said("news/2", "2020", "given", B),
        said("news/3", "2021", "expired", A),
    ]
    assert states(customer(*events)) == {A: "expired", B: "given"}


def test_an_expiry_that_names_no_address_ends_all_of_them() -> None:
    events = [said("news/1", "2020", "given", A), said("news/2", "2021", "expired")]
    assert states(customer(*events)) == {"": "withdrawn", A: "withdrawn", B: "withdrawn"}


def test_a_consent_expires_when_its_source_or_the_policy_says_whichever_comes_first() -> None:
    event = said("news/1", "2024", "given", A, validity_duration="P18M")
    policy = ConsentPolicy.model_validate({"expires_after": "1 year"})
    by_source, by_both = customer(event, now=moment("2025-06")), customer(event, now=moment("2025-06"), consent=policy)
    assert states(by_source) == {A: "given"}
    assert states(by_both) == {A: "expired"}
    assert by_both.consents().item(0, "expires_at") == moment("2024-12-31")
    assert states(customer(event, now=moment("2026"))) == {A: "expired"}


def test_a_renewed_consent_has_not_expired() -> None:
    policy = ConsentPolicy.model_validate({"expires_after": "1 year"})
    events = [said("news/1", "2020", "given", A), said("news/2", "2025-06", "given", A)]
    assert states(customer(*events, consent=policy)) == {A: "given"}


@pytest.mark.parametrize(
    ("rule", "pending", "unsaid", "confirmed"),
    [
        ("ignored", "given", "given", "given"),
        ("honoured", "requested", "given", "given"),
        ("required", "requested", "requested", "given"),
    ],
)
def test_a_double_opt_in_counts_as_the_policy_says(rule: str, pending: str, unsaid: str, confirmed: str) -> None:
    policy = ConsentPolicy.model_validate({"double_opt_in": rule})
    for word, expected in (("pending", pending), (None, unsaid), ("confirmed", confirmed)):
        assert states(customer(said("news/1", "2020", "given", A, double_opt_in=word), consent=policy)) == {A: expected}


def test_a_request_that_nobody_answered_is_no_consent_and_no_withdrawal() -> None:
    events = [said("news/1", "2020", "given", B), said("news/2", "2021", "requested", A)]
    assert states(customer(*events)) == {A: "requested", B: "given"}


def test_a_request_that_was_confirmed_is_a_consent_even_at_the_same_moment() -> None:
    asked = former(said("news/1", "2021", "given", A, double_opt_in="pending"))
    assert states(customer(asked, newer(said("news/1", "2021", "given", A, double_opt_in="confirmed")))) == {A: "given"}


def test_an_interest_is_no_consent_where_the_law_asks_for_one() -> None:
    def on_interest(country: str | None, **more: Any) -> dict[str, str]:
        event = said("news/1", "2020", "given", A, lawful_basis="legitimate_interest", jurisdiction=country)
        return states(customer(event, **more))

    assert on_interest("US") == {A: "insufficient"}, "by default no region's opt-out is used"
    use_opt_out = ConsentPolicy(use_opt_out=True)
    assert on_interest("US", consent=use_opt_out)[A] == "given"
    assert on_interest("DE", consent=use_opt_out)[A] == "insufficient"
    assert on_interest(None, consent=use_opt_out)[A] == "insufficient"


def silent(*countries: str | None, policy: ConsentPolicy | None = None) -> dict[str, str]:
    """A customer who was never asked, with one record for each country, each carrying the address."""
    rows = [
        record(f"crm/{n}", "2020", email=A, **({"address": postal("1 Oak Street", country=country)} if country else {}))
        for n, country in enumerate(countries)
    ]
    return states(one_customer(*rows, consent=policy or ConsentPolicy(use_opt_out=True)))


def test_silence_allows_where_every_region_of_the_person_lets_it_and_the_policy_uses_that() -> None:
    assert silent("US", "US") == {A: "allowed"}
    assert silent("US", "DE") == {}
    assert silent("US", None) == {}, "an unknown region has the strictest rule"
    assert silent("US", "BR") == {}, "so has one whose law is not known"
    assert silent("US", policy=ConsentPolicy()) == {}


def test_silence_ends_with_the_first_word() -> None:
    row = record("crm/1", "2019", email=[A, B], address=postal("1 Oak Street", country="US"))
    for word in ("withdrawn", "expired", "requested"):
        resolution = one_customer(
            row, said("news/1", "2020", word, A, jurisdiction="US"), consent=ConsentPolicy(use_opt_out=True)
        )
        assert states(resolution)[A] == word
        assert states(resolution).get(B) == ("withdrawn" if word == "withdrawn" else "allowed")


def test_a_region_that_a_merge_brings_makes_the_rule_stricter() -> None:
    policy = ConsentPolicy.model_validate({"regions": {"DE": {"double_opt_in": "required"}}})
    american = said("news/1", "2020", "given", A, jurisdiction="US")
    german = record("crm/2", "2019", email=B, address=postal("Eichenweg 1", country="DE"))
    apart = Resolution([american, german], {"C1": ["news/1"], "C2": ["crm/2"]}, consent=policy)
    together = one_customer(american, german, consent=policy)
    assert states(apart) == {A: "given"}
    assert states(together) == {A: "requested"}
    assert together.consents().item(0, "jurisdiction") == "DE+US"


# -- corrections -----------------------------------------------------------------------------------------------------


def test_a_withdrawal_that_comes_as_a_correction_is_also_the_corrected_persons() -> None:
    spoken = correction("support/1", "2021", "crm/1", "email", C, "retract") | {
        "consent": "withdrawn",
        "purpose": "marketing",
    }
    rows = [record("crm/1", "2019", email=[A, B]), said("news/1", "2020", "given", A), spoken]
    resolution = Resolution(rows, {"C1": ["crm/1", "news/1"], "C2": ["support/1"]})
    assert states(resolution) == {"": "withdrawn", A: "withdrawn", B: "withdrawn"}


def test_what_was_given_under_an_address_that_was_not_theirs_does_not_count_when_it_is_set_again() -> None:
    events = [said("news/1", "2020", "given", A)]
    back = [
        correction("support/1", "2021", "crm/1", "email", A, "retract"),
        correction("support/2", "2022", "crm/1", "email", A),
    ]
    assert states(customer(*events)) == {A: "given"}
    assert golden_row(customer(*events, *back))["may_email_marketing"] is False
    assert golden_row(customer(*events, *back, said("news/2", "2023", "given", A)))["may_email_marketing"] is True


# -- suppressions ----------------------------------------------------------------------------------------------------


def suppressed(resolution: Resolution) -> set[tuple[str, str, str]]:
    """Address, customer (empty: everybody) and reason, for marketing by e-mail."""
    rows = resolution.golden().suppressions.filter((pl.col("purpose") == "marketing") & (pl.col("channel") == "email"))
    return set(rows.select("address", "customer_id", "reason").iter_rows())


def test_an_address_of_no_customer_is_suppressed_for_everybody() -> None:
    resolution = Resolution(
        [record("crm/1", "2019", email=A), said("news/9", "2021", "withdrawn", C)], {"C1": ["crm/1"]}
    )
    assert suppressed(resolution) == {(C, "", "withdrawn")}


def test_the_addresses_that_a_withdrawal_covers_are_suppressed_for_its_customer() -> None:
    assert suppressed(customer(said("news/1", "2021", "withdrawn", A))) == {
        (A, "", "withdrawn"), (A, "C1", "withdrawn"), (B, "C1", "withdrawn"),
    }  # fmt: skip


def test_a_person_without_an_address_is_suppressed_as_a_person() -> None:
    resolution = one_customer(record("crm/1", "2019", last_name="Okafor"), said("news/1", "2021", "withdrawn"))
    assert suppressed(resolution) == {("", "C1", "withdrawn")}


def test_a_later_consent_under_the_address_lifts_it_there_and_nowhere_else() -> None:
    events = [said("news/1", "2021", "withdrawn", A), said("news/2", "2022", "given", A)]
    assert suppressed(customer(*events)) == {(B, "C1", "withdrawn")}


def test_reasons_are_told_apart() -> None:
    complaint = record("web/1", "2021", email=A, activity="complained")
    assert (A, "", "complained") in suppressed(customer(complaint))
    events = [said("news/1", "2020", "given", A), said("news/2", "2021", "expired", A)]
    assert suppressed(customer(*events)) == {(A, "C1", "expired")}


def test_an_erased_persons_address_is_suppressed_for_everybody_and_every_purpose_and_nobody_may_use_it() -> None:
    withheld = pl.DataFrame([("email", A, None, moment("2024"))], schema=WITHHELD, orient="row")
    resolution = customer(said("news/1", "2023", "given", A), withheld=withheld)
    assert states(resolution) == {}
    rows = resolution.golden().suppressions.filter(pl.col("address") == A)
    assert set(rows.select("purpose", "reason").iter_rows()) == {
        (p, "erased") for p in ("billing", "marketing", "service")
    }


@pytest.mark.parametrize(("given", "is_lifted"), [("2022", False), ("2024", True)])
def test_what_an_erased_person_had_withdrawn_stays_withdrawn_until_a_newer_consent(given: str, is_lifted: bool) -> None:
    withheld = pl.DataFrame([("email", A, "marketing", moment("2023"))], schema=WITHHELD, orient="row")
    resolution = customer(said("news/1", given, "given", A), withheld=withheld)
    assert states(resolution) == ({A: "given"} if is_lifted else {})
    rows = resolution.golden().suppressions.filter(pl.col("address") == A)
    told = [] if is_lifted else [("", "marketing", "erased")]
    assert rows.select("customer_id", "purpose", "reason").rows() == told


def test_a_suppressed_address_is_told_as_it_was_last_delivered() -> None:
    event = said("news/1", "2021", "withdrawn", A, emails_delivered=["Ann@A.example"])
    rows = one_customer(event).golden().suppressions.filter(pl.col("address") == A)
    assert set(rows.get_column("delivered")) == {"Ann@A.example"}
