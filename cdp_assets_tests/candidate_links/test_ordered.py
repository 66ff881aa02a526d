from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.candidate_links.differences import come_or_gone, keys_of_others
from cdp_assets.candidate_links.ordered import each_once, in_order, replaced, rows_at, rows_of_hashes

ROWS = st.lists(st.tuples(st.sampled_from("abcd"), st.one_of(st.none(), st.integers(0, 3))), max_size=8)


def frame(rows: list[tuple[str, int | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"key": pl.String, "value": pl.Int64}, orient="row")


@settings(deadline=None)
@given(ROWS)
def test_any_rows_come_in_order_and_each_key_once(rows: list[tuple[str, int | None]]) -> None:
    assert in_order(frame(rows), "key")["key"].to_list() == sorted(key for key, _ in rows)
    once = each_once(frame(rows), "key")
    assert once["key"].to_list() == sorted({key for key, _ in rows})
    assert set(once.rows()) <= set(rows)


def test_rows_that_are_in_order_stay_as_they_are() -> None:
    ordered = frame([("a", 2), ("b", 1)])
    assert in_order(ordered, "key") is ordered


@settings(deadline=None)
@given(st.sets(st.integers(0, 40) | st.integers(0, 2**63 - 1), max_size=40), st.lists(st.integers(0, 2**63 - 1)))
def test_rows_of_numbers_are_found_however_they_are_spread(ids: set[int], others: list[int]) -> None:
    ordered = np.array(sorted(ids), dtype=np.int64)
    sought = np.array([*others, *ids, *(number + 1 for number in ids if number < 2**63 - 1)], dtype=np.int64)
    for some in (sought, sought[:1]):
        assert rows_of_hashes(ordered, some).tolist() == np.searchsorted(ordered, some).tolist()


@settings(deadline=None)
@given(ROWS.map(set), ROWS.map(set))
def test_what_one_frame_has_and_the_other_has_not(before: set[tuple[str, int]], now: set[tuple[str, int]]) -> None:
    found = come_or_gone(frame(list(before)), frame(list(now)))
    assert set(found.rows()) == before ^ now
    assert len(found) == len(before ^ now)


@settings(deadline=None)
@given(st.sets(st.integers(0, 400), max_size=9), st.sets(st.integers(0, 400), max_size=9), st.booleans())
def test_it_does_not_matter_whether_rows_are_found_where_they_were(
    gone: set[int], come: set[int], is_ordered: bool
) -> None:
    rows = [set(range(400)) - some for some in (come, gone)]
    frames = [frame([(str(number), number % 7) for number in sorted(some, reverse=not is_ordered)]) for some in rows]
    found = come_or_gone(frames[0], frames[1].sort("key", descending=True) if not is_ordered else frames[1])
    assert sorted(found["key"].cast(pl.Int64)) == sorted((gone ^ come) - {400})


def test_two_rows_that_look_alike_by_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pl.DataFrame, "hash_rows", lambda frame: frame["value"].cast(pl.UInt64))
    before, now = frame([("a", 1), ("b", 2)]), frame([("a", 1), ("b", 2), ("c", 2)])
    assert come_or_gone(before, now).rows() == [("c", 2)]
    assert come_or_gone(now, before).rows() == [("c", 2)]


KEYED = st.dictionaries(
    st.tuples(st.integers(0, 30), st.integers(0, 2**62)),
    st.tuples(st.none() | st.sampled_from("ab"), st.none() | st.integers(0, 1)),
)


def keyed(rows: dict[tuple[int, int], tuple[str | None, int | None]], is_ordered: bool = True) -> pl.DataFrame:
    schema = {"one": pl.Int64, "other": pl.Int64, "text": pl.String, "number": pl.Int64}
    told = [(*key, *rows[key]) for key in sorted(rows, reverse=not is_ordered)]
    return pl.DataFrame(told, schema=schema, orient="row")


def others_by_key(before: pl.DataFrame, now: pl.DataFrame) -> set[Any]:
    return set(keys_of_others(before, now, ["one", "other"]).rows())


@settings(deadline=None)
@given(KEYED, KEYED, KEYED, st.booleans())
def test_keys_of_rows_that_have_come_or_gone_or_say_something_else(
    stayed: dict[Any, Any], gone: dict[Any, Any], come: dict[Any, Any], is_ordered: bool
) -> None:
    before, now = stayed | gone, stayed | come
    expected = {key for key in before | now if before.get(key) != now.get(key)}
    assert others_by_key(keyed(before), keyed(now, is_ordered)) == expected


def test_keys_of_a_few_rows_among_many_that_are_otherwise() -> None:
    before = {(at // 3, at): ("a", at % 2) for at in range(5_000)}
    now = {key: value for key, value in before.items() if key[1] % 90} | {(7, 9_000): ("b", 1), (0, 1): ("b", 1)}
    expected = {(7, 9_000), (0, 1), *((at // 3, at) for at in range(0, 5_000, 90))}
    for one, other in ((before, now), (now, before)):
        assert others_by_key(keyed(one), keyed(other)) == expected


NUMBERED = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=12).map(lambda rows: sorted(set(rows)))


@settings(deadline=None)
@given(NUMBERED, NUMBERED, st.sets(st.integers(0, 11)))
def test_rows_are_replaced_in_order(rows: list[tuple[int, int]], coming: list[tuple[int, int]], out: set[int]) -> None:
    schema = {"one": pl.Int64, "other": pl.Int64}
    before, by = (pl.DataFrame(some, schema=schema, orient="row") for some in (rows, coming))
    stays = pl.Series([at not in out for at in range(len(rows))], dtype=pl.Boolean)
    found = replaced(before, stays, by, "one", "other")
    assert found.equals(pl.concat([before.filter(stays), by]).sort("one", "other"))


@settings(deadline=None)
@given(ROWS.map(dict), ROWS.map(dict), st.sets(st.sampled_from("abcd")))
def test_rows_with_texts_and_lists_are_replaced_in_order(
    rows: dict[str, int | None], coming: dict[str, int | None], out: set[str]
) -> None:
    before, by = (
        frame(sorted(some.items())).with_columns(list=pl.concat_list("key"), unfilled=pl.lit(None, dtype=pl.String))
        for some in (rows, coming)
    )
    stays = ~before["key"].is_in({*out, *coming})
    assert replaced(before, stays, by, "key").equals(pl.concat([before.filter(stays), by]).sort("key"))


@settings(deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4), st.sets(st.integers(0, 40)))
def test_rows_are_looked_up_in_every_chunk(chunks: list[list[tuple[str, int | None]]], wanted: set[int]) -> None:
    whole = pl.concat([frame(rows).with_columns(list=pl.concat_list("key")) for rows in chunks], rechunk=False)
    rows = np.array(sorted(row for row in wanted if row < len(whole)), dtype=np.int64)
    assert rows_at(whole, rows).equals(whole.filter(pl.int_range(pl.len()).is_in(rows.tolist())))
