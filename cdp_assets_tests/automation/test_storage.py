"""Dagster's databases stay open while an instance is, are closed with it, and never too many at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.sql import ALEMBIC_SCRIPTS_LOCATION

from cdp_assets.automation.home import dagster_home, opened_instance
from cdp_assets.automation.storage import MOST_OPEN, databases_kept_open, migrations_loaded_once
from cdp_assets.ledger.database import MIGRATIONS
from cdp_assets.workspace import Workspace


def quiet(_: str) -> None:
    """Nobody listens."""


def logs_beside(home: Path) -> set[str]:
    """Databases whose write-ahead log is there: somebody has them open."""
    return {path.name.removesuffix("-wal") for path in home.rglob("*.db-wal")}


@dg.job
def nothing() -> None: ...


def looked_into(path: Path) -> None:
    """What Dagster does with each of its looks: an engine, a connection, and the engine is disposed of."""
    engine = sqlite_run_storage.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS seen (at INTEGER)")
        connection.exec_driver_sql("INSERT INTO seen VALUES (1)")
        connection.commit()
    engine.dispose()


def test_what_an_open_instance_stores_is_seen_by_others_and_nothing_stays_open_after_it(workspace: Workspace) -> None:
    home = dagster_home(workspace)
    assert logs_beside(home) == set()
    with opened_instance(workspace, quiet) as instance:
        instance.create_run_for_job(nothing)
        assert "runs.db" in logs_beside(home)
        with closing(sqlite3.connect(home / "history" / "runs.db")) as other:
            assert other.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    assert logs_beside(home) == set()
    with opened_instance(workspace, quiet) as again:
        assert again.get_runs_count() == 1


def test_whoever_reads_the_files_has_none_kept_open(workspace: Workspace) -> None:
    with opened_instance(workspace, quiet, files_are_read=True) as instance:
        instance.create_run_for_job(nothing)
        assert logs_beside(dagster_home(workspace)) == set()


def test_those_looked_into_last_stay_open(tmp_path: Path) -> None:
    with databases_kept_open():
        for number in range(MOST_OPEN + 2):
            looked_into(tmp_path / f"{number}.db")
            looked_into(tmp_path / "0.db")
        assert logs_beside(tmp_path) == {"0.db", *(f"{number}.db" for number in range(3, MOST_OPEN + 2))}
        looked_into(tmp_path / "1.db")
    assert logs_beside(tmp_path) == set()
    for number, rows in ((0, MOST_OPEN + 3), (1, 2), (2, 1)):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as database:
            assert database.execute("SELECT count(*) FROM seen").fetchone() == (rows,)


def test_dagsters_migrations_are_loaded_once_and_others_as_ever() -> None:
    dagsters, ours = Config(), Config()
    dagsters.set_main_option("script_location", ALEMBIC_SCRIPTS_LOCATION)
    ours.set_main_option("script_location", str(MIGRATIONS))
    load = ScriptDirectory.from_config
    with migrations_loaded_once():
        once = ScriptDirectory.from_config(dagsters)
        assert ScriptDirectory.from_config(dagsters) is once
        assert once.as_revision_number("head") == load(dagsters).as_revision_number("head")
        assert ScriptDirectory.from_config(ours) is not ScriptDirectory.from_config(ours)
    assert ScriptDirectory.from_config == load
