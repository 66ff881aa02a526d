"""The grammar of one CSV or TSV row (RFC 4180), read at a place in a text.

A field is either wholly quoted, with a quote inside written twice and any line ends kept, or free of line ends and not
beginning with a quote; a quote further inside it is a character like any other. A row ends at ``\\n``, ``\\r\\n`` or a
``\\r`` alone that no quotes hold.

What does not belong here: reading many rows at once (``row_shapes.py``), what becomes of rows that break the grammar
(``delimited.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

LINE_END = re.compile(rb"\r\n|\n|\r")
_LAST_OF_A_LINE = re.compile(rb"[\r\n]")


@dataclass(frozen=True)
class Row:
    """A row: its first fields (no more than were asked for), how many it has, where it ends and the next one begins."""

    fields: list[bytes]
    count: int
    end: int
    after: int


Broken = Literal["misplaced", "open", "unclosed"]
"""Text follows a closing quote on the row's first line; a quote is open at the end of the text; any other fault that
begins with a quote which the row's first line does not close."""


class RowGrammar:
    """Reads rows whose fields one delimiter (an ASCII character) parts."""

    def __init__(self, delimiter: str) -> None:
        mark = rf"\x{ord(delimiter):02x}".encode()
        quoted = rb'"([^"]*+(?:""[^"]*+)*+)"'
        plain = rb'([^"%b\r\n][^%b\r\n]*+|)' % (mark, mark)
        self._field = re.compile(rb"(?:%b|%b)(%b|\r\n|\n|\r|\Z)" % (quoted, plain, mark))
        self._quoted = re.compile(rb'"[^"]*+(?:""[^"]*+)*+')
        self._mark = delimiter.encode()

    def read(self, text: bytes, start: int, most_fields: int) -> Row | Broken:
        """The row that begins at ``start``, over as many lines as its quotes say."""
        fields: list[bytes] = []
        count, position = 0, start
        while True:
            found = self._field.match(text, position)
            if found is None:
                return self._fault(text, start, position)
            quoted, plain, mark = found.groups()
            if count < most_fields:
                fields.append(plain if quoted is None else quoted.replace(b'""', b'"'))
            count += 1
            position = found.end()
            if mark != self._mark:
                return Row(fields, count, found.start(3), position)

    def _fault(self, text: bytes, start: int, position: int) -> Broken:
        opened = self._quoted.match(text, position)
        stop = position if opened is None else opened.end()
        if stop == len(text):
            return "open"
        return "misplaced" if _LAST_OF_A_LINE.search(text, start, stop) is None else "unclosed"
