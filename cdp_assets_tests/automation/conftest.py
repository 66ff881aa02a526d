"""A workspace with one source, where nothing has run yet, and a Dagster instance that keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.environment import workspace_from_environment
from cdp_assets.workspace import Workspace

CONTRACT = "source: crm\nkind: profiles\nextract: {files: '*.csv'}\nkey: id\ncolumns: {first_name: f, email: e}\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "crm.yaml").write_text(CONTRACT)
    (tmp_path / "landing" / "crm").mkdir(parents=True)
    opened = workspace_from_environment(tmp_path)
    yield opened
    opened.ledger.close()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral
