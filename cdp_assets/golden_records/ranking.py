"""Putting candidates in order, and saying which rule told the first from the next best.

Used alike for the values of a field and for the addresses of a customer. What does not belong here: which rules there
are (``survivorship.py``, ``emails.py``, ``phones.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cdp_assets.golden_records.packed_order import Rows, rows_in_order
from cdp_assets.golden_records.policy import Rule

ONLY_VALUE = "only_value"
"""Rule of a value that had no rival."""

TIE_BREAK = "tie_break"
"""Rule of a value that no rule preferred: the order of its text decided, the same way always."""


@dataclass(frozen=True)
class Key:
    """One criterion: the column that holds it, whether more is better, and the rule's name in provenance."""

    rule: str
    column: str
    descending: bool = True


RULE_KEYS: dict[Rule, Key] = {
    "most_trusted": Key("most_trusted", "trust"),
    "most_recent": Key("most_recent", "observed_at"),
    "most_frequent": Key("most_frequent", "times"),
    "longest": Key("longest", "length"),
    "first_seen": Key("first_seen", "observed_at", descending=False),
}

TRUST_AND_TIME = (RULE_KEYS["most_trusted"], RULE_KEYS["most_recent"])

TEXT = "text"
"""Column of what a person would read of a value; some frames tell it by an expression."""

_TEXT = pl.col(TEXT)

TEXT_AND_RECORD = (Key(TIE_BREAK, TEXT, descending=False), Key(TIE_BREAK, "order", descending=False))

TIE_KEYS = (*TRUST_AND_TIME, *TEXT_AND_RECORD)
"""Last resort of every order: trust, then time, then the value's text, then the record."""


def keys_of(first: Sequence[Key], rules: Sequence[Rule], last: Sequence[Key] = ()) -> list[Key]:
    """``first``, then the policy's rules, then trust and time, then ``last``, then text and record.

    A column that has already decided is not asked twice.
    """
    keys: dict[str, Key] = {}
    for key in (*first, *(RULE_KEYS[rule] for rule in rules), *TRUST_AND_TIME, *last, *TEXT_AND_RECORD):
        keys.setdefault(key.column, key)
    return list(keys.values())


def in_order(frame: pl.DataFrame, keys: Sequence[Key]) -> pl.DataFrame:
    """``frame`` by customer, best first: the rows of :func:`rows_best_first`."""
    return frame[rows_best_first(frame, keys)]


def rows_best_first(frame: pl.DataFrame, keys: Sequence[Key], text: pl.Expr = _TEXT) -> Rows:
    """The rows of ``frame`` by customer, best first; customers are never null.

    Numbers are compared first: texts take several times as long, and hardly ever decide. What the key :data:`TEXT` compares is made
    of the rows that no number tells apart.
    """
    columns, descending = ["customer", *(key.column for key in keys)], [False, *(key.descending for key in keys)]
    schema = frame.schema
    first_text = next((n for n, name in enumerate(columns) if name == TEXT or schema[name] == pl.String), len(columns))
    numbers = [frame.get_column(name) for name in columns[:first_text]]
    order, repeats = rows_in_order(numbers, descending[:first_text])
    if first_text < len(columns) and repeats.any():
        tied = np.flatnonzero(repeats | np.append(repeats[1:], False))
        compared = frame[order[tied]].select(text.alias(TEXT) if name == TEXT else name for name in columns)
        sorted_rows = (
            compared.with_row_index("tie").sort(columns, descending=descending, nulls_last=True).get_column("tie")
        )
        order[tied] = order[tied][sorted_rows.to_numpy()]
    return order


def first_of_each(ordered: pl.DataFrame) -> pl.DataFrame:
    """The best row of each customer of a frame that :func:`in_order` has sorted: a customer's rows are side by side in it."""
    return ordered.filter(pl.col("customer").ne_missing(pl.col("customer").shift()))


def deciding_rules(
    frame: pl.DataFrame, winners: Rows, rivals: Rows, keys: Sequence[Key], text: pl.Expr = _TEXT
) -> pl.Series:
    """Name of the first criterion in which each of ``winners`` differs from its rival; both are rows of ``frame``."""
    rules = pl.repeat(TIE_BREAK, len(winners), dtype=pl.String, eager=True)
    waiting = np.arange(len(winners))
    for key in keys:
        if key.column == TEXT:
            ours, theirs = (frame[rows[waiting]].select(text).to_series() for rows in (winners, rivals))
        else:
            ours, theirs = (frame.get_column(key.column).gather(rows[waiting]) for rows in (winners, rivals))
        differs = ours.ne_missing(theirs).to_numpy()
        rules = rules.scatter(waiting[differs], key.rule)
        waiting = waiting[~differs]
    return rules
