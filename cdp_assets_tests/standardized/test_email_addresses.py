from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets import tables
from cdp_assets.standardized.email_addresses import address_counts, email_addresses, email_tables
from cdp_assets_tests.standardized.email_frames import address, at, carried, event, versions


def test_an_address_has_one_row_over_records_and_versions() -> None:
    table = email_addresses(
        versions(
            {"record_id": "crm/1", "emails": ["b@acme.com"], "observed_at": at(2020)},
            {"record_id": "crm/1", "emails": ["b@acme.com", "a@gmail.com"], "observed_at": at(2024)},
            {"record_id": "crm/2", "emails": ["b@acme.com"], "observed_at": at(2022)},
            {"record_id": "crm/3", "emails": []},
        )
    )
    assert table.get_column("email").to_list() == ["a@gmail.com", "b@acme.com"]
    acme = address(table, "b@acme.com")
    assert (acme["records"], acme["first_seen_at"], acme["last_seen_at"]) == (2, at(2020), at(2024))
    assert (acme["domain"], acme["class"], acme["suggestion"]) == ("acme.com", "corporate", None)


# -- who shares it ----------------------------------------------------------------------------------------------------

MANY = [(f"{letter}nna", f"{letter}ovak{letter}s") for letter in "bdfghklmprstvz"]


@pytest.mark.parametrize(
    ("names", "people", "sharing"),
    [
        ([("ann", "lee")], 1, "personal"),
        ([("ann", "lee"), ("anne", "lee"), ("ann", "leee"), ("a", "lee"), (None, "lee")], 1, "personal"),
        ([("ann", "lee"), ("lee", "ann")], 1, "personal"),
        (
            [("jackson", "prestia"), ("jakcson", "prestia"), ("jackson", "prestai"), ("jacksn", "prestia")],
            1,
            "personal",
        ),
        ([("ann", "lee"), ("robert", "lee"), ("tim", "lee")], 3, "household"),
        ([("ann", "lee"), ("robert", "novak")], 2, "household"),
        ([("ann", "lee"), ("robert", "novak"), ("tim", "okafor"), ("zoe", "quist")], 4, "role"),
        ([("ann", "lee"), ("robert", "lee"), ("tim", "lee"), ("zoe", "lee"), ("gus", "lee")], 5, "household"),
        ([(None, None), (None, None)], 0, "personal"),
        (MANY, 14, "role"),
    ],
)
def test_people_are_counted_by_name_and_a_household_is_not_a_crowd(
    names: list[tuple[str | None, str | None]], people: int, sharing: str
) -> None:
    found = address(email_addresses(versions(*carried("home@acme.com", *names))), "home@acme.com")
    assert found["sharing"] == sharing
    assert found["is_shared"] == (sharing == "role")
    assert found["people"] == people


def test_a_crowd_is_counted_without_comparing_spellings() -> None:
    names: list[tuple[str | None, str | None]] = [(f"first{n}", f"last{n}") for n in range(60)]
    found = address(email_addresses(versions(*carried("desk@acme.com", *names))), "desk@acme.com")
    assert (found["people"], found["is_shared"]) == (60, True)


def test_role_and_placeholder_addresses_are_shared_whoever_carries_them() -> None:
    table = email_addresses(
        versions(*carried("info@acme.com", ("ann", "lee")), *carried("test@acme.com", ("bob", "ray")))
    )
    assert table.get_column("is_shared").to_list() == [True, True]


def test_a_crowd_at_a_free_mail_domain_or_of_many_employers_is_junk() -> None:
    names: list[tuple[str | None, str | None]] = [(first, last) for first, last in MANY]
    many_employers = [{**row, "company_norm": f"firm {n}"} for n, row in enumerate(carried("na@example.com", *names))]
    table = email_addresses(versions(*carried("dontask@gmail.com", *names), *many_employers))
    assert table.select("email", "sharing", "is_shared").rows() == [
        ("dontask@gmail.com", "junk", True),
        ("na@example.com", "junk", True),
    ]
    assert table.get_column("alive_probability").to_list() == [0.0, 0.0]


# -- what was meant ---------------------------------------------------------------------------------------------------


def test_a_mistyped_domain_is_suggested_in_canonical_form_and_never_rewritten() -> None:
    ann = address(email_addresses(versions(*carried("ann.lee@gmial.com", ("ann", "lee")))), "ann.lee@gmial.com")
    assert (ann["suggestion"], ann["suggestion_agrees"], ann["class"]) == ("annlee@gmail.com", False, "personal")
    assert 0.9 < ann["suggestion_confidence"] < 1


@pytest.mark.parametrize(
    ("other", "agrees"),
    [
        (carried("annlee@gmail.com", ("ann", "lee")), True),
        (carried("annlee@gmail.com", ("bea", "lee")), False),
        (carried("annlee@gmail.com", ("ann", None)), False),
        (carried("annlee@yahoo.com", ("ann", "lee")), False),
        (carried("annlee@gmail.com", ("ann", "lee"), record_id="crm/0"), True),
    ],
)
def test_a_record_of_the_same_name_with_the_suggested_address_is_the_second_signal(
    other: list[dict[str, Any]], agrees: bool
) -> None:
    table = email_addresses(versions(*carried("ann.lee@gmial.com", ("ann", "lee")), *other))
    assert address(table, "ann.lee@gmial.com")["suggestion_agrees"] is agrees
    others = table.filter(pl.col("email") != "ann.lee@gmial.com")
    assert others.select(pl.all_horizontal(pl.col("^suggestion.*$").is_null())).to_series().all()


def test_mail_that_got_through_keeps_a_domain_from_being_a_slip() -> None:
    rows = [*carried("ann@gmial.com", ("ann", "lee")), event("bob@gmial.com", "delivered", at(2023))]
    assert email_addresses(versions(*rows)).get_column("suggestion").null_count() == 2


# -- is it alive ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "status", "reason"),
    [
        ([("registered", at(2020))], "stale", "silent"),
        ([("page_view", at(2022, 6))], "unverified", "unheard"),
        ([("page_view", at(2023, 6))], "active", "carried"),
        ([("opened", at(2022, 6))], "active", "engaged"),
        ([("delivered", at(2023, 6))], "active", "delivered"),
        ([("bounced", at(2023, 6))], "dead", "bounced"),
        ([("opened", at(2023)), ("bounced", at(2023, 6))], "dead", "bounced"),
        ([("bounced", at(2023)), ("opened", at(2023, 6))], "active", "engaged"),
        ([("attended", at(2020)), ("bounced", at(2021))], "dead", "bounced"),
        ([("soft_bounced", at(2023, 6))], "unverified", "unheard"),
        ([("soft_bounced", at(2019, 6))], "stale", "silent"),
    ],
)
def test_status_is_judged_against_the_newest_observation_in_the_data(
    events: list[Any], status: str, reason: str
) -> None:
    newest = {"emails": ["other@acme.com"], "observed_at": at(2024, 2)}
    table = email_addresses(versions(newest, *(event("ann@acme.com", what, when) for what, when in events)))
    ann = address(table, "ann@acme.com")
    assert (ann["status"], ann["status_reason"]) == (status, reason)


def test_evidence_of_life_is_dated() -> None:
    table = email_addresses(
        versions(
            event("ann@acme.com", "attended", at(2020)),
            event("ann@acme.com", "clicked", at(2022)),
            event("ann@acme.com", "bounced", at(2021)),
            event("ann@acme.com", "bounced", at(2023)),
        )
    )
    ann = address(table, "ann@acme.com")
    assert (ann["engaged_at"], ann["bounced_at"], ann["last_seen_at"]) == (at(2022), at(2023), at(2023))
    assert ann["seen_by"] == [{"source": "web", "last_seen_at": at(2023)}]


ANN = {"first_name_root": "ann", "last_name_norm": "lee", "date_of_birth": date(1980, 5, 17)}


def test_who_left_an_employer_leaves_a_dead_address_and_who_only_got_a_private_one_does_not() -> None:
    rows = [
        {**ANN, "emails": ["ann@old.example"], "observed_at": at(2020)},
        {**ANN, "emails": ["ann@gmail.com"], "observed_at": at(2021)},
        {**ANN, "emails": ["ann@new.example"], "observed_at": at(2023)},
    ]
    table = email_addresses(versions(*rows))
    old = address(table, "ann@old.example")
    assert (old["status"], old["status_reason"], old["left_at"]) == ("dead", "left_employer", at(2023))
    assert address(table, "ann@gmail.com")["left_at"] is None
    assert address(email_addresses(versions(*rows[:2])), "ann@old.example")["left_at"] is None


def test_the_decay_of_a_class_is_told_by_its_deaths() -> None:
    rows = [
        event(f"p{n}@acme.com", what, at(year))
        for n in range(40)
        for what, year in (("opened", 2020), ("opened", 2022))
    ]
    few = email_tables(versions(*rows)).decay
    many = email_tables(versions(*rows, *(event(f"p{n}@acme.com", "bounced", at(2023)) for n in range(20)))).decay
    rate = [table.row(by_predicate=pl.col("class") == "corporate", named=True) for table in (few, many)]
    assert [row["deaths"] for row in rate] == [0, 20]
    assert rate[0]["yearly_decay"] < rate[1]["yearly_decay"]


# -- the whole table --------------------------------------------------------------------------------------------------


def test_no_versions_have_no_addresses() -> None:
    made = email_tables(tables.RECORD_VERSIONS.empty())
    assert made.addresses.schema == tables.EMAIL_ADDRESSES.schema
    assert made.decay.get_column("addresses").sum() == 0
    assert email_addresses(versions({"emails": []})).is_empty()


def test_addresses_are_counted_for_the_page_of_the_asset() -> None:
    table = email_addresses(
        versions(*carried("info@acme.com", ("ann", "lee")), *carried("ann@gmial.com", ("ann", "lee")))
    )
    counts = address_counts(table)
    assert (counts["addresses"], counts["active"], counts["dead"]) == (2, 2, 0)
    assert (counts["shared_role"], counts["with_a_suggestion"], counts["suggestions_that_agree"]) == (1, 1, 0)
    assert address_counts(tables.EMAIL_ADDRESSES.empty())["suggestions_that_agree"] == 0


LOCAL = st.sampled_from(["ann", "ann.lee", "info", "test", "bob", "x+y", "jürgen"])
DOMAIN = st.sampled_from(["gmail.com", "gmial.com", "acme.com", "old.example", "mailinator.com", "xn--mnchen-3ya.de"])
VERSION = st.fixed_dictionaries(
    {
        "record_id": st.sampled_from(["crm/1", "crm/2", "web/3"]),
        "source": st.sampled_from(["crm", "web"]),
        "emails": st.lists(st.builds("{}@{}".format, LOCAL, DOMAIN), max_size=3),
        "first_name_root": st.sampled_from(["ann", "anne", "bob", None]),
        "last_name_norm": st.sampled_from(["lee", "novak", "okafor", None]),
        "date_of_birth": st.sampled_from([None, date(1980, 5, 17)]),
        "phones": st.sampled_from([None, [], ["+442079460000"]]),
        "activity": st.sampled_from([None, "opened", "bounced", "delivered", "page_view"]),
        "observed_at": st.integers(2015, 2024).map(at),
        "company_norm": st.sampled_from([None, "acme"]),
    }
)


@settings(max_examples=30, deadline=None)
@given(st.lists(VERSION, max_size=12), st.randoms(use_true_random=False))
def test_never_raises_and_the_order_of_versions_does_not_matter(rows: list[dict[str, Any]], random: Any) -> None:
    once = email_tables(versions(*rows))
    random.shuffle(rows)
    again = email_tables(versions(*rows))
    assert again.addresses.equals(once.addresses)
    assert again.decay.equals(once.decay)
    assert once.addresses.get_column("email").is_unique().all()
    assert once.addresses.get_column("alive_probability").is_between(0, 1).all()
