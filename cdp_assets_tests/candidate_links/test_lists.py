from __future__ import annotations

import polars as pl
import pyarrow as pa

from cdp_assets.candidate_links.lists import Distinct, Flat, from_arrow, joined, once, side_by_side

LISTS = pl.Series("words", [["bee", "ant"], [], None, ["cat"], ["bee", None, "bee", "as"], [None], ["x"]])


def given(lists: pl.Series) -> pl.Series:
    flat = Flat.of(lists)
    return flat.lists_of(flat.values)


def test_lists_are_made_distinct_and_ordered_and_an_empty_one_is_null() -> None:
    told = given(LISTS)
    assert told.to_list() == [["ant", "bee"], None, None, ["cat"], ["as", "bee"], None, ["x"]]
    assert told.name == "words"
    assert told.dtype == pl.List(pl.String)


def test_what_is_made_of_values_is_made_distinct_too_and_a_null_is_left_out() -> None:
    flat = Flat.of(LISTS)
    beginnings = flat.values.replace({"x": None}).str.slice(0, 1)
    assert flat.lists_of(beginnings).to_list() == [["a", "b"], None, None, ["c"], ["a", "b"], None, None]
    assert given(LISTS.clear()).to_list() == []


def test_each_distinct_text_is_looked_at_once() -> None:
    seen: list[int] = []

    def length(texts: pl.Series) -> pl.Series:
        seen.append(len(texts))
        return texts.str.len_chars()

    assert once(pl.Series(["ant", None, "bee", "ant", "", "ant"]), length).to_list() == [3, None, 3, 3, 0, 3]
    assert seen == [3]


def test_lists_that_are_tidy_already_stay_as_they_are_beside_those_that_are_not() -> None:
    lists = pl.Series([["a", "b"], ["c"], ["b", "b"], [], ["z", "a", "z", "m"], ["k"]])
    assert given(lists).to_list() == [["a", "b"], ["c"], ["b"], None, ["a", "m", "z"], ["k"]]


def test_values_that_are_left_out_leave_their_lists_where_they_are() -> None:
    flat = Flat.of(LISTS)
    assert flat.only(flat.values != "bee").lists().to_list() == [["ant"], [], [], ["cat"], ["as"], [], ["x"]]
    assert flat.only(flat.values.is_not_null()).lengths.tolist() == [2, 0, 0, 1, 3, 0, 1]


def test_the_values_of_two_columns_go_into_one_list_per_row() -> None:
    one, other = pl.Series([["a"], [], ["b", "c"], None]), pl.Series([["d", "a"], ["e"], [], None])
    both = Flat.of(one).and_those_of(Flat.of(other))
    assert both.lists().to_list() == [["a", "d", "a"], ["e"], ["b", "c"], []]
    assert both.tidy().lists().to_list() == [["a", "d"], ["e"], ["b", "c"], []]


def test_a_part_of_a_column_has_its_own_distinct_texts() -> None:
    texts = pl.Series(["x", "ant", None, "bee", "ant"])[1:]
    distinct = Distinct.of(texts)
    assert distinct.texts.to_list() == ["ant", "bee"]
    assert distinct.texts.gather(distinct.places).to_list() == texts.to_list()
    assert once(texts.clear(), lambda distinct: distinct.str.len_chars()).to_list() == []


def test_texts_of_lists_are_those_joined() -> None:
    lists = pl.Series([["a"], [], ["b", "c"], ["d"]])
    assert joined(lists, "+").to_list() == ["a", "", "b+c", "d"]
    assert joined(lists[:1], "+").to_list() == ["a"]
    assert joined(lists.clear(), "+").to_list() == []


def test_a_part_of_a_column_may_have_no_values() -> None:
    lists = pl.Series([["a", "b"], [], ["c"], None])
    assert given(lists[1:2]).to_list() == [None]
    assert given(lists[3:]).to_list() == [None]
    assert given(lists[2:]).to_list() == [["c"], None]
    assert given(lists[2:2]).to_list() == []


def test_a_part_of_a_column_and_one_in_several_chunks_have_their_own_values() -> None:
    lists = pl.concat([LISTS, LISTS.head(5), LISTS], rechunk=False)
    for part in (lists, lists[3:16], lists[4:5], lists[1:2], lists.clear()):
        flat = Flat.of(part)
        assert flat.values.to_list() == [value for held in part.to_list() for value in held or []]
        assert flat.lengths.tolist() == [len(held or []) for held in part.to_list()]


def test_a_null_has_no_values_whatever_it_hides() -> None:
    hiding = pa.LargeListArray.from_arrays(
        pa.array([0, 1, 3, 4], pa.int64()), pa.array(["a", "b", "c", "d"]), mask=pa.array([False, True, False])
    )
    flat = Flat.of(from_arrow(hiding))
    assert flat.lists().to_list() == [["a"], [], ["d"]]


def test_each_value_stands_in_the_row_of_its_list() -> None:
    assert Flat.of(LISTS).rows().tolist() == [0, 0, 3, 4, 4, 4, 4, 5, 6]
    assert Flat.of(LISTS.clear()).rows().tolist() == []


def test_texts_side_by_side_are_the_same_texts() -> None:
    texts = pl.Series("name", ["a text of more than twelve bytes", None, "", "ant", "another one that is as long"])
    several = pl.concat([texts, texts.reverse()])
    lists = pl.Series("lists", [["a text of more than twelve bytes", "ant"], [], ["another one that is as long"]])
    nothing = pl.Series("nothing", [None, None], dtype=pl.String)
    for column in (texts, several, texts[1:4], texts.gather([4, 0, 1]), texts.clear(), nothing):
        assert side_by_side(column).equals(column, check_names=True, check_dtypes=True)
    for column in (lists, lists[1:], lists.gather([2, 1]), lists[1:2], lists.clear()):
        assert side_by_side(column).equals(column, check_names=True, check_dtypes=True)
