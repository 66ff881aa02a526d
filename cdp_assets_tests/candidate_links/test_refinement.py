from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links.comparisons import BY_NAME
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.explain import JUDGED, explain, match_weight
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.refinement import WORTH_OF_MODEL, LabelledPairs, Refinement
from cdp_assets.candidate_links.scoring import score
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.candidate_links.weights import ComparedPairs, prior_parameters
from cdp_assets_tests.candidate_links.frames import town

pytestmark = pytest.mark.xdist_group("refinement")
"""On one worker: the judged town's model is trained once."""

LEVELS = len(BY_NAME["last_name"].scored)
SAME, DIFFERENT = LEVELS - 1, 0


def pairs(gamma: list[int]) -> ComparedPairs:
    ids = pl.DataFrame({"id_l": range(len(gamma)), "id_r": range(1, len(gamma) + 1)})
    return ComparedPairs(ids, {"last_name": np.array(gamma)}, {"last_name": np.full(len(gamma), np.nan)})


def refinement(candidates: list[int], labelled: list[int], is_same: list[bool], known: list[int]) -> Refinement:
    labels = LabelledPairs(
        pairs(labelled), np.ones(len(labelled), dtype=np.int64), np.array(is_same), np.ones(len(labelled))
    )
    parameters = prior_parameters([BY_NAME["last_name"]], 0.01, 0.001)
    return Refinement.under(parameters, labels, pairs(candidates), np.array(known))


def test_a_labelled_pair_is_certain_and_its_stratum_follows_by_how_many_are_labelled() -> None:
    refined = refinement([SAME] * 100 + [DIFFERENT] * 100, [SAME] * 30, [False] * 30, [0] * 30 + [-1] * 170)
    model = np.array([0.5] * 100 + [0.2] * 100)
    corrected = refined.corrected(model)
    assert (corrected[:30] == 0).all()
    assert (corrected[30:100] < 0.35).all()
    assert corrected[100:] == pytest.approx(model[100:])  # nobody judged a pair as unlike as these


def test_judging_doubtful_matches_only_does_not_make_people_look_as_if_they_hardly_agreed() -> None:
    """What `estimate_m_from_pairwise_labels` would make of a review queue: m of `different` near one."""
    refined = refinement([SAME] * 900 + [DIFFERENT] * 100, [DIFFERENT] * 50, [True] * 50, [-1] * 1000)
    of_match = np.array([1.0] * 900 + [0.2] * 100)
    everything = np.ones(1000, dtype=bool)
    gamma = np.array([SAME] * 900 + [DIFFERENT] * 100)
    counts = refined.level_counts("last_name", LEVELS, gamma, of_match, everything, np.ones(50, dtype=bool))
    assert counts[-1] / counts.sum() == pytest.approx(20 / 920, abs=1e-9)


def test_labelled_matches_say_how_matches_of_their_stratum_spread() -> None:
    candidates = pairs([SAME, DIFFERENT])
    labels = LabelledPairs(pairs([SAME] * 30), np.ones(30, dtype=np.int64), np.ones(30, dtype=bool), np.ones(30))
    one_stratum = np.zeros(2, dtype=np.int64)
    refined = Refinement(labels, one_stratum, np.zeros(30, dtype=np.int64), np.array([-1, -1]))
    gamma = candidates.gammas["last_name"]
    counts = refined.level_counts(
        "last_name", LEVELS, gamma, np.array([5.0, 5.0]), np.ones(2, dtype=bool), np.ones(30, dtype=bool)
    )
    assert counts.sum() == pytest.approx(10.0)
    assert counts[0] == pytest.approx(10.0 * (30 + 0.5 * WORTH_OF_MODEL) / (30 + WORTH_OF_MODEL))


@pytest.fixture(scope="module")
def judged_town() -> tuple[pl.DataFrame, pl.DataFrame, TrainedModel]:
    profiles, whose = town()
    model = train(profiles, LinkagePolicy(), DuckDBEngine(threads=1))
    scored = score(profiles, model, DuckDBEngine(threads=1)).head(60)
    labelled = scored.select(
        id_l="profile_id_l",
        id_r="profile_id_r",
        is_same=pl.Series(
            [whose[left] == whose[right] for left, right in scored.select("profile_id_l", "profile_id_r").rows()]
        ),
        share=pl.lit(1.0),
    )
    return profiles, labelled, train(profiles, LinkagePolicy(), DuckDBEngine(threads=1), labelled)


def test_a_model_says_that_judged_pairs_refined_it(
    judged_town: tuple[pl.DataFrame, pl.DataFrame, TrainedModel], town_model: TrainedModel
) -> None:
    _, _, model = judged_town
    assert any("60 judged or labelled pairs" in note for note in model.notes)
    assert 0 < model.calibration.judged <= 60
    assert model.model_version != town_model.model_version
    assert town_model.calibration.changes_nothing


def test_labels_in_any_order_give_the_same_model(
    judged_town: tuple[pl.DataFrame, pl.DataFrame, TrainedModel],
) -> None:
    profiles, labelled, model = judged_town
    shuffled = labelled.sample(fraction=1.0, shuffle=True, seed=3)
    assert train(profiles, LinkagePolicy(), DuckDBEngine(threads=2), shuffled).settings == model.settings


def test_labels_of_pairs_that_no_rule_proposes_change_nothing(
    town_model: TrainedModel, town_profiles: pl.DataFrame
) -> None:
    far = pl.DataFrame({"id_l": [-5], "id_r": [-4], "is_same": [True], "share": [1.0]})
    assert train(town_profiles, LinkagePolicy(), DuckDBEngine(threads=1), far).model_version == town_model.model_version


def test_the_rows_of_an_explanation_add_up_to_the_weight_that_judgements_have_moved(
    judged_town: tuple[pl.DataFrame, pl.DataFrame, TrainedModel],
) -> None:
    profiles, _, model = judged_town
    engine = DuckDBEngine(threads=1)
    row = score(profiles, model, engine).row(3, named=True)
    one, other = (profiles.filter(pl.col("profile_id") == row[side]) for side in ("profile_id_l", "profile_id_r"))
    evidence = explain(one, other, model, engine)
    assert evidence[-1].comparison == JUDGED
    assert match_weight(evidence) == pytest.approx(row["match_weight"], abs=1e-4)
