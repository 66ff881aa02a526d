"""Every table has a contract, that is whole, in the module of its stage."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from cdp_assets import tables
from cdp_assets.tables import TABLES, Table

MODULES = sorted(module.name for module in pkgutil.iter_modules(tables.__path__) if module.name != "contract")


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


@pytest.mark.parametrize("name", MODULES)
def test_a_module_declares_tables_of_the_stage_that_it_is_named_after(name: str) -> None:
    module = importlib.import_module(f"cdp_assets.tables.{name}")
    of_sources = [declared("crm") for said, declared in vars(module).items() if said.startswith(("raw_", "source_"))]
    declared = [table for table in vars(module).values() if isinstance(table, Table)] + of_sources
    assert declared
    assert not [table.name for table in declared if not f"{name}_".startswith(f"{table.stage}_")]


def test_every_table_that_a_module_declares_is_among_the_tables() -> None:
    modules = [importlib.import_module(f"cdp_assets.tables.{name}") for name in MODULES]
    declared = [table for module in modules for table in vars(module).values() if isinstance(table, Table)]
    assert {table.name for table in declared} == {table.name for table in TABLES}
    assert all(table in vars(tables).values() for table in declared), "all are read from cdp_assets.tables"
