"""Files that change, vanish or may not be read while somebody looks at them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import polars as pl
import pytest

from cdp_assets.ledger import LANDED
from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources import arrivals, delivered_content
from cdp_assets.sources.arrivals import Arrivals, register_arrivals
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.workspace import Workspace
from cdp_assets_tests.hostile.case import FILE_PERSON, GOOD, LONG_AGO, PERSON, ROW, Case, text
from cdp_assets_tests.hostile.delivered import NOW, contract_of, settle

pytestmark = pytest.mark.xdist_group("hostile")

NAME = f"{FILE_PERSON}.csv"


class Folder:
    """A landing folder with a good file and one that moves."""

    def __init__(self, home: Path) -> None:
        (home / "contracts").mkdir()
        self.workspace = Workspace(home)
        self.contract: SourceContract = contract_of(self.workspace, Case("moves", "", "", "", b""))
        self.folder = self.workspace.landing_dir / self.contract.source
        self.folder.mkdir(parents=True)
        self.write("good.csv", GOOD)
        self.write(NAME, text(ROW))

    def write(self, name: str, content: bytes, age: float = LONG_AGO) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        settle(path, age)
        return path

    def look(self) -> Arrivals:
        return register_arrivals(self.workspace, self.contract, NOW, settle_seconds=2)

    def run(self) -> dict[str, tuple[str, str | None]]:
        """Look, read what waits, and say the state and problem of each import, by its file."""
        self.look()
        rows = self.rows()
        for row in rows:
            if row["state"] == LANDED:
                take_in(self.workspace, self.contract, row["import_id"], NOW)
                standardize_import(self.workspace, self.contract, row["import_id"], NOW)
        return {f"{row['location']} {row['sequence']}": (row["state"], row["problem"]) for row in self.rows()}

    def rows(self) -> list[dict[str, Any]]:
        return self.workspace.ledger.imports().to_dicts()


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path)
    yield folder
    folder.workspace.ledger.close()


def _once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, happens: Callable[[], None], *, of: str) -> None:
    """Have something happen once, right after the first piece of a file that begins with ``of`` was read."""
    original = getattr(owner, name)

    def pieces(file: BinaryIO, limits: Any) -> Iterator[bytes]:
        for piece in original(file, limits):
            if of.encode() in piece and not done:
                done.append(True)
                happens()
            yield piece

    done: list[bool] = []
    monkeypatch.setattr(owner, name, pieces)


def test_written_to_while_it_is_read(moving: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    moving.look()
    longer = text(ROW, f"2,{PERSON},b@x.example\n")
    _once(monkeypatch, delivered_content, "content_of", lambda: _again(moving, longer), of=PERSON)
    first = moving.run()
    assert first["good.csv 1"] == ("imported", None)
    state, problem = first[f"{NAME} 2"]
    assert (state, "while it was read" in problem or "not what it was" in problem) == ("refused", True)
    assert PERSON not in problem
    assert moving.run()[f"{NAME} 3"] == ("imported", None), "the next look registers what is there now"
    assert [row["records"] for row in moving.rows()] == [1, None, 2]


def _again(moving: Folder, content: bytes) -> None:
    moving.write(NAME, content, age=LONG_AGO - 60)


def test_another_file_in_its_place_while_it_is_read(moving: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    moving.look()

    def rename() -> None:
        moving.write(".new", text(f"9,Eve {PERSON},e@x.example\n"), age=LONG_AGO - 60).rename(moving.folder / NAME)

    _once(monkeypatch, delivered_content, "content_of", rename, of=PERSON)
    assert moving.run() == {"good.csv 1": ("imported", None), f"{NAME} 2": ("imported", None)}
    assert moving.run()[f"{NAME} 3"] == ("imported", None), "both are there: what was read was whole"
    assert [row["records"] for row in moving.rows()] == [1, 1, 1]


def test_changed_or_gone_while_it_is_looked_at(moving: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    path = moving.folder / NAME
    original = arrivals.content_sha256

    def grows(looked_at: Path) -> str:
        found = original(looked_at)
        if looked_at == path:
            with path.open("ab") as file:
                file.write(b"2,Bo,b@x.example\n")
        return found

    monkeypatch.setattr(arrivals, "content_sha256", grows)
    seen = moving.look()
    assert (len(seen.new), [item.why for item in seen.waiting]) == (1, ["it changed while it was read"])

    def goes(looked_at: Path) -> str:
        if looked_at == path:
            path.unlink()
        return original(looked_at)

    monkeypatch.setattr(arrivals, "content_sha256", goes)
    settle(path, LONG_AGO)
    assert [item.why for item in moving.look().waiting] == ["it has just gone"]
    assert moving.run() == {"good.csv 1": ("imported", None)}


def test_a_growing_file_is_imported_when_it_is_whole(moving: Folder) -> None:
    moving.write(NAME, text(ROW)[:-5], age=0)
    assert [item.why for item in moving.look().waiting] == ["it has just changed"]
    moving.write(NAME, text(ROW)[:-5], age=30)
    assert [item.why for item in moving.look().waiting] == ["its last line has no end"]
    moving.write(NAME, text(ROW), age=3)
    assert moving.look().waiting == ()
    assert moving.run() == {"good.csv 1": ("imported", None), f"{NAME} 2": ("imported", None)}


def test_a_refused_file_that_is_delivered_whole_is_imported(moving: Folder) -> None:
    moving.write(NAME, b"id,name,email,email\n" + ROW.encode())
    assert moving.run()[f"{NAME} 2"][0] == "refused"
    moving.write(NAME, text(ROW), age=LONG_AGO - 60)
    assert moving.run()[f"{NAME} 3"] == ("imported", None)


def test_the_same_rows_in_another_order_bring_nothing(moving: Folder) -> None:
    rows = [f"{n},{PERSON},e{n}@x.example\n" for n in range(3)]
    moving.write(NAME, text(*rows))
    moving.write(f"again {NAME}", text(*reversed(rows)), age=LONG_AGO - 60)
    found = moving.run()
    assert sorted(state for state, _ in found.values()) == ["imported", "imported", "repeated"]
    repeated = moving.workspace.ledger.imports().filter(pl.col("state") == "repeated").row(0, named=True)
    assert [repeated[name] for name in ("lines", "records", "rejected", "duplicates")] == [3, 0, 0, 3]


def test_a_file_without_read_permission_waits_for_it() -> None:
    """In a process that is nobody, for nothing is forbidden to root."""
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        if os.geteuid() == 0:
            Path(folder).chmod(0o755)
        child = [sys.executable, "-W", "error", "-m", "cdp_assets_tests.hostile.without_permission", str(home)]
        done = subprocess.run(child, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert FILE_PERSON not in done.stdout + done.stderr
    assert PERSON not in done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["forbidden"]["states"] == ["imported"]
    [why] = found["forbidden"]["waiting"]
    assert "can not be opened (PermissionError); check who may read it" in why
    assert found["allowed"] == {"states": ["imported", "imported"], "waiting": []}
    assert found["forbidden after the look"]["states"] == ["imported", "imported", "refused"]
    [problem] = found["forbidden after the look"]["waiting"]
    assert "can not be opened (PermissionError)" in problem
    assert "PermissionError" in found["forbidden folder"]["raised"]
