"""The SQL with which Splink weighs compared pairs: made from trained settings by Splink itself, and nothing of it parsed.

Heavy: this is imported only where something is scored. What does not belong here: running it (``engine.py``), and the settings
(``trained_model.py``).
"""

from __future__ import annotations

from typing import Any

from splink.internals.comparison import Comparison
from splink.internals.dialects import SplinkDialect
from splink.internals.predict import predict_from_comparison_vectors_sqls_using_settings
from splink.internals.settings import Settings


class _Dialect(SplinkDialect):
    """What weights need of DuckDB's SQL, column names in double quotes and one function, which SQLGlot's plain SQL has too.

    To read its grammar of DuckDB, of which weights need nothing, SQLGlot takes as long as a small resolution takes to score its pairs.
    """

    _dialect_name_for_factory = "weights in DuckDB"
    sql_dialect_str = _dialect_name_for_factory
    sqlglot_dialect = ""
    greatest_function_name = "greatest"


def weighing_sql(settings: dict[str, Any], columns: list[str], threshold_weight: float) -> str:
    """SELECT of ``pair`` and ``match_weight`` over the table ``levels``, which has these ``columns`` beside ``pair``."""
    told = {
        **settings,
        "sql_dialect": _Dialect._dialect_name_for_factory,
        "comparisons": [
            Comparison(
                [_without_condition(level) for level in comparison["comparison_levels"]],
                sqlglot_dialect=_Dialect._dialect_name_for_factory,
                output_column_name=comparison["output_column_name"],
            )
            for comparison in settings["comparisons"]
        ],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
    }
    steps = predict_from_comparison_vectors_sqls_using_settings(
        Settings(**told), threshold_match_weight=threshold_weight
    )
    sides = "".join(f", {name} AS {name}_l, NULL::DOUBLE AS {name}_r" for name in columns if name.startswith("tf_"))
    pairs = f"SELECT *, pair AS unique_id_l, pair AS unique_id_r, '' AS match_key{sides} FROM levels"
    named = [("__splink__df_comparison_vectors", pairs), *((step["output_table_name"], step["sql"]) for step in steps)]
    return (
        "WITH "
        + ", ".join(f"{name} AS ({sql})" for name, sql in named)
        + f" SELECT unique_id_l AS pair, match_weight FROM {named[-1][0]}"
    )


def _without_condition(level: dict[str, Any]) -> dict[str, Any]:
    """A level of Splink settings as one that needs no condition: Splink parses them all, and what is weighed is compared already.

    ``ELSE`` alone it does not parse, but gives it no term frequency.
    """
    return {**level, "sql_condition": "TRUE" if "tf_adjustment_column" in level else "ELSE"}
