"""Frames in the form in which a database takes them: text, numbers and nothing else.

All conversions are Polars expressions, not Python per value: a million rows take a second or two.

What does not belong here: sending rows (``sqlite_target.py``, ``postgresql_target.py``).
"""

from __future__ import annotations

import polars as pl

NUL, REPLACEMENT = "\x00", "\ufffd"
"""PostgreSQL refuses NUL in a text, and much that reads SQLite stops there; both get Unicode's replacement character."""

_MOMENT = "%Y-%m-%d %H:%M:%S%.6f"


def for_sqlite(frame: pl.DataFrame) -> pl.DataFrame:
    """Days and moments (UTC) as ISO text, as SQLAlchemy writes and reads them; flags as 0 and 1; lists as JSON text."""
    clean = frame.select(_storable(name, dtype) for name, dtype in frame.schema.items())
    return clean.select(_for_sqlite(name, dtype) for name, dtype in frame.schema.items())


def _for_sqlite(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime(_MOMENT)
    if dtype == pl.Date():
        return column.dt.strftime("%Y-%m-%d")
    if dtype == pl.Boolean():
        return column.cast(pl.Int64)
    if isinstance(dtype, pl.List):
        return _json_text(column).alias(name)
    return column


def for_copy(frame: pl.DataFrame) -> pl.DataFrame:
    """Everything as text that PostgreSQL's COPY reads: moments with their zone, lists as array literals."""
    clean = frame.select(_storable(name, dtype) for name, dtype in frame.schema.items())
    return clean.select(_for_copy(name, dtype) for name, dtype in frame.schema.items())


def _for_copy(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime(_MOMENT + "+00")
    if dtype == pl.Date():
        return column.dt.strftime("%Y-%m-%d")
    if isinstance(dtype, pl.List):
        return _array_literal(column).alias(name)
    return column.cast(pl.String)


def _json_text(column: pl.Expr) -> pl.Expr:
    wrapped = pl.struct(column.alias("x")).struct.json_encode()  # {"x":[…]}: Polars encodes structs only
    return pl.when(column.is_not_null()).then(wrapped.str.slice(5).str.head(-1))


def _array_literal(column: pl.Expr) -> pl.Expr:
    """``{"a","b"}``: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO"""
    element = pl.element().str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    quoted = pl.concat_str(pl.lit('"'), element, pl.lit('"')).fill_null("NULL")
    return pl.concat_str(pl.lit("{"), column.list.eval(quoted).list.join(","), pl.lit("}"))


def _storable(name: str, dtype: pl.DataType) -> pl.Expr:
    """What no database keeps, or not all alike: NUL in texts, and NaN, which SQLite would turn into null by itself."""
    column = pl.col(name)
    if dtype == pl.String():
        return column.str.replace_all(NUL, REPLACEMENT, literal=True)
    if isinstance(dtype, pl.List):
        return column.list.eval(pl.element().str.replace_all(NUL, REPLACEMENT, literal=True))
    return column.fill_nan(None) if dtype.is_float() else column
