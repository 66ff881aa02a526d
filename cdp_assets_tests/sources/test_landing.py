from __future__ import annotations

import errno
import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.sources import landing
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.landing import (
    Entry,
    LandedFile,
    entries_of,
    is_delivery_name,
    is_unchanged,
    look,
    look_at,
    scan,
)
from cdp_assets_tests.sources.contract_text import crm

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def land(home: Path, name: str, content: bytes = b"id\n1\n", *, age: float = 10, now: datetime = NOW) -> Path:
    """A file in landing/crm that changed ``age`` seconds ago."""
    path = home / "crm" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = (now - timedelta(seconds=age)).timestamp()
    os.utime(path, (moment, moment))
    return path


def csv() -> SourceContract:
    return crm(extract={"files": "*.csv"})


def ready(home: Path, **arguments: float) -> list[str]:
    return [file.name for file in scan(home, csv(), NOW, **arguments)]  # type: ignore[arg-type]


def why(home: Path, name: str) -> str:
    found = look(home, csv(), NOW)
    return next(item.why for item in (*found.waiting, *found.ignored) if item.name == name)


def test_a_source_without_folder_has_no_files(tmp_path: Path) -> None:
    assert scan(tmp_path, csv(), NOW) == []


def test_files_count_in_the_order_of_their_names_numbers_as_numbers(tmp_path: Path) -> None:
    for name in ("crm-10.csv", "crm-2.csv", "CRM-1.csv", "crm-2.csv.gz", "a.csv", "10.csv", "9.csv"):
        land(tmp_path, name, gzip.compress(b"x") if name.endswith("gz") else b"id\n")
    assert ready(tmp_path) == ["9.csv", "10.csv", "a.csv", "CRM-1.csv", "crm-2.csv", "crm-2.csv.gz", "crm-10.csv"]


def test_patterns_ignore_case_and_compression(tmp_path: Path) -> None:
    for name in ("a.CSV", "b.csv.GZ", "c.csv.zst", "d.txt", "e.csv.bz2"):
        land(tmp_path, name)
    assert ready(tmp_path) == ["a.CSV", "b.csv.GZ", "c.csv.zst"]
    assert "does not match" in why(tmp_path, "d.txt")


def test_what_is_no_delivery_is_ignored_with_the_reason(tmp_path: Path) -> None:
    file = land(tmp_path, "x.txt")
    for name in (".hidden.csv", "a.csv.tmp", "b.csv.part", "c.csv~"):
        land(tmp_path, name)
    (tmp_path / "crm" / "link.csv").symlink_to(file)
    (tmp_path / "crm" / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "crm" / "pipe.csv")
    assert ready(tmp_path) == []
    assert "hidden" in why(tmp_path, ".hidden.csv")
    assert "unfinished" in why(tmp_path, "a.csv.tmp") == why(tmp_path, "b.csv.part")
    assert "links" in why(tmp_path, "link.csv")
    assert "regular file" in why(tmp_path, "folder.csv") == why(tmp_path, "pipe.csv")
    assert look(tmp_path, csv(), NOW).waiting == ()


def test_a_file_counts_when_it_has_settled(tmp_path: Path) -> None:
    land(tmp_path, "a.csv", age=1)
    assert "just changed" in why(tmp_path, "a.csv")
    assert ready(tmp_path, settle_seconds=0.5) == ["a.csv"]
    assert ready(tmp_path, settle_seconds=0) == ["a.csv"]


def test_a_clock_that_is_behind_does_not_hold_files_for_ever(tmp_path: Path) -> None:
    land(tmp_path, "a.csv", age=-1)
    land(tmp_path, "b.csv", age=-3600)
    assert ready(tmp_path) == ["b.csv"]


def test_a_last_line_without_end_is_waited_for_a_minute(tmp_path: Path) -> None:
    land(tmp_path, "a.csv", b"id\n1", age=59)
    land(tmp_path, "b.csv", b"id\n1", age=61)
    land(tmp_path, "empty.csv", b"", age=59)
    land(tmp_path, "utf16.csv", "id\n1\n".encode("utf-16"), age=3)
    assert ready(tmp_path) == ["b.csv", "utf16.csv"]
    assert "last line" in why(tmp_path, "a.csv") == why(tmp_path, "empty.csv")
    assert ready(tmp_path, quiet_seconds=30) == ["a.csv", "b.csv", "empty.csv", "utf16.csv"]


def _parquet(folder: Path) -> bytes:
    pl.DataFrame({"id": ["1"]}).write_parquet(folder / "whole.parquet")
    return (folder / "whole.parquet").read_bytes()


@pytest.mark.parametrize("kind", ["gzip", "parquet", "excel"])
def test_a_file_without_its_end_is_waited_for_and_then_refused_in_public(tmp_path: Path, kind: str) -> None:
    whole = {
        "gzip": gzip.compress(b"id\n1"),
        "parquet": _parquet(tmp_path),
        "excel": b"PK\x03\x04" + b"sheets" * 20 + b"PK\x05\x06" + b"\0" * 18,
    }[kind]
    land(tmp_path, "whole.csv", whole, age=3)
    land(tmp_path, "half.csv", whole[: len(whole) // 2], age=800)
    assert ready(tmp_path) == ["whole.csv"]
    assert why(tmp_path, "half.csv")
    land(tmp_path, "half.csv", whole[: len(whole) // 2], age=1000)
    assert ready(tmp_path) == ["half.csv", "whole.csv"], "its import will say what is wrong with it"


def test_damaged_data_is_for_the_import_to_refuse(tmp_path: Path) -> None:
    land(tmp_path, "a.csv", b"\x1f\x8bgarbage that is no gzip data at all")
    assert ready(tmp_path) == ["a.csv"]


def test_known_files_are_not_looked_at_again(tmp_path: Path) -> None:
    path = land(tmp_path, "a.csv")
    (file,) = scan(tmp_path, csv(), NOW)
    assert (file.path, file.bytes, file.modified_at) == (path, 5, NOW - timedelta(seconds=10))
    assert scan(tmp_path, csv(), NOW, known={file.stamp}) == []
    land(tmp_path, "a.csv", b"id\n1\n2\n")
    assert len(scan(tmp_path, csv(), NOW, known={file.stamp})) == 1


def test_extracts_of_a_database_are_found_by_their_own_name(tmp_path: Path) -> None:
    contract = crm(extract={"sql": {"url": "sqlite:///x.db", "table": "t"}})
    land(tmp_path, "extract-000001-abc.parquet", _parquet(tmp_path))
    land(tmp_path, "other.parquet", _parquet(tmp_path))
    assert [file.name for file in scan(tmp_path, contract, NOW)] == ["extract-000001-abc.parquet"]


def test_odd_names_are_files_and_print_harmlessly(tmp_path: Path) -> None:
    names = ["a\nb.csv", "\u202ecsv.csv", "x;rm -rf.csv", "%2e%2e%2f.csv", "émoji😀.csv", "\x1b[31m.csv"]
    for name in names:
        land(tmp_path, name)
    found = scan(tmp_path, csv(), NOW)
    assert {file.name for file in found} == set(names)
    assert all(file.shown_name.isprintable() for file in found)
    assert any("émoji😀" in file.shown_name for file in found)


def test_a_name_that_is_no_text_is_ignored_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "crm"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff.csv")).write_bytes(b"id\n")
    (item,) = look(tmp_path, csv(), NOW).ignored
    assert "UTF-8" in item.why
    assert item.shown_name.isprintable()


def test_a_file_that_grows_while_it_is_looked_at_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = land(tmp_path, "a.csv")

    def growing(*_: object) -> None:
        with path.open("ab") as writer:
            writer.write(b"2\n")

    monkeypatch.setattr(landing, "_why_incomplete", growing)
    assert ready(tmp_path) == []
    assert "while it was looked at" in why(tmp_path, "a.csv")


def test_looking_changes_nothing(tmp_path: Path) -> None:
    path = land(tmp_path, "a.csv")
    before = path.stat()
    scan(tmp_path, csv(), NOW)
    after = path.stat()
    assert (before.st_mtime_ns, before.st_size, before.st_ino) == (after.st_mtime_ns, after.st_size, after.st_ino)
    assert [entry.name for entry in path.parent.iterdir()] == ["a.csv"]


def test_copies_of_fetched_files_are_found_by_their_own_name(tmp_path: Path) -> None:
    contract = crm(extract={"files": "s3://bucket/exports/*.csv"})
    land(tmp_path, "fetched-000002-0123456789ab-x.csv")
    land(tmp_path, "fetched-000010-0123456789ab-x.csv.gz", gzip.compress(b"id\n"))
    land(tmp_path, "by-hand.csv")
    land(tmp_path, ".fetched-half.tmp")
    names = [file.name for file in scan(tmp_path, contract, NOW)]
    assert names == ["fetched-000002-0123456789ab-x.csv", "fetched-000010-0123456789ab-x.csv.gz"]
    assert [is_delivery_name(name, contract) for name in (names[0], "by-hand.csv", ".fetched-half.tmp")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (FileNotFoundError(errno.ENOENT, "gone"), "gone"),
        (OSError(errno.EIO, "Input/output error"), "check the disk"),
        (OSError(errno.ESTALE, "Stale file handle"), "check the disk"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_file_that_can_not_be_read_waits_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException, says: str
) -> None:
    for name in ("a.csv", "bad.csv", "z.csv"):
        land(tmp_path, name)
    really = landing._missing_end

    def reading(file: LandedFile) -> str | None:
        if file.name == "bad.csv":
            raise problem
        return really(file)

    monkeypatch.setattr(landing, "_missing_end", reading)
    assert ready(tmp_path) == ["a.csv", "z.csv"]
    assert says in why(tmp_path, "bad.csv")


def test_permission_denied_is_a_reason_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated: a test that runs as root may read everything."""
    path = land(tmp_path, "denied.csv")
    land(tmp_path, "a.csv")
    really = os.open

    def opening(name: str | Path, *arguments: int) -> int:
        if Path(name) == path:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return really(name, *arguments)

    monkeypatch.setattr(os, "open", opening)
    assert ready(tmp_path) == ["a.csv"]
    assert "who may read it" in why(tmp_path, "denied.csv")
    assert "denied.csv" not in why(tmp_path, "denied.csv")


def test_an_entry_of_which_the_system_says_nothing_waits(tmp_path: Path) -> None:
    path = land(tmp_path, "a.csv")
    found = look_at([Entry(path, "a.csv", None), Entry(path, "b.txt", None)], csv(), NOW)
    assert [(item.name, "check the disk" in item.why) for item in found.waiting] == [("a.csv", True)]
    assert [item.name for item in found.ignored] == ["b.txt"]


def test_names_that_climb_can_not_be(tmp_path: Path) -> None:
    """No file of a folder is called so; encoded or with backslashes it is a name like any other, and stays in its folder."""
    for name in ("%2e%2e%2fx.csv", "a\\..\\x.csv", "a:..:x.csv"):
        land(tmp_path, name)
    assert {file.path.parent for file in scan(tmp_path, csv(), NOW)} == {tmp_path / "crm"}
    assert len(ready(tmp_path)) == 3


def test_a_folder_that_is_none_has_no_files_and_one_that_can_not_be_listed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crm").write_bytes(b"a file where a folder should be")
    assert ready(tmp_path) == []

    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(PermissionError):
        look(tmp_path, csv(), NOW)


@pytest.mark.parametrize("how", ["grows", "is replaced by its like", "vanishes", "becomes a link"])
def test_a_file_that_is_not_what_it_was_is_noticed(tmp_path: Path, how: str) -> None:
    path = land(tmp_path, "a.csv")
    (file,) = scan(tmp_path, csv(), NOW)
    assert is_unchanged(file)
    if how == "grows":
        path.write_bytes(b"id\n1\n2\n")
    elif how == "is replaced by its like":
        land(tmp_path, "other.csv", b"id\n2\n").replace(path)
        assert (path.stat().st_size, path.stat().st_mtime_ns) == (file.bytes, file.stamp.modified_ns)
    else:
        path.unlink()
        if how == "becomes a link":
            path.symlink_to(land(tmp_path, "other.csv"))
    assert not is_unchanged(file)


def test_known_files_are_skipped_before_anything_is_asked_of_them(tmp_path: Path) -> None:
    for number in range(5):
        land(tmp_path, f"{number}.csv")
    entries = entries_of(tmp_path / "crm")
    known = {tuple(entry.stamp) for entry in entries}
    land(tmp_path, "9.csv")
    assert [file.name for file in scan(tmp_path, csv(), NOW, known=known)] == ["9.csv"]  # type: ignore[arg-type]
