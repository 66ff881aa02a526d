from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pytest
import xlsxwriter
import zstandard

from cdp_assets.sources import reading
from cdp_assets.sources.compression import ExpansionLimits
from cdp_assets.sources.reading import FileRefused, content_sha256, read_delivery
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

    monkeypatch.setattr(reading, "content_of", growing)
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
