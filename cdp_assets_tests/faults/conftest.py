"""How many faults: ``CDP_FAULTS=all pytest -m faults`` makes them all (half an hour), else there are as many as CI has time for."""

from __future__ import annotations

import os
import sys

import pytest

from cdp_assets_tests.faults.figures import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]

IS_FULL = os.environ.get("CDP_FAULTS", "ci") == "all"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "faults: kills runs, or lets many run at once; CDP_FAULTS=all for the full suite"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes are copied and killed as Linux does it."""
    if not sys.platform.startswith("linux"):
        for item in items:
            if item.get_closest_marker("faults"):
                item.add_marker(pytest.mark.skip("needs /proc and fork"))
