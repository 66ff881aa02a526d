"""The database behind the ledger: its schema, its transactions, and errors that name no value."""

from __future__ import annotations

import gc
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from cdp_assets.ledger import IMPORTED, MIGRATIONS, Ledger, metadata
from cdp_assets_tests.ledger.builders import NOON, delivery


def test_moments_come_back_in_utc(ledger: Ledger) -> None:
    ledger.register(delivery("aa"))
    assert ledger.import_row("crm", "20240501T120000Z-aa0000000000")["landed_at"] == NOON


def test_a_frame_has_the_types_of_its_columns_before_there_is_a_row(ledger: Ledger) -> None:
    types = ledger.imports().schema
    assert [types[name] for name in ("landed_at", "lines", "problem")] == [
        pl.Datetime("us", "UTC"),
        pl.Int64,
        pl.String,
    ]
    assert ledger.erased_signs().schema["is_own"] == pl.Boolean


def test_an_error_names_no_value(ledger: Ledger) -> None:
    ledger.register(delivery("aa", location="canary.csv"))
    row = ledger.import_row("crm", "20240501T120000Z-aa0000000000")
    with pytest.raises(sa.exc.IntegrityError) as refusal, ledger._writing() as connection:
        connection.execute(sa.insert(metadata.tables["imports"]).values(**row))
    assert "canary" not in str(refusal.value)


def test_a_reader_does_not_wait_for_a_writer(ledger: Ledger) -> None:
    ledger.register(delivery("aa"))
    with ledger._writing() as connection:
        connection.execute(sa.delete(metadata.tables["imports"]))
        assert ledger.imports().height == 1


def test_the_migrations_make_exactly_the_tables_that_the_code_declares(ledger: Ledger) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with ledger._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_ledger_of_the_first_version_is_brought_up_to_date_with_all_that_it_holds(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            sa.text(
                "INSERT INTO imports (import_id, source, content_sha256, sequence, location, bytes, landed_at, state)"
                " VALUES ('i1', 'crm', 'aa', 1, 'a.csv', 9, '2024-05-01 12:00:00', 'imported')"
            )
        )
    engine.dispose()
    ledger = Ledger(url)
    row = ledger.import_row("crm", "i1")
    assert (row["state"], row["landed_at"], row["records_version"]) == (IMPORTED, NOON, None)
    ledger.put_contract_in_force("crm", "v1", "{}", NOON)
    ledger.close()


def test_a_ledger_that_nobody_holds_any_more_has_let_go_of_its_connections(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.imports()
    pool = ledger._engine.pool
    assert isinstance(pool, sa.QueuePool)
    assert pool.checkedin() == 1
    del ledger
    gc.collect()
    assert pool.checkedin() == 0
