"""One trained model of a little town, for all tests that need some model."""

from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets_tests.candidate_links.frames import town


@pytest.fixture(scope="session")
def town_profiles() -> pl.DataFrame:
    return town()[0]


@pytest.fixture(scope="session")
def town_model(town_profiles: pl.DataFrame) -> TrainedModel:
    return train(town_profiles, LinkagePolicy())
