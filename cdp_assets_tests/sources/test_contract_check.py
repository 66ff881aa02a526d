"""A contract against delivered columns and past imports. Looking registers nothing and shows no value."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets.ledger import Landed, ReadFile
from cdp_assets.sources import contract_check
from cdp_assets.sources.contract_check import (
    Delivered,
    check_columns,
    newest_deliveries,
    plan_backfill,
    remembered_deliveries,
)
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.workspace import Workspace
from cdp_assets_tests.sources.contract_text import crm

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "landing" / "crm").mkdir(parents=True)
    (tmp_path / "contracts").mkdir()
    return Workspace(tmp_path)


def land(workspace: Workspace, name: str, text: str | bytes, hours_ago: float = 1) -> Path:
    path = workspace.landing_dir / "crm" / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    moment = (NOW - timedelta(hours=hours_ago)).timestamp()
    os.utime(path, (moment, moment))
    return path


def register(workspace: Workspace, number: int, location: str = "gone.csv") -> str:
    landed = Landed("crm", f"{number:064x}", location, 10, NOW - timedelta(days=30 - number))
    return workspace.ledger.register(landed)[0]


def kept(workspace: Workspace, number: int, columns: list[str], file_format: str = "csv") -> str:
    import_id = register(workspace, number)
    read = ReadFile(
        reading_version="v", file_format=file_format, encoding=None, delimiter=None, columns=json.dumps(columns),
        new_columns=0, blank_lines=0, lines=1, unsplit=0, fingerprint="f",
    )  # fmt: skip
    workspace.ledger.mark_kept("crm", import_id, read)
    return import_id


def imported(workspace: Workspace, number: int, columns: list[str] | None, version: str = "old", **more: Any) -> None:
    import_id = register(workspace, number) if columns is None else kept(workspace, number, columns, **more)
    counts = {"lines": 1, "records": 1, "rejected": 0, "duplicates": 0}
    workspace.ledger.mark_imported(
        "crm", import_id, counts=counts, contract_version="v", records_version=version, observed_until=None, now=NOW
    )


def refused(workspace: Workspace, number: int, location: str = "gone.csv", columns: list[str] | None = None) -> None:
    import_id = register(workspace, number, location) if columns is None else kept(workspace, number, columns)
    workspace.ledger.mark_refused("crm", import_id, problem="x", contract_version="v")


def delivered(*columns: str, is_sparse: bool = False) -> Delivered:
    return Delivered(columns, is_sparse, NOW, pl.DataFrame())


def states(
    contract: SourceContract, *deliveries: Delivered, former: tuple[str, ...] = ()
) -> dict[str, tuple[str, Any]]:
    found = check_columns(contract, deliveries, former)
    return {check.column: (check.state, check.became) for check in found.columns}


# -- columns ----------------------------------------------------------------------------------------------------------


def test_each_column_of_the_contract_is_looked_for() -> None:
    found = states(crm(), delivered("id", "NAME", "Mail address"))
    assert found == {
        "id": ("present", None),
        "name": ("respelled", "NAME"),
        "email": ("renamed", "Mail address"),
    }
    assert states(crm(), delivered("id", "name"))["email"] == ("missing", None)


def test_a_name_that_says_nothing_is_known_by_the_place_of_the_former_one() -> None:
    there = delivered("id", "name", "xq_17")
    assert states(crm(), there)["email"] == ("missing", None)
    assert states(crm(), there, former=("id", "name", "email"))["email"] == ("renamed", "xq_17")


def test_json_lines_may_leave_out_what_is_null_but_no_key() -> None:
    contract = crm(columns={"email": ["mails.0", "mails.1"]})
    found = states(contract, delivered("mails", is_sparse=True))
    assert found == {"id": ("missing", None), "mails.0": ("present", None), "mails.1": ("present", None)}
    assert states(crm(), delivered("id", is_sparse=True))["email"] == ("left_out", None)


def test_deliveries_that_lack_a_column_are_counted() -> None:
    found = check_columns(crm(), [delivered("id", "name", "email"), delivered("id", "name"), delivered("id", "name")])
    assert {check.column: check.lacking for check in found.columns} == {"id": 0, "name": 0, "email": 2}
    assert found.missing == ()


def test_parts_that_name_a_column_are_told() -> None:
    contract = crm(observed_at="id", identifiers={"card": "id"})
    found = check_columns(contract, [delivered("id")])
    assert found.columns[0].parts == ("key", "observed_at", "identifiers.card")


def test_new_columns_are_named_with_what_they_would_feed() -> None:
    found = check_columns(
        crm(), [delivered("id", "name", "email", "Mobile", "Loyalty Card", "score", "dana@x.example")]
    )
    assert (found.new, found.more_new) == ((), 4)  # the line may be one of data
    found = check_columns(crm(), [delivered("id", "name", "email", "Mobile", "Loyalty Card", "score", "at@")])
    assert [(new.column, new.feeds) for new in found.new] == [
        ("Mobile", "columns.phone"),
        ("Loyalty Card", "identifiers.loyalty_id"),
        ("score", None),
    ]
    assert found.more_new == 1


def test_a_column_that_another_became_is_not_told_twice() -> None:
    assert check_columns(crm(), [delivered("id", "name", "E-Mail")]).new == ()


def test_no_delivery_says_nothing() -> None:
    assert check_columns(crm(), []).deliveries == 0


# -- deliveries -------------------------------------------------------------------------------------------------------


def test_the_newest_complete_files_are_looked_at(workspace: Workspace) -> None:
    for n in range(5):
        land(workspace, f"{n}.csv", f"id,name,email,c{n}\n1,x,y,z\n", hours_ago=10 - n)
    land(workspace, "growing.csv", "id,na", hours_ago=0)
    land(workspace, "other.txt.part", "id")
    found, unreadable = newest_deliveries(workspace, crm(), NOW, sample_rows=10)
    assert [file.columns[-1] for file in found] == ["c4", "c3", "c2"]
    assert unreadable == []
    assert workspace.ledger.imports().is_empty()
    assert not workspace.ledger.seen_files("crm")


def test_only_the_first_rows_are_taken_with_every_column(workspace: Workspace) -> None:
    rows = "".join(f"{n},x,y,z\n" for n in range(50))
    land(workspace, "a.csv.gz", gzip.compress(f"id,name,mail,odd\n{rows}".encode()))
    ((file,), _) = newest_deliveries(workspace, crm(on_new_column="ignore"), NOW, sample_rows=7)
    assert (file.rows.height, file.columns) == (7, ("id", "name", "mail", "odd"))
    assert {"odd", "email"} <= set(file.rows.columns)


def test_a_file_that_can_not_be_read_is_told_without_its_name(workspace: Workspace) -> None:
    land(workspace, "Dana Calder.csv", b"id,name,email\n1,\xff\xfe,x\n")
    found, unreadable = newest_deliveries(workspace, crm(), NOW, sample_rows=10)
    assert (found, len(unreadable)) == ([], 1)
    assert "Dana" not in unreadable[0]


def test_archived_files_are_looked_at_where_none_is_in_landing(workspace: Workspace) -> None:
    import_id = register(workspace, 1, "a.csv")
    folder = workspace.archive_dir / "crm" / import_id
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("id,name,email\n1,x,y\n")
    assert newest_deliveries(workspace, crm(), NOW, sample_rows=10)[0] == []  # the ledger does not know of it
    workspace.ledger.mark_tidied("crm", import_id, "archived")
    ((file,), _) = newest_deliveries(workspace, crm(), NOW, sample_rows=10)
    assert file.columns == ("id", "name", "email")


def test_a_file_too_large_for_a_look_is_not_opened(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    land(workspace, "a.csv", "id,name,email\n" + "1,x,y\n" * 100)
    monkeypatch.setattr(contract_check, "LARGEST_FILE_BYTES", 100)
    assert newest_deliveries(workspace, crm(), NOW, sample_rows=10) == ([], [])


def test_columns_of_past_imports_are_remembered(workspace: Workspace) -> None:
    for n in range(1, 5):
        imported(workspace, n, ["id", f"c{n}"])
    imported(workspace, 5, None)
    refused(workspace, 6, columns=["id", "refused"])
    found = remembered_deliveries(workspace.ledger.imports())
    assert [one.columns[-1] for one in found] == ["c4", "c3", "c2"]


# -- backfill ---------------------------------------------------------------------------------------------------------


def plan(workspace: Workspace, **parts: Any) -> contract_check.BackfillPlan:
    return plan_backfill(workspace, crm(**parts), workspace.ledger.imports(), "now")


def test_stale_imports_are_told_from_those_that_keep_their_records(workspace: Workspace) -> None:
    imported(workspace, 1, ["id", "name", "email"])
    imported(workspace, 2, ["id", "name"])
    imported(workspace, 3, ["id", "name", "email"], version="now")
    imported(workspace, 4, None)
    imported(workspace, 5, ["id"], file_format="jsonl")
    found = plan(workspace)
    assert (found.imports, found.stale, found.keep_their_records, found.not_known) == (5, 4, 1, 1)
    assert found.has_work
    assert plan(workspace, on_missing_column="null").keep_their_records == 0
    assert plan(workspace, on_new_column="refuse", columns={"full_name": "name"}).keep_their_records == 1


def test_a_backfill_that_would_change_nothing_is_no_work(workspace: Workspace) -> None:
    assert not plan(workspace).has_work
    imported(workspace, 1, ["id", "name"])
    assert (plan(workspace).stale, plan(workspace).has_work) == (1, False)


def test_refused_imports_are_tried(workspace: Workspace) -> None:
    land(workspace, "mended.csv", "id,name,email\n1,x,y\n")
    land(workspace, "still.csv", "id,name\n1,x\n")
    refused(workspace, 1, "mended.csv")
    refused(workspace, 2, "still.csv")
    refused(workspace, 3, "gone.csv")
    refused(workspace, 4, columns=["id", "name", "email"])
    found = plan(workspace)
    assert (found.refused, found.readable, found.to_accept, found.has_work) == (4, 2, 0, True)
    waiting = plan(workspace, delivers="snapshot")
    assert (waiting.readable, waiting.to_accept) == (1, 1)
    assert plan(workspace, on_missing_column="null").readable == 3


def test_only_so_many_refused_ones_are_tried(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract_check, "MOST_REFUSED_TRIED", 2)
    for n in range(1, 6):
        refused(workspace, n, columns=["id", "name", "email"])
    found = plan(workspace)
    assert (found.refused, found.readable, found.not_tried) == (5, 2, 3)
