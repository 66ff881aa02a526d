"""Files of a folder elsewhere: each new one lands once, whole, under a harmless name, and nothing there is changed."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from cdp_assets.sources import fetching
from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.extraction import ExtractionFailed
from cdp_assets.sources.fetching import Fetched, fetch
from cdp_assets.sources.landing import scan
from cdp_assets_tests.sources.contract_text import crm

LONG_AGO = datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
NOW = datetime(2030, 1, 1, tzinfo=UTC)


class TaggedStore(MemoryFileSystem):
    """A store in memory that has entity tags, as object stores do, and counts what is asked of it."""

    protocol = "tagged"
    cachable = False
    tags: dict[str, dict[str, Any]] = {}  # noqa: RUF012 (shared, as the store is)
    broken: dict[str, Exception] = {}  # noqa: RUF012
    options: list[dict[str, Any]] = []  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options.append(options)

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(str(path).replace("tagged://", "memory://")))

    def _tagged(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        return {**entry, **self.tags.get(entry["name"], {})}

    def ls(self, path: str, detail: bool = True, **options: Any) -> list[Any]:
        if "ls" in self.broken:
            raise self.broken["ls"]
        return [self._tagged(entry) for entry in super().ls(path, detail=True)]

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        return self._tagged(super().info(path))

    def _open(self, path: str, *arguments: Any, **options: Any) -> Any:
        if path in self.broken:
            raise self.broken[path]
        return super()._open(path, *arguments, **options)


@pytest.fixture(autouse=True)
def stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Empty stores."""
    from fsspec.registry import register_implementation

    register_implementation("tagged", TaggedStore, clobber=True)
    for held in (MemoryFileSystem.store, TaggedStore.tags, TaggedStore.broken, TaggedStore.options):
        held.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    yield
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def contract(url: str = "memory://bucket/exports/*.csv") -> SourceContract:
    return crm(extract={"files": url})


def put(name: str, content: bytes = b"id\n1\n", modified: datetime = LONG_AGO, tag: str | None = None) -> None:
    """A file in memory://bucket/exports/ (or a tagged one)."""
    path = f"/bucket/exports/{name}"
    MemoryFileSystem().pipe_file(path, content)
    MemoryFileSystem.store[path].modified = modified
    if tag:
        TaggedStore.tags[path] = {"ETag": tag, "LastModified": modified}


class Workspace:
    """A workspace's home, and what has been remembered."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.remembered: dict[str, str] = {}
        self.said: list[str] = []

    def fetch(self, by: SourceContract | None = None, **arguments: Any) -> Iterator[Fetched]:
        return fetch(by or contract(), self.home, self.remembered, {}, self.said.append, now=NOW, **arguments)

    def take(self, by: SourceContract | None = None, **arguments: Any) -> list[str]:
        """Fetch and remember; the contents of what landed newly, in order."""
        found = []
        for file in self.fetch(by, **arguments):
            self.remembered[file.location] = file.stamp
            assert file.path.stat().st_size == file.bytes
            found.append(file.path.read_bytes().decode())
        return found

    def names(self) -> list[str]:
        folder = self.home / "landing" / "crm"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_new_and_changed_files_land_in_the_order_of_their_names(workspace: Workspace) -> None:
    put("crm-10.csv", b"ten")
    put("crm-9.csv", b"nine")
    assert workspace.take() == ["nine", "ten"]
    assert workspace.take() == []
    put("crm-8.csv", b"eight")
    put("crm-9.csv", b"nine, changed")
    assert workspace.take() == ["eight", "nine, changed"]
    assert [name.split("-")[1] for name in workspace.names()] == ["000001", "000002", "000003", "000004"]
    found = scan(workspace.home / "landing", contract(), NOW)
    assert [file.path.read_bytes() for file in found] == [b"nine", b"ten", b"eight", b"nine, changed"]
    assert [file.modified_at for file in found] == [LONG_AGO] * 4
    assert set(MemoryFileSystem.store) == {f"/bucket/exports/crm-{number}.csv" for number in (8, 9, 10)}


def test_numbers_go_on_after_files_that_have_gone(workspace: Workspace) -> None:
    put("a.csv")
    (file,) = workspace.fetch(numbered_after=41)
    assert file.path.name.startswith("fetched-000042-")
    assert file.path.name.endswith("-a.csv")


def test_only_files_of_the_pattern_are_fetched(workspace: Workspace) -> None:
    for name in ("a.CSV", "b.csv.gz", "c.csv.zst", "d.txt", ".hidden.csv", "e.csv.tmp", "f.csv~", "g.csv/inner.csv"):
        put(name, name.encode())
    assert workspace.take() == ["a.CSV", "b.csv.gz", "c.csv.zst"]


@pytest.mark.parametrize(
    "name",
    [
        "%2e%2e%2f..%2fetc%2fpasswd.csv",
        "x\\..\\..\\x.csv",
        "a\nb.csv",
        "a\0b.csv",
        "\u202egpj.csv",
        "\x1b[31m.csv",
        "-rf $(touch x);'\".csv",
        "é😀.csv",
        "…" * 300 + ".csv",
        "~.csv",
        " .csv",
    ],
)
def test_any_name_lands_under_a_harmless_one(workspace: Workspace, name: str) -> None:
    put(name)
    (file,) = workspace.fetch()
    assert file.path.parent == workspace.home / "landing" / "crm"
    assert file.path.name.isascii()
    assert file.path.name.isprintable()
    assert set(file.path.name) & set(" /\\$;'\"") == set()
    assert len(file.path.name) < 200
    assert "\0" not in file.location
    assert [found.name for found in scan(workspace.home / "landing", contract(), NOW)] == [file.path.name]


def test_names_that_look_alike_land_apart(workspace: Workspace) -> None:
    for name in ("a b.csv", "a_b.csv", "a\tb.csv", "a\0b.csv", "a\\0b.csv"):
        put(name, name.encode())
    assert len(workspace.take()) == 5
    assert workspace.take() == []
    assert len(set(workspace.names())) == 5


def test_keys_that_climb_are_other_folders(workspace: Workspace) -> None:
    MemoryFileSystem.store.clear()
    put("../secret.csv")
    put("ok.csv")
    assert len(workspace.take()) == 1


@pytest.mark.parametrize("tag", ["ETag", "etag", "md5Hash", "generation", "VersionId"])
def test_what_a_store_says_of_the_content_is_the_stamp(workspace: Workspace, tag: str) -> None:
    by = contract("tagged://bucket/exports/*.csv")
    put("a.csv", b"one")
    TaggedStore.tags["/bucket/exports/a.csv"] = {tag: "v1", "LastModified": LONG_AGO}
    assert workspace.take(by) == ["one"]
    TaggedStore.tags["/bucket/exports/a.csv"] = {tag: "v1", "LastModified": LONG_AGO + timedelta(days=1)}
    assert workspace.take(by) == [], "the same content, uploaded again"
    put("a.csv", b"two")
    TaggedStore.tags["/bucket/exports/a.csv"] = {tag: "v2", "LastModified": LONG_AGO}
    assert workspace.take(by) == ["two"], "size and time are the same"


def test_content_that_comes_back_later_lands_again(workspace: Workspace) -> None:
    by = contract("tagged://bucket/exports/*.csv")
    for day, tag in enumerate(("v1", "v2", "v1")):
        put("a.csv", tag.encode(), LONG_AGO + timedelta(days=day), tag)
        assert workspace.take(by) == [tag]
    assert len(workspace.names()) == 3


def test_a_crash_before_a_copy_is_remembered_yields_it_again(workspace: Workspace) -> None:
    put("a.csv")
    put("b.csv")
    first = next(workspace.fetch())
    assert len(workspace.names()) == 1
    again = workspace.fetch()
    assert next(again) == first
    assert len(workspace.names()) == 1, "and copies it only once"
    assert len(list(again)) == 1


def test_a_copy_that_was_killed_in_the_middle_leaves_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("a.csv", b"0123456789")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fetching, "put_in_place", killed)
        with pytest.raises(KeyboardInterrupt):
            workspace.take()
    (workspace.home / "landing" / "crm" / ".fetched-left.tmp").write_bytes(b"half, of one killed harder")
    assert workspace.take() == ["0123456789"]
    assert len(workspace.names()) == 1


def test_a_file_that_has_just_changed_is_left_for_the_next_time(workspace: Workspace) -> None:
    put("a.csv", modified=NOW - timedelta(seconds=1))
    put("b.csv", b"b")
    assert workspace.take() == ["b"]
    assert "1 files are still being changed" in workspace.said[-1]
    put("a.csv", b"a", modified=NOW - timedelta(seconds=3))
    assert workspace.take() == ["a"]


def local(workspace: Workspace, *names: str) -> Path:
    """Files in the folder exports beside contracts/ and landing/."""
    folder = workspace.home / "exports"
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"id\n1\n")
        os.utime(folder / name, (LONG_AGO.timestamp(),) * 2)
    return folder


@pytest.mark.parametrize("url", ["file://exports/*.csv", "file://{home}/exports/*.csv", "local://exports/*.csv"])
def test_a_local_folder_is_a_store_like_any_other(workspace: Workspace, url: str) -> None:
    folder = local(workspace, "b.csv", "a.csv", "-x y.csv")
    (folder / "link.csv").symlink_to(folder / "a.csv")
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder / os.fsdecode(b"\xff.csv")).write_bytes(b"id\n")
    before = sorted(os.listdir(folder))  # noqa: PTH208 (names that are no text)
    by = contract(url.format(home=workspace.home))
    assert len(workspace.take(by)) == 3
    assert workspace.take(by) == []
    assert sorted(os.listdir(folder)) == before  # noqa: PTH208


def while_copying(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    really = fetching._Store.content

    def reading(store: Any, file: Any) -> Iterator[bytes]:
        yield from really(store, file)
        act()

    monkeypatch.setattr(fetching._Store, "content", reading)


@pytest.mark.parametrize("how", ["grows", "is replaced", "vanishes", "becomes a link"])
def test_a_local_file_that_changes_while_it_is_copied_is_left_for_the_next_time(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    folder = local(workspace, "a.csv", "b.csv")
    path = folder / "a.csv"
    changes: dict[str, Callable[[], object]] = {
        "grows": lambda: path.write_bytes(b"id\n1\n2\n"),
        "is replaced": lambda: (path.write_bytes(b"id\n9\n"), os.utime(path, (1_700_000_000,) * 2)),
        "vanishes": lambda: path.unlink(missing_ok=True),
        "becomes a link": lambda: (path.unlink(), path.symlink_to(folder / "b.csv")) if not path.is_symlink() else None,
    }
    by = contract("file://exports/*.csv")
    with monkeypatch.context() as patched:
        while_copying(patched, changes[how])
        assert workspace.take(by) == ["id\n1\n"], "b"
    assert list(workspace.remembered) == ["b.csv"]
    assert len(workspace.names()) == 1
    again = workspace.take(by)
    assert again == {"grows": ["id\n1\n2\n"], "is replaced": ["id\n9\n"]}.get(how, [])


def test_bytes_and_size_have_to_agree(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    local(workspace, "a.csv")
    really = LocalFileSystem.info

    def lying(system: Any, path: Any, **options: Any) -> dict[str, Any]:
        found = really(system, path, **options)
        return {**found, "size": 99} if found["type"] == "file" else found

    monkeypatch.setattr(LocalFileSystem, "info", lying)
    assert workspace.take(contract("file://exports/*.csv")) == []
    assert workspace.names() == []


@pytest.mark.parametrize("own", ["landing/crm", "landing", "archive/crm", "exports/../landing/crm"])
def test_the_workspace_does_not_fetch_from_itself(workspace: Workspace, own: str) -> None:
    (workspace.home / "landing" / "crm").mkdir(parents=True)
    with pytest.raises(ExtractionFailed, match="workspace's own"):
        workspace.take(contract(f"file://{own}/*.csv"))


# -- failures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "package"), [("s3://me:s3cret@bucket/x/*.csv", "s3fs"), ("gs://bucket/x/*.csv", "gcsfs"), ("abfs://c/x/*.csv", "adlfs"), ("sftp://me:s3cret@host/x/*.csv", "paramiko")]
)  # fmt: skip
def test_a_package_that_is_missing_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, url: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # type: ignore[arg-type]
    if package == "paramiko":
        monkeypatch.delitem(sys.modules, "fsspec.implementations.sftp", raising=False)
    with pytest.raises(ExtractionFailed, match=package) as failed:
        workspace.take(contract(url))
    assert "s3cret" not in str(failed.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("klingon://me:s3cret@bucket/x/*.csv", "no store called klingon"),
        ("memory://s3cret/nowhere/*.csv", "no such folder"),
        ("file://s3cret/nowhere/*.csv", "no such folder"),
        ("zip://s3cret::file:///x/*.csv", "names no folder"),
    ],
)
def test_failures_say_what_to_do_and_no_url(workspace: Workspace, url: str, says: str) -> None:
    with pytest.raises(ExtractionFailed, match=says) as failed:
        workspace.take(contract(url))
    assert "s3cret" not in str(failed.value)
    assert failed.value.__cause__ is None


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (PermissionError("s3cret"), "who may list"),
        (TimeoutError("https://me:s3cret@host"), "the network"),
        (type("NoCredentialsError", (Exception,), {})("s3cret"), "NoCredentialsError"),
    ],
)
def test_a_store_that_does_not_answer_is_explained(workspace: Workspace, problem: Exception, says: str) -> None:
    put("a.csv")
    TaggedStore.broken["ls"] = problem
    with pytest.raises(ExtractionFailed, match=says) as failed:
        workspace.take(contract("tagged://bucket/exports/*.csv"))
    assert "s3cret" not in str(failed.value)


def test_one_file_that_can_not_be_read_stops_no_other(workspace: Workspace) -> None:
    by = contract("tagged://bucket/exports/*.csv")
    for name in ("1.csv", "dana@x.example.csv", "2.csv"):
        put(name, name.encode(), tag="v")
    TaggedStore.broken["/bucket/exports/1.csv"] = PermissionError("1.csv")
    with pytest.raises(ExtractionFailed, match=r"1 of 3 .*PermissionError") as failed:
        workspace.take(by)
    assert "dana" not in str(failed.value)
    assert len(workspace.remembered) == 2
    TaggedStore.broken.clear()
    assert workspace.take(by) == ["1.csv"]


def test_a_store_that_went_down_is_not_asked_for_every_file(workspace: Workspace) -> None:
    by = contract("tagged://bucket/exports/*.csv")
    for number in range(20):
        put(f"{number}.csv")
        TaggedStore.broken[f"/bucket/exports/{number}.csv"] = TimeoutError("down")
    with pytest.raises(ExtractionFailed, match="3 of 20"):
        workspace.take(by)


def test_a_full_disk_is_told_as_ours(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    put("a.csv")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetching, "put_in_place", full)
    with pytest.raises(ExtractionFailed, match="check its disk"):
        workspace.take()
    assert workspace.names() == []


def test_options_come_from_the_environment(workspace: Workspace) -> None:
    put("a.csv")
    environment = {
        "FSSPEC_TAGGED_KEY": "me",
        "FSSPEC_TAGGED": '{"endpoint": "x"}',
        "FSSPEC_S3_KEY": "other",
        "HOME": "/",
    }
    by = contract("tagged://bucket/exports/*.csv")
    assert len(list(fetch(by, workspace.home, {}, environment, workspace.said.append))) == 1
    assert TaggedStore.options[-1] == {"endpoint": "x", "key": "me"}


def test_progress_is_counts_and_bytes(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "REPORTED_BYTES", 4)
    monkeypatch.setattr(fetching, "COPIED_AT_ONCE", 3)
    put("dana@x.example.csv", b"123456")
    put("b.csv", b"1")
    workspace.take()
    assert workspace.said[-1] == "crm: 2 of 2 files fetched, 7 of 7 bytes"
    assert len(workspace.said) == 2
    assert "dana" not in str(workspace.said)


@pytest.mark.parametrize(
    "written",
    [
        LONG_AGO,
        LONG_AGO.replace(tzinfo=None),
        LONG_AGO.timestamp(),
        LONG_AGO.isoformat(),
        LONG_AGO.isoformat().replace("+00:00", "Z"),
        str(LONG_AGO.timestamp()),
        LONG_AGO.astimezone(),
    ],
)
def test_times_are_understood_however_a_store_gives_them(written: object) -> None:
    moment = fetching._moment(written)
    assert moment is not None
    assert abs(moment - LONG_AGO) < timedelta(microseconds=2)


def test_what_is_no_time_is_none() -> None:
    assert fetching._moment("Wed, 01 May 2024 12:00:00 GMT") == LONG_AGO.replace(microsecond=0)
    for written in (None, "", "soon", "soon, perhaps", True, object(), 1e300, types.SimpleNamespace()):
        assert fetching._moment(written) is None
