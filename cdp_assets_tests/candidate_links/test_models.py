"""Versions of the model: kept, found again, and when the next is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from cdp_assets.candidate_links.models import in_use, why_due, with_frequencies_of, with_version
from cdp_assets.candidate_links.policy import LinkagePolicy, RetrainPolicy
from cdp_assets.candidate_links.training import TrainedModel, train
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


def test_when_a_new_version_is_due(trained: TrainedModel) -> None:
    assert why_due(None, profiles(80), PATIENT) is not None
    assert why_due(trained, profiles(80), PATIENT) is None
    assert why_due(trained, profiles(99), PATIENT) is None
    assert why_due(trained, profiles(101), PATIENT) == "the data has grown"
    assert why_due(trained, profiles(80), LinkagePolicy()) is not None  # small data is always trained anew
    assert why_due(trained, profiles(80, date_of_birth=None), PATIENT) == "the fields that are filled have changed"
