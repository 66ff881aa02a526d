"""A delivered file as one partition of ``raw/<source>_imports``.

What does not belong here: reading the file (``sources/reading.py``); judging its values (standardized).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.sources.reading import Delivery


@dataclass(frozen=True)
class ImportCounts:
    """What became of a file's lines. ``lines`` are data lines: readable ones and those kept as text."""

    lines: int
    unreadable_lines: int
    blank_lines: int
    columns: int
    new_columns: int
    missing_columns: int


def raw_frame(delivery: Delivery, import_id: str, file_name: str) -> pl.DataFrame:
    """One row per data line of the delivery, as ``tables.raw_imports`` wants it, in the order of the file.

    ``_import_id``, ``_file``, ``_line``, ``_problem``, ``_text``, then the source's columns, all text.
    """
    return delivery.frame.sort("_line").select(
        pl.lit(import_id).alias("_import_id"),
        pl.lit(file_name).alias("_file"),
        pl.all(),
    )


def import_counts(delivery: Delivery) -> ImportCounts:
    """Count a delivery's lines and columns."""
    return ImportCounts(
        lines=delivery.lines,
        unreadable_lines=delivery.frame.get_column("_problem").count(),
        blank_lines=delivery.blank_lines,
        columns=len(delivery.columns),
        new_columns=len(delivery.new_columns),
        missing_columns=len(delivery.missing_columns),
    )
