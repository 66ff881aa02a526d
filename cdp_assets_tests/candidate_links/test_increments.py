"""Scoring what a change touches gives what scoring everything gives, whatever the change."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links import scoring
from cdp_assets.candidate_links.blocking import BLOCKING_RULES
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.increments import _are_among, touched
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.reach import _IN_COMMON
from cdp_assets.candidate_links.scoring import rescore, score
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets_tests.candidate_links.frames import profiles, town

pytestmark = pytest.mark.xdist_group("increments")
"""On one worker: the model is trained once."""

ENGINE = DuckDBEngine(threads=1)
# Blocks of a town are small: with caps as small, every few steps one grows over its cap or shrinks below it.
SMALL_BLOCKS = LinkagePolicy(max_block=7)


def restless_town(seed: int) -> pl.DataFrame:
    """A town in which people also share phones, cards and mailboxes, and some addresses are probable ones."""
    rng = np.random.default_rng(seed)
    rows, _ = town(people=90, seed=seed)
    filled = rows.to_dicts()
    mails = [row["emails"][0] for row in filled if row["emails"]]
    for row in filled:
        del row["profile_id"]
        if rng.random() < 0.5:
            row["phones"] = sorted({f"+44161{rng.integers(30):07d}", f"+44161{rng.integers(4000):07d}"})
        if rng.random() < 0.3:
            row["identifiers"] = [f"card={rng.integers(60)}"]
        if rng.random() < 0.15:
            row["emails"] = sorted({*row["emails"], str(rng.choice(mails))})
        if rng.random() < 0.2:
            row["probable_emails"] = [str(rng.choice(mails))]
    # Callers of whom the number is all that is known: found by that one rule, while a block of them is small enough.
    filled += [{"phones": [f"+44161{9_000_000 + rng.integers(5)}"]} for _ in range(40)]
    filled += [{"emails": [str(rng.choice(mails))]} for _ in range(40)]
    return profiles(*filled)


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    return train(restless_town(3), SMALL_BLOCKS, ENGINE)


def after_a_change(now: pl.DataFrame, pool: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Some profiles leave, some come, and some are replaced by others."""
    stay = now.filter(pl.Series(rng.random(len(now)) > rng.choice([0.0, 0.05, 0.3])))
    waiting = pool.join(stay.select("profile_id"), on="profile_id", how="anti")
    coming = waiting.filter(pl.Series(rng.random(len(waiting)) < rng.choice([0.02, 0.1, 0.5])))
    return pl.concat([stay, coming]).sample(fraction=1.0, shuffle=True, seed=int(rng.integers(1_000)))


def of_large_data(model: TrainedModel) -> TrainedModel:
    """The model with those rules alone of which it is told what a change reaches, as where data is large."""
    told = model.content
    unused = {"cap": 0, "finer_cap": 0}
    blocking = [row if row["rule"] in _IN_COMMON else {**row, **unused} for row in told["blocking"]]
    blocking += [
        {"rule": rule.name, **unused} for rule in BLOCKING_RULES if rule.name not in {*model.caps, *_IN_COMMON}
    ]
    return replace(model, settings=json.dumps({**told, "blocking": blocking}))


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 10))])
def test_any_sequence_of_changes_ends_where_scoring_everything_does(
    seed: int, is_large: bool, model: TrainedModel
) -> None:
    model = of_large_data(model) if is_large else model
    rng = np.random.default_rng(seed)
    pool = restless_town(100 + seed)
    now = pool.filter(pl.Series(rng.random(len(pool)) < 0.6))
    pairs = score(now, model, ENGINE)
    for _ in range(4):
        later = after_a_change(now, pool, rng)
        pairs = rescore(later, now, pairs, model, ENGINE).pairs
        assert pairs.equals(score(later, model, ENGINE))
        now = later


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_number_of_threads_does_not_matter(threads: int, model: TrainedModel) -> None:
    pool = restless_town(41)
    before = pool.head(len(pool) * 3 // 4)
    engine = DuckDBEngine(threads=threads)
    pairs = rescore(pool, before, score(before, model, engine), model, engine).pairs
    assert pairs.equals(score(pool, model, ENGINE))


def test_from_nothing_and_to_nothing(model: TrainedModel) -> None:
    everything, nothing = restless_town(5), profiles()
    pairs = score(everything, model, ENGINE)
    assert rescore(everything, nothing, score(nothing, model, ENGINE), model, ENGINE).pairs.equals(pairs)
    assert rescore(nothing, everything, pairs, model, ENGINE).pairs.is_empty()


def test_where_nothing_has_changed_nothing_is_scored(model: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = restless_town(5)
    pairs = score(everything, model, ENGINE)
    asked: list[int] = []
    monkeypatch.setattr(scoring, "_scored", lambda found, *_rest: asked.append(len(found)) or pairs.clear())
    again = rescore(everything, everything, pairs, model, ENGINE)
    assert again.pairs.equals(pairs)
    assert (again.profiles_touched, again.pairs_made) == (0, 0)
    assert asked == [0]


def test_one_more_profile_asks_for_few_pairs(model: TrainedModel) -> None:
    everything = restless_town(5)
    before = everything.slice(1)
    change = touched(everything, before, replace(model, policy=LinkagePolicy()))
    assert everything["profile_id"][0] in change.profiles
    assert 0 < len(change.pairs) < len(score(everything, model, ENGINE)) / 2


def test_pairs_to_score_say_where_their_profiles_stand_and_what_is_unasked_is_not_made(model: TrainedModel) -> None:
    everything = restless_town(5)
    change = touched(everything, everything.slice(1), model, {"last_sound"})
    for side in "lr":
        assert (
            change.frame["unique_id"]
            .gather(change.pairs[f"at_{side}"])
            .equals(change.pairs[f"id_{side}"], check_names=False)
        )
    assert len(change.frame) == len(set(change.pairs["id_l"]) | set(change.pairs["id_r"])) > 0
    assert change.frame["last_sound"].null_count() == len(change.frame) > change.frame["first_sound"].null_count()


@pytest.mark.parametrize("come", [1, 3, 500])
@pytest.mark.parametrize("gone", [2, 7, 500])
def test_ids_are_known_again_among_others_however_many_come_and_go(come: int, gone: int) -> None:
    now, before = (np.array([at for at in range(2000) if at % every], dtype=np.int64) for every in (gone, come))
    for ids, others in ((now, before), (before, now), (now[:5], before[900:])):
        assert _are_among(ids, others).tolist() == np.isin(ids, others).tolist()


PHONE = {"phones": ["+441610000001"]}


def people(count: int, **values: Any) -> list[dict[str, Any]]:
    return [{"first_name": f"f{at}x", "last_name": f"{chr(97 + at)}l{at}", **values} for at in range(count)]


def test_a_block_that_grows_over_its_cap_takes_its_pairs_with_it(model: TrainedModel) -> None:
    at_the_cap = model.caps["SAME_PHONE"].cap
    assert 1 < at_the_cap <= SMALL_BLOCKS.max_block
    before, after = profiles(*people(at_the_cap, **PHONE)), profiles(*people(at_the_cap + 1, **PHONE))
    grown = touched(after, before, model)
    assert set(grown.profiles) == set(after["profile_id"])
    assert grown.pairs.is_empty()
    shrunk = touched(before, after, model)
    bit = next(bit for bit, rule in enumerate(BLOCKING_RULES) if rule.name == "SAME_PHONE")
    assert len(shrunk.pairs.filter(pl.col("rules").and_(1 << bit) != 0)) == at_the_cap * (at_the_cap - 1) // 2


def test_a_key_that_becomes_shared_decides_its_former_pairs_anew(model: TrainedModel) -> None:
    owner = [{"first_name": "anna", "last_name": "adler", **PHONE}, {"last_name": "adler", **PHONE}]
    before, after = profiles(*owner), profiles(*owner, {"first_name": "hugo", "last_name": "becker", **PHONE})
    pairs = rescore(after, before, score(before, model, ENGINE), model, ENGINE).pairs
    assert set(touched(after, before, model).profiles) == {1, 2, 3}
    assert pairs.equals(score(after, model, ENGINE))


def test_a_key_that_ceases_to_be_shared_decides_its_pairs_anew(model: TrainedModel) -> None:
    owner = [{"first_name": "anna", "last_name": "adler", **PHONE}, {"last_name": "adler", **PHONE}]
    before, after = profiles(*owner, {"first_name": "hugo", "last_name": "becker", **PHONE}), profiles(*owner)
    pairs = rescore(after, before, score(before, model, ENGINE), model, ENGINE).pairs
    assert set(touched(after, before, model).profiles) == {1, 2}
    assert pairs.equals(score(after, model, ENGINE))


def test_an_address_that_becomes_a_probable_one_brings_its_bearer_a_new_key(model: TrainedModel) -> None:
    bearer = {"first_name": "anna", "last_name": "adler", "emails": ["anna.adler@acme.example"]}
    guessed = {"first_name": "ana", "last_name": "adler", "probable_emails": ["anna.adler@acme.example"]}
    before, after = profiles(bearer), profiles(bearer, guessed)
    change = touched(after, before, model)
    assert set(change.profiles) == {1, 2}
    pairs = rescore(after, before, score(before, model, ENGINE), model, ENGINE).pairs
    assert pairs.equals(score(after, model, ENGINE))
    assert pairs["found_by"].to_list() == ["SAME_PROBABLE_EMAIL"]


def test_members_of_a_block_that_shrinks_keep_the_pairs_that_they_have_elsewhere(model: TrainedModel) -> None:
    model = of_large_data(model)
    at_the_cap = model.caps["SAME_PHONE"].cap
    crowd = people(at_the_cap + 1, **PHONE)
    mail = ["first.of.all@mail.example"]
    crowd[0]["emails"] = mail
    friend = {"first_name": crowd[0]["first_name"], "emails": mail}
    before = profiles(*crowd, friend)
    after = before.filter(pl.col("profile_id") != at_the_cap + 1)
    former = score(before, model, ENGINE)
    assert former["profile_id_r"].to_list() == [at_the_cap + 2]
    assert rescore(after, before, former, model, ENGINE).pairs.equals(score(after, model, ENGINE))
