"""Rows of nested frames, against what Polars itself gives for them."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets import tables
from cdp_assets.standardized.nested_rows import rows_of

SCHEMA = {"name": pl.String(), "emails": tables.TEXTS, "identifiers": tables.IDENTIFIERS}
_TEXT = st.sampled_from(["a", "a text that is longer than twelve bytes", None])
_STRUCT = st.none() | st.fixed_dictionaries({"type": _TEXT, "value": _TEXT})
_ROW = st.fixed_dictionaries(
    {"name": _TEXT, "emails": st.lists(_TEXT, max_size=2), "identifiers": st.lists(_STRUCT, max_size=3)}
)


@given(rows=st.lists(_ROW, max_size=8), wanted=st.lists(st.integers(0, 7), max_size=12), parts=st.integers(1, 4))
def test_any_rows_in_any_order(rows: list[dict[str, Any]], wanted: list[int], parts: int) -> None:
    whole = pl.DataFrame(rows, schema=SCHEMA)
    places = pl.Series([n for n in wanted if n < whole.height], dtype=pl.UInt32)
    frame = pl.concat([whole.clear(), *whole.iter_slices(parts)])
    found = rows_of(frame, places)
    assert found.schema == whole.schema
    assert found.equals(whole.select(pl.all().gather(places)))
