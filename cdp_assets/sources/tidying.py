"""What becomes of landed files once they are imported: kept, moved to archive/<source>/<import>/, or removed.

Only what was imported is ever touched: refused and waiting files stay, and so does a snapshot that has returned, until
somebody accepts it or a newer one comes. Another program may put a new file in the place of an imported one at any moment.
So a file is first renamed into a hidden folder, where nobody writes, and looked at there: if its size, time and content are
not those of an import that is in use, it goes back under its name; if that is taken by now, under another that the contract
reads, and if there is none, as soon as the name is free. What a killed call leaves in that folder, the next one puts in
order the same way.

A writer that still holds an imported file open, and goes on writing to it unseen, writes to a file that has been tidied:
writers that append are what ``after_import: keep`` is for.

What does not belong here: which files count (``landing.py``), whether an import was successful (the ledger says so).
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cdp_assets.ledger import IMPORTED, LANDED, REPEATED
from cdp_assets.sources.arrivals import content_of_import, imports_of, is_return, newest_snapshot
from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.landing import (
    Entry,
    LandedFile,
    as_landed,
    entries_of,
    is_delivery_name,
    is_unchanged,
    source_dir,
)
from cdp_assets.sources.placing import clear_unfinished, lock_folder, put_in_place, sync_folder, unfinished_file
from cdp_assets.sources.reading import content_sha256
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.workspace import Workspace

HIDDEN_FOLDER = ".tidying"
"""Where files of landing/<source>/ are while they are looked at; landing ignores what is hidden."""

ARCHIVED, REMOVED = "archived", "removed"

KIND = "archived"

COPIED_AT_ONCE = 8 << 20

OTHER_NAMES = 100
"""So many other names are tried for a file that goes back and finds its own taken."""


@dataclass(frozen=True)
class Tidied:
    """How many files were archived (each import's once), and removed (further copies of archived ones among them).

    ``left`` are files of imports in use that had to stay; ``problems`` say why, and hold no name.
    """

    archived: int = 0
    removed: int = 0
    left: int = 0
    problems: tuple[str, ...] = ()


def tidy(workspace: Workspace, contract: SourceContract) -> Tidied:
    """Do with a source's landed files what its contract says (``after_import``), for imports that are in use.

    May run at any time, any number of times, beside writers and other calls: only one works on a folder at a time, the
    others leave it to that. What can not be done is reported, never raised: a folder that may not be written to, a full
    disk of the archive.
    """
    folder = source_dir(workspace.landing_dir, contract)
    leftovers = os.path.lexists(folder / HIDDEN_FOLDER)
    if contract.after_import == "keep" and not leftovers:
        return Tidied()
    try:
        lock = lock_folder(folder)
    except FileNotFoundError:
        return Tidied()
    except OSError as problem:
        return Tidied(
            problems=(f"its landing folder can not be locked ({type(problem).__name__}), so nothing is tidied",)
        )
    if lock is None:
        return Tidied()
    try:
        return _Tidying(workspace, contract, folder).run()
    finally:
        os.close(lock)


def is_due(workspace: Workspace, contract: SourceContract) -> bool:
    """Whether a call that was killed has left something to :func:`tidy`, as far as names, sizes and times tell.

    Cheap enough to be asked at every look into the folder. A further copy of an imported file is told by its content only,
    and waits for the next import of its source, or the next call.
    """
    folder = source_dir(workspace.landing_dir, contract)
    if os.path.lexists(folder / HIDDEN_FOLDER):
        return True
    if contract.after_import == "keep":
        return False
    rows = [row for row in imports_of(workspace, contract.source) if _is_in_use(row)]
    if _archived_unnoticed(workspace, contract, rows):
        return True
    in_use = {(row["location"], row["bytes"], row["landed_at"]) for row in rows}
    files = (as_landed(entry) for entry in entries_of(folder) if entry.is_regular)
    return any(file is not None and (file.name, file.bytes, file.modified_at) in in_use for file in files)


def archived_file(workspace: Workspace, source: str, import_id: str) -> Path | None:
    """The archived file of an import; None when there is none."""
    entries = entries_of(workspace.archive_dir / source / import_id)
    return next((entry.path for entry in entries if entry.is_regular and not entry.name.startswith(".")), None)


class _Stays(Exception):  # noqa: N818 (what happened)
    """A file has to stay where it is now. Says why, without its name."""


class _Changed(OSError):  # noqa: N818 (what happened)
    """A file changed after it was verified: somebody still writes to it."""


@dataclass
class _Tidying:
    """One call, while it holds the folder's lock."""

    workspace: Workspace
    contract: SourceContract
    folder: Path
    archived: int = 0
    removed: int = 0
    left: int = 0
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hidden = self.folder / HIDDEN_FOLDER
        self.imports = imports_of(self.workspace, self.contract.source)
        self.by_content: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self.imports:
            self.by_content[content_of_import(row["content_sha256"])].append(row)

    def run(self) -> Tidied:
        for entry in self._leftovers():
            self._finish(entry)
        if self.contract.after_import != "keep":
            for entry in self._candidates():
                if not self._tidy(entry):
                    break
            self._notice_archived()
        self._remove_hidden_folder()
        return Tidied(self.archived, self.removed, self.left, tuple(dict.fromkeys(self.problems)))

    # -- which files --------------------------------------------------------------------------------------------------

    def _leftovers(self) -> Sequence[Entry]:
        if self.hidden.is_symlink():
            self._stays(f"{HIDDEN_FOLDER} in its landing folder is a link; remove it")
            return ()
        try:
            return sorted(entries_of(self.hidden), key=lambda entry: entry.name)
        except OSError as problem:
            self._stays(f"{HIDDEN_FOLDER} in its landing folder can not be read ({type(problem).__name__})")
            return ()

    def _candidates(self) -> Iterator[Entry]:
        """Files that may be those of imports in use: registered, and not known to be those of others.

        A copy of something else (of a refused file, say) is only told by its content, and so is looked at each time.
        """
        try:
            entries = [entry for entry in entries_of(self.folder) if entry.is_regular]
        except OSError as problem:
            self._stays(f"its landing folder can not be read ({type(problem).__name__})")
            return
        if not entries or not any(_is_in_use(row) for row in self.imports):
            return
        seen = self.workspace.ledger.seen_files(self.contract.source)
        own = {(row["location"], row["bytes"], row["landed_at"]): row for row in self.imports}
        others = []
        for entry in entries:
            file = as_landed(entry)
            if file is None or entry.stamp not in seen:
                continue
            row = own.get((file.name, file.bytes, file.modified_at))
            if row is None:
                others.append(entry)
            elif _is_in_use(row):
                yield entry  # first the files that were imported, then their copies
        for entry in others:
            content = _content_of(entry.path)
            file = as_landed(entry)
            if content is not None and file is not None and self._import_in_use(content, file) is not None:
                yield entry

    def _import_in_use(self, content: str, file: LandedFile) -> dict[str, Any] | None:
        """The import in use whose content a file has; None for a file that must stay."""
        rows = self.by_content.get(content, [])
        if any(row["state"] == LANDED and row["location"] == file.name for row in rows):
            return None
        exact = [row for row in rows if (row["location"], row["landed_at"]) == (file.name, file.modified_at)]
        row = next(iter(exact or rows), None)
        if row is None or not _is_in_use(row) or self._waits_for_a_person(content, file, row):
            return None
        return row

    def _waits_for_a_person(self, content: str, file: LandedFile, row: Mapping[str, Any]) -> bool:
        """Whether the file is a snapshot that has returned: by its content, or by its rows in another order."""
        if self.contract.delivers != "snapshot":
            return False
        if row["state"] == REPEATED:
            newest = newest_snapshot(self.imports)
            return (
                newest is not None and row["landed_at"] > newest["landed_at"] and row["repeats"] != newest["import_id"]
            )
        return is_return(content, file.modified_at, self.imports)

    # -- one file -----------------------------------------------------------------------------------------------------

    def _tidy(self, entry: Entry) -> bool:
        """Tidy one file; whether it makes sense to go on."""
        try:
            self.hidden.mkdir(exist_ok=True)
            if self.hidden.is_symlink():
                raise NotADirectoryError
        except OSError as problem:
            self._stays(f"its landing folder may not be changed ({type(problem).__name__})")
            return False
        aside = self.hidden / entry.name
        if os.path.lexists(aside):
            self._stays("a former version of a file could not go back yet, for its name is taken")
            return True
        try:
            entry.path.rename(aside)
        except FileNotFoundError:
            return True
        except OSError as problem:
            self._stays(f"its landing folder may not be changed ({type(problem).__name__})")
            return False
        self._finish(Entry(aside, entry.name, entry.status))
        return True

    def _finish(self, entry: Entry) -> None:
        """Do with a file in the hidden folder what is to be done with it. ``entry`` says what it was when it was found."""
        expected = as_landed(entry)
        verified = None
        if expected is not None and entry.is_regular and self.contract.after_import != "keep":
            verified = self._verified(expected)
        try:
            if verified is None:
                self._make_new(entry)
                self._put_back(entry)
            elif self.contract.after_import == "archive":
                self._archive(*verified)
            else:
                file, row = verified
                self._mark(row, REMOVED)
                self._unlink(file)
                self.removed += 1
        except _Stays as reason:
            self._stays(str(reason))
        except OSError as problem:
            self._stays(f"a file could not be put away ({type(problem).__name__}); check the disk and who may write")
            self._try_to_put_back(entry)

    def _verified(self, expected: LandedFile) -> tuple[LandedFile, dict[str, Any]] | None:
        """The moved file and the import in use that it is; None when it is anything else, or changes under our eyes."""
        file = _now(expected)
        if file is None or file.stamp != expected.stamp:
            return None
        content = _content_of(file.path)
        row = self._import_in_use(content, file) if content is not None else None
        return (file, row) if row is not None and is_unchanged(file) else None

    def _make_new(self, entry: Entry) -> None:
        """A file that no import was made from, though it has the size and time of one: a second later landing sees it."""
        file = as_landed(entry)
        now = None if file is None else _now(file)
        if not entry.is_regular or now is None or now.stamp != entry.stamp:
            return
        content = _content_of(entry.path)
        if content is not None and content not in self.by_content:
            moment = now.stamp.modified_ns + 1_000_000_000
            os.utime(entry.path, ns=(moment, moment), follow_symlinks=False)

    @staticmethod
    def _unlink(file: LandedFile) -> None:
        """Remove a verified file, unless somebody has written to it since."""
        if not is_unchanged(file):
            raise _Changed
        file.path.unlink()

    def _put_back(self, entry: Entry) -> None:
        """Give a file its name again, or another if that is taken, without ever replacing a file."""
        names = list(self._names(entry.name))
        has_links = True
        for name in names:
            target = self.folder / name
            try:
                os.link(entry.path, target, follow_symlinks=False)
            except FileExistsError:
                if not _is_same(entry.path, target):
                    continue
            except OSError:  # a folder, or a file system that knows one name per file
                has_links = False
                break
            entry.path.unlink()
            break
        else:
            raise _Stays("a file was replaced meanwhile, and goes back as soon as its name is free")
        if not has_links:
            # Renaming may replace what appears in the same instant: so the last resort is the name that others write to.
            free = [name for name in (*names[1:], names[0]) if not os.path.lexists(self.folder / name)]
            if not free:
                raise _Stays("a file was replaced meanwhile, and goes back as soon as its name is free")
            entry.path.rename(self.folder / free[0])
        self.left += 1

    def _try_to_put_back(self, entry: Entry) -> None:
        try:
            if os.path.lexists(entry.path):
                self._put_back(entry)
                self.left -= 1  # it has been counted
        except (_Stays, OSError) as problem:
            self.problems.append(str(problem) if isinstance(problem, _Stays) else "the next call puts the file back")

    def _names(self, name: str) -> Iterator[str]:
        """The file's name, then names like it that the contract reads, too."""
        yield name
        stem, dot, ending = name.partition(".") if not name.startswith(".") else (name, "", "")
        for number in range(2, OTHER_NAMES):
            others = (f"{stem}-{number}{dot}{ending}", f"{number}-{name}")
            yield from (other for other in others if is_delivery_name(other, self.contract))

    # -- the archive --------------------------------------------------------------------------------------------------

    def _archive(self, file: LandedFile, row: Mapping[str, Any]) -> None:
        """Move a verified file into the archive; remove it when the archive has that content already."""
        content = content_of_import(row["content_sha256"])
        folder = self.workspace.archive_dir / self.contract.source / row["import_id"]
        folder.mkdir(parents=True, exist_ok=True)
        if any(_content_of(entry.path) == content for entry in entries_of(folder) if _is_archived(entry)):
            self._mark(row, ARCHIVED)
            self._unlink(file)
            self.removed += 1
            return
        target = _free_name(folder, row["location"])
        try:
            file.path.rename(target)
        except OSError:  # the archive is on another disk
            _copy(file.path, target, content)
            self._mark(row, ARCHIVED)
            self._unlink(file)
        else:
            sync_folder(folder)
            self._mark(row, ARCHIVED)
        self.archived += 1

    def _notice_archived(self) -> None:
        """Tell the ledger of files that were archived by a call that was killed before it could."""
        in_use = [row for row in self.imports if _is_in_use(row)]
        for row in _archived_unnoticed(self.workspace, self.contract, in_use):
            self._mark(row, ARCHIVED)

    def _mark(self, row: Mapping[str, Any], outcome: str) -> None:
        """Tell the ledger, once per import."""
        if row["tidied"] is None:
            self.workspace.ledger.mark_tidied(self.contract.source, row["import_id"], outcome)
            next(known for known in self.imports if known["import_id"] == row["import_id"])["tidied"] = outcome

    # -- in the end ---------------------------------------------------------------------------------------------------

    def _stays(self, why: str) -> None:
        self.left += 1
        self.problems.append(why)

    def _remove_hidden_folder(self) -> None:
        try:
            self.hidden.rmdir()
        except OSError:  # not there, or something in it waits to go back
            return


def _is_in_use(row: Mapping[str, Any]) -> bool:
    return row["state"] in (IMPORTED, REPEATED)


def _archived_unnoticed(
    workspace: Workspace, contract: SourceContract, in_use: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Imports in use whose file is in the archive, though the ledger does not say so."""
    unnoticed = [row for row in in_use if row["tidied"] is None]
    if contract.after_import != "archive" or not unnoticed:
        return []
    try:
        folders = {entry.name for entry in entries_of(workspace.archive_dir / contract.source)}
    except OSError:
        return []
    return [
        row
        for row in unnoticed
        if row["import_id"] in folders and archived_file(workspace, contract.source, row["import_id"])
    ]


def _content_of(path: Path) -> str | None:
    """What a file says, as its import is identified by; None when that can not be read."""
    try:
        return content_sha256(path)
    except (OSError, FileRefused, MemoryError):
        return None


def _now(file: LandedFile) -> LandedFile | None:
    try:
        return as_landed(Entry(file.path, file.name, file.path.lstat()))
    except OSError:
        return None


def _is_same(path: Path, other: Path) -> bool:
    """Whether two names are one file: a killed call had given the second already."""
    try:
        return os.path.samestat(path.lstat(), other.lstat())
    except OSError:
        return False


def _is_archived(entry: Entry) -> bool:
    return entry.is_regular and not entry.name.startswith(".")


def _free_name(folder: Path, name: str) -> Path:
    """The name, or a folder of its own for it: what is there is never replaced."""
    target, number = folder / name, 2
    while os.path.lexists(target):
        target, number = folder / str(number) / name, number + 1
    target.parent.mkdir(exist_ok=True)
    return target


def _copy(path: Path, target: Path, content: str) -> None:
    """Copy a file to another disk; it is there under its name when it is whole, and says what it should."""
    clear_unfinished(target.parent, KIND)
    with unfinished_file(target.parent, KIND) as unfinished:
        with path.open("rb") as source, unfinished.open("wb") as copy:
            shutil.copyfileobj(source, copy, COPIED_AT_ONCE)
        if content_sha256(unfinished) != content:
            raise _Changed
        status = path.stat()
        os.utime(unfinished, ns=(status.st_atime_ns, status.st_mtime_ns))
        put_in_place(unfinished, target)
