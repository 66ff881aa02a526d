"""Pairs of linkage profiles whose answer is known: from stewards' judgements, and from a file of labelled pairs.

A judgement speaks of two records; what is compared are their profiles. Every profile of the one with every profile of the
other has the answer, together they count as one. What does not belong here: what is learned from them (``training.py``,
``calibration.py``), and what a judgement decides (``identity_graph``).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cdp_assets.judgements import SAID_OF_A_PAIR, Judgement, judgements_in_force

LABELS_SCHEMA: dict[str, pl.DataType] = {
    "record_id_l": pl.String(),
    "record_id_r": pl.String(),
    "judgement": pl.String(),
}
LABELLED_SCHEMA: dict[str, pl.DataType] = {
    "id_l": pl.Int64(),
    "id_r": pl.Int64(),
    "is_same": pl.Boolean(),
    "share": pl.Float64(),
}


class LabelsError(ValueError):
    """A file of labelled pairs can not be used. Names the file and what to do, never a value."""


def no_labelled_pairs() -> pl.DataFrame:
    """A frame of labelled pairs without a row."""
    return pl.DataFrame(schema=LABELLED_SCHEMA)


def read_labels(path: Path) -> pl.DataFrame:
    """Labelled pairs of records from a ``.csv`` or ``.parquet`` file: ``record_id_l``, ``record_id_r``, ``judgement``.

    A judgement is same, different or undecided; rows where it is left empty are passed over. ``row`` is the row of the file,
    from 1. Raises :class:`LabelsError`.
    """
    try:
        rows = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise LabelsError(
            f"{path.name} could not be read ({type(problem).__name__}); it must be Parquet, or CSV with a header line"
        ) from None
    missing = [name for name in LABELS_SCHEMA if name not in rows.columns]
    if missing:
        raise LabelsError(f"{path.name} has no column {' and no '.join(missing)}; it needs {', '.join(LABELS_SCHEMA)}")
    said = rows.select(pl.col(name).cast(pl.String).str.strip_chars().replace("", None) for name in LABELS_SCHEMA)
    filled = (
        said.with_row_index("row", offset=1)
        .drop_nulls("judgement")
        .with_columns(pl.col("judgement").str.to_lowercase())
    )
    words = [judgement.value for judgement in SAID_OF_A_PAIR]
    wrong = filled.filter(~pl.col("judgement").is_in(words)).height
    if wrong:
        raise LabelsError(f"{path.name}: {wrong} rows hold another judgement than {', '.join(words)}; correct them")
    nameless = filled.filter(pl.any_horizontal(pl.col("record_id_l", "record_id_r").is_null())).height
    if nameless:
        raise LabelsError(f"{path.name}: {nameless} judged rows lack a record id; fill record_id_l and record_id_r")
    return filled


def known_pairs(judgements: pl.DataFrame, labels: Path | None) -> pl.DataFrame:
    """Pairs of records whose answer is known: judgements in force, and the workspace's file of labelled pairs."""
    return with_labels(judgements, None if labels is None else read_labels(labels))


def with_labels(judgements: pl.DataFrame, labels: pl.DataFrame | None) -> pl.DataFrame:
    """What is known of pairs of records: judgements in force, and labels of pairs that nobody has judged."""
    columns = list(LABELS_SCHEMA)
    in_force = judgements_in_force(judgements)
    # A pin says what is to be done with records, not what their values prove.
    judged = in_force.filter(pl.col("judgement") != Judgement.PINNED.value).select(columns)
    if labels is None:
        return judged
    ordered = labels.select(
        pl.min_horizontal("record_id_l", "record_id_r").alias("record_id_l"),
        pl.max_horizontal("record_id_l", "record_id_r").alias("record_id_r"),
        "judgement",
    ).unique()
    return pl.concat([judged, ordered.join(judged, on=columns[:2], how="anti").sort(columns)])


def labelled_pairs(known: pl.DataFrame, profile_members: pl.DataFrame) -> pl.DataFrame:
    """Pairs of profiles with ``is_same`` (null: undecided), from pairs of records with a judgement (``with_labels``).

    ``share``: the part of a judgement that a pair is worth: one, divided among the pairs of profiles it answers. A pair
    about which two judgements differ (a father and a son who say the same) is left out. Columns: ``LABELLED_SCHEMA``.
    """
    named = known.filter(pl.col("record_id_l") != pl.col("record_id_r")).with_row_index("judged")
    profiles = profile_members.select("profile_id", "record_id")
    pairs = (
        named.join(profiles.rename({"record_id": "record_id_l", "profile_id": "l"}), on="record_id_l")
        .join(profiles.rename({"record_id": "record_id_r", "profile_id": "r"}), on="record_id_r")
        .filter(pl.col("l") != pl.col("r"))
        .with_columns(
            id_l=pl.min_horizontal("l", "r"),
            id_r=pl.max_horizontal("l", "r"),
            is_same=pl.when(pl.col("judgement") != Judgement.UNDECIDED.value).then(
                pl.col("judgement") == Judgement.SAME.value
            ),
            share=1.0 / pl.len().over("judged"),
        )
    )
    return (
        pairs.group_by("id_l", "id_r")
        .agg(
            pl.col("is_same").drop_nulls().n_unique().alias("answers"),
            pl.col("is_same").drop_nulls().first(),
            pl.col("share").max(),
        )
        .filter(pl.col("answers") <= 1)
        .select(pl.col(name).cast(dtype) for name, dtype in LABELLED_SCHEMA.items())
        .sort("id_l", "id_r")
    )
