"""What the contract of a table is: what one row is, its columns with their types and meaning, its key.

What does not belong here: the contracts (the modules beside this one, by stage).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

TEXT = pl.String()
INTEGER = pl.Int64()
NUMBER = pl.Float64()
FLAG = pl.Boolean()
DAY = pl.Date()
MOMENT = pl.Datetime("us", "UTC")
TEXTS = pl.List(pl.String())

ADDRESS = pl.Struct(
    {
        "street": TEXT,  # as delivered, trimmed
        "city": TEXT,
        "region": TEXT,
        "postcode": TEXT,
        "country": TEXT,  # ISO 3166-1 alpha-2
        "street_norm": TEXT,  # comparable: ASCII lower case, abbreviations expanded, no house number and no unit
        "house_number": TEXT,
        "unit": TEXT,
        "city_norm": TEXT,
        "region_norm": TEXT,
        "postcode_norm": TEXT,
    }
)
ADDRESSES = pl.List(ADDRESS)
IDENTIFIERS = pl.List(pl.Struct({"type": TEXT, "value": TEXT}))
SEEN_BY = pl.List(pl.Struct({"source": TEXT, "last_seen_at": MOMENT}))


class TableContractError(ValueError):
    """A frame does not fit its table's contract. Names the table and the columns, never a value."""


@dataclass(frozen=True)
class Column:
    """One column: its name, Polars type, meaning, whether it may be null, and whether it holds personal values."""

    name: str
    dtype: pl.DataType
    meaning: str
    nullable: bool = True
    personal: bool = False


@dataclass(frozen=True)
class Table:
    """The contract of one table.

    ``name`` is ``<stage>/<table>``: the lake path and the asset key. ``key`` is the set of columns that identify a row.
    ``open_ended`` tables (raw imports) carry further text columns whose names only their source knows.
    """

    name: str
    one_row_per: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partitioned_by: str | None = None
    open_ended: bool = False

    @property
    def stage(self) -> str:
        return self.name.split("/", 1)[0]

    @property
    def has_personal_values(self) -> bool:
        return self.open_ended or any(column.personal for column in self.columns)

    @property
    def schema(self) -> dict[str, pl.DataType]:
        return {column.name: column.dtype for column in self.columns}

    def empty(self) -> pl.DataFrame:
        """A frame with this table's columns and no row."""
        return pl.DataFrame(schema=self.schema)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return ``frame`` with the contract's column order and types.

        Raises :class:`TableContractError` where a column is missing, unknown, of another type (a null column is cast)
        or null where it may not be. Only lossless casts between integer and float widths and time units are made.
        """
        have, wanted = frame.schema, self.schema  # once: a frame makes its schema anew for whoever asks
        missing = [name for name in wanted if name not in have]
        if missing:
            raise TableContractError(f"{self.name}: missing columns {missing}")
        extra = [name for name in have if name not in wanted]
        if extra and not self.open_ended:
            raise TableContractError(f"{self.name}: unknown columns {extra}; declare them in cdp_assets.tables")
        casts: list[pl.Expr] = []
        for column in self.columns:
            found = have[column.name]
            if found == column.dtype:
                casts.append(pl.col(column.name))
            elif _is_safe_cast(found, column.dtype):
                casts.append(pl.col(column.name).cast(column.dtype))
            else:
                raise TableContractError(f"{self.name}.{column.name}: expected {column.dtype}, found {found}")
        ordered = frame.select(*casts, *extra)
        for column in self.columns:
            if not column.nullable and ordered.get_column(column.name).null_count():
                count = ordered.get_column(column.name).null_count()
                raise TableContractError(f"{self.name}.{column.name}: {count} nulls in a column that may not be null")
        return ordered

    def key_faults(self, frame: pl.DataFrame) -> KeyFaults:
        """What is wrong with the keys of rows of this table; ``frame`` has the key's columns at least."""
        keys = frame.select(self.key)
        nulls = keys.filter(pl.any_horizontal(pl.all().is_null())).height
        # Texts are counted only where two keys have one hash, which takes several times as long.
        repeated = 0 if keys.hash_rows().n_unique() == keys.height else keys.height - keys.n_unique()
        return KeyFaults(nulls, repeated)


class KeyFaults(NamedTuple):
    """How many rows have no (whole) key, and how many repeat another row's."""

    nulls: int
    repeated: int


def _is_safe_cast(found: pl.DataType, wanted: pl.DataType) -> bool:
    if found == pl.Null() or (found.is_integer() and wanted.is_numeric()):
        return True
    if found.is_float() and wanted.is_float():
        return True
    if isinstance(found, pl.Datetime) and isinstance(wanted, pl.Datetime):
        return found.time_zone == wanted.time_zone
    if isinstance(found, pl.List) and isinstance(wanted, pl.List):
        return _is_safe_cast(_data_type(found.inner), _data_type(wanted.inner)) or found.inner == wanted.inner
    if isinstance(found, pl.Struct) and isinstance(wanted, pl.Struct):
        inner = {f.name: _data_type(f.dtype) for f in found.fields}
        return list(inner) == [f.name for f in wanted.fields] and all(
            inner[f.name] == f.dtype or _is_safe_cast(inner[f.name], _data_type(f.dtype)) for f in wanted.fields
        )
    return False


def _data_type(dtype: object) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype  # type: ignore[return-value,unused-ignore]


def key_column(name: str, meaning: str, dtype: pl.DataType = TEXT) -> Column:
    """A column that may not be null, of a text if not said otherwise: part of a key, or of all that a row must say."""
    return Column(name, dtype, meaning, nullable=False)
