"""Which processes of this machine still run: how a run that was killed is told from one that takes long.

What does not belong here: what to do about it (``automation/runs_under_way.py``).
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
    told = _told(pid)
    if told is None:
        return True
    state, began = told
    # One that has ended and whose exit code nobody has asked for yet still has its number: in a container whose first
    # process never asks, for ever.
    return state not in ("Z", "X") and began <= since + CLOCK_TOLERANCE_SECONDS


def _told(pid: int) -> tuple[str, float] | None:
    """A process's state, and when it began (seconds since 1970); None where the system does not tell.

    Fields 3 and 22 of ``/proc/<pid>/stat`` (proc(5)); the latter in clock ticks since the boot that ``/proc/stat`` tells.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        booted = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
        return fields[0], int(booted.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return None
