"""Sources: how often records of two of them are one person is learned, believed with care, and told in the weight."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cdp_assets.candidate_links import pictures
from cdp_assets.candidate_links.explain import COLLEAGUES, HOUSEHOLD, SOURCES, explain, match_weight
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.priors import MOST_SOURCE_BITS
from cdp_assets.candidate_links.profiles import sources_of
from cdp_assets.candidate_links.scoring import rescore, score
from cdp_assets.candidate_links.source_pairs import SourceBits, SourcesOfPairs, pairs_of_profiles, source_pairs
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.candidate_links.weights import Parameters
from cdp_assets.drawing import svg
from cdp_assets_tests.candidate_links.frames import town

pytestmark = pytest.mark.xdist_group("source_pairs")


def told_by(profiles: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Profiles, one after the other of the next of these sources."""
    of = pl.Series(list(names)).gather(np.arange(profiles.height) % len(names))
    return profiles.with_columns(sources=of)


def test_pairs_of_sources_are_told_once_and_in_order() -> None:
    assert source_pairs("crm", "crm") == {("crm", "crm")}
    assert source_pairs("web,crm", "crm") == {("crm", "web"), ("crm", "crm")}
    assert source_pairs("", "crm") == set()


@pytest.mark.parametrize("sets", [["a", "b", "a", "a,b"], ["a"] * 4, ["a,b"] * 5, ["", "a", "a,b,c", "b,c", ""]])
def test_pairs_of_profiles_are_counted_as_one_would_by_hand(sets: list[str]) -> None:
    by_hand: dict[tuple[str, str], int] = {}
    for one, other in itertools.combinations(sets, 2):
        for pair in source_pairs(one, other):
            by_hand[pair] = by_hand.get(pair, 0) + 1
    counted = pairs_of_profiles(pl.Series(sets))
    assert {pair: count for pair, count in counted.items() if count} == by_hand


@pytest.mark.parametrize("copies", [1, 50])  # few pairs, and many more than there are kinds
def test_the_pair_of_sources_that_is_least_often_one_person_speaks_for_profiles_of_several(copies: int) -> None:
    known = {("a", "a"): SourceBits(-3.0, 0.5), ("a", "b"): SourceBits(1.0, -0.5), ("b", "b"): SourceBits(-1.0, 0.25)}
    sets = pl.Series(["a", "b", "a,b", "c", ""])
    left = np.tile(np.array([0, 0, 1, 2, 0, 1, 0, 3]), copies)
    right = np.tile(np.array([0, 1, 1, 1, 2, 2, 3, 4]), copies)
    sources = SourcesOfPairs.of(sets, left, right)
    match, home = sources.bits(known)
    assert match.tolist() == [-3.0, 1.0, -1.0, -1.0, -3.0, -1.0, 0.0, 0.0] * copies
    assert home.tolist() == [0.5, -0.5, 0.25, 0.25, 0.5, 0.25, 0.0, 0.0] * copies
    summed = sources.summed(np.ones(len(left)))
    assert summed == {
        ("a", "a"): [2.0 * copies],
        ("a", "b"): [4.0 * copies],
        ("b", "b"): [3.0 * copies],
        ("a", "c"): [1.0 * copies],
    }


def test_sources_of_no_pairs_at_all() -> None:
    none = SourcesOfPairs.of(pl.Series([], dtype=pl.String), np.array([], dtype=np.intp), np.array([], dtype=np.intp))
    match, home = none.bits({("a", "a"): SourceBits(1.0, 1.0)})
    assert len(match) == len(home) == 0
    assert none.summed(np.zeros(0)) == {}


def test_the_sources_of_each_profile_stand_once_and_in_order() -> None:
    told_by = pl.Series(["shop", "crm", "crm", "web"])
    told = sources_of(told_by, np.array([1, 3, 2, 4]), np.array([3, 0, 1, 2, 1, 2, 0, 0, 3, 1]))
    assert told.to_list() == ["web", "crm,shop", "crm", "crm,shop,web"]
    assert sources_of(told_by, np.array([1, 1]), np.array([0, 3])).to_list() == ["shop", "web"]
    nothing = np.array([], dtype=int)
    assert sources_of(pl.Series([], dtype=pl.String), nothing, nothing).is_empty()


NAMES = ("crm", "shop", "web")


def nth_records(whose: dict[int, int]) -> list[int]:
    """Of each profile, by id, how many records of its person come before."""
    before: Counter[int] = Counter()
    nth = []
    for _, person in sorted(whose.items()):
        nth.append(before[person])
        before[person] += 1
    return nth


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    """The town's profiles; the records of a person are of as many sources, which hold each person once."""
    profiles, whose = town(300)
    return profiles.with_columns(sources=pl.Series([NAMES[nth] for nth in nth_records(whose)]))


@pytest.fixture(scope="module")
def model(people: pl.DataFrame) -> TrainedModel:
    return train(people, LinkagePolicy())


def test_sources_that_hold_each_person_once_are_found_out(model: TrainedModel) -> None:
    known = model.parameters.sources
    assert set(known) == set(itertools.combinations_with_replacement(NAMES, 2))
    for (one, other), bits in known.items():
        if one == other:
            assert bits.match < -1.0
        else:
            assert 0.3 < bits.match <= MOST_SOURCE_BITS


def test_one_source_alone_says_nothing(people: pl.DataFrame) -> None:
    of_one = train(told_by(people, "crm"), LinkagePolicy())
    unknown = train(people.with_columns(sources=pl.lit(None, dtype=pl.String)), LinkagePolicy())
    assert not of_one.parameters.sources
    assert not unknown.parameters.sources
    assert of_one.parameters == unknown.parameters


def test_sources_that_say_nothing_of_people_change_next_to_nothing(people: pl.DataFrame) -> None:
    by_chance = train(told_by(people.sample(fraction=1.0, shuffle=True, seed=7), "a", "b", "c"), LinkagePolicy())
    assert by_chance.parameters.sources
    assert max(abs(bits.match) for bits in by_chance.parameters.sources.values()) < 1.0


def test_a_dense_small_source_is_believed_up_to_a_bit() -> None:
    """The third records and their forerunners are in a small source, beside a large one of people who are in it once."""
    profiles, whose = town(300)
    records = Counter(whose.values())
    of = ["club" if records[person] == 3 and person < 60 else "crm" for _, person in sorted(whose.items())]
    alone = [source == "club" or nth == 0 for source, nth in zip(of, nth_records(whose), strict=True)]
    dense = profiles.with_columns(sources=pl.Series(of)).filter(pl.Series(alone))
    known = train(dense, LinkagePolicy()).parameters.sources
    assert known["club", "club"].match == MOST_SOURCE_BITS
    assert known["crm", "crm"].match < 0.0


def test_models_are_kept_with_what_they_know_of_sources(model: TrainedModel) -> None:
    kept = json.loads(json.dumps(model.parameters.as_dict()))
    assert Parameters.from_dict(kept) == model.parameters
    del kept["sources"]  # as former releases kept them
    assert Parameters.from_dict(kept) == dataclasses.replace(model.parameters, sources={})


def test_the_weight_is_explained_with_the_sources(people: pl.DataFrame, model: TrainedModel) -> None:
    scored = score(people, model)
    rows = scored.head(20).to_dicts()
    assert rows
    for row in rows:
        sides = [people.filter(pl.col("profile_id") == row[f"profile_id_{side}"]) for side in "lr"]
        evidence = explain(sides[0], sides[1], model)
        assert match_weight(evidence) == pytest.approx(row["match_weight"], abs=1e-5)
        line = next(line for line in evidence if line.comparison == SOURCES)
        pair = tuple(sorted(side["sources"].item() for side in sides))
        assert line.weight == pytest.approx(model.parameters.sources[pair].match)  # type: ignore[index]
        assert (line.value_l, line.value_r) == tuple(side["sources"].item() for side in sides)
        assert evidence[1] is line
        assert [line.comparison for line in evidence[-2:] if line.comparison != COLLEAGUES][-1] == HOUSEHOLD


def test_records_of_a_source_that_the_model_has_not_seen_count_as_all_do(
    people: pl.DataFrame, model: TrainedModel
) -> None:
    without = dataclasses.replace(
        model,
        settings=json.dumps(
            model.content | {"parameters": dataclasses.replace(model.parameters, sources={}).as_dict()}
        ),
    )
    assert_frame_equal(score(told_by(people, "new"), model), score(people, without))


@pytest.mark.parametrize("moved", [12, 40])
def test_profiles_whose_records_are_of_other_sources_are_scored_again(
    people: pl.DataFrame, model: TrainedModel, moved: int
) -> None:
    now = people.sort("profile_id").with_columns(
        sources=pl.when(pl.int_range(pl.len()) < moved).then(pl.lit("crm,shop")).otherwise("sources")
    )
    before, anew = score(people, model), score(now, model)
    assert not before.equals(anew)
    assert_frame_equal(rescore(now, people, before, model).pairs, anew)
    gone = now.filter(pl.int_range(pl.len()) % 9 > 0)
    assert_frame_equal(rescore(gone, now, anew, model).pairs, score(gone, model))


def test_the_picture_names_sources_and_no_one_else(model: TrainedModel) -> None:
    drawn = svg(pictures.sources_chart(model))
    assert "crm" in drawn
    assert "shop" in drawn
    assert f"{model.parameters.sources['crm', 'crm'].match:+.1f}".replace("-", "−") in drawn.replace("-", "−")
