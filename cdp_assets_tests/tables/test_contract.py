"""A frame that does not fit the contract of its table is refused without naming a value."""

from __future__ import annotations

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.tables import Column, Table, TableContractError

PETS = Table(
    "raw/pets",
    "pet",
    (
        Column("name", tables.TEXT, "what it is called", nullable=False, personal=True),
        Column("legs", tables.INTEGER, "how many it stands on"),
        Column("owners", tables.TEXTS, "who feeds it"),
    ),
    key=("name",),
)


def test_conform_orders_the_columns_and_widens_the_types() -> None:
    legs = pl.DataFrame({"owners": [["ann"]], "legs": [4], "name": ["rex"]}, schema_overrides={"legs": pl.Int8})
    conformed = PETS.conform(legs)
    assert conformed.columns == ["name", "legs", "owners"]
    assert conformed.schema["legs"] == pl.Int64
    assert conformed.row(0) == ("rex", 4, ["ann"])


def test_a_column_of_nulls_takes_the_declared_type() -> None:
    frame = pl.DataFrame({"name": ["rex"], "legs": [None], "owners": [None]})
    assert PETS.conform(frame).schema == PETS.schema


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"name": ["rex"], "legs": [4]}, "missing columns ['owners']"),
        ({"name": ["rex"], "legs": [4], "owners": [["ann"]], "tail": ["long"]}, "unknown columns ['tail']"),
        ({"name": ["rex"], "legs": ["four"], "owners": [["ann"]]}, "expected Int64, found String"),
        ({"name": [None], "legs": [4], "owners": [["ann"]]}, "1 nulls in a column that may not be null"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused_and_no_value_is_named(frame: dict[str, list[object]], said: str) -> None:
    built = pl.DataFrame(frame, schema_overrides={"name": pl.String})
    with pytest.raises(TableContractError) as refusal:
        PETS.conform(built)
    assert said in str(refusal.value)
    assert not any(value in str(refusal.value) for value in ("rex", "four", "ann", "long"))


def test_an_open_ended_table_keeps_the_columns_that_only_its_source_knows() -> None:
    raw = tables.raw_imports("crm")
    frame = pl.DataFrame(
        {"_import_id": ["i"], "_file": ["f"], "_line": [2], "_problem": [None], "_text": [None], "Vorname": ["Ana"]}
    )
    assert raw.conform(frame).columns[-1] == "Vorname"
