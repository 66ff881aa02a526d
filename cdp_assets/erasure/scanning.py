"""Every file of a folder searched for texts, after it has been taken apart: how many of them hold one.

=========== ==============================================================================================================
format      what is searched
=========== ==============================================================================================================
parquet     every value of every column, nested ones too; and the footer (statistics, metadata)
sqlite      the file's bytes, its write-ahead log and journal (pages that are free, too); and every value that its pages do not
            hold in one piece, as text: those of long rows, numbers, and bytes by their own format
gzip, zstd  what they hold, by its own format
zip, xlsx   every part, by its own format
json, html  the text, its escapes undone; pictures and other data inside (data URIs), by their own format
all others  the bytes, as UTF-8, UTF-16 and Latin-1
=========== ==============================================================================================================

What a file is, is told by its first bytes. One that can not be taken apart is searched as bytes, and counted as such.

What does not belong here: what is searched for (``person.py``), what a finding means (``certificate.py``).
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import html
import io
import re
import sqlite3
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from html.entities import html5
from pathlib import Path
from stat import S_ISREG
from urllib.parse import quote

import polars as pl
import zstandard

from cdp_assets.erasure.patterns import Patterns

BYTES_AT_ONCE = 16 << 20
ROWS_AT_ONCE = 200_000
DEEPEST = 4
"""Files inside files: a zip in a gzip in a zip is as deep as anybody packs."""

LISTINGS = 10
"""How often the files are listed before a search gives up because one vanishes each time: logs of databases come and go with who has
them open, but something that makes and removes files without end keeps a search from proving anything."""

LONGEST_IN_ONE_PIECE = 400
"""Bytes of a row that surely stand in one piece: of a page of 4,096 an index takes up to 1,002, and of a smaller page less."""

SQLITE_MAGIC, PARQUET_MAGIC, ZIP_MAGIC = b"SQLite format 3\0", b"PAR1", b"PK\x03\x04"
GZIP_MAGIC, ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
SQLITE_SIDES = ("-wal", "-shm", "-journal")

_DATA_URI = re.compile(rb"data:[\w/+.;=-]*?;base64,([A-Za-z0-9+/=\s]{16,})")
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)


@dataclass
class Scan:
    """``files`` and ``bytes`` by format, and ``found``: in how many values or pieces a text was found, by format.

    ``digest`` is of all names and contents, in order: what was searched.
    """

    files: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    """First part of the path of files that hold a text."""

    digest: str = ""


class VanishingFilesError(RuntimeError):
    """Files come and go while they are searched. Says what to do, and names none."""


@dataclass(frozen=True)
class _Look:
    """What was found in a file, and its ``stamp`` before: one that has the same is the same file as then."""

    stamp: tuple[int, int, int]
    kind: str
    found: int
    sha256: bytes

    @property
    def bytes(self) -> int:
        return self.stamp[1]


def scan(home: Path, patterns: Patterns, *, skip: Collection[Path] = ()) -> Scan:
    """Search all files below ``home``, and their names, but those in ``skip`` (files or folders).

    Raises :class:`VanishingFilesError` where files do not stop to come and go.
    """
    made, digest = Scan(), hashlib.sha256()
    for path, look in _looked_at(home, patterns, skip).items():
        below = path.relative_to(home)
        found = look.found + patterns.occurrences_in(pl.Series([str(below)]))
        made.files[look.kind] += 1
        made.bytes[look.kind] += look.bytes
        if found:
            made.found[look.kind] += found
            made.places[below.parts[0] if len(below.parts) > 1 else look.kind] += 1
        digest.update(f"{below}\0".encode() + look.sha256)
    made.digest = digest.hexdigest()
    return made


def _looked_at(home: Path, patterns: Patterns, skip: Collection[Path]) -> dict[Path, _Look]:
    """A look at each file, in order.

    What a file held that vanishes meanwhile may stand in another by then: SQLite's log goes, when the last who has the database open
    closes it, and its pages are in the database that was perhaps searched before. So the files are listed again, and those looked at
    that are new or have changed.
    """
    looks: dict[Path, _Look] = {}
    for _ in range(LISTINGS):
        try:
            stamps = _stamps(home, skip)
        except FileNotFoundError:  # a folder, while it was listed
            continue
        new = {path: stamp for path, stamp in stamps.items() if path not in looks or looks[path].stamp != stamp}
        with ThreadPoolExecutor() as threads:
            found = dict(zip(new, threads.map(partial(_look, patterns), new, new.values()), strict=True))
        looks |= {path: look for path, look in found.items() if look is not None}
        if None not in found.values():
            return {path: looks[path] for path in stamps}
    raise VanishingFilesError(
        "files of this folder come and go while they are searched; end what else works on it, then run this again"
    )


def _stamps(home: Path, skip: Collection[Path]) -> dict[Path, tuple[int, int, int]]:
    """Every file that is to be searched, with what changes when it does."""
    stamps = {}
    for path in sorted(home.rglob("*")):
        if any(path == one or one in path.parents for one in skip):
            continue
        with suppress(FileNotFoundError):
            status = path.lstat()
            if S_ISREG(status.st_mode):
                stamps[path] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return stamps


def _look(patterns: Patterns, path: Path, stamp: tuple[int, int, int]) -> _Look | None:
    """What is in a file; None where it has vanished."""
    try:
        return _Look(stamp, _kind(path), occurrences_in_file(path, patterns), _sha256(path))
    except FileNotFoundError:
        return None


def occurrences_in_file(path: Path, patterns: Patterns) -> int:
    """In how many values or pieces of a file one of the texts stands."""
    with path.open("rb") as file:
        first = file.read(len(SQLITE_MAGIC))
    if first.startswith(PARQUET_MAGIC):
        return _in_parquet(path, patterns)
    if first == SQLITE_MAGIC:
        return _in_sqlite(path, patterns)
    if path.name.endswith(SQLITE_SIDES) or (first[:4] not in (ZIP_MAGIC, ZSTD_MAGIC) and first[:2] != GZIP_MAGIC):
        return _in_bytes_of(path, patterns)
    return _in_packed(path.read_bytes(), patterns, DEEPEST)


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        first = file.read(len(SQLITE_MAGIC))
    kinds = {SQLITE_MAGIC: "sqlite", PARQUET_MAGIC: "parquet", ZIP_MAGIC: "zip", GZIP_MAGIC: "gzip", ZSTD_MAGIC: "zstd"}
    told = next((kind for magic, kind in kinds.items() if first.startswith(magic)), None)
    if told is None and path.name.endswith(SQLITE_SIDES):
        return "sqlite log"
    return told or (path.suffix.lower().lstrip(".") if path.suffix.lower() in (".json", ".html", ".csv", ".jsonl") else "other")  # fmt: skip


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


# -- bytes ------------------------------------------------------------------------------------------------------------


def _in_bytes_of(path: Path, patterns: Patterns) -> int:
    return sum(_in_bytes(piece, patterns, DEEPEST) for piece in _pieces(path, 4 * patterns.longest))


def _pieces(path: Path, overlap: int) -> Iterator[bytes]:
    """The bytes of a file in pieces that begin with the last ``overlap`` bytes of the piece before: what stands at its end is whole in one."""
    before = b""
    with path.open("rb") as file:
        while piece := file.read(BYTES_AT_ONCE):
            yield before + piece
            before = piece[-overlap:] if overlap else b""


def _in_bytes(data: bytes, patterns: Patterns, deeper: int) -> int:
    """In bytes of any kind: as text in several encodings, escapes undone, and in data that is packed into the text."""
    found = int(patterns.are_in_bytes(data))
    said = []
    if b"\\" in data:
        text = data.decode("utf-8", errors="replace")
        said.append(_JSON_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else escape[2], text))
    if b"&" in data:
        said.append(html.unescape(data.decode("utf-8", errors="replace")))
    if b"\0" in data:
        said += [data[start:].decode(encoding, errors="replace") for encoding in ("utf-16-le", "utf-16-be") for start in (0, 1)]  # fmt: skip
    found += int(patterns.occurrences_in(pl.Series(said, dtype=pl.String)) > 0)
    for packed in _DATA_URI.findall(data) if b";base64," in data else ():
        try:
            found += _in_packed(base64.b64decode(packed), patterns, deeper - 1)
        except (binascii.Error, ValueError):
            continue
    return found


def _in_packed(data: bytes, patterns: Patterns, deeper: int) -> int:
    """In a file that is held in memory, whatever it is; what can not be unpacked is searched as it is."""
    if deeper <= 0:
        return _in_bytes(data, patterns, 0)
    found = 0
    try:
        for part in _parts(data):
            found += _in_packed(part, patterns, deeper - 1)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return found + _in_bytes(data, patterns, deeper)
    if found:
        return found
    if data.startswith(PARQUET_MAGIC):
        return _in_parquet(io.BytesIO(data), patterns)
    if data.startswith(SQLITE_MAGIC):
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(data)
            found = _in_database(database, patterns)
    return found + sum(_in_bytes(data[at : at + BYTES_AT_ONCE + 4 * patterns.longest], patterns, deeper) for at in range(0, len(data), BYTES_AT_ONCE))  # fmt: skip


def _parts(data: bytes) -> Iterator[bytes]:
    if data.startswith(GZIP_MAGIC):
        yield gzip.decompress(data)
    elif data.startswith(ZSTD_MAGIC):
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True) as reader:
            yield reader.read()
    elif data.startswith(ZIP_MAGIC):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)


# -- tables -----------------------------------------------------------------------------------------------------------


def _in_parquet(file: Path | io.BytesIO, patterns: Patterns) -> int:
    """All columns of a small file at once, which costs least; else one by one, so that no more is in memory."""
    try:
        names = [name for name, dtype in pl.read_parquet_schema(file).items() if _could_hold(dtype, patterns)]
        size = file.stat().st_size if isinstance(file, Path) else file.getbuffer().nbytes
        found = 0
        for some in [names] if size < BYTES_AT_ONCE else [[name] for name in names]:
            rows = pl.read_parquet(file, columns=some, hive_partitioning=False, glob=False)
            texts = [texts for column in rows.get_columns() for texts in _texts(column)]
            found += patterns.occurrences_in(pl.concat(texts)) if texts else 0
        return found + _in_bytes(_footer(file), patterns, 1)
    except (pl.exceptions.PolarsError, OSError):
        return _in_bytes_of(file, patterns) if isinstance(file, Path) else _in_bytes(file.getvalue(), patterns, 1)


def _footer(file: Path | io.BytesIO) -> bytes:
    data = io.BytesIO(file.getvalue()) if isinstance(file, io.BytesIO) else file.open("rb")
    with data:
        data.seek(-8, io.SEEK_END)
        size = int.from_bytes(data.read(4), "little")
        data.seek(-8 - size, io.SEEK_END)
        return data.read(size)


_NUMBER, _MOMENT = "-.0123456789", "-.0123456789:+ tuc"
"""What numbers and moments are written with. Most texts that are searched for have another letter, and can not be one."""


def _could_hold(dtype: pl.DataType, patterns: Patterns) -> bool:
    """Whether a column of this type could hold one of the texts."""
    if dtype.is_numeric():
        return patterns.are_within(_NUMBER)
    return patterns.are_within(_MOMENT) if dtype.is_temporal() else dtype != pl.Boolean


def _texts(column: pl.Series) -> Iterator[pl.Series]:
    """The values of a column as texts, those inside lists and structs too."""
    dtype = column.dtype
    if isinstance(dtype, pl.Struct):
        for part in dtype.fields:
            yield from _texts(column.struct.field(part.name))
    elif isinstance(dtype, pl.List | pl.Array):
        yield from _texts(column.explode())
    elif dtype == pl.Binary:
        yield pl.Series([value.decode("utf-8", errors="replace") for value in column.drop_nulls()], dtype=pl.String)
    elif dtype.is_float():
        values = column.drop_nulls()
        whole = values.filter((values == values.floor()) & (values.abs() < 2.0**53))
        yield whole.cast(pl.Int64).unique().cast(pl.String)
    elif dtype == pl.String:
        yield column.drop_nulls()
    else:
        yield column.unique().cast(pl.String).drop_nulls()


_ODD = {
    "\\u": rb"\\u[0-9a-fA-F]{4}",
    ";base64,": rb";base64,",
    "&": b"&(?:#[0-9xX]|[A-Za-z][A-Za-z0-9]{1,31};|"
    + "|".join(sorted(name for name in html5 if name[-1] != ";")).encode()
    + b")",
}
"""What begins a text that is not spelled as it is read, and how it is found in bytes: a mere "Smith & Co" is not one. Some names of
letters need no semicolon behind them."""

_ODD_PATTERNS = {sign: re.compile(pattern) for sign, pattern in _ODD.items()}


_LONGEST_ODD = 34
"""Bytes of the longest of these."""


def _in_sqlite(path: Path, patterns: Patterns) -> int:
    """In the bytes of a database, and in those of its values that these do not show as they are read."""
    if not _is_utf8(path):
        return _in_values(path, patterns, _ODD) + _in_bytes_of(path, patterns)
    found, odd = _in_pages(path, patterns)
    return found + _in_values(path, patterns, odd | _odd_in_sides(path))


def _in_pages(path: Path, patterns: Patterns) -> tuple[int, set[str]]:
    """In the bytes of a database in UTF-8; and which of :data:`_ODD` stand in them, as values need not be asked for the others."""
    found, odd = 0, set[str]()
    for piece in _pieces(path, max(4 * patterns.longest, _LONGEST_ODD)):
        found += int(patterns.are_in_bytes(piece))
        odd |= _odd_in(piece, odd)
    return found, odd


def _odd_in_sides(path: Path) -> set[str]:
    """Those of :data:`_ODD` that stand in what lies beside a database; all of them where it vanishes: nobody can tell any more."""
    odd: set[str] = set()
    for side in (path.with_name(f"{path.name}{side}") for side in SQLITE_SIDES):
        try:
            for piece in _pieces(side, _LONGEST_ODD) if side.exists() else ():
                odd |= _odd_in(piece, odd)
        except FileNotFoundError:
            return set(_ODD)
    return odd


def _odd_in(piece: bytes, known: Collection[str]) -> set[str]:
    return {sign for sign, pattern in _ODD_PATTERNS.items() if sign not in known and pattern.search(piece)}


def _in_values(path: Path, patterns: Patterns, odd: Collection[str]) -> int:
    """In every value of every table. The file is only read; what can not be opened is left to the search of its bytes."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            return _in_database(database, patterns, odd)
    except sqlite3.Error:
        return 0


def _is_utf8(path: Path) -> bool:
    """Whether a database keeps its texts in UTF-8 (https://www.sqlite.org/fileformat.html, offset 56)."""
    with path.open("rb") as file:
        return file.read(60)[56:60] == b"\0\0\0\1"


def _in_database(database: sqlite3.Connection, patterns: Patterns, odd: Collection[str] = tuple(_ODD)) -> int:
    """In the values that a page does not hold in one piece, as text. ``odd``: those of :data:`_ODD` that values may hold."""
    database.text_factory = lambda value: value.decode("utf-8", errors="replace")
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = 0
    for name in map(_quoted, names):
        columns = [_quoted(column[1]) for column in database.execute(f"PRAGMA table_info({name})")]
        size = " + ".join(f"ifnull(length(CAST({column} AS BLOB)), 0)" for column in columns)
        signs = sorted(odd)
        is_odd = " OR ".join(
            " OR ".join([f"typeof({column}) = 'blob'", *(f"instr({column}, ?)" for _ in signs)]) for column in columns
        )
        asked = [LONGEST_IN_ONE_PIECE, *(sign for _ in columns for sign in signs)]
        rows = database.execute(f"SELECT * FROM {name} WHERE {size} > ? OR {is_odd}", asked)
        while some := rows.fetchmany(ROWS_AT_ONCE // 10):
            found += _in_cells((cell for row in some for cell in row), patterns)
        for column in columns:
            found += sum(
                database.execute(
                    f"SELECT count(*) FROM {name} WHERE {column} = ? AND typeof({column}) <> 'text'", [number]
                ).fetchone()[0]
                for number in patterns.numbers
            )
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _in_cells(cells: Iterable[object], patterns: Patterns) -> int:
    texts: list[str] = []
    found = 0
    for cell in cells:
        if isinstance(cell, bytes):
            found += _in_packed(cell, patterns, DEEPEST - 1)
        elif cell is not None:
            texts.append(str(cell))
            if isinstance(cell, str) and any(sign in cell for sign in (";base64,", "\\u", "&")):
                found += _in_bytes(cell.encode(), patterns, 2)
    return found + patterns.occurrences_in(pl.Series(texts, dtype=pl.String))
