"""Memory is kept for a while: said before Polars is loaded, and never against what somebody has set."""

from __future__ import annotations

import os
import subprocess
import sys

from cdp_assets.allocator import KEPT_FOR_TEN_SECONDS, OPTIONS

ASK = f"import sys, os, cdp_assets; print(os.environ[{OPTIONS!r}], 'polars' in sys.modules); import polars"


def _told(**environment: str) -> str:
    others = {name: value for name, value in os.environ.items() if name != OPTIONS}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env={**others, **environment}, capture_output=True, text=True, check=True
    )
    assert not done.stderr  # an option that the allocator does not know is told there
    return done.stdout.strip()


def test_memory_is_kept_for_ten_seconds_and_polars_is_not_loaded_before_that_is_said() -> None:
    assert _told() == f"{KEPT_FOR_TEN_SECONDS} False"


def test_what_somebody_has_set_stands() -> None:
    assert _told(**{OPTIONS: "dirty_decay_ms:1"}) == "dirty_decay_ms:1 False"
