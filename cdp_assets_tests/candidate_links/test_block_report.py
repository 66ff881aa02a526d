from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cdp_assets.candidate_links import blocking
from cdp_assets.candidate_links.block_report import BlockReport, block_report
from cdp_assets.candidate_links.blocking import RULES, Blocks, RuleReport, candidate_pairs
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.tables import SCORED_PAIRS
from cdp_assets_tests.candidate_links.frames import profiles

EMAIL, PHONE = (1 << list(RULES).index(name) for name in ("SAME_EMAIL", "SAME_PHONE"))


def report(*reports: RuleReport, pairs: list[tuple[int, int, int]], accepted: list[tuple[int, int]]) -> BlockReport:
    found = pl.DataFrame(pairs, schema={"id_l": pl.Int64, "id_r": pl.Int64, "rules": pl.Int64}, orient="row")
    ids = pl.DataFrame(accepted, schema={"profile_id_l": pl.Int64, "profile_id_r": pl.Int64}, orient="row")
    names = [name for name in SCORED_PAIRS.schema if name not in ids.columns]
    scored = ids.with_columns(
        pl.lit("accepted" if name == "decision" else None, dtype=SCORED_PAIRS.schema[name]).alias(name)
        for name in names
    )
    return block_report(Blocks(found, reports), scored)


def test_sizes_of_blocks_are_told_before_any_is_refined() -> None:
    rows: list[dict[str, Any]] = [{"phones": ["+1"]}] * 2 + [{"phones": ["+2"]}] * 4 + [{"phones": ["+3"]}] * 5
    blocks = candidate_pairs(comparable(profiles(*rows)), LinkagePolicy(max_block=4))
    told = {one.rule: one for one in blocks.reports}["SAME_PHONE"]
    assert told.sizes == (1, 1, 1)  # one block of 2, one of 3 to 4, one of 5 to 8
    assert told.refined_blocks == 1


def test_links_of_a_rule_are_those_that_were_accepted_and_alone_where_no_other_rule_found_them() -> None:
    found = report(
        RuleReport("SAME_EMAIL", 400, 400, 2, 0, 0, 0, 0, sizes=(2,)),
        RuleReport("SAME_PHONE", 400, 400, 2, 0, 0, 0, 0, sizes=(2,)),
        pairs=[(1, 2, EMAIL), (3, 4, EMAIL | PHONE), (5, 6, PHONE)],
        accepted=[(1, 2), (3, 4)],
    )
    columns = ("rule", "pairs_alone", "links", "links_alone", "paired_records")
    assert found.rules.select(columns).rows() == [("SAME_EMAIL", 1, 2, 1, 4), ("SAME_PHONE", 1, 1, 0, 4)]
    assert found.estimated_recall_loss == 0.0


def test_records_left_out_are_taken_to_lose_what_only_their_rule_finds_for_the_others() -> None:
    found = report(
        RuleReport("SAME_EMAIL", 400, 400, 2, 1, 1, 20, 190, sizes=(2, 0, 0, 0, 1)),
        RuleReport("SAME_PHONE", 0, 0, 0, 0, 0, 0, 0, why_not="they were tired"),
        pairs=[(1, 2, EMAIL), (3, 4, EMAIL)],
        accepted=[(1, 2)],
    )
    # one link among four paired records, so five among twenty; one link was found of the six
    assert found.rules["estimated_links_lost"].to_list() == [5.0, 0.0]
    assert found.estimated_recall_loss == pytest.approx(5 / 6)
    assert found.untried == ("SAME_PHONE",)


def test_a_rule_that_paired_nothing_has_no_rate_to_lose_by() -> None:
    found = report(RuleReport("SAME_EMAIL", 400, 400, 0, 1, 1, 500, 124_750), pairs=[], accepted=[])
    assert found.rules["estimated_links_lost"].to_list() == [0.0]
    assert found.estimated_recall_loss == 0.0


def test_every_pair_that_blocking_made_is_in_the_report(
    town_profiles: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "MIN_PAIRS", 400)
    policy = LinkagePolicy(max_block=3, max_pairs_per_profile=4)
    blocks = candidate_pairs(comparable(town_profiles), policy)
    rules = block_report(blocks, SCORED_PAIRS.empty()).rules
    assert dict(rules.select("rule", "pairs").rows()) == {one.rule: one.pairs for one in blocks.reports}
    by_rule = [blocks.pairs.filter(pl.col("rules").and_(1 << list(RULES).index(name)) != 0) for name in rules["rule"]]
    assert rules["pairs"].to_list() == [found.height for found in by_rule]
    assert rules["dropped_pairs"].sum() > 0
