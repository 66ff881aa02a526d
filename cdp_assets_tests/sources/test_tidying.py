"""What becomes of landed files: only what was imported is touched, whatever writers and kills do in between."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.ledger import Ledger
from cdp_assets.sources import placing, tidying
from cdp_assets.sources.arrivals import register_arrivals
from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.tidying import HIDDEN_FOLDER, Tidied, archived_file, is_due, tidy
from cdp_assets.workspace import Workspace
from cdp_assets_tests.sources.contract_text import crm

COUNTS = {"lines": 1, "records": 1, "rejected": 0, "duplicates": 0}
NOW = datetime.now(UTC)
ONE, TWO, THREE = b"id,name,email\n1,a,b\n", b"id,name,email\n2,c,d\n", b"id,name,email\n3,e,f\n"


class Killed(BaseException):
    """As if the process had ended here."""


def contract(policy: str = "archive", pattern: str = "*.csv", **parts: object) -> SourceContract:
    return crm(extract={"files": pattern}, after_import=policy, **parts)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "landing" / "crm").mkdir(parents=True)
    return Workspace(tmp_path)


def folder(workspace: Workspace) -> Path:
    return workspace.landing_dir / "crm"


def land(workspace: Workspace, name: str, content: bytes, seconds_ago: float = 300) -> Path:
    path = folder(workspace) / name
    path.write_bytes(content)
    then = int(NOW.timestamp() - seconds_ago)
    os.utime(path, (then, then))
    return path


def register(workspace: Workspace, by: SourceContract | None = None) -> tuple[str, ...]:
    return register_arrivals(workspace, by or contract(), NOW, settle_seconds=0, quiet_seconds=0).new


def imported(workspace: Workspace, import_ids: Sequence[str]) -> None:
    for import_id in import_ids:
        workspace.ledger.mark_imported(
            "crm", import_id, counts=COUNTS, contract_version="c", records_version="r", observed_until=None, now=NOW
        )


def import_all(workspace: Workspace, by: SourceContract | None = None) -> tuple[str, ...]:
    new = register(workspace, by)
    imported(workspace, new)
    return new


def names(path: Path) -> list[str]:
    return sorted(str(item.relative_to(path)) for item in path.rglob("*") if not item.is_dir())


def contents(workspace: Workspace) -> set[bytes]:
    """Everything that lies in landing and in the archive, hidden or not."""
    roots = [root for root in (workspace.landing_dir, workspace.archive_dir) if root.exists()]
    return {path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}


def told(workspace: Workspace) -> list[str | None]:
    return workspace.ledger.imports()["tidied"].to_list()


def test_imported_files_are_kept_archived_or_removed(workspace: Workspace) -> None:
    land(workspace, "a.csv", ONE)
    land(workspace, "b.csv", TWO)
    a, b = import_all(workspace)
    assert tidy(workspace, contract("keep")) == Tidied()
    assert names(folder(workspace)) == ["a.csv", "b.csv"]
    assert told(workspace) == [None, None]
    assert tidy(workspace, contract()) == Tidied(archived=2)
    assert names(folder(workspace)) == []
    assert list(folder(workspace).iterdir()) == []
    assert names(workspace.archive_dir) == [f"crm/{a}/a.csv", f"crm/{b}/b.csv"]
    assert told(workspace) == ["archived", "archived"]
    assert archived_file(workspace, "crm", a) == workspace.archive_dir / "crm" / a / "a.csv"
    assert archived_file(workspace, "crm", "other") is None
    assert tidy(workspace, contract()) == Tidied()


def test_removed_is_removed(workspace: Workspace) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)
    assert tidy(workspace, contract("remove")) == Tidied(removed=1)
    assert contents(workspace) == set()
    assert told(workspace) == ["removed"]


def test_what_was_not_imported_stays(workspace: Workspace) -> None:
    land(workspace, "refused.csv", ONE)
    land(workspace, "waiting.csv", TWO)
    land(workspace, "imported.csv", THREE)
    imports = dict(zip(("imported", "refused", "waiting"), register(workspace), strict=True))
    workspace.ledger.mark_refused("crm", imports["refused"], problem="p", contract_version="c")
    imported(workspace, [imports["imported"]])
    land(workspace, "not-seen-yet.csv", b"id,name,email\n9,y,z\n")
    land(workspace, "copy-of-refused.csv.gz", gzip.compress(ONE))
    register_arrivals(workspace, contract("remove"), NOW, settle_seconds=1e9)  # leaves what is new alone
    (folder(workspace) / "folder.csv").mkdir()
    (folder(workspace) / "link.csv").symlink_to(folder(workspace) / "refused.csv")
    os.mkfifo(folder(workspace) / "pipe.csv")
    (folder(workspace) / ".hidden").write_bytes(THREE)
    before = set(names(folder(workspace)))
    assert tidy(workspace, contract("remove")).removed == 1
    assert set(names(folder(workspace))) == before - {"imported.csv"}


def test_a_copy_of_a_refused_file_stays_with_it(workspace: Workspace) -> None:
    land(workspace, "a.csv", ONE)
    land(workspace, "b.csv", TWO)
    land(workspace, "c.csv.gz", gzip.compress(ONE))
    a, b = register(workspace)
    workspace.ledger.mark_refused("crm", a, problem="p", contract_version="c")
    imported(workspace, [b])
    assert tidy(workspace, contract("remove")) == Tidied(removed=1)
    assert names(folder(workspace)) == ["a.csv", "c.csv.gz"]


def test_rows_that_repeat_another_import_are_tidied_too(workspace: Workspace) -> None:
    land(workspace, "a.csv", ONE)
    land(workspace, "b.csv", TWO)
    a, b = import_all(workspace)
    workspace.ledger.mark_repeated("crm", b, repeats=a, lines=1, now=NOW)
    assert tidy(workspace, contract()) == Tidied(archived=2)


def test_further_copies_are_removed_when_the_content_is_archived(workspace: Workspace) -> None:
    land(workspace, "a.csv", ONE)
    land(workspace, "b.csv.gz", gzip.compress(ONE))
    (a,) = import_all(workspace)
    assert tidy(workspace, contract()) == Tidied(archived=1, removed=1)
    assert names(workspace.archive_dir) == [f"crm/{a}/a.csv"]
    land(workspace, "a.csv", ONE, seconds_ago=100)  # delivered again, later
    arrivals = register_arrivals(workspace, contract(), NOW, settle_seconds=0)
    assert (arrivals.new, arrivals.copies) == ((), 1)
    assert tidy(workspace, contract()) == Tidied(removed=1)
    assert names(workspace.archive_dir) == [f"crm/{a}/a.csv"]
    land(workspace, "a.csv", ONE)  # … and with the very time that it had before: known without a look
    assert register_arrivals(workspace, contract(), NOW, settle_seconds=0).copies == 0
    assert tidy(workspace, contract()) == Tidied(removed=1)


def test_other_content_in_the_archive_is_never_replaced(workspace: Workspace) -> None:
    land(workspace, "a.csv", ONE)
    (a,) = import_all(workspace)
    there = workspace.archive_dir / "crm" / a / "a.csv"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"notes of a person")
    assert tidy(workspace, contract()) == Tidied(archived=1)
    assert there.read_bytes() == b"notes of a person"
    assert (there.parent / "2" / "a.csv").read_bytes() == ONE


def while_hashing(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something once, in the moment when a file in the hidden folder is looked at."""
    really, done = tidying.content_sha256, []

    def hashing(path: Path) -> str:
        digest = really(path)
        if path.parent.name == HIDDEN_FOLDER and not done:
            done.append(act())
        return digest

    monkeypatch.setattr(tidying, "content_sha256", hashing)


def when_moved(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something once, in the last moment before a file is moved aside."""
    really, done = Path.rename, []

    def renaming(path: Path, target: Path) -> Path:
        if target.parent.name == HIDDEN_FOLDER and not done:
            done.append(act())
        return really(path, target)

    monkeypatch.setattr(Path, "rename", renaming)


def when_put_back(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something once, in the last moment before a file goes back under its name."""
    really, done = os.link, []

    def linking(*arguments: Any, **named: Any) -> None:
        if not done:
            done.append(act())
        really(*arguments, **named)

    monkeypatch.setattr(os, "link", linking)


@pytest.mark.parametrize("policy", ["archive", "remove"])
def test_a_file_that_is_replaced_in_the_last_moment_goes_back(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)
    when_moved(monkeypatch, lambda: land(workspace, "a.csv", TWO, seconds_ago=100))
    assert tidy(workspace, contract(policy)) == Tidied(left=1)
    assert names(folder(workspace)) == ["a.csv"]
    assert (folder(workspace) / "a.csv").read_bytes() == TWO
    assert len(register(workspace)) == 1, "and is imported in its turn"
    assert told(workspace) == [None, None]


def test_a_replacement_of_the_same_size_and_time_goes_back_by_its_content(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)
    when_moved(monkeypatch, lambda: land(workspace, "a.csv", TWO))
    assert tidy(workspace, contract("remove")) == Tidied(left=1)
    assert (folder(workspace) / "a.csv").read_bytes() == TWO
    assert len(register(workspace)) == 1, "landing takes it for another file, which it is"


def test_a_file_never_goes_back_over_a_newer_one(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)
    when_moved(monkeypatch, lambda: land(workspace, "a.csv", TWO, seconds_ago=100))
    when_put_back(monkeypatch, lambda: land(workspace, "a.csv", THREE, seconds_ago=50))
    assert tidy(workspace, contract("remove")) == Tidied(left=1)
    assert {name: (folder(workspace) / name).read_bytes() for name in names(folder(workspace))} == {
        "a.csv": THREE,
        "a-2.csv": TWO,
    }
    assert len(register(workspace)) == 2


def test_without_another_name_that_the_contract_reads_a_file_waits_for_its_own(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = contract("remove", pattern="a.csv")
    land(workspace, "a.csv", ONE)
    import_all(workspace, exact)
    when_moved(monkeypatch, lambda: land(workspace, "a.csv", TWO, seconds_ago=100))
    when_put_back(monkeypatch, lambda: land(workspace, "a.csv", THREE, seconds_ago=50))
    found = tidy(workspace, exact)
    assert (found.removed, found.left) == (0, 1)
    assert "as soon as its name is free" in found.problems[0]
    assert contents(workspace) == {TWO, THREE}
    import_all(workspace, exact)
    assert tidy(workspace, exact).removed == 0, "its name in the hidden folder is taken"
    assert contents(workspace) == {TWO, THREE}
    (folder(workspace) / "a.csv").unlink()
    tidy(workspace, exact)
    assert names(folder(workspace)) == ["a.csv"]
    assert (folder(workspace) / "a.csv").read_bytes() == TWO
    assert len(register(workspace, exact)) == 1


@pytest.mark.parametrize("policy", ["archive", "remove"])
def test_a_writer_that_still_writes_keeps_its_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    path = land(workspace, "a.csv", ONE)
    import_all(workspace)
    writer = path.open("ab")
    while_hashing(monkeypatch, lambda: (writer.write(b"more"), writer.flush()))
    assert tidy(workspace, contract(policy)) == Tidied(left=1)
    assert path.read_bytes() == ONE + b"more"
    writer.close()


def test_a_writer_that_writes_after_the_verification_keeps_its_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = land(workspace, "a.csv", ONE)
    import_all(workspace)
    really = Ledger.mark_tidied

    def marking(*arguments: Any) -> None:
        really(*arguments)
        (path.parent / HIDDEN_FOLDER / "a.csv").write_bytes(TWO)

    monkeypatch.setattr(Ledger, "mark_tidied", marking)
    found = tidy(workspace, contract("remove"))
    assert (found.removed, found.left) == (0, 1)
    assert path.read_bytes() == TWO


def test_what_takes_the_place_of_a_file_is_not_followed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    path = land(workspace, "a.csv", ONE)
    outside = workspace.home / "outside.csv"
    outside.write_bytes(ONE)
    os.utime(outside, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns))
    import_all(workspace)
    when_moved(monkeypatch, lambda: (path.unlink(), path.symlink_to(outside)))
    assert tidy(workspace, contract("remove")) == Tidied(left=1)
    assert path.is_symlink()
    assert outside.exists()


@pytest.mark.parametrize("policy", ["archive", "remove"])
def test_a_folder_that_takes_the_place_of_a_file_goes_back(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    path = land(workspace, "a.csv", ONE)
    import_all(workspace)
    when_moved(monkeypatch, lambda: (path.unlink(), path.mkdir()))
    assert tidy(workspace, contract(policy)).left == 1
    assert [item.name for item in folder(workspace).iterdir() if item.is_dir()] == ["a-2.csv"]


def kill_at(monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool) -> None:
    """End the call before or after it does a step."""
    where, name = {
        "move or archive": (Path, "rename"),
        "hash": (tidying, "content_sha256"),
        "link": (os, "link"),
        "unlink": (Path, "unlink"),
        "tell": (Ledger, "mark_tidied"),
        "make folder": (Path, "mkdir"),
        "remove folder": (Path, "rmdir"),
        "put in place": (tidying, "put_in_place"),
    }[step]
    really = getattr(where, name)

    def killed(*arguments: Any, **named: Any) -> Any:
        if after:
            really(*arguments, **named)
        raise Killed

    monkeypatch.setattr(where, name, killed)


STEPS = ["move or archive", "hash", "unlink", "tell", "make folder", "remove folder"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("policy", ["archive", "remove"])
def test_a_killed_call_is_finished_by_the_next(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, policy: str, step: str, after: bool
) -> None:
    land(workspace, "a.csv", ONE)
    land(workspace, "b.csv", TWO)
    land(workspace, "c.csv.gz", gzip.compress(ONE))
    imported(workspace, register(workspace)[:1])
    with monkeypatch.context() as patched:
        kill_at(patched, step, after=after)
        try:
            tidy(workspace, contract(policy))
        except Killed:
            pass
        else:
            assert (policy, step) == ("archive", "unlink"), "every other step is taken"
    if policy == "archive":
        assert ONE in contents(workspace)
    assert TWO in contents(workspace)
    was_done = names(folder(workspace)) in (["b.csv"], ["b.csv", "c.csv.gz"]) and told(workspace)[0] is not None
    assert is_due(workspace, contract(policy)) == (not was_done or (folder(workspace) / HIDDEN_FOLDER).exists())
    tidy(workspace, contract(policy))
    tidy(workspace, contract(policy))
    assert not is_due(workspace, contract(policy))
    assert names(folder(workspace)) == ["b.csv"]
    assert told(workspace) == [{"archive": "archived", "remove": "removed"}[policy], None]
    if policy == "archive":
        assert ONE in contents(workspace)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", ["link", "unlink"])
def test_a_call_killed_while_a_file_goes_back_is_finished_by_the_next(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)
    with monkeypatch.context() as patched:
        when_moved(patched, lambda: land(workspace, "a.csv", TWO, seconds_ago=100))
        kill_at(patched, step, after=after)
        with pytest.raises(Killed):
            tidy(workspace, contract("remove"))
    tidy(workspace, contract("keep"))  # whatever the contract says by now
    assert names(folder(workspace)) == ["a.csv"]
    assert (folder(workspace) / "a.csv").read_bytes() == TWO
    assert len(register(workspace)) == 1


def test_tidying_is_due_where_an_imported_file_still_lies_in_landing(workspace: Workspace) -> None:
    assert not is_due(workspace, contract())
    land(workspace, "a.csv", ONE)
    land(workspace, "b.csv", TWO)
    first, _ = register(workspace)
    assert not is_due(workspace, contract()), "nothing is imported yet"
    imported(workspace, [first])
    assert is_due(workspace, contract())
    assert not is_due(workspace, contract("keep"))
    tidy(workspace, contract())
    assert not is_due(workspace, contract()), "the other file waits"


def on_another_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    really = Path.rename

    def renaming(path: Path, target: Path) -> Path:
        if "archive" in target.parts:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return really(path, target)

    monkeypatch.setattr(Path, "rename", renaming)


def test_an_archive_on_another_disk_gets_a_copy(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = land(workspace, "a.csv", ONE).stat().st_mtime_ns
    (a,) = import_all(workspace)
    on_another_disk(monkeypatch)
    assert tidy(workspace, contract()) == Tidied(archived=1)
    copy = workspace.archive_dir / "crm" / a / "a.csv"
    assert (copy.read_bytes(), copy.stat().st_mtime_ns) == (ONE, moment)
    assert names(workspace.home / "archive") == [f"crm/{a}/a.csv"]
    assert names(folder(workspace)) == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", ["put in place", "tell", "unlink"])
def test_a_copy_to_another_disk_that_is_killed_is_finished(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    land(workspace, "a.csv", ONE)
    (a,) = import_all(workspace)
    with monkeypatch.context() as patched:
        on_another_disk(patched)
        kill_at(patched, step, after=after)
        with pytest.raises(Killed):
            tidy(workspace, contract())
    on_another_disk(monkeypatch)
    tidy(workspace, contract())
    assert [name for name in names(workspace.archive_dir) if "/." not in name] == [f"crm/{a}/a.csv"]
    assert names(folder(workspace)) == []
    assert told(workspace) == ["archived"]


def test_a_full_archive_leaves_the_file_where_it_was(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)
    on_another_disk(monkeypatch)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tidying.shutil, "copyfileobj", full)
    found = tidy(workspace, contract())
    assert (found.archived, found.left) == (0, 1)
    assert "check the disk" in found.problems[0]
    assert names(folder(workspace)) == ["a.csv"]
    assert names(workspace.archive_dir) == []
    assert told(workspace) == [None]


def test_a_folder_that_may_not_be_changed_is_told_not_raised(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        land(workspace, f"{number}.csv", ONE + str(number).encode())
    import_all(workspace)
    really, tried = Path.mkdir, []

    def read_only(path: Path, *arguments: Any, **named: Any) -> None:
        if path.name == HIDDEN_FOLDER:
            tried.append(path)
            raise OSError(errno.EROFS, "Read-only file system")
        really(path, *arguments, **named)

    monkeypatch.setattr(Path, "mkdir", read_only)
    found = tidy(workspace, contract())
    assert found.left == 1
    assert "may not be changed" in found.problems[0]
    assert len(tried) == 1, "one file tells it for all"
    assert len(names(folder(workspace))) == 3


@pytest.mark.parametrize("pattern", ["*.csv", "a.csv"])
def test_a_file_system_without_links_gives_files_back_too(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)

    def unknown(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    when_moved(monkeypatch, lambda: land(workspace, "a.csv", TWO, seconds_ago=100))
    monkeypatch.setattr(os, "link", unknown)
    assert tidy(workspace, contract("remove", pattern)) == Tidied(left=1)
    (name,) = names(folder(workspace))
    assert name == {"*.csv": "a-2.csv", "a.csv": "a.csv"}[pattern]
    assert (folder(workspace) / name).read_bytes() == TWO


def test_one_call_at_a_time_works_on_a_folder(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)
    found: list[Tidied] = []
    while_hashing(monkeypatch, lambda: found.append(tidy(workspace, contract())))
    assert tidy(workspace, contract()) == Tidied(archived=1)
    assert found == [Tidied()]


def test_a_file_system_that_locks_no_folders_has_a_file_locked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)
    really = placing.locked

    def no_folders(descriptor: int, *, wait: bool) -> bool:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112
            raise OSError(errno.EBADF, "Bad file descriptor")
        return really(descriptor, wait=wait)

    monkeypatch.setattr(placing, "locked", no_folders)
    found: list[Tidied] = []
    while_hashing(monkeypatch, lambda: found.append(tidy(workspace, contract())))
    assert tidy(workspace, contract("remove")) == Tidied(removed=1)
    assert found == [Tidied()]


def test_without_any_locks_nothing_is_touched(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)

    def no_locks(*_: object, **__: object) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(placing, "locked", no_locks)
    assert "locked" in tidy(workspace, contract()).problems[0]
    assert names(folder(workspace)) == ["a.csv"]


def test_a_hidden_folder_that_is_a_link_is_not_followed(workspace: Workspace) -> None:
    land(workspace, "a.csv", ONE)
    import_all(workspace)
    elsewhere = workspace.home / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_bytes(ONE)
    (folder(workspace) / HIDDEN_FOLDER).symlink_to(elsewhere)
    found = tidy(workspace, contract("remove"))
    assert (found.removed, names(elsewhere)) == (0, ["precious"])
    assert names(folder(workspace)) == [".tidying", "a.csv"] or (folder(workspace) / "a.csv").exists()


def test_a_source_that_never_delivered_has_nothing_to_tidy(tmp_path: Path) -> None:
    assert tidy(Workspace(tmp_path), contract()) == Tidied()


def test_a_snapshot_that_returned_stays_until_it_does_not_matter_any_more(workspace: Workspace) -> None:
    by = contract("remove", delivers="snapshot")
    land(workspace, "1.csv", ONE, seconds_ago=300)
    land(workspace, "2.csv", TWO, seconds_ago=200)
    import_all(workspace, by)
    assert tidy(workspace, by).removed == 2
    land(workspace, "3.csv", ONE, seconds_ago=100)
    arrivals = register_arrivals(workspace, by, NOW, settle_seconds=0)
    assert len(arrivals.returned) == 1
    assert tidy(workspace, by).removed == 0
    assert names(folder(workspace)) == ["3.csv"]
    land(workspace, "4.csv", THREE, seconds_ago=50)
    import_all(workspace, by)
    assert tidy(workspace, by).removed == 2


def test_nothing_personal_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    land(workspace, "dana@x.example.csv", ONE)
    import_all(workspace)
    on_another_disk(monkeypatch)
    monkeypatch.setattr(tidying, "_copy", lambda *_: (_ for _ in ()).throw(OSError(5, "dana@x.example")))
    assert "dana" not in str(tidy(workspace, contract()).problems)


def test_many_files_and_one_new_one(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        land(workspace, f"{number}.csv", ONE + str(number).encode())
    refused = register(workspace)
    for import_id in refused:
        workspace.ledger.mark_refused("crm", import_id, problem="p", contract_version="c")
    land(workspace, "new.csv", TWO)
    import_all(workspace)
    hashed: list[Path] = []
    really = tidying.content_sha256
    monkeypatch.setattr(tidying, "content_sha256", lambda path: hashed.append(path) or really(path))  # type: ignore[func-returns-value]
    assert tidy(workspace, contract("remove")).removed == 1
    assert [path.name for path in hashed] == ["new.csv"], "only what may be tidied is read"
