"""Files whose lines end with delimiters say what they say without them, and no value under no name is lost."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from cdp_assets.sources.delimited import DelimitedTable, read_delimited
from cdp_assets.sources.drafting import draft_contract
from cdp_assets.sources.line_problems import LINE_PROBLEMS, RAGGED_ROW, VALUE_WITHOUT_COLUMN
from cdp_assets.sources.nameless_columns import without_nameless_end
from cdp_assets.sources.reading import read_delivery
from cdp_assets.sources.refusal import FileRefused
from cdp_assets_tests.sources.contract_text import crm

LINES = ["id,name,email", "1,Ann,a@companyx.example", "2,Bo,", "", ',"C, y",', '4,"D\ny",d@companyx.example']


def text_of(rows_end: str, header_ends: str, mark: str = ",", end: str = "\n") -> str:
    header, *rows = LINES
    ended = [header + header_ends, *(row + rows_end if row else "" for row in rows)]
    return end.join([*(line.replace(",", mark) for line in ended), ""])


def read(text: str, declared: str | None = None, expected: tuple[str, ...] = ()) -> DelimitedTable:
    return read_delimited(text.encode(), declared, expected)


def sound(table: DelimitedTable) -> list[tuple[object, ...]]:
    frame = table.frame.filter(pl.col("_problem").is_null())
    return frame.select("_line", *(name for name in frame.columns if name.startswith("column"))).rows()


def problems(text: str) -> list[tuple[int, str, str]]:
    return read(text).frame.filter(pl.col("_problem").is_not_null()).select("_line", "_problem", "_text").rows()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("header_ends", "rows_end"),
    [(",", ","), (",", ""), (',""', ',""'), (",,,", ",,,"), (",,,", ""), (",,,", ",")],
)
def test_a_file_says_the_same_with_nameless_columns_at_its_end(
    header_ends: str, rows_end: str, mark: str, end: str
) -> None:
    plain, ended = read(text_of("", "", mark, end)), read(text_of(rows_end, header_ends, mark, end))
    assert ended.header == plain.header == ("id", "name", "email")
    assert ended.frame.equals(plain.frame)
    assert ended.blank_lines == plain.blank_lines == 1
    assert plain.frame["_problem"].null_count() == 4


@pytest.mark.parametrize("mark", [",", "\t"])
def test_in_every_wrapping_and_by_a_contract(tmp_path: Path, mark: str) -> None:
    by = crm(on_new_column="refuse")
    plain = text_of("", "", mark).encode()
    for rows_end in ("", ","):
        ended = text_of(rows_end, ",", mark).encode()
        for name, content in {
            "a.csv": ended, "b.csv": b"\xef\xbb\xbf" + ended, "c.csv.gz": gzip.compress(ended),
        }.items():  # fmt: skip
            (tmp_path / name).write_bytes(content)
            (tmp_path / "plain.csv").write_bytes(plain)
            found, without = read_delivery(tmp_path / name, by), read_delivery(tmp_path / "plain.csv", by)
            assert found.columns == without.columns
            assert found.new_columns == ()
            assert found.frame.equals(without.frame)


def test_a_value_without_a_column_is_not_lost() -> None:
    for ends in ("x", '"x"', "x,", ",x"):
        text = f"id,a,,\n1,p,,\n2,q,{ends}\n3,r,,\n"
        assert (3, VALUE_WITHOUT_COLUMN, f"2,q,{ends}") in problems(text)
        assert [row[1:] for row in sound(read(text))] == [("1", "p"), ("3", "r")]
    assert problems('id,a,\n1,"p\nq",x\n2,q\n') == [(2, VALUE_WITHOUT_COLUMN, '1,"p\nq",x')]
    assert problems("id,a,\n1,p\n2,q,x\n") == [(3, VALUE_WITHOUT_COLUMN, "2,q,x")]
    assert "name that column" in LINE_PROBLEMS[VALUE_WITHOUT_COLUMN]


def test_where_every_row_has_one_every_row_is_kept_whole() -> None:
    table = read("id,a,\n" + "".join(f"{n},p,x{n}\n" for n in range(50)))
    assert table.frame["_problem"].to_list() == [VALUE_WITHOUT_COLUMN] * 50
    assert table.frame["_text"].to_list() == [f"{n},p,x{n}" for n in range(50)]


def test_spaces_are_nothing_in_a_column_without_a_name() -> None:
    assert sound(read("id,a, \n1,p, \n2,q,\t\n3,r\n")) == [(2, "1", "p"), (3, "2", "q"), (4, "3", "r")]


def test_rows_may_leave_off_what_others_end_with() -> None:
    text = "id,a,b,,\n1,p,q,,\n2,r,s\n3,t,\n4,u,v,\n"
    assert [row[1:] for row in sound(read(text))] == [
        ("1", "p", "q"),
        ("2", "r", "s"),
        ("3", "t", None),
        ("4", "u", "v"),
    ]


def test_a_row_that_lacks_a_value_and_ends_like_the_others_is_not_padded() -> None:
    assert problems("id,a,b,\n1,p,q,\n2,r,\n3,s,t,\n") == [(3, RAGGED_ROW, "2,r,")]
    assert problems('id,a,b,\n1,p,q,\n2,"r\ns",\n') == [(3, RAGGED_ROW, '2,"r\ns",')]
    assert problems("id,a,b,\n1,p,q\n2,r,\n3,s,t\n") == [], "here rows do not end so"
    assert problems("id,a,b,\n1,p\n\n2,r,\n3,s,t\n4,u,\n")[0] == (2, RAGGED_ROW, "1,p"), (
        "what does not fit tells nothing"
    )


def test_rows_of_fewer_or_more_fields_than_the_header_stay_ragged() -> None:
    text = "id,a,b,\n1,p,q,\n2,r\n3,s,t,,\n4,u,v,w,x\n"
    assert [(line, rule) for line, rule, _ in problems(text)] == [(n, RAGGED_ROW) for n in (3, 4, 5)]


def test_one_column_is_one_where_the_contract_expects_it() -> None:
    table = read("email,\na@companyx.example,\n\n,\nb@companyx.example\n", expected=("email",))
    assert sound(table) == [(2, "a@companyx.example"), (4, None), (5, "b@companyx.example")]
    with pytest.raises(FileRefused, match="column 2, 3 has no name"):
        read("All our customers,,\n,,\nid,name,email\n")


def test_nameless_columns_before_a_named_one_and_no_names_at_all_are_refused() -> None:
    for header, places in {"id,,a,": "column 2", ",id,": "column 1", ",,": "column 1, 2, 3"}.items():
        with pytest.raises(FileRefused, match=f"{places} has no name"):
            read(f"{header}\n1,2,3,\n")
    assert without_nameless_end(["", "id", ""], ()) == ("", "id")


def test_a_draft_is_refused_where_most_rows_have_a_value_there(tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("id,email,\n1,a@companyx.example,x\n2,b@companyx.example,y\n3,,\n")
    with pytest.raises(
        FileRefused, match="2 rows have a value in a column at the end that has no name; give"
    ) as refused:
        draft_contract(tmp_path / "crm.csv")
    assert refused.value.rule == "header_empty"


def test_a_draft_does_not_see_them(tmp_path: Path) -> None:
    for folder, rows_end, header_ends in (("plain", "", ""), ("ended", ",,", ",,"), ("header", "", ",")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "crm.csv").write_text(text_of(rows_end, header_ends))
    drafts = [draft_contract(tmp_path / folder / "crm.csv") for folder in ("plain", "ended", "header")]
    assert drafts[0] == drafts[1] == drafts[2]
