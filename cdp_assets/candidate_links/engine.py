"""The seam behind which linkage is computed: SQL over frames, and the weights that Splink gives to compared pairs.

:class:`DuckDBEngine` runs both in an in-memory DuckDB. Another Splink backend is another class with the methods of :class:`LinkageEngine`.

What does not belong here: what is compared, blocked or decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

# Rows of a frame that one thread takes at a time.
ROWS_AT_ONCE = 50_000


class LinkageError(RuntimeError):
    """Linkage could not be computed. Names the step, never a value."""


class LinkageEngine(Protocol):
    """What linkage asks of a backend. Frames in, frames out; the same result at any number of threads."""

    def query(self, sql: str, **frames: pl.DataFrame) -> pl.DataFrame:
        """Run one SELECT over the named frames."""
        ...

    def weigh(self, levels: pl.DataFrame, settings: dict[str, Any], threshold_weight: float) -> pl.DataFrame:
        """Weigh compared pairs as trained Splink ``settings`` do.

        ``levels`` has ``gamma_<comparison>`` per comparison, the number of its level, and ``tf_<column>`` per adjusted column, the
        frequency of the value that both sides have. Returns its rows whose weight reaches ``threshold_weight``, in their order, with
        ``match_weight``.
        """
        ...


class DuckDBEngine:
    """Linkage in an in-memory DuckDB, which spills to disk where memory is short."""

    def __init__(self, threads: int | None = None, memory_limit: str | None = None) -> None:
        self.threads = threads
        self.memory_limit = memory_limit
        self._shared: duckdb.DuckDBPyConnection | None = None

    def _connect(self) -> duckdb.DuckDBPyConnection:
        config: dict[str, Any] = {"preserve_insertion_order": False}
        if self.threads is not None:
            config["threads"] = self.threads
        if self.memory_limit is not None:
            config["memory_limit"] = self.memory_limit
        return duckdb.connect(config=config)

    def query(self, sql: str, **frames: pl.DataFrame) -> pl.DataFrame:
        """Run one SELECT over the named frames. See :class:`LinkageEngine`."""
        tables = {name: _as_arrow(frame) for name, frame in frames.items()}
        with self._cursor() as db, _registered(db, tables):
            try:
                rows: pl.DataFrame = db.sql(sql).pl()
                return rows
            except duckdb.Error as problem:
                # DuckDB quotes values in some errors: only its kind is passed on.
                raise LinkageError(f"linkage query failed ({type(problem).__name__}) over {sorted(frames)}") from None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if self._shared is None:
            self._shared = self._connect()  # one for all queries: a connection costs more than a small query
        return self._shared.cursor()

    def weigh(self, levels: pl.DataFrame, settings: dict[str, Any], threshold_weight: float) -> pl.DataFrame:
        """Weigh compared pairs with the SQL that Splink makes of its settings. See :class:`LinkageEngine`.

        Splink's own ``predict`` would compare the pairs too: it copies the profiles twice and joins every frequency to both sides,
        which costs as much as the rest. The weights are the same (tested).
        """
        from cdp_assets.candidate_links.splink_sql import weighing_sql  # heavy: only where something is scored

        rows = levels.select(pl.int_range(pl.len(), dtype=pl.Int64).alias("pair"), pl.col("^(gamma|tf)_.*$"))
        weighed = self.query(weighing_sql(settings, rows.columns, threshold_weight), levels=rows)
        weights = np.full(len(levels), np.nan)
        weights[weighed.get_column("pair").to_numpy()] = weighed.get_column("match_weight").to_numpy()
        reaches = ~np.isnan(weights)  # filtered: to sort the pairs and gather their rows takes three times as long
        return levels.filter(pl.Series(reaches)).with_columns(pl.Series("match_weight", weights[reaches]))


def _as_arrow(frame: pl.DataFrame) -> pa.Table:
    """The columns as they are, nothing copied, in batches that are a thread's each."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
    return pa.Table.from_batches(table.to_batches(max_chunksize=ROWS_AT_ONCE), table.schema)


@contextmanager
def _registered(db: duckdb.DuckDBPyConnection, tables: dict[str, pa.Table]) -> Iterator[None]:
    for name, table in tables.items():
        db.register(name, table)
    try:
        yield
    finally:
        for name in tables:
            db.unregister(name)
