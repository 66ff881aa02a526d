from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.whole_lines import WholeLines, in_chunks, read_ahead


def texts(*pieces: bytes, newlines_only: bool = False, longest: int = 100) -> list[bytes]:
    lines = WholeLines(iter(pieces), longest, newlines_only=newlines_only)
    found = []
    while not lines.is_all:
        lines.more()
        found.append(lines.text)
        lines.take(len(lines.text), lines.text.count(b"\n"))
    return found


def test_text_is_handed_out_in_whole_lines() -> None:
    assert texts(b"a\nb", b"c\nd", b"e") == [b"a\n", b"bc\n", b"de\n"]
    assert texts(b"a", b"b", b"\n") == [b"ab\n", b""]
    assert texts() == [b""]


def test_a_carriage_return_may_be_half_a_line_end() -> None:
    assert texts(b"a\r", b"\nb\r", b"c") == [b"a\r\n", b"b\rc\n"]
    assert texts(b"a\rb", b"c\r") == [b"a\r", b"bc\r"]


def test_json_lines_end_with_newlines_only() -> None:
    assert texts(b"a\rb", b"\nc", newlines_only=True) == [b"a\rb\n", b"c\n"]


def test_waiting_for_the_end_of_a_row_doubles_what_is_read() -> None:
    lines = WholeLines(iter([b"a\n"] * 100))
    sizes = []
    for _ in range(4):
        lines.more()
        sizes.append(len(lines.text))
    assert sizes == [2, 4, 8, 16]


def test_a_line_that_is_too_long_is_refused_with_its_number() -> None:
    with pytest.raises(FileRefused, match="line 3 is longer"):
        texts(b"a\nb\n", b"x" * 101)
    with pytest.raises(FileRefused, match="line 2 is longer"):
        texts(b"a\n" + b"x" * 101 + b"\nb\n")
    assert b"".join(texts(b"x" * 100 + b"\n")) == b"x" * 100 + b"\n"


def test_chunks_have_a_size_and_all_bytes() -> None:
    assert list(in_chunks(iter([b"ab", b"c", b"d", b"ef", b"g"]), 3)) == [b"abc", b"def", b"g"]


def test_reading_ahead_is_done_by_another_thread_and_tells_its_errors() -> None:
    threads = set()

    def pieces() -> Iterator[bytes]:
        for piece in (b"a", b"b"):
            threads.add(threading.get_ident())
            yield piece
        raise FileRefused("damaged", "it is", "deliver it again")

    found: list[bytes] = []
    ahead = read_ahead(pieces())
    with pytest.raises(FileRefused, match="it is"):
        found.extend(piece for piece in ahead)
    assert found == [b"a", b"b"]
    assert threading.get_ident() not in threads


def test_reading_ahead_can_be_left_early() -> None:
    ahead = read_ahead(iter([b"a", b"b", b"c"]))
    assert next(ahead) == b"a"
    ahead.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]
