"""Files that landed: which of them are complete, and in which order they count.

A file counts when nobody is writing it any more: it has not changed for a moment, and its end can be read (the last
line's end, the last byte of the compressed data, the footer of a Parquet file, the directory of an Excel file). What
does not count yet, or never will, is listed with the reason. Landing files are only ever read.

What does not belong here: which files have been imported (the ledger), reading them (``reading.py``).
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cdp_assets.sources.compression import CUT_SHORT, DEFAULT_LIMITS, compression_of, content_of, open_regular
from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.file_format import PARQUET_MAGIC, ZIP_MAGIC
from cdp_assets.sources.reading import content_sha256
from cdp_assets.sources.refusal import FileRefused

__all__ = ["FileStamp", "LandedFile", "Landing", "NotLanded", "content_sha256", "look", "scan", "source_dir"]

SETTLE_SECONDS = 2.0
"""A file that changed more recently may be in the middle of being written."""

QUIET_SECONDS = 60.0
"""A text file without a last line's end is legal, and so is a writer's pause: after a minute it is the former."""

STALLED_SECONDS = 900.0
"""A compressed, Parquet or Excel file without its end is waited for this long; then it counts, and is refused."""

EXTRACT_PATTERN = "extract-*.parquet"
"""What extractions from a database are called in landing/<source>/."""

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


def source_dir(landing_dir: Path, contract: SourceContract) -> Path:
    """Where a source's files land, below the workspace's landing directory."""
    return landing_dir / contract.source


def scan(
    landing_dir: Path,
    contract: SourceContract,
    now: datetime,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    quiet_seconds: float = QUIET_SECONDS,
    known: Collection[FileStamp] = frozenset(),
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
    known: Collection[FileStamp] = frozenset(),
) -> Landing:
    """Everything in a source's folder, complete or not; see :func:`scan`."""
    ready: list[LandedFile] = []
    waiting: list[NotLanded] = []
    ignored: list[NotLanded] = []
    for entry in _entries(source_dir(landing_dir, contract)):
        if why := _why_ignored(entry, contract):
            ignored.append(NotLanded(entry.name, why))
            continue
        file = _landed(entry)
        if file is None or file.stamp in known:
            continue
        # A clock that is behind the file's gives a negative age; far from now is settled in either direction.
        age = abs(now.timestamp() - file.stamp.modified_ns / 1e9)
        why = (
            "it has just changed"
            if age < settle_seconds
            else _why_incomplete(file, age, quiet_seconds, stalled_seconds)
        )
        if why:
            waiting.append(NotLanded(entry.name, why))
        elif _landed(entry) != file:
            waiting.append(NotLanded(entry.name, "it changed while it was looked at"))
        else:
            ready.append(file)
    return Landing(tuple(ready), tuple(waiting), tuple(ignored))


def shown_name(name: str) -> str:
    """A file name as printable characters: control and direction characters, and bytes that are no text, escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir(), key=lambda path: _natural(path.name))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key: runs of digits as numbers, letters without case; the name itself where that is equal."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts], name


def _why_ignored(path: Path, contract: SourceContract) -> str | None:
    if path.name.startswith("."):
        return "hidden files are not read"
    if path.name.lower().endswith(UNFINISHED_ENDINGS):
        return "its name says that it is unfinished"
    try:
        path.name.encode("utf-8")
    except UnicodeEncodeError:
        return "its name is not UTF-8 text; rename it"
    try:
        mode = path.lstat().st_mode
    except OSError:
        return None
    if stat.S_ISLNK(mode):
        return "links are not followed; deliver the file itself"
    if not stat.S_ISREG(mode):
        return "it is not a regular file"
    pattern = contract.extract.files or EXTRACT_PATTERN
    return None if _matches(path.name, pattern) else f"it does not match the contract's {pattern}"


def _matches(name: str, pattern: str) -> bool:
    """Whether the name, with or without the ending of its compression, fits the pattern, in any case."""
    wanted = re.compile(fnmatch.translate(pattern), re.IGNORECASE)
    return any(wanted.match(candidate) for candidate in (name, re.sub(r"(?i)\.(gz|zst)\Z", "", name)))


def _landed(path: Path) -> LandedFile | None:
    """The file as it is now; None when it has gone."""
    try:
        found = path.lstat()
    except OSError:
        return None
    try:
        modified_at = datetime.fromtimestamp(found.st_mtime, UTC)
    except (OverflowError, ValueError, OSError):
        modified_at = datetime.fromtimestamp(0, UTC)
    stamp = FileStamp(path.name, found.st_size, found.st_mtime_ns)
    return LandedFile(path, path.name, found.st_size, modified_at, stamp)


def _why_incomplete(file: LandedFile, age: float, quiet_seconds: float, stalled_seconds: float) -> str | None:
    try:
        end = _missing_end(file)
    except FileNotFoundError:
        return "it has just gone"
    except FileRefused as refused:
        if refused.rule == CUT_SHORT:
            return None if age >= stalled_seconds else refused.reason
        # Whatever else is wrong with its content is for the import to say, once and for good.
        return refused.reason if refused.rule in ("not_readable", "not_a_file") else None
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
