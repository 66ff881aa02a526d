"""Versions of the model: kept, found again, and when the next is due."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from cdp_assets.candidate_links.models import (
    SMALL_DATA,
    ModelChoice,
    Scorer,
    in_use,
    proposed,
    version_of,
    which_scores,
    with_frequencies_of,
    with_proposal,
    with_version,
)
from cdp_assets.candidate_links.policy import LinkagePolicy, RetrainPolicy
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.tables import LINKAGE_MODEL, LINKAGE_PROFILES, TERM_FREQUENCIES

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
PATIENT = LinkagePolicy(retrain=RetrainPolicy(always_below_profiles=0))


def profiles(count: int, **constant: str | None) -> pl.DataFrame:
    names = ["ana", "ben", "cleo", "dov", "eve", "finn", "gil", "hana"]
    rows = [
        {
            "profile_id": n + 1,
            "first_name": names[n % 8],
            "first_name_root": names[n % 8],
            "last_name": f"smith{n // 2}",
            "date_of_birth": f"19{60 + n % 30}-0{1 + n % 9}-11",
            "emails": [],
            "phones": [],
            "identifiers": [],
            "records": 1,
            **constant,
        }
        for n in range(count)
    ]
    return pl.DataFrame(rows, schema=LINKAGE_PROFILES.schema)


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    return train(profiles(80), PATIENT)


@pytest.fixture(scope="module")
def other() -> TrainedModel:
    return train(profiles(60), PATIENT)


@dataclass
class Kept:
    """The two tables of the model, as resolutions and trainings leave them; each is a day after the last."""

    models: pl.DataFrame = field(default_factory=LINKAGE_MODEL.empty)
    frequencies: pl.DataFrame = field(default_factory=TERM_FREQUENCIES.empty)
    days: int = 0

    def put(self, model: TrainedModel, *, proposal: bool = False) -> Kept:
        keep = with_proposal if proposal else with_version
        self.models = LINKAGE_MODEL.conform(keep(self.models, model, NOON + timedelta(days=self.days)))
        self.frequencies = with_frequencies_of(self.frequencies, self.models, model)
        self.days += 1
        return self

    def scorer(self, choice: ModelChoice | None = None, count: int = 80, policy: LinkagePolicy = PATIENT) -> Scorer:
        return which_scores(self.models, self.frequencies, profiles(count), policy, choice)

    def chosen(self, model: TrainedModel, by: str | None = "ada") -> ModelChoice:
        return ModelChoice(model.model_version, by, NOON + timedelta(days=self.days))


def name(model: TrainedModel | None) -> str | None:
    return None if model is None else model.model_version


def test_a_proposal_waits_beside_the_version_in_use_through_every_resolution(
    trained: TrainedModel, other: TrainedModel
) -> None:
    kept = Kept().put(trained).put(other, proposal=True)
    for _ in range(2):
        assert name(in_use(kept.models, kept.frequencies, PATIENT)) == trained.model_version
        found = proposed(kept.models, kept.frequencies, PATIENT)
        assert found is not None
        assert found.term_frequencies.height == other.term_frequencies.height
        kept.put(trained)  # what a resolution does


def test_a_newer_proposal_replaces_an_older_one_and_the_version_in_use_is_none(
    trained: TrainedModel, other: TrainedModel
) -> None:
    third = train(profiles(70), PATIENT)
    kept = Kept().put(trained).put(other, proposal=True).put(third, proposal=True)
    assert name(proposed(kept.models, kept.frequencies, PATIENT)) == third.model_version
    kept.put(trained, proposal=True)
    assert proposed(kept.models, kept.frequencies, PATIENT) is None
    assert name(in_use(kept.models, kept.frequencies, PATIENT)) == trained.model_version


def test_what_was_chosen_scores_from_the_next_resolution_on(trained: TrainedModel, other: TrainedModel) -> None:
    kept = Kept().put(trained).put(other, proposal=True)
    assert name(kept.scorer().model) == trained.model_version
    choice = kept.chosen(other)
    by_a_person = kept.scorer(choice)
    assert (name(by_a_person.model), by_a_person.is_pinned, by_a_person.must_train) == (
        other.model_version,
        True,
        None,
    )
    by_policy = kept.scorer(kept.chosen(other, by=None))
    assert (name(by_policy.model), by_policy.is_pinned) == (other.model_version, False)
    kept.put(other)
    assert proposed(kept.models, kept.frequencies, PATIENT) is None
    assert kept.scorer(choice).is_pinned


def test_small_data_is_trained_in_each_resolution_unless_a_person_has_pinned_a_version(trained: TrainedModel) -> None:
    kept = Kept().put(trained)
    assert kept.scorer(policy=LinkagePolicy()).must_train == SMALL_DATA
    assert kept.scorer(kept.chosen(trained, by=None), policy=LinkagePolicy()).must_train == SMALL_DATA
    assert kept.scorer(kept.chosen(trained), policy=LinkagePolicy()).must_train is None
    released = ModelChoice(None, "ada", NOON + timedelta(days=9))
    assert kept.scorer(released, policy=LinkagePolicy()).must_train == SMALL_DATA


def test_data_that_has_grown_keeps_its_version_until_another_is_chosen(trained: TrainedModel) -> None:
    scorer = Kept().put(trained).scorer(count=200)
    assert (name(scorer.model), scorer.must_train) == (trained.model_version, None)


def test_a_choice_gives_way_to_what_came_into_use_after_it(trained: TrainedModel, other: TrainedModel) -> None:
    kept = Kept().put(trained).put(other, proposal=True)
    choice = kept.chosen(other)
    kept.days += 1
    kept.put(train(profiles(70), PATIENT))  # as a release does that can not read the chosen one
    scorer = kept.scorer(choice)
    assert name(scorer.model) not in (other.model_version, trained.model_version)
    assert not scorer.is_pinned


def _of_other_levels(content: dict[str, Any]) -> None:
    content["parameters"]["shares"]["first_name"]["m"] = [0.5, 0.5]


def _of_other_blocks(content: dict[str, Any]) -> None:
    for report in content["blocking"]:
        del report["finer_cap"]


@pytest.mark.parametrize("differ", [_of_other_levels, _of_other_blocks])
def test_a_version_that_this_release_can_not_read_is_trained_anew_whoever_chose_it(
    trained: TrainedModel, differ: Callable[[dict[str, Any]], None]
) -> None:
    content = json.loads(trained.settings)
    differ(content)
    unreadable = replace(trained, settings=json.dumps(content))
    kept = Kept().put(unreadable)
    assert "of another release" in str(kept.scorer(kept.chosen(unreadable)).must_train)


def test_the_first_version_is_trained_whatever_was_chosen() -> None:
    assert Kept().scorer(ModelChoice("gone", "ada", NOON)).must_train == "there is no model yet"


def test_the_versions_in_use_and_proposed_are_kept_whole_however_many_are_newer(
    trained: TrainedModel, other: TrainedModel
) -> None:
    kept = Kept().put(trained).put(other, proposal=True)
    for number in range(8):
        kept.put(replace(other, model_version=f"newer {number}"), proposal=True)
    last = proposed(kept.models, kept.frequencies, PATIENT)
    assert name(last) == "newer 7"
    found = in_use(kept.models, kept.frequencies, PATIENT)
    assert found is not None
    assert found.term_frequencies.height == trained.term_frequencies.height
    assert version_of(other.model_version, kept.models, kept.frequencies, PATIENT) is None
    assert kept.frequencies["model_version"].n_unique() == 5


def test_a_table_from_before_there_were_proposals_is_read(trained: TrainedModel) -> None:
    kept = Kept().put(trained)
    former = kept.models.with_columns(
        is_proposed=pl.lit(None, dtype=pl.Boolean), in_use_since=pl.lit(None, dtype=kept.models.schema["in_use_since"])
    )
    kept.models = former
    assert name(kept.scorer().model) == trained.model_version
    assert proposed(former, kept.frequencies, PATIENT) is None
    assert kept.put(trained).models["is_proposed"].to_list() == [False]


def test_when_to_train_is_no_part_of_what_was_trained(trained: TrainedModel) -> None:
    eager = LinkagePolicy(retrain=RetrainPolicy(when_grown_by=0.01, always_below_profiles=0))
    assert train(profiles(80), eager).model_version == trained.model_version


def test_a_version_is_found_again_as_it_was_stored(trained: TrainedModel) -> None:
    models = with_version(LINKAGE_MODEL.empty(), trained, NOON)
    frequencies = with_frequencies_of(TERM_FREQUENCIES.empty(), models, trained)
    found = in_use(LINKAGE_MODEL.conform(models), frequencies, PATIENT)
    assert found is not None
    assert (found.model_version, found.settings, found.fields) == (
        trained.model_version,
        trained.settings,
        trained.fields,
    )
    order = ["field", "value"]
    assert found.term_frequencies.sort(order).equals(
        trained.term_frequencies.sort(order).select(found.term_frequencies.columns)
    )


def test_training_the_same_again_adds_no_version(trained: TrainedModel) -> None:
    once = with_version(LINKAGE_MODEL.empty(), trained, NOON)
    twice = with_version(once, trained, NOON + timedelta(days=1))
    assert twice.equals(once)


def test_one_version_is_in_use(trained: TrainedModel) -> None:
    other = train(profiles(60), PATIENT)
    models = with_version(with_version(LINKAGE_MODEL.empty(), trained, NOON), other, NOON + timedelta(days=1))
    assert models.filter("is_in_use")["model_version"].to_list() == [other.model_version]
    assert models.height == 2


def test_todays_policy_sets_the_thresholds(trained: TrainedModel) -> None:
    models = with_version(LINKAGE_MODEL.empty(), trained, NOON)
    frequencies = with_frequencies_of(TERM_FREQUENCIES.empty(), models, trained)
    strict = in_use(models, frequencies, LinkagePolicy(accept_probability=0.99))
    assert strict is not None
    assert strict.accept_weight > trained.accept_weight
