"""What each record said, from when until when: all records of all imports to versions.

``changes`` and ``events``: rows of one record are put in the order of (observed time, order of arrival, line). A row
that says what the one before it says makes no version. A stale import becomes history and overwrites nothing; content
that returns later (A, B, A) is a version again.

``snapshot``: each import says everything its source knows at that time. A record that is missing from the next snapshot
is deleted then; one that returns is a new version. A snapshot's time is the newest observed time in it, so that one that
arrives late takes its place in history. That alone would take a snapshot for stale when the newest row of the last
one was deleted; so it counts as stale only where a row in it is older than that row was before. A snapshot of which no
line became a record says nothing: it deletes nothing.

The result does not depend on the order of the rows given.

What does not belong here: what a value means; which version is right (survivorship).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cdp_assets.tables import RECORD_VERSIONS

SNAPSHOT = "snapshot"

FACTS = ("record_id", "source", "import_id", "line", "observed_at", "landed_at", "content_hash")
_RUN = ["record_id", "version"]


def record_versions(records: pl.DataFrame, delivers: Mapping[str, str], imports: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/record_versions``, sorted by key.

    ``records``: rows of every ``standardized/<source>_records``. ``delivers``: source to what its contract delivers
    (``changes`` where it is not in it). ``imports``: import_id, source and sequence, the order of arrival.
    """
    return versions_of(records, records.select(FACTS), delivers, imports)


def versions_of(
    records: pl.DataFrame, facts: pl.DataFrame, delivers: Mapping[str, str], imports: pl.DataFrame
) -> pl.DataFrame:
    """:func:`record_versions` of some records only: ``facts`` are the columns :data:`FACTS` of all records of their sources,
    for a snapshot tells by what is not in it that a record is gone."""
    if records.is_empty():
        return RECORD_VERSIONS.empty()
    facts = _in_order_of_arrival(facts, imports)
    is_snapshot = pl.col("source").is_in(sorted(source for source, how in delivers.items() if how == SNAPSHOT))
    rows = pl.concat([_rows_of_changes(facts.filter(~is_snapshot)), _rows_of_snapshots(facts.filter(is_snapshot))])
    versions = _numbered(rows)
    key = ["record_id", "import_id", "line"]
    said = versions.join(records, on=key, how="inner")
    return RECORD_VERSIONS.conform(said.select(RECORD_VERSIONS.schema.keys()).sort("record_id", "version"))


def _in_order_of_arrival(facts: pl.DataFrame, imports: pl.DataFrame) -> pl.DataFrame:
    """Adds ``arrival``: the import's sequence, where it is known, else its place by time of landing."""
    known = imports.select("source", "import_id", pl.col("sequence").cast(pl.Int64)).unique(["source", "import_id"])
    seen = facts.select("source", "import_id", "landed_at").unique(["source", "import_id"], keep="any")
    seen = seen.join(known, on=["source", "import_id"], how="left").sort(
        "source", "sequence", "landed_at", "import_id", nulls_last=True
    )
    ranked = seen.with_columns(arrival=pl.int_range(pl.len(), dtype=pl.Int64).over("source"))
    return facts.join(ranked.select("source", "import_id", "arrival"), on=["source", "import_id"], how="left")


def _rows_of_changes(facts: pl.DataFrame) -> pl.DataFrame:
    """Rows in order, with where a version begins."""
    ordered = facts.sort("record_id", "observed_at", "arrival", "line", "content_hash")
    is_other = pl.col("content_hash") != pl.col("content_hash").shift(1).over("record_id")
    return ordered.with_columns(
        begins=is_other.fill_null(True),
        valid_from=pl.col("observed_at"),
        seen_at=pl.col("observed_at"),
        gone_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
    )


def _rows_of_snapshots(facts: pl.DataFrame) -> pl.DataFrame:
    """The same, with ``gone_at``: the time of the next snapshot where the record is not in it."""
    snapshots = _snapshots_in_order(facts)
    following = snapshots.select("source", place=pl.col("place") - 1, next_as_of="as_of")
    placed = (
        facts.join(snapshots, on=["source", "import_id"], how="inner")
        .join(following, on=["source", "place"], how="left")
        .sort("record_id", "place", "line")
    )
    before, after = pl.col("place").shift(1).over("record_id"), pl.col("place").shift(-1).over("record_id")
    is_new_place = pl.col("place") != before + 1
    is_other = pl.col("content_hash") != pl.col("content_hash").shift(1).over("record_id")
    goes = pl.col("next_as_of").is_not_null() & (after.is_null() | (after != pl.col("place") + 1))
    placed = placed.with_columns(
        begins=(is_new_place | is_other).fill_null(True), gone_at=pl.when(goes).then("next_as_of")
    )
    returned_from = pl.col("gone_at").shift(1).over("record_id")
    started = pl.max_horizontal("observed_at", returned_from)
    return placed.with_columns(
        valid_from=started.cum_max().over("record_id"), seen_at=pl.max_horizontal("observed_at", "as_of")
    ).select(*facts.columns, "begins", "valid_from", "seen_at", "gone_at")


def _snapshots_in_order(facts: pl.DataFrame) -> pl.DataFrame:
    """``source``, ``import_id``, ``as_of`` and ``place`` (0, 1, 2 …) of each snapshot."""
    by_arrival = facts.sort("record_id", "arrival", "line")
    newest_before = pl.col("observed_at").cum_max().shift(1).over("record_id")
    snapshots = (
        by_arrival.with_columns(is_older=(pl.col("observed_at") < newest_before).fill_null(False))
        .group_by("source", "import_id", "arrival")
        .agg(pl.col("observed_at").max().alias("newest"), pl.col("is_older").any())
        .sort("source", "arrival")
    )
    known_until = pl.col("newest").cum_max().over("source")
    as_of = pl.when(pl.col("is_older")).then("newest").otherwise(known_until)
    timed = snapshots.with_columns(as_of=as_of).sort("source", "as_of", "arrival")
    return timed.select("source", "import_id", "as_of", place=pl.int_range(pl.len(), dtype=pl.Int64).over("source"))


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per version, by the row that it begins with, with its time, last sighting and state.

    ``rows`` are in the order of each record's history.
    """
    rows = rows.with_columns(version=pl.col("begins").cast(pl.Int64).cum_sum().over("record_id"))
    runs = rows.group_by(_RUN, maintain_order=True).agg(
        pl.col("import_id").last().alias("last_import_id"),
        pl.col("seen_at").max().alias("last_seen_at"),
        pl.col("gone_at").last(),
    )
    first = rows.filter("begins").select(*_RUN, "import_id", "line", "valid_from")
    versions = first.join(runs, on=_RUN, how="inner").sort(_RUN)
    is_newest = pl.col("version") == pl.col("version").max().over("record_id")
    replaced_at = pl.col("valid_from").shift(-1).over("record_id")
    ended = pl.coalesce("gone_at", replaced_at)
    return (
        versions.with_columns(
            valid_to=pl.when(ended.is_not_null()).then(pl.max_horizontal(ended, "valid_from")),
            is_newest=is_newest,
            is_deleted=is_newest & pl.col("gone_at").is_not_null(),
        )
        .with_columns(is_current=pl.col("is_newest") & ~pl.col("is_deleted"))
        .drop("gone_at")
    )
