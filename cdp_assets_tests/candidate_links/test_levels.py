"""Levels of pairs, and what Splink says that they weigh."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from itertools import product
from typing import Any

import duckdb
import polars as pl
import pytest
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.internals.predict import predict_from_comparison_vectors_sqls_using_settings

from cdp_assets.candidate_links import engine
from cdp_assets.candidate_links import levels as module
from cdp_assets.candidate_links.blocking import pairs_within
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.comparisons import (
    COMPARISONS,
    Comparison,
    _any_of,
    _edits,
    columns_of,
)
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.frequencies import frequency_columns
from cdp_assets.candidate_links.levels import asked_frequencies, beside_left, levels
from cdp_assets.candidate_links.splink_sql import parts_of
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.weights import compared_pairs, match_weights, used_comparisons
from cdp_assets_tests.candidate_links.frames import profiles

ENGINE = DuckDBEngine(threads=1)
FROM_WEIGHT = -20.0


def test_compared_pairs_weigh_what_splinks_own_predict_says(
    town_profiles: pl.DataFrame, town_model: TrainedModel
) -> None:
    frame = comparable(town_profiles)
    pairs = pairs_within(frame, town_model.policy, town_model.caps)
    found = levels(frame, pairs, used_comparisons(town_model.parameters), ENGINE)
    frequencies = frequency_columns(frame, town_model.term_frequencies)
    ours = ENGINE.weigh(beside_left(found, frequencies), town_model.content["splink"], FROM_WEIGHT)
    theirs = _splinks_predict(frame, frequencies, pairs, town_model)
    assert 0 < len(ours) < len(pairs)
    assert ours.select("id_l", "id_r", "match_weight").equals(theirs)


def _splinks_predict(
    frame: pl.DataFrame, frequencies: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel
) -> pl.DataFrame:
    """Splink's documented way: profiles with their frequencies, pairs that are blocked already, and its own comparing."""
    sides = module._with_parted_lists(frame, columns_of(used_comparisons(model.parameters)))
    with duckdb.connect() as db:
        api = DuckDBAPI(connection=db)
        db.register("profiles", pl.concat([frame.select("unique_id"), sides], how="horizontal").to_arrow())
        db.execute("CREATE TABLE people AS SELECT * FROM profiles")
        settings = SettingsCreator.from_path_or_dict(model.content["splink"])
        linker = Linker(api.register("people"), settings, log_level=None)
        for name in frequencies.columns:
            field = name.removeprefix("tf_")
            values = frame.select(field).hstack(frequencies.select(name)).drop_nulls().unique()
            db.register(f"given_{name}", values.to_arrow())
            db.execute(f"CREATE TABLE {name} AS SELECT * FROM given_{name}")
            linker.table_management.register_term_frequency_lookup(api.register(name), field)
        db.register("given", pairs.to_arrow())
        db.execute("CREATE TABLE blocked AS SELECT '0' AS match_key, id_l AS join_key_l, id_r AS join_key_r FROM given")
        linker.table_management.register_blocked_pairs_for_predict(api.register("blocked"))
        scored = linker.inference.predict(threshold_match_weight=FROM_WEIGHT, warning_mode="never")
        return db.sql(
            "SELECT unique_id_l AS id_l, unique_id_r AS id_r, match_weight"
            f" FROM {scored.physical_name} ORDER BY id_l, id_r"
        ).pl()


def test_parts_of_a_weight_are_splinks_own_sql_without_reading_the_conditions(town_model: TrainedModel) -> None:
    settings = town_model.content["splink"]
    parsed = SettingsCreator.from_path_or_dict({**settings, "retain_matching_columns": False}).get_settings("duckdb")
    parts, summed = (step["sql"] for step in predict_from_comparison_vectors_sqls_using_settings(parsed))
    ours = parts_of(settings)
    names = [(f"mw_{part.name}", *([f"mw_tf_adj_{part.name}"] if part.adjustment else [])) for part in ours.parts]
    assert f"{ours.prior} + {' + '.join(name for both in names for name in both)} as match_weight" in summed
    flat = " ".join(parts.split())
    for part in ours.parts:
        assert f"{' '.join(part.weight.split())} as mw_{part.name}," in flat
        if part.adjustment:
            assert f"{' '.join(part.adjustment.split())} as mw_tf_adj_{part.name}," in flat
    assert {part.name for part in ours.parts if part.adjusted} >= {"first_name", "last_name", "address"}


def test_weights_are_made_into_sql_without_the_grammar_of_any_database(town_model: TrainedModel) -> None:
    script = (
        "import json, sys; from cdp_assets.candidate_links.splink_sql import parts_of;"
        "sql = parts_of(json.load(sys.stdin)).weights_sql();"
        "print(len(sql), 'sqlglot.dialects.duckdb' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(town_model.content["splink"]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split()[1:] == ["False"]


def test_pairs_that_no_term_frequency_adjusts_are_weighed(
    town_profiles: pl.DataFrame, town_model: TrainedModel
) -> None:
    compared = used_comparisons(town_model.parameters)
    columns = {level.tf for comparison in compared for level in comparison.scored if level.tf}
    row = {f"gamma_{comparison.name}": -1 for comparison in compared}
    best = len(town_model.parameters.shares["first_name"].m) - 1
    pairs = pl.DataFrame(
        [row, row | {"gamma_first_name": 0}, row | {"gamma_first_name": best}], dict.fromkeys(row, pl.Int8)
    )
    pairs = pairs.with_columns(pl.lit(None, pl.Float64).alias(f"tf_{column}") for column in columns)
    weights = ENGINE.weigh(pairs, town_model.content["splink"], -100.0).get_column("match_weight")
    prior, shares = town_model.parameters.prior_bits, town_model.parameters.shares["first_name"]
    bits = [0.0, math.log2(shares.m[-1] / shares.u[-1]), math.log2(shares.m[0] / shares.u[0])]
    assert weights.to_list() == pytest.approx([prior + some for some in bits])
    assert ENGINE.weigh(pairs, town_model.content["splink"], prior + 1.0).height == 1
    assert ENGINE.weigh(pairs.clear(), town_model.content["splink"], -100.0).is_empty()


def test_frequencies_that_no_level_asks_for_change_no_weight(
    town_profiles: pl.DataFrame, town_model: TrainedModel
) -> None:
    frame, compared = comparable(town_profiles), used_comparisons(town_model.parameters)
    found = levels(frame, pairs_within(frame, town_model.policy, town_model.caps), compared, ENGINE)
    whole = frequency_columns(frame, town_model.term_frequencies)
    some = frequency_columns(frame, town_model.term_frequencies, asked_frequencies(found, compared, len(frame)))
    assert some.null_count().sum_horizontal().item() > whole.null_count().sum_horizontal().item()
    weighed = [ENGINE.weigh(beside_left(found, tf), town_model.content["splink"], -20.0) for tf in (whole, some)]
    bits = [match_weights(compared_pairs(pairs, compared), town_model.parameters) for pairs in weighed]
    assert weighed[0].get_column("match_weight").equals(weighed[1].get_column("match_weight"))
    assert (bits[0] == bits[1]).all()


def test_pairs_that_go_through_in_portions_have_the_same_levels(
    town_profiles: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = comparable(town_profiles)
    ids = frame.get_column("unique_id")
    pairs = pl.DataFrame({"id_l": ids[:-1], "id_r": ids[1:]})
    whole = levels(frame, pairs, list(COMPARISONS), DuckDBEngine(threads=2))
    monkeypatch.setattr(module, "PORTION", 50)
    monkeypatch.setattr(engine, "ROWS_AT_ONCE", 7)
    assert levels(frame, pairs, list(COMPARISONS), ENGINE).equals(whole)
    assert whole.select("id_l", "id_r").equals(pairs)


@pytest.mark.parametrize("stranger", [0, 4, 9])
def test_a_pair_of_a_profile_that_is_not_there_is_refused(stranger: int) -> None:
    frame = comparable(profiles(*[{"first_name": name} for name in ("anna", "hugo", "rosa")]))
    present = frame["unique_id"].to_list()
    assert stranger not in present
    compared = [c for c in COMPARISONS if c.name == "first_name"]
    pairs = pl.DataFrame({"id_l": [present[0]], "id_r": [stranger]}, schema={"id_l": pl.Int64, "id_r": pl.Int64})
    with pytest.raises(ValueError, match="1 pairs are of profiles that were not given"):
        levels(frame, pairs, compared, DuckDBEngine(threads=1))


def test_pairs_of_a_model_without_frequencies_stay_as_they_are() -> None:
    pairs = pl.DataFrame({"at_l": [0, 0], "at_r": [1, 2]})
    assert beside_left(pairs, pl.DataFrame()).equals(pairs)


def test_no_pairs_have_no_levels(town_profiles: pl.DataFrame) -> None:
    frame = comparable(town_profiles)
    some = pl.DataFrame({"id_l": [1], "id_r": [2]})
    none = levels(frame, some.clear(), list(COMPARISONS), ENGINE)
    assert none.is_empty()
    assert none.schema == levels(frame, some, list(COMPARISONS), ENGINE).schema


def _all_pairs(ids: pl.Series) -> pl.DataFrame:
    """Every two of these ids, the lower one left."""
    ids = ids.sort()
    crossed = pl.DataFrame({"id_l": ids}).join(pl.DataFrame({"id_r": ids}), how="cross")
    return crossed.filter(pl.col("id_l") < pl.col("id_r"))


def _half_filled_profiles() -> pl.DataFrame:
    """Forty profiles that fill, at random, about half of all fields, with values that agree often."""
    chance = random.Random(5)
    values: dict[str, list[Any]] = {
        "first_name": ["anna", "ann", "berg"],
        "first_name_root": ["anna"],
        "middle_name": ["m", "maria"],
        "last_name": ["berg", "berg holm", "anna"],
        "suffix": ["jr", "sr"],
        "sex": ["f", "m"],
        "date_of_birth": ["1980-03-04", "1980-04-03", "1980-01-01"],
        "emails": [["anna7@x.example"], ["anna7@y.example"], ["anna7@x.example", "b@y.example"]],
        "probable_emails": [["anna7@y.example"]],
        "phones": [["+15551234567"], ["+15551234568", "+15551234567"]],
        "identifiers": [["loyalty=17"], ["loyalty=18"], ["tax=1", "loyalty=17"]],
        "street": ["mill lane", "mill lan"],
        "house_number": ["4"],
        "city": ["leeds", "york"],
        "postcode": ["ls1 4ab"],
        "company": ["acme tools", "acme"],
        "job_title": ["buyer", "seller"],
    }
    rows = [{name: chance.choice(some) for name, some in values.items() if chance.random() < 0.5} for _ in range(40)]
    return profiles(*rows)


def _plainly(frame: pl.DataFrame, pairs: pl.DataFrame, comparison: Comparison) -> pl.Series:
    """The numbers that all conditions, asked one after the other of every pair, give."""
    values = frame.select("unique_id").hstack(module._with_parted_lists(frame, columns_of([comparison])))
    sides = pairs.with_row_index("pair")
    for end in ("_l", "_r"):
        sides = sides.join(values.select(pl.all().name.suffix(end)), left_on=f"id{end}", right_on=f"unique_id{end}")
    asked = f"SELECT ({comparison.gamma_sql()})::TINYINT AS gamma_{comparison.name} FROM sides ORDER BY pair"
    return ENGINE.query(asked, sides=sides).to_series()


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.name)
def test_what_is_seen_without_asking_all_conditions_is_what_they_say(comparison: Comparison) -> None:
    frame = comparable(_half_filled_profiles())
    pairs = _all_pairs(frame.get_column("unique_id"))
    found = levels(frame, pairs, [comparison], ENGINE).get_column(f"gamma_{comparison.name}")
    assert found.equals(_plainly(frame, pairs, comparison))
    assert found.n_unique() > 2


def test_of_addresses_that_look_different_at_a_glance_no_condition_says_otherwise() -> None:
    owners = [("ann", "lee", "acme"), ("anna", "lee smith", "acme"), ("ann marie", "lea", None), (None, "smith", "oak")]
    mailboxes = [
        "ann.lee@x.example",
        "ann.lee@y.example",
        "ann.lea@x.example",
        "annlee7@x.example",
        "annlee7@y.example",
    ]
    mailboxes += ["annlee8@x.example", "smith@x.example", "smyth@x.example", "bsmith@x.example", "al@x.example"]
    rows: list[dict[str, Any]] = []
    for number, (first, last, company) in enumerate(owners):
        for at in range(len(mailboxes)):
            emails = sorted({mailboxes[at], mailboxes[at - number]}) if at % 3 else mailboxes[at : at + 1]
            probable = [mailboxes[at - 3]] if at % 4 == number else []
            names = {"first_name": first, "last_name": last, "company": company}
            rows.append({**names, "emails": emails if at != number else [], "probable_emails": probable})
    frame = comparable(profiles(*rows))
    pairs = _all_pairs(frame.get_column("unique_id"))
    email = next(comparison for comparison in COMPARISONS if comparison.glance is not None)
    found = levels(frame, pairs, [email], ENGINE).get_column("gamma_email")
    assert found.equals(_plainly(frame, pairs, email))
    assert found.n_unique() == len(email.scored) + 1


def test_pairs_that_fill_rare_columns_and_those_that_do_not_are_compared_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = [[], ["anna.berg@x.example"], ["hugo@x.example"], ["anna.berg@y.example", "hugo@x.example"]]
    rows: list[dict[str, Any]] = [
        {"emails": emails, "probable_emails": probable, "phones": [f"+1{len(emails)}5551234567"]}
        for emails, probable in product(lists, lists)
    ]
    frame = comparable(profiles(*rows))
    pairs = _all_pairs(frame.get_column("unique_id"))
    together = levels(frame, pairs, list(COMPARISONS), ENGINE)
    monkeypatch.setattr(module, "FEW", 0)
    assert together.equals(levels(frame, pairs, list(COMPARISONS), ENGINE))
    monkeypatch.setattr(module, "RARE", 0.2)
    found = levels(frame, pairs, list(COMPARISONS), ENGINE)
    monkeypatch.setattr(module, "RARE", 2.0)  # none is
    assert found.equals(levels(frame, pairs, list(COMPARISONS), ENGINE))
    assert found.equals(together)
    assert found.get_column("gamma_email").n_unique() > 3


def test_lists_in_two_parts_have_in_common_what_the_lists_have() -> None:
    lists = [[], ["a@x.example"], ["b@x.example"], ["a@x.example", "b@x.example"], ["b@x.example", "c@x.example"]]
    rows: list[dict[str, Any]] = [{"emails": values} for values in lists]
    frame = comparable(profiles(*rows))
    parted = module._with_parted_lists(frame, ["one_emails", "many_emails"])
    numbered = parted.with_row_index("place")
    found = ENGINE.query(
        f"SELECT place_l, place_r, coalesce({_any_of('emails_l', 'emails_r')}, false) AS agrees FROM"
        " (SELECT l.place AS place_l, r.place AS place_r, l.one_emails AS one_emails_l, r.one_emails AS one_emails_r,"
        " l.many_emails AS many_emails_l, r.many_emails AS many_emails_r FROM numbered l CROSS JOIN numbered r)",
        numbered=numbered,
    )
    for left, right, agrees in found.iter_rows():
        assert agrees == bool(set(lists[left]) & set(lists[right]))


@pytest.mark.parametrize("most", [1, 2])
def test_what_guards_a_distance_loses_nothing(most: int) -> None:
    texts = ["".join(letters) for length in range(7) for letters in product("ab", repeat=length)]
    texts += ["".join(letters) for letters in product("abc", repeat=4)]
    texts += ["".join(letters) for letters in product("aéß日", repeat=3)]
    frame = pl.DataFrame({"text": texts}).unique()
    lost = ENGINE.query(
        f"SELECT count(*) AS lost FROM (SELECT l.text AS a, r.text AS b FROM frame l CROSS JOIN frame r)"
        f" WHERE {_edits('a', 'b', most)} <> (damerau_levenshtein(a, b) <= {most})",
        frame=frame,
    )
    assert lost["lost"].item() == 0
