"""Bytes to UTF-8 text, without guessing an encoding, in pieces as they come.

What does not belong here: splitting the text into lines and columns.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import chain

from cdp_assets.sources.refusal import FileRefused

_BOMS = (
    # UTF-32's mark begins with UTF-16's: ask for the longer one first.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

NUL = b"\0"

_ISO_2022 = b"\x1b$"
"""How Japanese, Korean and Chinese letters begin in encodings of that family. All of its bytes are ASCII, so that without
this it would pass for UTF-8 and every name in it would be a wrong one."""

_CHECKED_AT_ONCE = 4 << 20
LOOKED_AT = 4096
"""How much of a text's beginning is looked at to tell what it is."""


def without_bom(first_bytes: bytes) -> bytes:
    """The bytes without a byte order mark at their beginning."""
    return next((first_bytes[len(bom) :] for bom, _ in _BOMS if first_bytes.startswith(bom)), first_bytes)


def utf8_text(data: bytes, declared: str | None) -> bytes:
    """``data`` as valid UTF-8 without a byte order mark: :func:`utf8_pieces` of a text that is at hand."""
    view = memoryview(data)
    pieces = (bytes(view[start : start + _CHECKED_AT_ONCE]) for start in range(0, len(data), _CHECKED_AT_ONCE))
    return b"".join(utf8_pieces(pieces, declared)[1])


def utf8_pieces(pieces: Iterator[bytes], declared: str | None) -> tuple[str, Iterator[bytes]]:
    """The encoding that a text is read in, and the text as valid UTF-8 without a byte order mark.

    A byte order mark says the encoding; without one it is ``declared`` or else UTF-8. While the pieces are taken,
    :class:`FileRefused` is raised for bytes that are not text in that encoding, and for NUL characters.
    """
    beginning = gathered(pieces, LOOKED_AT)
    marked = next(((bom, name) for bom, name in _BOMS if beginning.startswith(bom)), None)
    encoding = marked[1] if marked else (declared or "utf-8")
    body = chain([beginning[len(marked[0]) :] if marked else beginning], pieces)
    if codecs.lookup(encoding).name in ("utf-8", "ascii"):
        return "utf-8", _checked(body, is_declared=declared is not None)
    return encoding, _decoded(body, encoding, is_marked=marked is not None)


def gathered(pieces: Iterator[bytes], size: int) -> bytes:
    """The first ``size`` bytes at least, or all there are."""
    found: list[bytes] = []
    while sum(map(len, found)) < size and (piece := next(pieces, None)) is not None:
        found.append(piece)
    return b"".join(found)


def _checked(pieces: Iterator[bytes], *, is_declared: bool) -> Iterator[bytes]:
    """The same pieces, if they are UTF-8."""
    lines = _LineCounter()
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_between_letters, ends_in_escape = True, False
    for piece in chain(pieces, [None]):
        nul = -1 if piece is None else piece.find(b"\0")
        if piece is None or not (is_between_letters and piece.isascii()):
            try:
                decoder.decode(b"" if piece is None else piece, final=piece is None)
            except UnicodeDecodeError as problem:
                pending = len(problem.object) - len(piece or b"")
                if nul < 0 or problem.start < pending + nul:
                    line = lines.before(problem.object, problem.start)
                    raise _not_utf8(line, is_declared=is_declared) from None
            is_between_letters = not decoder.getstate()[0]
        if piece:
            escape = -1 if is_declared else 0 if ends_in_escape and piece[:1] == b"$" else piece.find(_ISO_2022)
            if escape >= 0 and not 0 <= nul < escape:
                raise _iso_2022(lines.before(piece, escape))
            ends_in_escape = piece.endswith(_ISO_2022[:1])
            lines.see(piece, nul)
            yield piece


def _decoded(pieces: Iterator[bytes], encoding: str, *, is_marked: bool) -> Iterator[bytes]:
    """The pieces in UTF-8."""
    lines = _LineCounter()
    decoder = codecs.getincrementaldecoder(encoding)()
    is_first = True
    for piece in chain(pieces, [None]):
        try:
            text = decoder.decode(b"" if piece is None else piece, final=piece is None)
            is_first, text = is_first and not text, text.removeprefix("\ufeff") if is_first else text
            encoded = text.encode("utf-8")
        except UnicodeError:
            raise FileRefused(
                "encoding",
                f"it is not text in {encoding}, which {'its byte order mark' if is_marked else 'the contract'} says it is",
                "correct `extract: encoding`" if not is_marked else "deliver it again, in one encoding",
            ) from None
        if encoded:
            lines.see(encoded, encoded.find(b"\0"))
            yield encoded


class _LineCounter:
    """Knows on which line of a text that has been seen in part a place of the next piece is; refuses NUL."""

    def __init__(self) -> None:
        self._lines = 0
        self._beginning: bytes | None = None

    def before(self, piece: bytes, place: int) -> int:
        """The line, from 1, of a place in the next piece."""
        return self._lines + piece.count(b"\n", 0, place) + 1

    def see(self, piece: bytes, nul: int) -> None:
        """Go on behind the next piece, which has a NUL at ``nul`` (-1: none)."""
        self._beginning = piece[:LOOKED_AT] if self._beginning is None else self._beginning
        if nul >= 0:
            raise _nul(self.before(piece, nul), self._beginning)
        self._lines += piece.count(b"\n")


def _not_utf8(line: int, *, is_declared: bool) -> FileRefused:
    return FileRefused(
        "encoding",
        f"line {line} is not UTF-8 text",
        "correct `extract: encoding`, or deliver it in one encoding"
        if is_declared
        else "declare what it is, for example `extract: {encoding: latin-1}`, or deliver UTF-8",
    )


def _iso_2022(line: int) -> FileRefused:
    return FileRefused(
        "encoding",
        f"line {line} is text in an encoding of the ISO-2022 family",
        "declare which, for example `extract: {encoding: iso2022_jp}`, or utf-8 if it is text with escape sequences",
    )


def _nul(line: int, beginning: bytes) -> FileRefused:
    if beginning.count(b"\0") * 3 > len(beginning):
        width = 32 if beginning.count(b"\0") * 5 > len(beginning) * 3 else 16
        return FileRefused(
            "nul_bytes",
            f"it looks like UTF-{width} without a byte order mark",
            f"declare `extract: {{encoding: utf-{width}-{'be' if beginning.startswith(NUL) else 'le'}}}`",
        )
    return FileRefused("nul_bytes", f"line {line} holds a NUL character", "deliver text; remove NUL characters")
