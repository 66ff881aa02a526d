"""How many faults there are: as many as CI has time for, or with ``CDP_FAULTS=all pytest -m faults`` all (about 45 minutes)."""

from __future__ import annotations

import os
import sys

import pytest

IS_FULL = os.environ.get("CDP_FAULTS", "ci") == "all"

GROUPS = 2 if IS_FULL else 1
"""Tests are parted in so many groups, one for each worker, each with a fork server and an undisturbed run of its own. What CI has
time for is one group: the other worker has enough to do meanwhile."""


def group(nth: int) -> pytest.MarkDecorator:
    """The mark of every second test, or of all of them."""
    return pytest.mark.xdist_group(f"faults-{nth % GROUPS}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes are copied and killed as Linux does it."""
    if not sys.platform.startswith("linux"):
        for item in items:
            if item.get_closest_marker("faults"):
                item.add_marker(pytest.mark.skip("needs /proc and fork"))
