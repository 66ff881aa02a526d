"""A decision is checked, then written to the ledger with who, when, why and on which evidence."""

from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.judgements import ContradictoryJudgementError
from cdp_assets.steward.decisions import DecisionError, correct, evidence_hash, judge, record_that_says
from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.tables import RECORD_VERSIONS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import DEAD_EMAIL, LANDLINE, LIVE_EMAIL, PERSONAL_VALUES, RESOLVED_AT


def decide(workspace: Workspace, left: str, right: str, judgement: str, reason: str | None = "seen both") -> None:
    judge(workspace, left, right, judgement, by="kim", reason=reason, now=RESOLVED_AT)


def test_a_judgement_is_kept_with_its_evidence(own: Workspace) -> None:
    decide(own, "crm/3", "crm/1", "different")
    kept = own.ledger.judgements().row(0, named=True)
    assert (kept["record_id_l"], kept["record_id_r"], kept["judgement"]) == ("crm/1", "crm/3", "different")
    assert (kept["judged_by"], kept["judged_at"], kept["reason"]) == ("kim", RESOLVED_AT, "seen both")
    assert kept["evidence_hash"] == evidence_hash(own.lake, "crm/3", "crm/1")


def test_the_evidence_changes_when_a_record_does(own: Workspace) -> None:
    before = evidence_hash(own.lake, "crm/1", "crm/3")
    versions = own.lake.read(RECORD_VERSIONS)
    newer = pl.when(pl.col("record_id") == "crm/3").then(pl.lit("something new")).otherwise("content_hash")
    own.lake.replace(RECORD_VERSIONS, versions.with_columns(content_hash=newer))
    assert evidence_hash(own.lake, "crm/1", "crm/3") != before


def test_a_contradiction_is_refused_with_its_chain_and_nothing_is_written(own: Workspace) -> None:
    decide(own, "crm/1", "crm/2", "same")
    decide(own, "crm/2", "crm/3", "different")
    with pytest.raises(ContradictoryJudgementError) as refused:
        decide(own, "crm/1", "crm/3", "same")
    assert set(refused.value.chain) == {"crm/1", "crm/2", "crm/3"}
    assert own.ledger.judgements().height == 2


@pytest.mark.parametrize(
    ("left", "right", "judgement", "reason", "problem"),
    [
        ("crm/1", "crm/1", "same", "x", "two different records"),
        ("crm/1", "crm/2", "maybe", "x", "one of same, different, undecided"),
        ("crm/1", "crm/2", "same", "x" * 2_001, "longer than 2,000"),
    ],
)
def test_what_makes_no_sense_is_refused(
    own: Workspace, left: str, right: str, judgement: str, reason: str, problem: str
) -> None:
    with pytest.raises(DecisionError, match=problem):
        decide(own, left, right, judgement, reason)
    assert own.ledger.judgements().is_empty()


def test_an_unknown_record_is_refused(own: Workspace) -> None:
    with pytest.raises(LookupProblemError, match="no record id"):
        decide(own, "crm/1", "crm/unknown", "same")
    with pytest.raises(LookupProblemError, match="no record id"):
        correct(own, "crm/unknown", "city", "York", "set", by="kim", now=RESOLVED_AT)


def test_a_correction_is_kept(own: Workspace) -> None:
    correct(own, "crm/1", "city", "  York ", "set", by="kim", now=RESOLVED_AT)
    kept = own.ledger.corrections().row(0, named=True)
    assert (kept["record_id"], kept["field"], kept["value"], kept["correction"]) == ("crm/1", "city", "York", "set")
    assert (kept["corrected_by"], kept["corrected_at"]) == ("kim", RESOLVED_AT)


@pytest.mark.parametrize(
    ("field", "value", "correction", "problem"),
    [
        ("customer_id", "x", "set", "only these fields"),
        ("city", " ", "set", "needs a value"),
        ("city", "York", "delete", "set or retract"),
        ("city", "Y" * 2_001, "set", "longer than 2,000"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(
    own: Workspace, field: str, value: str, correction: str, problem: str
) -> None:
    with pytest.raises(DecisionError, match=problem) as refused:
        correct(own, "crm/1", field, value, correction, by="kim", now=RESOLVED_AT)
    assert not any(word in str(refused.value) for word in (*PERSONAL_VALUES, "York"))
    assert own.ledger.corrections().is_empty()


@pytest.mark.parametrize(
    ("field", "value", "record"),
    [
        ("email", LIVE_EMAIL, "shop/77"),
        ("email", DEAD_EMAIL, "crm/1"),
        ("phone", LANDLINE, "crm/1"),
        ("city", "Leeds", "shop/77"),
        ("company", "Orbit Labs", "crm/1"),
        ("company", "nowhere said", "shop/77"),
    ],
)
def test_a_retraction_is_about_the_newest_record_that_says_it(
    linked: Workspace, field: str, value: str, record: str
) -> None:
    assert record_that_says(linked.lake, ["crm/1", "shop/77", "web/v1"], field, value) == record
