from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.candidate_links.differences import come_or_gone
from cdp_assets.candidate_links.ordered import each_once, in_order

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
@given(ROWS.map(set), ROWS.map(set))
def test_what_one_frame_has_and_the_other_has_not(before: set[tuple[str, int]], now: set[tuple[str, int]]) -> None:
    found = come_or_gone(frame(list(before)), frame(list(now)))
    assert set(found.rows()) == before ^ now
    assert len(found) == len(before ^ now)
