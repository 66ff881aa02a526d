"""The search of a certificate finds a planted value in every format, and nothing where there is nothing."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from threading import Event
from urllib.parse import quote

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
import zstandard
from deltalake import DeltaTable, write_deltalake

from cdp_assets.erasure import scanning
from cdp_assets.erasure.patterns import Patterns
from cdp_assets.erasure.scanning import VanishingFilesError, occurrences_in_file, scan

CANARY = "Łucja.Canary+1@example.org"
PLAIN = "someone.else@example.org"
NUMBER = "447700900456"

Plant = Callable[[Path, str], object]


def parquet(path: Path, value: str) -> None:
    pl.DataFrame({"a": [1, 2], "email": ["x", value]}).write_parquet(path / "f.parquet")


def nested_parquet(path: Path, value: str) -> None:
    rows = [{"people": [{"mails": [value], "n": 1}]}, {"people": []}]
    pl.DataFrame(rows).write_parquet(path / "f.parquet")


def parquet_dictionary_and_map(path: Path, value: str) -> None:
    column = pa.array([[("key", value)]], pa.map_(pa.string(), pa.string()))
    coded = pa.array(["x"]).dictionary_encode()
    pq.write_table(pa.table({"map": column, "coded": coded}), path / "f.parquet")


def parquet_metadata(path: Path, value: str) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(path / "f.parquet", metadata={"note": value})


def parquet_of_bytes(path: Path, value: str) -> None:
    pl.DataFrame({"a": [value.encode()]}).write_parquet(path / "f.parquet")


def sqlite_row(path: Path, value: str) -> None:
    with closing(sqlite3.connect(path / "f.db")) as database:
        database.execute("CREATE TABLE t (a TEXT)")
        database.execute("INSERT INTO t VALUES (?)", [value])
        database.commit()


def sqlite_long_row(path: Path, value: str) -> None:
    """Over several pages, so that the value is cut by a page's end somewhere."""
    with closing(sqlite3.connect(path / "f.db")) as database:
        database.execute("CREATE TABLE t (a TEXT)")
        database.execute("INSERT INTO t VALUES (?)", [value.join("." * n for n in range(4070, 4096))])
        database.commit()


def sqlite_free_page(path: Path, value: str) -> None:
    with closing(sqlite3.connect(path / "f.db")) as database:
        database.execute("PRAGMA secure_delete=OFF")
        database.execute("CREATE TABLE t (a TEXT)")
        database.executemany("INSERT INTO t VALUES (?)", [[value]] * 3)
        database.commit()
        database.execute("DELETE FROM t")
        database.commit()


def sqlite_log(path: Path, value: str) -> None:
    """Written to the log beside the file, and in neither table of the file itself; a copy, as a killed process leaves it."""
    with closing(sqlite3.connect(path / "made.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE t (a TEXT)")
        database.execute("INSERT INTO t VALUES (?)", [value])
        database.commit()
        database.execute("DELETE FROM t")
        database.commit()
        (path / "f.db-wal").write_bytes((path / "made.db-wal").read_bytes())
    (path / "made.db").unlink()


def sqlite_blob(path: Path, value: str) -> None:
    with closing(sqlite3.connect(path / "f.db")) as database:
        database.execute("CREATE TABLE t (a BLOB)")
        database.execute("INSERT INTO t VALUES (?)", [gzip.compress(value.encode())])
        database.commit()


def sqlite_utf16(path: Path, value: str) -> None:
    with closing(sqlite3.connect(path / "f.db")) as database:
        database.execute("PRAGMA encoding='UTF-16le'")
        database.execute("PRAGMA secure_delete=OFF")
        database.execute("CREATE TABLE t (a TEXT)")
        database.execute("INSERT INTO t VALUES (?)", [value])
        database.commit()
        database.execute("DELETE FROM t")
        database.commit()


def gz(path: Path, value: str) -> None:
    (path / "f.csv.gz").write_bytes(gzip.compress(f"a,b\n1,{value}\n".encode()))


def zst(path: Path, value: str) -> None:
    (path / "f.jsonl.zst").write_bytes(zstandard.compress(json.dumps({"a": value}).encode()))


def packed_twice(path: Path, value: str) -> None:
    held = io.BytesIO()
    pl.DataFrame({"a": [value]}).write_parquet(held)
    with zipfile.ZipFile(path / "f.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in.parquet.gz", gzip.compress(held.getvalue()))


def json_text(path: Path, value: str) -> None:
    (path / "f.json").write_text(json.dumps({"a": [value]}))


def json_all_escaped(path: Path, value: str) -> None:
    (path / "f.json").write_text('{"a": "' + "".join(f"\\u{ord(letter):04X}" for letter in value) + '"}')


def delta_log(path: Path, value: str) -> None:
    write_deltalake(str(path), pl.DataFrame({"a": [value]}))
    for file in path.glob("*.parquet"):
        file.unlink()


def delta_checkpoint(path: Path, value: str) -> None:
    write_deltalake(str(path), pl.DataFrame({"a": [value]}))
    DeltaTable(str(path)).create_checkpoint()
    for file in [*path.glob("*.parquet"), *(path / "_delta_log").glob("*.json")]:
        file.unlink()


def delta_commit(path: Path, value: str) -> None:
    """A name of a partition's folder, as a log spells it."""
    (path / "00000000000000000000.json").write_text(
        json.dumps({"add": {"path": f"name={quote(value)}/part-0.parquet"}})
    )


def xlsx(path: Path, value: str) -> None:
    with xlsxwriter.Workbook(path / "f.xlsx") as book:
        book.add_worksheet().write_string(1, 1, value)


def page(path: Path, value: str) -> None:
    (path / "f.html").write_text(f"<td>{html.escape(value)}</td>")


def page_of_entities(path: Path, value: str) -> None:
    (path / "f.html").write_text("".join(f"&#{ord(letter)};" for letter in value))


def picture(path: Path, value: str) -> None:
    drawn = base64.b64encode(f"<svg><text>{html.escape(value)}</text></svg>".encode()).decode()
    (path / "f.md").write_text(f"![x](data:image/svg+xml;base64,{drawn})")


def utf16(path: Path, value: str) -> None:
    (path / "f.csv").write_bytes(f"a,b\n1,{value}\n".encode("utf-16"))


def other_case(path: Path, value: str) -> None:
    (path / "f.log").write_text(value.upper())


def file_name(path: Path, value: str) -> None:
    (path / f"export-{value}.txt").write_text("nothing")


def end_of_a_piece(path: Path, value: str) -> None:
    """Where a large file is cut into the pieces that are searched."""
    (path / "f.bin").write_bytes(b"." * ((16 << 20) - 9) + value.encode() + b"." * 100)


PLANTS = (
    parquet, nested_parquet, parquet_dictionary_and_map, parquet_metadata, parquet_of_bytes, sqlite_row, sqlite_long_row,
    sqlite_free_page, sqlite_log, sqlite_blob, sqlite_utf16, gz, zst, packed_twice, json_text, json_all_escaped, delta_log,
    delta_checkpoint, delta_commit, xlsx, page, page_of_entities, picture, utf16, other_case, file_name, end_of_a_piece,
)  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_value_is_found_and_another_is_not_taken_for_it(plant: Plant, tmp_path: Path) -> None:
    for folder, value in (("planted", CANARY), ("innocent", PLAIN)):
        (tmp_path / folder).mkdir()
        plant(tmp_path / folder, value)
    patterns = Patterns.of([CANARY])
    assert scan(tmp_path / "planted", patterns).found.total() >= 1
    assert scan(tmp_path / "innocent", patterns).found.total() == 0


def test_numbers_and_days_are_found_where_they_are_no_text(tmp_path: Path) -> None:
    pl.DataFrame({"phone": [int(NUMBER)], "born": [date(1984, 3, 7)]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"phone": [float(NUMBER), None]}).write_parquet(tmp_path / "b.parquet")
    with closing(sqlite3.connect(tmp_path / "c.db")) as database:
        database.execute("CREATE TABLE t (a INTEGER)")
        database.execute("INSERT INTO t VALUES (?)", [int(NUMBER)])
        database.commit()
    assert scan(tmp_path, Patterns.of([NUMBER])).found == {"parquet": 2, "sqlite": 1}
    assert scan(tmp_path, Patterns.of(["1984-03-07"])).found == {"parquet": 1}


def test_what_can_not_be_taken_apart_is_searched_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"\x1f\x8b" + CANARY.encode())
    (tmp_path / "b.parquet").write_bytes(b"PAR1" + CANARY.encode())
    (tmp_path / "c.zip").write_bytes(b"PK\x03\x04" + CANARY.encode())
    assert scan(tmp_path, Patterns.of([CANARY])).found.total() == 3


def test_what_is_skipped_is_not_searched_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "mine.txt").write_text(CANARY)
    (tmp_path / "out.txt").write_text(CANARY)
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "out.txt")
    assert scan(tmp_path / "in", Patterns.of([CANARY]), skip=[tmp_path / "in" / "mine.txt"]).files.total() == 0


def test_the_digest_tells_whether_the_same_files_were_searched(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    first = scan(tmp_path, Patterns.of([CANARY]))
    assert scan(tmp_path, Patterns.of([CANARY])).digest == first.digest
    (tmp_path / "a.txt").write_text("two")
    assert scan(tmp_path, Patterns.of([CANARY])).digest != first.digest


def test_a_log_that_vanishes_is_searched_where_its_pages_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever had the database open closes it, when the database has been searched and its log has not."""
    database = sqlite3.connect(tmp_path / "f.db", check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE t (a TEXT)")
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.execute("INSERT INTO t VALUES (?)", [CANARY])
    database.commit()
    searched = Event()

    def occurrences(path: Path, patterns: Patterns) -> int:
        if path.name == "f.db":
            found = occurrences_in_file(path, patterns)
            searched.set()
            return found
        if path.exists():
            assert searched.wait(timeout=30)
            database.close()
        return occurrences_in_file(path, patterns)

    monkeypatch.setattr(scanning, "occurrences_in_file", occurrences)
    made = scan(tmp_path, Patterns.of([CANARY]))
    assert (made.files, made.found) == ({"sqlite": 1}, {"sqlite": 1})


def test_what_has_not_changed_is_not_searched_again_when_a_file_vanishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.db-shm", "c.txt"):
        (tmp_path / name).write_text(CANARY)
    looked: Counter[str] = Counter()

    def occurrences(path: Path, patterns: Patterns) -> int:
        looked[path.name] += 1
        (tmp_path / "b.db-shm").unlink(missing_ok=True)
        return occurrences_in_file(path, patterns)

    monkeypatch.setattr(scanning, "occurrences_in_file", occurrences)
    made = scan(tmp_path, Patterns.of([CANARY]))
    assert (made.files, made.found) == ({"other": 2}, {"other": 2})
    assert (looked["a.txt"], looked["c.txt"]) == (1, 1)


def test_files_that_come_and_go_without_end_prove_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "0.txt").write_text("nothing")

    def occurrences(path: Path, patterns: Patterns) -> int:
        path.rename(path.with_name(f"{int(path.stem) + 1}.txt"))
        return occurrences_in_file(path, patterns)

    monkeypatch.setattr(scanning, "occurrences_in_file", occurrences)
    with pytest.raises(VanishingFilesError):
        scan(tmp_path, Patterns.of([CANARY]))


def test_the_bytes_of_a_database_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_row(tmp_path, CANARY)
    read: Counter[str] = Counter()
    pieces = scanning._pieces

    def counted(path: Path, overlap: int) -> Iterator[bytes]:
        read[path.name] += 1
        return pieces(path, overlap)

    monkeypatch.setattr(scanning, "_pieces", counted)
    assert occurrences_in_file(tmp_path / "f.db", Patterns.of([CANARY])) == 1
    assert read == {"f.db": 1}


def test_a_sign_of_an_escape_is_seen_where_a_piece_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest name of a letter, at every place of a piece: a database that does not show it is not asked for it."""
    monkeypatch.setattr(scanning, "BYTES_AT_ONCE", 40)
    patterns = Patterns.of(["a\u2233b"])
    for pad in range(40):
        folder = tmp_path / str(pad)
        folder.mkdir()
        sqlite_row(folder, "a&CounterClockwiseContourIntegral;b" + "." * pad)
        assert occurrences_in_file(folder / "f.db", patterns) == 1


def test_texts_that_differ_in_case_only_are_all_told_apart_and_all_found() -> None:
    patterns = Patterns.of(["ulica Słoneczna 7", "ulica słoneczna 7", "ULICA JASNA 1"])
    said = pl.Series(["mieszka: ulica słoneczna 73", None, "ulica Jasna 2"])
    assert patterns.found_in(said) == {"ulica Słoneczna 7", "ulica słoneczna 7"}
    assert patterns.held_by(said).to_list() == [True, False, False]
