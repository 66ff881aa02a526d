"""Dagster's databases in SQLite, looked into with less ado.

What does not belong here: what stands in them, and other databases; Dagster keeps the engine of a PostgreSQL by itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage

_STORAGES = (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage)
_MAKES_ENGINES = "create_engine"
"""The name by which each of them does; Dagster offers no setting for it."""

_ASKED_OF_THE_SCHEMA = ("has_table", "has_secondary_index", "has_asset_key_col")


@contextmanager
def engines_made_once() -> Iterator[None]:
    """Dagster makes a new engine for each look into one of its SQLite databases, some 2,000 in a run, and each asks the database what
    it is and compiles its SQL anew: a good tenth of the CPU time of a small run. In here, a database has one engine.

    The engines pool nothing: each look still opens the database and closes it again, so that whoever else reads, moves or removes it is
    no worse off than without.
    """
    before = [(storage, getattr(storage, _MAKES_ENGINES)) for storage in _STORAGES]
    for storage, create_engine in before:
        setattr(storage, _MAKES_ENGINES, _made_once(create_engine))
    try:
        yield
    finally:
        for storage, create_engine in before:
            setattr(storage, _MAKES_ENGINES, create_engine)


def _made_once(create_engine: Callable[..., sa.Engine]) -> Callable[..., sa.Engine]:
    made: dict[str, sa.Engine] = {}

    def engine(url: str, **options: object) -> sa.Engine:
        if url not in made:
            made[url] = create_engine(url, **options)
        return made[url]

    return engine


def ask_for_the_schema_once(instance: dg.DagsterInstance) -> None:
    """With each step Dagster asks its events' database which tables and columns it has: whether it was made by a version before they were
    there. While an instance is open the answer stays the same; a twentieth of a small run went into asking."""
    events = instance.event_log_storage
    if isinstance(events, sqlite_event_log.SqliteEventLogStorage):
        for name in _ASKED_OF_THE_SCHEMA:
            setattr(events, name, cache(getattr(events, name)))
