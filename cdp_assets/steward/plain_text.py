"""Text for a terminal: aligned tables, headings, values that can not do harm.

Values come from other people's files, so control characters (which could drive the terminal) are shown as a dot. A
table that does not fit wraps its widest texts between words; where that is not enough it becomes one block per row.

What does not belong here: what to show (``customer_text.py``, ``status.py`` …). No terminal is asked: the width comes in.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime

GAP = "  "
"""Between two columns."""

LEAST_WRAPPED_WIDTH = 16
"""Text wrapped narrower than this is not readable: one block per row is."""

NOTHING = "–"
"""What stands where there is no value."""

_WRITTEN_NUMBER = re.compile(r"[<>+-]? ?[\d,]+\.\d+|[01]")
"""A number that is text already: with its sign, or a probability. Phones and days are none."""


def cell(value: object) -> str:
    """A value as one line of text: days and moments in ISO form, lists joined, shares with three digits."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(item) for item in value) or NOTHING
    return harmless(str(value)) or NOTHING


def probability(share: float | None) -> str:
    """Enough digits to tell 0.99 from 0.99999; never rounded up to certainty."""
    if share is None:
        return NOTHING
    if share in (0.0, 1.0):
        return f"{share:.0f}"
    for digits in (3, 5, 7):
        if round(share, digits) not in (0.0, 1.0):
            return f"{share:.{digits}f}"
    return "> 0.9999999" if share > 0.5 else "< 0.0000001"


def moment(value: datetime | None) -> str | None:
    """A moment of our own time, to the minute. Source time is shown as its day (:func:`cell`)."""
    return None if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def harmless(text: str) -> str:
    """The text on one line, with a dot for each character that a terminal would obey rather than show."""
    spaced = text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    return "".join("·" if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") else sign for sign in spaced)


def width_of(text: str) -> int:
    """Columns that a text takes: wide East Asian signs take two, combining marks none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(sign) in ("W", "F") for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) > 0 for sign in text)


def heading(text: str) -> str:
    """A section's heading, underlined."""
    return f"{text}\n{'─' * width_of(text)}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 record``, ``2 records``, ``0 records``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def facts(rows: Sequence[tuple[str, object]], width: int) -> str:
    """Name and value, one under the other, values aligned and wrapped."""
    names = max((width_of(name) for name, _ in rows), default=0)
    lines: list[str] = []
    for name, value in rows:
        lines.extend(_hanging(f"{_left(name, names)}{GAP}", cell(value), width))
    return "\n".join(lines)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], width: int, may_drop: Sequence[str] = ()) -> str:
    """Rows under column heads, aligned; numbers to the right.

    Where the width does not do, columns of ``may_drop`` are left out, the last first, and the text says which.
    """
    if not rows:
        return ""
    dropped: list[str] = []
    for name in (None, *reversed(may_drop)):
        if name is not None:
            at = columns.index(name)
            columns = [column for column in columns if column != name]
            rows = [[*row[:at], *row[at + 1 :]] for row in rows]
            dropped.append(name)
        aligned = _aligned(columns, rows, width)
        if aligned is not None:
            break
    text = aligned if aligned is not None else _blocks(columns, rows, width)
    return text if not dropped else f"{text}\n(not shown for want of room: {', '.join(dropped)})"


def _aligned(columns: Sequence[str], rows: Sequence[Sequence[object]], width: int) -> str | None:
    """The table, its widest texts wrapped between words where it would not fit; None where even that is not enough."""
    body = [list(columns), *([cell(value) for value in row] for row in rows)]
    numeric = [_is_number_column([row[i] for row in rows]) for i in range(len(columns))]
    widths = [max(width_of(row[i]) for row in body) for i in range(len(columns))]
    least = [
        widths[i] if numeric[i] else max(LEAST_WRAPPED_WIDTH, *(width_of(w) for row in body for w in row[i].split()), 0)
        for i in range(len(columns))
    ]
    while sum(widths) + len(GAP) * (len(columns) - 1) > width:
        shrinkable = [i for i in range(len(columns)) if widths[i] > least[i]]
        if not shrinkable:
            return None
        widths[max(shrinkable, key=lambda i: (widths[i], i))] -= 1
    return "\n".join(line for row in body for line in _row(row, widths, numeric))


def _row(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> list[str]:
    """A row on as many lines as its longest cell needs."""
    wrapped = [_wrapped(text, space) for text, space in zip(row, widths, strict=True)]
    return [
        GAP.join(
            (_right if is_number else _left)(lines[n] if n < len(lines) else "", space)
            for lines, space, is_number in zip(wrapped, widths, numeric, strict=True)
        ).rstrip()
        for n in range(max(len(lines) for lines in wrapped))
    ]


def _wrapped(text: str, space: int) -> list[str]:
    if width_of(text) <= space:
        return [text]
    return textwrap.wrap(text, space, break_on_hyphens=False) or [""]


def _is_number_column(values: Sequence[object]) -> bool:
    """Whether a column holds numbers, also such as are text already (+1.25, > 0.99)."""
    filled = [value for value in values if value is not None]
    return bool(filled) and all(
        (isinstance(value, (int, float)) and not isinstance(value, bool))
        or (isinstance(value, str) and _WRITTEN_NUMBER.fullmatch(value) is not None)
        for value in filled
    )


def paragraph(text: str, width: int) -> str:
    """Sentences, wrapped."""
    return "\n".join(textwrap.wrap(harmless(text), width, break_long_words=False, break_on_hyphens=False))


def shortened(text: str | None, room: int) -> str:
    """The text, cut with an ellipsis where it takes more than ``room`` columns."""
    shown = cell(text)
    while width_of(shown) > room:
        shown = f"{shown[: min(len(shown) - 2, room)].rstrip()}…"
    return shown


def bullets(items: Sequence[str], width: int) -> str:
    """One point per item, wrapped under itself."""
    return "\n".join(line for item in items for line in _hanging("• ", harmless(item), width))


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[object]], width: int) -> str:
    """Where no table fits: one block per row."""
    return "\n\n".join(facts(list(zip(columns, row, strict=True)), width) for row in rows)


def _hanging(start: str, text: str, width: int) -> list[str]:
    """``start`` and ``text`` on as many lines as needed, further ones indented under the first."""
    room = max(width - width_of(start), LEAST_WRAPPED_WIDTH)
    if width_of(text) <= room:
        return [(start + text).rstrip()]
    first, *more = _wrapped(text, room)
    indent = " " * width_of(start)
    return [start + first, *(indent + line for line in more)]


def _left(text: str, space: int) -> str:
    return text + " " * (space - width_of(text))


def _right(text: str, space: int) -> str:
    return " " * (space - width_of(text)) + text
