"""What a source hands over: its files and the truth about its records."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.evaluation.world.draws import Ints
from cdp_assets.evaluation.world.traces import Traces

# One row per record of a source; `key` is the record's key as the contract makes it.
TRUTH_COLUMNS = {"key": pl.String, "entity_id": pl.String, "bits": pl.Int64, "step": pl.String}
EMAIL_COLUMNS = {
    "entity_id": pl.String,
    "email": pl.String,
    "intended": pl.String,
    "use": pl.String,
    "died_at": pl.Int64,
    "is_mistyped": pl.Boolean,
}


@dataclass(frozen=True)
class File:
    """A delivered file: where it goes in the workspace, its rows, and for CSV the separator."""

    path: str
    rows: pl.DataFrame
    separator: str = ","


@dataclass(frozen=True)
class Delivery:
    """Everything that one source delivers, with the truth about it."""

    source: str
    files: list[File]
    truth: pl.DataFrame
    emails: pl.DataFrame
    traces: Traces  # what this and the earlier systems know


def entity_ids(person: pl.Series) -> pl.Series:
    """Return the entity id of each person; -1 is the story's, other negative numbers are web visitors nobody knows."""
    frame = pl.DataFrame({"p": person})
    p = pl.col("p")
    text = (
        pl.when(p >= 0)
        .then(pl.lit("person-") + p.cast(pl.String).str.pad_start(7, "0"))
        .when(p == -1)
        .then(pl.lit(STORY_ENTITY))
        .otherwise(pl.lit("visitor-") + (-p - 1).cast(pl.String).str.pad_start(7, "0"))
    )
    return frame.select(text.alias("entity_id")).to_series()


STORY_ENTITY = "person-story"
STORY_PERSON = -1


def truth_of(key: pl.Series, person: Ints, bits: Ints, step: pl.Series | None = None) -> pl.DataFrame:
    """Return the truth about records: whose they are and what they show; ``step`` names their part in the story."""
    none = pl.Series("", [None], dtype=pl.String).new_from_index(0, len(key))
    return pl.DataFrame(
        {
            "key": key,
            "entity_id": entity_ids(pl.Series(person)),
            "bits": bits,
            "step": none if step is None else step,
        }
    ).cast(TRUTH_COLUMNS)  # type: ignore[arg-type]


def email_truth(written: pl.DataFrame) -> pl.DataFrame:
    """Return the truth about addresses that ``contacts.write_emails`` wrote, in the shape of ``EMAIL_COLUMNS``."""
    return written.select(entity_ids(written["person"]), "email", "intended", "use", "died_at", "is_mistyped")
