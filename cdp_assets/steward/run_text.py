"""What ``cdp run`` did, as text.

What does not belong here: running (``automation/``).
"""

from __future__ import annotations

from typing import Protocol

from cdp_assets.steward.plain_text import bullets, facts, heading


class Ran(Protocol):
    """What a run says of itself (``automation.RunReport``)."""

    imports: int
    refused: int
    repeated: int
    records: int
    customers: int
    merges: int
    splits: int
    published: bool
    problems: list[str]


class ReadAgain(Ran, Protocol):
    """What a backfill or a replay says of itself (``automation.RereadReport``)."""

    read_again: int
    unchanged: int
    rejected_before: int
    rejected_after: int


def has_failed(ran: Ran) -> bool:
    """Whether something was refused or went wrong: the exit code is then 1."""
    return bool(ran.refused or ran.problems)


def run_text(ran: Ran, width: int, *, resolves: bool = True) -> str:
    """A few aligned lines, then what went wrong and what to do. ``resolves``: whether a resolution was asked for."""
    unpublished = "no" if ran.problems else "no: nothing new" if resolves else "no: only read; cdp plan, cdp run"
    rows: list[tuple[str, object]] = [
        ("imports", _imports(ran)),
        ("records", ran.records),
        ("customers", ran.customers),
        ("changes", f"{ran.merges:,} merged, {ran.splits:,} split"),
        ("published", "yes" if ran.published else unpublished),
    ]
    return _with_problems(facts(rows, width), ran, width)


def reread_text(ran: ReadAgain, width: int) -> str:
    """What a backfill or a replay did."""
    rows: list[tuple[str, object]] = [
        ("read again", f"{ran.read_again:,} imports" + (f", {ran.refused:,} refused" if ran.refused else "")),
        ("rejected", f"{ran.rejected_after:,} lines; {ran.rejected_before:,} before"),
        ("records", ran.records),
        ("customers", ran.customers),
        ("changes", f"{ran.merges:,} merged, {ran.splits:,} split"),
        ("published", "yes" if ran.published else "no"),
    ]
    if ran.unchanged:
        rows.insert(1, ("kept as they were", f"{ran.unchanged:,} imports"))
    return _with_problems(facts(rows, width), ran, width)


def _imports(ran: Ran) -> str:
    further = [f"{ran.refused:,} refused"] if ran.refused else []
    further += [f"{ran.repeated:,} with the rows of another"] if ran.repeated else []
    return ", ".join([f"{ran.imports:,}", *further])


def _with_problems(text: str, ran: Ran, width: int) -> str:
    if not ran.problems:
        return text
    return f"{text}\n\n{heading('Needs a look')}\n{bullets(ran.problems, width)}\n\n`cdp status` shows each source; run again when it is mended."
