"""Delivers a case the way a delivery goes: landed, registered, taken in, standardized; and looks at what is left of it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from cdp_assets.raw.deliveries import take_in
from cdp_assets.sources.arrivals import Arrivals, register_arrivals
from cdp_assets.sources.contracts import SourceContract, load_contract, raw_column
from cdp_assets.sources.landing import SETTLE_SECONDS, look
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.tables import raw_imports, source_records, source_rejections
from cdp_assets.workspace import Workspace
from cdp_assets_tests.hostile.case import LONG_AGO, Case

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
GOOD_NAME = "good.csv"


@dataclass
class Delivered:
    """What became of a case: its row in the ledger (None where it was never registered), and the reason that is shown."""

    workspace: Workspace
    contract: SourceContract
    row: dict[str, Any] | None
    reason: str
    where: str
    arrivals: Arrivals

    @property
    def import_id(self) -> str:
        assert self.row is not None
        return str(self.row["import_id"])

    @property
    def records(self) -> pl.DataFrame:
        return self.workspace.lake.read(source_records(self.contract.source), partition=self.import_id).sort("line")

    @property
    def rejections(self) -> dict[int, tuple[str, dict[str, str | None]]]:
        """Line to its rule and what was kept of it."""
        table = source_rejections(self.contract.source)
        rows = self.workspace.lake.read(table, partition=self.import_id)
        return {row["line"]: (row["rule"], json.loads(row["raw_values"])) for row in rows.to_dicts()}

    def cell(self, line: int, column: str) -> Any:
        """A raw value, as delivered."""
        table = raw_imports(self.contract.source)
        rows = self.workspace.lake.scan(table, partition=self.import_id).filter(pl.col("_line") == line)
        [value] = rows.select(raw_column(column)).collect().to_series()
        return value


def contract_of(workspace: Workspace, case: Case, source: str | None = None) -> SourceContract:
    """The case's contract, of a source of its own or the one named, written into the workspace and read again."""
    said = {
        "source": source or case.source,
        "kind": "profiles",
        "delivers": "changes",
        "extract": {"files": "*"},
        "key": "id",
        "columns": {"full_name": "name", "email": "email"},
    }
    said |= case.contract
    path = workspace.contracts_dir / f"{said['source']}.yaml"
    path.write_text(yaml.safe_dump(said, allow_unicode=True))
    return load_contract(path)


def settle(path: Path, age: float) -> None:
    """Make a file as old as it should be."""
    moment = (NOW - timedelta(seconds=age)).timestamp()
    os.utime(path, (moment, moment), follow_symlinks=False)


def deliver(workspace: Workspace, case: Case) -> Delivered:
    """Land a case beside a good file and let both go the whole way. Fails unless the good one is imported, all of it."""
    return deliver_together(workspace, [case], case.source)[case.name]


def deliver_together(workspace: Workspace, cases: Sequence[Case], source: str) -> dict[str, Delivered]:
    """The same with several cases of one contract in one folder. Gives what became of each, by its name."""
    contract = contract_of(workspace, cases[0], source)
    folder = workspace.landing_dir / source
    folder.mkdir(parents=True)
    good = folder / GOOD_NAME
    good.write_bytes(cases[0].good)
    settle(good, LONG_AGO)
    paths = {case.name: case.put(folder) for case in cases}
    for case in cases:
        if os.path.lexists(paths[case.name]):
            settle(paths[case.name], case.age)
    arrivals = register_arrivals(workspace, contract, NOW, settle_seconds=SETTLE_SECONDS)
    for case in cases:
        if case.between is not None:
            case.between(paths[case.name])
    for import_id in arrivals.new:
        take_in(workspace, contract, import_id, NOW)
        standardize_import(workspace, contract, import_id, NOW)
    imports = workspace.ledger.imports().filter(pl.col("source") == source).to_dicts()
    rows = {row["location"]: row for row in imports}
    assert rows[GOOD_NAME]["state"] == "imported", rows[GOOD_NAME]["problem"]
    assert rows[GOOD_NAME]["records"] == cases[0].good_records
    return {name: _found(workspace, contract, path, rows, arrivals) for name, path in paths.items()}


def _found(
    workspace: Workspace, contract: SourceContract, path: Path, rows: dict[str, dict[str, Any]], arrivals: Arrivals
) -> Delivered:
    if path.name in rows:
        row = rows[path.name]
        return Delivered(workspace, contract, row, row["problem"] or "", str(row["state"]), arrivals)
    landing = look(workspace.landing_dir, contract, NOW)
    said = {item.name: ("waits", item.why) for item in (*landing.waiting, *arrivals.waiting)}
    said |= {item.name: ("ignored", item.why) for item in landing.ignored}
    where, reason = said.get(path.name, ("known" if arrivals.copies else "nowhere", ""))
    return Delivered(workspace, contract, None, reason, where, arrivals)


def make_socket(path: Path) -> None:
    """A socket under a name, though its path is too long to bind to."""
    here = Path.cwd()
    listening = socket.socket(socket.AF_UNIX)
    try:
        os.chdir(path.parent)
        listening.bind(path.name)
    finally:
        os.chdir(here)
        listening.close()
