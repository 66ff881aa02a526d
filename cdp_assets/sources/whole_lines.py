"""A text that arrives in pieces, handed out in whole lines, in bounded memory.

What does not belong here: what a line means (``delimited.py``, ``json_lines.py``).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

from cdp_assets.sources.refusal import FileRefused
from cdp_assets.sources.row_grammar import LINE_END

NEWLINE = re.compile(rb"\n")

TEXT_AT_ONCE = 8 << 20
"""Bytes of text that are split at once: enough that the work per piece does not count, few enough to fit a cache."""

LONGEST_ROW = 32 << 20
"""Bytes of the longest line, and of the longest row over several lines. A longer quoted value is taken for a stray quote:
nobody's field is a novel, and without a bound one quote would make the rest of a large file one value."""


class WholeLines:
    """What was read of a text and not yet taken: ``text`` holds whole lines and begins on line ``line``.

    ``is_all`` says that nothing follows; then the last line has an end even if the file gives it none. Lines end with
    ``\\n``, ``\\r\\n`` or, unless ``newlines_only``, a ``\\r`` alone.
    """

    def __init__(self, pieces: Iterator[bytes], longest: int = LONGEST_ROW, *, newlines_only: bool = False) -> None:
        self._pieces, self._longest, self._newlines_only = pieces, longest, newlines_only
        self._line_end = NEWLINE if newlines_only else LINE_END
        self._rest = b""
        self.text, self.line, self.is_all = b"", 1, False

    def more(self) -> None:
        """Read on: at least one line more, and as much again as there is already, so that waiting for the end of a
        long row costs no more than reading it twice. Raises :class:`FileRefused` for a line longer than ``longest``."""
        parts, size = [self._rest], 0
        has_end, since_end = False, len(self._rest)
        for piece in self._pieces:
            parts.append(piece)
            size += len(piece)
            ends_line = b"\n" in piece or (not self._newlines_only and b"\r" in piece[:-1])
            has_end, since_end = has_end or ends_line, 0 if ends_line else since_end + len(piece)
            if (has_end and size >= len(self.text)) or since_end > self._longest:
                break
        else:
            self.is_all = True
        block = b"".join(parts)
        whole = self._cut(block)
        if self.is_all and whole < len(block):
            block += b"\n"
            whole = len(block)
        self._check_lengths(block, whole)
        self.text += block[:whole]
        self._rest = block[whole:]

    def take(self, size: int, lines: int) -> None:
        """Let go of the first ``size`` bytes of the text, which are so many lines."""
        self.text = self.text[size:]
        self.line += lines

    def _cut(self, block: bytes) -> int:
        """Where the last whole line ends. A carriage return at the very end may be half a line end."""
        after = block.rfind(b"\n") + 1
        if self._newlines_only:
            return after
        if self.is_all and block.endswith(b"\r"):
            return len(block)
        return max(after, block.rfind(b"\r", after, max(len(block) - 1, 0)) + 1)

    def _check_lengths(self, block: bytes, whole: int) -> None:
        if len(block) <= self._longest:
            return
        start = 0
        for end in self._line_end.finditer(block, 0, whole):
            if end.start() - start > self._longest:
                raise self._too_long(start, block)
            start = end.end()
        if len(block) - block.endswith(b"\r") - start > self._longest:
            raise self._too_long(start, block)

    def _too_long(self, start: int, block: bytes) -> FileRefused:
        before = self.text + block[:start]
        line = self.line + sum(1 for _ in self._line_end.finditer(before))
        return FileRefused(
            "line_too_long",
            f"line {line} is longer than {self._longest >> 20} MB",
            "check that its lines have ends; deliver documents as files of their own",
        )


def in_chunks(pieces: Iterator[bytes], size: int = TEXT_AT_ONCE) -> Iterator[bytes]:
    """The same bytes in pieces of about ``size``."""
    parts: list[bytes] = []
    waiting = 0
    for piece in pieces:
        parts.append(piece)
        waiting += len(piece)
        if waiting >= size:
            yield b"".join(parts)
            parts, waiting = [], 0
    if parts:
        yield b"".join(parts)


def read_ahead(pieces: Iterator[bytes]) -> Generator[bytes]:
    """The same pieces, the next of which is made by another thread while one is worked on."""
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        upcoming = reader.submit(next, pieces, None)
        while (piece := upcoming.result()) is not None:
            upcoming = reader.submit(next, pieces, None)
            yield piece
