"""A plan says what taking another model into use would do, and the resolution that follows does just that."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from cdp_assets.candidate_links.policy import LinkagePolicy, RetrainPolicy
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.identity_graph.pictures import plan_chart
from cdp_assets.identity_graph.plan import (
    KEPT_PLANS,
    TAKEN,
    TRAINED_ANYWAY,
    WAITS,
    Known,
    Plan,
    Resolved,
    outcome_of,
    plan_of,
    resolved,
    with_plan,
    with_plan_changes,
    with_plan_moves,
)
from cdp_assets.identity_graph.resolution import PreviousResolution
from cdp_assets.tables import PLAN_CHANGES, PLAN_MOVES, PLANS
from cdp_assets_tests.identity_graph.frames import day
from cdp_assets_tests.identity_graph.resolutions import PATIENT, first_resolution, known_town, trained

pytestmark = pytest.mark.xdist_group("plan")
"""On one worker: the model is trained and the town resolved once."""


@pytest.fixture(scope="module")
def known() -> Known:
    return known_town()


@pytest.fixture(scope="module")
def model(known: Known) -> TrainedModel:
    return trained(known)


@pytest.fixture(scope="module")
def other(model: TrainedModel) -> TrainedModel:
    """A version that is far harder to convince: many links fall below its threshold."""
    return replace(model, model_version="harder to convince", accept_weight=model.accept_weight + 16.0)


@pytest.fixture(scope="module")
def before(known: Known, model: TrainedModel) -> tuple[Resolved, PreviousResolution]:
    return first_resolution(known, model)


@pytest.fixture(scope="module")
def forth(known: Known, other: TrainedModel, before: tuple[Resolved, PreviousResolution]) -> tuple[Plan, Resolved]:
    return planned(known, other, before)


def planned(known: Known, model: TrainedModel, before: tuple[Resolved, PreviousResolution]) -> tuple[Plan, Resolved]:
    found, previous = before
    would_be = resolved(known, model, previous, day(41))
    plan = plan_of(
        would_be,
        found.scored_pairs,
        previous,
        model_version=model.model_version,
        profiles=known.profiles.height,
        resolution_id="r1",
        now=day(41),
    )
    return plan, would_be


def test_the_version_in_use_would_change_nothing(
    known: Known, model: TrainedModel, before: tuple[Resolved, PreviousResolution]
) -> None:
    plan, _ = planned(known, model, before)
    counts = {
        k: v
        for k, v in plan.row.items()
        if k in ("merged", "split", "created", "retired", "links_gained", "links_lost")
    }
    assert set(counts.values()) == {0}
    assert plan.row["changed_share"] == 0.0
    assert plan.changes.is_empty()


def test_links_and_customers_are_counted_and_the_resolution_that_follows_does_what_was_planned(
    known: Known, other: TrainedModel, before: tuple[Resolved, PreviousResolution], forth: tuple[Plan, Resolved]
) -> None:
    plan, would_be = forth
    found, previous = before

    def links(pairs: pl.DataFrame) -> set[tuple[int, int]]:
        return set(pairs.filter(pl.col("decision") == "accepted").select("profile_id_l", "profile_id_r").rows())

    assert plan.row["links_lost"] == len(links(found.scored_pairs) - links(would_be.scored_pairs)) > 0
    assert plan.row["links_gained"] == len(links(would_be.scored_pairs) - links(found.scored_pairs))
    done = resolved(known, other, previous, day(42))
    customers = done.ids.customer_ids["customer_id"].n_unique()
    assert plan.row["customers_after"] == customers > plan.row["customers_before"]
    assert plan.row["split"] == done.changes.filter(pl.col("change") == "split").height > 0
    assert plan.row["changed_customers"] == done.changes["other_customer_id"].n_unique()
    moved = plan.changes.select("change", "customer_id", "other_customer_id", "records")
    assert moved.sort(pl.all()).equals(done.changes.select(moved.columns).sort(pl.all()))


def test_a_plan_back_again_merges_what_the_other_had_split(
    known: Known,
    model: TrainedModel,
    other: TrainedModel,
    before: tuple[Resolved, PreviousResolution],
    forth: tuple[Plan, Resolved],
) -> None:
    plan, would_be = forth
    now = PreviousResolution(would_be.ids.customer_ids, would_be.ids.lineage, would_be.changes, 2, other.model_version)
    back, returned = planned(known, model, (would_be, now))
    assert back.row["merged"] == plan.row["split"]
    assert returned.ids.customer_ids.equals(before[0].ids.customer_ids)
    assert back.changes["match_weight"].null_count() == 0


def test_the_same_plan_has_the_same_id_and_another_one_another(
    known: Known, other: TrainedModel, before: tuple[Resolved, PreviousResolution], forth: tuple[Plan, Resolved]
) -> None:
    plan, _ = forth
    assert planned(known, other, before)[0].row["plan_id"] == plan.row["plan_id"]
    renamed = planned(known, replace(other, model_version="another"), before)[0]
    assert renamed.row["plan_id"] != plan.row["plan_id"]
    assert renamed.changes.drop("plan_id").equals(plan.changes.drop("plan_id"))


def test_a_plan_that_has_lost_the_former_links_tells_the_customers_all_the_same(
    known: Known, other: TrainedModel, before: tuple[Resolved, PreviousResolution], forth: tuple[Plan, Resolved]
) -> None:
    plan, would_be = forth
    blind = plan_of(
        would_be,
        None,
        before[1],
        model_version=other.model_version,
        profiles=known.profiles.height,
        resolution_id="r1",
        now=day(41),
    )
    assert blind.row["links_lost"] is None
    assert blind.row["plan_id"] == plan.row["plan_id"]
    assert with_plan(PLANS.empty(), blind, WAITS)["split"].item() == plan.row["split"]
    assert "accepted links" in str(plan_chart(plan.row))
    assert "accepted links" not in str(plan_chart(blind.row))


def a_plan(share: float, profiles: int = 1_000) -> Plan:
    return Plan({"changed_share": share, "profiles": profiles}, PLAN_CHANGES.empty(), PLAN_MOVES.empty())


def test_the_policy_takes_what_changes_little_and_a_person_decides_the_rest() -> None:
    assert outcome_of(a_plan(0.009), PATIENT, is_pinned=False) == TAKEN
    assert outcome_of(a_plan(0.01), PATIENT, is_pinned=False) == WAITS
    assert outcome_of(a_plan(0.0), PATIENT, is_pinned=True) == WAITS
    never = LinkagePolicy(retrain=RetrainPolicy(always_below_profiles=0, by_itself_below_share=0))
    assert outcome_of(a_plan(0.0), never, is_pinned=False) == WAITS
    assert outcome_of(a_plan(0.5), LinkagePolicy(), is_pinned=False) == TRAINED_ANYWAY


def test_plans_are_kept_once_each_and_their_changes_with_them(forth: tuple[Plan, Resolved]) -> None:
    plan, _ = forth
    plans, changes = PLANS.empty(), PLAN_CHANGES.empty()
    for _ in range(2):
        plans = with_plan(plans, plan, WAITS)
        changes = with_plan_changes(changes, plan, plans)
    assert plans.height == 1
    assert changes.equals(plan.changes)
    for number in range(KEPT_PLANS):
        later = Plan(
            {**plan.row, "plan_id": f"p{number}", "planned_at": day(50 + number)},
            PLAN_CHANGES.empty(),
            PLAN_MOVES.empty(),
        )
        plans = with_plan(plans, later, WAITS)
        changes = with_plan_changes(changes, later, plans)
    assert (plans.height, changes.height) == (KEPT_PLANS, 0)


def test_a_plan_holds_ids_and_counts_and_no_record(known: Known, forth: tuple[Plan, Resolved]) -> None:
    plan, _ = forth
    told = str(plan.row) + plan.changes.write_csv() + str(plan_chart(plan.row))
    assert not [record for record in known.records["record_id"] if record in told]
    assert not any(column.personal for table in (PLANS, PLAN_CHANGES) for column in table.columns)


def test_the_moves_of_a_plan_say_where_each_record_of_a_changed_customer_would_be(
    before: tuple[Resolved, PreviousResolution], forth: tuple[Plan, Resolved]
) -> None:
    plan, would_be = forth
    found, _ = before
    then = dict(would_be.ids.customer_ids.select("record_id", "customer_id").iter_rows())
    told = dict(plan.moves.select("record_id", "customer_id").iter_rows())
    assert {record: then[record] for record in told} == told
    now = dict(found.ids.customer_ids.select("record_id", "customer_id").iter_rows())
    assert {record for record in now if now[record] != then[record]} <= told.keys()
    assert {now[record] for record in told} == set(plan.changes["other_customer_id"])


def test_moves_of_the_last_two_plans_are_kept(forth: tuple[Plan, Resolved]) -> None:
    plan, _ = forth
    kept = PLAN_MOVES.empty()
    for name in "abca":
        named = replace(plan, row={**plan.row, "plan_id": name}, moves=plan.moves.with_columns(plan_id=pl.lit(name)))
        kept = with_plan_moves(kept, named)
    assert set(kept["plan_id"]) == {"c", "a"}
    assert kept.height == 2 * plan.moves.height


def test_a_plan_without_records_retires_their_customers_and_moves_them_nowhere(
    known: Known, model: TrainedModel, before: tuple[Resolved, PreviousResolution]
) -> None:
    ids = before[1].customer_ids
    theirs = ids.filter(pl.col("customer_id") == ids["customer_id"][0])["record_id"].to_list()
    members = known.profile_members.filter(~pl.col("record_id").is_in(theirs))
    left = replace(
        known,
        profile_members=members,
        profiles=known.profiles.join(members, on="profile_id", how="semi"),
        records=known.records.filter(~pl.col("record_id").is_in(theirs)),
    )
    plan, would_be = planned(left, model, before)
    assert plan.row["retired"] == 1
    assert plan.row["customers_after"] == plan.row["customers_before"] - 1 + plan.row["split"]
    gone = plan.moves.filter(pl.col("customer_id").is_null())
    assert gone["record_id"].to_list() == sorted(theirs)
    assert not set(theirs) & set(would_be.ids.customer_ids["record_id"])
