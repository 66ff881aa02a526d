"""Accuracy of a resolution against known truth.

Everything is counted from the contingency table (one row per entity and cluster that share a record), so that no pair is
ever enumerated and a million records take a second. What does not belong here: where the truth comes from, and the
pipeline.
"""

from __future__ import annotations

import polars as pl

from cdp_assets.tables import EVALUATION


class TruthError(ValueError):
    """Truth or prediction can not be scored. Names the frame, the column and what to do, never a value."""


def accuracy(truth: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """Measures of ``predicted`` (``record_id``, ``cluster_id``) against ``truth`` (``record_id``, ``entity_id``), as rows of ``evaluation/accuracy``.

    Pairwise precision, recall and F1 ask of every pair of records whether it is together rightly; B-cubed asks it of every
    record and weighs all records alike (Bagga and Baldwin 1998), so that one large cluster counts less. Records
    without an entity are not scored; scored records without a cluster count as alone. A measure without anything to
    measure (precision where nothing is together) is left out; recall is 1 where there is nothing to find.
    """
    cells = _contingency(_labels(truth, "truth", "entity_id"), _labels(predicted, "predicted", "cluster_id"))
    entities = cells.group_by("entity").agg(pl.col("n").sum(), pl.len().alias("parts"))
    found = cells.group_by("cluster").agg(pl.col("n").sum(), pl.len().alias("parts"))
    measures = {
        **_counts(cells, entities, found),
        **_pairwise(_pairs(cells), _pairs(found), _pairs(entities)),
        **_b_cubed(cells),
    }
    kept = {name: float(value) for name, value in measures.items() if value is not None}
    return EVALUATION.conform(
        pl.DataFrame({"measure": list(kept), "value": list(kept.values())}, schema=EVALUATION.schema)
    )


def _labels(frame: pl.DataFrame, name: str, column: str) -> pl.DataFrame:
    """``record_id`` and ``label`` as text, without unlabelled records; every record once."""
    missing = [wanted for wanted in ("record_id", column) if wanted not in frame.columns]
    if missing:
        raise TruthError(f"{name}: columns {missing} are missing; it needs record_id and {column}")
    labels = frame.select(pl.col("record_id").cast(pl.String), pl.col(column).cast(pl.String).alias("label"))
    if labels.get_column("record_id").null_count():
        raise TruthError(f"{name}.record_id: empty in some rows; every row needs its record")
    doubled = len(labels) - labels.get_column("record_id").n_unique()
    if doubled:
        raise TruthError(f"{name}.record_id: {doubled} rows repeat a record; give every record once")
    return labels.drop_nulls("label")


def _contingency(truth: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """``entity``, ``cluster`` and ``n``, the records that they share."""
    alone = pl.lit("alone:") + pl.col("record_id")
    joined = truth.join(predicted, on="record_id", how="left", suffix="_predicted").select(
        entity="label",
        cluster=pl.coalesce(pl.lit("cluster:") + pl.col("label_predicted"), alone),
    )
    return joined.group_by("entity", "cluster").agg(pl.len().cast(pl.Int64).alias("n"))


def _pairs(groups: pl.DataFrame) -> int:
    """Pairs of records that are in one group."""
    return int(groups.select((pl.col("n") * (pl.col("n") - 1) // 2).sum()).item())


def _pairwise(right: int, predicted: int, true: int) -> dict[str, float | None]:
    precision = right / predicted if predicted else None
    recall = right / true if true else 1.0
    return {
        "pairwise_precision": precision,
        "pairwise_recall": recall,
        "pairwise_f1": _f1(precision, recall),
        "true_pairs": true,
        "false_pairs": predicted - right,
        "missed_pairs": true - right,
    }


def _b_cubed(cells: pl.DataFrame) -> dict[str, float | None]:
    scored = int(cells.get_column("n").sum())
    if not scored:
        return {}
    # Cells are sorted because a sum of floats depends on the order of its terms.
    sized = cells.sort("entity", "cluster").select(
        pl.col("n").cast(pl.Float64),
        pl.col("n").sum().over("cluster").alias("in_cluster"),
        pl.col("n").sum().over("entity").alias("in_entity"),
    )
    precision = float(sized.select((pl.col("n") ** 2 / pl.col("in_cluster")).sum()).item()) / scored
    recall = float(sized.select((pl.col("n") ** 2 / pl.col("in_entity")).sum()).item()) / scored
    return {"b_cubed_precision": precision, "b_cubed_recall": recall, "b_cubed_f1": _f1(precision, recall)}


def _f1(precision: float | None, recall: float | None) -> float | None:
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _counts(cells: pl.DataFrame, entities: pl.DataFrame, found: pl.DataFrame) -> dict[str, float | None]:
    return {
        "records_scored": int(cells.get_column("n").sum()),
        "entities": len(entities),
        "clusters": len(found),
        "entities_split": entities.filter(pl.col("parts") > 1).height,
        "clusters_mixing_people": found.filter(pl.col("parts") > 1).height,
        "most_people_in_one_cluster": max(found.get_column("parts"), default=0),
        "largest_cluster": max(found.get_column("n"), default=0),
    }
