"""Which record a delivered row corrects, or speaks for. What does not belong here: what it says of it (``corrections.py``)."""

from __future__ import annotations

import polars as pl


def corrected_record() -> pl.Expr:
    """Id of the record that a row of records or versions names in ``corrected_source`` and ``corrected_key``; null where it names none."""
    return pl.col("corrected_source").str.strip_chars().str.to_lowercase() + "/" + pl.col("corrected_key")
