from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.judgements import (
    ContradictoryJudgementError,
    Judgement,
    contradiction,
    judgements_in_force,
    require_consistent,
)
from cdp_assets_tests.identity_graph.frames import judged


def in_force(frame: pl.DataFrame) -> list[tuple[str, str, str]]:
    return judgements_in_force(frame).select("record_id_l", "record_id_r", "judgement").rows()


def test_the_newest_judgement_of_a_pair_is_in_force_whichever_way_round_it_was_given() -> None:
    frame = judged([("a", "b", "same", 1), ("b", "a", "different", 2), ("c", "b", "undecided", 1)])
    expected = [("a", "b", "different"), ("b", "c", "undecided")]
    assert in_force(frame) == in_force(frame.reverse()) == expected


def test_of_two_judgements_at_one_instant_the_more_careful_holds() -> None:
    assert in_force(judged([("a", "b", "different", 1), ("a", "b", "same", 1)])) == [("a", "b", "different")]


def test_of_two_judgements_at_one_instant_the_ledger_knows_the_later() -> None:
    frame = judged([("a", "b", "different", 1), ("a", "b", "same", 1)]).with_columns(judgement_id=pl.Series([1, 2]))
    assert in_force(frame.reverse()) == [("a", "b", "same")]


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(ValueError, match="1 rows hold none of"):
        judgements_in_force(judged([("a", "b", "identical")]))


def test_same_that_joins_two_people_judged_different_is_refused_with_the_chain() -> None:
    frame = judged([("a", "b", "same"), ("c", "d", "same"), ("a", "d", "different")])
    assert contradiction(frame, "b", "c", Judgement.SAME) == ("a", "b", "c", "d")
    assert contradiction(frame, "c", "b", Judgement.SAME) in {("a", "b", "c", "d"), ("d", "c", "b", "a")}
    assert contradiction(frame, "b", "x", Judgement.SAME) is None


def test_different_within_a_chain_of_same_is_refused_with_the_chain() -> None:
    frame = judged([("a", "b", "same"), ("b", "c", "same")])
    assert contradiction(frame, "a", "c", Judgement.DIFFERENT) == ("a", "b", "c")


def test_a_pair_may_be_judged_anew() -> None:
    frame = judged([("a", "b", "same")])
    assert contradiction(frame, "b", "a", Judgement.DIFFERENT) is None
    assert contradiction(judged([("a", "b", "different")]), "a", "b", Judgement.SAME) is None


def test_undecided_never_contradicts_and_breaks_a_chain() -> None:
    frame = judged([("a", "b", "same", 1), ("b", "c", "same", 1), ("a", "b", "undecided", 2)])
    assert contradiction(frame, "a", "c", Judgement.UNDECIDED) is None
    assert contradiction(frame, "a", "c", Judgement.DIFFERENT) is None


def test_the_error_carries_the_chain_and_names_nobody() -> None:
    frame = judged([("crm/dana", "b", "same"), ("b", "c", "same")])
    with pytest.raises(ContradictoryJudgementError, match="chain of `same`") as raised:
        require_consistent(frame, "crm/dana", "c", Judgement.DIFFERENT)
    assert raised.value.chain == ("c", "b", "crm/dana") or raised.value.chain == ("crm/dana", "b", "c")
    assert "dana" not in str(raised.value)
    require_consistent(frame, "crm/dana", "x", Judgement.DIFFERENT)
