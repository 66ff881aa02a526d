from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from itertools import cycle

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.sources.delimited import DelimitedReader, DelimitedTable, read_delimited
from cdp_assets.sources.line_problems import QUOTE_MISPLACED, QUOTE_NOT_CLOSED, RAGGED_ROW
from cdp_assets.sources.refusal import FileRefused


def read(text: str, declared: str | None = None, expected: tuple[str, ...] = ()) -> DelimitedTable:
    return read_delimited(text.encode(), declared, expected)


def in_pieces(text: bytes, *sizes: int) -> Iterator[bytes]:
    start = 0
    for size in cycle(sizes):
        if start >= len(text):
            return
        yield text[start : start + size]
        start += size


def said(text: str, *sizes: int, declared: str | None = None, longest: int = 1 << 20) -> object:
    """All that is read of a text that comes in pieces of these sizes; of a refused one, that it is."""
    try:
        reader = DelimitedReader(in_pieces(text.encode(), *sizes), declared, longest_row=longest)
        rows = [row for batch in reader.batches() for row in batch.rows()]
    except FileRefused:
        return "refused"
    return reader.header, reader.delimiter, rows, reader.blank_lines


def rows(text: str, declared: str | None = None) -> list[tuple[object, ...]]:
    """Line number and values of each sound row."""
    frame = read(text, declared).frame.filter(pl.col("_problem").is_null())
    return frame.drop("_problem", "_text").rows()


def problems(text: str) -> list[tuple[int, str, str]]:
    """Line number, rule and text of each line that was kept whole."""
    return read(text).frame.filter(pl.col("_problem").is_not_null()).select("_line", "_problem", "_text").rows()


def test_values_stay_as_delivered() -> None:
    assert rows("id,a,b\n007, x ,NO\n1e5,1.0,=cmd|'/c calc'!A0\n") == [
        (2, "007", " x ", "NO"),
        (3, "1e5", "1.0", "=cmd|'/c calc'!A0"),
    ]


def test_an_empty_value_is_null_quoted_or_not() -> None:
    assert rows('id,a,b\n1,,""\n') == [(2, "1", None, None)]


def test_quotes_hold_delimiters_quotes_and_line_ends() -> None:
    assert rows('id,a\n1,"x, ""y"""\n2,"one\ntwo\n\nthree"\n3,z\n') == [
        (2, "1", 'x, "y"'),
        (3, "2", "one\ntwo\n\nthree"),
        (7, "3", "z"),
    ]


def test_a_quoted_value_may_hold_what_looks_like_rows() -> None:
    assert rows('id,a\n1,"x\n2,y\n3,z"\n4,w\n') == [(2, "1", "x\n2,y\n3,z"), (5, "4", "w")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(end: str) -> None:
    text = end.join(["id,a", "1,x", '2,"y"', "", "3,z"])
    assert rows(text + end) == rows(text) == [(2, "1", "x"), (3, "2", "y"), (5, "3", "z")]


def test_a_quoted_value_keeps_its_own_line_ends() -> None:
    assert rows('id,a\r\n1,"x\r\ny"\r\n') == [(2, "1", "x\r\ny")]
    assert rows('id,a\r1,"x\ry"\r2,z\r') == [(2, "1", "x\ry"), (3, "2", "z")]
    assert rows('id,a\n1,"x\ry"\n2,z\n') == [(2, "1", "x\ry"), (3, "2", "z")]


def test_a_quote_inside_an_unquoted_value_is_a_character() -> None:
    assert rows('id,a\n1,5" pipe\n2,y\n') == [(2, "1", '5" pipe'), (3, "2", "y")]


def test_blank_lines_are_skipped_and_counted() -> None:
    table = read("\n\nid,a\n\n1,x\n\r\n2,y\n\n\n")
    assert table.frame["_line"].to_list() == [5, 7]
    assert table.blank_lines == 6


def test_a_line_of_delimiters_is_a_row_of_nothing() -> None:
    assert rows("id,a\n,\n") == [(2, None, None)]


def test_ragged_rows_are_kept_whole() -> None:
    text = "id,a,b\n1,x\n2,x,y\n3,x,y,z\n4,x,y\n"
    assert rows(text) == [(3, "2", "x", "y"), (5, "4", "x", "y")]
    assert problems(text) == [(2, RAGGED_ROW, "1,x"), (4, RAGGED_ROW, "3,x,y,z")]


def test_a_ragged_row_over_several_lines_is_one() -> None:
    assert problems('id,a,b\n1,"x\ny"\n2,x,y\n') == [(2, RAGGED_ROW, '1,"x\ny"')]


def test_a_stray_quote_costs_one_line_only() -> None:
    text = 'id,a,b\n1,"x,y\n2,p,q\n3,r,s\n4,t,"u"\n'
    assert problems(text) == [(2, QUOTE_NOT_CLOSED, '1,"x,y')]
    assert [row[1] for row in rows(text)] == ["2", "3", "4"]


def test_a_stray_quote_does_not_swallow_sound_rows() -> None:
    text = 'id,a,b\n1,"x,y\n2,p,q\n3,r,s\n4,t,u"\n'
    assert problems(text) == [(2, QUOTE_NOT_CLOSED, '1,"x,y')]
    assert [row[1:] for row in rows(text)] == [("2", "p", "q"), ("3", "r", "s"), ("4", "t", 'u"')]


def test_a_stray_quote_that_meets_another_costs_the_two_lines() -> None:
    text = 'id,a,b\n1,"x,y\n2,p,q\n3,"r,s\n4,t,u\n'
    assert [line for line, _, _ in problems(text)] == [2, 4]
    assert [row[1] for row in rows(text)] == ["2", "4"]


def test_text_after_a_closing_quote_is_not_lost() -> None:
    assert problems('id,a\n1,"x"y\n2,z\n') == [(2, QUOTE_MISPLACED, '1,"x"y')]
    assert problems('id,a\n1,"say \\"hi\\""\n')[0][1] == QUOTE_MISPLACED


def test_a_row_at_the_end_without_a_line_end_counts() -> None:
    assert rows("id,a\n1,x\n2,y") == [(2, "1", "x"), (3, "2", "y")]


def test_an_empty_file_and_a_header_only_have_no_row() -> None:
    assert read("").header == ()
    assert read("\n\n").header == ()
    assert read("id,a\n").header == ("id", "a")
    assert read("id,a").frame.is_empty()


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_from_the_header(mark: str) -> None:
    assert rows(f"id{mark}a\n1{mark}x\n") == [(2, "1", "x")]


def test_an_unclear_delimiter_is_refused_not_guessed() -> None:
    with pytest.raises(FileRefused, match=r"can be split in 2 ways.*delimiter") as refused:
        read("id;last, first\n1;x, y\n")
    assert refused.value.rule == "delimiter_unclear"


def test_the_contract_tells_which_delimiter_is_meant() -> None:
    assert read("id;last, first\n", expected=("id",)).header == ("id", "last, first")
    assert read("id;last, first\n", declared=";").header == ("id", "last, first")


def test_a_delimiter_inside_quotes_is_none() -> None:
    assert read('"last, first";id\n').header == ("last, first", "id")


def test_excels_own_declaration_is_heard() -> None:
    table = read("sep=;\nid;a,b\n1;x\n")
    assert table.header == ("id", "a,b")
    assert table.frame["_line"].to_list() == [3]


def test_any_character_can_be_declared() -> None:
    for mark in "^~:| .$":
        assert rows(f'id{mark}a\n1{mark}"x{mark}y"\n2{mark}z\n', mark) == [(2, "1", f"x{mark}y"), (3, "2", "z")]


def test_one_column_needs_no_delimiter() -> None:
    assert rows('email\nx@y.example\n\n""\n"a,b"\n') == [(2, "x@y.example"), (4, None), (5, "a,b")]


def test_header_cells_lose_the_spaces_around_them() -> None:
    assert read("id, a ,b \n").header == ("id", "a", "b")
    assert read("\ufeffid,a\n").header == ("id", "a")


def test_a_header_may_go_on_over_lines() -> None:
    table = read('id,"first\nname"\n1,x\n')
    assert table.header == ("id", "first\nname")
    assert table.frame["_line"].to_list() == [3]


@pytest.mark.parametrize(("header", "rule"), [("id,,a", "header_empty"), ("id,a,a", "header_repeated")])
def test_columns_need_names_of_their_own(header: str, rule: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(f"{header}\n1,2,3\n")
    assert refused.value.rule == rule


def test_columns_that_differ_in_capitals_only_are_refused() -> None:
    with pytest.raises(FileRefused, match="columns 1 and 2"):
        read("Email,email\n")


def test_wide_tables_are_read_and_absurd_ones_refused() -> None:
    header = ",".join(f"c{n}" for n in range(5000))
    assert read(f"{header}\n{',' * 4999}\n").frame.shape == (1, 5003)
    with pytest.raises(FileRefused, match="200,000 columns"):
        read(",".join(f"c{n}" for n in range(200_000)) + "\n")


def test_a_field_of_ten_megabytes_is_a_field() -> None:
    long = "x" * 10_000_000
    assert rows(f"id,a\n1,{long}\n") == [(2, "1", long)]
    lines = "y\n" * 100_000
    assert rows(f'id,a\n1,"{lines}"\n') == [(2, "1", lines)]


def test_a_mark_at_the_first_value_is_not_lost() -> None:
    assert rows("id,a\n\ufeffx,y\n") == [(2, "\ufeffx", "y")]


_TEXT = st.text(st.sampled_from("ab,\";|\t \n\r'éß\u200b😀"), max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(_TEXT, _TEXT, _TEXT), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_a_csv_writer_writes_is_read_back(table: list[tuple[str, ...]], end: str, quoting: int) -> None:
    if quoting == csv.QUOTE_MINIMAL:  # this writer leaves a lone CR unquoted, so nobody could read it back
        table = [tuple(value.replace("\r", "") for value in row) for row in table]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["a", "b", "c"])
    writer.writerows(table)
    read_back = read_delimited(out.getvalue().encode(), ",")
    assert read_back.frame["_problem"].null_count() == len(table)
    assert read_back.frame.drop("_line", "_problem", "_text").rows() == [
        tuple(value or None for value in row) for row in table
    ]


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from('ab,"\n\r'), max_size=60))
def test_no_character_of_any_file_is_lost(body: str) -> None:
    """Whatever the body, each of its letters is in a value or in the text of a line that was kept whole."""
    for header in ("x,y", "x,y,", "x,y,,"):
        table = read_delimited(f"{header}\n{body}".encode(), ",")
        values = table.frame.drop("_line", "_problem").rows()
        kept = "".join(value for row in values for value in row if value)
        for letter in "ab":
            assert kept.count(letter) == body.count(letter)
        assert table.frame["_line"].is_unique().all()


# -- in pieces --------------------------------------------------------------------------------------------------------

_NASTY = st.one_of(
    st.text(st.sampled_from('ab,;"\n\r\té '), max_size=50),
    st.lists(
        st.lists(st.sampled_from(["", "a", "é", '"x"', '"x,y"', '"x\ny"', '"x\ry"', '"x""y"', '""', '5"', '"x', 'x" "y"']), min_size=1, max_size=3).map(",".join),
        max_size=6,
    ).flatmap(lambda lines: st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\r\n"]).map(lambda end: end.join([*lines, ""]))),
)  # fmt: skip
_HEADS = st.sampled_from(
    [
        "x,y\n",
        "x,y,\n",
        'x,"",,\r\n',
        "x,y,\n\n\n",
        "x,y\r\n",
        "x\r",
        '\n"x\ny",z\n',
        "sep=;\nx;y\n",
        "x;y,z\n",
        "\n\r\n",
        "",
    ]
)
_SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=4)
_NO_PIECES = 1 << 20


@settings(max_examples=100, deadline=None)
@given(_HEADS, _NASTY, _SIZES, st.sampled_from([None, ",", ";"]))
def test_how_a_text_comes_in_pieces_does_not_matter(
    head: str, body: str, sizes: list[int], declared: str | None
) -> None:
    assert said(head + body, *sizes, declared=declared) == said(head + body, _NO_PIECES, declared=declared)


@settings(max_examples=80, deadline=None)
@given(_NASTY, _SIZES, st.integers(4, 30))
def test_neither_does_it_where_rows_are_too_long(body: str, sizes: list[int], longest: int) -> None:
    text = "x,y\n" + body
    assert said(text, *sizes, longest=longest) == said(text, _NO_PIECES, longest=longest)


def test_a_batch_holds_what_has_come() -> None:
    batches = list(DelimitedReader(in_pieces(b'id,a\n1,x\n2,"y\nz"\n3,w\n', 12), None).batches())
    assert [batch["column_0"].to_list() for batch in batches] == [["1"], ["2", "3"]]


def test_a_quote_that_is_never_closed_costs_one_line_however_long_the_file() -> None:
    text = 'id,a\n1,"x\n' + "2,y\n" * 50
    for sizes in ((3,), (_NO_PIECES,)):
        _, _, found, _ = said(text, *sizes, longest=40)  # type: ignore[misc]
        assert found[0] == (2, QUOTE_NOT_CLOSED, '1,"x', None, None)
        assert found[1:] == [(line, None, None, "2", "y") for line in range(3, 53)]


def test_a_value_over_lines_may_be_as_long_as_a_row_may_be_and_no_longer() -> None:
    text = 'id,a\n1,"x\ny"\n2,z\n'
    fits, too_long = len('1,"x\ny"\n'), len('1,"x\ny"\n') - 1
    assert said(text, 2, longest=fits)[2][0] == (2, None, None, "1", "x\ny")  # type: ignore[index]
    assert said(text, 2, longest=too_long)[2][0] == (2, QUOTE_NOT_CLOSED, '1,"x', None, None)  # type: ignore[index]


def test_a_line_without_end_is_refused_before_it_fills_memory() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield b"id,a\n1,x\n"
        while True:
            taken += 1000
            yield b"x" * 1000

    reader = DelimitedReader(endless(), None, longest_row=10_000)
    with pytest.raises(FileRefused, match="line 3 is longer") as refused:
        list(reader.batches())
    assert refused.value.rule == "line_too_long"
    assert taken < 20_000


def test_a_million_columns_are_refused_without_being_made() -> None:
    names = [f"n{n}".encode() for n in range(1_000_000)]
    for header in (b",".join(names), b'"' + b'","'.join(names) + b'"'):
        tracemalloc.start()
        with pytest.raises(FileRefused, match="1,000,000 columns") as refused:
            DelimitedReader(in_pieces(header + b"\n", 1 << 22), None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert refused.value.rule == "too_many_columns"
        assert peak < 8 * len(header)


def test_a_ragged_line_of_a_million_values_is_one_line() -> None:
    (line,) = problems("id,a\n" + "x," * 1_000_000 + "\n2,y\n")
    assert line[:2] == (2, RAGGED_ROW)


def test_many_wide_rows_are_read() -> None:
    header = ",".join(f"c{n}" for n in range(5000))
    text = f"{header}\n" + "".join(",".join([str(row)] * 5000) + "\n" for row in range(40))
    reader = DelimitedReader(in_pieces(text.encode(), 100_000), None)
    assert sum(batch.height for batch in reader.batches()) == 40


def test_all_ways_of_reading_agree() -> None:
    """Plain rows, quoted ones, ones over several lines and broken ones: each has a way of its own."""
    plain = "".join(f"{n},a{n}\n" for n in range(50))
    quoted = "".join(f'"{n}","a{n}"\n' for n in range(50))
    values = [(str(n), f"a{n}") for n in range(50)]
    for text in (plain, quoted, plain.replace("\n", "\r\n"), quoted.replace("\n", "\r\n"), plain.replace("\n", "\r")):
        assert [row[1:] for row in rows(f"id,a\n{text}")] == values
        assert [row[1:] for row in rows(f'id,a\n{text}51,"x\ny"\n')] == [*values, ("51", "x\ny")]
        assert [row[1:] for row in rows(f'id,a\n{text}51,"x\n')] == values
