"""Ways measured in fresh processes: each run is a process of its own, and of several runs the medians count.

Part of the benchmarks beside it; not run by itself.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def peak_mb() -> float:
    """The peak of this process alone; what getrusage says begins, on Linux, with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def medians(script: str, way: str, on: Path, runs: int, *options: str) -> dict[str, float]:
    """The medians of what ``script --measure WAY ON`` (and further options) prints as JSON, over so many runs."""
    command = [sys.executable, script, *options, "--measure", way, str(on)]
    found: list[dict[str, Any]] = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(runs)
    ]
    return {name: statistics.median(run[name] for run in found) for name in found[0]}


class Stages:
    """Seconds of the named stages of one way, in the order in which they first ran: of processor (all threads) and of wall clock.

    A stage inside another counts as itself only.
    """

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}
        self._inside: list[str] = []
        self._since = (0.0, 0.0)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Count what happens inside as this stage."""
        self._count()
        self.cpu.setdefault(name, 0.0)
        self.wall.setdefault(name, 0.0)
        self._inside.append(name)
        try:
            yield
        finally:
            self._count()
            self._inside.pop()

    def _count(self) -> None:
        """Add what has passed since the last change of stage to the stage that it passed in."""
        now = (time.process_time(), time.perf_counter())
        if self._inside:
            self.cpu[self._inside[-1]] += now[0] - self._since[0]
            self.wall[self._inside[-1]] += now[1] - self._since[1]
        self._since = now
