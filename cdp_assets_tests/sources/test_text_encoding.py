from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.text_encoding import utf8_pieces, utf8_text, without_bom

TEXT = "id,name\n1,Łucja Müller 😀\n"


@pytest.mark.parametrize(
    ("bom", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_says_the_encoding(bom: bytes, encoding: str) -> None:
    data = bom + TEXT.encode(encoding)
    assert utf8_text(data, None) == TEXT.encode()
    assert utf8_text(data, "latin-1") == TEXT.encode() or not bom
    assert without_bom(data) == TEXT.encode(encoding)


def test_a_declared_encoding_is_used() -> None:
    assert utf8_text("é€".encode("windows-1252"), "windows-1252") == "é€".encode()
    assert utf8_text(TEXT.encode("utf-16-le"), "utf-16-le") == TEXT.encode()


def test_an_undeclared_encoding_is_refused_with_the_line_and_what_to_declare() -> None:
    with pytest.raises(FileRefused, match=r"line 3 is not UTF-8 text.*latin-1") as refused:
        utf8_text(b"id\n1\nM\xfcller\n", None)
    assert "ller" not in str(refused.value)


def test_bytes_that_are_not_what_is_declared_are_refused() -> None:
    with pytest.raises(FileRefused, match="the contract says"):
        utf8_text(b"\x81", "windows-1252")
    with pytest.raises(FileRefused, match="byte order mark says"):
        utf8_text(codecs.BOM_UTF16_LE + b"a", None)


def test_a_bad_byte_far_into_the_file_is_found_on_its_line() -> None:
    with pytest.raises(FileRefused, match="line 2000001 "):
        utf8_text("é\n".encode() * 2_000_000 + b"\xff\n", None)


def test_a_letter_over_the_border_of_two_checks_is_whole() -> None:
    text = b"x" * ((4 << 20) - 1) + "é".encode()
    assert utf8_text(text, None) == text
    with pytest.raises(FileRefused, match="line 1 "):
        utf8_text(text[:-1], None)


def test_nul_is_refused_and_utf16_without_mark_recognised() -> None:
    with pytest.raises(FileRefused, match="line 2 holds a NUL"):
        utf8_text(b"id\n\0\n", None)
    with pytest.raises(FileRefused, match="utf-16-le"):
        utf8_text("id,name\n".encode("utf-16-le"), None)
    with pytest.raises(FileRefused, match="utf-16-be"):
        utf8_text("id,name\n".encode("utf-16-be"), None)
    with pytest.raises(FileRefused, match="NUL"):
        utf8_text(b"abcd\0", "latin-1")


def in_pieces(data: bytes, declared: str | None, size: int, beginning: bytes = b"") -> tuple[str, bytes] | str:
    small = [data[n : n + size] for n in range(0, len(data), size)]
    try:
        encoding, pieces = utf8_pieces(iter([beginning, *small]), declared)
        return encoding, b"".join(pieces)
    except FileRefused as refused:
        return str(refused)


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("ab\né€😀\0\ufeff"), max_size=12),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "latin-1", "windows-1252", "shift_jis"]),
    st.sampled_from([None, "utf-16-le", "latin-1", "windows-1252", "shift_jis", "utf-16"]),
    st.integers(0, 3),
    st.integers(1, 5),
)
def test_how_bytes_come_in_pieces_does_not_matter(
    text: str, written: str, declared: str | None, cut: int, size: int
) -> None:
    data = text.encode(written, errors="replace")
    data = data[: len(data) - cut]
    # The beginning is long enough to tell what the text is; what comes after it is in small pieces.
    for beginning in (b"", b"a\n" * 2048):
        small, whole = in_pieces(data, declared, size, beginning), in_pieces(beginning + data, declared, 1 << 20)
        # Of two faults in a text that has to be decoded first, either may be found first.
        assert small == whole or (declared is not None and isinstance(small, str) and isinstance(whole, str))


def test_the_encoding_that_a_text_is_read_in_is_told() -> None:
    for data, declared, encoding in (
        (b"a", None, "utf-8"),
        (b"a", "ascii", "utf-8"),
        (b"a", "windows-1252", "windows-1252"),
        (codecs.BOM_UTF16_BE, "latin-1", "utf-16-be"),
    ):
        assert utf8_pieces(iter([data]), declared)[0] == encoding


def test_the_first_fault_is_the_one_that_is_told() -> None:
    assert in_pieces(b"id\n\0\n\xff\n", None, 100) == in_pieces(b"id\n\0\n", None, 100)
    assert "line 2 is not UTF-8" in str(in_pieces(b"id\n\xff\n\0\n", None, 100))
