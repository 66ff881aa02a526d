"""One finished workspace for the tests that look, and a copy of it for each test that decides."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import small_workspace, with_trained_links


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace of ``builders.small_workspace``; never write to it."""
    return small_workspace(tmp_path_factory.mktemp("finished") / "data")


@pytest.fixture(scope="session")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The same with a trained model; never write to it."""
    return with_trained_links(small_workspace(tmp_path_factory.mktemp("linked") / "data"))


@pytest.fixture
def own(linked: Workspace, tmp_path: Path) -> Workspace:
    """A copy to write to."""
    linked.ledger.close()
    shutil.copytree(linked.home, tmp_path / "data")
    return Workspace(tmp_path / "data")
