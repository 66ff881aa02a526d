"""Each hostile delivery goes the whole way of a delivery, beside a good one, and ends as the page says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cdp_assets.sources.contracts import load_contracts
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.text_encoding import utf8_pieces
from cdp_assets.tables import raw_imports, source_records
from cdp_assets.workspace import Workspace
from cdp_assets_tests.hostile.case import FILE_PERSON, IGNORED, IMPORTED, KNOWN, PERSON, REFUSED, REJECTED, WAITS, Case
from cdp_assets_tests.hostile.cases import CASES
from cdp_assets_tests.hostile.delivered import Delivered, deliver, deliver_together

pytestmark = pytest.mark.xdist_group("hostile")

STATES = {
    IMPORTED: "imported",
    REJECTED: "imported",
    REFUSED: "refused",
    WAITS: "waits",
    IGNORED: "ignored",
    KNOWN: "known",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    home = tmp_path_factory.mktemp("hostile")
    (home / "contracts").mkdir()
    (home / "landing").mkdir()
    opened = Workspace(home)
    yield opened
    opened.ledger.close()


def _has_no_rows(case: Case) -> bool:
    """Such files can lie in one folder; two that say the same would be one import."""
    return case.outcome in (REFUSED, WAITS, IGNORED) and not case.contract


@pytest.fixture(scope="module")
def without_rows(workspace: Workspace) -> dict[str, Delivered]:
    """All files of which nothing is imported, beside one good one, which is."""
    return deliver_together(workspace, [case for case in CASES if _has_no_rows(case) and not case.shown_by], "nothing")


@pytest.mark.parametrize("case", [case for case in CASES if not case.shown_by], ids=lambda case: case.name)
def test_a_hostile_delivery_ends_as_the_page_says(
    workspace: Workspace,
    without_rows: dict[str, Delivered],
    case: Case,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    found = without_rows[case.name] if _has_no_rows(case) else deliver(workspace, case)
    assert found.where == STATES[case.outcome], found.reason
    assert case.reason in found.reason
    printed = "".join(capfd.readouterr())
    assert not _names_somebody(found.reason + caplog.text + printed, case)
    if case.outcome == REFUSED:
        _is_refused(found)
    if case.outcome in (IMPORTED, REJECTED):
        _is_accounted_for(found, case)
        _is_kept(found, case)


def _names_somebody(said: str, case: Case) -> bool:
    return any(word.lower() in said.lower() for word in (PERSON, FILE_PERSON, case.file_name))


def _is_refused(found: Delivered) -> None:
    assert found.row is not None
    what, _, to_do = found.reason.partition("; ")
    assert what
    assert to_do, "it says what to do"
    assert found.row["records"] is None
    assert found.workspace.lake.read(raw_imports(found.contract.source), partition=found.import_id).is_empty()
    assert found.import_id not in found.workspace.lake.partitions(source_records(found.contract.source))


def _is_accounted_for(found: Delivered, case: Case) -> None:
    assert found.row is not None
    row = found.row
    assert row["problem"] is None
    assert row["lines"] == row["records"] + row["rejected"] + row["duplicates"]
    counted = {name: row[name] for name in ("records", "rejected", "duplicates", "blank_lines")}
    assert counted == {
        "records": case.records,
        "rejected": len(case.rejected),
        "duplicates": case.duplicates,
        "blank_lines": case.blank,
    }
    assert (case.outcome == REJECTED) == bool(case.rejected)


def _is_kept(found: Delivered, case: Case) -> None:
    """Exactly, in raw; and rejected rows with their raw text and what to do."""
    records = found.records
    assert records.height == case.records
    if case.keys is not None:
        assert records["source_key"].to_list() == list(case.keys)
    for (line, column), value in case.cells.items():
        assert found.cell(line, column) == value
    rejections = found.rejections
    assert rejections.keys() == case.rejected.keys()
    for line, (rule, kept) in case.rejected.items():
        expected = {"_text": kept} if isinstance(kept, str) else kept
        assert rejections[line] == (rule, expected)


def test_cases_are_told_apart() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({case.source for case in CASES}) == len(CASES)


@pytest.mark.parametrize("name", ["x; DROP TABLE imports; --", "../x", "a b", 'a"b', "Crm", "a.b", "é", "a" * 200])
def test_a_hostile_name_of_a_source_is_refused(tmp_path: Path, name: str) -> None:
    good = "source: crm\nkind: profiles\nkey: id\ncolumns: {email: email}\n"
    (tmp_path / "crm.yaml").write_text(good)
    (tmp_path / "other.yaml").write_text(yaml.safe_dump({**yaml.safe_load(good), "source": name}))
    contracts, [problem] = load_contracts(tmp_path)
    assert [contract.source for contract in contracts] == ["crm"]
    assert "expected a source name" in str(problem)


def test_cases_with_a_test_of_their_own_have_it() -> None:
    for case in CASES:
        if case.shown_by:
            module, _, function = case.shown_by.partition("::")
            assert f"def {function}(" in (Path(__file__).parent / module).read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_an_escape_sequence_is_seen_however_the_text_is_cut(size: int) -> None:
    content = "id\n山\n".encode("iso2022_jp")
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    with pytest.raises(FileRefused, match="line 2 is text in an encoding of the ISO-2022 family"):
        b"".join(utf8_pieces(pieces, None)[1])
    assert b"".join(utf8_pieces(iter([content]), "utf-8")[1]) == content, "who declares UTF-8 means it"
