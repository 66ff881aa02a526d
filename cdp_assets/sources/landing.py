"""Files that landed: which of them are complete, and in which order they count.

A file counts when nobody is writing it any more: it has not changed for a moment, and its end can be read (the last
line's end, the last byte of the compressed data, the footer of a Parquet file, the directory of an Excel file). What
does not count yet, or never will, is listed with the reason. Landing files are only ever read.

One entry never keeps the others from being looked at: what can not be read waits, with the reason.

What does not belong here: which files have been imported (the ledger), reading them (``reading.py``), writing them
(``placing.py``, ``extraction.py``, ``fetching.py``), putting them away (``tidying.py``).
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cdp_assets.sources.compression import CUT_SHORT, DEFAULT_LIMITS, compression_of, content_of, open_regular
from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.file_format import PARQUET_MAGIC, ZIP_MAGIC
from cdp_assets.sources.refusal import FileRefused

SETTLE_SECONDS = 2.0
"""A file that changed more recently may be in the middle of being written."""

QUIET_SECONDS = 60.0
"""A text file without a last line's end is legal, and so is a writer's pause: after a minute it is the former."""

STALLED_SECONDS = 900.0
"""A compressed, Parquet or Excel file without its end is waited for this long; then it counts, and is refused."""

EXTRACT_PATTERN = "extract-*.parquet"
"""What extractions from a database are called in landing/<source>/."""

FETCHED_PATTERN = "fetched-*"
"""What copies of files from a URL are called in landing/<source>/; which of the URL's files they are was decided there."""

UNFINISHED_ENDINGS = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", "~")
"""How tools name files that they are still writing."""

_END_OF_DIRECTORY = b"PK\x05\x06"
_LONGEST_ZIP_END = 22 + 65_535
_LINE_ENDS = (b"\n", b"\r", b"\n\0", b"\r\0")


class FileStamp(NamedTuple):
    """What tells that a file is still the same: its name, size and time of change."""

    name: str
    bytes: int
    modified_ns: int


@dataclass(frozen=True)
class LandedFile:
    """A complete file. ``name`` may hold personal values and odd characters; print ``shown_name``, if anything."""

    path: Path
    name: str
    bytes: int
    modified_at: datetime
    stamp: FileStamp
    instance: tuple[int, int] = (0, 0)
    """Inode and time of its last change of any kind: differs for a file of the same name, size and time in its place."""

    @property
    def shown_name(self) -> str:
        """The name with everything that a terminal would act on escaped."""
        return shown_name(self.name)


@dataclass(frozen=True)
class NotLanded:
    """A file or folder in landing/<source>/ that does not count, and why."""

    name: str
    why: str

    @property
    def shown_name(self) -> str:
        """The name with everything that a terminal would act on escaped."""
        return shown_name(self.name)


@dataclass(frozen=True)
class Landing:
    """What is in landing/<source>/: ``ready`` to import, ``waiting`` to be complete, ``ignored`` for good.

    ``ready`` leaves out the files that the caller knows already.
    """

    ready: tuple[LandedFile, ...]
    waiting: tuple[NotLanded, ...]
    ignored: tuple[NotLanded, ...]


@dataclass(frozen=True)
class Entry:
    """One name in a folder, and what the system says of it; ``status`` is None where it says nothing."""

    path: Path
    name: str
    status: os.stat_result | None

    @property
    def is_regular(self) -> bool:
        """Whether it is a file: no folder, link or pipe."""
        return self.status is not None and stat.S_ISREG(self.status.st_mode)

    @property
    def stamp(self) -> FileStamp:
        """Its stamp, also of what is no file."""
        return FileStamp(self.name, -1, -1) if self.status is None else _stamp(self.name, self.status)


def source_dir(landing_dir: Path, contract: SourceContract) -> Path:
    """Where a source's files land, below the workspace's landing directory."""
    return landing_dir / contract.source


def entries_of(
    folder: Path, *, known: Collection[tuple[str, int, int]] = frozenset(), changed_since: float | None = None
) -> list[Entry]:
    """Everything in a folder, in no order; nothing where there is no folder. What vanishes meanwhile is left out.

    Files whose stamp is ``known`` are left out, and so is what changed before the moment ``changed_since`` (in seconds):
    thousands of them are passed by at each look of a sensor.
    """
    entries: list[Entry] = []
    try:
        with os.scandir(folder) as found:
            for item in found:
                try:
                    status = item.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                except OSError:
                    entries.append(Entry(folder / item.name, item.name, None))
                    continue
                if changed_since is not None and status.st_mtime < changed_since:
                    continue
                if (item.name, status.st_size, status.st_mtime_ns) in known and stat.S_ISREG(status.st_mode):
                    continue
                entries.append(Entry(folder / item.name, item.name, status))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return entries


def is_empty(folder: Path) -> bool:
    """Whether nothing is in a folder, or there is none."""
    try:
        with os.scandir(folder) as found:
            return next(found, None) is None
    except (FileNotFoundError, NotADirectoryError):
        return True


def scan(
    landing_dir: Path,
    contract: SourceContract,
    now: datetime,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    quiet_seconds: float = QUIET_SECONDS,
    known: Collection[tuple[str, int, int]] = frozenset(),
) -> list[LandedFile]:
    """Complete files of a source in the order in which they count: by name, numbers as numbers (2 before 10).

    ``landing_dir`` is the workspace's; the files are in its folder ``<source>``. ``settle_seconds=0`` is for a second
    look by a caller who has waited in between. Files whose stamp is ``known`` are left out without being opened.
    """
    found = look(landing_dir, contract, now, settle_seconds=settle_seconds, quiet_seconds=quiet_seconds, known=known)
    return list(found.ready)


def look(
    landing_dir: Path,
    contract: SourceContract,
    now: datetime,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    quiet_seconds: float = QUIET_SECONDS,
    stalled_seconds: float = STALLED_SECONDS,
    known: Collection[tuple[str, int, int]] = frozenset(),
) -> Landing:
    """Everything in a source's folder, complete or not; see :func:`scan`. Raises ``OSError`` for a folder that can not be read."""
    return look_at(
        entries_of(source_dir(landing_dir, contract), known=known),
        contract,
        now,
        settle_seconds=settle_seconds,
        quiet_seconds=quiet_seconds,
        stalled_seconds=stalled_seconds,
    )


def look_at(
    entries: Iterable[Entry],
    contract: SourceContract,
    now: datetime,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    quiet_seconds: float = QUIET_SECONDS,
    stalled_seconds: float = STALLED_SECONDS,
) -> Landing:
    """The same for entries that the caller has listed already."""
    ready: list[LandedFile] = []
    waiting: list[NotLanded] = []
    ignored: list[NotLanded] = []
    pattern = _pattern(contract)
    for entry in sorted(entries, key=lambda entry: natural_order(entry.name)):
        if why := _why_ignored(entry, pattern):
            ignored.append(NotLanded(entry.name, why))
            continue
        file = as_landed(entry)
        if file is None:
            waiting.append(NotLanded(entry.name, "the system does not say what it is; check the disk"))
            continue
        # A clock that is behind the file's gives a negative age; far from now is settled in either direction.
        age = abs(now.timestamp() - file.stamp.modified_ns / 1e9)
        incomplete = (
            "it has just changed"
            if age < settle_seconds
            else _why_incomplete(file, age, quiet_seconds, stalled_seconds)
        )
        if incomplete:
            waiting.append(NotLanded(entry.name, incomplete))
        elif not is_unchanged(file):
            waiting.append(NotLanded(entry.name, "it changed while it was looked at"))
        else:
            ready.append(file)
    return Landing(tuple(ready), tuple(waiting), tuple(ignored))


def shown_name(name: str) -> str:
    """A file name as printable characters: control and direction characters, and bytes that are no text, escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)


def natural_order(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key: runs of digits as numbers, letters without case; the name itself where that is equal."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts], name


def _why_ignored(entry: Entry, pattern: str) -> str | None:
    if why := why_never_read(entry.name):
        return why
    if entry.status is not None and stat.S_ISLNK(entry.status.st_mode):
        return "links are not followed; deliver the file itself"
    if entry.status is not None and not stat.S_ISREG(entry.status.st_mode):
        return "it is not a regular file"
    return None if fits_pattern(entry.name, pattern) else f"it does not match the contract's {pattern}"


def why_never_read(name: str) -> str | None:
    """Why a file of this name is never read, whatever the contract's pattern; None where nothing speaks against it."""
    if name.startswith("."):
        return "hidden files are not read"
    if name.lower().endswith(UNFINISHED_ENDINGS):
        return "its name says that it is unfinished"
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "its name is not UTF-8 text; rename it"
    return None


def _pattern(contract: SourceContract) -> str:
    """The pattern of the names in landing/<source>/: what we have put there has names of our own."""
    if contract.extract.folder_url is not None:
        return FETCHED_PATTERN
    return contract.extract.file_pattern or EXTRACT_PATTERN


def is_delivery_name(name: str, contract: SourceContract) -> bool:
    """Whether a file of this name in landing/<source>/ is one that counts."""
    return why_never_read(name) is None and fits_pattern(name, _pattern(contract))


def fits_pattern(name: str, pattern: str) -> bool:
    """Whether the name, with or without the ending of its compression, fits the pattern, in any case."""
    wanted = re.compile(fnmatch.translate(pattern), re.IGNORECASE)
    return any(wanted.match(candidate) for candidate in (name, re.sub(r"(?i)\.(gz|zst)\Z", "", name)))


def as_landed(entry: Entry) -> LandedFile | None:
    """The file as the entry says; None where that says nothing."""
    found = entry.status
    if found is None:
        return None
    instance = (found.st_ino, found.st_ctime_ns)
    return LandedFile(entry.path, entry.name, found.st_size, _moment(found), _stamp(entry.name, found), instance)


def is_unchanged(file: LandedFile) -> bool:
    """Whether the file that was looked at is still there, in the same place, untouched."""
    try:
        status = file.path.lstat()
    except OSError:
        return False
    return as_landed(Entry(file.path, file.name, status)) == file


def _stamp(name: str, status: os.stat_result) -> FileStamp:
    return FileStamp(name, status.st_size, status.st_mtime_ns)


def _moment(status: os.stat_result) -> datetime:
    try:
        return datetime.fromtimestamp(status.st_mtime, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _why_incomplete(file: LandedFile, age: float, quiet_seconds: float, stalled_seconds: float) -> str | None:
    try:
        end = _missing_end(file)
    except FileNotFoundError:
        return "it has just gone"
    except FileRefused as refused:
        if refused.rule == CUT_SHORT:
            return None if age >= stalled_seconds else refused.reason
        # Whatever else is wrong with its content is for the import to say, once and for good.
        return str(refused) if refused.rule in ("not_readable", "not_a_file") else None
    except (OSError, MemoryError) as problem:
        return f"reading it failed ({type(problem).__name__}); check the disk"
    if end is None:
        return None
    enough = quiet_seconds if end == "its last line has no end" else stalled_seconds
    return None if age >= enough else end


def _missing_end(file: LandedFile) -> str | None:
    """What a complete file would have at its end, and this one has not."""
    with open_regular(file.path) as opened:
        first = opened.read(len(ZIP_MAGIC))
        if compression_of(first):
            opened.seek(0)
            _exhaust(content_of(opened, DEFAULT_LIMITS))
            return None
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - _LONGEST_ZIP_END))
        last = opened.read()
    if first.startswith(PARQUET_MAGIC):
        return None if size >= 12 and last.endswith(PARQUET_MAGIC) else "its Parquet footer is missing"
    if first.startswith(ZIP_MAGIC):
        return None if _END_OF_DIRECTORY in last else "its Excel directory is missing"
    return None if last.endswith(_LINE_ENDS) else "its last line has no end"


def _exhaust(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass
