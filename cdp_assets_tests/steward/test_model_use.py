"""Choosing a version of the linkage model: checked, written down, told; and how a proposal and a drift are told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from cdp_assets.candidate_links.due import retraining
from cdp_assets.candidate_links.models import MODEL_CHOICE, in_use, with_frequencies_of, with_proposal
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.identity_graph.guard import PLAN_CHOICE
from cdp_assets.identity_graph.plan import OF_A_MODEL, OF_THE_NEXT, TAKEN, TRAINED_ANYWAY, WAITS, WITHIN_LIMITS
from cdp_assets.steward.drift_text import drift_text
from cdp_assets.steward.model_text import NoSuchModelError, model_as_json, model_facts, model_text
from cdp_assets.steward.model_use import use_automatically, use_model
from cdp_assets.steward.plan_approval import NoSuchPlanError, approve_plan
from cdp_assets.steward.plan_text import next_plan, plan_facts, plan_text
from cdp_assets.steward.status import workspace_status
from cdp_assets.tables import DRIFT, LINKAGE_MODEL, PLAN_CHANGES, PLANS, TERM_FREQUENCIES
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import INES, INEZ, PERSONAL_VALUES, TOM, frame

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PROPOSED = "proposed00000001"
BIG_DATA = "retrain: {always_below_profiles: 0}\n"


@pytest.fixture
def waiting(own: Workspace) -> Workspace:
    """A workspace of large data in whose model a version is proposed that would merge two customers, and where names have drifted."""
    lake = own.lake
    models, frequencies = lake.read(LINKAGE_MODEL), lake.read(TERM_FREQUENCIES)
    model = in_use(models, frequencies, LinkagePolicy())
    assert model is not None
    proposal = replace(model, model_version=PROPOSED)
    models = with_proposal(models, proposal, NOW)
    lake.replace(LINKAGE_MODEL, models)
    lake.replace(TERM_FREQUENCIES, with_frequencies_of(frequencies, models, proposal))
    plan = {
        "plan_id": "p1", "subject": OF_A_MODEL, "resolution_id": "r1", "planned_at": NOW, "model_version": PROPOSED, "compared_with": model.model_version, "profiles": 9,
        "links_before": 5, "links_gained": 2, "links_lost": 1, "customers_before": 4, "customers_after": 3, "merged": 1, "split": 0,
        "created": 0, "retired": 0, "revived": 0, "records_moved": 2, "changed_customers": 2, "changed_share": 0.5, "outcome": WAITS,
    }  # fmt: skip
    lake.replace(PLANS, frame(PLANS, plan))
    change = {"plan_id": "p1", "rank": 1, "change": "merged", "customer_id": INES, "other_customer_id": INEZ, "records": 2, "match_weight": 3.25}  # fmt: skip
    lake.replace(PLAN_CHANGES, frame(PLAN_CHANGES, change))
    row = {"resolution_id": "r1", "measured_at": NOW, "model_version": model.model_version, "field": "last_name", "limit": 0.25, "is_beyond": True}  # fmt: skip
    drifted = [
        {**row, "measure": "frequencies_shift", "value": 0.4, "drift": 0.4, "says": "last name: it has shifted"},
        {
            **row,
            "measure": "growth",
            "field": "all",
            "value": 0.1,
            "drift": 0.1,
            "is_beyond": False,
            "says": "it has grown",
        },
    ]
    lake.replace(DRIFT, frame(DRIFT, *drifted))
    (own.home / "policies").mkdir(exist_ok=True)
    (own.home / "policies" / "linkage.yaml").write_text(BIG_DATA)
    return own


def in_force(workspace: Workspace) -> tuple[str | None, str | None]:
    choice = workspace.ledger.choice(MODEL_CHOICE)
    assert choice is not None
    return choice["subject"], choice["chosen_by"]


def pending(workspace: Workspace) -> str:
    return " ".join(workspace_status(workspace, NOW).pending)


def test_a_proposal_waits_until_it_is_chosen_and_status_tells_what_to_do(waiting: Workspace) -> None:
    assert retraining(waiting).proposed == PROPOSED
    assert not retraining(waiting).wants_training
    assert f"cdp model show --version {PROPOSED}" in pending(waiting)
    told = use_model(waiting, PROPOSED[:8], by="ada", now=NOW)
    assert in_force(waiting) == (PROPOSED, "ada")
    assert "cdp run" in told
    assert f"ada has chosen linkage model {PROPOSED} for the next resolution: cdp run" in pending(waiting)


def test_the_lake_stays_as_it_is_until_a_resolution(waiting: Workspace) -> None:
    before = waiting.lake.version(LINKAGE_MODEL)
    use_model(waiting, PROPOSED, by="ada", now=NOW)
    assert waiting.lake.version(LINKAGE_MODEL) == before


def test_the_version_in_use_can_be_pinned_and_let_go(waiting: Workspace) -> None:
    used = retraining(waiting).in_use
    assert used is not None
    use_model(waiting, used, by="ada", now=NOW)
    assert retraining(waiting).pinned_by == "ada"
    found = model_facts(waiting.lake, LinkagePolicy(), pinned_by=retraining(waiting).pinned_by)
    assert found.state == "in use, chosen by ada"
    assert used in use_automatically(waiting, by="ada", now=NOW)
    assert (retraining(waiting).pinned_by, in_force(waiting)) == (None, (None, "ada"))


def test_a_due_version_is_told_with_its_reason_unless_each_resolution_trains(waiting: Workspace) -> None:
    lake = waiting.lake
    lake.replace(LINKAGE_MODEL, lake.read(LINKAGE_MODEL).with_columns(is_proposed=pl.lit(False)))
    assert retraining(waiting).wants_training
    assert "a new linkage model is due, for last name: it has shifted: cdp model train" in pending(waiting)
    (waiting.home / "policies" / "linkage.yaml").write_text("retrain: {always_below_profiles: 50000}\n")
    assert not retraining(waiting).wants_training
    assert "linkage model" not in pending(waiting)
    use_model(waiting, str(retraining(waiting).in_use), by="ada", now=NOW)
    assert retraining(waiting).wants_training  # pinned: nobody trains it by the way


def test_status_goes_on_where_the_policy_can_not_be_read_and_says_so(waiting: Workspace) -> None:
    (waiting.home / "policies" / "linkage.yaml").write_text("retrian: {}\n")
    assert "a policy can not be read" in pending(waiting)
    assert "retrain" in pending(waiting)


def test_a_version_that_can_not_score_is_refused_with_what_to_do(waiting: Workspace) -> None:
    lake = waiting.lake
    models = lake.read(LINKAGE_MODEL)
    shares = json.loads(models["settings"][0])
    shares["parameters"]["shares"]["first_name"]["m"] = [1.0]
    other = {"model_version": "elsewhere", "settings": json.dumps(shares), "is_in_use": False, "is_proposed": False}
    stored = pl.concat([models, models.head(1).with_columns(**{k: pl.lit(v) for k, v in other.items()})])
    lake.replace(LINKAGE_MODEL, stored)
    with pytest.raises(
        NoSuchModelError, match="of another release, which compared or blocked otherwise; cdp model train"
    ):
        use_model(waiting, "elsewhere", by="ada", now=NOW)
    old = [models.head(1).with_columns(model_version=pl.lit(f"old{n}"), trained_at=pl.lit(datetime(2020, 1, n + 1, tzinfo=UTC)).cast(models.schema["trained_at"]), is_in_use=pl.lit(False), is_proposed=pl.lit(False)) for n in range(6)]  # fmt: skip
    lake.replace(LINKAGE_MODEL, pl.concat([models, *old]))
    with pytest.raises(NoSuchModelError, match="term frequencies are no longer kept"):
        use_model(waiting, "old0", by="ada", now=NOW)
    with pytest.raises(NoSuchModelError, match="no model version begins so"):
        use_model(waiting, "zzz", by="ada", now=NOW)
    assert waiting.ledger.choice(MODEL_CHOICE) is None


@pytest.mark.parametrize("width", [60, 100, 200])
def test_plan_and_drift_fit_their_width_and_hold_no_personal_value(waiting: Workspace, width: int) -> None:
    found = plan_facts(waiting.lake, PROPOSED)
    assert found is not None
    texts = [
        plan_text(found, width),
        drift_text(waiting.lake.read(DRIFT), width),
        model_text(model_facts(waiting.lake, LinkagePolicy()), width),
        model_text(model_facts(waiting.lake, LinkagePolicy(), PROPOSED), width),
    ]
    for text in texts:
        assert max(len(line) for line in text.splitlines()) <= width
    told = [*texts, json.dumps(model_as_json(model_facts(waiting.lake, LinkagePolicy(), PROPOSED)))]
    assert not [value for value in PERSONAL_VALUES for text in told if value in text]


def test_a_plan_tells_counts_the_first_customers_and_what_becomes_of_it(waiting: Workspace) -> None:
    found = plan_facts(waiting.lake, PROPOSED)
    assert found is not None
    text = plan_text(found, 120)
    for told in ("2 more and 1 fewer, of 5", "3; 4 now", "1 merged into another", "50.0%", INES, INEZ, "+3.2"):
        assert told in text, told
    assert TOM not in text
    assert f"cdp model use {PROPOSED}" in text
    ends = {
        outcome: plan_text(replace(found, plan={**found.plan, "outcome": outcome}), 120)
        for outcome in (TAKEN, TRAINED_ANYWAY)
    }
    assert "the policy takes it into use with the next resolution" in ends[TAKEN]
    assert "the next resolution trains anew" in ends[TRAINED_ANYWAY]
    assert plan_facts(waiting.lake, "another") is None


def test_the_model_in_use_tells_whether_it_still_fits(waiting: Workspace) -> None:
    text = model_text(model_facts(waiting.lake, LinkagePolicy()), 120)
    assert "A new version is due: cdp model train\n• last name: it has shifted" in text
    told = model_as_json(model_facts(waiting.lake, LinkagePolicy()))
    assert told["due_because"] == ["last name: it has shifted"]
    assert {row["measure"] for row in told["drift"]} == {"frequencies_shift", "growth"}
    fits = drift_text(waiting.lake.read(DRIFT).with_columns(is_beyond=pl.lit(False)), 100)
    assert "Nothing is beyond its limit" in fits


def test_a_plan_of_the_next_resolution_tells_whether_it_is_within_the_limits(waiting: Workspace) -> None:
    assert next_plan(waiting.lake) is None
    row = waiting.lake.read(PLANS)
    nothing = {name: pl.lit(None, dtype=pl.Int64) for name in ("links_before", "links_gained", "links_lost")}
    later = row.with_columns(plan_id=pl.lit("p2"), subject=pl.lit(OF_THE_NEXT), **nothing)
    waiting.lake.replace(PLANS, pl.concat([row, later]))
    found = next_plan(waiting.lake)
    assert found is not None
    text = plan_text(found, 100)
    assert "What the next resolution would change" in text
    assert "cdp apply p2" in text
    assert "not compared" in text
    within = plan_text(replace(found, plan={**found.plan, "outcome": WITHIN_LIMITS}), 100)
    assert "cdp run does it" in within


def test_approving_the_plan_of_a_model_takes_the_model_and_a_plan_of_the_past_is_refused(waiting: Workspace) -> None:
    last = waiting.ledger.last_resolution()
    with pytest.raises(NoSuchPlanError, match="`cdp plan` makes a plan of today"):
        approve_plan(waiting, "p1", by="ada", now=NOW)
    with pytest.raises(NoSuchPlanError, match="no plan's id begins so"):
        approve_plan(waiting, "zzz", by="ada", now=NOW)
    assert waiting.ledger.choice(PLAN_CHOICE) is None
    assert last is not None
    current = waiting.lake.read(PLANS).with_columns(resolution_id=pl.lit(last["resolution_id"]))
    waiting.lake.replace(PLANS, current)
    assert "cdp run" in approve_plan(waiting, "p", by="ada", now=NOW)
    approved = waiting.ledger.choice(PLAN_CHOICE)
    assert approved is not None
    assert approved["subject"] == "p1"
    assert in_force(waiting) == (PROPOSED, "ada")
