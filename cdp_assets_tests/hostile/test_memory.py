"""Files that are hard on memory are imported, or refused, within what any import takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets_tests.hostile.memory import ROWS

pytestmark = pytest.mark.xdist_group("hostile_disk")

MOST_MEGABYTES = 900
"""More than an ordinary large import takes (see docs/imports.md), and far less than what the bombs expand to."""

OF_A_MILLION_COLUMNS = 300


def test_what_is_hard_on_memory(tmp_path: Path) -> None:
    child = [sys.executable, "-W", "error", "-m", "cdp_assets_tests.hostile.memory", str(tmp_path / "home")]
    done = subprocess.run(child, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("nothing")[:4] == ["imported", 1, 1, 0]
    assert found["all_rejected"][:4] == ["imported", ROWS, 0, ROWS]
    assert {name: outcome for name, (outcome, *_) in found.items()} == {
        "a_million_columns": "refused",
        "zstd_bomb": "refused",
        "excel_bomb": "refused",
        "large_gzip_bomb": "refused",
        "all_rejected": "imported",
    }
    assert found["a_million_columns"][4] < OF_A_MILLION_COLUMNS
    assert max(megabytes for *_, megabytes in found.values()) < MOST_MEGABYTES
