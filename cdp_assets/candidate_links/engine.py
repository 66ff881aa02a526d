"""The seam behind which linkage is computed: SQL over frames, and Splink's scoring of given pairs.

:class:`DuckDBEngine` runs both in an in-memory DuckDB. Another Splink backend is another class with these two methods.

What does not belong here: what is compared, blocked or decided.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import duckdb
import polars as pl


class LinkageError(RuntimeError):
    """Linkage could not be computed. Names the step, never a value."""


class LinkageEngine(Protocol):
    """What linkage asks of a backend. Frames in, frames out; the same result at any number of threads."""

    def query(self, sql: str, **frames: pl.DataFrame) -> pl.DataFrame:
        """Run one SELECT over the named frames."""
        ...

    def holding(self, **frames: pl.DataFrame) -> AbstractContextManager[LinkageEngine]:
        """This engine with the named frames handed over once: every query inside may name them."""
        ...

    def predict(
        self,
        comparable: pl.DataFrame,
        pairs: pl.DataFrame,
        settings: dict[str, Any],
        term_frequencies: dict[str, pl.DataFrame],
        threshold_weight: float,
    ) -> pl.DataFrame:
        """Score ``pairs`` (``id_l``, ``id_r``) with a trained Splink model and fixed term frequencies.

        Returns ``id_l``, ``id_r``, ``match_weight`` and a ``gamma_`` and an ``mw_`` column per comparison, for the
        pairs whose weight reaches ``threshold_weight``.
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
        with self._cursor() as db, _registered(db, frames):
            try:
                rows: pl.DataFrame = db.sql(sql).pl()
                return rows
            except duckdb.Error as problem:
                # DuckDB quotes values in some errors: only its kind is passed on.
                raise LinkageError(f"linkage query failed ({type(problem).__name__}) over {sorted(frames)}") from None

    @contextmanager
    def holding(self, **frames: pl.DataFrame) -> Iterator[LinkageEngine]:
        """This engine with the named frames handed over once. See :class:`LinkageEngine`."""
        with self._connect() as db:
            with _registered(db, {f"given_{name}": frame for name, frame in frames.items()}):
                for name in frames:
                    db.execute(f"CREATE TABLE {name} AS SELECT * FROM given_{name}")
            held = DuckDBEngine(self.threads, self.memory_limit)
            held._shared = db
            yield held

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if self._shared is None:
            self._shared = self._connect()  # one for all queries: a connection costs more than a small query
        return self._shared.cursor()

    def predict(
        self,
        comparable: pl.DataFrame,
        pairs: pl.DataFrame,
        settings: dict[str, Any],
        term_frequencies: dict[str, pl.DataFrame],
        threshold_weight: float,
    ) -> pl.DataFrame:
        """Score ``pairs`` with Splink's ``predict``. See :class:`LinkageEngine`."""
        from splink import DuckDBAPI, Linker, SettingsCreator  # heavy: only where something is scored

        with self._connect() as db:
            api = DuckDBAPI(connection=db)
            db.register("profiles_arrow", comparable.to_arrow())
            db.execute("CREATE TABLE linkage_comparable AS SELECT * FROM profiles_arrow")
            linker = Linker(
                api.register("linkage_comparable"),
                SettingsCreator.from_path_or_dict(told_apart(settings)),
                log_level=None,
                validate_settings=False,  # made by training, not by hand: a third of the time that small data takes
            )
            for field, frame in term_frequencies.items():
                db.register(f"tf_arrow_{field}", frame.to_arrow())
                db.execute(
                    f'CREATE TABLE linkage_tf_{field} AS SELECT "value" AS "{field}", frequency AS "tf_{field}" FROM tf_arrow_{field}'
                )
                linker.table_management.register_term_frequency_lookup(api.register(f"linkage_tf_{field}"), field)
            db.register("pairs_arrow", pairs.select("id_l", "id_r").to_arrow())
            db.execute(
                "CREATE TABLE linkage_pairs AS SELECT '0' AS match_key, id_l AS join_key_l, id_r AS join_key_r FROM pairs_arrow"
            )
            linker.table_management.register_blocked_pairs_for_predict(api.register("linkage_pairs"))
            try:
                scored = linker.inference.predict(threshold_match_weight=threshold_weight, warning_mode="never")
            except duckdb.Error as problem:
                raise LinkageError(f"scoring failed ({type(problem).__name__}) over {len(pairs)} pairs") from None
            parts = ", ".join(f"{sql} AS gamma_{name}" for name, sql in _level_numbers(told_apart(settings)).items())
            rows: pl.DataFrame = db.sql(
                f"SELECT s.unique_id_l AS id_l, s.unique_id_r AS id_r, s.match_weight, {parts}"
                f" FROM {scored.physical_name} s ORDER BY id_l, id_r"
            ).pl()
            return rows


@contextmanager
def _registered(db: duckdb.DuckDBPyConnection, frames: dict[str, pl.DataFrame]) -> Iterator[None]:
    for name, frame in frames.items():
        db.register(name, frame.to_arrow())
    try:
        yield
    finally:
        for name in frames:
            db.unregister(name)


def told_apart(settings: dict[str, Any]) -> dict[str, Any]:
    """Splink settings whose levels can be told by their weight, so that pairs need not carry the values that they compare.

    Splink keeps the number of a level only together with all compared values: with these, a million pairs take gigabytes.
    It also keeps the weight of each comparison; where two levels weigh alike, one is moved by less than weights are
    rounded to.
    """
    comparisons = []
    for comparison in settings["comparisons"]:
        taken = [0.0]  # of a null level
        levels = []
        for level in comparison["comparison_levels"]:
            if not level.get("is_null_level"):
                level = dict(level)
                while any(abs(_weight(level) - weight) < _APART for weight in taken):
                    level["m_probability"] *= 1.0 + _MOVED
                taken.append(_weight(level))
            levels.append(level)
        comparisons.append({**comparison, "comparison_levels": levels})
    kept = {"retain_matching_columns": False, "retain_intermediate_calculation_columns": True}
    return {**settings, **kept, "comparisons": comparisons}


_APART = 1e-7
_MOVED = 1e-7  # times 1.44 in bits


def _weight(level: dict[str, Any]) -> float:
    return math.log2(level["m_probability"] / level["u_probability"])


def _level_numbers(settings: dict[str, Any]) -> dict[str, str]:
    """Per comparison, SQL that tells the number of the level (as Splink numbers them) from the comparison's weight."""
    found = {}
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        scored = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        cases = " ".join(
            f"WHEN abs(s.mw_{name} - ({_weight(level)!r})) < {_APART / 2} THEN {len(scored) - 1 - at}"
            for at, level in enumerate(scored)
        )
        found[name] = f"(CASE {cases} ELSE -1 END)::TINYINT"
    return found
