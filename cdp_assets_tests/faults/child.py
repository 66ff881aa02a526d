"""What runs in a process of its own: ``cdp run`` on a workspace, until it is done or killed.

A fork server imports this module once and is then copied for each run, so that a run costs no four seconds of imports. That
is safe because importing is all it has done: no thread but those that allocators and BLAS start by themselves
(``test_kill.py`` holds it), and a copy starts its own as it needs them.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import vl_convert

import cdp_assets.definitions  # noqa: F401 (so that it has been imported)
from cdp_assets import automation
from cdp_assets.automation import arriving
from cdp_assets.automation.storage import engines_made_once
from cdp_assets.environment import workspace_from_environment
from cdp_assets_tests.faults.write_points import watch

LOADED_ON_DEMAND = (
    "alembic.command",
    "anyascii",
    "dagster._core.storage.sqlite_storage",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.run_coordinator.queued_run_coordinator",
    "dagster._core.launcher.default_run_launcher",
    "nameparser",
    "narwhals",
    "polars.io.delta",
    "psycopg",
    "splink.internals.duckdb.database_api",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "sqlglot.dialects.duckdb",
    "upath.implementations.local",
)
"""What a run imports in its course; one that is not there is imported when it is wanted, as ever."""

for _name in LOADED_ON_DEMAND:
    with contextlib.suppress(ImportError):
        importlib.import_module(_name)
READY = "ready"


@dataclass(frozen=True)
class Done:
    """What an undisturbed run tells: its seconds of CPU time, the write points that it passed, the problems that it reported."""

    seconds: float
    points: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default_factory=tuple)


def run(home: Path, talk: Connection, kill_at: str | None, is_watched: bool) -> None:
    """``cdp run``; with ``kill_at`` until that write point, where the process kills itself as ``kill -9`` does."""
    passed: list[str] = []

    def reached(point: str) -> None:
        passed.append(point)
        if point == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    _begin(home)
    if is_watched or kill_at:
        watch(home, reached)
    talk.send(READY)
    began = time.process_time()
    workspace = workspace_from_environment(home)
    report = automation.run_pending(workspace, print)
    workspace.ledger.close()
    talk.send(Done(time.process_time() - began, tuple(passed), tuple(report.problems)))


def call(home: Path, talk: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Any function of the tests; its result is told."""
    _begin(home)
    talk.send(READY)
    with engines_made_once():  # as cdp does it, for those who open an instance by themselves
        talk.send(function(*arguments))


def _begin(home: Path) -> None:
    _to_log(home)
    _quick()


def _to_log(home: Path) -> None:
    """What is printed goes beside the workspace: whoever looks into a failure finds it there."""
    log = os.open(home.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _quick() -> None:
    """Leave out what takes time and changes no table."""
    gc.freeze()
    gc.disable()  # a run is short, and looking through all that was imported would only copy it
    arriving.SETTLE_SECONDS = 0.0  # files of tests have landed long ago
    vl_convert.vegalite_to_svg = lambda *_, **__: ""  # nobody looks at pictures
