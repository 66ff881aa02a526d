"""Record versions seen from their customers: whose they are, how far to trust them, whether they still stand.

The frame that every other module of this stage works from. Customers and rows are small integers here, because the
same million rows are grouped and ordered a dozen times; ids come back at the end.

What does not belong here: any choice between values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from cdp_assets.golden_records.policy import DEFAULT_TRUST

GONE, FORMER, CURRENT = 0, 1, 2
"""Standing of a version: its record has disappeared from its source; the record has a newer version; it stands."""


class GoldenRecordsError(ValueError):
    """The tables given do not belong together. Names tables and counts, never a value."""


@dataclass(frozen=True)
class CustomerVersions:
    """``record_versions`` with, row by row, what their customers are.

    ``rows``: one row per record version, in the order of ``versions``: ``row``, ``customer`` (position in
    ``customers``; null for a record that belongs to none), ``record`` and ``order`` (ranks that do not depend on the
    order of rows; within a record the newest version comes first), ``standing``, ``trust``, ``observed_at``.
    """

    versions: pl.DataFrame
    rows: pl.DataFrame
    customers: pl.DataFrame

    def with_values(self, *values: pl.Expr | str) -> pl.DataFrame:
        """``rows`` with these expressions over ``record_versions`` beside them, for records that have a customer."""
        beside = pl.concat([self.rows, self.versions.select(*values)], how="horizontal")
        return beside.filter(pl.col("customer").is_not_null())

    def sighted(self, sightings: pl.DataFrame) -> pl.DataFrame:
        """E-mail addresses and phones of ``standardized/sightings``, with the customer whose record carries them."""
        members = self.with_values("record_id").filter(pl.col("record").is_first_distinct())
        return (
            sightings.filter(pl.col("type").is_in(["email", "phone"]))
            .select("record_id", "source", "type", "value", "first_seen_at", "last_seen_at")
            .join(members.select("record_id", "customer"), on="record_id")
            .drop("record_id")
        )

    def at(self, rows: pl.Series, *columns: str) -> pl.DataFrame:
        """These columns of ``record_versions`` at the given row numbers, nulls for null."""
        # In one piece: Polars takes rows out of several pieces, as files are read, many times slower.
        return pl.DataFrame([self.versions.get_column(name).rechunk().gather(rows) for name in columns])


def customer_versions(versions: pl.DataFrame, customer_ids: pl.DataFrame, trust: Mapping[str, int]) -> CustomerVersions:
    """See ``record_versions`` from the customers of ``customer_ids``; ``trust`` is 0-100 by source.

    A version whose record belongs to no customer stays, without one. Raises :class:`GoldenRecordsError` when
    ``customer_ids`` names records that ``record_versions`` does not have.
    """
    customers = customer_ids.select("customer_id").unique().sort("customer_id").with_row_index("customer")
    members = customer_ids.select("record_id", "customer_id", exists="is_current").join(
        customers, on="customer_id", how="inner"
    )
    rows = (
        versions.select("record_id", "source", "version", "observed_at", "is_current")
        .with_row_index("row")
        .join(members.drop("customer_id"), on="record_id", how="left", maintain_order="left")
    )
    ranks = (
        rows.select("row", "record_id", "version")
        .sort("record_id", "version", descending=[False, True])
        .with_row_index("order")
        .select("row", "order", record=pl.col("record_id").rle_id())
        .sort("row")
    )
    rows = rows.with_columns(ranks.get_column("order"), ranks.get_column("record"))
    _every_member_has_a_version(rows, members)
    standing = (
        pl.when(~pl.col("exists").fill_null(False))
        .then(GONE)
        .otherwise(pl.when(pl.col("is_current")).then(CURRENT).otherwise(FORMER))
    )
    return CustomerVersions(
        versions,
        rows.select(
            "row",
            "customer",
            "record",
            "order",
            standing.cast(pl.UInt8).alias("standing"),
            _trust_of(trust),
            "observed_at",
        ),
        customers,
    )


def _trust_of(trust: Mapping[str, int]) -> pl.Expr:
    return (
        pl.col("source")
        .replace_strict(
            list(trust), pl.Series(list(trust.values()), dtype=pl.UInt8), default=DEFAULT_TRUST, return_dtype=pl.UInt8
        )
        .alias("trust")
    )


def _every_member_has_a_version(rows: pl.DataFrame, members: pl.DataFrame) -> None:
    found = rows.filter(pl.col("customer").is_not_null()).get_column("record").n_unique()
    if found < members.height:
        raise GoldenRecordsError(
            f"identity_graph/customer_ids names {members.height - found} records that standardized/record_versions does "
            "not have; the two are of different runs: resolve the customers again"
        )
