"""Bytes to UTF-8 text, without guessing an encoding.

What does not belong here: splitting the text into lines and columns.
"""

from __future__ import annotations

import codecs

from cdp_assets.sources.refusal import FileRefused

_BOMS = (
    # UTF-32's mark begins with UTF-16's: ask for the longer one first.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_CHECKED_AT_ONCE = 4 << 20
_LOOKED_AT = 4096


def without_bom(first_bytes: bytes) -> bytes:
    """The bytes without a byte order mark at their beginning."""
    return next((first_bytes[len(bom) :] for bom, _ in _BOMS if first_bytes.startswith(bom)), first_bytes)


def utf8_text(data: bytes, declared: str | None) -> bytes:
    """``data`` as valid UTF-8 without a byte order mark.

    A byte order mark says the encoding; without one it is ``declared`` or else UTF-8. Raises :class:`FileRefused` for
    bytes that are not text in that encoding, and for NUL characters.
    """
    marked = next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), None)
    encoding = marked[1] if marked else (declared or "utf-8")
    body = data[len(marked[0]) :] if marked else data
    if codecs.lookup(encoding).name in ("utf-8", "ascii"):
        _refuse_nul(body)
        _require_utf8(body, declared)
        return body
    try:
        text = body.decode(encoding).removeprefix("\ufeff").encode("utf-8")
    except UnicodeError:
        raise FileRefused(
            "encoding",
            f"it is not text in {encoding}, which {'its byte order mark' if marked else 'the contract'} says it is",
            "correct `extract: encoding`" if not marked else "deliver it again, in one encoding",
        ) from None
    _refuse_nul(text)
    return text


def _require_utf8(body: bytes, declared: str | None) -> None:
    if body.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    checked = memoryview(body)
    for start in range(0, len(body), _CHECKED_AT_ONCE):
        end = start + _CHECKED_AT_ONCE
        try:
            decoder.decode(checked[start:end], final=end >= len(body))
        except UnicodeDecodeError as problem:
            line = body.count(b"\n", 0, start + problem.start) + 1
            raise FileRefused(
                "encoding",
                f"line {line} is not UTF-8 text",
                "correct `extract: encoding`, or deliver it in one encoding"
                if declared
                else "declare what it is, for example `extract: {encoding: latin-1}`, or deliver UTF-8",
            ) from None


def _refuse_nul(body: bytes) -> None:
    position = body.find(b"\0")
    if position < 0:
        return
    beginning = body[:_LOOKED_AT]
    if beginning.count(b"\0") * 3 > len(beginning):
        little = beginning[1:2] == b"\0"
        raise FileRefused(
            "nul_bytes",
            "it looks like UTF-16 without a byte order mark",
            f"declare `extract: {{encoding: utf-16-{'le' if little else 'be'}}}`",
        )
    line = body.count(b"\n", 0, position) + 1
    raise FileRefused("nul_bytes", f"line {line} holds a NUL character", "deliver text; remove NUL characters")
