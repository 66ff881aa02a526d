"""Which processes of this machine still run: how a run that was killed is told from one that takes long.

What does not belong here: what to do about it (``automation.py``).
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

CLOCK_TOLERANCE_SECONDS = 2.0
"""The kernel counts from its boot in hundredths of a second, and clocks are set."""


def this_process() -> str:
    """``host:pid`` of this process."""
    return f"{this_host()}:{os.getpid()}"


def this_host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def is_alive(pid: int, since: float) -> bool:
    """Whether the process that had this number at the time ``since`` (seconds since 1970) still runs.

    A number is given away again; where the system tells when a process began (Linux), a later one is not taken for it.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if _is_dead(pid):
        return False
    began = _began(pid)
    return began is None or began <= since + CLOCK_TOLERANCE_SECONDS


def _is_dead(pid: int) -> bool:
    """Whether the process has ended and nobody has asked for its exit code yet, as in a container whose first process never does."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except (OSError, IndexError):
        return False


def _began(pid: int) -> float | None:
    """When a process began, seconds since 1970; None where the system does not tell.

    Field 22 of ``/proc/<pid>/stat`` (proc(5)), in clock ticks since the boot that ``/proc/stat`` tells.
    """
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        booted = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return int(booted.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
