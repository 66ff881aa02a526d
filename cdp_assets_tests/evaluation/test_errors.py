"""Mistakes are put down to the step that made them, in the model's words."""

from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.estimates import by_threshold
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.scoring import score
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.evaluation.errors import (
    CUT,
    IN_BETWEEN,
    LINKED,
    NEVER_PROPOSED,
    SAYS_THE_SAME,
    Resolution,
    errors,
)
from cdp_assets.evaluation.pairs_by_truth import pairs_by_truth
from cdp_assets.tables import SCORED_PAIRS
from cdp_assets_tests.candidate_links.frames import profiles, town


@pytest.fixture(scope="module")
def resolved() -> tuple[Resolution, dict[str, int]]:
    """A town in which every accepted link is followed and nothing else is known; and whose each record is."""
    people, whose = town(40)
    engine = DuckDBEngine(threads=1)
    model = train(people, LinkagePolicy(max_block=20), engine)  # too many people to compare all with all
    members = people.select("profile_id", pl.format("a/{}", "profile_id").alias("record_id"))
    alone = members.select("record_id", cluster_id="profile_id")
    return Resolution(people, members, score(people, model, engine), alone, model), {
        f"a/{profile}": person for profile, person in whose.items()
    }


def truth(whose: dict[str, int]) -> pl.DataFrame:
    return pl.DataFrame({"record_id": list(whose), "entity_id": [str(person) for person in whose.values()]})


def test_links_that_were_accepted_and_not_followed_are_cut(resolved: tuple[Resolution, dict[str, int]]) -> None:
    found, whose = resolved
    missed = errors(truth(whose), found, DuckDBEngine(threads=1))
    assert set(missed["error"]) == {"missed"}
    cut = missed.filter(step=CUT)
    assert cut["pairs"].sum() > 0.8 * missed["pairs"].sum()
    assert "first name same" in cut["levels"][0]


def test_two_people_in_one_cluster_are_told_by_what_joined_them(resolved: tuple[Resolution, dict[str, int]]) -> None:
    found, whose = resolved
    everyone = Resolution(
        found.profiles, found.members, found.scored_pairs, found.clusters.with_columns(cluster_id=1), found.model
    )
    false = errors(truth(whose), everyone, DuckDBEngine(threads=1))
    assert set(false["error"]) == {"false"}
    assert set(false["step"]) <= {IN_BETWEEN, LINKED}
    nobody_else = {record: "p" if record in ("a/1", "a/2") else "q" for record in whose}
    labels = pl.DataFrame({"record_id": list(nobody_else), "entity_id": list(nobody_else.values())})
    assert errors(labels, found, DuckDBEngine(threads=1)).filter(step=NEVER_PROPOSED).height


def test_two_records_that_say_the_same_are_no_ones_mistake(town_model_of_two: TrainedModel) -> None:
    both = profiles(
        {"first_name": "anna", "last_name": "adler", "city": "york"},
        {"first_name": "hugo", "last_name": "vogt", "city": "leeds"},
    )
    members = pl.DataFrame({"profile_id": [1, 1, 2], "record_id": ["a/1", "a/2", "a/3"]})
    clusters = pl.DataFrame({"record_id": ["a/1", "a/2", "a/3"], "cluster_id": [1, 1, 2]})
    found = Resolution(both, members, SCORED_PAIRS.empty(), clusters, town_model_of_two)
    labels = pl.DataFrame({"record_id": ["a/1", "a/2"], "entity_id": ["p", "q"]})
    rows = errors(labels, found, DuckDBEngine(threads=1)).rows()
    assert rows == [("false", SAYS_THE_SAME, "nothing to compare", 1)]
    right = pl.DataFrame({"record_id": ["a/1", "a/2"], "entity_id": ["p", "p"]})
    assert errors(right, found, DuckDBEngine(threads=1)).is_empty()


@pytest.fixture(scope="module")
def town_model_of_two() -> TrainedModel:
    return train(
        profiles(
            {"first_name": "anna", "last_name": "adler", "city": "york"},
            {"first_name": "hugo", "last_name": "vogt", "city": "leeds"},
        ),
        LinkagePolicy(),
        DuckDBEngine(threads=1),
    )


def test_no_value_of_a_person_is_among_the_levels(resolved: tuple[Resolution, dict[str, int]]) -> None:
    found, whose = resolved
    said = " ".join(errors(truth(whose), found, DuckDBEngine(threads=1))["levels"])
    for column in ("last_name", "street", "date_of_birth"):
        assert not [value for value in found.profiles[column].drop_nulls().unique() if value in said]


def test_scored_pairs_by_truth_count_the_pairs_that_were_never_scored() -> None:
    scored = pl.DataFrame({"profile_id_l": [1, 1], "profile_id_r": [2, 4], "match_weight": [9.0, 2.0]})
    members = pl.DataFrame({"profile_id": [1, 2, 3, 4, 5], "record_id": ["a", "b", "c", "d", "e"]})
    labels = pl.DataFrame({"record_id": ["a", "b", "c", "d"], "entity_id": ["p", "p", "p", "q"]})
    pairs, unseen = pairs_by_truth(scored, members, labels)
    assert set(pairs.rows()) == {(9.0, True, 1.0), (2.0, False, 1.0)}
    assert unseen == 2.0
    assert by_threshold(pairs, unseen)["recall"].to_list() == pytest.approx([1 / 3, 1 / 3])
