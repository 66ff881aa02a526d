"""Why two records are one customer or not: evidence that adds up, chains, judgements; also for pairs never compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.steward.connection import connection, joining_chain
from cdp_assets.steward.connection_text import connection_text
from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.tables import PROFILE_MEMBERS, SCORED_PAIRS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import INES, PERSONAL_VALUES, RESOLVED_AT, TOM, empty_workspace


def test_the_evidence_adds_up_to_the_match_weight(linked: Workspace) -> None:
    for other in ("shop/77", "crm/2", "crm/3"):
        found = connection(linked, "crm/1", other)
        assert found.match_weight == pytest.approx(sum(row.weight for row in found.evidence), abs=1e-4)


def test_a_scored_pair_is_told_as_the_run_decided_it(linked: Workspace) -> None:
    found = connection(linked, "crm/1", "shop/77")
    assert (found.is_one_customer, found.was_scored, found.decision) == (True, True, "accepted")
    assert found.customer_id_l == INES
    scored = linked.lake.read(SCORED_PAIRS)
    assert found.match_weight in scored["match_weight"].to_list()
    assert found.found_by[0] in scored["found_by"].to_list()


def test_a_pair_that_no_run_kept_is_compared_afresh(linked: Workspace) -> None:
    found = connection(linked, "crm/1", "crm/4")
    assert (found.is_one_customer, found.was_scored, found.found_by) == (False, False, ("ANY_PAIR",))
    assert found.match_weight is not None
    assert found.match_weight < 0
    assert found.evidence
    assert "The last run kept no such pair" in connection_text(found, 300)
    alone = connection_text(replace(found, found_by=()), 300)
    assert "no blocking rule brings the two together" in alone


def test_household_members_are_told_apart_and_by_which_rules_they_meet(linked: Workspace) -> None:
    found = connection(linked, "crm/1", "crm/2")
    assert {found.customer_id_l, found.customer_id_r} == {INES, TOM}
    assert found.decision != "accepted"
    assert "SAME_PHONE" in found.found_by
    says = {row.comparison: row.says for row in found.evidence}
    assert (says["first_name"], says["household"]) == ("against", "against")


def test_the_sides_stay_in_the_order_asked_for(linked: Workspace) -> None:
    one, other = connection(linked, "crm/1", "crm/3"), connection(linked, "crm/3", "crm/1")
    first = {row.comparison: row for row in one.evidence}["first_name"]
    turned = {row.comparison: row for row in other.evidence}["first_name"]
    assert (first.value_l, first.value_r) == ("ines", "inez") == (turned.value_r, turned.value_l)
    assert one.match_weight == other.match_weight


def test_records_of_one_customer_are_joined_by_a_chain(finished: Workspace) -> None:
    """finished has its own scored pairs, but no profiles: the chain alone is asked for."""
    chain = joining_chain(finished, "web/v1", "webinar/w1", INES)
    assert [(step.record_id_l, step.record_id_r) for step in chain] == [
        ("web/v1", "shop/77"),
        ("shop/77", "crm/1"),
        ("crm/1", "webinar/w1"),
    ]
    assert chain[0].reason == "OWN_KEY"


def test_records_that_say_the_same_are_told_so(own: Workspace) -> None:
    members = own.lake.read(PROFILE_MEMBERS)
    profile = members.filter(members["record_id"] == "crm/4")["profile_id"][0]
    moved = members.with_columns(
        pl.when(pl.col("record_id") == "shop/99").then(profile).otherwise("profile_id").alias("profile_id")
    )
    own.lake.replace(PROFILE_MEMBERS, moved)
    found = connection(own, "crm/4", "shop/99")
    assert found.says_the_same
    assert [step.kind for step in found.chain] == ["says the same"]
    assert "They say the same" in connection_text(found, 100)


def test_a_judgement_is_told_with_who_and_why(own: Workspace) -> None:
    own.ledger.add_judgement("crm/3", "crm/1", "different", judged_by="kim", now=RESOLVED_AT, reason="asked her")
    found = connection(own, "crm/1", "crm/3")
    assert (found.judgement, found.judged_by, found.judgement_reason) == ("different", "kim", "asked her")
    assert "A steward judged them: different by kim (asked her)." in connection_text(found, 200)


def test_the_text_shows_every_line_of_evidence_with_its_sign(linked: Workspace) -> None:
    found = connection(linked, "crm/1", "crm/2")
    text = connection_text(found, 120)
    assert text.startswith("crm/1 and crm/2")
    assert f"Two customers: {INES} and {TOM}." in text
    for row in found.evidence:
        if row.level != "nothing to compare":
            assert f"{row.weight:+.2f}" in text
    assert "Nothing to compare in: email, identifier." in text
    assert f"{found.match_weight:+.2f}" in text


def test_it_is_json(linked: Workspace) -> None:
    said = json.loads(json.dumps(connection(linked, "crm/1", "shop/77").as_json()))
    assert said["is_one_customer"] is True
    assert {"comparison", "level", "weight", "says", "value_l", "value_r"} == set(said["evidence"][0])


@pytest.mark.parametrize(
    ("left", "right", "advice"), [("crm/1", "crm/1", "same one"), ("crm/1", "crm/x", "no record id")]
)
def test_records_that_can_not_be_compared_are_refused_without_repeating_them(
    linked: Workspace, left: str, right: str, advice: str
) -> None:
    with pytest.raises(LookupProblemError, match=advice) as refused:
        connection(linked, left, right)
    assert not any(value in str(refused.value) for value in (*PERSONAL_VALUES, "crm/x"))


def test_before_the_first_run_the_answer_is_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(LookupProblemError, match="cdp run"):
        connection(empty_workspace(tmp_path / "w"), "crm/1", "crm/2")
