"""Cells without a record, records without a cell and records of somebody else are each counted."""

from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.golden_records.golden import GOLDEN_FIELDS
from cdp_assets.golden_records.provenance_checks import untraced_values

GOLDEN = pl.DataFrame(
    [{"customer_id": "a", "email": "a@x.example", "phone": "+1"}, {"customer_id": "b", "email": "b@x.example"}],
    schema=dict.fromkeys(["customer_id", *GOLDEN_FIELDS], pl.String),
)
MEMBERS = pl.DataFrame({"customer_id": ["b", "a", "a"], "record_id": ["crm/3", "crm/2", "crm/1"]})
ROWS = [("a", "email", "crm/1"), ("a", "phone", "crm/1"), ("b", "email", "crm/3")]


def found(rows: list[tuple[str, str, str | None]], golden: pl.DataFrame = GOLDEN) -> tuple[int, ...]:
    schema = ["customer_id", "field", "record_id"]
    provenance = pl.DataFrame(rows, schema=dict.fromkeys(schema, pl.String), orient="row")
    counts = untraced_values(golden, provenance, MEMBERS)
    names = ("cells", "cells_without_a_record", "records_without_a_cell", "records_of_somebody_else")
    assert set(names) == set(counts)
    return tuple(counts[name] for name in names)


def test_nothing_is_found_where_every_value_comes_from_a_record_in_whatever_order() -> None:
    assert found(ROWS) == found(ROWS[::-1]) == (3, 0, 0, 0)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (ROWS[1:], (3, 1, 0, 0)),
        ([], (3, 3, 0, 0)),
        ([*ROWS, ("a", "company", "crm/1")], (3, 0, 1, 0)),
        ([*ROWS, ("a", "no_field", "crm/1")], (3, 0, 1, 0)),
        ([*ROWS, ("nobody", "email", "crm/1")], (3, 0, 1, 1)),
        ([("a", "email", "crm/3"), ("a", "phone", "crm/3"), ROWS[2]], (3, 0, 0, 2)),
        ([("a", "email", None), ("a", "phone", "no/record"), ROWS[2]], (3, 0, 0, 2)),
        ([("b", "email", "crm/1"), *ROWS[:2]], (3, 0, 0, 1)),
    ],
)
def test_each_fault_is_counted(rows: list[tuple[str, str, str | None]], expected: tuple[int, ...]) -> None:
    assert found(rows) == expected


def test_a_golden_record_that_stands_twice_needs_its_cells_traced_once() -> None:
    assert found(ROWS, pl.concat([GOLDEN, GOLDEN.head(1)])) == (5, 0, 0, 0)


def test_there_may_be_no_golden_record_at_all() -> None:
    assert found([], GOLDEN.clear()) == (0, 0, 0, 0)
    assert found(ROWS[:1], GOLDEN.clear()) == (0, 0, 1, 0)
