"""The customers of a workspace measured against known truth, as text.

What does not belong here: the measures (``evaluation/accuracy.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from cdp_assets.evaluation.accuracy import TruthError, accuracy
from cdp_assets.lake import Lake
from cdp_assets.steward.lookup import require_made
from cdp_assets.steward.plain_text import facts, table
from cdp_assets.tables import CUSTOMER_IDS

TRUTH_COLUMNS = ("record_id", "entity_id")

_COUNTS = (
    ("records_scored", "records with a known person"),
    ("entities", "people"),
    ("clusters", "customers that hold them"),
    ("largest_cluster", "records of the largest customer"),
    ("clusters_mixing_people", "customers that mix people"),
    ("entities_split", "people split over several customers"),
    ("false_pairs", "pairs of records wrongly together"),
    ("missed_pairs", "pairs of records wrongly apart"),
)


def read_truth(path: Path) -> pl.DataFrame:
    """The truth in a Parquet or CSV file: columns record_id and entity_id, as text; rows without an entity are left out.

    Raises :class:`~cdp_assets.evaluation.accuracy.TruthError` for a file that is not there, not readable, or lacks a column.
    """
    if not path.is_file():
        raise TruthError(
            "there is no such truth file; name a .parquet or .csv with the columns record_id and entity_id"
        )
    try:
        rows = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise TruthError(
            f"the truth file could not be read ({type(problem).__name__}); it must be Parquet, or CSV with a header line"
        ) from None
    missing = [name for name in TRUTH_COLUMNS if name not in rows.columns]
    if missing:
        raise TruthError(f"the truth file has no column {' and no '.join(missing)}; it needs record_id and entity_id")
    return rows.select(pl.col(name).cast(pl.String) for name in TRUTH_COLUMNS).drop_nulls()


def measured(lake: Lake, truth: pl.DataFrame) -> dict[str, float]:
    """Measure to value. Raises where nothing has been resolved, or where not one record of the truth is known."""
    require_made(lake, CUSTOMER_IDS)
    predicted = lake.read(CUSTOMER_IDS, columns=["record_id", "customer_id"]).rename({"customer_id": "cluster_id"})
    if truth.join(predicted, on="record_id", how="semi").is_empty():
        raise TruthError(
            "no record of the truth file is in this workspace; its record_id must be SOURCE/KEY, as "
            "`cdp export identities` writes them"
        )
    return dict(accuracy(truth, predicted).select("measure", "value").rows())


def evaluation_text(measures: Mapping[str, float], width: int) -> str:
    """Precision, recall and F1 side by side, then the counts that say what went wrong."""
    rows = [
        (name, *(_share(measures.get(f"{measure}_{which}")) for which in ("precision", "recall", "f1")))
        for name, measure in (("pairs of records", "pairwise"), ("records (B-cubed)", "b_cubed"))
    ]
    counts = [(says, round(measures[name])) for name, says in _COUNTS if name in measures]
    return f"{table(('counted by', 'precision', 'recall', 'F1'), rows, width)}\n\n{facts(counts, width)}"


def _share(value: float | None) -> str | None:
    """Four digits; never rounded up to a perfect score."""
    if value is None:
        return None
    return f"{min(value, 0.9999):.4f}" if value < 1 else "1.0000"
