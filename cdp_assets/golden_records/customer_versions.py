"""Record versions seen from their customers: whose they are, how far to trust them, whether they still stand.

The frame that every other module of this stage works from. Customers and rows are small integers here, because the
same million rows are grouped and ordered a dozen times; ids come back at the end.

What does not belong here: any choice between values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from cdp_assets.candidate_links.lookup import rows_of, rows_of_runs
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
    ``members``: ``record_id`` and ``customer`` of each record that has one, in the order of ``customer_ids``.
    """

    versions: pl.DataFrame
    rows: pl.DataFrame
    customers: pl.DataFrame
    members: pl.DataFrame

    def with_values(self, *values: pl.Expr | str) -> pl.DataFrame:
        """``rows`` with these expressions over ``record_versions`` beside them, for records that have a customer."""
        beside = pl.concat([self.rows, self.versions.select(*values)], how="horizontal")
        return beside.filter(pl.col("customer").is_not_null())

    def sighted(self, sightings: pl.DataFrame) -> pl.DataFrame:
        """E-mail addresses and phones of ``standardized/sightings``, with the customer whose record carries them."""
        theirs = sightings.filter(pl.col("type").is_in(["email", "phone"]))
        rows = rows_of_runs(theirs.get_column("record_id"), self.members.get_column("record_id"))
        beside = theirs.select("source", "type", "value", "first_seen_at", "last_seen_at").with_columns(
            self.members.get_column("customer").gather(rows)
        )
        return beside.filter(pl.col("customer").is_not_null()) if rows.null_count() else beside

    def at(self, rows: pl.Series, *columns: str) -> pl.DataFrame:
        """These columns of ``record_versions`` at the given row numbers, nulls for null."""
        # In one piece: Polars takes rows out of several pieces, as files are read, many times slower.
        return pl.DataFrame([self.versions.get_column(name).rechunk().gather(rows) for name in columns])


def customer_versions(versions: pl.DataFrame, customer_ids: pl.DataFrame, trust: Mapping[str, int]) -> CustomerVersions:
    """See ``record_versions`` from the customers of ``customer_ids``; ``trust`` is 0-100 by source.

    A version whose record belongs to no customer stays, without one. Raises :class:`GoldenRecordsError` when
    ``customer_ids`` names records that ``record_versions`` does not have.
    """
    ids = customer_ids.get_column("customer_id")
    customers = ids.unique().sort().to_frame().with_row_index("customer")
    customer = rows_of(ids, customers.get_column("customer_id")).alias("customer")
    member = rows_of_runs(versions.get_column("record_id"), customer_ids.get_column("record_id"))
    _every_member_has_a_version(member, customer_ids)
    rows = (
        versions.select("record_id", "source", "version", "observed_at", "is_current")
        .with_row_index("row")
        .with_columns(
            customer.gather(member), customer_ids.get_column("is_current").rechunk().gather(member).alias("exists")
        )
    )
    ranks = (
        rows.select("row", "record_id", "version")
        .sort("record_id", "version", descending=[False, True])
        .with_row_index("order")
        .select("row", "order", record=pl.col("record_id").rle_id())
        .sort("row")
    )
    rows = rows.with_columns(ranks.get_column("order"), ranks.get_column("record"))
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
        pl.DataFrame([customer_ids.get_column("record_id"), customer]),
    )


def _trust_of(trust: Mapping[str, int]) -> pl.Expr:
    return (
        pl.col("source")
        .replace_strict(
            list(trust), pl.Series(list(trust.values()), dtype=pl.UInt8), default=DEFAULT_TRUST, return_dtype=pl.UInt8
        )
        .alias("trust")
    )


def _every_member_has_a_version(members: pl.Series, customer_ids: pl.DataFrame) -> None:
    """``members``: the row of ``customer_ids`` of each version's record."""
    found = members.drop_nulls().n_unique()
    if found < customer_ids.height:
        raise GoldenRecordsError(
            f"identity_graph/customer_ids names {customer_ids.height - found} records that standardized/record_versions does "
            "not have; the two are of different runs: resolve the customers again"
        )
