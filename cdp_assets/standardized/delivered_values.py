"""All values that a contract maps, out of the lines of a delivery: canonical field to the texts of its columns.

What does not belong here: how one value is read (``mapped_values.py``), what it means (the standards).
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized.addresses import ADDRESS_PARTS
from cdp_assets.standardized.mapped_values import mapped_value, may_say_controls, raw_text, said_text, with_lists
from cdp_assets.standardized.text import clean

Values = dict[str, list[pl.Series]]
"""Canonical field to its clean delivered texts, one series per source column."""


def delivered_values(raw: pl.DataFrame, contract: SourceContract, only: Collection[str] | None = None) -> Values:
    """Mapped fields but addresses, whose parts are numbered (``street.0``), and identifiers (``identifier.<name>``);
    or ``only`` some of the fields."""
    if only is not None:
        return {
            field: [mapped_value(raw, source) for source in contract.field_sources(field)]
            for field in only
            if contract.field_sources(field)
        }
    values: Values = {}
    for field in contract.fields:
        if field not in ADDRESS_PARTS:
            values[field] = [mapped_value(raw, source) for source in contract.field_sources(field)]
    for n, address in enumerate(contract.addresses):
        for part in ADDRESS_PARTS:
            source = getattr(address, part)
            if source is not None:
                values[f"{part}.{n}"] = [mapped_value(raw, source)]
    for name, identifier in contract.identifiers.items():
        values[f"identifier.{name}"] = [clean(raw_text(raw, identifier.raw_column))]
    return values


def columns_read(contract: SourceContract) -> list[str]:
    """The raw columns on which :func:`delivered_values` depends; an import need not have them all."""
    sources = [source for sources in contract.columns.values() for source in sources]
    columns = [column for source in sources for column in source.raw_columns]
    return with_lists([*columns, *(identifier.raw_column for identifier in contract.identifiers.values())])


def first_filled(values: Values, field: str, height: int) -> pl.Series:
    """The first value that is filled of a field's columns; nulls where the contract does not map it."""
    sources = values.get(field)
    if not sources:
        return pl.Series(field, [None], dtype=pl.String).new_from_index(0, height)
    frame = pl.DataFrame([series.alias(str(n)) for n, series in enumerate(sources)])
    return frame.select(pl.coalesce(pl.all()).alias(field)).to_series()


def content_texts(values: Values, contract: SourceContract) -> pl.Series:
    """One text per line that says all that it says: not its key, and not when it was true."""
    named = {f"{field}.{n}": series for field, sources in sorted(values.items()) for n, series in enumerate(sources)}
    return said_text(named, are_clean=not may_say_controls(contract))
