"""How far a long import has come.

What does not belong here: short ones; they say nothing until they are done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LINES_BETWEEN_REPORTS = 1_000_000
"""A few seconds' reading: often enough to see that it goes on, seldom enough to be read."""


@dataclass
class Progress:
    """Tells ``report`` every million lines: ``what`` and how many so far."""

    report: Callable[[str], None]
    what: str
    lines: int = 0

    def add(self, lines: int) -> None:
        """Count further lines."""
        before, self.lines = self.lines, self.lines + lines
        if self.lines // LINES_BETWEEN_REPORTS > before // LINES_BETWEEN_REPORTS:
            self.report(f"{self.what}: {self.lines:,}")
