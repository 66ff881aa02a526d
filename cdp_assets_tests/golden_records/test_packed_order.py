"""Numbers packed and sorted stand as columns that are compared one after the other do, however many bits they take."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.golden_records.packed_order import begins_of, best_of_each, rows_in_order

_LOW, _HIGH = -(2**63), 2**63 - 1

_ROWS = st.lists(
    st.fixed_dictionaries({
        "customer": st.integers(0, 3), "is_current": st.sampled_from([True, False, None]),
        "at": st.sampled_from([None, 0, 1, 2**40, 2**40 + 1, -(2**62), 2**62]), "day": st.sampled_from([None, 1, 2]),
        "hash": st.sampled_from([_LOW, -1, 0, _HIGH]), "nothing": st.none(),
    }),
    max_size=14,
)  # fmt: skip
_SCHEMA = {
    "customer": pl.UInt32, "is_current": pl.Boolean, "at": pl.Int64, "day": pl.Date, "hash": pl.Int64, "nothing": pl.UInt8,
}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(_ROWS, st.lists(st.booleans(), min_size=6, max_size=6))
def test_rows_stand_as_if_columns_were_compared_one_after_the_other(
    rows: list[dict[str, object]], descending: list[bool]
) -> None:
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    order, repeats = rows_in_order(frame.get_columns(), descending)
    assert sorted(order) == list(range(frame.height))
    assert frame[order].equals(frame.sort(frame.columns, descending=descending, nulls_last=True))
    alike = frame[order].select(pl.all_horizontal(pl.all().eq_missing(pl.all().shift())) & (pl.int_range(pl.len()) > 0))
    assert pl.Series(repeats).to_list() == alike.to_series().to_list()


_RUNS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(-1, 1)), max_size=14)


@settings(max_examples=150, deadline=None)
@given(_RUNS)
def test_the_best_of_each_run_has_the_most_and_is_the_first_of_those(rows: list[tuple[int, int, int]]) -> None:
    runs, first, second = (
        np.array([row[n] for row in sorted(rows, key=lambda row: row[0])], dtype=int) for n in range(3)
    )
    best = {
        run: max((at for at in range(len(runs)) if runs[at] == run), key=lambda at: (first[at], second[at], -at))
        for run in runs
    }
    assert best_of_each(begins_of(runs), [first, second]).tolist() == list(best.values())
