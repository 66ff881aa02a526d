"""The linkage model as text and JSON: every comparison, level, rule and threshold of the version asked for, and no value."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from cdp_assets.candidate_links import pictures
from cdp_assets.candidate_links.calibration import Calibration
from cdp_assets.candidate_links.comparisons import COMPARISONS
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.source_pairs import SourceBits, SourcePair
from cdp_assets.candidate_links.weights import Parameters
from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.steward.model_text import ModelFacts, NoSuchModelError, model_as_json, model_facts, model_text
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import PERSONAL_VALUES, empty_workspace


def test_every_comparison_is_told_with_its_reason_used_or_not(linked: Workspace) -> None:
    found = model_facts(linked.lake, LinkagePolicy())
    told = model_as_json(found)
    assert [row["name"] for row in told["comparisons"]] == [comparison.name for comparison in COMPARISONS]
    assert all(row["reason"] for row in told["comparisons"])
    unused = {row["name"] for row in told["comparisons"] if not row["is_used"]}
    assert {row["comparison"] for row in told["levels"]} == {c.name for c in COMPARISONS} - unused
    text = model_text(found, 120)
    assert all(row["name"].replace("_", " ") in text for row in told["comparisons"])


def test_bits_are_those_of_the_parameters(linked: Workspace) -> None:
    found = model_facts(linked.lake, LinkagePolicy())
    for row in model_as_json(found)["levels"]:
        assert row["bits"] == pytest.approx(math.log2(row["m"] / row["u"]))
    shares = found.model.parameters.shares["last_name"]
    first = next(row for row in model_as_json(found)["levels"] if row["comparison"] == "last_name")
    assert (first["m"], first["u"]) == (shares.m[0], shares.u[0])


def test_thresholds_are_told_with_where_they_come_from(linked: Workspace) -> None:
    by_cost = model_text(model_facts(linked.lake, LinkagePolicy(false_merge_cost=9)), 100)
    assert "probability 0.900" in by_cost
    assert "a false merge costs 9 times a missed one" in by_cost
    by_hand = model_text(model_facts(linked.lake, LinkagePolicy(accept_probability=0.7)), 100)
    assert "probability 0.700" in by_hand
    assert "set in policies/linkage.yaml" in by_hand


def test_blocking_rules_are_told_with_what_they_found(linked: Workspace) -> None:
    told = model_as_json(model_facts(linked.lake, LinkagePolicy()))
    pairs = {report["rule"]: report["pairs"] for report in told["blocking"]}
    assert pairs["SAME_EMAIL"] > 0
    assert "an e-mail address in common" in model_text(model_facts(linked.lake, LinkagePolicy()), 120)


def with_sources(found: ModelFacts, sources: dict[SourcePair, SourceBits]) -> ModelFacts:
    """The same model, had it learned this of sources."""
    return with_parameters(found, replace(found.model.parameters, sources=sources))


def with_parameters(found: ModelFacts, parameters: Parameters) -> ModelFacts:
    settings = json.dumps(found.model.content | {"parameters": parameters.as_dict()})
    return replace(found, model=replace(found.model, settings=settings))


def test_how_many_are_colleagues_is_told(linked: Workspace) -> None:
    found = model_facts(linked.lake, LinkagePolicy())
    many, none = (
        with_parameters(found, replace(found.model.parameters, colleagues=colleagues, sharing=sharing))
        for colleagues, sharing in ((0.02, 0.0001), (0.0, 0.0))
    )
    text = model_text(many, 100)
    assert "of one company once in 50 pairs" in text
    assert "of others who share a key once in 10,000 pairs" in text
    assert not any(said in model_text(none, 100) for said in ("of one company once", "of others who share"))
    told = model_as_json(many)
    assert (told["colleagues"], told["sharing"]) == (0.02, 0.0001)


def test_what_is_believed_of_two_sources_is_told(linked: Workspace) -> None:
    found = model_facts(linked.lake, LinkagePolicy())
    without = with_sources(found, {})
    assert "of two sources" not in model_text(without, 100)
    assert model_as_json(without)["sources"] == []
    known = {("crm", "shop"): SourceBits(0.9, -0.25), ("shop", "shop"): SourceBits(-5.0, 1.5)}
    text = " ".join(model_text(with_sources(found, known), 100).split())
    assert "crm and shop +0.90 -0.25" in text
    assert "shop -5.00 +1.50" in text
    assert "shop: hardly ever a person twice" in text
    assert "crm: hardly ever" not in text
    assert model_as_json(with_sources(found, known))["sources"][1] == {
        "sources": ["shop", "shop"], "match_bits": -5.0, "household_bits": 1.5,
    }  # fmt: skip


def test_of_hundreds_of_sources_those_that_differ_most_are_told(linked: Workspace) -> None:
    found = model_facts(linked.lake, LinkagePolicy())
    known = {(f"s{n:03}", f"s{n:03}"): SourceBits(-n / 100, 0.0) for n in range(100, 300)}
    text = model_text(with_sources(found, known), 100)
    assert "s299" in text
    assert "s269" not in text
    assert "of 200 pairs of sources" in text
    picture = json.dumps(pictures.sources_chart(with_sources(found, known).model))
    assert "s299" in picture
    assert "s279" not in picture


def test_how_good_the_links_are_is_told_with_who_says_so(linked: Workspace) -> None:
    found = model_facts(linked.lake, LinkagePolicy())
    assert found.quality is not None
    text = " ".join(model_text(found, 100).split())
    assert "accepted links that are right" in text
    assert "the model speaks for itself" in text
    told = model_as_json(found)["quality"]
    assert told["precision"]["low"] <= told["precision"]["estimate"] <= told["precision"]["high"]
    judged = replace(found, quality=replace(found.quality, is_by_model=False, judged=40))
    assert "Estimated from 40 judged pairs" in " ".join(model_text(judged, 100).split())


def test_what_judgements_did_to_the_weights_is_told(linked: Workspace) -> None:
    found = model_facts(linked.lake, LinkagePolicy())
    content = {**found.model.content, "calibration": Calibration(1.5, 0.9, 12.0, 0.5).as_dict()}
    moved = replace(found, model=replace(found.model, settings=json.dumps(content)))
    assert "12 judged pairs: weights times 0.90, +1.50 bits" in model_text(moved, 100)
    assert "learned from judgements" not in model_text(found, 100)


def test_a_version_is_found_by_how_its_name_begins(linked: Workspace) -> None:
    version = model_facts(linked.lake, LinkagePolicy()).model.model_version
    assert model_facts(linked.lake, LinkagePolicy(), version[:6]).model.model_version == version
    with pytest.raises(NoSuchModelError, match=version):
        model_facts(linked.lake, LinkagePolicy(), "zzz")


def test_before_the_first_resolution_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LookupProblemError, match="cdp run"):
        model_facts(empty_workspace(tmp_path / "fresh").lake, LinkagePolicy())


@pytest.mark.parametrize("width", [60, 100, 200])
def test_it_fits_its_width_and_holds_no_personal_value(linked: Workspace, width: int) -> None:
    found = model_facts(linked.lake, LinkagePolicy())
    text = model_text(found, width)
    assert max(len(line) for line in text.splitlines()) <= width
    for told in (text, json.dumps(model_as_json(found))):
        assert not [value for value in PERSONAL_VALUES if value in told]
