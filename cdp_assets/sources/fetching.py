"""Files of a folder elsewhere, by its URL: new ones are copied into landing/<source>/, where they are files like any other.

Any store that fsspec can read: local folders (``file:///mnt/exports/*.csv``; relative ones are below the workspace), S3,
Google, Azure, SFTP, HTTP listings … with the package for it installed. Credentials are each library's own business
(``AWS_…``, ``GOOGLE_APPLICATION_CREDENTIALS``, ``AZURE_STORAGE_…``, ``FSSPEC_<PROTOCOL>_<OPTION>``): they come from the
environment, never from a contract. Nothing is ever changed or removed there.

A file counts as new when its stamp is: entity tag, checksum or version where the store has one, else size and time of
change. A copy is yielded when it has landed; the caller remembers the stamp then, and not before: a crash in between
fetches again, and the same content is no new import. A file that changes meanwhile is left for the next time.

What does not belong here: remembering stamps (the ledger), whether a file is complete (``landing.py`` asks that of the
copy), reading it (``reading.py``).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from cdp_assets.sources.compression import open_regular
from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.extraction import ExtractionFailed
from cdp_assets.sources.landing import SETTLE_SECONDS, fits_pattern, natural_order, why_never_read
from cdp_assets.sources.placing import (
    DIGEST_LENGTH,
    clear_unfinished,
    digest_of,
    last_number,
    placed_name,
    put_in_place,
    unfinished_file,
)
from cdp_assets.sources.refusal import FileRefused

KIND = "fetched"

COPIED_AT_ONCE = 8 << 20

REPORTED_BYTES = 256 << 20
"""Progress is told each time that about so much more has been copied."""

FAILURES_IN_A_ROW = 3
"""One file that can not be read does not stop the others; so many one after another are a store that is down."""

LONGEST_NAME = 100
"""Characters of a file's own name that its copy keeps: enough to know it by, and its ending."""

STAMP_FIELDS = (
    "ETag", "etag", "VersionId", "version_id", "generation", "md5Hash", "content_md5", "Content-MD5", "checksum", "sha256",
)  # fmt: skip
"""What stores call that which changes exactly when a file's content does."""

MODIFIED_FIELDS = (
    "mtime",
    "LastModified",
    "last_modified",
    "Last-Modified",
    "updated",
    "modified",
    "modify",
    "last_write_time",
)
"""What stores call the time of a file's last change."""

LOCAL = ("file", "local")

_URL = re.compile(r"(?P<protocol>[a-z][a-z0-9+.-]*)://(?P<path>.*)", re.DOTALL)


@dataclass(frozen=True)
class Fetched:
    """A copy that has landed. ``location`` and ``stamp`` are for the ledger: which file of the folder, in which state."""

    path: Path
    location: str
    stamp: str
    bytes: int
    modified_at: datetime | None


@dataclass(frozen=True)
class _Remote:
    """A file of the folder. ``size`` and ``modified_at`` are None where the store does not say."""

    path: str
    name: str
    stamp: str
    size: int | None
    modified_at: datetime | None

    @property
    def location(self) -> str:
        """Its name as a database can hold it."""
        return self.name.replace("\\", "\\\\").replace("\0", "\\0")

    @property
    def digest(self) -> str:
        """Of the file in this state, at this time: a file that is again what it once was is delivered again."""
        said = f"{self.location}\n{self.stamp}\n{self.modified_at}"
        return hashlib.sha256(said.encode()).hexdigest()[:DIGEST_LENGTH]


class _NotNow(Exception):  # noqa: N818 (what happened)
    """This file is left for the next time: it is being changed."""


def fetch(
    contract: SourceContract,
    workspace_home: Path,
    fetched: Mapping[str, str],
    environment: Mapping[str, str],
    report: Callable[[str], None],
    *,
    now: datetime | None = None,
    numbered_after: int = 0,
) -> Iterator[Fetched]:
    """Copy each file of the contract's folder that is new or changed into landing, in the natural order of their names.

    ``fetched`` are the stamps by location that have been remembered. ``now`` is for leaving alone what has changed within
    the last moments. ``numbered_after`` is the highest number of any file that ever landed for the source. Raises
    :class:`ExtractionFailed` for a store that can not be read; for single files that can not, after all others have landed.
    """
    source = contract.source
    store = _store(contract, workspace_home, environment)
    folder = workspace_home / "landing" / source
    try:
        folder.mkdir(parents=True, exist_ok=True)
        clear_unfinished(folder, KIND)
        landed = [path.name for path in folder.iterdir()]
    except OSError as problem:
        raise _not_written(source, problem) from None
    new = [file for file in store.files() if fetched.get(file.location) != file.stamp]
    copies = {digest: name for name in landed if (digest := digest_of(name)) and name.startswith(f"{KIND}-")}
    number = max(numbered_after, last_number(landed))
    progress = _Progress(source, len(new), sum(file.size or 0 for file in new), report)
    failures: list[str] = []
    in_a_row = 0
    for file in new:
        if file.digest in copies:  # landed before, and whoever fetched it was killed before it could be remembered
            path = folder / copies[file.digest]
            yield Fetched(path, file.location, file.stamp, path.stat().st_size, file.modified_at)
            continue
        if _has_just_changed(file, now):
            progress.left += 1
            continue
        number += 1
        target = folder / placed_name(KIND, number, file.digest, f"-{_safe(file.name)}")
        try:
            size = _copy(store, file, target, progress)
        except _NotNow:
            progress.left += 1
            continue
        except _Unreadable as unreadable:
            failures.append(str(unreadable))
            in_a_row += 1
            if in_a_row == FAILURES_IN_A_ROW:
                break
            continue
        except OSError as problem:
            raise _not_written(source, problem) from None
        in_a_row = 0
        progress.files += 1
        yield Fetched(target, file.location, file.stamp, size, file.modified_at)
    progress.done()
    if failures:
        kinds = ", ".join(sorted(set(failures)))
        raise ExtractionFailed(
            f"{source}: {len(failures)} of {len(new)} new files of its store could not be read ({kinds}); check who may read "
            "them; the others have landed"
        )


class _Unreadable(Exception):  # noqa: N818 (what happened)
    """One file of the store could not be read; the text is the class of what was raised, which says nothing of the file."""


@dataclass
class _Progress:
    source: str
    new: int
    total: int
    report: Callable[[str], None]
    files: int = 0
    bytes: int = 0
    left: int = 0

    def copied(self, count: int) -> None:
        before, self.bytes = self.bytes, self.bytes + count
        if before // REPORTED_BYTES != self.bytes // REPORTED_BYTES:
            self._tell()

    def done(self) -> None:
        if self.files:
            self._tell()
        if self.left:
            self.report(
                f"{self.source}: {self.left} files are still being changed in its store; left for the next time"
            )

    def _tell(self) -> None:
        self.report(f"{self.source}: {self.files} of {self.new} files fetched, {self.bytes:,} of {self.total:,} bytes")


def _has_just_changed(file: _Remote, now: datetime | None) -> bool:
    """A writer that pauses may go on; a clock that is behind gives a negative age."""
    return (
        now is not None
        and file.modified_at is not None
        and abs((now - file.modified_at).total_seconds()) < SETTLE_SECONDS
    )


def _safe(name: str) -> str:
    """The name, of harmless characters only: no path, nothing that a terminal or a shell would act on."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[-LONGEST_NAME:].lstrip(".-") or "_"


def _copy(store: _Store, file: _Remote, target: Path, progress: _Progress) -> int:
    """Copy a file that does not change meanwhile. Raises ``OSError`` only for what goes wrong here, not there."""
    with unfinished_file(target.parent, KIND) as unfinished:
        size = 0
        with unfinished.open("wb") as copy:
            for piece in store.content(file):
                copy.write(piece)
                size += len(piece)
                progress.copied(len(piece))
        if file.size not in (None, size) or store.stamp_now(file) != file.stamp:
            raise _NotNow
        if file.modified_at is not None:
            moment = round(file.modified_at.timestamp() * 1_000_000) * 1_000
            os.utime(unfinished, ns=(moment, moment))
        put_in_place(unfinished, target)
    return size


def _not_written(source: str, problem: OSError) -> ExtractionFailed:
    return ExtractionFailed(
        f"{source}: a file could not be copied into landing/ ({type(problem).__name__}); check its disk and who may write"
    )


# -- the store --------------------------------------------------------------------------------------------------------


def _store(contract: SourceContract, home: Path, environment: Mapping[str, str]) -> _Store:
    source, url = contract.source, contract.extract.folder_url
    found = _URL.fullmatch(url or "")
    if url is None or found is None or "::" in url:
        raise ExtractionFailed(
            f"{source}: its contract names no folder to fetch from; write `files: s3://bucket/folder/*.csv`"
        )
    protocol = found["protocol"]
    if protocol in LOCAL:
        url = f"file://{_local_folder(source, found['path'], home)}"
    return _Store(
        source, contract.extract.file_pattern or "*", protocol, *_file_system(source, protocol, url, environment)
    )


def _local_folder(source: str, written: str, home: Path) -> Path:
    folder = (home / written).resolve()
    for own in ("landing", "archive"):
        if folder.is_relative_to((home / own).resolve()):
            raise ExtractionFailed(
                f"{source}: its files are fetched from the workspace's own {own}/; name the pattern alone (`files: '*.csv'`) for "
                "files that land there by themselves"
            )
    return folder


def _file_system(source: str, protocol: str, url: str, environment: Mapping[str, str]) -> tuple[Any, str]:
    """The fsspec file system and the folder in its own words."""
    from fsspec.config import set_conf_env
    from fsspec.core import url_to_fs
    from fsspec.registry import known_implementations

    options: dict[str, dict[str, Any]] = {}
    own = f"FSSPEC_{protocol.upper()}"
    set_conf_env(
        options, {name: value for name, value in environment.items() if name == own or name.startswith(f"{own}_")}
    )
    try:
        system, folder = url_to_fs(url, skip_instance_cache=True, **options.get(protocol, {}))
        system.invalidate_cache()
    except ImportError:
        hint = known_implementations.get(protocol, {}).get("err", "install its package")
        raise ExtractionFailed(f"{source}: {protocol}:// can not be read here: {hint}") from None
    except Exception as problem:  # each library has errors of its own, and their texts hold URLs
        if isinstance(problem, ValueError) and protocol not in known_implementations:
            raise ExtractionFailed(
                f"{source}: there is no store called {protocol}://; check the contract's URL"
            ) from None
        raise _unreachable(source, problem) from None
    return system, str(folder).rstrip("/")


def _unreachable(source: str, problem: Exception) -> ExtractionFailed:
    advice = "check the URL in its contract, the network and the credentials in the environment"
    if isinstance(problem, FileNotFoundError | NotADirectoryError):
        advice = "there is no such folder; check the URL in its contract"
    elif isinstance(problem, PermissionError):
        advice = "check who may list the folder, and the credentials in the environment"
    return ExtractionFailed(f"{source}: its store could not be read ({type(problem).__name__}); {advice}")


@dataclass(frozen=True)
class _Store:
    source: str
    pattern: str
    protocol: str
    system: Any
    folder: str

    def files(self) -> Sequence[_Remote]:
        """The folder's files of the contract's pattern, in the natural order of their names."""
        try:
            entries = self.system.ls(self.folder, detail=True)
            found = [file for entry in entries if (file := self._file(entry)) is not None]
        except Exception as problem:  # see _file_system
            raise _unreachable(self.source, problem) from None
        return sorted(found, key=lambda file: natural_order(file.name))

    def _file(self, entry: Mapping[str, Any]) -> _Remote | None:
        """The entry as a file of ours; None for folders, links, pipes, and names that are none of ours."""
        path = str(entry["name"])
        parent, _, name = path.rpartition("/")
        if entry.get("type") != "file" or entry.get("islink") or parent.strip("/") != self.folder.strip("/"):
            return None
        if self.protocol in ("http", "https"):
            name = unquote(name)
        if not name or why_never_read(name) or not fits_pattern(name, self.pattern):
            return None
        try:
            return self._remote(path, name, entry)
        except FileNotFoundError:
            return None

    def _remote(self, path: str, name: str, entry: Mapping[str, Any]) -> _Remote:
        if not any(entry.get(field) for field in (*STAMP_FIELDS, *MODIFIED_FIELDS)):
            entry = {**entry, **self.system.info(path)}
        modified = next((moment for field in MODIFIED_FIELDS if (moment := _moment(entry.get(field)))), None)
        tag = next((f"{field}:{entry[field]}" for field in STAMP_FIELDS if entry.get(field)), None)
        if modified is None:
            modified = self._modified(path)
        size = entry.get("size")
        stamp = tag or f"{size}:{modified.isoformat() if modified else ''}"
        return _Remote(path, name, stamp, size if isinstance(size, int) else None, modified)

    def _modified(self, path: str) -> datetime | None:
        try:
            return _moment(self.system.modified(path))
        except Exception:  # not every store knows, and each says so in its own way
            return None

    def stamp_now(self, file: _Remote) -> str | None:
        """The file's stamp as it is by now; None when it has gone."""
        try:
            self.system.invalidate_cache()
            entry = self.system.info(file.path)
            return None if entry.get("islink") else self._remote(file.path, file.name, entry).stamp
        except FileNotFoundError:
            return None
        except Exception as problem:  # see _file_system
            raise _Unreadable(type(problem).__name__) from None

    def content(self, file: _Remote) -> Iterator[bytes]:
        """The file's bytes, in pieces. Raises :class:`_NotNow` when it has gone, :class:`_Unreadable` for all else."""
        try:
            with self._open(file.path) as opened:
                while piece := opened.read(COPIED_AT_ONCE):
                    yield piece
        except FileNotFoundError:
            raise _NotNow from None
        except FileRefused as refused:
            raise _Unreadable(refused.rule) from None
        except Exception as problem:  # see _file_system
            raise _Unreadable(type(problem).__name__) from None

    def _open(self, path: str) -> AbstractContextManager[BinaryIO]:
        if self.protocol in LOCAL:  # a link or a pipe may have taken its place
            return open_regular(Path(path))
        opened: AbstractContextManager[BinaryIO] = self.system.open(path, "rb")
        return opened


def _moment(value: object) -> datetime | None:
    """A time as a store gives it; None for what is none."""
    try:
        if isinstance(value, str):
            text = value
            try:
                value = datetime.fromisoformat(text)
            except ValueError:
                value = parsedate_to_datetime(text) if "," in text else float(text)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, datetime):
            return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
