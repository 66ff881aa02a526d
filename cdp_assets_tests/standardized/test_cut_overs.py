"""The moment at which one kind of event gave way to another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.standardized.cut_overs import Demands, cut_overs

START = datetime(2020, 1, 1, tzinfo=UTC)
DEMANDS = Demands(support=3, support_with_switchers=2, purity=0.75)


def events(text: str) -> pl.DataFrame:
    """One event a day: ``a`` of the former kind, ``b`` of the new one."""
    return pl.DataFrame(
        [("x", START + timedelta(days=day), kind == "b") for day, kind in enumerate(text)],
        schema={"group": pl.String, "at": pl.Datetime("us", "UTC"), "is_after": pl.Boolean},
        orient="row",
    )


def switchers(count: int) -> pl.DataFrame:
    return pl.DataFrame({"group": ["x"], "switchers": [count]}, schema={"group": pl.String, "switchers": pl.Int64})


def cut(text: str, switched: int = 0) -> float | None:
    """Days from the start to the cut, or None."""
    found = cut_overs(events(text), switchers(switched), ["group"], DEMANDS)
    return None if found.is_empty() else (found["cut_at"][0] - START) / timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "switched", "expected"),
    [
        ("aaaaabbbbb", 0, 4.5),
        ("aaaaaaaabbbb", 0, 7.5),
        ("aaaaaaaababbbbbbbbbb", 0, 9.5),  # one late delivery
        ("aab", 5, None),  # one of the new form is no form
        ("aabb", 0, None),
        ("aabb", 2, 1.5),  # the same people with both
        ("aaabbb", 0, None),  # what chance brings among many companies
        ("aaabbb", 1, 2.5),
        ("aaabbb", -1, None),  # somebody went back
        ("aaaaaaaaaa", 0, None),
        ("bbbbbaaaaa", 0, None),
        ("abababababababab", 0, None),  # two forms side by side
        ("aaaaaaababaababbaabb", 0, None),  # a gradual shift that never becomes a rule
        ("b" * 8 + "a" * 8 + "b" * 8, 0, None),
        ("", 0, None),
        ("a", 3, None),
    ],
)
def test_where_the_cut_is(text: str, switched: int, expected: float | None) -> None:
    assert cut(text, switched) == expected


def test_the_cut_is_in_the_middle_of_the_gap_and_the_sides_are_counted() -> None:
    frame = events("aaaaabbbbbb").with_columns(
        pl.when(pl.col("is_after")).then(pl.col("at").dt.offset_by("10d")).otherwise("at").alias("at")
    )
    found = cut_overs(frame, switchers(0), ["group"], DEMANDS)
    assert found["cut_at"].to_list() == [START + timedelta(days=9.5)]
    assert found.select("before", "after").row(0) == (5, 6)


def test_events_of_one_moment_stay_on_one_side() -> None:
    frame = events("aaaabbbb").with_columns(at=pl.lit(START))
    assert cut_overs(frame, switchers(3), ["group"], DEMANDS).is_empty()


def test_groups_are_judged_each_by_itself() -> None:
    two = pl.concat([events("aaaaabbbbb"), events("ababababab").with_columns(group=pl.lit("y"))])
    assert cut_overs(two, switchers(0), ["group"], DEMANDS)["group"].to_list() == ["x"]


@given(st.text("ab", min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(text: str, random: object) -> None:
    frame = events(text)
    order = list(range(len(frame)))
    random.shuffle(order)  # type: ignore[attr-defined]
    straight = cut_overs(frame, switchers(1), ["group"], DEMANDS)
    assert cut_overs(frame[order], switchers(1), ["group"], DEMANDS).equals(straight)
