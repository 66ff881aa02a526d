"""Columns without a name at the end of a header, as of an export that ends its lines with a delimiter (``id,name,``).

They are no columns as long as nothing is in them: a file says the same with them as without. A row may write their
delimiters or leave them off, as spreadsheets do. What a row has in one of them would be lost, so that such a row is kept
whole, as every line that does not fit its header; the others count. Spaces are nothing.

A row that is shorter than the others and ends as they do may lack one of its own values instead: which, can not be told, and it
is kept whole, too. So it matters how rows usually end, which the first one that fits tells.

What does not belong here: nameless columns before a named one, which are refused (``headers.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cdp_assets.sources.line_problems import RAGGED_ROW, VALUE_WITHOUT_COLUMN

BLANKS = b" \t"
"""What is nothing in a column without a name."""

ROWS_ASKED = 100
"""Rows of which the first that fits tells how rows end; where none of so many fits, nothing could be told from more."""


@dataclass(frozen=True)
class RowWidth:
    """How many fields a row has: of ``named`` columns, at most ``whole`` with the nameless ones, and ``usual`` ones."""

    named: int
    whole: int
    usual: int

    def problem(self, values: Sequence[bytes], count: int) -> str | None:
        """The rule that a row of ``count`` fields breaks, None for a sound one; ``values``: at least the first ``whole``."""
        if not self.named <= count <= self.whole:
            return RAGGED_ROW
        if any(value.strip(BLANKS) for value in values[self.named :]):
            return VALUE_WITHOUT_COLUMN
        endings = values[count - (self.usual - self.named) : count]
        is_short = count < self.usual and not any(value.strip(BLANKS) for value in endings)
        return RAGGED_ROW if is_short else None


def without_nameless_end(header: Sequence[str], expected: Collection[str]) -> tuple[str, ...]:
    """A header without the empty names at its end.

    One name alone before them is a title above the table rather than a header, and stays as it is, unless it is
    ``expected``; so does a header without any name.
    """
    count = len(header)
    while count and not header[count - 1]:
        count -= 1
    is_title = count == 1 and header[0] not in expected
    return tuple(header) if is_title else tuple(header[: count or len(header)])
