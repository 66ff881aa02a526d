from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cdp_assets.sources import json_lines
from cdp_assets.sources.json_lines import JsonLinesReader, JsonTable, read_json_lines
from cdp_assets.sources.line_problems import (
    JSON_KEY_EMPTY,
    JSON_KEY_REPEATED,
    JSON_NOT_AN_OBJECT,
    JSON_TOO_DEEP,
    JSON_UNREADABLE,
    NOT_UNICODE,
)
from cdp_assets.sources.refusal import FileRefused


def read(*lines: str, wanted: tuple[str, ...] = ()) -> JsonTable:
    return read_json_lines("".join(f"{line}\n" for line in lines).encode(), wanted)


def first(*lines: str, wanted: tuple[str, ...] = ()) -> dict[str, object]:
    table = read(*lines, wanted=wanted)
    return {name: table.frame[f"={name}"][0] for name in table.header}


def test_values_are_text_as_written() -> None:
    assert first(
        '{"a": "007", "b": 1.0, "c": 1e5, "d": -0, "e": true, "f": null, "g": "", "h": 123456789012345678901}'
    ) == {
        "a": "007",
        "b": "1.0",
        "c": "1e5",
        "d": "-0",
        "e": "true",
        "f": None,
        "g": None,
        "h": "123456789012345678901",
    }


def test_nested_objects_become_dotted_columns() -> None:
    assert first('{"id": 1, "who": {"name": "x", "at": {"city": "y"}}, "none": {}}') == {
        "id": "1",
        "who.name": "x",
        "who.at.city": "y",
    }


def test_lists_stay_json_and_their_items_can_be_named() -> None:
    line = '{"tags": ["x", 1, 1.50, {"é": null}, true], "mails": [{"to": "p", "n": 1}, {"to": "q"}]}'
    assert first(line)["tags"] == '["x",1,1.50,{"é":null},true]'
    found = first(line, wanted=("tags.0", "mails.1.to", "mails.7.to"))
    assert (found["tags.0"], found["mails.1.to"]) == ("x", "q")
    assert set(found) == {"tags", "tags.0", "mails", "mails.1.to"}


def test_the_null_of_an_object_is_no_column_of_its_own() -> None:
    lines = ('{"id": 1, "user": null}', '{"id": 2, "user": {"name": "x"}}')
    assert read(*lines).header == ("id", "user.name")
    assert read(*lines, wanted=("user",)).header == ("id", "user", "user.name")
    assert read(*lines, '{"id": 3, "user": "y"}').header == ("id", "user", "user.name")


def test_columns_are_those_of_all_lines_in_order_of_sight() -> None:
    table = read('{"b": 1}', '{"a": 2, "b": 3}')
    assert table.header == ("b", "a")
    assert table.frame.select("_line", "=b", "=a").rows() == [(1, "1", None), (2, "3", "2")]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("{", JSON_UNREADABLE),
        ('{"a": NaN}', JSON_UNREADABLE),
        ('{"a": 01}', JSON_UNREADABLE),
        ("[" * 100_000, JSON_TOO_DEEP),
        ('{"a": ' * 101 + "1" + "}" * 101, JSON_TOO_DEEP),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", JSON_TOO_DEEP),
        ('["a"]', JSON_NOT_AN_OBJECT),
        ("7", JSON_NOT_AN_OBJECT),
        ('{"a": 1, "a": 2}', JSON_KEY_REPEATED),
        ('{"x": {"a": 1, "a": 2}}', JSON_KEY_REPEATED),
        ('{"x.y": 1, "x": {"y": 2}}', JSON_KEY_REPEATED),
        ('{"": 1}', JSON_KEY_EMPTY),
        ('{"a": "\\u0000"}', NOT_UNICODE),
        ('{"a": "\\ud800"}', NOT_UNICODE),
        ('{"\\ud800": "a"}', NOT_UNICODE),
    ],
)
def test_a_line_that_is_no_row_is_kept_whole(line: str, rule: str) -> None:
    frame = read('{"a": "x"}', line, '{"a": "y"}').frame
    assert frame.select("_line", "_problem", "=a").rows() == [(1, None, "x"), (2, rule, None), (3, None, "y")]
    assert frame["_text"][1] == line


def test_an_escaped_character_is_that_character() -> None:
    assert first('{"a": "\\u00e9\\ud83d\\ude00"}') == {"a": "é😀"}


def test_blank_lines_are_skipped_and_numbers_are_those_of_the_file() -> None:
    table = read("", '{"a": 1}', "  ", '{"a": 2}')
    assert table.frame["_line"].to_list() == [2, 4]
    assert table.blank_lines == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(end: str) -> None:
    table = read_json_lines(end.join(['{"a": "x"}', '{"a": "y"}']).encode())
    assert table.frame["=a"].to_list() == ["x", "y"]


def test_no_line_is_no_row() -> None:
    assert read().header == ()
    assert read().frame.is_empty()


def test_a_document_is_not_lines() -> None:
    with pytest.raises(FileRefused, match="one object per line"):
        read("[", '{"a": 1},', '{"a": 2}]'[:-1] + ",", "]")


def test_one_object_with_a_fault_is_a_line_with_a_fault() -> None:
    assert read('{"a": 1, "a": 2}').frame["_problem"].to_list() == [JSON_KEY_REPEATED]


def test_values_as_keys_are_refused() -> None:
    with pytest.raises(FileRefused, match="distinct keys"):
        read("{" + ",".join(f'"k{n}": 1' for n in range(10_001)) + "}")


def test_more_rows_than_one_batch_are_one_table() -> None:
    table = read(*(f'{{"id": {n}}}' for n in range(50_001)), '{"id": "x", "late": "y"}')
    assert table.frame.height == 50_002
    assert table.frame.filter(pl.col("=late").is_not_null())["=id"].to_list() == ["x"]
    assert table.frame["_line"].to_list() == list(range(1, 50_003))


_SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.sampled_from('ab "\\\n\té😀{}[]:,'), max_size=5),
)
_KEY = st.sampled_from(["id", "a b", "é", "x.y", "x", "$", "y"])
_VALUE = st.one_of(_SCALAR, st.dictionaries(_KEY, _SCALAR, max_size=2), st.lists(_SCALAR, max_size=2))
_SPACES = st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.dictionaries(_KEY, _VALUE, min_size=1, max_size=4), _SPACES, st.booleans()), max_size=6))
def test_lines_read_by_their_shape_say_what_lines_read_one_by_one_say(
    lines: list[tuple[dict[str, object], tuple[str, str], bool]],
) -> None:
    text = "".join(json.dumps(o, separators=s, ensure_ascii=a) + "\n" for o, s, a in lines).encode()
    at_once, one_by_one = read_json_lines(text, fewest_of_a_shape=1), read_json_lines(text, fewest_of_a_shape=10**9)
    assert at_once.header == one_by_one.header
    assert_frame_equal(at_once.frame, one_by_one.frame)


@pytest.mark.parametrize("line", ['{"a": 01}', '{"a": .5}', '{"a": 1.}', '{"a": +1}', '{"a": "x\ty"}', '{"a": 1} x'])
def test_a_shape_fits_nothing_that_is_not_json(line: str) -> None:
    text = f'{{"a": 1}}\n{line}\n{{"a": "x"}}\n'.encode()
    frame = read_json_lines(text, fewest_of_a_shape=1).frame
    assert frame.select("_problem", "=a").rows() == [(None, "1"), (JSON_UNREADABLE, None), (None, "x")]


# -- in pieces --------------------------------------------------------------------------------------------------------


def in_pieces(text: bytes, *sizes: int) -> Iterator[bytes]:
    start = 0
    for size in cycle(sizes):
        if start >= len(text):
            return
        yield text[start : start + size]
        start += size


def said(text: str, *sizes: int, longest: int = 1 << 20) -> object:
    try:
        with JsonLinesReader(in_pieces(text.encode(), *sizes), fewest_of_a_shape=2, longest_line=longest) as reader:
            rows = [row for batch in reader.batches() for row in batch.rows()]
            return reader.header, rows, reader.blank_lines
    except FileRefused:
        return "refused"


_LINES = st.lists(
    st.one_of(
        st.dictionaries(_KEY, _VALUE, max_size=3).map(lambda found: json.dumps(found, ensure_ascii=False)),
        st.sampled_from(
            ["", " ", "{", "[1]", '{"a": 1, "a": 2}', '{"user": null}', '{"user": {"name": "x"}}', '{"a":\r1}']
        ),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(
    _LINES,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.sampled_from([12, 1 << 20]),
)
def test_how_a_text_comes_in_pieces_does_not_matter(lines: list[str], end: str, sizes: list[int], longest: int) -> None:
    text = end.join(lines)
    assert said(text, *sizes, longest=longest) == said(text, 1 << 20, longest=longest)


def test_no_piece_is_lost_when_the_first_line_is_as_long_as_may_be() -> None:
    text = '{"a b": 0.0}\n{}'
    assert said(text, 1, longest=12) == said(text, 1 << 20, longest=12)


def test_columns_are_known_before_the_first_batch_and_the_same_in_all() -> None:
    text = b'{"id": 1}\n{"id": 2}\n{"late": 3}\n'
    with JsonLinesReader(in_pieces(text, 11)) as reader:
        assert reader.header == ("id", "late")
        batches = list(reader.batches())
    assert [batch.columns for batch in batches] == [["_line", "_problem", "_text", "=id", "=late"]] * 3
    assert pl.concat(batches)["=late"].to_list() == [None, None, "3"]


def test_what_is_too_much_for_memory_is_put_by_in_a_file_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "IN_MEMORY", 100)
    text = "".join(f'{{"id": {n}, "k{n % 3}": "x"}}\n' for n in range(500))
    with JsonLinesReader(in_pieces(text.encode(), 1000), spool_dir=tmp_path) as reader:
        ids = [value for batch in reader.batches() for value in batch["=id"]]
        assert list(tmp_path.iterdir()) == []
    assert ids == [str(n) for n in range(500)]


def test_a_line_without_end_is_refused() -> None:
    assert said('{"a": 1}\n{"a": "' + "x" * 100, 7, longest=50) == "refused"
