"""How many faults there are: as many as CI has time for, or with ``CDP_FAULTS=all pytest -m faults`` all (about 45 minutes)."""

from __future__ import annotations

import os
import sys

import pytest

IS_FULL = os.environ.get("CDP_FAULTS", "ci") == "all"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes are copied and killed as Linux does it."""
    if not sys.platform.startswith("linux"):
        for item in items:
            if item.get_closest_marker("faults"):
                item.add_marker(pytest.mark.skip("needs /proc and fork"))
