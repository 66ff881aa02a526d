"""Status: what has been delivered, what was made of it, what is pending. Looking changes nothing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cdp_assets.ledger import Landed, ReadFile
from cdp_assets.sources.contract_changes import contract_as_said
from cdp_assets.sources.contracts import load_contract
from cdp_assets.standardized.records import records_version
from cdp_assets.steward.source_status import MUCH_REJECTED, SourceStatus, age, notes, share
from cdp_assets.steward.status import decisions_since, status_text, workspace_status
from cdp_assets.tables import CORRECTIONS, REJECTED_ROWS, REVIEW_QUEUE
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


def crm_of(workspace: Workspace) -> SourceStatus:
    return next(source for source in workspace_status(workspace, NOW).sources if source.source == "crm")


def sound(number: int, **values: object) -> dict[str, object]:
    """An import of 100 lines, a day before the next one; number 30 landed now."""
    return {
        "number": number, "lines": 100, "rejected": 0, "columns": ["id", "First", "Last", "Email"], "state": "imported",
        "problem": None, "version": None, **values,
    }  # fmt: skip


def deliver(workspace: Workspace, *rows: dict[str, object]) -> list[str]:
    """Imports of crm in the ledger, as they would have been read with its contract."""
    ledger, ids = workspace.ledger, []
    contract = load_contract(workspace.contracts_dir / "crm.yaml")
    for row in rows:
        number, lines, rejected = (int(str(row[name])) for name in ("number", "lines", "rejected"))
        landed_at = NOW - timedelta(days=30 - number)
        import_id, _ = ledger.register(Landed("crm", f"{number:064x}", f"{number}.csv", 1, landed_at))
        ids.append(import_id)
        if row["state"] == "refused":
            ledger.mark_refused("crm", import_id, problem=str(row["problem"]), contract_version="v")
        if row["state"] in ("refused", "landed"):
            continue
        read = ReadFile(
            reading_version="v", file_format="csv", encoding="utf-8", delimiter=",", columns=json.dumps(row["columns"]),
            new_columns=len(set(row["columns"]) - {"id", "First", "Last", "Email"}), blank_lines=0, lines=lines, unsplit=0,
            fingerprint="f",
        )  # fmt: skip
        ledger.mark_kept("crm", import_id, read)
        if row["state"] == "repeated":
            ledger.mark_repeated("crm", import_id, repeats=ids[0], lines=lines, now=NOW)
            continue
        counts = {"lines": lines, "records": lines - rejected, "rejected": rejected, "duplicates": 0}
        ledger.mark_imported(
            "crm",
            import_id,
            counts=counts,
            contract_version="v",
            records_version=str(row["version"] or records_version(contract)),
            observed_until=None,
            now=NOW,
        )
        if row["problem"]:
            ledger.mark_unchanged("crm", import_id, problem=str(row["problem"]))
    return ids


@pytest.fixture
def fresh(tmp_path: Path) -> Workspace:
    return empty_workspace(tmp_path / "w")


def expect(workspace: Workspace, more: str) -> None:
    path = workspace.contracts_dir / "crm.yaml"
    path.write_text(path.read_text() + more)


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


# -- what to look at --------------------------------------------------------------------------------------------------


def test_a_sound_source_has_nothing_to_look_at(fresh: Workspace) -> None:
    expect(fresh, "expected_every: 1 day\n")
    deliver(fresh, *(sound(n) for n in range(20, 31)))
    crm = crm_of(fresh)
    assert list(notes(crm)) == []
    assert (crm.age_seconds, crm.is_late, crm.stale_imports, crm.rejected_share) == (0, False, 0, 0)
    text = status_text(workspace_status(fresh, NOW), 100)
    assert "Needs a look" not in text
    assert "not in use" not in text


def test_a_late_source_says_since_when(fresh: Workspace) -> None:
    expect(fresh, "expected_every: 1 day\n")
    deliver(fresh, sound(20), sound(30, state="refused", problem="a reason"))
    (note,) = notes(crm_of(fresh))
    assert note == "late: nothing that could be used came for 10 days, expected every 1 day"
    assert "10 days, late" in status_text(workspace_status(fresh, NOW), 100)


def test_an_unusual_volume_says_what_is_usual(fresh: Workspace) -> None:
    deliver(fresh, *(sound(n) for n in range(20, 27)), sound(28, lines=3))
    (note,) = notes(crm_of(fresh))
    assert note == "unusual: its newest import has 3 lines; 49 to 201 are usual"


def test_many_rejected_lines_are_pointed_out(fresh: Workspace) -> None:
    deliver(fresh, sound(1, rejected=50), sound(2, rejected=int(100 * MUCH_REJECTED)))
    assert list(notes(crm_of(fresh))) == []
    deliver(fresh, sound(3, rejected=6))
    assert "6.0% of the lines of its newest import were rejected" in next(notes(crm_of(fresh)))
    assert crm_of(fresh).rejected_share == pytest.approx(61 / 300)


def test_stale_imports_name_the_command(fresh: Workspace) -> None:
    deliver(fresh, sound(1, version="old"), sound(2, version="old"), sound(3))
    (note,) = notes(crm_of(fresh))
    assert note.startswith("stale: 2 of 3 imports were read with another contract")
    assert note.endswith("cdp backfill crm")
    assert any(item.endswith("cdp backfill crm") for item in workspace_status(fresh, NOW).pending)


def test_imports_that_keep_their_records_are_not_asked_to_be_backfilled(fresh: Workspace) -> None:
    deliver(fresh, sound(1, version="old", problem="it was not read again: a column is missing; correct it"), sound(2))
    (note,) = notes(crm_of(fresh))
    assert note == "1 import keeps its former records: it was not read again: a column is missing; correct it"
    assert not any("backfill" in item for item in workspace_status(fresh, NOW).pending)


def test_only_columns_that_are_really_new_are_told(fresh: Workspace) -> None:
    known = ["id", "First", "Last", "Email", "Notes"]
    deliver(fresh, sound(1, columns=known))
    assert (crm_of(fresh).new_columns, list(notes(crm_of(fresh)))) == (1, [])
    deliver(fresh, sound(2, columns=[*known, "Mobile", "12 34 56"]))
    assert crm_of(fresh).new_column_names == ()  # a line with a number of six digits may be data
    deliver(fresh, sound(3, columns=known), sound(4, columns=[*known, "Mobile", "a@b"]))
    (note,) = notes(crm_of(fresh))
    assert note == "its newest import brought a column that is new ('Mobile'): cdp contract check crm"


def test_a_choice_keeps_imports_waiting_and_says_how_to_go_on(fresh: Workspace) -> None:
    before = load_contract(fresh.contracts_dir / "crm.yaml")
    fresh.ledger.put_contract_in_force("crm", before.contract_version, contract_as_said(before), NOW)
    deliver(fresh, sound(1), sound(2, state="landed"))
    path = fresh.contracts_dir / "crm.yaml"
    path.write_text(path.read_text().replace("key: id", "key: Email"))
    status = workspace_status(fresh, NOW)
    crm = crm_of(fresh)
    assert crm.choices == ("key",)
    assert "cdp contract check crm, then cdp contract accept crm" in next(notes(crm))
    assert "new imports of crm wait for a choice: cdp contract check crm" in status.pending
    assert not any("registered and not read" in item for item in status.pending)


def test_what_is_not_in_use_is_told_apart(fresh: Workspace) -> None:
    deliver(
        fresh,
        sound(1),
        sound(2, state="repeated"),
        sound(3, state="landed"),
        sound(4, state="refused", problem="a reason"),
    )
    crm = crm_of(fresh)
    assert (crm.imports, crm.waiting_imports, crm.refused_imports, crm.repeated_imports) == (1, 1, 1, 1)
    assert "1 waiting, 1 refused, 1 repeated" in " ".join(status_text(workspace_status(fresh, NOW), 140).split())


def test_refusals_for_one_reason_are_told_once(fresh: Workspace) -> None:
    rows = [sound(n, state="refused", problem="the column Email is missing; add it") for n in range(1, 31)]
    ids = deliver(fresh, *rows)
    status = workspace_status(fresh, NOW)
    assert (len(status.problems), len(status.refused)) == (30, 1)
    assert (status.refused[0]["imports"], status.refused[0]["import_id"]) == (30, ids[-1])
    text = " ".join(status_text(status, 100).split())
    assert f"30 imports were refused, the newest of them {ids[-1]}: the column Email is missing; add it" in text
    assert "cdp replay" in text


def test_many_reasons_are_cut_short(fresh: Workspace) -> None:
    deliver(fresh, *(sound(n, state="refused", problem=f"reason {n}") for n in range(1, 21)))
    text = status_text(workspace_status(fresh, NOW), 100)
    assert "reason 20" in text
    assert "reason 8\n" not in text
    assert "and for 8 other reasons" in text


def test_the_newest_usable_delivery_is_what_ages(fresh: Workspace) -> None:
    deliver(fresh, sound(20), sound(25, state="refused", problem="x"))
    crm = crm_of(fresh)
    assert (crm.last_import_at, crm.last_usable_at) == (NOW - timedelta(days=5), NOW - timedelta(days=10))
    assert "10 days" in status_text(workspace_status(fresh, NOW), 100)


def test_a_source_whose_contract_was_never_readable_has_a_row(fresh: Workspace) -> None:
    (fresh.contracts_dir / "odd.yaml").write_text("source: odd\n", encoding="utf-8")
    status = workspace_status(fresh, NOW)
    odd = next(source for source in status.sources if source.source == "odd")
    assert (odd.contract, odd.imports, odd.age_seconds, odd.is_late) == ("refused", 0, None, False)
    assert "refused" in status_text(status, 100)


def test_eight_sources_in_many_states_are_readable(fresh: Workspace) -> None:
    for n in range(3):
        (fresh.contracts_dir / f"further_{n}.yaml").write_text(
            f"source: further_{n}\nkind: profiles\nkey: id\ncolumns: {{email: e}}\n"
        )
    deliver(fresh, *(sound(n, lines=1_000_000) for n in range(20, 27)), sound(28, lines=3, rejected=1, version="old"))
    text = status_text(workspace_status(fresh, NOW), 100)
    assert max(map(len, text.splitlines())) <= 100
    lines = text.split("\n\n")[0].splitlines()
    assert len([line for line in lines if line.startswith(("crm", "shop", "web", "newsletter", "further"))]) == 8


def test_the_json_keeps_its_names_and_is_plain(finished: Workspace) -> None:
    said = json.loads(json.dumps(workspace_status(finished, NOW).as_json()))
    before = {
        "source", "contract", "kind", "delivers", "imports", "waiting_imports", "waiting_files", "unfinished_files", "lines",
        "records", "rejected", "duplicates", "refused_imports", "last_import_at",
    }  # fmt: skip
    assert before <= said["sources"][0].keys()
    assert {"problems", "rejected_by_rule", "pending", "customers", "published_at"} <= said.keys()
    assert {"choices", "is_late", "stale_imports", "new_column_names"} <= said["sources"][0].keys()


def test_a_returned_snapshot_waits_for_a_person(fresh: Workspace) -> None:
    status = replace(crm_of(fresh), returned_imports=("import-1",))
    (note,) = notes(status)
    assert note.endswith("cdp accept crm import-1")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 minutes"),
        (60, "1 minute"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (172_799, "47 hours"),
        (172_800, "2 days"),
        (86_400 * 730, "730 days"),
        (86_400 * 731, "2 years"),
        (None, "ever"),
    ],
)
def test_ages_are_said_in_their_largest_unit(seconds: int | None, said: str) -> None:
    assert age(seconds) == said


def test_shares_are_never_rounded_to_none_or_all() -> None:
    assert [share(value) for value in (None, 0.0, 0.0004, 0.5, 0.9996, 1.0)] == [
        None, "0.0%", "< 0.1%", "50.0%", "> 99.9%", "100.0%",
    ]  # fmt: skip


def test_contested_corrections_are_among_what_is_to_review(tmp_path: Path) -> None:
    workspace = empty_workspace(tmp_path / "w")
    correction = {"customer_id": "C1", "correction": "set", "value": "x", "record_id": "crm/1"}
    contested = {**correction, "field": "company", "state": "contested", "contested_record_id": "web/1"}
    workspace.lake.replace(
        CORRECTIONS, frame(CORRECTIONS, contested, {**correction, "field": "city", "state": "holds"})
    )
    workspace.lake.replace(REVIEW_QUEUE, frame(REVIEW_QUEUE, {"item_id": "a", "rank": 1}, {"item_id": "b", "rank": 2}))
    status = workspace_status(workspace, NOW)
    assert (status.review_items, status.contested_corrections) == (3, 1)
    assert "to review  2 pairs and clusters, 1 contested correction\n" in status_text(status, 100)
