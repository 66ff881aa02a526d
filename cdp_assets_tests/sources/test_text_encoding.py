from __future__ import annotations

import codecs

import pytest

from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.text_encoding import utf8_text, without_bom

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
