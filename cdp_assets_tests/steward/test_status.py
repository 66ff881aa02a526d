"""Status: what has been delivered, what was made of it, what is pending. Looking changes nothing."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cdp_assets.steward.status import decisions_since, status_text, workspace_status
from cdp_assets.tables import REJECTED_ROWS
from cdp_assets.workspace import Workspace, WorkspaceError
from cdp_assets_tests.builders import PERSONAL_VALUES, RESOLVED_AT, empty_workspace, frame

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def land(workspace: Workspace, source: str, name: str, text: str, age: timedelta = timedelta(hours=1)) -> Path:
    path = workspace.landing_dir / source / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_each_source_is_counted(finished: Workspace) -> None:
    status = workspace_status(finished, NOW)
    crm = next(source for source in status.sources if source.source == "crm")
    assert (crm.contract, crm.kind, crm.delivers) == ("readable", "profiles", "snapshot")
    assert (crm.imports, crm.refused_imports, crm.lines, crm.records, crm.rejected) == (1, 1, 3, 2, 1)
    assert crm.last_import_at == RESOLVED_AT - timedelta(days=8)
    assert [source.source for source in status.sources] == ["crm", "newsletter", "shop", "web", "webinar"]


def test_the_resolution_is_summed_up(finished: Workspace) -> None:
    status = workspace_status(finished, NOW)
    assert (status.records, status.current_records, status.customers, status.review_items) == (9, 8, 4, 2)
    assert (status.model_version, status.resolved_at, status.published_customers) == ("model-1", RESOLVED_AT, 4)


def test_a_refused_import_says_why(finished: Workspace) -> None:
    text = status_text(workspace_status(finished, NOW), 100)
    assert "was refused: crm-1.csv: the column Email is missing" in text


def test_rejected_lines_are_counted_by_rule(own: Workspace) -> None:
    own.lake.replace(
        REJECTED_ROWS,
        frame(
            REJECTED_ROWS,
            *(
                {"source": "crm", "import_id": "i", "line": n, "rule": "key_is_missing", "raw_values": "Calder"}
                for n in (2, 3)
            ),
            {"source": "shop", "import_id": "i", "line": 2, "rule": "ragged", "advice": "quote the field"},
        ),
    )
    status = workspace_status(own, NOW)
    assert [(r["source"], r["rule"], r["lines"]) for r in status.rejected_by_rule] == [
        ("crm", "key_is_missing", 2),
        ("shop", "ragged", 1),
    ]
    assert "Calder" not in status_text(status, 100) + json.dumps(status.as_json())


def test_files_that_wait_are_pending_and_looking_registers_nothing(tmp_path: Path) -> None:
    workspace = empty_workspace(tmp_path / "w")
    land(workspace, "crm", "contacts.csv", "id,First,Last,Email\n1,A,B,a@b.example\n")
    land(workspace, "crm", "growing.csv", "id,First", age=timedelta(seconds=1))
    for _ in range(2):
        status = workspace_status(workspace, NOW)
        crm = next(source for source in status.sources if source.source == "crm")
        assert (crm.waiting_files, crm.unfinished_files, crm.imports) == (1, 1, 0)
    assert any("1 file has landed" in item for item in status.pending)
    assert any("still growing" in item for item in status.pending)
    assert workspace.ledger.imports().is_empty()


def test_a_fresh_workspace_says_what_to_do(tmp_path: Path) -> None:
    text = status_text(workspace_status(empty_workspace(tmp_path / "w"), NOW), 100)
    assert "nothing has landed yet" in text
    assert "never" in text


def test_a_contract_that_can_not_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    workspace = empty_workspace(tmp_path / "w")
    (workspace.contracts_dir / "crm.yaml").write_text("source: crm\nkind: profile\n", encoding="utf-8")
    status = workspace_status(workspace, NOW)
    assert next(s for s in status.sources if s.source == "crm").contract == "refused"
    assert any("crm.yaml, line 2" in problem for problem in status.problems)


def test_imports_without_a_contract_are_pointed_out(own: Workspace) -> None:
    (own.contracts_dir / "web.yaml").unlink()
    assert any("without a contract" in item and "web" in item for item in workspace_status(own, NOW).pending)


def test_decisions_since_the_resolution_are_pending(own: Workspace) -> None:
    before = workspace_status(own, NOW).pending
    own.ledger.add_judgement("crm/1", "crm/2", "different", judged_by="kim", now=RESOLVED_AT + timedelta(days=1))
    own.ledger.add_correction("crm/1", "city", "York", "set", corrected_by="kim", now=RESOLVED_AT + timedelta(days=1))
    own.ledger.add_correction("crm/1", "city", "Hull", "set", corrected_by="kim", now=RESOLVED_AT - timedelta(days=1))
    assert decisions_since(own.ledger, RESOLVED_AT) == 2
    new = set(workspace_status(own, NOW).pending) - set(before)
    assert [item for item in new if item.startswith("2 judgements and corrections")]


@pytest.mark.parametrize("width", [70, 100])
def test_neither_text_nor_json_holds_a_personal_value(finished: Workspace, width: int) -> None:
    status = workspace_status(finished, NOW)
    said = status_text(status, width) + json.dumps(status.as_json(), ensure_ascii=False)
    assert not [value for value in PERSONAL_VALUES if value in said]


def test_a_directory_that_is_no_workspace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="not a workspace"):
        workspace_status(Workspace(tmp_path), NOW)
