"""Candidates in order: numbers first and texts only where these do not decide gives what comparing everything gives."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.golden_records.ranking import TIE_KEYS, Key, first_of_each, in_order

_KEYS = [Key("current", "is_current"), Key("main_one", "position", descending=False), *TIE_KEYS]

_ROWS = st.lists(
    st.fixed_dictionaries({
        "customer": st.integers(0, 3), "is_current": st.sampled_from([True, False, None]), "position": st.integers(0, 1),
        "trust": st.sampled_from([10, 80]), "observed_at": st.sampled_from([1, 2, None]), "text": st.sampled_from(["a", "b", None]),
    }),
    max_size=14,
)  # fmt: skip
_SCHEMA = {
    "customer": pl.UInt32, "is_current": pl.Boolean, "position": pl.UInt32, "trust": pl.UInt8, "observed_at": pl.Int64,
    "text": pl.String,
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_ROWS)
def test_order_is_that_of_all_keys_compared_one_after_the_other(rows: list[dict[str, object]]) -> None:
    frame = pl.DataFrame(rows, schema=_SCHEMA).with_row_index("order")
    descending = [False, *(key.descending for key in _KEYS)]
    columns = ["customer", *(key.column for key in _KEYS)]
    expected = frame.sort(columns, descending=descending, nulls_last=True)
    ordered = in_order(frame, _KEYS)
    assert ordered.equals(expected)
    assert first_of_each(ordered).equals(expected.unique("customer", keep="first", maintain_order=True))


def test_order_without_a_text_among_the_keys() -> None:
    frame = pl.DataFrame({"customer": [2, 1, 1], "order": [1, 3, 2], "text": ["c", "b", "a"]})
    assert in_order(frame, [Key("tie_break", "order", descending=False)])["text"].to_list() == ["a", "b", "c"]
