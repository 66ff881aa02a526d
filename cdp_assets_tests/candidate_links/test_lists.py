from __future__ import annotations

import polars as pl

from cdp_assets.candidate_links.lists import as_given, of_each, once

LISTS = pl.Series("words", [["bee", "ant"], [], None, ["cat"], ["bee", None, "bee", "as"], [None], ["x"]])


def test_lists_are_made_distinct_and_ordered_and_an_empty_one_is_null() -> None:
    told = of_each(LISTS, as_given)
    assert told.to_list() == [["ant", "bee"], None, None, ["cat"], ["as", "bee"], None, ["x"]]
    assert told.name == "words"
    assert told.dtype == pl.List(pl.String)


def test_what_is_made_of_values_is_made_distinct_too_and_a_null_is_left_out() -> None:
    beginnings = of_each(LISTS, lambda values: values.replace({"x": None}).str.slice(0, 1))
    assert beginnings.to_list() == [["a", "b"], None, None, ["c"], ["a", "b"], None, None]
    assert of_each(LISTS.clear(), as_given).to_list() == []


def test_each_distinct_text_is_looked_at_once() -> None:
    seen: list[int] = []

    def length(text: pl.Expr) -> pl.Expr:
        return text.map_batches(lambda values: seen.append(len(values)) or values.str.len_chars(), pl.UInt32)  # type: ignore[func-returns-value]

    assert once(pl.Series(["ant", None, "bee", "ant", "", "ant"]), length).to_list() == [3, None, 3, 3, 0, 3]
    assert seen == [3]
