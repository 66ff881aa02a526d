"""Dagster's databases in SQLite, looked into with less ado.

What does not belong here: what stands in them, and other databases; Dagster keeps the engine of a PostgreSQL by itself.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Self

import dagster as dg
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from dagster._core.storage.sql import ALEMBIC_SCRIPTS_LOCATION

_STORAGES = (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage)
_MAKES_ENGINES = "create_engine"
"""The name by which each of them does; Dagster offers no setting for it."""

_LOADS_MIGRATIONS = "from_config"
"""The name by which Alembic does it."""

_ASKED_OF_THE_SCHEMA = ("has_table", "has_secondary_index", "has_asset_key_col")

MOST_OPEN = 8
"""Databases that stay open at once: each run has one of its own, and a workspace has thousands of runs in time."""

_MakesEngines = Callable[..., sa.Engine]


@contextmanager
def engines_made_once() -> Iterator[None]:
    """Dagster makes a new engine for each look into one of its SQLite databases, some 2,000 in a run, and each asks the database what
    it is and compiles its SQL anew: a good tenth of the CPU time of a small run. In here, a database has one engine.

    The engines pool nothing: each look still opens the database and closes it again, so that whoever else reads, moves or removes it is
    no worse off than without.
    """
    with _making_engines(_made_once):
        yield


@contextmanager
def databases_kept_open() -> Iterator[None]:
    """As :func:`engines_made_once`, and the databases that were looked into last stay open: whoever closes one that nobody else has open has
    SQLite empty its write-ahead log into it, remove the log and wait for the disk. That was an eighth of the CPU time of a small run.

    Not where the same process reads these files by itself: the system takes a process's locks on a file with the first descriptor of it
    that the process closes (https://www.sqlite.org/howtocorrupt.html, 2.2), and another process then takes the log for its own.
    """
    opened = _Opened()
    try:
        with _making_engines(lambda _: opened.engine):
            yield
    finally:
        opened.close()


@contextmanager
def migrations_loaded_once() -> Iterator[None]:
    """With each new database, and each that it opens, Dagster has Alembic load all of its migrations, some fifty modules, to tell which is
    the last: two dozen times in a small run. They stay the same while a process runs."""
    load = ScriptDirectory.from_config
    setattr(ScriptDirectory, _LOADS_MIGRATIONS, _loaded_once(load))
    try:
        yield
    finally:
        setattr(ScriptDirectory, _LOADS_MIGRATIONS, load)


def ask_for_the_schema_once(instance: dg.DagsterInstance) -> None:
    """With each step Dagster asks its events' database which tables and columns it has: whether it was made by a version before they were
    there. While an instance is open the answer stays the same; a twentieth of a small run went into asking."""
    events = instance.event_log_storage
    if isinstance(events, sqlite_event_log.SqliteEventLogStorage):
        for name in _ASKED_OF_THE_SCHEMA:
            setattr(events, name, cache(getattr(events, name)))


@contextmanager
def _making_engines(instead_of: Callable[[_MakesEngines], _MakesEngines]) -> Iterator[None]:
    before = [(storage, getattr(storage, _MAKES_ENGINES)) for storage in _STORAGES]
    for storage, create_engine in before:
        setattr(storage, _MAKES_ENGINES, instead_of(create_engine))
    try:
        yield
    finally:
        for storage, create_engine in before:
            setattr(storage, _MAKES_ENGINES, create_engine)


def _made_once(create_engine: _MakesEngines) -> _MakesEngines:
    made: dict[str, sa.Engine] = {}

    def engine(url: str, **options: Any) -> sa.Engine:
        if url not in made:
            made[url] = create_engine(url, **options)
        return made[url]

    return engine


class _StaysOpen(sa.QueuePool):
    """Keeps its connection though Dagster disposes of its engine, as it does after each look."""

    def dispose(self) -> None:
        """Nothing: :meth:`close` does it."""

    def recreate(self) -> Self:
        """The same pool."""
        return self

    def close(self) -> None:
        """Close the connections that nobody uses."""
        super().dispose()


class _Opened:
    """Engines by the URLs of their databases; the one that was asked for last stands last."""

    def __init__(self) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()

    def engine(self, url: str, **options: Any) -> sa.Engine:
        """The engine of a database, which stays open until so many others have been asked for."""
        if url not in self._engines:
            options |= {"poolclass": _StaysOpen, "pool_size": 1, "max_overflow": -1}
            self._engines[url] = sa.create_engine(url, **options)
        self._engines.move_to_end(url)
        while len(self._engines) > MOST_OPEN:
            self._close_the_first()
        return self._engines[url]

    def close(self) -> None:
        """Close all of them."""
        while self._engines:
            self._close_the_first()

    def _close_the_first(self) -> None:
        _, engine = self._engines.popitem(last=False)
        assert isinstance(engine.pool, _StaysOpen)
        engine.pool.close()


def _loaded_once(load: Callable[[Config], ScriptDirectory]) -> Callable[[Config], ScriptDirectory]:
    """Dagster's three kinds of databases have the same migrations; others are loaded as ever."""
    made: dict[str, ScriptDirectory] = {}

    def loaded(config: Config) -> ScriptDirectory:
        if config.get_main_option("script_location") != ALEMBIC_SCRIPTS_LOCATION:
            return load(config)
        if ALEMBIC_SCRIPTS_LOCATION not in made:
            made[ALEMBIC_SCRIPTS_LOCATION] = load(config)
        return made[ALEMBIC_SCRIPTS_LOCATION]

    return loaded
