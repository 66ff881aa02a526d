"""What ``cdp run`` did, as text.

What does not belong here: running (``automation.py``).
"""

from __future__ import annotations

from typing import Protocol

from cdp_assets.steward.plain_text import bullets, facts, heading


class Ran(Protocol):
    """What a run says of itself (``automation.RunReport``)."""

    imports: int
    refused: int
    records: int
    customers: int
    merges: int
    splits: int
    published: bool
    problems: list[str]


def has_failed(ran: Ran) -> bool:
    """Whether something was refused or went wrong: the exit code is then 1."""
    return bool(ran.refused or ran.problems)


def run_text(ran: Ran, width: int) -> str:
    """A few aligned lines, then what went wrong and what to do."""
    rows: list[tuple[str, object]] = [
        ("imports", f"{ran.imports:,}" + (f", {ran.refused:,} refused" if ran.refused else "")),
        ("records", ran.records),
        ("customers", ran.customers),
        ("changes", f"{ran.merges:,} merged, {ran.splits:,} split"),
        ("published", "yes" if ran.published else "no: nothing new" if not ran.problems else "no"),
    ]
    text = facts(rows, width)
    if not ran.problems:
        return text
    return f"{text}\n\n{heading('Needs a look')}\n{bullets(ran.problems, width)}\n\n`cdp status` shows each source; run again when it is mended."
