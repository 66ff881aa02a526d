"""The seam behind which linkage is computed: SQL over frames, and the weights that Splink gives to compared pairs.

:class:`DuckDBEngine` runs both in an in-memory DuckDB. Another Splink backend is another class with the methods of :class:`LinkageEngine`.

What does not belong here: what is compared, blocked or decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

if TYPE_CHECKING:
    from cdp_assets.candidate_links.splink_sql import Parts

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
        which costs as much as the rest. The weights are the same to the last bit (tested): the same numbers are added in the same order.
        """
        from cdp_assets.candidate_links.splink_sql import parts_of  # heavy: only where something is scored

        parts = parts_of(settings)
        gammas = [levels.get_column(f"gamma_{part.name}").to_numpy() for part in parts.parts]
        most = max((int(gamma.max(initial=0)) for gamma in gammas), default=0)
        numbers = np.arange(-1, most + 1, dtype=np.int8)
        told = self.query(parts.weights_sql(), numbers=pl.DataFrame({"number": numbers})).sort("number")
        weights, more = np.full(len(levels), told.get_column("prior")[0]), np.empty(len(levels))
        table = np.full(256, np.nan)  # by the byte of a number
        for part, gamma, (rows, bits) in zip(
            parts.parts, gammas, self._adjustments(parts, gammas, levels), strict=True
        ):
            table[numbers.view(np.uint8)] = told.get_column(part.name).to_numpy()
            weights += table.take(gamma.view(np.uint8), mode="clip", out=more)  # in memory that is used again
            weights[rows] += bits
        reaches = weights >= threshold_weight
        if not reaches.all():  # filtered: to sort the pairs and gather their rows takes three times as long
            levels, weights = levels.filter(pl.Series(reaches)), weights[reaches]
        return levels.with_columns(pl.Series("match_weight", weights))

    def _adjustments(
        self, parts: Parts, gammas: list[npt.NDArray[np.int8]], levels: pl.DataFrame
    ) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]]:
        """Of each part the rows whose level a term frequency adjusts, and the bits that it adds: all of them in one query."""
        asked: list[pl.DataFrame] = []
        found: list[npt.NDArray[np.intp]] = []
        for at, (part, gamma) in enumerate(zip(parts.parts, gammas, strict=True)):
            rows = [np.empty(0, dtype=np.intp)]
            for number, column in part.adjusted.items():
                here = np.flatnonzero(gamma == number)
                tf = levels.get_column(column).gather(here)
                if tf.null_count():
                    filled = tf.is_not_null()
                    here, tf = here[filled.to_numpy()], tf.filter(filled)
                rows.append(here)
                level = (pl.lit(number, pl.Int8).alias(name) for name, number in (("part", at), ("gamma", number)))
                asked.append(tf.to_frame("tf").with_columns(*level))
            found.append(np.concatenate(rows))
        count = sum(len(rows) for rows in found)
        bits = np.empty(count)
        if count:
            given = pl.concat(asked).with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("asked"))
            told = self.query(parts.adjustments_sql(), given=given)
            bits[told.get_column("asked").to_numpy()] = told.get_column("bits").to_numpy()
        ends = np.cumsum([len(rows) for rows in found])
        return list(zip(found, np.split(bits, ends[:-1]), strict=True))


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
