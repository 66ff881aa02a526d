"""Delivered columns against the contract's: what is missing, what is new, and what probably became of it.

What does not belong here: values. Column names are shown only where they look like names: the first line of a file
without a header is somebody's data.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.header_words import is_similar
from cdp_assets.sources.refusal import FileRefused

SIMILAR_NAME = 0.75
"""How alike two names must be to be taken for a renaming (difflib ratio); ``EmailAddr`` is .84 like ``EmailAdr``."""

_A_NAME = re.compile(r"(?!.*\d{4})[^@\x00-\x1f]{1,60}")
"""What may be shown as a column's name: short, no @, and no four digits in a row."""


@dataclass(frozen=True)
class ColumnDrift:
    """How delivered columns differ from the contract's. ``new`` ones are those the contract does not name."""

    new: tuple[str, ...]
    missing: tuple[str, ...]


def check_drift(header: Sequence[str], contract: SourceContract, *, is_sparse: bool = False) -> ColumnDrift:
    """Compare a delivered header with the contract and refuse what the contract says to refuse.

    ``is_sparse`` formats (JSON lines) leave out what is null, so there only a key column, or a column that seems to
    have been renamed, is missing. Raises :class:`FileRefused`.
    """
    delivered = set(header)
    named = contract.source_columns
    missing = tuple(name for name in named if name not in delivered)
    new = tuple(name for name in header if name not in set(named))
    if missing and contract.on_missing_column == "refuse":
        _refuse_missing(missing, new, header, contract, is_sparse=is_sparse)
    if new and contract.on_new_column == "refuse":
        raise FileRefused(
            "column_new",
            f"columns that the contract does not name: {len(new)}{_shown(new, header, named)}",
            "map them, or set `on_new_column: keep` or `ignore`",
        )
    return ColumnDrift(new, missing)


def _refuse_missing(
    missing: Sequence[str], new: Sequence[str], header: Sequence[str], contract: SourceContract, *, is_sparse: bool
) -> None:
    renamed = {name: became for name in missing if (became := _became(name, new)) is not None}
    if is_sparse:
        missing = [name for name in missing if name in contract.key or name in renamed]
        if not missing:
            return
    if len(header) == 1 and len(contract.source_columns) > 1:
        hint = "declare the delimiter, for example `extract: {delimiter: ';'}`, if the line has several columns"
    elif not set(header) & set(contract.source_columns) and not renamed:
        hint = "check that the first line is a header, and that the file belongs to this source"
    else:
        changes = [f"'{became}' looks like '{name}' renamed" for name, became in renamed.items()]
        hint = "; ".join([*changes, "correct the contract, or set `on_missing_column: null`"])
    names = ", ".join(f"'{name}'" for name in missing[:10])
    raise FileRefused("column_missing", f"the contract's column {names} is not in the file", hint)


def _became(name: str, new: Sequence[str]) -> str | None:
    """The new column that a missing one was probably renamed to."""
    shown = [candidate for candidate in new if _A_NAME.fullmatch(candidate)]
    similar = [candidate for candidate in shown if is_similar(name, candidate)]
    near = difflib.get_close_matches(name.lower(), [candidate.lower() for candidate in shown], 1, SIMILAR_NAME)
    return similar[0] if similar else next((c for c in shown if near and c.lower() == near[0]), None)


def _shown(new: Sequence[str], header: Sequence[str], named: Sequence[str]) -> str:
    """The new columns' names, when the line they come from is a header beyond doubt."""
    if not set(header) & set(named) or not all(_A_NAME.fullmatch(name) for name in new):
        return ""
    return " (" + ", ".join(f"'{name}'" for name in new[:10]) + ")"
