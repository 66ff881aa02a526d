from __future__ import annotations

import dataclasses
import json

import polars as pl
import pytest

from cdp_assets.candidate_links import pictures
from cdp_assets.candidate_links.blocking import RuleReport
from cdp_assets.candidate_links.engine import DuckDBEngine
from cdp_assets.candidate_links.explain import HOUSEHOLD, PRIOR, explain, match_weight, verdict
from cdp_assets.candidate_links.scoring import score
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.drawing import png, svg
from cdp_assets_tests.candidate_links.frames import profiles

ENGINE = DuckDBEngine(threads=1)


def one(frame: pl.DataFrame, profile_id: int) -> pl.DataFrame:
    return frame.filter(pl.col("profile_id") == profile_id)


def test_the_rows_add_up_to_the_match_weight(town_profiles: pl.DataFrame, town_model: TrainedModel) -> None:
    scored = score(town_profiles, town_model, ENGINE)
    assert len(scored) > 20
    for row in scored.gather_every(max(len(scored) // 3, 1)).iter_rows(named=True):
        left, right = one(town_profiles, row["profile_id_l"]), one(town_profiles, row["profile_id_r"])
        assert match_weight(explain(left, right, town_model, ENGINE)) == pytest.approx(row["match_weight"], abs=1e-5)
        assert verdict(left, right, town_model, ENGINE)[0] == row["decision"]


def test_pairs_that_were_never_blocked_are_explained(town_model: TrainedModel) -> None:
    frame = profiles(
        {"first_name": "anna", "last_name": "adlerq", "date_of_birth": "1980-05-17", "city": "york"},
        {"first_name": "hugo", "last_name": "vogtz", "date_of_birth": "1961-11-29", "city": "leeds"},
    )
    rows = explain(one(frame, 1), one(frame, 2), town_model, ENGINE)
    by_name = {row.comparison: row for row in rows}
    assert (rows[0].comparison, rows[-1].comparison) == (PRIOR, HOUSEHOLD)
    assert (by_name["first_name"].level, by_name["first_name"].says) == ("different", "against")
    assert (by_name["first_name"].value_l, by_name["first_name"].value_r) == ("anna", "hugo")
    assert (by_name["email"].level, by_name["email"].weight) == ("nothing to compare", 0.0)
    assert verdict(one(frame, 1), one(frame, 2), town_model, ENGINE) == ("apart", "weight")


def test_two_names_that_agree_are_not_two_proofs(town_model: TrainedModel) -> None:
    said = {"first_name": "anna", "last_name": "adlerq"}
    frame = profiles(said | {"city": "york"}, said | {"city": "leeds"}, {"first_name": "anna", "last_name": "vogtz"})
    model = dataclasses.replace(town_model, settings=_with_namesakes(town_model.settings, 4.0))
    both, one_name = (_bits(frame, 1, other, model) for other in (2, 3))
    assert both["namesakes"] == pytest.approx(-2.0)
    assert "namesakes" not in one_name
    independent = dataclasses.replace(town_model, settings=_with_namesakes(town_model.settings, 1.0))
    assert "namesakes" not in _bits(frame, 1, 2, independent)


def _bits(frame: pl.DataFrame, left: int, right: int, model: TrainedModel) -> dict[str, float]:
    return {row.comparison: row.weight for row in explain(one(frame, left), one(frame, right), model, ENGINE)}


def _with_namesakes(settings: str, times: float) -> str:
    content = json.loads(settings)
    content["parameters"]["namesakes"] = times
    return json.dumps(content)


def test_explaining_more_than_one_profile_is_refused(town_profiles: pl.DataFrame, town_model: TrainedModel) -> None:
    with pytest.raises(ValueError, match="one profile each"):
        explain(town_profiles.head(2), town_profiles.head(1), town_model, ENGINE)


def test_pictures_are_drawn_and_hold_no_value(town_profiles: pl.DataFrame, town_model: TrainedModel) -> None:
    scored = score(town_profiles, town_model, ENGINE)
    best = scored.sort("match_weight").row(-1, named=True)
    rows = explain(
        one(town_profiles, best["profile_id_l"]), one(town_profiles, best["profile_id_r"]), town_model, ENGINE
    )
    charts = [
        pictures.match_weights_chart(town_model),
        pictures.waterfall(rows),
        pictures.weight_histogram(scored, town_model.accept_weight, town_model.review_weight),
        pictures.weight_histogram(scored.head(0), 1.0, -4.0),
        pictures.block_sizes_chart(town_model),
    ]
    values = {value for row in rows for value in (row.value_l, row.value_r) if value}
    for chart in charts:
        said = json.dumps(chart)
        assert not [value for value in values if value in said]
    assert png(charts[0]).startswith(b"\x89PNG")
    assert "<svg" in svg(charts[1])


def test_the_picture_of_blocks_says_what_was_left_out_and_what_not_tried(town_model: TrainedModel) -> None:
    reports = (
        RuleReport("SAME_EMAIL", 400, 400, 9, 1, 1, 500, 124_750, sizes=(3, 2, 0, 0, 0, 0, 0, 0, 1)),
        RuleReport("SAME_PHONE", 0, 0, 0, 0, 0, 0, 0, why_not="they were tired"),
    )
    before = [{"rule": "SAME_COMPANY", "cap": 400, "dropped_pairs": 0}]  # by a release that counted no sizes
    content = town_model.content | {"blocking": [vars(report) for report in reports] + before}
    chart = pictures.block_sizes_chart(dataclasses.replace(town_model, settings=json.dumps(content)))
    squares, beside = (chart["datasets"][part["data"]["name"]] for part in chart["hconcat"])
    told = {row["rule"]: row["told"] for row in beside}
    assert told == {"SAME_EMAIL": "124,750 pairs left out", "SAME_PHONE": "not tried", "SAME_COMPANY": ""}
    assert [tuple(row.values()) for row in squares] == [
        ("SAME_EMAIL", "2", 3),
        ("SAME_EMAIL", "3 to 4", 2),
        ("SAME_EMAIL", "257 to 512", 1),
    ]
    without = dataclasses.replace(town_model, settings=json.dumps(content | {"blocking": []}))
    assert "<svg" in svg(pictures.block_sizes_chart(without))


NAMESAKES = {"first_name": "anna", "last_name": "adlerq"}


def test_a_probable_address_is_told_as_such(town_model: TrainedModel) -> None:
    frame = profiles(
        {**NAMESAKES, "emails": ["aadlerq@acme.example"], "probable_emails": ["anna.adlerq@acme.example"]},
        {**NAMESAKES, "emails": ["anna.adlerq@acme.example"]},
    )
    (row,) = (row for row in explain(one(frame, 1), one(frame, 2), town_model, ENGINE) if row.comparison == "email")
    assert (row.level, row.says) == ("probably the same", "for")
    assert row.value_l == "aadlerq@acme.example (probably anna.adlerq@acme.example)"
    assert row.value_r == "anna.adlerq@acme.example"


def test_a_probable_address_does_not_join_namesakes(town_model: TrainedModel) -> None:
    born = [{"date_of_birth": "1950-02-14"}, {"date_of_birth": "1983-11-29"}]
    frame = profiles(
        {**NAMESAKES, "probable_emails": ["anna.adlerq@acme.example"], **born[0]},
        {**NAMESAKES, "emails": ["anna.adlerq@acme.example"], **born[1]},
    )
    assert verdict(one(frame, 1), one(frame, 2), town_model, ENGINE) == ("review", "COLLEAGUES")
