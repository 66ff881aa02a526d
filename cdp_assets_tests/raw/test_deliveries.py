"""Taking a delivery in: the same rows each time, a refusal that touches nothing else, and what is kept when files go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.lake import Lake
from cdp_assets.ledger import IMPORTED, LANDED, REFUSED, REPEATED, LedgerError
from cdp_assets.raw.deliveries import has_no_lines, raw_rows, row_sums, take_in, why_not_read_again
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.tables import Table, raw_imports
from cdp_assets.workspace import Workspace

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
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


def rows(workspace: Workspace, import_id: str) -> pl.DataFrame:
    return pl.concat(list(raw_rows(workspace, "crm", import_id))).sort("_line")


def changed(workspace: Workspace, before: str, after: str) -> SourceContract:
    """The contract with a part of its text replaced."""
    path = workspace.contracts_dir / "crm.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    (contract,), _ = load_contracts(workspace.contracts_dir)
    return contract


def used(workspace: Workspace, import_id: str) -> None:
    """As if the import's records were in use."""
    counts = {"lines": 2, "records": 2, "rejected": 0, "duplicates": 0}
    workspace.ledger.mark_imported(
        "crm", import_id, counts=counts, contract_version="v", records_version="r", observed_until=NOW, now=NOW
    )


def test_taking_the_same_import_in_again_gives_the_same_rows(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n2,b@x.example\n")
    first = take_in(workspace, crm, import_id, NOW)
    kept = rows(workspace, import_id)
    assert take_in(workspace, crm, import_id, NOW) == first
    assert rows(workspace, import_id).equals(kept)
    assert (first.lines, first.columns, first.problems, first.is_refused) == (2, 2, 0, False)


def test_a_refused_file_has_no_rows_and_a_reason(workspace: Workspace, crm: SourceContract) -> None:
    good = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    bad = landed(workspace, crm, "b.csv", "id,Email,Email\n1,a,b\n")
    take_in(workspace, crm, good, NOW)
    assert take_in(workspace, crm, bad, NOW).is_refused
    assert has_no_lines(workspace.ledger.import_row("crm", bad))
    assert workspace.ledger.import_row("crm", bad)["problem"]
    assert workspace.lake.partitions(raw_imports("crm")) == {good}


def test_a_refusal_is_over_when_the_contract_allows_the_file(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Mail\n1,a@x.example\n")
    assert take_in(workspace, crm, import_id, NOW).is_refused
    (workspace.contracts_dir / "crm.yaml").write_text(CONTRACT.replace("email: Email", "email: Mail"))
    (mended,), _ = load_contracts(workspace.contracts_dir)
    assert not take_in(workspace, mended, import_id, NOW).is_refused
    assert workspace.ledger.import_row("crm", import_id)["state"] == LANDED


def test_rows_outlive_their_file(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    before = take_in(workspace, crm, import_id, NOW)
    (workspace.landing_dir / "crm" / "a.csv").unlink()
    assert take_in(workspace, crm, import_id, NOW) == before
    assert rows(workspace, import_id).height == 1


def test_a_file_that_went_before_it_was_read_is_refused(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    (workspace.landing_dir / "crm" / "a.csv").unlink()
    assert take_in(workspace, crm, import_id, NOW).is_refused
    assert "deliver it again" in workspace.ledger.import_row("crm", import_id)["problem"]


def test_a_file_that_was_replaced_is_refused_and_the_new_content_is_an_import_of_its_own(
    workspace: Workspace, crm: SourceContract
) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    other = landed(workspace, crm, "a.csv", "id,Email\n1,changed@x.example\n2,b@x.example\n")
    assert take_in(workspace, crm, import_id, NOW).is_refused
    assert take_in(workspace, crm, other, NOW).lines == 2
    assert workspace.ledger.import_row("crm", import_id)["state"] == REFUSED


def test_a_column_that_changes_its_capitals_stays_one_column(workspace: Workspace, crm: SourceContract) -> None:
    for name, header in (("a.csv", "id,Email,Note"), ("b.csv", "id,Email,note")):
        take_in(workspace, crm, landed(workspace, crm, name, f"{header}\n1,{name}@x.example,said\n"), NOW)
    kept = workspace.lake.read(raw_imports("crm"))
    assert kept["Note"].to_list() == ["said", "said"]
    assert "note" not in kept.columns


def test_an_import_that_nobody_registered_is_not_made_up(workspace: Workspace, crm: SourceContract) -> None:
    with pytest.raises(LedgerError, match="never registered"):
        take_in(workspace, crm, "20240501T120000Z-ffffffffffff", NOW)


# -- the same rows in another order -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["id,Email\n2,b@x.example\n1,a@x.example\n", "Email,id\nb@x.example,2\na@x.example,1\n", 'id,Email\n2,"b@x.example"\n1,a@x.example\n'],
    ids=["rows", "columns", "quotes"],
)  # fmt: skip
def test_the_same_rows_in_another_order_bring_nothing(workspace: Workspace, crm: SourceContract, text: str) -> None:
    first = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n2,b@x.example\n")
    again = landed(workspace, crm, "b.csv", text)
    take_in(workspace, crm, first, NOW)
    assert take_in(workspace, crm, again, NOW).outcome == "repeated"
    row = workspace.ledger.import_row("crm", again)
    assert (row["state"], row["repeats"], row["lines"], row["duplicates"], row["records"]) == (REPEATED, first, 2, 2, 0)
    assert workspace.lake.partitions(raw_imports("crm")) == {first}
    assert take_in(workspace, crm, again, NOW).outcome == "repeated"


@pytest.mark.parametrize(
    "text",
    [
        "id,Email\n1,b@x.example\n2,a@x.example\n",
        "id,Email\n1,a@x.example\n2,b@x.example\n2,b@x.example\n",
        "id,Email\n1,a@x.example\n1,a@x.example\n",
    ],
    ids=["values of other rows", "a row twice", "another row instead"],
)
def test_other_rows_of_the_same_values_are_another_import(workspace: Workspace, crm: SourceContract, text: str) -> None:
    first = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n2,b@x.example\n")
    other = landed(workspace, crm, "b.csv", text)
    take_in(workspace, crm, first, NOW)
    assert take_in(workspace, crm, other, NOW).outcome == "kept"


def test_of_a_burst_each_import_is_read_once_to_be_compared(
    workspace: Workspace, crm: SourceContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [
        f"id,Email\n{n},{letter}@x.example\n" for n, letter in enumerate("abca")
    ]  # as many bytes each: all are alike
    texts[3] = texts[0].replace("\n", "\r\n")  # the same row again
    imports = [landed(workspace, crm, f"{n}.csv", text) for n, text in enumerate(texts)]
    read: list[str] = []
    scanned = Lake.scan_partition_batches

    def counted(self: Lake, table: Table, partition: str, rows_at_once: int) -> Iterator[pl.DataFrame]:
        read.append(partition)
        return scanned(self, table, partition, rows_at_once)

    monkeypatch.setattr(Lake, "scan_partition_batches", counted)
    sums = row_sums(workspace, "crm")
    outcomes = [take_in(workspace, crm, one, NOW, sums=sums).outcome for one in imports]
    assert outcomes == ["kept", "kept", "kept", "repeated"]
    assert sorted(read[:3]) == sorted(imports[:3])
    assert sorted(read[3:]) == sorted([imports[3], imports[3], imports[0]]), (
        "whoever seems to be repeated is read again"
    )


def test_an_import_that_has_changed_since_it_was_compared_is_not_repeated(
    workspace: Workspace, crm: SourceContract
) -> None:
    texts = ["id,Email\n1,a@x.example\n", "id,Email\n1,b@x.example\n", "Email,id\na@x.example,1\n"]
    first, other, again = (landed(workspace, crm, f"{n}.csv", text) for n, text in enumerate(texts))
    sums = row_sums(workspace, "crm")
    for one in (first, other):
        assert take_in(workspace, crm, one, NOW, sums=sums).outcome == "kept"
    table = raw_imports("crm")
    workspace.lake.replace_partition(table, first, workspace.lake.read(table, partition=first).head(0))
    assert take_in(workspace, crm, again, NOW, sums=sums).outcome == "kept"


def test_two_empty_files_do_not_repeat_each_other(workspace: Workspace, crm: SourceContract) -> None:
    first = landed(workspace, crm, "a.csv", "id,Email\n")
    other = landed(workspace, crm, "b.csv", "Email,id\n")
    assert [take_in(workspace, crm, one, NOW).outcome for one in (first, other)] == ["kept", "kept"]


# -- a contract that changes ------------------------------------------------------------------------------------------


def test_lines_in_use_stay_in_use_while_their_file_is_read_again(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email,Extra\n1,a@x.example,x\n2,b@x.example,y\n")
    take_in(workspace, crm, import_id, NOW)
    used(workspace, import_id)
    without = changed(workspace, "key: id", "key: id\non_new_column: ignore")
    take_in(workspace, without, import_id, NOW)
    row = workspace.ledger.import_row("crm", import_id)
    assert (row["state"], row["reading_version"]) == (IMPORTED, without.reading_version)
    assert rows(workspace, import_id).drop_nulls("Email").height == 2
    assert rows(workspace, import_id)["Extra"].null_count() == 2


def test_the_file_is_not_opened_when_only_its_meaning_changes(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    take_in(workspace, crm, import_id, NOW)
    version = workspace.lake.version(raw_imports("crm"))
    (workspace.landing_dir / "crm" / "a.csv").write_text("something else")
    other = changed(workspace, "email: Email", "job_title: Email")
    assert take_in(workspace, other, import_id, NOW).outcome == "kept"
    assert workspace.lake.version(raw_imports("crm")) == version


def test_kept_lines_count_where_the_file_can_not_be_read_as_the_new_contract_says(
    workspace: Workspace, crm: SourceContract
) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,ä@x.example\n")
    take_in(workspace, crm, import_id, NOW)
    used(workspace, import_id)
    ascii_only = changed(workspace, "files: '*.csv'", "files: '*.csv', encoding: utf-16-le")
    assert take_in(workspace, ascii_only, import_id, NOW).outcome == "kept"
    assert rows(workspace, import_id)["Email"].to_list() == ["ä@x.example"]


def test_an_archived_file_is_read_again_from_the_archive(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email,Extra\n1,a@x.example,x\n")
    ignoring = changed(workspace, "key: id", "key: id\non_new_column: ignore")
    take_in(workspace, ignoring, import_id, NOW)
    assert "Extra" not in rows(workspace, import_id).columns
    archived = workspace.archive_dir / "crm" / import_id / "a.csv"
    archived.parent.mkdir(parents=True)
    (workspace.landing_dir / "crm" / "a.csv").rename(archived)
    take_in(workspace, changed(workspace, "on_new_column: ignore", "on_new_column: keep"), import_id, NOW)
    assert rows(workspace, import_id)["Extra"].to_list() == ["x"]


def test_a_column_that_a_kept_file_never_had_is_said(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    take_in(workspace, crm, import_id, NOW)
    registered = workspace.ledger.import_row("crm", import_id)
    assert why_not_read_again(registered, crm) is None
    more = changed(workspace, "{email: Email}", "{email: Email, phone: Mobile}")
    assert "'Mobile' is not in the file" in (why_not_read_again(registered, more) or "")
    allowed = changed(workspace, "key: id", "key: id\non_missing_column: null")
    assert why_not_read_again(registered, allowed) is None


def test_lines_that_the_lake_has_lost_are_read_again(workspace: Workspace, crm: SourceContract) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    take_in(workspace, crm, import_id, NOW)
    table = raw_imports("crm")
    workspace.lake.replace_partition(table, import_id, table.empty())
    assert take_in(workspace, crm, import_id, NOW).lines == 1
    assert rows(workspace, import_id).height == 1


def test_lines_kept_by_an_earlier_version_of_the_program_are_never_thrown_away(
    workspace: Workspace, crm: SourceContract
) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")
    take_in(workspace, crm, import_id, NOW)
    workspace.ledger._update_import("crm", import_id, fingerprint=None, reading_version=None, columns=None)
    (workspace.landing_dir / "crm" / "a.csv").unlink()
    assert take_in(workspace, crm, import_id, NOW).outcome == "kept"
    assert rows(workspace, import_id).height == 1


def test_a_full_disk_is_no_refusal(workspace: Workspace, crm: SourceContract, monkeypatch: pytest.MonkeyPatch) -> None:
    import_id = landed(workspace, crm, "a.csv", "id,Email\n1,a@x.example\n")

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(workspace.lake), "replace_partition_in_batches", full)
    with pytest.raises(OSError, match="No space"):
        take_in(workspace, crm, import_id, NOW)
    assert workspace.ledger.import_row("crm", import_id)["state"] == LANDED
