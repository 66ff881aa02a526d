"""Runs in processes of their own, undisturbed or killed, one after the other or at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from cdp_assets_tests.faults import child
from cdp_assets_tests.faults.child import READY, Done

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([child.__name__])

PATIENCE_SECONDS = 300
"""A run that takes longer hangs."""

LOOK_SECONDS = 0.005
"""How often a run that is to be killed is looked at."""

KILLED = -signal.SIGKILL


class NotKilledError(AssertionError):
    """The run ended before the point at which it was to be killed."""


def run(home: Path, *, is_watched: bool = False) -> Done:
    """``cdp run`` to its end."""
    with running(home, is_watched=is_watched) as process:
        done = process.result()
    assert isinstance(done, Done)
    return done


def run_and_kill_at(home: Path, point: str) -> None:
    """``cdp run`` until the write point of that name. Raises :class:`NotKilledError` when it is never reached."""
    with running(home, kill_at=point) as process:
        if process.ended(PATIENCE_SECONDS) != KILLED:
            raise NotKilledError(f"'{point}' was never reached; see {process.log}")


def run_and_kill_after(home: Path, seconds: float) -> bool:
    """``cdp run`` until it has used so many seconds of CPU time; whether it was killed (or had ended before).

    On a busy machine the same seconds by the clock are a different moment each time.
    """
    with running(home) as process:
        while process.ended(LOOK_SECONDS) is None and process.cpu_seconds() < seconds:
            pass
        process.kill()
        return process.ended(PATIENCE_SECONDS) == KILLED


def threads_of_the_fork_server(home: Path) -> list[str]:
    """The names of its threads; the first is Python's own."""
    with calling(home, os.getppid) as process:
        server = process.result()
    tasks = sorted(Path(f"/proc/{server}/task").iterdir(), key=lambda task: int(task.name))
    return [(task / "comm").read_text().strip() for task in tasks]


class Running:
    """A process that has begun."""

    def __init__(self, process: ForkServerProcess, talk: Connection, home: Path) -> None:
        self._process, self._talk, self.log = process, talk, home.with_suffix(".log")
        self._used_before = self._used()

    def result(self) -> Any:
        """What it tells at its end."""
        try:
            assert self._talk.poll(PATIENCE_SECONDS), f"it hangs; see {self.log}"
            told = self._talk.recv()
        except EOFError:
            raise AssertionError(f"it failed:\n{self.log.read_text()[-5000:]}") from None
        assert self.ended(PATIENCE_SECONDS) == 0
        return told

    def ended(self, within_seconds: float) -> int | None:
        """Its exit code, or None while it runs."""
        self._process.join(within_seconds)
        return self._process.exitcode

    def cpu_seconds(self) -> float:
        """CPU time that it has used since it began, all threads together."""
        return self._used() - self._used_before

    def _used(self) -> float:
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            return float("inf")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """As ``kill -9``."""
        self._process.kill()


@contextmanager
def running(home: Path, *, kill_at: str | None = None, is_watched: bool = False) -> Iterator[Running]:
    """A process that has begun ``cdp run``; it is gone afterwards."""
    with _started(home, child.run, kill_at, is_watched) as process:
        yield process


@contextmanager
def calling(home: Path, function: Callable[..., Any], *arguments: Any) -> Iterator[Running]:
    """A process that has begun to call a function; it is gone afterwards. Its output goes beside ``home``."""
    with _started(home, child.call, function, arguments) as process:
        yield process


@contextmanager
def _started(home: Path, target: Callable[..., None], *arguments: Any) -> Iterator[Running]:
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=target, args=(home, theirs, *arguments))
    process.start()
    theirs.close()
    try:
        assert ours.poll(PATIENCE_SECONDS)
        assert ours.recv() == READY
        yield Running(process, ours, home)
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()
