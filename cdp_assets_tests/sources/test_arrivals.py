"""From what landed to registered imports: each content once, and what a resolution would be made from."""

from __future__ import annotations

import errno
import gzip
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cdp_assets.ledger import IMPORTED, LANDED, REFUSED, LedgerError
from cdp_assets.sources import arrivals, fetching, landing
from cdp_assets.sources.arrivals import (
    Arrivals,
    NothingReturned,
    accept_return,
    content_of_import,
    contract_rows,
    has_unsettled_files,
    land_extract,
    register_arrivals,
    resolution_inputs,
    returned_imports,
    unnoted_extracts,
)
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.sources.extraction import ExtractionFailed
from cdp_assets.sources.tidying import tidy
from cdp_assets.workspace import Workspace
from cdp_assets_tests.sources import contract_text

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


def imported(workspace: Workspace, *import_ids: str) -> None:
    for import_id in import_ids:
        workspace.ledger.mark_imported(
            "crm", import_id, counts=COUNTS, contract_version="c", records_version="r", observed_until=None, now=now()
        )


def register(workspace: Workspace, contract: SourceContract) -> Arrivals:
    return register_arrivals(workspace, contract, now(), settle_seconds=2)


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
    imported(workspace, import_id)
    in_use = resolution_inputs(workspace, [crm])
    assert (in_use.imported, in_use.waiting) == (1, 0)
    assert in_use.digest != nothing.digest
    assert resolution_inputs(workspace, [crm]) == in_use


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


# -- what may happen while files are looked at ------------------------------------------------------------------------

ONE, TWO, THREE = b"id,e\n1,a@x.example\n", b"id,e\n2,b@x.example\n", b"id,e\n3,c@x.example\n"


def locations(workspace: Workspace) -> list[str]:
    return workspace.ledger.imports()["location"].to_list()


def while_hashing(
    monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object], *, after: bool = False
) -> None:
    """Do something once, before or after the file of this name is hashed."""
    really, done = arrivals.content_sha256, []

    def hashing(path: Path) -> str:
        is_it = path.name == name and not done
        if is_it and not after:
            done.append(act())
        digest = really(path)
        if is_it and after:
            done.append(act())
        return digest

    monkeypatch.setattr(arrivals, "content_sha256", hashing)


@pytest.mark.parametrize("after", [False, True])
def test_a_file_that_is_replaced_while_it_is_hashed_is_left_for_the_next_look(
    workspace: Workspace, crm: SourceContract, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    land(workspace, "a.csv", ONE)
    land(workspace, "b.csv", TWO)
    with monkeypatch.context() as patched:
        while_hashing(patched, "a.csv", lambda: land(workspace, "a.csv", THREE, seconds_ago=100), after=after)
        found = register(workspace, crm)
    assert (len(found.new), found.unfinished) == (1, 1)
    assert "changed while" in found.waiting[0].why
    assert locations(workspace) == ["b.csv"]
    assert len(register(workspace, crm).new) == 1
    assert len(workspace.ledger.seen_files("crm")) == 2


def test_a_replacement_of_the_same_size_and_time_is_noticed_while_it_happens(
    workspace: Workspace, crm: SourceContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(workspace, "a.csv", ONE)
    then = (workspace.landing_dir / "crm" / "a.csv").stat().st_mtime_ns

    def replace() -> None:
        other = workspace.landing_dir / "crm" / ".other"
        other.write_bytes(TWO)
        os.utime(other, ns=(then, then))
        other.replace(workspace.landing_dir / "crm" / "a.csv")

    with monkeypatch.context() as patched:
        while_hashing(patched, "a.csv", replace, after=True)
        assert register(workspace, crm).new == ()
    (import_id,) = register(workspace, crm).new
    assert import_id.endswith(arrivals.content_sha256(workspace.landing_dir / "crm" / "a.csv")[:12])


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file"), "gone"),
        (PermissionError(errno.EACCES, "Permission denied"), "PermissionError"),
        (OSError(errno.EIO, "Input/output error"), "OSError"),
        (OSError(errno.ESTALE, "Stale file handle"), "OSError"),
        (MemoryError(), "MemoryError"),
    ],
)
@pytest.mark.parametrize("where", ["looked at", "hashed"])
def test_a_file_that_can_not_be_read_is_listed_and_stops_no_other(
    workspace: Workspace,
    crm: SourceContract,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    problem: Exception,
    says: str,
) -> None:
    for name, content in (("a.csv", ONE), ("dana@x.example.csv", TWO), ("z.csv", THREE)):
        land(workspace, name, content)
    module, name = (landing, "_missing_end") if where == "looked at" else (arrivals, "content_sha256")
    really = getattr(module, name)

    def reading(file: Any) -> Any:
        if Path(getattr(file, "path", file)).name.startswith("dana"):
            raise problem
        return really(file)

    with monkeypatch.context() as patched:
        patched.setattr(module, name, reading)
        found = register(workspace, crm)
    assert (len(found.new), found.unfinished) == (2, 1)
    assert says in found.waiting[0].why
    assert "dana" not in found.waiting[0].why
    assert len(register(workspace, crm).new) == 1, "the next look reads it"


def test_permission_denied_is_a_reason_to_wait(workspace: Workspace, crm: SourceContract) -> None:
    land(workspace, "a.csv", ONE)
    land(workspace, "b.csv", TWO)
    path = workspace.landing_dir / "crm" / "a.csv"
    path.chmod(0)
    try:
        if os.access(path, os.R_OK):
            pytest.skip("this user may read everything")
        found = register(workspace, crm)
    finally:
        path.chmod(0o644)
    assert (len(found.new), found.unfinished) == (1, 1)
    assert "who may read it" in found.waiting[0].why


def test_odd_entries_have_their_outcome_and_stop_no_other(workspace: Workspace, crm: SourceContract) -> None:
    folder = workspace.landing_dir / "crm"
    for number, name in enumerate(
        ("a\nb.csv", "\u202ecsv.csv", "..x.csv" * 20, "%2e%2e%2fup.csv", "-rf.csv", "' or 1=1;--.csv")
    ):
        land(workspace, name, ONE + f"{number}\n".encode())
    outside = workspace.home / "outside.csv"
    outside.write_bytes(TWO)
    (folder / "link.csv").symlink_to(outside)
    (folder / "nowhere.csv").symlink_to(workspace.home / "nowhere")
    (folder / "x.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder / os.fsdecode(b"\xff.csv")).write_bytes(THREE)
    land(workspace, "z.csv", THREE)
    found = register(workspace, crm)
    # the name that begins with a dot is hidden, and six are files like any other
    assert (len(found.new), found.unfinished) == (6, 0)
    assert register(workspace, crm) == Arrivals((), 0, 0)


def test_a_file_that_is_no_table_is_registered_for_its_import_to_refuse(
    workspace: Workspace, crm: SourceContract
) -> None:
    land(workspace, "a.csv", b"\x1f\x8bno gzip at all")
    land(workspace, "b.csv", b"")
    land(workspace, "c.csv", ONE)
    assert len(register(workspace, crm).new) == 3


def test_several_lookers_register_each_file_once(workspace: Workspace, crm: SourceContract) -> None:
    for number in range(12):
        land(workspace, f"{number}.csv", ONE + f"{number},x\n".encode())
    _ = workspace.ledger
    with ThreadPoolExecutor(4) as pool:
        looks = list(pool.map(lambda _: register(workspace, crm), range(4)))
    new = [import_id for look in looks for import_id in look.new]
    assert len(new) == len(set(new)) == 12
    assert [look.copies for look in looks] == [0] * 4, "the same file, seen by another, is no copy"
    assert workspace.ledger.imports().height == 12
    assert len(workspace.ledger.seen_files("crm")) == 12


def test_processes_that_look_at_once_register_each_file_once(workspace: Workspace) -> None:
    for number in range(8):
        land(workspace, f"{number}.csv", ONE + f"{number},x\n".encode())
    look = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from cdp_assets.sources.arrivals import register_arrivals\n"
        "from cdp_assets.sources.contracts import load_contracts\n"
        "from cdp_assets.workspace import Workspace\n"
        "workspace = Workspace(Path(sys.argv[1])); (contract,), _ = load_contracts(workspace.contracts_dir)\n"
        "print(len(register_arrivals(workspace, contract, datetime.now(UTC), settle_seconds=2).new))\n"
    )
    lookers = [
        subprocess.Popen([sys.executable, "-c", look, str(workspace.home)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert sum(int(looker.communicate()[0]) for looker in lookers) == 8
    assert workspace.ledger.imports().height == 8


def test_a_look_that_was_killed_after_registering_is_no_copy(
    workspace: Workspace, crm: SourceContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    land(workspace, "a.csv", ONE)
    with monkeypatch.context() as patched:
        patched.setattr(type(workspace.ledger), "remember_file", killed)
        with pytest.raises(Killed):
            register(workspace, crm)
    assert register(workspace, crm) == Arrivals((), 0, 0)
    assert workspace.ledger.imports()["state"].to_list() == [LANDED]
    assert len(workspace.ledger.seen_files("crm")) == 1


def test_a_look_at_known_files_reads_none_of_them(
    workspace: Workspace, crm: SourceContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        land(workspace, f"{number}.csv", ONE + f"{number},x\n".encode())
    register(workspace, crm)

    def read(*_: object) -> None:
        raise AssertionError("it is known")

    monkeypatch.setattr(landing, "open_regular", read)
    monkeypatch.setattr(arrivals, "content_sha256", read)
    assert register(workspace, crm) == Arrivals((), 0, 0)


def test_an_empty_folder_asks_the_ledger_nothing(workspace: Workspace, crm: SourceContract) -> None:
    register(workspace, crm)
    assert "ledger" not in vars(workspace)


def test_large_files_are_told_without_their_names(
    workspace: Workspace, crm: SourceContract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "REPORTED_BYTES", 21)
    land(workspace, "dana@x.example.csv", ONE + TWO)
    land(workspace, "small.csv", ONE)
    said: list[str] = []
    register_arrivals(workspace, crm, now(), settle_seconds=2, report=said.append)
    assert said == [f"crm: looking at file 1 of 2 that landed, {len(ONE + TWO)} bytes"]


def test_files_that_are_none_of_ours_do_not_count_as_arriving(workspace: Workspace, crm: SourceContract) -> None:
    folder = workspace.landing_dir / "crm"
    for name in ("notes.txt", ".hidden.csv", "a.csv.tmp"):
        land(workspace, name, ONE, seconds_ago=1)
    (folder / "x.csv").mkdir()
    (folder / "gone.csv").symlink_to(workspace.home / "nowhere")
    assert not has_unsettled_files(workspace, [crm], now(), within_seconds=60)
    land(workspace, "a.csv", ONE, seconds_ago=1)
    assert has_unsettled_files(workspace, [crm], now(), within_seconds=60)


# -- snapshots that return --------------------------------------------------------------------------------------------

A, AB = b"id,e\n1,a@x.example\n", b"id,e\n1,a@x.example\n2,b@x.example\n"


@pytest.fixture
def snapshots(workspace: Workspace) -> SourceContract:
    (workspace.contracts_dir / "crm.yaml").write_text(CONTRACT + "delivers: snapshot\n")
    (contract,), _ = load_contracts(workspace.contracts_dir)
    return contract


def monday_and_tuesday(workspace: Workspace, contract: SourceContract) -> tuple[str, str]:
    land(workspace, "monday.csv", A, seconds_ago=3000)
    (monday,) = register(workspace, contract).new
    land(workspace, "tuesday.csv", AB, seconds_ago=2000)
    (tuesday,) = register(workspace, contract).new
    imported(workspace, monday, tuesday)
    return monday, tuesday


def test_a_snapshot_that_returns_is_told_and_is_no_new_import(workspace: Workspace, snapshots: SourceContract) -> None:
    monday, _ = monday_and_tuesday(workspace, snapshots)
    assert returned_imports(workspace, snapshots) == ()
    land(workspace, "wednesday.csv", A, seconds_ago=1000)
    found = register(workspace, snapshots)
    assert (found.new, found.copies, found.returned) == ((), 1, (monday,))
    assert register(workspace, snapshots).returned == (), "told once"
    assert returned_imports(workspace, snapshots) == (monday,), "and known as long as it is so"
    assert workspace.ledger.imports().height == 2


@pytest.mark.parametrize(
    ("content", "seconds_ago"),
    [(AB, 1000), (A, 2500)],
    ids=["the newest once more", "an old one that landed before the newest"],
)
def test_other_copies_are_no_returns(
    workspace: Workspace, snapshots: SourceContract, content: bytes, seconds_ago: float
) -> None:
    monday, _ = monday_and_tuesday(workspace, snapshots)
    land(workspace, "copy.csv", content, seconds_ago=seconds_ago)
    found = register(workspace, snapshots)
    assert (found.copies, found.returned) == (1, ())
    assert returned_imports(workspace, snapshots) == ()
    with pytest.raises(NothingReturned, match="has not landed again"):
        accept_return(workspace, snapshots, monday, now())


def test_changes_and_events_do_not_return(workspace: Workspace, crm: SourceContract) -> None:
    monday, _ = monday_and_tuesday(workspace, crm)
    land(workspace, "wednesday.csv", A, seconds_ago=1000)
    assert register(workspace, crm).returned == ()
    assert returned_imports(workspace, crm) == ()
    with pytest.raises(NothingReturned, match="only a snapshot"):
        accept_return(workspace, crm, monday, now())


def test_returns_are_seen_among_files_that_land_at_once(workspace: Workspace, snapshots: SourceContract) -> None:
    for day, (name, content) in enumerate((("1.csv", A), ("2.csv", AB), ("3.csv", A))):
        land(workspace, name, content, seconds_ago=3000 - 1000 * day)
    found = register(workspace, snapshots)
    assert (len(found.new), found.returned) == (2, (found.new[0],))


def test_an_accepted_return_is_a_further_import(workspace: Workspace, snapshots: SourceContract) -> None:
    monday, tuesday = monday_and_tuesday(workspace, snapshots)
    land(workspace, "wednesday.csv", A, seconds_ago=1000)
    register(workspace, snapshots)
    wednesday = accept_return(workspace, snapshots, monday, now(), by="ana")
    assert wednesday > tuesday > monday
    row = workspace.ledger.import_row("crm", wednesday)
    assert (row["state"], row["location"], row["accepted_by"]) == (LANDED, "wednesday.csv", "ana")
    first = workspace.ledger.import_row("crm", monday)["content_sha256"]
    assert row["content_sha256"].startswith(f"{first}@")
    assert content_of_import(row["content_sha256"]) == content_of_import(first) == first
    assert returned_imports(workspace, snapshots) == ()
    with pytest.raises(NothingReturned):
        accept_return(workspace, snapshots, monday, now(), by="ana")
    assert workspace.ledger.imports().height == 3
    # its file stays until it is imported, whatever the contract says, though the content is that of an import in use
    removing = snapshots.model_copy(update={"after_import": "remove"})
    tidy(workspace, removing)
    assert (workspace.landing_dir / "crm" / "wednesday.csv").exists()
    imported(workspace, wednesday)
    tidy(workspace, removing)
    assert list((workspace.landing_dir / "crm").iterdir()) == []


def test_returns_go_on_and_on(workspace: Workspace, snapshots: SourceContract) -> None:
    imports = list(monday_and_tuesday(workspace, snapshots))
    for day, content in enumerate((A, AB, A)):
        land(workspace, f"day{day}.csv", content, seconds_ago=1000 - day * 100)
        first = imports[day % 2]
        assert register(workspace, snapshots).returned == (first,)
        imports.append(accept_return(workspace, snapshots, first, now()))
        imported(workspace, imports[-1])
    assert len(set(imports)) == 5
    land(workspace, "once more.csv", A, seconds_ago=10)
    assert register(workspace, snapshots).returned == ()


def test_a_return_within_one_second_has_an_id_of_its_own(workspace: Workspace, snapshots: SourceContract) -> None:
    land(workspace, "1.csv", A)
    land(workspace, "2.csv", AB)
    land(workspace, "3.csv", A)
    moment = 1_717_200_000_000_000_000
    for part, name in enumerate(("1.csv", "2.csv", "3.csv")):
        os.utime(workspace.landing_dir / "crm" / name, ns=(moment + part * 10_000_000,) * 2)
    first, second = register(workspace, snapshots).new
    imported(workspace, first, second)
    again = accept_return(workspace, snapshots, first, now())
    assert again not in (first, second)
    removing = snapshots.model_copy(update={"after_import": "remove"})
    tidy(workspace, removing)
    assert (workspace.landing_dir / "crm" / "3.csv").exists()


def test_rows_in_another_order_return_as_their_own_import(workspace: Workspace, snapshots: SourceContract) -> None:
    monday, tuesday = monday_and_tuesday(workspace, snapshots)
    land(workspace, "wednesday.csv", A + b"\n", seconds_ago=1000)
    (wednesday,) = register(workspace, snapshots).new
    workspace.ledger.mark_repeated("crm", wednesday, repeats=monday, lines=1, now=now())
    assert returned_imports(workspace, snapshots) == (wednesday,)
    workspace.ledger.mark_repeated("crm", wednesday, repeats=tuesday, lines=1, now=now())
    assert returned_imports(workspace, snapshots) == ()


def test_a_return_whose_file_has_gone_can_not_be_accepted(workspace: Workspace, snapshots: SourceContract) -> None:
    monday, _ = monday_and_tuesday(workspace, snapshots)
    land(workspace, "wednesday.csv", A, seconds_ago=1000)
    register(workspace, snapshots)
    (workspace.landing_dir / "crm" / "wednesday.csv").unlink()
    with pytest.raises(NothingReturned, match="deliver it again"):
        accept_return(workspace, snapshots, monday, now())
    with pytest.raises(LedgerError, match="never registered"):
        accept_return(workspace, snapshots, "20240101T000000Z-0123456789ab", now())


def test_a_refused_snapshot_is_no_state_to_return_from(workspace: Workspace, snapshots: SourceContract) -> None:
    _, tuesday = monday_and_tuesday(workspace, snapshots)
    workspace.ledger.mark_refused("crm", tuesday, problem="p", contract_version="c")
    land(workspace, "wednesday.csv", A, seconds_ago=1000)
    assert register(workspace, snapshots).returned == ()


# -- what is fetched --------------------------------------------------------------------------------------------------


def shop(home: Path, *rows: tuple[object, ...], statement: str | None = None) -> None:
    with sqlite3.connect(home / "shop.db") as connection:
        connection.execute("create table if not exists t (id, e, changed integer)")
        connection.executemany("insert into t values (?, ?, ?)", rows)
        if statement:
            connection.execute(statement)
    connection.close()


def from_sql(sql: dict[str, str] | None = None, **parts: object) -> SourceContract:
    extract = {"sql": {"url": "sqlite:///shop.db", "table": "t", **(sql or {})}}
    return contract_text.crm(columns={"email": "e"}, extract=extract, **parts)


def take(workspace: Workspace, contract: SourceContract) -> str | None:
    """Extract, register, import, tidy; the extract's name."""
    landed = land_extract(workspace, contract, now(), {})
    imported(workspace, *register_arrivals(workspace, contract, now(), settle_seconds=0).new)
    tidy(workspace, contract)
    return None if landed is None else str(landed["extract"][0])


def test_an_extract_is_one_row_and_moves_the_cursor_on(workspace: Workspace) -> None:
    contract = from_sql(sql={"cursor": "changed"})
    shop(workspace.home, (1, "a", 5), (2, "b", 7))
    landed = land_extract(workspace, contract, now(), {})
    assert landed is not None
    assert landed["rows"].to_list() == [2]
    assert (workspace.ledger.cursor("crm") or "").endswith(":7")
    assert land_extract(workspace, contract, now(), {}) is None


@pytest.mark.parametrize("policy", ["keep", "archive", "remove"])
def test_extracts_count_up_and_known_content_does_not_land_again(workspace: Workspace, policy: str) -> None:
    contract = from_sql(after_import=policy, sql={"cursor": "changed", "overlap": "10"})
    shop(workspace.home, (1, "a", 5))
    assert (take(workspace, contract) or "").startswith("extract-000001-")
    assert take(workspace, contract) is None or policy == "keep"
    shop(workspace.home, (2, "b", 7))
    assert (take(workspace, contract) or "").startswith("extract-000002-")
    assert workspace.ledger.imports()["state"].to_list() == [IMPORTED, IMPORTED]


@pytest.mark.parametrize("policy", ["keep", "archive", "remove"])
def test_a_table_that_returns_to_a_former_state_says_so(workspace: Workspace, policy: str) -> None:
    contract = from_sql(after_import=policy, delivers="snapshot")
    shop(workspace.home, (1, "a", 5))
    take(workspace, contract)
    shop(workspace.home, (2, "b", 7))
    take(workspace, contract)
    shop(workspace.home, statement="delete from t where id = 2")
    take(workspace, contract)
    (first, _) = workspace.ledger.imports()["import_id"].to_list()
    assert returned_imports(workspace, contract) == (first,)
    accepted = accept_return(workspace, contract, first, now())
    imported(workspace, accepted)
    assert take(workspace, contract) is None or policy == "keep"
    assert returned_imports(workspace, contract) == ()


def from_url(pattern: str) -> SourceContract:
    return contract_text.crm(columns={"email": "e"}, extract={"files": pattern})


def test_files_from_a_url_are_fetched_once_and_imported_like_any_other(workspace: Workspace) -> None:
    exports = workspace.home / "exports"
    exports.mkdir()
    contract = from_url("file://exports/*.csv")
    for name, content in (("b-10.csv", TWO), ("b-9.csv", ONE)):
        (exports / name).write_bytes(content)
        os.utime(exports / name, (1_717_200_000, 1_717_200_000))
    landed = land_extract(workspace, contract, now(), {})
    assert landed is not None
    assert landed["bytes"].to_list() == [len(ONE), len(TWO)]
    assert land_extract(workspace, contract, now(), {}) is None
    assert len(register(workspace, contract).new) == 2
    assert workspace.ledger.imports()["landed_at"].unique().to_list() == [datetime.fromtimestamp(1_717_200_000, UTC)]
    removing = contract.model_copy(update={"after_import": "remove"})
    imported(workspace, *workspace.ledger.imports()["import_id"])
    assert tidy(workspace, removing).removed == 2
    assert land_extract(workspace, removing, now(), {}) is None, "what has been fetched is not fetched again"
    (exports / "c.csv").write_bytes(THREE)
    os.utime(exports / "c.csv", (1_717_200_000, 1_717_200_000))
    landed = land_extract(workspace, removing, now(), {})
    assert landed is not None
    assert landed["extract"][0].startswith("fetched-000003-"), "numbers count up though the files are gone"
    assert sorted(path.name for path in exports.iterdir()) == ["b-10.csv", "b-9.csv", "c.csv"]


def test_what_landed_before_a_store_failed_is_remembered(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    exports = workspace.home / "exports"
    exports.mkdir()
    contract = from_url("file://exports/*.csv")
    for name, content in (("1.csv", ONE), ("2.csv", TWO), ("3.csv", THREE)):
        (exports / name).write_bytes(content)
        os.utime(exports / name, (1_717_200_000, 1_717_200_000))
    opened = fetching.open_regular

    def opening(path: Path) -> Any:
        if path.name == "2.csv":
            raise PermissionError(errno.EACCES, "Permission denied: 2.csv")
        return opened(path)

    with monkeypatch.context() as patched:
        patched.setattr(fetching, "open_regular", opening)
        with pytest.raises(ExtractionFailed, match="1 of 3") as failed:
            land_extract(workspace, contract, now(), {})
    assert failed.value.landed is not None
    assert failed.value.landed.height == 2
    landed = land_extract(workspace, contract, now(), {})
    assert landed is not None
    assert landed["bytes"].to_list() == [len(TWO)]


def test_an_extract_that_a_killed_run_could_not_note_is_noted_by_the_next(tmp_path: Path) -> None:
    for name in ("extract-000001-aaaa.parquet", "extract-000002-bbbb.parquet", "else.parquet"):
        pl.DataFrame({"id": ["1", "2"]}).write_parquet(tmp_path / name)
    rows = unnoted_extracts(tmp_path, "shop", {"extract-000001-aaaa.parquet"})
    assert rows.select("extract", "rows").rows() == [("extract-000002-bbbb.parquet", 2)]
    assert rows["bytes"].to_list() == [(tmp_path / "extract-000002-bbbb.parquet").stat().st_size]
    assert unnoted_extracts(tmp_path / "none", "shop", set()).is_empty()
