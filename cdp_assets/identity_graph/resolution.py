"""What the last resolution left behind, and what the next one needs to know of records.

Three tables belong to one resolution: customer ids, their lineage, and the history of changes. The commit of the
customer ids names the versions of the other two that belong to it; so a run that was killed between the commits has
changed nothing, and the next run starts from where the last complete one ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from cdp_assets.lake import Lake, MissingTableError
from cdp_assets.tables import CUSTOMER_IDS, ID_LINEAGE, IDENTITY_CHANGES, Table


@dataclass(frozen=True)
class PreviousResolution:
    """The last complete resolution: its tables, the version of its customer ids, the model that scored it."""

    customer_ids: pl.DataFrame
    lineage: pl.DataFrame
    changes: pl.DataFrame
    version: int | None
    model_version: str | None


def previous_resolution(lake: Lake) -> PreviousResolution:
    """Read the last complete resolution; empty tables before the first."""
    note = lake.committed_metadata(CUSTOMER_IDS)
    if "id_lineage" not in note:
        return PreviousResolution(
            CUSTOMER_IDS.empty(), ID_LINEAGE.empty(), IDENTITY_CHANGES.empty(), lake.version(CUSTOMER_IDS), None
        )
    return PreviousResolution(
        customer_ids=lake.read(CUSTOMER_IDS),
        lineage=lake.read(ID_LINEAGE, version=int(note["id_lineage"])),
        changes=lake.read(IDENTITY_CHANGES, version=int(note["identity_changes"])),
        version=lake.version(CUSTOMER_IDS),
        model_version=note["model_version"],
    )


def record_facts(versions: pl.DataFrame) -> pl.DataFrame:
    """One row per record: record_id, source, source_key, first_seen_at (when it first landed), is_current.

    ``versions`` is ``standardized/record_versions``.
    """
    return (
        versions.group_by("record_id")
        .agg(
            pl.col("source").first(),
            pl.col("source_key").first(),
            pl.col("landed_at").min().alias("first_seen_at"),
            pl.col("is_current").any(),
        )
        .sort("record_id")
    )


def current_versions(lake: Lake, tables: Iterable[Table]) -> dict[str, int]:
    """Lake versions of tables that belong to the last complete resolution, by table name.

    Lineage and changes are those that the customer ids' commit names; every other table is at its newest. Raises
    :class:`~cdp_assets.lake.MissingTableError` for a table that was never made.
    """
    note = lake.committed_metadata(CUSTOMER_IDS)
    named = {table.name: note.get(table.name.split("/")[1]) for table in (ID_LINEAGE, IDENTITY_CHANGES)}
    versions: dict[str, int] = {}
    for table in tables:
        told = named.get(table.name)
        version = int(told) if told is not None else lake.version(table)
        if version is None:
            raise MissingTableError(f"{table.name} has not been made yet; run `cdp run` or materialize it")
        versions[table.name] = version
    return versions
