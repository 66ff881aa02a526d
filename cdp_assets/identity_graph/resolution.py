"""What the last resolution left behind, and what the next one needs to know of records.

Four tables belong to one resolution: customer ids, their lineage, the history of changes, and that of memberships. The commit of the
customer ids names the versions of the other three that belong to it; so a run that was killed between the commits has
changed nothing, and the next run starts from where the last complete one ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from cdp_assets import candidate_links
from cdp_assets.candidate_links.made_from import basis_of, code_of, made_from, note
from cdp_assets.candidate_links.ordered import begins, in_order
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS
from cdp_assets.identity_graph.reclustering import Clustered
from cdp_assets.lake import Lake, MissingTableError
from cdp_assets.tables import (
    CLUSTERS,
    CUSTOMER_IDS,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    MEMBERSHIPS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    SCORED_PAIRS,
    Table,
)


@dataclass(frozen=True)
class PreviousResolution:
    """The last complete resolution: its tables, the version of its customer ids, the model that scored it."""

    customer_ids: pl.DataFrame
    lineage: pl.DataFrame
    changes: pl.DataFrame
    version: int | None
    model_version: str | None
    memberships: pl.DataFrame = field(default_factory=MEMBERSHIPS.empty)


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
        memberships=memberships_of(lake),
    )


def memberships_of(lake: Lake) -> pl.DataFrame:
    """``identity_graph/memberships`` as of the last complete resolution; empty before the first that kept them."""
    version = lake.committed_metadata(CUSTOMER_IDS).get("memberships")
    return MEMBERSHIPS.empty() if version is None else lake.read(MEMBERSHIPS, version=int(version))


FACT_COLUMNS = ["record_id", "source", "source_key", "landed_at", "is_current"]
"""Columns of record versions that say what there is to know of records."""


def record_facts(versions: pl.DataFrame) -> pl.DataFrame:
    """One row per record: record_id, source, source_key, first_seen_at (when it first landed), is_current.

    ``versions`` is ``standardized/record_versions`` (:data:`FACT_COLUMNS` of it).
    """
    told = in_order(
        versions.select("record_id", "source", "source_key", first_seen_at="landed_at", is_current="is_current"),
        "record_id",
    )
    is_first = told.select(begins("record_id")).to_series()
    firsts = told.filter(is_first)
    of_several_versions = ~(is_first & is_first.shift(-1, fill_value=True))
    several = told.select("first_seen_at", "is_current").filter(of_several_versions)
    if several.is_empty():
        return firsts
    rows, further = of_several_versions.arg_true(), (~is_first).arg_true()
    several = several.with_columns(at=rows - further.search_sorted(rows, side="right"))
    of_several = several.group_by("at").agg(pl.col("first_seen_at").min(), pl.col("is_current").any())
    return firsts.with_columns(
        firsts.get_column(name).scatter(of_several.get_column("at"), of_several.get_column(name))
        for name in ("first_seen_at", "is_current")
    )


def current_versions(lake: Lake, tables: Iterable[Table]) -> dict[str, int]:
    """Lake versions of tables that belong to the last complete resolution, by table name.

    Lineage and changes are those that the customer ids' commit names; every other table is at its newest. Raises
    :class:`~cdp_assets.lake.MissingTableError` for a table that was never made.
    """
    note = lake.committed_metadata(CUSTOMER_IDS)
    named = {table.name: note.get(table.name.split("/")[1]) for table in (ID_LINEAGE, IDENTITY_CHANGES, MEMBERSHIPS)}
    versions: dict[str, int] = {}
    for table in tables:
        told = named.get(table.name)
        version = int(told) if told is not None else lake.version(table)
        if version is None:
            raise MissingTableError(f"{table.name} has not been made yet; run `cdp run` or materialize it")
        versions[table.name] = version
    return versions


_JUDGEMENTS_KNOWN, _JUDGEMENTS_DIGEST = "judgements_known", "judgements_digest"
_CLUSTERING_INPUTS: dict[Table, list[str] | None] = {
    SCORED_PAIRS: None,
    PROFILE_MEMBERS: None,
    RECORD_VERSIONS: ["record_id", "source"],
}


def clustering_note(
    lake: Lake, judgements: pl.DataFrame, registers: Iterable[str], one_per_person: Iterable[str]
) -> dict[str, str]:
    """What the commit of ``clusters`` notes, for the next run to cluster only what has changed.

    ``judgements``: all of the ledger's; ``registers``: sources that have one row per person; ``one_per_person``: kinds of
    identifiers that a person has once.
    """
    return {
        **note(lake, _clustering_basis(registers, one_per_person), _CLUSTERING_INPUTS),
        _JUDGEMENTS_KNOWN: str(judgements["judgement_id"].max() or 0),
        _JUDGEMENTS_DIGEST: _digest_of(judgements),
    }


def former_clustering(
    lake: Lake, judgements: pl.DataFrame, registers: Iterable[str], one_per_person: Iterable[str]
) -> Clustered | None:
    """The last clustering and what it was made from; None where that is not known any more, or was made by other rules.

    Judgements are only ever added; where some that it knew are gone (a person was erased), nothing is taken for known.
    """
    noted = lake.committed_metadata(CLUSTERS)
    known = judgements.filter(pl.col("judgement_id") <= int(noted.get(_JUDGEMENTS_KNOWN, 0)))
    if noted.get(_JUDGEMENTS_DIGEST) != _digest_of(known):
        return None
    made = made_from(lake, CLUSTERS, _clustering_basis(registers, one_per_person), _CLUSTERING_INPUTS)
    if made is None:
        return None
    return Clustered(
        scored_pairs=made[SCORED_PAIRS.name],
        profile_members=made[PROFILE_MEMBERS.name],
        records=made[RECORD_VERSIONS.name],
        judgements=known,
        clusters=made[CLUSTERS.name],
    )


def _clustering_basis(registers: Iterable[str], one_per_person: Iterable[str]) -> str:
    return basis_of(
        repr(DEFAULT_CLUSTERS),
        *sorted(registers),
        "",
        *sorted(one_per_person),
        code_of(__file__),
        code_of(candidate_links.__file__),
    )


def _digest_of(judgements: pl.DataFrame) -> str:
    digest = hashlib.sha256()
    for row in judgements.select("judgement_id", "record_id_l", "record_id_r", "judgement").iter_rows():
        digest.update(repr(row).encode())
    return digest.hexdigest()
