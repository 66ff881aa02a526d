"""A ledger in SQLite, new for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets.ledger import Ledger
from cdp_assets.ledger.database import LedgerDatabase
from cdp_assets_tests.conftest import MIGRATE


@pytest.fixture(autouse=True)
def _new_ledgers_are_migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each through all versions, as where there is no test."""
    monkeypatch.setattr(LedgerDatabase, "_migrate", MIGRATE)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    opened = Ledger(url)
    yield opened
    opened.close()
