"""Files that we put into a landing folder ourselves: written under a hidden name, renamed when whole and on the disk.

Whoever writes one holds a lock on it, which the kernel lets go when the writer dies: so the next writer knows what a
killed one has left behind, and leaves alone what another is still writing.

What does not belong here: what the files hold (``extraction.py``, ``fetching.py``); which files count (``landing.py``).
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":  # there, files of a killed writer stay behind under their hidden names, and are ignored
    import fcntl

UNFINISHED = ".tmp"

NAME_FORMAT = "{kind}-{number:06}-{digest}{rest}"
"""Numbers count up over all files that ever landed for a source, so that files count in the order they were made."""

DIGEST_LENGTH = 12

_PLACED = re.compile(r"(?:extract|fetched)-(\d{1,18})-([0-9a-f]{12})\b.*", re.DOTALL)

LOCK_FILE = ".lock"

PERMISSIONS = 0o644
"""As any file that lands; temporary files are private."""


@contextmanager
def unfinished_file(folder: Path, kind: str) -> Iterator[Path]:
    """A new, empty, hidden file to write to; gone afterwards, unless it was put in its place or we were killed."""
    descriptor, path = _new_and_locked(folder, kind)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def clear_unfinished(folder: Path, kind: str) -> int:
    """Remove what killed writers of this kind have left behind; how many that were."""
    cleared = 0
    for path in folder.glob(f".{kind}-*{UNFINISHED}"):
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
            try:
                if locked(descriptor, wait=False):
                    path.unlink()
                    cleared += 1
            finally:
                os.close(descriptor)
    return cleared


def put_in_place(unfinished: Path, target: Path) -> None:
    """Give a whole file its name, on the disk before anybody is told of it. Keeps its time of modification."""
    with unfinished.open("rb+") as written:
        os.fsync(written.fileno())
    unfinished.chmod(PERMISSIONS)
    unfinished.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Names in a folder are on the disk only when the folder is."""
    with contextlib.suppress(OSError):  # some network file systems can not; they write through
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def placed_name(kind: str, number: int, digest: str, rest: str) -> str:
    """The name of a file that we put into landing."""
    return NAME_FORMAT.format(kind=kind, number=number, digest=digest[:DIGEST_LENGTH], rest=rest)


def number_of(name: str) -> int:
    """The number in such a name; 0 for any other name."""
    found = _PLACED.fullmatch(name)
    return int(found[1]) if found else 0


def digest_of(name: str) -> str | None:
    """The digest in such a name."""
    found = _PLACED.fullmatch(name)
    return found[2] if found else None


def last_number(names: Iterable[str]) -> int:
    """The highest number in these names; 0 when none is ours."""
    return max(map(number_of, names), default=0)


def lock_folder(folder: Path) -> int | None:
    """Lock a folder against others who do the same; a descriptor to close, None when somebody else holds it.

    Raises ``OSError`` where there is no such folder, or its file system knows no locks.
    """
    try:
        return _lock(os.open(folder, os.O_RDONLY))
    except OSError as problem:
        if problem.errno != errno.EBADF:
            raise
    # Network file systems want a file that may be written to.
    return _lock(os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), PERMISSIONS))


def _lock(descriptor: int) -> int | None:
    is_ours = False
    try:
        is_ours = locked(descriptor, wait=False)
    finally:
        if not is_ours:
            os.close(descriptor)
    return descriptor if is_ours else None


def _new_and_locked(folder: Path, kind: str) -> tuple[int, Path]:
    while True:
        descriptor, name = tempfile.mkstemp(prefix=f".{kind}-", suffix=UNFINISHED, dir=folder)
        path = Path(name)
        try:
            locked(descriptor, wait=True)
            # Between its making and its lock, somebody may have taken it for left behind.
            if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor, path
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        os.close(descriptor)


def locked(descriptor: int, *, wait: bool) -> bool:
    """Lock an open file or folder until it is closed, or we die; False when it is somebody else's, or can not be locked."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
