from __future__ import annotations

import codecs
import gzip
import io
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pytest
import xlsxwriter
import zstandard

from cdp_assets.sources import delivered_content, reading
from cdp_assets.sources.compression import ExpansionLimits
from cdp_assets.sources.contract_model import Extract
from cdp_assets.sources.reading import FileRefused, content_sha256, open_delivery, read_delivery, read_table
from cdp_assets_tests.sources.contract_text import crm

CSV = "id,name,email\n007, Łucja ,NO\n8,,x@y.example\n"
ROWS = [(2, "007", " Łucja ", "NO"), (3, "8", None, "x@y.example")]


def landed(folder: Path, content: bytes | str, name: str = "crm.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(path: Path, **parts: object) -> list[tuple[object, ...]]:
    return read_delivery(path, crm(**parts)).frame.drop("_problem", "_text").rows()


def refusal(path: Path, **parts: object) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        read_delivery(path, crm(**parts))
    return refused.value


def workbook(sheets: dict[str, list[list[object]]], hidden: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd"})
    for name, lines in sheets.items():
        sheet = book.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        for number, line in enumerate(lines):
            for column, value in enumerate(line):
                if value is not None:
                    sheet.write(number, column, value)
    book.close()
    return out.getvalue()


def parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


# -- formats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crm.csv", CSV.encode()),
        ("crm.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("crm.csv", gzip.compress(CSV.encode(), mtime=0)),
        ("crm.csv.zst", zstandard.ZstdCompressor().compress(CSV.encode())),
        ("crm.tsv", CSV.replace(",", "\t").encode()),
        ("crm.csv", codecs.BOM_UTF8 + CSV.encode()),
        ("crm.csv", codecs.BOM_UTF16_LE + CSV.encode("utf-16-le")),
        ("no ending", CSV.encode()),
    ],
)
def test_delimited_text_in_every_wrapping(tmp_path: Path, name: str, content: bytes) -> None:
    assert rows(landed(tmp_path, content, name)) == ROWS


def test_json_lines(tmp_path: Path) -> None:
    text = '{"id": "007", "name": " Łucja ", "email": "NO"}\n{"id": 8, "email": "x@y.example"}\n'
    expected = [(line - 1, *values) for line, *values in ROWS]
    assert rows(landed(tmp_path, text, "crm.jsonl")) == expected
    assert rows(landed(tmp_path, gzip.compress(text.encode()), "crm.ndjson.gz")) == expected
    assert rows(landed(tmp_path, text, "no ending")) == expected


def test_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [7.0, 8.0], "name": [" Łucja ", ""], "email": [date(2024, 1, 5), None]})
    assert rows(landed(tmp_path, parquet(frame), "crm.csv")) == [
        (1, "7", " Łucja ", "2024-01-05"),
        (2, "8", None, None),
    ]
    assert rows(landed(tmp_path, parquet(frame.clear()), "crm.parquet")) == []


def test_excel(tmp_path: Path) -> None:
    lines = [["id", "name", "email"], [7, " Łucja ", date(2024, 1, 5)], [], ["007", 1.5, True]]
    path = landed(tmp_path, workbook({"A": lines}), "crm.xlsx")
    delivery = read_delivery(path, crm())
    assert delivery.frame.drop("_problem", "_text").rows() == [
        (2, "7", " Łucja ", "2024-01-05"),
        (4, "007", "1.5", "true"),
    ]
    assert delivery.blank_lines == 1


def test_excel_reads_the_sheet_that_has_the_columns(tmp_path: Path) -> None:
    table = [["id", "name", "email"], ["1", "x", "y"]]
    book = workbook({"Read me": [["hello"]], "Old": table, "Data": [*table, ["2", "p", "q"]]}, hidden=("Old",))
    path = landed(tmp_path, book, "crm.xlsx")
    assert [row[1] for row in rows(path)] == ["1", "2"]
    assert [row[1] for row in rows(path, extract={"sheet": "Old"})] == ["1"]
    assert refusal(path, extract={"sheet": "None"}).rule == "sheet_missing"


def test_excel_columns_without_name_and_value_are_none(tmp_path: Path) -> None:
    head = ["id", "name", "email"]
    assert rows(landed(tmp_path, workbook({"A": [[*head, " "], ["1", "x", "y"]]}), "a.xlsx")) == [(2, "1", "x", "y")]
    assert refusal(landed(tmp_path, workbook({"A": [head, ["1", "x", "y", "z"]]}), "b.xlsx")).rule == "header_empty"


def test_a_declared_encoding_and_delimiter_are_used(tmp_path: Path) -> None:
    path = landed(tmp_path, "id;name;email\n1;Müller, A;x\n".encode("latin-1"))
    assert refusal(path).rule == "encoding"
    assert rows(path, extract={"encoding": "latin-1"}) == [(2, "1", "Müller, A", "x")]
    assert refusal(path, extract={"encoding": "latin-1", "delimiter": ","}).rule == "column_missing"


@pytest.mark.parametrize("content", ["", "\n", "id,name,email\n", "id,name,email"])
def test_nothing_delivered_is_an_import_of_no_row(tmp_path: Path, content: str) -> None:
    assert read_delivery(landed(tmp_path, content), crm()).lines == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, r"\.xls"),
        (b"SQLite format 3\0", "SQLite"),
        (gzip.compress(gzip.compress(CSV.encode(), mtime=0), mtime=0), "compressed twice"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "not readable as Parquet"),
        (b"PK\x03\x04" + b"x" * 100, "not readable as Excel"),
        (gzip.compress(CSV.encode(), mtime=0)[:-5], "ends too early"),
        (b"id,name,email\n1,\0,\n", "NUL"),
        (b"\x89PNG\r\n", "picture"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(tmp_path: Path, content: bytes, says: str) -> None:
    refused = refusal(landed(tmp_path, content))
    assert re.search(says, refused.reason)
    assert refused.advice
    assert "crm.csv" not in str(refused), "a file's name can be personal"


def test_an_archive_is_no_workbook(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("crm.csv", CSV)
    assert "zip archive" in refusal(landed(tmp_path, out.getvalue())).reason


def test_a_parquet_file_that_lies_is_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [str(n) for n in range(2000)], "name": ["x"] * 2000, "email": ["y"] * 2000})
    data = bytearray(parquet(frame))
    data[8:200] = bytes(192)
    assert refusal(landed(tmp_path, bytes(data))).rule == "damaged"


def test_bombs_are_refused(tmp_path: Path) -> None:
    limits = ExpansionLimits(free_bytes=100_000, max_ratio=5)
    bomb = gzip.compress(CSV.encode() + b"9,x,y\n" * 200_000)
    sheet = workbook({"A": [["id", "name", "email"], *([["1", "x", "y"]] * 20_000)]})
    for content in (bomb, sheet):
        with pytest.raises(FileRefused, match="times larger"):
            read_delivery(landed(tmp_path, content), crm(), limits=limits)
    rows_of_nothing = pl.DataFrame({"id": pl.repeat("1", 100_000, eager=True)})
    with pytest.raises(FileRefused, match="larger than"):
        read_delivery(landed(tmp_path, parquet(rows_of_nothing)), crm(), limits=ExpansionLimits(max_bytes=1_000_000))


def test_a_file_that_changed_since_it_landed_is_refused(tmp_path: Path) -> None:
    path = landed(tmp_path, CSV)
    registered = content_sha256(path)
    assert read_delivery(path, crm(), content=registered).lines == 2
    landed(tmp_path, CSV + "9,z,z\n")
    with pytest.raises(FileRefused, match="not what it was"):
        read_delivery(path, crm(), content=registered)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = landed(tmp_path, CSV)

    def growing(file: BinaryIO, limits: ExpansionLimits) -> Iterator[bytes]:
        yield file.read()
        with path.open("ab") as writer:
            writer.write(b"9,z,z\n")

    monkeypatch.setattr(delivered_content, "content_of", growing)
    assert refusal(path).rule == "replaced"


def test_a_file_that_has_gone_is_not_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_delivery(tmp_path / "gone.csv", crm())


def test_lines_that_can_not_be_split_are_kept(tmp_path: Path) -> None:
    delivery = read_delivery(landed(tmp_path, "id,name,email\n1,x\n2,y,z\n"), crm())
    assert delivery.lines == 2
    assert delivery.frame.row(0) == (2, "ragged_row", "1,x", None, None, None)


# -- columns ----------------------------------------------------------------------------------------------------------


def test_source_columns_never_collide_with_ours(tmp_path: Path) -> None:
    frame = read_delivery(landed(tmp_path, "id,name,email,_line,_text\n1,a,b,c,d\n"), crm()).frame
    assert frame.columns == ["_line", "_problem", "_text", "id", "name", "email", "__line", "__text"]
    frame = read_delivery(landed(tmp_path, '{"id": 1, "_line": "c"}\n', "x.jsonl"), crm()).frame
    assert (frame["_line"][0], frame["__line"][0]) == (1, "c")


def test_new_columns_are_kept_ignored_or_refused(tmp_path: Path) -> None:
    path = landed(tmp_path, "id,name,email,score\n1,x,y,5\n")
    kept = read_delivery(path, crm())
    assert (kept.new_columns, kept.columns) == (("score",), ("id", "name", "email", "score"))
    assert kept.frame["score"][0] == "5"
    ignored = read_delivery(path, crm(on_new_column="ignore"))
    assert (ignored.new_columns, "score" in ignored.frame.columns) == (("score",), False)
    refused = refusal(path, on_new_column="refuse")
    assert (refused.rule, "'score'" in refused.reason) == ("column_new", True)


def test_a_missing_column_is_refused_or_null(tmp_path: Path) -> None:
    path = landed(tmp_path, "id,name\n1,x\n")
    refused = refusal(path)
    assert (refused.rule, refused.reason) == ("column_missing", "the contract's column 'email' is not in the file")
    delivery = read_delivery(path, crm(on_missing_column="null"))
    assert (delivery.missing_columns, delivery.frame["email"].to_list()) == (("email",), [None])


@pytest.mark.parametrize("became", ["Email", "E-Mail", "EMAIL ADDRESS", "emails", "Correo electrónico"])
def test_a_renamed_column_is_recognised(tmp_path: Path, became: str) -> None:
    assert f"'{became}' looks like 'email' renamed" in refusal(landed(tmp_path, f"id,name,{became}\n1,x,y\n")).advice


def test_the_first_line_of_a_file_without_header_is_not_shown(tmp_path: Path) -> None:
    refused = refusal(landed(tmp_path, "17,Dana,dana@companyx.example\n18,Kim,kim@companyx.example\n"))
    assert "ana" not in str(refused).replace("another", "")
    assert "first line is a header" in refused.advice


def test_only_what_looks_like_a_name_is_shown_as_one(tmp_path: Path) -> None:
    assert "email@" not in str(refusal(landed(tmp_path, "id,name,email@\n1,x,y\n")))
    path = landed(tmp_path, "id,name,email,dana@companyx.example\n1,x,y,z\n")
    refused = refusal(path, on_new_column="refuse")
    assert (refused.reason, refused.rule) == ("columns that the contract does not name: 1", "column_new")


def test_a_missing_delimiter_is_suspected(tmp_path: Path) -> None:
    assert "declare the delimiter" in refusal(landed(tmp_path, "id^name^email\n1^x^y\n")).advice


def test_json_lines_leave_out_what_is_null_but_not_keys(tmp_path: Path) -> None:
    path = landed(tmp_path, '{"id": 1}\n', "crm.jsonl")
    delivery = read_delivery(path, crm())
    assert delivery.missing_columns == ("name", "email")
    assert delivery.frame.select("name", "email").row(0) == (None, None)
    assert refusal(landed(tmp_path, '{"name": "x"}\n', "crm.jsonl")).rule == "column_missing"
    assert refusal(landed(tmp_path, '{"id": 1, "e-mail": "x"}\n', "crm.jsonl")).rule == "column_missing"


def test_paths_into_lists_are_columns(tmp_path: Path) -> None:
    columns = {"full_name": "who.name", "email": ["mails.0.to", "mails.1.to"]}
    path = landed(tmp_path, '{"id": 1, "who": {"name": "x"}, "mails": [{"to": "p"}]}\n', "crm.jsonl")
    frame = read_delivery(path, crm(columns=columns)).frame
    assert frame.select("id", "who.name", "mails.0.to", "mails.1.to").row(0) == ("1", "x", "p", None)


# -- content ----------------------------------------------------------------------------------------------------------


def test_content_is_the_same_whatever_its_name_and_wrapping(tmp_path: Path) -> None:
    contents = {
        "a.csv": CSV.encode(),
        "b.txt": codecs.BOM_UTF8 + CSV.encode(),
        "c.csv.gz": gzip.compress(CSV.encode(), mtime=0),
        "d.csv.gz": gzip.compress(codecs.BOM_UTF8 + CSV.encode(), 1),
        "e.csv.zst": zstandard.ZstdCompressor().compress(CSV.encode()),
    }
    assert len({content_sha256(landed(tmp_path, data, name)) for name, data in contents.items()}) == 1
    assert content_sha256(landed(tmp_path, CSV + "x", "f.csv")) != content_sha256(tmp_path / "a.csv")


def test_a_mark_is_no_content_however_small_the_pieces(tmp_path: Path) -> None:
    pieces = gzip.compress(b"\xef") + gzip.compress(b"\xbb\xbf") + gzip.compress(CSV.encode(), mtime=0)
    assert content_sha256(landed(tmp_path, pieces, "a.gz")) == content_sha256(landed(tmp_path, CSV, "b.csv"))


def test_content_of_typed_files_is_their_rows(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": ["1", "2"], "n": [1.5, None]})
    one = landed(tmp_path, parquet(frame), "a.parquet")
    out = io.BytesIO()
    frame.write_parquet(out, compression="uncompressed", row_group_size=1)
    assert content_sha256(one) == content_sha256(landed(tmp_path, out.getvalue(), "b.parquet"))
    for other in (frame.reverse(), frame.rename({"n": "m"}), frame.head(1), frame.with_columns(id=pl.lit("1"))):
        assert content_sha256(one) != content_sha256(landed(tmp_path, parquet(other), "c.parquet"))
    sheet = [["id"], ["1"]]
    first, second = (landed(tmp_path, workbook({"A": sheet}), name) for name in ("a.xlsx", "b.xlsx"))
    assert content_sha256(first) == content_sha256(second)
    assert content_sha256(first) != content_sha256(landed(tmp_path, workbook({"A": [*sheet, ["2"]]}), "c.xlsx"))


@pytest.mark.parametrize(
    "content", [gzip.compress(CSV.encode(), mtime=0)[:-4], b"PAR1 no PAR1", b"%PDF", b"PK\x03\x04 no", b"\xff\xfe\0"]
)
def test_what_can_not_be_read_still_has_a_content(tmp_path: Path, content: bytes) -> None:
    first, second = landed(tmp_path, content, "a"), landed(tmp_path, content, "b")
    assert content_sha256(first) == content_sha256(second) != content_sha256(landed(tmp_path, content + b"x", "c"))


# -- in batches -------------------------------------------------------------------------------------------------------

JSON = '{"id": "007", "name": " Łucja ", "email": "NO"}\n{"id": 8, "email": "x@y.example"}\n'
TABLE = pl.DataFrame({"id": ["007", "8"], "name": [" Łucja ", None], "email": ["NO", "x@y.example"]})


def in_every_format() -> dict[str, bytes]:
    sheet = [["id", "name", "email"], ["007", " Łucja ", "NO"], ["8", None, "x@y.example"]]
    return {
        "a.csv": CSV.encode(),
        "a.csv.gz": gzip.compress(CSV.encode()),
        "a.jsonl": JSON.encode(),
        "a.parquet": parquet(TABLE),
        "a.parquet.zst": zstandard.ZstdCompressor().compress(parquet(TABLE)),
        "a.xlsx": workbook({"A": sheet}),
    }


@pytest.mark.parametrize("name", in_every_format())
def test_batches_say_what_a_delivery_read_at_once_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 1)
    path = landed(tmp_path, in_every_format()[name], name)
    at_once = read_delivery(path, crm(on_missing_column="null", columns={"email": "email", "phone": "tel"}))
    contract = crm(on_missing_column="null", columns={"email": "email", "phone": "tel"})
    with open_delivery(path, contract, content=content_sha256(path), spool_dir=tmp_path) as stream:
        assert (stream.columns, stream.missing_columns) == (("id", "name", "email"), ("tel",))
        assert stream.new_columns == ("name",)
        assert list(stream.schema) == ["_line", "_problem", "_text", "id", "name", "email", "tel"]
        batches = list(stream.batches())
        assert all(batch.schema == stream.schema for batch in batches)
        assert [path.name for path in tmp_path.iterdir()] == [name]
    assert pl.concat(batches).equals(at_once.frame)
    assert (stream.lines, stream.problems, stream.blank_lines) == (2, 0, 0)
    assert stream.file_format == at_once.file_format


@pytest.mark.parametrize(
    ("content", "name", "encoding", "delimiter"),
    [
        (CSV.encode(), "a.csv", "utf-8", ","),
        (codecs.BOM_UTF16_LE + CSV.replace(",", ";").encode("utf-16-le"), "a.csv", "utf-16-le", ";"),
        (JSON.encode(), "a.jsonl", "utf-8", None),
        (parquet(TABLE), "a.parquet", None, None),
        (b"", "a.csv", "utf-8", None),
    ],
)
def test_what_a_text_was_read_as_is_told(
    tmp_path: Path, content: bytes, name: str, encoding: str | None, delimiter: str | None
) -> None:
    with open_delivery(landed(tmp_path, content, name), crm()) as stream:
        assert (stream.encoding, stream.delimiter) == (encoding, delimiter)


def test_a_declared_encoding_is_told(tmp_path: Path) -> None:
    path = landed(tmp_path, CSV.encode("iso8859-2"))
    with open_delivery(path, crm(extract={"encoding": "latin2"})) as stream:
        assert stream.encoding == "iso8859-2"
        assert [name for batch in stream.batches() for name in batch["name"]] == [" Łucja ", None]


def test_lines_are_counted_as_they_are_taken(tmp_path: Path) -> None:
    with open_delivery(landed(tmp_path, "id,name,email\n\n1,x\n2,y,z\n\n"), crm()) as stream:
        for _ in stream.batches():
            pass
    assert (stream.lines, stream.problems, stream.blank_lines) == (2, 1, 2)


MANY = CSV + "".join(f"{n},x,y\n" for n in range(9, 3_000_000 // 8))
"""More text than is read at once."""


def half_read(path: Path, content: str | None = None) -> tuple[int, FileRefused]:
    """Rows that came before the refusal."""
    taken: list[int] = []
    with open_delivery(path, crm(), content=content) as stream:
        with pytest.raises(FileRefused) as refused:
            taken.extend(batch.height for batch in stream.batches())
        return sum(taken), refused.value


def test_a_fault_far_into_a_file_is_found_on_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "in_chunks", lambda pieces: delivered_in(pieces, 1 << 18))
    lines = MANY.count("\n")
    taken, refused = half_read(landed(tmp_path, MANY.encode() + b"9,\xff,\n"))
    assert 0 < taken < lines
    assert f"line {lines + 1} is not UTF-8" in refused.reason
    taken, refused = half_read(landed(tmp_path, gzip.compress(MANY.encode(), 1)[:-100]))
    assert (taken > 0, refused.rule) == (True, "cut_short")


def delivered_in(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    return (piece[start : start + size] for piece in pieces for start in range(0, len(piece), size))


def test_other_content_is_refused_at_the_end_at_the_latest(tmp_path: Path) -> None:
    path = landed(tmp_path, CSV)
    registered = content_sha256(path)
    taken, refused = half_read(landed(tmp_path, CSV + "9,z,z\n"), registered)
    assert (taken, refused.rule) == (3, "replaced")
    for name, content in in_every_format().items():
        with pytest.raises(FileRefused, match="not what it was"):
            read_delivery(landed(tmp_path, content, name), crm(), content="0" * 64)


@pytest.mark.parametrize(
    "other",
    [
        b"id,name,email\n\xff,,\n",
        b"id,name\n",
        b"%PDF",
        gzip.compress(CSV.encode(), mtime=0)[:-4],
        b"id,name,email\n\0",
    ],
    ids=["other encoding", "column missing", "no table", "cut short", "NUL"],
)
def test_of_a_file_that_was_replaced_by_a_bad_one_the_replacing_is_told(tmp_path: Path, other: bytes) -> None:
    registered = content_sha256(landed(tmp_path, CSV))
    path = landed(tmp_path, other)
    with pytest.raises(FileRefused) as refused:
        read_delivery(path, crm(), content=registered)
    assert refused.value.rule == "replaced"
    with pytest.raises(FileRefused) as refused:
        read_delivery(path, crm(), content=content_sha256(path))
    assert refused.value.rule != "replaced"


def test_a_delivery_can_be_left_early(tmp_path: Path) -> None:
    path = landed(tmp_path, MANY)
    descriptors = open_files()
    with open_delivery(path, crm()) as stream:
        assert next(stream.batches()).height
    with pytest.raises(KeyError):
        failing(path, KeyError)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]
    assert open_files() == descriptors


def open_files() -> int:
    here = Path("/proc/self/fd")
    return len(list(here.iterdir())) if here.exists() else 0


def failing(path: Path, problem: type[BaseException]) -> None:
    with open_delivery(path, crm()) as stream:
        for _ in stream.batches():
            raise problem


def test_what_is_raised_where_the_batches_go_is_not_the_files_fault(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        failing(landed(tmp_path, CSV), MemoryError)


def test_a_table_is_read_without_a_contract(tmp_path: Path) -> None:
    for name, content in in_every_format().items():
        table = read_table(landed(tmp_path, content, name), Extract(files="*"))
        assert table.header == ("id", "name", "email")
        assert table.rows.select("id", "name", "email").rows() == TABLE.rows()
    assert read_table(landed(tmp_path, "id,_x\n"), Extract(files="*")).rows.columns[3:] == ["id", "__x"]


def test_content_of_parquet_is_hashed_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = landed(tmp_path, parquet(TABLE), "a.parquet")
    at_once = content_sha256(path)
    monkeypatch.setattr("cdp_assets.sources.typed_tables.MOST_ROWS_AT_ONCE", 1)
    assert content_sha256(path) == at_once
    packed = landed(tmp_path, gzip.compress(parquet(TABLE)), "b.parquet.gz")
    assert content_sha256(packed, spool_dir=tmp_path) == at_once
    assert read_delivery(packed, crm(), content=at_once).lines == 2


_PEAK = """
import sys
from pathlib import Path
from cdp_assets.sources.reading import content_sha256, open_delivery
from cdp_assets_tests.sources.contract_text import crm
path = Path(sys.argv[1])
with open_delivery(path, crm(), content=content_sha256(path)) as stream:
    for _ in stream.batches():
        pass
status = Path("/proc/self/status").read_text()
print(stream.lines, next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is told by Linux only")
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, kind: str) -> None:
    peaks = []
    for rows in (200_000, 800_000):
        number = pl.int_range(rows, eager=True).cast(pl.String)
        frame = pl.DataFrame({"id": number, "name": "Name of " + number, "email": number + "@companyx.example"})
        path = tmp_path / f"{rows}.{kind}"
        {
            "csv": frame.write_csv,
            "jsonl": frame.write_ndjson,
            "parquet": lambda path, frame=frame: frame.write_parquet(path, row_group_size=50_000),
        }[kind](path)
        done = subprocess.run([sys.executable, "-c", _PEAK, str(path)], capture_output=True, text=True, check=True)
        lines, peak = map(int, done.stdout.split())
        assert lines == rows
        peaks.append(peak / 1024)
    small, large = peaks
    assert large < 2 * small, f"{large:.0f} MB for four times the rows that took {small:.0f} MB"
