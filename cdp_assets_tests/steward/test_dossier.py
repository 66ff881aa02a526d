"""A dossier holds everything about one customer, and nothing about another."""

from __future__ import annotations

import json

import pytest

from cdp_assets.steward.customer_text import candidates_text, customer_text
from cdp_assets.steward.dossier import dossier
from cdp_assets.steward.lookup import find, names_of
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import DEAD_EMAIL, FORMER, INES, INEZ, LIVE_EMAIL, LUCJA, MOBILE, TOM


def test_every_part_of_a_customer_is_in_the_dossier(finished: Workspace) -> None:
    about = dossier(finished.lake, finished.ledger, INES)
    assert about.name == "Ines Calder"
    assert set(about.records["record_id"]) == {"crm/1", "webinar/w1", "shop/77", "newsletter/n1", "web/v1"}
    assert about.emails["email"].to_list() == [LIVE_EMAIL, DEAD_EMAIL]
    assert about.phones["phone"][0] == MOBILE
    assert about.consents["state"].to_list() == ["withdrawn"]
    assert about.segments["segment"].to_list() == ["attended_a_webinar"]
    assert about.review_items["item_id"].to_list() == ["item-1", "item-2"]
    assert about.former_ids == (FORMER,)
    assert about.history["change"].to_list() == ["created", "merged"]


def test_each_golden_value_says_where_it_came_from(finished: Workspace) -> None:
    values = {row["field"]: row for row in dossier(finished.lake, finished.ledger, INES).values.to_dicts()}
    assert (values["email"]["value"], values["email"]["record_id"], values["email"]["rule"]) == (
        LIVE_EMAIL,
        "crm/1",
        "best_address",
    )
    assert values["phone"]["source"] == "shop"
    assert "sex" not in values


def test_a_former_id_leads_to_the_current_customer_and_is_told(finished: Workspace) -> None:
    about = dossier(finished.lake, finished.ledger, FORMER)
    assert (about.customer_id, about.asked_for) == (INES, FORMER)
    assert dossier(finished.lake, finished.ledger, INES.lower()).asked_for is None


def test_records_stand_in_order_of_first_sight_in_their_newest_version(finished: Workspace) -> None:
    records = dossier(finished.lake, finished.ledger, INES).records
    assert records["record_id"].to_list() == ["webinar/w1", "crm/1", "newsletter/n1", "web/v1", "shop/77"]
    crm = records.filter(records["record_id"] == "crm/1").row(0, named=True)
    assert (crm["versions"], crm["emails"], crm["link_probability"]) == (2, [LIVE_EMAIL], 1.0)


def test_spellings_of_one_postal_address_are_one(finished: Workspace) -> None:
    addresses = dossier(finished.lake, finished.ledger, INES).postal_addresses
    assert addresses.height == 1
    assert addresses.row(0, named=True)["sources"] == ["crm", "shop"]
    assert addresses.row(0, named=True)["is_current"]


def test_a_record_that_is_gone_is_shown_as_gone(finished: Workspace) -> None:
    about = dossier(finished.lake, finished.ledger, LUCJA)
    assert dict(about.records.select("record_id", "is_deleted").rows()) == {"crm/4": False, "shop/99": True}
    assert "shop/99 (gone)" in customer_text(about, 120)


def test_the_dossier_of_one_holds_nothing_of_another(finished: Workspace) -> None:
    text = json.dumps(dossier(finished.lake, finished.ledger, TOM).as_json())
    assert "Ines" not in text
    assert LIVE_EMAIL not in text


def test_json_keeps_moments_and_lists(finished: Workspace) -> None:
    said = json.loads(json.dumps(dossier(finished.lake, finished.ledger, INES).as_json()))
    assert said["customer_id"] == INES
    assert said["emails"][0]["best_for"] == ["service"]
    assert said["emails"][1]["first_seen_at"].startswith("2020-03-11T09:30")
    assert said["summary"]["may_email_marketing"] is False


@pytest.mark.parametrize("width", [60, 100, 160])
def test_the_text_names_every_section_at_any_width(finished: Workspace, width: int) -> None:
    text = customer_text(dossier(finished.lake, finished.ledger, FORMER), width)
    for title in (
        "Golden record",
        "E-mail addresses",
        "Phones",
        "Postal addresses",
        "Consent",
        "Records",
        "Segments",
        "History",
        "In review",
    ):
        assert f"\n{title}\n" in text
    assert f"{FORMER}, which is {INES} now" in text
    assert f"{FORMER} merged" in text
    assert "may not be sent e-mail" in text


def test_at_full_width_every_value_names_its_import(finished: Workspace) -> None:
    assert "20210901T000000Z-0123456789ab" in customer_text(dossier(finished.lake, finished.ledger, INES), 160)


def test_several_customers_are_listed_with_the_way_on(finished: Workspace) -> None:
    found = find(finished.lake, "calder")
    text = candidates_text(found, names_of(finished.lake, found.customer_ids), 100)
    assert text.startswith("2 customers with that name")
    assert INES in text
    assert TOM in text
    assert INEZ not in text
