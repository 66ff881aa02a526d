"""Every table has a contract, and a frame that does not fit is refused without naming a value."""

from __future__ import annotations

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.tables import TABLES, Column, Table, TableContractError

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


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_contract_is_whole(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert table.key
    assert set(table.key) <= set(names)
    assert all(not column.nullable for column in table.columns if column.name in table.key)
    assert all(column.meaning for column in table.columns)
    assert table.empty().schema == table.schema


def test_table_names_are_unique_in_their_last_part_because_the_ui_shows_only_that() -> None:
    last_parts = [table.name.split("/")[1] for table in TABLES]
    assert len(last_parts) == len(set(last_parts))
