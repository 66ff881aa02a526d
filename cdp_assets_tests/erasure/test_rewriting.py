"""A delivered file loses some lines, and stays byte for byte what it was else, in every format that is read."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
import xlsxwriter
import zstandard

from cdp_assets.erasure.rewriting import without_lines
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.reading import read_delivery

ROWS = ("1,ana,a@x.example", '2,"ben\nin ""two"" lines",b@x.example', "3,cara,c@x.example", "4,dan,d@x.example")
TEXT = "\n".join(("id,name,email", *ROWS)) + "\n"
WITHOUT_BEN_AND_DAN = "\n".join(("id,name,email", ROWS[0], ROWS[2])) + "\n"
BEN_AND_DAN = (3, 6)
"""The lines at which their rows begin."""


def contract(**extract: str) -> SourceContract:
    return SourceContract.model_validate(
        {
            "source": "crm",
            "kind": "profiles",
            "key": "id",
            "columns": {"full_name": "name", "email": "email"},
            "extract": {"files": "*", **extract},
        }
    )


def rewritten(path: Path, lines: tuple[int, ...] = BEN_AND_DAN, **extract: str) -> bytes | None:
    target = path.parent / ".rewritten.tmp"
    return target.read_bytes() if without_lines(path, contract(**extract), lines, target) else None


TEXTS = {
    "as it is": TEXT,
    "ended by CR LF": TEXT.replace("\n", "\r\n"),
    "without a last end": TEXT.removesuffix("\n"),
    "with letters of Europe": TEXT.replace("ana", "Łucja").replace("cara", "Zoë"),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_csv_loses_rows_of_one_and_of_several_lines(name: str, encoding: str, tmp_path: Path) -> None:
    text = TEXTS[name]
    rows = text.replace("\r\n", "\n")
    for row in (ROWS[1], ROWS[3]):
        rows = rows.replace(f"{row}\n", "").removesuffix(row)
    wanted = rows.replace("\n", "\r\n") if "\r\n" in text else rows
    (tmp_path / "f.csv").write_bytes(text.encode(encoding))
    assert rewritten(tmp_path / "f.csv") == wanted.encode(encoding)


def test_an_encoding_that_the_contract_declares_is_kept(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(TEXT.replace("ana", "Zoë").encode("cp1252"))
    wanted = WITHOUT_BEN_AND_DAN.replace("ana", "Zoë").encode("cp1252")
    assert rewritten(tmp_path / "f.csv", encoding="cp1252") == wanted


def test_compression_is_kept(tmp_path: Path) -> None:
    (tmp_path / "f.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "f.csv.zst").write_bytes(zstandard.compress(TEXT.encode()))
    packed, other = rewritten(tmp_path / "f.csv.gz"), rewritten(tmp_path / "f.csv.zst")
    assert packed is not None
    assert gzip.decompress(packed).decode() == WITHOUT_BEN_AND_DAN
    assert other is not None
    assert zstandard.decompress(other).decode() == WITHOUT_BEN_AND_DAN


def test_json_lines_lose_lines_and_columns_that_only_they_had(tmp_path: Path) -> None:
    lines = ['{"id": 1, "name": "ana", "email": null}', "", '{"id": 2, "name": "ben", "only": "ben\'s"}', '{"id": 3, "name": "c"}']  # fmt: skip
    (tmp_path / "f.jsonl").write_text("\n".join(lines))
    assert rewritten(tmp_path / "f.jsonl", (3,)) == "\n".join([lines[0], "", lines[3]]).encode()


def test_parquet_loses_rows_and_what_its_statistics_said_of_them(tmp_path: Path) -> None:
    rows = pl.DataFrame({"id": [1, 2, 3], "name": ["ana", "zzz-ben", "cara"], "email": ["a@x", "b@x", "c@x"]})
    rows.write_parquet(tmp_path / "f.parquet", statistics=True)
    made = rewritten(tmp_path / "f.parquet", (2,))
    assert made is not None
    assert b"zzz-ben" not in made
    (tmp_path / "g.parquet").write_bytes(made)
    assert pl.read_parquet(tmp_path / "g.parquet").equals(rows[[0, 2]])
    assert not pq.ParquetFile(tmp_path / "g.parquet").metadata.row_group(0).column(1).is_stats_set


def test_a_workbook_loses_rows_and_the_shared_texts_of_them(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "f.xlsx") as book:
        sheet = book.add_worksheet()
        for n, row in enumerate([("id", "name", "email"), (1, "ana", "a@x"), (2, "ben", "b@x"), (3, "cara", "a@x")]):
            sheet.write_row(n, 0, row)
    made = rewritten(tmp_path / "f.xlsx", (3,))
    assert made is not None
    (tmp_path / "g.xlsx").write_bytes(made)
    left = read_delivery(tmp_path / "g.xlsx", contract()).frame
    assert left.select("id", "name", "email").rows() == [("1", "ana", "a@x"), ("3", "cara", "a@x")]


def test_what_can_not_be_rewritten_beyond_doubt_is_not(tmp_path: Path) -> None:
    (tmp_path / "damaged.csv").write_bytes(b"id,id\n1,2\n")
    assert rewritten(tmp_path / "damaged.csv", (2,)) is None
    with xlsxwriter.Workbook(tmp_path / "two.xlsx") as book:
        for _ in range(2):
            book.add_worksheet().write_row(0, 0, ("id", "name", "email"))
    assert rewritten(tmp_path / "two.xlsx", (2,)) is None
    # A carriage return inside of quotes, in a text whose lines end so: which line is whose is not told by counting them.
    (tmp_path / "odd.csv").write_bytes(b'id,name,email\r1,"a\rb",x@x.example\r2,c,d@x.example\r')
    assert rewritten(tmp_path / "odd.csv", (3,)) in (None, b'id,name,email\r1,"a\rb",x@x.example\r')


def test_the_byte_order_mark_of_a_text_stays(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(codecs.BOM_UTF8 + TEXT.encode())
    made = rewritten(tmp_path / "f.csv")
    assert made is not None
    assert made.startswith(codecs.BOM_UTF8)
