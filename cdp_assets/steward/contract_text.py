"""A review of a contract as text, read like a diff: what changed, what the source delivers, what to do next.

``-`` is what is in force, ``+`` what the contract says now, ``~`` a setting that changed; ``!`` marks what needs a person,
``?`` what is probably meant.

What does not belong here: finding it out (``contract_review.py``).
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator, Sequence

from cdp_assets.sources.contract_changes import ContractChange
from cdp_assets.sources.contract_check import ColumnCheck
from cdp_assets.sources.vocabulary import ACTIVITIES
from cdp_assets.steward.contract_review import ContractReview, FieldCheck, ValuesCheck
from cdp_assets.steward.plain_text import NOTHING, bullets, facts, harmless, heading, plural, table
from cdp_assets.steward.source_status import SHORT_VERSION, share

_NEEDS = {"nothing": "needs nothing", "backfill": "needs a backfill", "choice": "needs your choice"}


ALIKE_WORDS = 0.8
"""Likeness from which an unknown activity is a known one misspelled; 'demo_watched' is not 'donated'."""


def contract_text(review: ContractReview, width: int) -> str:
    """The review of one source's contract."""
    sections = [heading(f"Contract of {review.source}") + "\n" + _against(review)]
    if review.changes:
        sections.append("\n\n".join(_change(change, width) for change in review.changes))
    if review.columns.deliveries:
        sections.append(f"{heading('Columns')}\n{_columns(review, width)}")
    if review.values is not None:
        sections.append(f"{heading('Values')}\n{_values(review.values, width)}")
    if review.backfill.imports or review.backfill.refused:
        sections.append(f"{heading('Past imports')}\n{facts(list(_backfill(review)), width)}")
    sections.append(f"{heading('What to do next')}\n{_steps(review, width)}")
    return "\n\n".join(sections)


def _against(review: ContractReview) -> str:
    if review.in_force is None:
        return "Nothing has been imported with a contract yet: there is nothing to compare it with."
    if review.in_force == review.contract_version:
        return f"It is in force ({review.in_force[:SHORT_VERSION]})."
    versions = (
        f"--- in force  {review.in_force[:SHORT_VERSION]}\n+++ now       {review.contract_version[:SHORT_VERSION]}"
    )
    if not review.changes:
        return f"{versions}\nIt says the same in other words."
    if not review.choices and any(change.needs == "choice" for change in review.changes):
        return f"{versions}\nNo import has been read yet, so nothing waits for your choice."
    return versions


# -- changes ----------------------------------------------------------------------------------------------------------


def _change(change: ContractChange, width: int) -> str:
    lines = [f"{_sign(change)} {change.part}  ({_NEEDS[change.needs]})"]
    if change.was is not None:
        lines.append(f"    - {harmless(change.was)}")
    if change.becomes is not None:
        lines.append(f"    + {harmless(change.becomes)}")
    lines.append(_indented(change.effect, width))
    if change.advice != "Backfill." and not change.advice.startswith("Nothing to do"):
        lines.append(_indented(change.advice, width))
    return "\n".join(lines)


def _sign(change: ContractChange) -> str:
    if change.needs == "choice":
        return "!"
    return "+" if change.was is None else "-" if change.becomes is None else "~"


def _indented(text: str, width: int) -> str:
    return textwrap.fill(
        harmless(text),
        width,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


# -- columns ----------------------------------------------------------------------------------------------------------


def _columns(review: ContractReview, width: int) -> str:
    found = review.columns
    there = sum(1 for column in found.columns if column.state in ("present", "left_out"))
    looked = "newest file" if review.looked_at == "files" else "newest import, of which no file is there any more"
    others = f" (and {plural(found.deliveries - 1, 'other')})" if found.deliveries > 1 else ""
    lines = [f"  {there:,} of {plural(len(found.columns), 'column')} of the contract are in the {looked}{others}"]
    lines += [_column(column, found.deliveries) for column in found.columns if _is_told(column)]
    for new in found.new:
        feeds = f"  ? probably {new.feeds}" if new.feeds else ""
        lines.append(f"+ {harmless(new.column)}  is not in the contract{feeds}")
    if found.more_new:
        more = "further column" if found.new else "column"
        lines.append(f"+ {plural(found.more_new, more)} that the contract does not name")
    return "\n".join(_fitted(line, width) for line in lines)


def _is_told(column: ColumnCheck) -> bool:
    return column.state not in ("present", "left_out") or (column.state == "present" and column.lacking > 0)


def _column(column: ColumnCheck, deliveries: int) -> str:
    name = f"{harmless(column.column)}  ({', '.join(column.parts)})"
    if column.state == "present":
        return f"~ {name}  is missing from {column.lacking:,} of {deliveries:,} deliveries"
    if column.became is None:
        return f"- {name}  is missing"
    how = {
        "spelling": "is spelled",
        "meaning": "seems to have become",
        "likeness": "seems to have become",
        "place": "has at its place",
    }[column.why or "meaning"]
    return f"~ {name}  {how} '{harmless(column.became)}'"


def _fitted(line: str, width: int) -> str:
    return textwrap.fill(line, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


# -- values -----------------------------------------------------------------------------------------------------------


def _values(values: ValuesCheck, width: int) -> str:
    has_former = any(check.former_filled is not None for check in values.fields)
    columns = ["  part", "filled", "unreadable"]
    if has_former:
        columns += ["filled in force", "unreadable in force"]
    rows = [_value_row(check, columns) for check in values.fields]
    text = f"The first {plural(values.rows, 'row')}, read as an import would read them:\n{table(columns, rows, width)}"
    notes = [*_rejected(values)]
    if values.keys_missing:
        notes.append(f"{plural(values.keys_missing, 'row has', 'rows have')} no key")
    if values.keys_repeated:
        notes.append(f"{plural(values.keys_repeated, 'row repeats', 'rows repeat')} the key of another")
    notes += _own_words(values)
    return "\n".join([text, *(_fitted(f"  {note}", width) for note in notes)])


def _own_words(values: ValuesCheck) -> Iterator[str]:
    """Activities that only this source knows: no mistake, but they say nothing of an address."""
    own = "segments may ask for it, but it says nothing of an address; `values` translates it"
    for word, rows in values.own_words.items():
        seen = f"in {plural(rows, 'row')}" if rows else "in no row of these"
        yield f"activity '{harmless(word)}' ({seen}) is the source's own word{_misspelled(word)}: {own}"
    if values.more_own_words:
        yield f"{values.more_own_words:,} activities are words of the source's own: is this column what happened?"


def _misspelled(word: str) -> str:
    meant = difflib.get_close_matches(word, ACTIVITIES, n=1, cutoff=ALIKE_WORDS)
    return f" (did you mean '{meant[0]}'?)" if meant else ""


def _value_row(check: FieldCheck, columns: Sequence[str]) -> list[object]:
    """A row of as many cells as there are columns, shares under the end of their heads."""
    mark = "!" if check.is_mostly_unreadable or check.is_much_worse else " "
    shares = (check.filled, check.unreadable, check.former_filled, check.former_unreadable)
    cells = [(share(value) or NOTHING).rjust(len(head)) for value, head in zip(shares, columns[1:], strict=False)]
    return [f"{mark} {check.part}", *cells]


def _rejected(values: ValuesCheck) -> Iterator[str]:
    for rule, lines in values.rejected.items():
        former = "" if values.former_rejected is None else f" ({values.former_rejected.get(rule, 0):,} as in force)"
        yield f"{plural(lines, 'row', 'rows')} rejected by {rule}{former}"
    if values.former_rejected is not None:
        for rule in [rule for rule in values.former_rejected if rule not in values.rejected]:
            yield f"no row rejected by {rule} any more ({values.former_rejected[rule]:,} as in force)"


# -- past imports -----------------------------------------------------------------------------------------------------


def _backfill(review: ContractReview) -> Iterator[tuple[str, object]]:
    plan = review.backfill
    yield "in use", plural(plan.imports, "import")
    if plan.stale:
        read = plan.stale - plan.keep_their_records
        yield (
            "stale",
            f"{plural(plan.stale, 'import was', 'imports were')} read with another contract or other standards",
        )
        yield "a backfill", f"reads {plural(read, 'of them', 'of them')} anew"
        if plan.keep_their_records:
            lack = "lack something that the contract asks for, and keep the records that they have"
            yield "", f"{plan.keep_their_records:,} {lack}"
        if plan.not_known:
            yield "", f"{plan.not_known:,} may lack columns: they were read before these were remembered"
    else:
        yield "stale", "none: all were read as this contract says"
    if plan.refused:
        yield "refused", plural(plan.refused, "import")
        if plan.readable:
            yield "", f"{plan.readable:,} can be read with this contract; a backfill does"
        if plan.to_accept:
            yield "", f"{plural(plan.to_accept, 'waits', 'wait')} for a person to accept what would be deleted"
        if plan.not_tried:
            yield "", f"{plan.not_tried:,} older ones were not looked at"


def _steps(review: ContractReview, width: int) -> str:
    if not review.steps:
        return bullets(["nothing: contract, deliveries and past imports fit each other"], width)
    return "\n".join(
        textwrap.fill(
            harmless(step),
            width,
            initial_indent=f"{n}. ",
            subsequent_indent="   ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for n, step in enumerate(review.steps, start=1)
    )
