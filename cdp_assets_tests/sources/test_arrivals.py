"""From what landed to registered imports: each content once, and what a resolution would be made from."""

from __future__ import annotations

import gzip
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cdp_assets.ledger import REFUSED
from cdp_assets.sources.arrivals import contract_rows, has_unsettled_files, register_arrivals, resolution_inputs
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.workspace import Workspace

CONTRACT = "source: crm\nkind: profiles\nextract: {files: '*.csv'}\nkey: id\ncolumns: {email: e}\n"
COUNTS = {"lines": 1, "records": 1, "rejected": 0, "duplicates": 0}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "crm.yaml").write_text(CONTRACT)
    (tmp_path / "landing" / "crm").mkdir(parents=True)
    return Workspace(tmp_path)


@pytest.fixture
def crm(workspace: Workspace) -> SourceContract:
    (contract,), _ = load_contracts(workspace.contracts_dir)
    return contract


def land(workspace: Workspace, name: str, content: bytes, seconds_ago: float = 300) -> None:
    path = workspace.landing_dir / "crm" / name
    path.write_bytes(content)
    then = time.time() - seconds_ago
    os.utime(path, (then, then))


def now() -> datetime:
    return datetime.now(UTC)


def test_each_content_is_registered_once_in_the_order_of_names(workspace: Workspace, crm: SourceContract) -> None:
    land(workspace, "crm-10.csv", b"id,e\n3,c@x.example\n")
    land(workspace, "crm-2.csv", b"id,e\n2,b@x.example\n")
    land(workspace, "crm-1.csv", b"id,e\n1,a@x.example\n")
    land(workspace, "copy.csv.gz", gzip.compress(b"id,e\n1,a@x.example\n"))
    found = register_arrivals(workspace, crm, now(), settle_seconds=2)
    assert (len(found.new), found.copies, found.unfinished) == (3, 1, 0)
    assert workspace.ledger.imports()["location"].to_list() == ["copy.csv.gz", "crm-2.csv", "crm-10.csv"]
    again = register_arrivals(workspace, crm, now(), settle_seconds=2)
    assert (again.new, again.copies) == ((), 0)


def test_a_file_that_is_being_written_waits_and_then_counts(workspace: Workspace, crm: SourceContract) -> None:
    land(workspace, "crm.csv", b"id,e\n1,a@x.exa", seconds_ago=0)
    assert register_arrivals(workspace, crm, now(), settle_seconds=2).unfinished == 1
    assert has_unsettled_files(workspace, [crm], now(), within_seconds=60)
    land(workspace, "crm.csv", b"id,e\n1,a@x.example\n", seconds_ago=10)
    assert len(register_arrivals(workspace, crm, now(), settle_seconds=2).new) == 1
    assert not has_unsettled_files(workspace, [crm], now(), within_seconds=60)


def test_a_quiet_file_without_a_last_line_end_counts_as_soon_as_the_caller_says(
    workspace: Workspace, crm: SourceContract
) -> None:
    land(workspace, "crm.csv", b"id,e\n1,a@x.example", seconds_ago=10)
    assert register_arrivals(workspace, crm, now(), settle_seconds=2).unfinished == 1
    assert len(register_arrivals(workspace, crm, now(), settle_seconds=2, quiet_seconds=2).new) == 1


def test_what_a_resolution_is_made_from_has_a_name(workspace: Workspace, crm: SourceContract) -> None:
    nothing = resolution_inputs(workspace, [crm])
    land(workspace, "crm.csv", b"id,e\n1,a@x.example\n")
    (import_id,) = register_arrivals(workspace, crm, now(), settle_seconds=2).new
    waiting = resolution_inputs(workspace, [crm])
    assert (waiting.imported, waiting.waiting, waiting.digest) == (0, 1, nothing.digest)
    workspace.ledger.mark_imported("crm", import_id, counts=COUNTS, contract_version=crm.contract_version)
    imported = resolution_inputs(workspace, [crm])
    assert (imported.imported, imported.waiting) == (1, 0)
    assert imported.digest != nothing.digest
    assert resolution_inputs(workspace, [crm]) == imported


def test_a_refused_import_changes_no_resolution(workspace: Workspace, crm: SourceContract) -> None:
    before = resolution_inputs(workspace, [crm])
    land(workspace, "crm.csv", b"id,e,e\n1,a,b\n")
    (import_id,) = register_arrivals(workspace, crm, now(), settle_seconds=2).new
    workspace.ledger.mark_refused("crm", import_id, problem="two columns", contract_version="v")
    assert workspace.ledger.imports()["state"].to_list() == [REFUSED]
    assert resolution_inputs(workspace, [crm]).digest == before.digest


@pytest.mark.parametrize("what", ["contract", "policy", "judgement"])
def test_whatever_changes_the_result_changes_the_digest(workspace: Workspace, crm: SourceContract, what: str) -> None:
    before = resolution_inputs(workspace, [crm]).digest
    if what == "contract":
        (workspace.contracts_dir / "crm.yaml").write_text(CONTRACT + "trust: 90\n")
    elif what == "policy":
        (workspace.home / "policies").mkdir()
        (workspace.home / "policies" / "linkage.yaml").write_text("accept_probability: 0.9\n")
    else:
        workspace.ledger.add_judgement("crm/1", "crm/2", "same", judged_by="ana", now=now())
    (contract,), _ = load_contracts(workspace.contracts_dir)
    assert resolution_inputs(workspace, [contract]).digest != before


def test_a_contract_that_can_not_be_read_stands_among_the_others(workspace: Workspace) -> None:
    (workspace.contracts_dir / "broken.yaml").write_text("source: broken\nkynd: profiles\n")
    rows = contract_rows(*load_contracts(workspace.contracts_dir)).select("source", "state", "problem").rows()
    assert [row[:2] for row in rows] == [("broken", "refused"), ("crm", "readable")]
    assert "kind" in rows[0][2]
