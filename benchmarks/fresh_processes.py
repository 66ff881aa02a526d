"""Ways measured in fresh processes: each run is a process of its own, and of several runs the medians count.

Part of the benchmarks beside it; not run by itself.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any


def peak_mb() -> float:
    """The peak of this process alone; what getrusage says begins, on Linux, with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def medians(script: str, way: str, on: Path, runs: int) -> dict[str, float]:
    """The medians of what ``script --measure WAY ON`` prints as JSON, over so many runs."""
    command = [sys.executable, script, "--measure", way, str(on)]
    found: list[dict[str, Any]] = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(runs)
    ]
    return {name: statistics.median(run[name] for run in found) for name in found[0]}
