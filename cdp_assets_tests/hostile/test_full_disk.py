"""A disk that is full: nothing half-done, an error that says so, and the same command afterwards ends as if undisturbed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdp_assets_tests.hostile.case import FILE_PERSON, PERSON
from cdp_assets_tests.hostile.full_disk import PLACES

pytestmark = pytest.mark.xdist_group("hostile_disk")

DISK = "24m"


def _found(home: Path, how: str) -> dict[str, Any]:
    child = [sys.executable, "-W", "error", "-m", "cdp_assets_tests.hostile.full_disk", str(home), how]
    done = subprocess.run(child, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert PERSON not in done.stderr + done.stdout
    assert FILE_PERSON not in done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _ends_as_if_undisturbed(found: dict[str, Any]) -> None:
    undisturbed = found.pop("nowhere")
    assert undisturbed["problem"] is None
    assert undisturbed["after"]["ledger"] == [["imported", 201, 200, None]]
    assert found.keys() == PLACES.keys() - {"nowhere"}
    for place, at in found.items():
        assert at["problem"] is not None, place
        assert "disk" in at["problem"], place
        assert [state for state, *_ in at["left"]["ledger"]] in ([], ["landed"]), place
        whole = undisturbed["after"]["hash"]
        assert at["left"]["hash"] == whole[: len(at["left"]["hash"])], f"{place}: a table is whole or empty"
        assert at["again"] is None, place
        assert at["after"]["ledger"] == undisturbed["after"]["ledger"], place
        assert at["after"]["hash"] == whole, place


def test_a_disk_that_lets_no_file_grow(tmp_path: Path) -> None:
    _ends_as_if_undisturbed(_found(tmp_path / "home", "limit"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a disk of its own")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.long
def test_a_disk_that_is_full_to_the_last_byte(small_disk: Path) -> None:
    _ends_as_if_undisturbed(_found(small_disk / "home", "fill"))
