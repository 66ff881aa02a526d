"""A delivered file as one partition of ``raw/<source>_imports``.

What does not belong here: reading the file (``sources/reading.py``); judging its values (standardized).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from cdp_assets.sources.reading import Delivery, DeliveryStream


@dataclass(frozen=True)
class ImportCounts:
    """What became of a file's lines. ``lines`` are data lines: readable ones and those kept as text."""

    lines: int
    unreadable_lines: int
    blank_lines: int
    columns: int
    new_columns: int
    missing_columns: int


def raw_batches(stream: DeliveryStream, import_id: str, file_name: str) -> Iterator[pl.DataFrame]:
    """The delivery's data lines in the order of the file, in batches that ``tables.raw_imports`` wants.

    ``_import_id``, ``_file``, ``_line``, ``_problem``, ``_text``, then the source's columns, all text. Raises
    :class:`~cdp_assets.sources.refusal.FileRefused`, perhaps after some batches; none of them counts then.
    """
    return (_raw(batch, import_id, file_name) for batch in stream.batches())


def raw_frame(delivery: Delivery, import_id: str, file_name: str) -> pl.DataFrame:
    """:func:`raw_batches` of a delivery that was read at once."""
    return _raw(delivery.frame, import_id, file_name)


def _raw(rows: pl.DataFrame, import_id: str, file_name: str) -> pl.DataFrame:
    return rows.select(pl.lit(import_id).alias("_import_id"), pl.lit(file_name).alias("_file"), pl.all())


def import_counts(delivery: Delivery | DeliveryStream) -> ImportCounts:
    """Count a delivery's lines and columns; of a stream, when its batches have ended."""
    return ImportCounts(
        lines=delivery.lines,
        unreadable_lines=delivery.problems,
        blank_lines=delivery.blank_lines,
        columns=len(delivery.columns),
        new_columns=len(delivery.new_columns),
        missing_columns=len(delivery.missing_columns),
    )
