"""Lines of erased people: a place in the table without a value in it.

Such a line is counted like any other, so that every line of a file stays accounted for; of what it said nothing is kept.

What does not belong here: whose a line is. A caller tells, for it takes the standards of later stages to know
(``erasure/sieve.py``); this stage only hands over the rows of a file before it keeps them.
"""

from __future__ import annotations

from typing import Protocol

import polars as pl

from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.line_problems import ERASED_PERSON

PLACE = ("_import_id", "_file", "_line")


class PutAside(Protocol):
    """Tells which rows of a delivery are of people who were erased."""

    def __call__(self, contract: SourceContract, rows: pl.DataFrame) -> pl.Series:
        """One flag per row of ``rows``, which fit ``tables.raw_imports(source)``."""


def without_values(rows: pl.DataFrame, is_erased: pl.Series) -> pl.DataFrame:
    """The same rows, where ``is_erased`` with nothing left but their place."""
    if not is_erased.any():
        return rows
    erased = pl.lit(is_erased)
    return rows.with_columns(
        pl.when(erased).then(pl.lit(ERASED_PERSON if name == "_problem" else None, dtype=dtype))
        .otherwise(pl.col(name)).alias(name)
        for name, dtype in rows.schema.items()
        if name not in PLACE
    )  # fmt: skip
