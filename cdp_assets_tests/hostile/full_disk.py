"""A process that imports while the disk is full at one place after the other, and says what it found.

Run as ``python -m cdp_assets_tests.hostile.full_disk HOME HOW``. HOW is ``limit`` (the system refuses to let any file grow)
or ``fill`` (HOME is on a disk of its own, which is filled to the last byte). Prints a JSON object by place.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets import lake as lake_module
from cdp_assets.lake import Lake
from cdp_assets.ledger import LANDED, Ledger
from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.tables import raw_imports, source_records, source_rejections
from cdp_assets.workspace import Workspace
from cdp_assets_tests.hostile.case import LONG_AGO, PERSON, Case, text
from cdp_assets_tests.hostile.delivered import NOW, contract_of, settle


@dataclass
class Disk:
    """A disk that can be made full, and empty again."""

    home: Path
    how: str

    def fill(self) -> None:
        """Leave no room for another byte."""
        if self.how == "limit":
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        for size in (1 << 16, 1 << 12, 1):
            with suppress(OSError), (self.home / "filler").open("ab", buffering=0) as filler:
                while filler.write(bytes(size)):
                    pass

    def make_room(self) -> None:
        """Undo it."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        (self.home / "filler").unlink(missing_ok=True)


PLACES: dict[str, tuple[Any, str, int]] = {
    "nowhere": (Ledger, "register", 10_000),
    "registering": (Ledger, "register", 1),
    "raw rows": (lake_module, "_write_file", 1),
    "raw commit": (Lake, "_commit_files", 1),
    "kept, in the ledger": (Ledger, "mark_kept", 1),
    "rejections": (lake_module, "_write_file", 2),
    "records": (lake_module, "_write_file", 3),
    "records commit": (Lake, "_commit_files", 3),
    "imported, in the ledger": (Ledger, "mark_imported", 1),
}
"""Where the disk is full: before the n-th call of something that writes."""


def main(home: Path, how: str) -> None:
    """Import the same file once per place, in a source of its own, and print what was left then and after another try."""
    (home / "contracts").mkdir(parents=True)
    workspace, disk = Workspace(home), Disk(home, how)
    _import(workspace, "warm_up", lambda: None)
    print(json.dumps({place: _at(workspace, disk, n, *where) for n, (place, where) in enumerate(PLACES.items())}))


def _at(workspace: Workspace, disk: Disk, number: int, owner: Any, name: str, nth: int) -> dict[str, Any]:
    source = f"source_{number}"
    original, calls = getattr(owner, name), 0

    def full_at_the_nth(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth:
            disk.fill()
        return original(*arguments, **named)

    setattr(owner, name, full_at_the_nth)
    try:
        problem = _import(workspace, source, disk.make_room)
    finally:
        setattr(owner, name, original)
    left = _left(workspace, source)
    again = _import(workspace, source, lambda: None)
    return {"problem": problem, "left": left, "again": again, "after": _left(workspace, source)}


def _import(workspace: Workspace, source: str, afterwards: Callable[[], None]) -> str | None:
    """What a run does: register, then read what waits. Gives what was raised."""
    contract = contract_of(workspace, Case(source, "", "", "", b""))
    folder = workspace.landing_dir / contract.source
    if not folder.exists():
        folder.mkdir(parents=True)
        rows = (f"{n},{PERSON} {n},e{n}@x.example\n" for n in range(200))
        (folder / "a.csv").write_bytes(text(*rows, "too few\n"))
        settle(folder / "a.csv", LONG_AGO)
    try:
        register_arrivals(workspace, contract, NOW, settle_seconds=0)
        for row in _rows(workspace, contract.source):
            if row["state"] == LANDED:
                take_in(workspace, contract, row["import_id"], NOW)
                standardize_import(workspace, contract, row["import_id"], NOW)
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    finally:
        afterwards()
    return None


def _rows(workspace: Workspace, source: str) -> list[dict[str, Any]]:
    return workspace.ledger.imports().filter(pl.col("source") == source).to_dicts()


def _left(workspace: Workspace, source: str) -> dict[str, Any]:
    """What stands in the ledger, how many rows the lake has, a hash of them, and files that no version of a table names."""
    source = f"of_{source}"
    ledger = [(row["state"], row["lines"], row["records"], row["problem"]) for row in _rows(workspace, source)]
    tables = (raw_imports(source), source_rejections(source), source_records(source))
    frames = [
        workspace.lake.read(table).drop("source", "record_id", strict=False)
        for table in tables
        if workspace.lake.exists(table)
    ]
    named = {uri for table in tables if workspace.lake.exists(table) for uri in workspace.lake._open(table).file_uris()}
    there = {str(path) for table in tables for path in Path(workspace.lake.uri(table.name)).rglob("*.parquet")}
    return {
        "ledger": ledger,
        "rows": [frame.height for frame in frames],
        "hash": [_hash(frame) for frame in frames],
        "unnamed": len(there - named),
    }


def _hash(frame: pl.DataFrame) -> int:
    return hash(tuple(sorted(map(repr, frame.rows()))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
