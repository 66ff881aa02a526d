"""A run that is killed between two writes, and a file that is gone when the next one looks: what was kept is not lost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets.ledger import IMPORTED, LANDED, REFUSED, Ledger
from cdp_assets.processes import is_alive
from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contracts import SourceContract, load_contract
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.tables import raw_imports
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import day
from cdp_assets_tests.faults.small_workspace import CONTRACTS, LANDED_AT, csv, land

NOW = day("2025-01-01")
FILE = csv("mail,said,at", [("a@x.example", "given", "2024-03-01"), ("b@x.example", "given", "2024-03-02")])


class KilledError(BaseException):
    """Nothing catches it, as nothing catches ``kill -9``."""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "landing" / "web").mkdir(parents=True)
    (tmp_path / "contracts" / "web.yaml").write_text(CONTRACTS["web"].replace("after_import: remove\n", ""))
    opened = Workspace(tmp_path)
    yield opened
    opened.ledger.close()


def contract_of(workspace: Workspace) -> SourceContract:
    return load_contract(workspace.contracts_dir / "web.yaml")


def registered(workspace: Workspace, name: str, landed_at: int) -> Path:
    path = land(workspace.home, f"web/{name}", FILE, landed_at)
    register_arrivals(workspace, contract_of(workspace), NOW, settle_seconds=0)
    return path


def states(workspace: Workspace) -> list[str]:
    return workspace.ledger.imports()["state"].to_list()


def test_lines_that_were_kept_count_though_the_file_has_gone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = registered(workspace, "a.csv", LANDED_AT)
    import_id = workspace.ledger.imports()["import_id"].item()

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "mark_kept", killed)
        with pytest.raises(KilledError):
            take_in(workspace, contract_of(workspace), import_id, NOW)
    path.unlink()
    assert not take_in(workspace, contract_of(workspace), import_id, NOW).is_refused
    assert standardize_import(workspace, contract_of(workspace), import_id, NOW).counts["records"] == 2
    assert states(workspace) == [IMPORTED]
    assert workspace.lake.read(raw_imports("web")).height == 2


@pytest.mark.parametrize(("name", "landed_at"), [("b.csv", LANDED_AT), ("a.csv", LANDED_AT + 60)])
def test_a_file_that_had_gone_is_read_when_it_is_delivered_again(
    workspace: Workspace, name: str, landed_at: int
) -> None:
    registered(workspace, "a.csv", LANDED_AT).unlink()
    import_id = workspace.ledger.imports()["import_id"].item()
    assert take_in(workspace, contract_of(workspace), import_id, NOW).is_refused
    assert states(workspace) == [REFUSED]
    registered(workspace, name, landed_at)
    assert states(workspace) == [LANDED]
    assert take_in(workspace, contract_of(workspace), import_id, NOW).lines == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_a_process_that_nobody_has_buried_is_dead() -> None:
    began = time.time()
    with subprocess.Popen(["sleep", "60"]) as process:
        process.kill()
        while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
        assert not is_alive(process.pid, began)
