"""Taking a delivery in: the same rows each time, a refusal that touches nothing else, and what is kept when files go."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cdp_assets.ledger import LANDED, REFUSED, LedgerError
from cdp_assets.raw.deliveries import raw_rows, take_in, was_refused
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.tables import raw_imports
from cdp_assets.workspace import Workspace

CONTRACT = "source: crm\nkind: profiles\nextract: {files: '*.csv'}\nkey: id\ncolumns: {email: Email}\n"


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


def landed(workspace: Workspace, crm: SourceContract, name: str, text: str) -> str:
    (workspace.landing_dir / "crm" / name).write_text(text)
    (import_id,) = register_arrivals(workspace, crm, datetime.now(UTC), settle_seconds=0).new
    return import_id


def test_taking_the_same_import_in_again_gives_the_same_rows(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n2,b@x.example\n")
    first = take_in(workspace, crm, import_id)
    rows = raw_rows(workspace, "crm", import_id)
    assert take_in(workspace, crm, import_id) == first
    assert raw_rows(workspace, "crm", import_id).equals(rows)
    assert (first.lines, first.columns, first.problems, first.is_refused) == (2, 2, 0, False)


def test_a_refused_file_has_no_rows_and_a_reason(workspace: Workspace, crm: SourceContract) -> None:
    good = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    bad = landed(workspace, crm, "b.csv", "id,Email,Email\n1,a,b\n")
    take_in(workspace, crm, good)
    assert take_in(workspace, crm, bad).is_refused
    assert was_refused(workspace, "crm", bad)
    assert workspace.ledger.import_row("crm", bad)["problem"]
    assert workspace.lake.partitions(raw_imports("crm")) == {good}


def test_a_refusal_is_over_when_the_contract_allows_the_file(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Mail\n1,a@x.example\n")
    assert take_in(workspace, crm, import_id).is_refused
    (workspace.contracts_dir / "crm.yaml").write_text(CONTRACT.replace("email: Email", "email: Mail"))
    (mended,), _ = load_contracts(workspace.contracts_dir)
    assert not take_in(workspace, mended, import_id).is_refused
    assert workspace.ledger.import_row("crm", import_id)["state"] == LANDED


def test_rows_outlive_their_file(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    before = take_in(workspace, crm, import_id)
    (workspace.landing_dir / "crm" / "a.csv").unlink()
    assert take_in(workspace, crm, import_id) == before
    assert raw_rows(workspace, "crm", import_id).height == 1


def test_a_file_that_went_before_it_was_read_is_refused(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    (workspace.landing_dir / "crm" / "a.csv").unlink()
    assert take_in(workspace, crm, import_id).is_refused
    assert "deliver it again" in workspace.ledger.import_row("crm", import_id)["problem"]


def test_a_file_that_was_replaced_is_refused_and_the_new_content_is_an_import_of_its_own(
    workspace: Workspace, crm: SourceContract
) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    other = landed(workspace, crm, "a.csv", "id,Email\n1,changed@x.example\n2,b@x.example\n")
    assert take_in(workspace, crm, import_id).is_refused
    assert take_in(workspace, crm, other).lines == 2
    assert workspace.ledger.import_row("crm", import_id)["state"] == REFUSED


def test_a_column_that_changes_its_capitals_stays_one_column(workspace: Workspace, crm: SourceContract) -> None:
    for name, header in (("a.csv", "id,Email,Note"), ("b.csv", "id,Email,note")):
        take_in(workspace, crm, landed(workspace, crm, name, f"{header}\n1,{name}@x.example,said\n"))
    rows = workspace.lake.read(raw_imports("crm"))
    assert rows["Note"].to_list() == ["said", "said"]
    assert "note" not in rows.columns


def test_an_import_that_nobody_registered_is_not_made_up(workspace: Workspace, crm: SourceContract) -> None:
    with pytest.raises(LedgerError, match="never registered"):
        take_in(workspace, crm, "20240501T120000Z-ffffffffffff")
