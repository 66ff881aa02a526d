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

_ROW = "_row"
"""The row of the records that says a fact; null where it is none of theirs."""

_RECORD = "_record"
"""The number of a record among all, in the order of ids: neighbours are compared by it, which are sorted by it."""


def record_versions(records: pl.DataFrame, delivers: Mapping[str, str], imports: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/record_versions``, sorted by key.

    ``records``: rows of every ``standardized/<source>_records``. ``delivers``: source to what its contract delivers
    (``changes`` where it is not in it). ``imports``: import_id, source and sequence, the order of arrival.
    """
    return _versions(records, records.select(FACTS).with_row_index(_ROW), delivers, imports)


def versions_of(
    records: pl.DataFrame, facts: pl.DataFrame, delivers: Mapping[str, str], imports: pl.DataFrame
) -> pl.DataFrame:
    """:func:`record_versions` of some records only: ``facts`` are the columns :data:`FACTS` of all records of their sources,
    for a snapshot tells by what is not in it that a record is gone."""
    key = ["record_id", "import_id", "line"]
    of_theirs = facts.join(records.select(key).with_row_index(_ROW), on=key, how="left")
    return _versions(records, of_theirs, delivers, imports)


def _versions(
    records: pl.DataFrame, facts: pl.DataFrame, delivers: Mapping[str, str], imports: pl.DataFrame
) -> pl.DataFrame:
    if records.is_empty():
        return RECORD_VERSIONS.empty()
    facts = _in_order_of_arrival(facts.sort("record_id"), imports)
    facts = facts.with_columns(
        (pl.col("record_id") != pl.col("record_id").shift()).cum_sum().fill_null(0).alias(_RECORD)
    )
    is_snapshot = pl.col("source").is_in(sorted(source for source, how in delivers.items() if how == SNAPSHOT))
    rows = pl.concat([_rows_of_changes(facts.filter(~is_snapshot)), _rows_of_snapshots(facts.filter(is_snapshot))])
    versions = _numbered(rows).drop_nulls(_ROW)
    said = records.select(name for name in RECORD_VERSIONS.schema if name in records.columns).rechunk()
    told = versions.select(name for name in RECORD_VERSIONS.schema if name not in said.columns)
    return RECORD_VERSIONS.conform(said[versions.get_column(_ROW)].hstack(told))


def _in_order_of_arrival(facts: pl.DataFrame, imports: pl.DataFrame) -> pl.DataFrame:
    """Adds ``arrival``: the import's sequence, where it is known, else its place by time of landing."""
    known = imports.select("source", "import_id", pl.col("sequence").cast(pl.Int64)).unique(["source", "import_id"])
    seen = facts.select("source", "import_id", "landed_at").unique(["source", "import_id"], keep="any")
    seen = seen.join(known, on=["source", "import_id"], how="left").sort(
        "source", "sequence", "landed_at", "import_id", nulls_last=True
    )
    ranked = seen.with_columns(arrival=pl.int_range(pl.len(), dtype=pl.Int64).over("source"))
    return facts.join(
        ranked.select("source", "import_id", "arrival"),
        on=["source", "import_id"],
        how="left",
        maintain_order="left",
    )


def _before(column: str) -> pl.Expr:
    """What the record's row before says; null in its first one. Rows are in the order of records, as for all that follows."""
    return pl.when(pl.col(_RECORD) == pl.col(_RECORD).shift()).then(pl.col(column).shift())


def _after(column: str) -> pl.Expr:
    """What the record's next row says; null in its last one."""
    return pl.when(pl.col(_RECORD) == pl.col(_RECORD).shift(-1)).then(pl.col(column).shift(-1))


def _is_other(column: str) -> pl.Expr:
    """Whether it differs from the record's row before; so in its first one."""
    return ((pl.col(_RECORD) != pl.col(_RECORD).shift()) | (pl.col(column) != pl.col(column).shift())).fill_null(True)


def _rows_of_changes(facts: pl.DataFrame) -> pl.DataFrame:
    """Rows in order, with where a version begins."""
    ordered = facts.sort(_RECORD, "observed_at", "arrival", "line")
    return ordered.with_columns(
        begins=_is_other("content_hash"),
        valid_from=pl.col("observed_at"),
        seen_at=pl.col("observed_at"),
        gone_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
    )


def _rows_of_snapshots(facts: pl.DataFrame) -> pl.DataFrame:
    """The same, with ``gone_at``: the time of the next snapshot where the record is not in it."""
    snapshots = _snapshots_in_order(facts)
    following = snapshots.select("source", place=pl.col("place") - 1, next_as_of="as_of")
    timed = snapshots.join(following, on=["source", "place"], how="left")
    placed = facts.join(timed, on=["source", "arrival"], how="inner").sort(_RECORD, "place", "line")
    after = _after("place")
    is_new_place = (pl.col("place") != _before("place") + 1).fill_null(True)
    goes = pl.col("next_as_of").is_not_null() & (after.is_null() | (after != pl.col("place") + 1))
    placed = placed.with_columns(
        begins=is_new_place | _is_other("content_hash"), gone_at=pl.when(goes).then("next_as_of")
    )
    placed = placed.with_columns(valid_from=pl.max_horizontal("observed_at", _before("gone_at")))
    return placed.with_columns(
        valid_from=_newest_until("valid_from"), seen_at=pl.max_horizontal("observed_at", "as_of")
    ).select(*facts.columns, "begins", "valid_from", "seen_at", "gone_at")


def _newest_until(column: str) -> pl.Expr:
    """The newest time so far in the rows of the record."""
    return pl.col(column).cum_max().over(_RECORD)


def _snapshots_in_order(facts: pl.DataFrame) -> pl.DataFrame:
    """``source``, ``arrival``, ``as_of`` and ``place`` (0, 1, 2 …) of each snapshot."""
    by_arrival = facts.sort(_RECORD, "arrival", "line").with_columns(newest=_newest_until("observed_at"))
    snapshots = (
        by_arrival.with_columns(is_older=(pl.col("observed_at") < _before("newest")).fill_null(False))
        .group_by("source", "arrival")
        .agg(pl.col("observed_at").max().alias("newest"), pl.col("is_older").any())
        .sort("source", "arrival")
    )
    known_until = pl.col("newest").cum_max().over("source")
    as_of = pl.when(pl.col("is_older")).then("newest").otherwise(known_until)
    timed = snapshots.with_columns(as_of=as_of).sort("source", "as_of", "arrival")
    return timed.select("source", "arrival", "as_of", place=pl.int_range(pl.len(), dtype=pl.Int64).over("source"))


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per version, by the row that it begins with, with its time, last sighting and state, in the order of records.

    ``rows`` are in the order of each record's history.
    """
    rows = rows.with_columns(run=pl.col("begins").cast(pl.Int64).cum_sum().set_sorted())
    ends = (pl.col("run") != pl.col("run").shift(-1)).fill_null(True)
    first, last = rows.filter("begins"), rows.filter(ends)
    seen = rows.group_by("run", maintain_order=True).agg(pl.col("seen_at").max())
    versions = first.select(_ROW, _RECORD, "run", "valid_from").with_columns(
        last.get_column("import_id").alias("last_import_id"),
        last.get_column("gone_at"),
        seen.get_column("seen_at").alias("last_seen_at"),
    )
    versions = versions.sort(_RECORD, maintain_order=True)
    of_first = pl.when(pl.col(_RECORD).ne_missing(pl.col(_RECORD).shift())).then("run").forward_fill()
    is_newest = pl.col(_RECORD).ne_missing(pl.col(_RECORD).shift(-1))
    ended = pl.coalesce("gone_at", _after("valid_from"))
    return (
        versions.with_columns(
            version=pl.col("run") - of_first + 1,
            valid_to=pl.when(ended.is_not_null()).then(pl.max_horizontal(ended, "valid_from")),
            is_newest=is_newest,
            is_deleted=is_newest & pl.col("gone_at").is_not_null(),
        )
        .with_columns(is_current=pl.col("is_newest") & ~pl.col("is_deleted"))
        .drop("gone_at")
    )
