from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links import training
from cdp_assets.candidate_links.comparisons import BY_NAME
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.training import TrainedModel, random_pairs, train
from cdp_assets.candidate_links.weights import prior_parameters
from cdp_assets_tests.candidate_links.frames import FIRST, profiles, town


def test_the_same_model_from_rows_in_any_order_and_any_threads(
    town_profiles: pl.DataFrame, town_model: TrainedModel
) -> None:
    shuffled = town_profiles.sample(fraction=1.0, shuffle=True, seed=5)
    other = train(shuffled, LinkagePolicy(), DuckDBEngine(threads=2))
    assert other.model_version == town_model.model_version
    assert other.settings == town_model.settings
    assert other.term_frequencies.equals(town_model.term_frequencies)


def test_parameters_are_shares_and_exact_levels_speak_for_a_match(town_model: TrainedModel) -> None:
    parameters = town_model.parameters
    for name, shares in parameters.shares.items():
        assert sum(shares.m) == pytest.approx(1.0, abs=1e-6)
        assert sum(shares.u) == pytest.approx(1.0, abs=1e-6)
        for at, level in enumerate(BY_NAME[name].scored):
            if BY_NAME[name].prior(level).exact:
                assert shares.m[at] > shares.u[at], (name, level.name)


def test_the_share_of_matches_is_that_of_the_data(town_profiles: pl.DataFrame, town_model: TrainedModel) -> None:
    _, whose = town()
    people = list(whose.values())
    true_pairs = sum(people[a] == people[b] for a in range(len(people)) for b in range(a))
    count = len(town_profiles)
    assert town_model.parameters.matches * count * (count - 1) / 2 == pytest.approx(true_pairs, rel=0.15)


def test_a_handful_of_profiles_leaves_the_prior_and_says_so() -> None:
    few = profiles(
        {"first_name": "anna", "last_name": "adler", "city": "york"},
        {"first_name": "hugo", "last_name": "vogt", "city": "leeds"},
        {"first_name": "rosa", "last_name": "keller", "city": "bath"},
    )
    model = train(few, LinkagePolicy(), DuckDBEngine(threads=1))
    assert any("prior parameters stand" in note for note in model.notes)
    comparisons = [BY_NAME[name] for name in model.fields]
    expected = prior_parameters(comparisons, 0.1, 0.1).shares["last_name"]
    assert model.parameters.shares["last_name"].m == pytest.approx(expected.m, rel=1e-6)


def test_nothing_to_compare_is_a_model_that_links_nothing() -> None:
    model = train(profiles({}, {}), LinkagePolicy(), DuckDBEngine(threads=1))
    assert model.fields == ()
    assert any("no field is filled" in note for note in model.notes)


def test_an_exact_level_that_speaks_against_a_match_gets_its_prior_back() -> None:
    comparison = BY_NAME["last_name"]
    prior = prior_parameters([comparison], 0.01, 0.001)
    wrong = prior.shares["last_name"].__class__(
        m=(0.0001, 0.1, 0.1, 0.1, 0.6999), u=prior.shares["last_name"].u, h=None
    )
    checked, notes = training._checked(prior.with_shares("last_name", wrong), prior, comparison)
    assert checked.shares["last_name"] == prior.shares["last_name"]
    assert "the prior stands" in notes[0]


def test_estimation_that_does_not_settle_leaves_the_prior(
    town_profiles: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MAX_ROUNDS", 1)
    monkeypatch.setattr(training, "CONVERGED", 1e-9)
    model = train(town_profiles, LinkagePolicy(), DuckDBEngine(threads=1))
    assert any("still moving" in note for note in model.notes)
    prior = prior_parameters([BY_NAME["last_name"]], 0.1, 0.1).shares["last_name"]
    assert model.parameters.shares["last_name"].m == pytest.approx(prior.m, rel=1e-6)


def test_relatives_are_not_taken_for_misspelt_matches() -> None:
    """Families at one address, no date of birth: matches with different first names stay below the bound."""
    rng = np.random.default_rng(2)
    rows: list[dict[str, Any]] = []
    for home in range(60):
        last = "".join(rng.choice(list("abdefgklmnorstu"), 7))
        place = {"street": "".join(rng.choice(list("abdefgklmnorstu"), 9)), "house_number": str(home), "city": "york"}
        for first in rng.choice(FIRST, 3, replace=False):
            rows += [{"first_name": str(first), "last_name": last, **place}] * 2
    model = train(profiles(*rows), LinkagePolicy(), DuckDBEngine(threads=1))
    assert model.parameters.shares["first_name"].m[-1] <= training.MOST_FIRST_NAMES_DIFFER_UNSUPPORTED + 1e-6
    assert model.parameters.households > model.parameters.matches > 0


def test_a_class_of_pairs_that_are_hardly_ever_the_same_is_not_people() -> None:
    comparisons = [BY_NAME["last_name"], BY_NAME["phone"], BY_NAME["sex"]]
    prior = prior_parameters(comparisons, 0.01, 0.001)
    parameters = prior
    for name in ("last_name", "phone"):
        shares = prior.shares[name]
        alike = (0.01, 0.01, *(0.98 / (len(shares.m) - 2) for _ in shares.m[2:]))
        parameters = parameters.with_shares(name, type(shares)(alike, shares.u, shares.h))
    assert training._strange(prior, prior, comparisons) == []
    assert training._strange(parameters, prior, comparisons) == ["last_name", "phone"]


def test_swapped_names_are_no_rarer_by_chance_than_agreeing_ones(town_model: TrainedModel) -> None:
    first, last = (town_model.parameters.shares[name] for name in ("first_name", "last_name"))
    swapped = [level.name for level in BY_NAME["first_name"].scored].index("first and last name swapped")
    assert first.u[swapped] >= 0.999 * first.u[0] * last.u[0]


def test_random_pairs_are_pairs_and_the_same_every_time() -> None:
    ids = pl.Series([int(x) for x in np.arange(1, 400) * 7_919])
    pairs = random_pairs(ids, 1_000)
    assert 700 < len(pairs) <= 1_000
    assert (pairs["id_l"] < pairs["id_r"]).all()
    assert pairs.equals(random_pairs(ids.sample(fraction=1.0, shuffle=True, seed=1), 1_000))
    assert len(random_pairs(pl.Series([1, 2, 3, 4]), 1_000)) >= 4


def test_settings_say_what_was_chosen_and_why(town_model: TrainedModel) -> None:
    content = json.loads(town_model.settings)
    reasons = {row["name"]: row["reason"] for row in content["comparisons"]}
    assert "of profiles filled" in reasons["date_of_birth"]
    assert "phone" not in town_model.fields
    assert {row["rule"] for row in content["blocking"]} >= {"SAME_EMAIL", "SAME_BIRTH_DATE"}


def test_no_value_of_a_person_is_in_settings_or_notes(town_profiles: pl.DataFrame, town_model: TrainedModel) -> None:
    said = town_model.settings + " ".join(town_model.notes)
    for column in ("last_name", "street", "date_of_birth"):
        for value in town_profiles[column].drop_nulls().unique():
            assert value not in said
