from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.candidate_links import scoring
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.comparisons import DWELLING
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.scoring import ONE_ROW_PER_PERSON, score
from cdp_assets.candidate_links.studied_pairs import compared
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.candidate_links.weights import ComparedPairs, discounts, match_weights, used_comparisons
from cdp_assets.tables import SCORED_PAIRS
from cdp_assets_tests.candidate_links.frames import FIRST, profiles, town

ENGINE = DuckDBEngine(threads=1)


def training_pairs(frame: pl.DataFrame, model: TrainedModel) -> ComparedPairs:
    """All pairs of a few profiles, compared."""
    derived = comparable(frame)
    every = derived.select(id_l="unique_id").join(derived.select(id_r="unique_id"), how="cross")
    every = every.filter(pl.col("id_l") < pl.col("id_r"))
    return compared(derived, model.term_frequencies, every, used_comparisons(model.parameters), ENGINE)


def f1(scored: pl.DataFrame, whose: dict[int, int]) -> float:
    accepted = {
        (a, b)
        for a, b in scored.filter(pl.col("decision") == "accepted").select("profile_id_l", "profile_id_r").iter_rows()
    }
    true = {(a, b) for a in whose for b in whose if a < b and whose[a] == whose[b]}
    return 2 * len(accepted & true) / (len(accepted) + len(true))


def test_pairs_are_scored_and_kept_by_contract(town_profiles: pl.DataFrame, town_model: TrainedModel) -> None:
    scored = score(town_profiles, town_model, ENGINE)
    assert scored.schema == SCORED_PAIRS.empty().schema
    assert (scored["profile_id_l"] < scored["profile_id_r"]).all()
    assert not scored.select("profile_id_l", "profile_id_r").is_duplicated().any()
    assert f1(scored, town()[1]) > 0.97


def test_scores_do_not_depend_on_rows_or_threads(town_profiles: pl.DataFrame, town_model: TrainedModel) -> None:
    one = score(town_profiles, town_model, DuckDBEngine(threads=1))
    other = score(town_profiles.sample(fraction=1.0, shuffle=True, seed=9), town_model, DuckDBEngine(threads=2))
    assert one.equals(other)


@pytest.mark.parametrize("script", [None, "cyrillic"])
def test_how_names_sound_is_told_where_somebody_asks(
    town_profiles: pl.DataFrame, town_model: TrainedModel, monkeypatch: pytest.MonkeyPatch, script: str | None
) -> None:
    is_first = pl.int_range(pl.len()) == 0
    some = town_profiles.with_columns(pl.when(is_first).then(pl.lit(script)).alias("last_name_script"))
    asked: list[set[str]] = []

    def seen(profiles: pl.DataFrame, unasked: set[str]) -> pl.DataFrame:
        asked.append(unasked)
        return comparable(profiles)

    found = score(some, town_model, ENGINE)
    monkeypatch.setattr(scoring, "comparable", seen)
    assert score(some, town_model, ENGINE).equals(found)
    assert asked == [{DWELLING} if script else {DWELLING, "first_sound", "last_sound"}]


def test_dwellings_are_told_where_the_frequency_of_one_is_known(
    town_profiles: pl.DataFrame, town_model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []

    def seen(profiles: pl.DataFrame, unasked: set[str]) -> pl.DataFrame:
        asked.append(unasked)
        return comparable(profiles, unasked=unasked)

    of_one = pl.DataFrame({"field": [DWELLING], "value": ["mill lane, 4, p120"], "frequency": [0.5]})
    model = dataclasses.replace(town_model, term_frequencies=pl.concat([town_model.term_frequencies, of_one]))
    monkeypatch.setattr(scoring, "comparable", seen)
    score(town_profiles, model, ENGINE)
    assert DWELLING not in asked[0]


def test_a_part_of_the_data_gets_the_same_weights_under_the_same_model(
    town_profiles: pl.DataFrame, town_model: TrainedModel
) -> None:
    keys = ["profile_id_l", "profile_id_r"]
    whole = score(town_profiles, town_model, ENGINE)
    part = score(town_profiles.filter(pl.col("profile_id") % 3 != 0), town_model, ENGINE)
    both = whole.join(part, on=keys, suffix="_part")
    assert len(both) == len(part) > 5
    assert (both["match_weight"] == both["match_weight_part"]).all()


@pytest.mark.parametrize(
    "leave_out",
    [
        ("emails", "street", "house_number", "city", "postcode"),
        ("emails", "date_of_birth"),
        ("first_name", "last_name"),
    ],
    ids=["names and date of birth only", "names and address only", "no names"],
)
def test_sets_with_few_fields_work(leave_out: tuple[str, ...]) -> None:
    frame, whose = town(120, leave_out=leave_out)
    scored = score(frame, train(frame, LinkagePolicy(), ENGINE), ENGINE)
    assert f1(scored, whose) > 0.9


def test_fifty_records_are_enough() -> None:
    frame, whose = town(25, seed=11)
    assert len(frame) < 60
    assert f1(score(frame, train(frame, LinkagePolicy(), ENGINE), ENGINE), whose) > 0.95


def test_a_junk_phone_and_mailbox_on_a_third_of_the_records_prove_nothing() -> None:
    frame, whose = town(150, seed=4)
    junk = pl.col("profile_id") % 3 == 0
    frame = frame.with_columns(
        pl.when(junk).then(pl.lit(["+440000"])).otherwise(pl.col("phones")).alias("phones"),
        pl.when(junk).then(pl.lit(["x@junk.example"])).otherwise(pl.col("emails")).alias("emails"),
    )
    scored = score(frame, train(frame, LinkagePolicy(), ENGINE), ENGINE)
    accepted = scored.filter(pl.col("decision") == "accepted")
    wrong = sum(whose[a] != whose[b] for a, b in accepted.select("profile_id_l", "profile_id_r").iter_rows())
    assert wrong == 0
    assert f1(scored, whose) > 0.93


def test_rows_of_a_register_are_never_accepted(town_model: TrainedModel) -> None:
    row: dict[str, Any] = {
        "first_name": "anna", "last_name": "adlerq", "date_of_birth": "1980-05-17", "emails": ["a@x.example"], "source": "reg"
    }  # fmt: skip
    scored = score(profiles(row, row), town_model, ENGINE)
    assert scored.select("decision", "reason").rows() == [("review", ONE_ROW_PER_PERSON)]
    free = {**row, "source": None}
    assert score(profiles(free, free), town_model, ENGINE)["decision"].to_list() == ["accepted"]


def test_couples_are_not_merged_and_their_own_records_are() -> None:
    rng = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for home in range(40):
        letters = "".join(rng.choice(list("abdefgklmnorstu"), 7))
        shared = {
            "last_name": letters, "street": letters[::-1], "house_number": str(home), "city": "york",
            "phones": [f"+44{rng.integers(10**8, 10**9)}"],
        }  # fmt: skip
        for first in rng.choice(FIRST, 2, replace=False):
            born = f"{rng.integers(1940, 1999)}-{rng.integers(1, 13):02d}-{rng.integers(2, 28):02d}"
            rows += [
                {**shared, "first_name": str(first), "date_of_birth": born, "company": company}
                for company in ("acme", None)
            ]
    frame = profiles(*rows)
    scored = score(frame, train(frame, LinkagePolicy(), ENGINE), ENGINE)
    assert f1(scored, {at: (at - 1) // 2 for at in range(1, len(rows) + 1)}) == 1.0
    couples = scored.filter(pl.col("reason") == "HOUSEHOLD_MEMBERS")
    assert couples["decision"].unique().to_list() == ["conflict"]
    assert len(couples) > 100


def test_what_a_household_explains_is_told_beside_the_weight_that_it_is_off(town_model: TrainedModel) -> None:
    home = {"last_name": "graf", "street": "mill lane", "house_number": "7", "city": "york", "postcode": "yo1"}
    one = {**home, "first_name": "anna", "date_of_birth": "1980-05-06"}
    frame = profiles(one, {**one, "first_name": "hugo"}, {**one, "house_number": "9"})
    scored = score(frame, town_model, ENGINE)
    pairs = training_pairs(frame, town_model)
    undiscounted = match_weights(pairs, town_model.parameters) + discounts(pairs, town_model.parameters).total
    told = pairs.ids.with_columns(pl.Series("undiscounted", undiscounted)).join(
        scored, left_on=["id_l", "id_r"], right_on=["profile_id_l", "profile_id_r"]
    )
    assert len(told) >= 2
    assert (scored["household_bits"] >= 0).all()
    assert told["household_bits"].max() > 1  # type: ignore[operator]
    for row in told.iter_rows(named=True):
        assert row["match_weight"] + row["household_bits"] == pytest.approx(row["undiscounted"], abs=1e-4)


def test_nothing_to_score_is_an_empty_table(town_model: TrainedModel) -> None:
    assert score(profiles({"first_name": "anna"}), town_model, ENGINE).is_empty()
    assert score(profiles({"first_name": "anna"}, {"first_name": "hugo"}), town_model, ENGINE).is_empty()


def test_a_pair_that_its_own_key_decides_has_the_probability_of_such_pairs(town_model: TrainedModel) -> None:
    """Two records that say no more than one address are one person's as often as such records are, whatever the weight."""
    content = {**town_model.content, "own_keys": {"email": 0.999}}
    cautious = dataclasses.replace(town_model, settings=json.dumps(content), accept_weight=40.0)
    pair = score(profiles({"emails": ["x@y.example"]}, {"emails": ["x@y.example"]}), cautious, ENGINE)
    by_weight = 1 / (1 + 2 ** -pair["match_weight"].item())
    assert pair["reason"].to_list() == ["OWN_KEY"]
    assert pair["match_probability"].item() == pytest.approx(0.999)
    assert by_weight < 0.999


@pytest.mark.parametrize("key", ["identifiers", "emails", "phones"])
def test_a_key_that_hardly_anybody_carries_joins_those_who_do(key: str) -> None:
    """Two records of a small source beside a thousand of a large one that tells no such key."""
    many, _ = town(700, leave_out=("emails",))
    value = {"identifiers": "loyalty_id=C77", "emails": "m.quill@mail.example", "phones": "+447700900123"}[key]
    two = profiles(
        {"profile_id": 1_000_001, "last_name": "quill", key: [value], "sources": "till"},
        {"profile_id": 1_000_002, "first_name": "maud", key: [value], "sources": "till"},
    )
    together = pl.concat([many.with_columns(sources=pl.lit("list")), two])
    scored = score(together, train(together, LinkagePolicy()))
    found = scored.filter((pl.col("profile_id_l") == 1_000_001) & (pl.col("profile_id_r") == 1_000_002))
    assert found["decision"].to_list() == ["accepted"]
