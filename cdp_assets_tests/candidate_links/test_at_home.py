"""Households are counted, and expected, among the pairs that can show one."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links.at_home import Showing, showing, shows_a_home
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.comparisons import ADDRESS, EMAIL, LAST_NAME, PHONE
from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.scoring import score
from cdp_assets.candidate_links.source_pairs import pairs_of_profiles
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.candidate_links.weights import ComparedPairs
from cdp_assets_tests.candidate_links.frames import families, profiles, scattered

HOME, MAIL, CALL = {"street": "mill lane", "city": "york"}, {"emails": ["a@x.example"]}, {"phones": ["+4915112345"]}
FILLED: list[dict[str, Any]] = [
    {**HOME, **MAIL, "sources": "crm"},
    {**HOME, "sources": "crm"},
    {**CALL, "sources": "shop"},
    {**MAIL, **CALL, "sources": "shop"},
    {"sources": "shop"},
    {"sources": "forum"},
    {"sources": "forum"},
]


def test_pairs_that_fill_something_of_a_home_in_common_can_show_one() -> None:
    frame, told = comparable(profiles(*FILLED)), [LAST_NAME, ADDRESS, EMAIL, PHONE]
    found = showing(frame, told, pairs_of_profiles(frame.get_column("sources")))

    def can(one: dict[str, Any], other: dict[str, Any]) -> bool:
        return bool({*one} & {*other} & {"city", "emails", "phones"})

    # With themselves too: many profiles are meant.
    everyone = [can(one, other) for one, other in itertools.product(FILLED, repeat=2)]
    assert found.of_all == pytest.approx(np.mean(everyone))
    for (one, other), share in found.of_sources.items():
        of = [[row for row in FILLED if row["sources"] == source] for source in (one, other)]
        assert share == pytest.approx(np.mean([can(left, right) for left, right in itertools.product(*of)]))
    assert found.of_sources["forum", "forum"] == found.of_sources["crm", "forum"] == 0.0


def test_profiles_of_several_sources_count_for_each() -> None:
    frame = comparable(profiles({**HOME, "sources": "crm,shop"}, {"sources": "shop"}))
    found = showing(frame, [ADDRESS], {("crm", "crm"): 1.0, ("crm", "shop"): 1.0})
    assert found.of_sources == {("crm", "crm"): 1.0, ("crm", "shop"): 0.5}
    assert found.of_all == 0.25


def test_where_nothing_of_a_home_is_compared_any_pair_may_show_one() -> None:
    frame = comparable(profiles(*FILLED))
    assert showing(frame, [LAST_NAME], {("crm", "shop"): 6.0}) == Showing(1.0, {("crm", "shop"): 1.0})
    ids = pl.DataFrame({"id_l": [1, 1, 2], "id_r": [2, 3, 3]})
    assert shows_a_home(ComparedPairs(ids, {"last_name": np.array([-1, 0, 1])}, {})).tolist() == [True] * 3
    of_homes = {"last_name": np.array([1, 1, 1]), "address": np.array([-1, 0, 3]), "phone": np.array([-1, -1, 0])}
    assert shows_a_home(ComparedPairs(ids, of_homes, {})).tolist() == [False, True, True]


# -- a register that tells no addresses, beside forms that do ---------------------------------------------------------

REGISTERED = ("first_name", "middle_name", "last_name", "identifiers")


@pytest.fixture(scope="module")
def forms_and_register() -> pl.DataFrame:
    """Everybody is in the register, by names and number; in every tenth family the second member's form has the first one's number."""
    rows: list[dict[str, Any]] = []
    for at, family in enumerate(families()):
        numbers = [f"tax={scattered(3 * at + nth)}" for nth in range(3)]
        for nth, member in enumerate(family):
            own = member | {"identifiers": [numbers[nth]]}
            rows.append({name: own[name] for name in REGISTERED} | {"sources": "register"})
            borrowed = {"identifiers": [numbers[0]]} if at % 10 == 0 and nth == 1 else {}
            form = own | borrowed | {"sources": "forms"}
            rows.append({name: value for name, value in form.items() if name != "date_of_birth"})
    return profiles(*rows)


@pytest.fixture(scope="module")
def model(forms_and_register: pl.DataFrame) -> TrainedModel:
    return train(forms_and_register, LinkagePolicy())


def test_sources_between_which_no_household_shows_are_not_believed_to_hold_none(model: TrainedModel) -> None:
    known = model.parameters.sources
    assert known["forms", "register"].household == pytest.approx(0.0, abs=0.1)
    assert known["register", "register"].household == pytest.approx(0.0, abs=0.1)
    # Three of a family, whose forms show it: each of 450 has two others, among 450.
    assert model.parameters.households == pytest.approx(2 / 449, rel=0.1)


def test_a_number_that_a_family_member_has_written_is_not_theirs(
    forms_and_register: pl.DataFrame, model: TrainedModel
) -> None:
    scored = score(forms_and_register, model).filter(pl.col("decision") == ACCEPTED)
    named = forms_and_register.select("profile_id", "first_name")
    sides = [named.select(pl.all().name.suffix(end)) for end in ("_l", "_r")]
    links = scored.join(sides[0], on="profile_id_l").join(sides[1], on="profile_id_r")
    assert links.height > 400
    assert links.filter(pl.col("first_name_l") != pl.col("first_name_r")).is_empty()
