"""Only the tables of one resolution of all that has arrived are audited."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.identity_graph.auditing import NothingToAuditError, audited_slice
from cdp_assets_tests.builders import RESOLVED_AT, empty_workspace, small_workspace


def test_nothing_is_audited_before_a_resolution_or_when_something_has_come_since(tmp_path: Path) -> None:
    for made in (empty_workspace(tmp_path / "empty"), small_workspace(tmp_path / "small")):
        with pytest.raises(NothingToAuditError, match="cdp run"):
            audited_slice(made, "a seed", RESOLVED_AT)
        made.ledger.close()
