from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links import pictures
from cdp_assets.candidate_links.blocking import BLOCKING_RULES, RULES
from cdp_assets.candidate_links.estimates import LEAST_JUDGED, by_threshold, quality, wilson
from cdp_assets.candidate_links.expected import Expected, expected, never_proposed, traps_of_rules
from cdp_assets.candidate_links.labels import no_labelled_pairs
from cdp_assets.candidate_links.sampling import judged_sample, sample, shared_out, strata, with_strata
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.tables import SCORED_PAIRS

MEMBERS_SCHEMA = {"profile_id": pl.Int64, "record_id": pl.String}


def world(count: int = 3000, seed: int = 3, shift: float = 0.0) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Scored pairs whose weights are ``shift`` bits too low, their profiles' records, and the truth of each as labels."""
    rng = np.random.default_rng(seed)
    weights = np.round(np.concatenate([rng.normal(9, 4, count // 2), rng.uniform(-4, 6, count // 2)]), 3)
    truth = rng.random(count) < 1 / (1 + np.exp2(-(weights + shift)))
    left = np.arange(count) * 2 + 1
    pairs = pl.DataFrame(
        {
            "profile_id_l": left,
            "profile_id_r": left + 1,
            "match_weight": weights,
            "household_bits": 0.0,
            "match_probability": 1 / (1 + np.exp2(-weights)),
            "found_by": "SAME_EMAIL",
            "decision": np.where(weights >= 1, "accepted", "review"),
            "reason": "weight",
            "model_version": "m",
        }
    ).filter(pl.col("match_weight") >= -4.25)
    members = pl.DataFrame({"profile_id": np.arange(1, 2 * count + 1)}).with_columns(
        record_id=pl.lit("crm/") + pl.col("profile_id").cast(pl.String)
    )
    labels = pl.DataFrame({"id_l": left, "id_r": left + 1, "is_same": truth, "share": 1.0})
    return SCORED_PAIRS.conform(pairs), members, labels


@pytest.fixture
def blind_model(town_model: TrainedModel) -> TrainedModel:
    """A model that expects nothing below the review weight and nothing lost, so that what is seen is all there is."""
    return replace(town_model, settings="{}")


def judged_of(pairs: pl.DataFrame, members: pl.DataFrame, labels: pl.DataFrame, size: int) -> pl.DataFrame:
    drawn = sample(with_strata(pairs, members), members, size)
    keys = drawn.select(id_l="profile_id_l", id_r="profile_id_r")
    return labels.join(keys, on=["id_l", "id_r"], how="semi")


def test_the_truth_lies_in_the_interval_of_a_judged_sample(blind_model: TrainedModel) -> None:
    inside = 0
    for seed in range(12):
        pairs, members, labels = world(seed=seed, shift=1.5)
        found = quality(pairs, members, judged_of(pairs, members, labels, 150), blind_model)
        truth = pairs.join(labels, left_on=["profile_id_l", "profile_id_r"], right_on=["id_l", "id_r"])
        accepted = truth.filter(pl.col("decision") == "accepted")["is_same"]
        recall = accepted.sum() / truth["is_same"].sum()
        assert found.precision is not None
        assert found.recall is not None
        inside += found.precision.low <= accepted.mean() <= found.precision.high  # type: ignore[operator]
        inside += found.recall.low <= recall <= found.recall.high
    assert inside >= 21  # of 24; over 120 seeds it is 95 in 100


def test_without_a_judged_sample_the_model_speaks_and_says_so(blind_model: TrainedModel) -> None:
    pairs, members, labels = world()
    few = judged_of(pairs, members, labels, LEAST_JUDGED - 1)
    for labelled in (no_labelled_pairs(), few):
        found = quality(pairs, members, labelled, blind_model)
        assert found.is_by_model
        assert found.precision is not None
        accepted = pairs.filter(pl.col("decision") == "accepted")["match_probability"]
        assert found.precision.estimate == pytest.approx(accepted.mean())
        assert found.precision.low < found.precision.estimate < found.precision.high


def test_a_larger_sample_narrows_the_interval_and_holds_the_smaller(blind_model: TrainedModel) -> None:
    pairs, members, labels = world()
    small, large = (judged_of(pairs, members, labels, size) for size in (60, 600))
    assert small.join(large, on=["id_l", "id_r"], how="anti").is_empty()
    narrow, wide = (quality(pairs, members, judged, blind_model).precision for judged in (large, small))
    assert narrow is not None
    assert wide is not None
    assert narrow.high - narrow.low < wide.high - wide.low


def test_judging_the_doubtful_pairs_of_a_queue_is_not_taken_for_a_sample() -> None:
    pairs, members, labels = world()
    placed = with_strata(pairs, members)
    queue = pairs.filter(pl.col("match_weight").is_between(0.5, 1.5)).select(id_l="profile_id_l", id_r="profile_id_r")
    judged = labels.join(queue, on=["id_l", "id_r"], how="semi")
    assert judged.height > 100
    assert judged_sample(placed, judged).height < 0.1 * judged.height


def test_a_sample_is_the_same_in_any_order_of_rows() -> None:
    pairs, members, _ = world()
    shuffled = sample(with_strata(pairs.sample(fraction=1.0, shuffle=True, seed=1), members), members, 80)
    assert shuffled.equals(sample(with_strata(pairs, members), members, 80))


def test_new_pairs_come_in_between_and_leave_the_old_order() -> None:
    pairs, members, _ = world()
    half, whole = (
        sample(with_strata(some, members), members, len(pairs)).select("stratum", "profile_id_l")
        for some in (pairs.head(len(pairs) // 2), pairs)
    )
    kept = whole.join(half, on="profile_id_l", how="semi", maintain_order="left").select("stratum", "profile_id_l")
    assert kept.equals(half)


def test_two_profiles_of_one_record_are_nothing_to_judge() -> None:
    pairs, members, _ = world(100)
    shared = pl.DataFrame([(1, "crm/x"), (2, "crm/x")], schema=MEMBERS_SCHEMA, orient="row")
    placed = with_strata(pairs, pl.concat([members, shared]))
    assert placed.height == pairs.height - 1


def test_a_sample_is_shared_out_whole_and_no_stratum_gives_more_than_it_has() -> None:
    assert shared_out([1000, 3, 50], [0.99999, 0.5, 0.5], 40) == [25, 3, 12]
    assert shared_out([2, 3], [0.5, 0.5], 100) == [2, 3]
    assert shared_out([], [], 5) == []


def test_a_stratum_that_was_judged_whole_is_known() -> None:
    pairs, members, labels = world(400)
    placed = with_strata(pairs, members)
    found = strata(placed, judged_sample(placed, labels))
    assert sum(s.judged for s in found) == sum(s.pairs for s in found) == placed.height


def test_wilsons_interval() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(10, 10)
    assert (low, high) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_precision_and_recall_by_threshold_count_what_each_pair_stands_for() -> None:
    drawn = pl.DataFrame(
        {"match_weight": [9.0, 5.0, 5.0, 1.0], "is_same": [True, True, False, True], "stands_for": [6.0, 2.0, 2.0, 2.0]}
    )
    found = by_threshold(drawn, unseen=2.0)
    assert found["match_weight"].to_list() == [1.0, 5.0, 9.0]
    assert found["precision"].to_list() == pytest.approx([10 / 12, 8 / 10, 1.0])
    assert found["recall"].to_list() == pytest.approx([10 / 12, 8 / 12, 6 / 12])


def test_matches_that_no_rule_proposed_are_estimated_from_those_that_few_did() -> None:
    """Two traps that catch independently with chances .6 and .5 miss a fifth of all."""
    rng = np.random.default_rng(1)
    one = 1 << list(RULES).index("SAME_EMAIL")
    other = 1 << list(RULES).index("SAME_BIRTH_DATE")
    caught = (rng.random(20_000) < 0.6) * one + (rng.random(20_000) < 0.5) * other
    seen = caught[caught > 0]
    lost = int((caught == 0).sum())
    assert never_proposed(np.ones(len(seen)), seen) == pytest.approx(lost, rel=0.1)
    assert never_proposed(np.zeros(len(seen)), seen) == 0.0


def test_every_blocking_rule_is_part_of_one_trap() -> None:
    masks = traps_of_rules()
    assert sum(masks) == (1 << len(BLOCKING_RULES)) - 1
    assert all(one & other == 0 for at, one in enumerate(masks) for other in masks[:at])


def test_what_is_expected_below_a_weight_is_counted_by_bit() -> None:
    weights = np.array([-3.5, -3.5, 0.5, 9.0])
    found = expected(weights, np.ones(4, dtype=np.int64), 2.0)
    assert found.below(-3.0) == pytest.approx(4 / (1 + 2**3.5), abs=1e-3)
    assert found.below(-3.5) == pytest.approx(2 / (1 + 2**3.5), abs=1e-3)
    assert Expected.from_dict(found.as_dict()) == found
    assert expected(np.array([]), np.array([], dtype=np.int64), 1.0) == Expected()


def test_pictures_show_the_curve_and_the_strata_that_were_judged(town_model: TrainedModel) -> None:
    pairs, members, labels = world(400)
    placed = with_strata(pairs, members)
    drawn = judged_sample(placed, labels)
    curve = str(pictures.precision_and_recall_chart(by_threshold(drawn), town_model.accept_weight))
    assert "recall" in curve
    chart = str(pictures.calibration_chart(strata(placed, drawn)))
    assert "accepted, p 0.9 to 0.99" in chart
