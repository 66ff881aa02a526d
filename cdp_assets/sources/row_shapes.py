"""Which lines of a CSV text are sound rows, told from its delimiters, quotes and line ends alone, all at once.

Values are never looked at: a text is reduced to the places of those few characters, and NumPy does the rest. Sound
rows can then be split by a fast parser that would not notice unsound ones.

What does not belong here: splitting rows (``delimited.py``), reading unsound ones (``row_grammar.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Flags: TypeAlias = npt.NDArray[np.bool_]
Places: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.int32]

_QUOTE, _LF, _CR = b'"'[0], b"\n"[0], b"\r"[0]


@dataclass(frozen=True)
class SoundRows:
    """A text of sound rows, the last of which may not be whole yet.

    ``size`` is where the last whole row ends, ``longest`` the bytes of the longest one, ``before`` how many lines each
    row's first line has before it, ``lines`` how many lines the rows are, ``lone_returns`` where rows end with a carriage
    return alone.
    """

    size: int
    longest: int
    before: Places
    lines: int
    lone_returns: Places


@dataclass(frozen=True)
class Lines:
    """The lines of a text that holds whole lines, cut at every line end, in quotes or not.

    ``starts`` and ``stops`` (without the line end) are places, ``ends`` those of each line's last character.
    ``is_regular`` are lines that are sound rows on their own, ``has_quotes`` and ``ends_alone`` (with a carriage return
    alone) say what they say.
    """

    starts: Places
    stops: Places
    ends: Places
    is_regular: Flags
    has_quotes: Flags
    ends_alone: Flags


@dataclass(frozen=True)
class _Marks:
    """Delimiters, quotes and line ends of a text: where they are and what they are."""

    data: npt.NDArray[np.uint8]
    delimiter: int
    places: Places
    kinds: npt.NDArray[np.uint8]

    @property
    def is_quote(self) -> Flags:
        found: Flags = self.kinds == _QUOTE
        return found

    @property
    def is_line_end(self) -> Flags:
        """The last character of a line: of ``\\r\\n`` the second."""
        is_return = self.kinds == _CR
        following = self.data[np.minimum(self.places + 1, len(self.data) - 1)]
        found: Flags = (self.kinds == _LF) | (is_return & ((following != _LF) | (self.places + 1 == len(self.data))))
        return found


def _marks(text: bytes, delimiter: str) -> _Marks:
    data = np.frombuffer(text, dtype=np.uint8)
    mark = ord(delimiter)
    places = np.flatnonzero((data == mark) | (data == _QUOTE) | (data == _LF) | (data == _CR)).astype(np.int32)
    return _Marks(data, mark, places, data[places])


def skeleton(text: bytes, delimiter: str) -> bytes:
    """A text's delimiters, quotes and line ends, and nothing else."""
    return text.translate(None, bytes(set(range(256)) - set(f'{delimiter}"\r\n'.encode())))


def fields_of_line(line: bytes, delimiter: str) -> int:
    """How many fields a line has at least: those that delimiters outside of quotes part."""
    data = np.frombuffer(line, dtype=np.uint8)
    inside = (np.cumsum(data == _QUOTE, dtype=np.uint8) & 1).view(np.bool_)
    return int(np.count_nonzero((data == ord(delimiter)) & ~inside)) + 1


def count_of_single_lines(text: bytes, marks: bytes, delimiter: str, width: int) -> int | None:
    """How many rows a text has, if every line is a sound row of ``width`` fields. It has whole lines; ``marks`` are its
    :func:`skeleton`. Most texts with quotes are like this, and :func:`sound_rows`, which also knows where rows are, takes
    three times as long."""
    kinds = np.frombuffer(marks, dtype=np.uint8)
    if returns := marks.count(b"\r"):
        kinds = kinds[kinds != _CR]
        if returns != text.count(b"\r\n"):
            return None
    is_quote = kinds == _QUOTE
    inside = (np.cumsum(is_quote, dtype=np.uint8) & 1).view(np.bool_)
    if ((kinds == _LF) & inside).any() or not text.endswith(b"\n") or (width == 1 and _has_blank_line(text)):
        return None
    structure = kinds[~(is_quote | inside)]
    if len(structure) % width:
        return None
    by_row = structure.reshape(-1, width)
    if not (by_row[:, -1] == _LF).all() or (by_row[:, :-1] == _LF).any():
        return None
    return len(by_row) if _all_well_placed(text, delimiter) else None


def _all_well_placed(text: bytes, delimiter: str) -> bool:
    """Whether every other quote begins a value, or is the second of two, and the ones between end one, or are the first."""
    data = np.frombuffer(text, dtype=np.uint8)
    is_quote = data == _QUOTE
    at_edge = is_quote | (data == ord(delimiter)) | (data == _LF) | (data == _CR)
    before = np.concatenate([np.ones(1, np.bool_), at_edge[:-1]])[is_quote]
    after = np.concatenate([at_edge[1:], np.ones(1, np.bool_)])[is_quote]
    return bool(before[::2].all() and after[1::2].all())


def _has_blank_line(text: bytes) -> bool:
    return text.startswith((b"\n", b"\r")) or b"\n\n" in text or b"\n\r" in text


def sound_rows(text: bytes, delimiter: str, width: int) -> SoundRows | None:
    """The rows of a text that begins with one and has whole lines, if all of them are sound and have ``width`` fields."""
    marks = _marks(text, delimiter)
    is_quote = marks.is_quote
    inside = (np.cumsum(is_quote, dtype=np.int32) & 1).astype(np.bool_)
    ends_line = marks.is_line_end
    outer_ends = np.flatnonzero(ends_line & ~inside)
    if not len(outer_ends):
        return None
    last = int(outer_ends[-1]) + 1
    if not _well_placed(marks, np.flatnonzero(is_quote[:last]), inside).all():
        return None
    is_delimiter = (marks.kinds == marks.delimiter) & ~inside
    delimiters = np.cumsum(is_delimiter[:last], dtype=np.int32)[outer_ends]
    if not (np.diff(delimiters, prepend=0) == width - 1).all():
        return None
    ends = marks.places[outer_ends]
    starts = np.concatenate([np.zeros(1, np.int32), ends[:-1] + 1])
    if width == 1 and _blank(marks, starts, ends).any():
        return None
    # Carriage returns alone count as line ends only where they end a row, as they always did for whoever counts.
    counted = np.cumsum((ends_line & ((marks.kinds == _LF) | ~inside))[:last])[outer_ends]
    before = np.concatenate([np.zeros(1, np.int32), counted[:-1]])
    lone = ends[marks.kinds[outer_ends] == _CR]
    return SoundRows(int(ends[-1]) + 1, int((ends - starts).max()) + 1, before, int(counted[-1]), lone)


def lines_of(text: bytes, delimiter: str, width: int) -> Lines:
    """The lines of a text that ends with a line end, and which of them are sound rows of ``width`` fields."""
    marks = _marks(text, delimiter)
    last_marks = np.flatnonzero(marks.is_line_end)
    ends = marks.places[last_marks]
    starts = np.concatenate([np.zeros(1, np.int32), ends[:-1] + 1])
    has_return = (marks.kinds[last_marks] == _LF) & (ends > starts) & (marks.data[np.maximum(ends - 1, 0)] == _CR)
    stops = ends - has_return
    is_quote = marks.is_quote
    quotes = np.cumsum(is_quote, dtype=np.int32)
    line_of_mark = np.searchsorted(ends, marks.places).astype(np.int32)
    quotes_before = np.concatenate([np.zeros(1, quotes.dtype), quotes[last_marks[:-1]]])
    inside = ((quotes - quotes_before[line_of_mark]) & 1).astype(np.bool_)
    quote_marks = np.flatnonzero(is_quote)
    misplaced = line_of_mark[quote_marks[~_well_placed(marks, quote_marks, inside)]]
    delimiters = np.cumsum((marks.kinds == marks.delimiter) & ~inside, dtype=np.int32)[last_marks]
    is_regular = (np.diff(delimiters, prepend=0) == width - 1) & (stops > starts) & ~inside[last_marks]
    is_regular[misplaced] = False
    has_quotes = np.diff(quotes[last_marks], prepend=0) > 0
    return Lines(starts, stops, ends, is_regular, has_quotes, marks.kinds[last_marks] == _CR)


def _well_placed(marks: _Marks, quotes: Places, inside: Flags) -> Flags:
    """Which of the ``quotes`` open a value at its beginning, close one at its end, or are one of two in a row."""
    places = marks.places[quotes]
    opens = inside[quotes]
    before = marks.data[np.maximum(places - 1, 0)]
    after = marks.data[np.minimum(places + 1, len(marks.data) - 1)]
    beside = np.where(opens, before, after)
    at_edge = (beside == marks.delimiter) | (beside == _LF) | (beside == _CR) | (beside == _QUOTE)
    found: Flags = at_edge | (opens & (places == 0))
    return found


def _blank(marks: _Marks, starts: Places, ends: Places) -> Flags:
    """Which of some rows have no character but their line end."""
    found: Flags = (ends == starts) | ((ends == starts + 1) & (marks.data[starts] == _CR))
    return found
