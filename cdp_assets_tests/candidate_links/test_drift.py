"""Drift: what the model claims of the data is measured against the data, and only what has moved says that a new version is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from cdp_assets.candidate_links.drift import (
    AGREEMENT,
    FEWEST_NEW,
    FIELDS,
    FILLED,
    GROWTH,
    NEAR,
    RARELY_FILLED,
    SHIFT,
    UNSEEN,
    drift,
    newest,
    stability_index,
    why_drifted,
    with_drift,
)
from cdp_assets.candidate_links.drift_pictures import drift_chart
from cdp_assets.candidate_links.policy import LinkagePolicy, RetrainPolicy
from cdp_assets.candidate_links.scoring import score
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.tables import DRIFT, SCORED_PAIRS
from cdp_assets_tests.candidate_links.frames import FIRST, LAST, TOWNS, profiles, town

pytestmark = pytest.mark.xdist_group("drift")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
POLICY = LinkagePolicy(retrain=RetrainPolicy(always_below_profiles=0))


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return town(300)[0]


@pytest.fixture(scope="module")
def model(people: pl.DataFrame) -> TrainedModel:
    return train(people, POLICY)


@pytest.fixture(scope="module")
def pairs(people: pl.DataFrame, model: TrainedModel) -> pl.DataFrame:
    return score(people, model)


@pytest.fixture(scope="module")
def first(people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel) -> pl.DataFrame:
    return drift(people, pairs, model, DRIFT.empty(), resolution_id="r1", now=NOON)


def measure(rows: pl.DataFrame, name: str, field: str = "all") -> dict[str, float]:
    return rows.filter((pl.col("measure") == name) & (pl.col("field") == field)).row(0, named=True)


def again(rows: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, first: pl.DataFrame) -> pl.DataFrame:
    return drift(rows, pairs, model, first, resolution_id="r2", now=NOON + timedelta(days=1))


def beyond(rows: pl.DataFrame) -> set[tuple[str, str]]:
    return set(rows.filter("is_beyond").select("measure", "field").rows())


def test_the_data_that_a_model_was_trained_on_has_not_drifted(first: pl.DataFrame) -> None:
    assert not beyond(first)
    assert why_drifted(first) == []
    assert set(first["measure"]) == {GROWTH, FIELDS, SHIFT, UNSEEN, FILLED, AGREEMENT, NEAR}
    assert first["drift"].max() == 0.0


def test_another_sample_of_the_same_people_says_nothing(
    people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, first: pl.DataFrame
) -> None:
    half = people.filter(pl.col("profile_id") % 2 == 0)
    theirs = pairs.filter(pl.col("profile_id_l") % 2 == 0, pl.col("profile_id_r") % 2 == 0)
    assert not beyond(again(half, theirs, model, first))


def test_growth_is_told_before_anything_else_has_moved(
    people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, first: pl.DataFrame
) -> None:
    more = people.sample(fraction=0.3, seed=1).with_columns(pl.col("profile_id") + 10_000)
    rows = again(pl.concat([people, more]), pairs, model, first)
    assert measure(rows, GROWTH)["value"] == pytest.approx(0.3, abs=0.01)
    assert (GROWTH, "all") in beyond(rows)
    assert why_drifted(rows)[0].startswith("the data has grown by 30%")


def test_a_town_that_takes_over_shifts_the_frequencies_of_its_field(
    people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, first: pl.DataFrame
) -> None:
    moved = people.with_columns(
        city=pl.when(pl.col("profile_id") % 10 < 7).then(pl.lit(TOWNS[0])).otherwise(pl.col("city"))
    )
    assert beyond(again(moved, pairs, model, first)) == {(SHIFT, "city")}


def test_new_values_count_only_where_they_are_not_rare(
    people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, first: pl.DataFrame
) -> None:
    new = pl.col("profile_id") % 4 == 0
    rare = people.with_columns(
        last_name=pl.when(new).then(pl.format("neu{}", "profile_id")).otherwise(pl.col("last_name"))
    )
    assert measure(again(rare, pairs, model, first), UNSEEN, "last_name")["value"] == 0.0
    common = people.with_columns(last_name=pl.when(new).then(pl.lit("nowak")).otherwise(pl.col("last_name")))
    rows = again(common, pairs, model, first)
    assert measure(rows, UNSEEN, "last_name")["value"] == pytest.approx(0.25, abs=0.01)
    assert (UNSEEN, "last_name") in beyond(rows)


def test_a_field_that_is_filled_less_says_so_and_one_that_empties_is_no_longer_compared(
    people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, first: pl.DataFrame
) -> None:
    nothing = pl.lit(None, dtype=pl.String)
    less = people.with_columns(
        date_of_birth=pl.when(pl.col("profile_id") % 3 > 0).then("date_of_birth").otherwise(nothing)
    )
    rows = again(less, pairs, model, first)
    assert measure(rows, FILLED, "date_of_birth")["drift"] == pytest.approx(0.3, abs=0.05)
    assert beyond(rows) == {(FILLED, "date_of_birth")}
    gone = again(people.with_columns(date_of_birth=nothing), pairs, model, first)
    assert measure(gone, FIELDS)["drift"] == 1.0


def test_pairs_that_agree_at_other_levels_are_a_drift_from_the_first_resolution_not_from_m(
    people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, first: pl.DataFrame
) -> None:
    misspelt = people.with_columns(
        last_name=pl.when(pl.col("profile_id") % 2 == 0)
        .then(pl.col("last_name").str.slice(0, 3) + pl.lit("x") + pl.col("last_name").str.slice(4))
        .otherwise(pl.col("last_name"))
    )
    rows = again(misspelt, pairs, model, first)
    assert (AGREEMENT, "last_name") in beyond(rows)
    assert (AGREEMENT, "first_name") not in beyond(rows)
    assert measure(first, AGREEMENT, "last_name")["value"] > 0.0


def test_more_pairs_near_the_threshold_are_told(
    people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, first: pl.DataFrame
) -> None:
    doubtful = pairs.with_columns(
        match_weight=pl.when(pl.col("profile_id_l") % 4 == 0)
        .then(model.accept_weight)
        .otherwise(pl.col("match_weight"))
    )
    assert beyond(again(people, doubtful, model, first)) == {(NEAR, "all")}


def with_jobs(people: pl.DataFrame, share: float) -> pl.DataFrame:
    """A share of the profiles tell a job, each another one."""
    number = pl.int_range(people.height)
    return people.with_columns(job_title=pl.when(number < share * people.height).then(pl.format("job {}", number)))


def test_a_field_that_hardly_anybody_fills_says_nothing_by_coming(
    people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, first: pl.DataFrame
) -> None:
    assert "job_title" not in model.fields
    rarely, often = (again(with_jobs(people, RARELY_FILLED * times), pairs, model, first) for times in (0.7, 1.6))
    assert measure(rarely, FIELDS)["value"] == measure(often, FIELDS)["value"] == len(model.fields) + 1
    assert (measure(rarely, FIELDS)["drift"], measure(often, FIELDS)["drift"]) == (0.0, 1.0)


@pytest.mark.parametrize(("times", "drifted"), [(0.7, 0.0), (1.6, 1.0)])
def test_a_field_that_hardly_anybody_filled_says_nothing_by_going(
    people: pl.DataFrame, pairs: pl.DataFrame, times: float, drifted: float
) -> None:
    before = with_jobs(people, RARELY_FILLED * times)
    model = train(before, POLICY)
    assert "job_title" in model.fields
    first = drift(before, pairs, model, DRIFT.empty(), resolution_id="r1", now=NOON)
    assert measure(first, FIELDS)["drift"] == 0.0
    assert measure(again(people, pairs, model, first), FIELDS)["drift"] == drifted


def test_a_key_says_so_from_the_first_few_that_carry_it(pairs: pl.DataFrame) -> None:
    people, _ = town(700)
    model = train(people, POLICY)
    assert "identifier" not in model.fields
    assert RARELY_FILLED * people.height > FEWEST_NEW
    first = drift(people, pairs.clear(), model, DRIFT.empty(), resolution_id="r1", now=NOON)
    for carriers, drifted in ((FEWEST_NEW - 1, 0.0), (FEWEST_NEW, 1.0)):
        numbers = [[f"loyalty_id={number}"] if number < carriers else [] for number in range(people.height)]
        carried = people.with_columns(identifiers=pl.Series(numbers, dtype=pl.List(pl.String)))
        assert measure(again(carried, pairs.clear(), model, first), FIELDS)["drift"] == drifted


def test_large_data_is_measured_on_a_sample(
    people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cdp_assets.candidate_links import drift as module

    monkeypatch.setattr(module, "SAMPLED_PROFILES", people.height // 2)
    monkeypatch.setattr(module, "COMPARED_PAIRS", pairs.height // 2)
    rows = drift(people, pairs, model, DRIFT.empty(), resolution_id="r", now=NOON)
    assert not beyond(rows)
    assert set(rows["measure"]) == {GROWTH, FIELDS, SHIFT, UNSEEN, FILLED, AGREEMENT, NEAR}


def test_a_threshold_that_somebody_moves_is_no_drift(
    people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, first: pl.DataFrame
) -> None:
    stricter = replace(model, accept_weight=model.accept_weight + 12.0)
    rows = again(people, pairs, stricter, first)
    assert measure(rows, NEAR)["value"] != measure(first, NEAR)["value"]
    assert rows["drift"].max() == 0.0


def test_limits_are_the_policys(people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel) -> None:
    limits = drift(people, pairs, model, DRIFT.empty(), resolution_id="r", now=NOON).to_dicts()
    asked = model.policy.retrain
    assert {row["limit"] for row in limits if row["measure"] == GROWTH} == {asked.when_grown_by}
    assert {row["limit"] for row in limits if row["measure"] == FILLED} == {asked.drift.filled_share}


def test_few_values_are_not_measured_because_chance_moves_them() -> None:
    few = town(30)[0]
    trained = train(few, POLICY)
    rows = drift(few, score(few, trained), trained, DRIFT.empty(), resolution_id="r", now=NOON)
    assert set(rows["measure"]) == {GROWTH, FIELDS}


def test_two_samples_of_one_population_have_no_stability_index_beyond_chance() -> None:
    values = [f"v{number}" for number in range(100)]
    even = pl.DataFrame(
        {"value": values, "frequency": [0.01] * 100, "count": [10 + number % 3 for number in range(100)]}
    )
    assert stability_index(even, 1_000) == 0.0
    tilted = even.with_columns(count=pl.int_range(1, 101))
    assert stability_index(tilted, 1_000) > 0.25


def test_the_order_of_rows_changes_no_measure(people: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel) -> None:
    shuffled = people.sample(fraction=1.0, shuffle=True, seed=3)
    one = drift(people, pairs, model, DRIFT.empty(), resolution_id="r", now=NOON)
    assert drift(shuffled, pairs.reverse(), model, DRIFT.empty(), resolution_id="r", now=NOON).equals(one)


def test_history_keeps_the_first_resolution_of_the_version_in_use(first: pl.DataFrame) -> None:
    history = first
    for number in range(2, 420):
        later = first.with_columns(
            resolution_id=pl.lit(f"r{number}"), measured_at=pl.lit(NOON + timedelta(days=number))
        )
        history = with_drift(history, later.cast({"measured_at": DRIFT.schema["measured_at"]}))
    assert history.filter(pl.col("resolution_id") == "r1").equals(first)
    assert history["resolution_id"].n_unique() == 401
    assert newest(history)["resolution_id"].unique().to_list() == ["r419"]


def test_a_resolution_measured_again_replaces_its_rows(first: pl.DataFrame) -> None:
    assert with_drift(first, first).equals(first.sort("measured_at", "resolution_id", "measure", "field"))


def test_neither_reasons_nor_picture_hold_a_value_of_the_data(first: pl.DataFrame) -> None:
    told = " ".join(first["says"]) + str(drift_chart(first))
    assert not [word for word in (*FIRST, *LAST, *TOWNS) if word in told]


def test_data_of_names_that_few_have_has_not_moved_from_itself() -> None:
    """The model counts a name's profiles beside the one that is compared: so has today's data to be counted."""
    few = profiles(*({"first_name": FIRST[n % 20], "last_name": f"name{n // 2}"} for n in range(400)))
    model = train(few, POLICY)
    rows = again(few, SCORED_PAIRS.empty(), model, DRIFT.empty())
    for field in ("first_name", "last_name"):
        assert measure(rows, SHIFT, field)["value"] == pytest.approx(0.0, abs=1e-9)
