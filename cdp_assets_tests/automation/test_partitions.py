"""Imports are partitions of their source."""

from __future__ import annotations

from cdp_assets.automation import contiguous


def test_a_run_covers_partitions_that_stand_together() -> None:
    assert contiguous(["a", "b", "c", "d", "e"], ["a", "b", "d"]) == [["a", "b"], ["d"]]
    assert contiguous(["a", "b"], []) == []
