"""The SQL with which Splink weighs compared pairs, part by part: made from trained settings by Splink itself, and nothing of it parsed.

Splink's own query asks each of a million pairs for its level a hundred times, of twenty columns. A level weighs the same in all pairs, so that
it is asked once; and few pairs are at a level that a term frequency adjusts.

Heavy: this is imported only where something is scored. What does not belong here: running it and adding it up (``engine.py``), and the
settings (``trained_model.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from splink.internals.comparison import Comparison
from splink.internals.dialects import SplinkDialect
from splink.internals.misc import prob_to_match_weight
from splink.internals.settings import Settings


class _Dialect(SplinkDialect):
    """What weights need of DuckDB's SQL, column names in double quotes and one function, which SQLGlot's plain SQL has too.

    To read its grammar of DuckDB, of which weights need nothing, SQLGlot takes as long as a small resolution takes to score its pairs.
    """

    _dialect_name_for_factory = "weights in DuckDB"
    sql_dialect_str = _dialect_name_for_factory
    sqlglot_dialect = ""
    greatest_function_name = "greatest"


@dataclass(frozen=True)
class Part:
    """What one comparison adds to the weight of a pair, as SQL: ``weight``, of its ``gamma_<comparison>``, and ``adjustment`` (None: none).

    ``adjusted``: by number of a level, the ``tf_<column>`` of whose value the adjustment is; those of other levels are zero.
    """

    name: str
    weight: str
    adjustment: str | None
    adjusted: dict[int, str]


@dataclass(frozen=True)
class Parts:
    """What Splink adds up to the weight of a pair, in its order: ``prior`` (SQL), and of each part the weight and then the adjustment."""

    prior: str
    parts: tuple[Part, ...]

    def weights_sql(self) -> str:
        """SELECT of ``prior`` and the weights of each level, a column per comparison, over ``numbers`` (``number``: levels')."""
        weights = ", ".join(f"{part.weight} AS {part.name}" for part in self.parts)
        gammas = ", ".join(f"number AS gamma_{part.name}" for part in self.parts)
        return f"SELECT number, {self.prior} AS prior, {weights} FROM (SELECT number, {gammas} FROM numbers)"

    def adjustments_sql(self) -> str:
        """SELECT of ``asked`` and ``bits`` over ``given``: ``asked`` (a number), ``part`` (its place among the parts), ``gamma``, ``tf``."""
        adjusted = [(at, part) for at, part in enumerate(self.parts) if part.adjustment is not None]
        gammas = [f"gamma AS gamma_{part.name}" for _, part in adjusted]
        columns = sorted({column for _, part in adjusted for column in part.adjusted.values()})
        sides = [f"tf AS {column}_l, NULL::DOUBLE AS {column}_r" for column in columns]
        cases = " ".join(f"WHEN {at} THEN {part.adjustment}" for at, part in adjusted)
        return (
            f"SELECT asked, CASE part {cases} END AS bits"
            f" FROM (SELECT asked, part, {', '.join(gammas + sides)} FROM given)"
        )


def parts_of(settings: dict[str, Any]) -> Parts:
    """What trained Splink settings add up."""
    comparisons = [
        Comparison(
            [_without_condition(level) for level in comparison["comparison_levels"]],
            sqlglot_dialect=_Dialect._dialect_name_for_factory,
            output_column_name=comparison["output_column_name"],
        )
        for comparison in settings["comparisons"]
    ]
    told = Settings(
        **{**settings, "comparisons": comparisons, "sql_dialect": _Dialect._dialect_name_for_factory},
    )
    prior = prob_to_match_weight(told.core_model_settings.probability_two_random_records_match)
    return Parts(f"cast({prior} as float8)", tuple(_part(comparison) for comparison in told.comparisons))


def _part(comparison: Comparison) -> Part:
    _, weight, *adjustment = comparison._columns_to_select_for_match_weight_parts(
        retain_matching_columns=False, retain_intermediate_calculation_columns=False
    )
    return Part(
        comparison.output_column_name,
        weight.removesuffix(f" as {comparison._mw_column_name}"),
        adjustment[0].removesuffix(f" as {comparison._mw_tf_adj_column_name}") if adjustment else None,
        {
            level.comparison_vector_value: f"tf_{level._tf_adjustment_input_column_name}"
            for level in comparison.comparison_levels
            if level._has_tf_adjustments
        },
    )


def _without_condition(level: dict[str, Any]) -> dict[str, Any]:
    """A level of Splink settings as one that needs no condition: Splink parses them all, and what is weighed is compared already.

    ``ELSE`` alone it does not parse, but gives it no term frequency.
    """
    return {**level, "sql_condition": "TRUE" if "tf_adjustment_column" in level else "ELSE"}
