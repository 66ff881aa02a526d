"""Stable customer ids: which customer of this resolution is which customer of the last one.

An id goes where most of its records went (a tie: where its oldest record went). Where several ids arrive at one customer,
the oldest stays and the others resolve to it from then on. A customer to whom no id came gets one that is minted from
its oldest record; so a rebuild from nothing mints the ids that history gave, wherever history agrees.

An id is never given to another customer. It may come back to its own: when all records of a customer vanished and
are delivered again, or when a merge is undone.

What does not belong here: how an id is written (``id_format.py``), who is one customer (``clusters.py``).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import polars as pl

from cdp_assets.identity_graph.id_format import mint_all
from cdp_assets.tables import CUSTOMER_IDS, ID_LINEAGE, MOMENT

CURRENT, MERGED, RETIRED = "current", "merged", "retired"

RECOGNISED_ATTEMPTS = 3
"""A record is recognised by so many of the ids that may have been minted from it. A second attempt is rare already."""


class CustomerIds(NamedTuple):
    """``identity_graph/customer_ids`` and ``identity_graph/id_lineage`` after a resolution."""

    customer_ids: pl.DataFrame
    lineage: pl.DataFrame


class CustomerIdError(ValueError):
    """The tables do not fit each other. Names tables and counts, never a value."""


def assign(
    clusters: pl.DataFrame,
    previous_customer_ids: pl.DataFrame,
    previous_lineage: pl.DataFrame,
    records: pl.DataFrame,
    now: datetime,
) -> CustomerIds:
    """Give every cluster its customer id.

    ``clusters``: ``identity_graph/clusters``. ``previous_customer_ids``, ``previous_lineage``: this function's last result, empty the first time.
    ``records``: one row per record with ``record_id``, ``source``, ``source_key``, ``first_seen_at`` (when it first landed) and ``is_current``.
    ``now``: the time of this resolution.

    Raises :class:`CustomerIdError` where a record of a cluster is missing from ``records``, or a customer id from the lineage.
    """
    _require_lineage(previous_customer_ids, previous_lineage)
    members = _members(clusters, records)
    flows = _flows(members, previous_customer_ids)
    homes = _homes(flows)
    carried = _carried(homes, flows, members, previous_lineage)
    minted = _minted(members, carried, flows, previous_customer_ids, previous_lineage)
    chosen = pl.concat([carried, minted.select("cluster_id", "customer_id")])
    named = members.join(chosen, on="cluster_id", validate="m:1")
    customer_ids = CUSTOMER_IDS.conform(
        named.select("record_id", "source", "source_key", "customer_id", "is_current").sort("record_id")
    )
    arrived = pl.concat(
        [
            homes.join(chosen.rename({"customer_id": "arrived_at"}), on="cluster_id").select(
                "customer_id", "arrived_at"
            ),
            _recognised(named, previous_customer_ids, previous_lineage),
        ]
    ).unique("customer_id", keep="first", maintain_order=True)
    return CustomerIds(customer_ids, _lineage(previous_lineage, chosen, arrived, now))


def resolve_id(customer_id: str, lineage: pl.DataFrame) -> str | None:
    """The id that ``customer_id`` resolves to now; None where its customer is gone or the id was never minted."""
    found = lineage.filter(pl.col("customer_id") == customer_id).get_column("current_customer_id")
    return found.item() if len(found) else None


def _require_lineage(customer_ids: pl.DataFrame, lineage: pl.DataFrame) -> None:
    current = lineage.filter(pl.col("state") == CURRENT)
    stray = customer_ids.select("customer_id").unique().join(current, on="customer_id", how="anti").height
    if stray:
        raise CustomerIdError(
            f"{stray} ids of {CUSTOMER_IDS.name} are not current in {ID_LINEAGE.name}: the two tables are of different "
            "resolutions; read both at the versions of one resolution"
        )


def _members(clusters: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Records with their cluster, the oldest first."""
    members = clusters.select("record_id", "cluster_id").join(
        records.select("record_id", "source", "source_key", "first_seen_at", "is_current"), on="record_id", how="left"
    )
    unknown = members.get_column("source").null_count()
    if unknown:
        raise CustomerIdError(
            f"{unknown} records of identity_graph/clusters are missing from the records given: both must come from "
            "the same version of standardized/record_versions"
        )
    if len(members) != len(clusters):
        raise CustomerIdError("records: a record_id stands there more than once; give one row per record")
    return members.sort("first_seen_at", "record_id")


def _flows(members: pl.DataFrame, previous_customer_ids: pl.DataFrame) -> pl.DataFrame:
    """How many records went from which former customer to which cluster, and the oldest of them."""
    return (
        members.join(previous_customer_ids.select("record_id", "customer_id"), on="record_id", maintain_order="left")
        .group_by("customer_id", "cluster_id", maintain_order=True)
        .agg(pl.len().alias("records"), pl.col("first_seen_at").first(), pl.col("record_id").first())
    )


def _homes(flows: pl.DataFrame) -> pl.DataFrame:
    """Each former customer's home: the cluster that most of its records went to."""
    return (
        flows.sort("customer_id", "records", "first_seen_at", "record_id", descending=[False, True, False, False])
        .unique("customer_id", keep="first", maintain_order=True)
        .select("customer_id", "cluster_id")
    )


def _carried(homes: pl.DataFrame, flows: pl.DataFrame, members: pl.DataFrame, lineage: pl.DataFrame) -> pl.DataFrame:
    """The id that stays at each cluster: the oldest of those at home there.

    The oldest was minted first; of ids minted in one resolution, the one that was minted from the older record: it is the one
    that a rebuild would mint, whoever has carried it since.
    """
    oldest = flows.sort("first_seen_at", "record_id").unique("customer_id", keep="first", maintain_order=True)
    at_home = homes.join(lineage.select("customer_id", "minted_at"), on="customer_id")
    stood_for = _stood_for(at_home, members)
    return (
        at_home.join(stood_for, on="customer_id", how="left")
        .join(oldest.select("customer_id", "first_seen_at", "record_id"), on="customer_id")
        .sort("cluster_id", "minted_at", "place", "first_seen_at", "record_id", "customer_id", nulls_last=True)
        .unique("cluster_id", keep="first", maintain_order=True)
        .select("cluster_id", "customer_id")
    )


def _stood_for(at_home: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """For ids that were minted together and meet: the ``place`` by age, among all records, of the one that each was minted from.

    An id is minted from a record alone, so minting finds that record again: as a rule in the cluster where the ids meet; elsewhere
    where it has left its customer since.
    """
    met = at_home.filter(pl.len().over("cluster_id", "minted_at") > 1)
    by_age = members.select("record_id", "cluster_id", place=pl.int_range(pl.len()))
    near = by_age.join(met.select("cluster_id").unique(), on="cluster_id", how="semi", maintain_order="left")
    found = _minted_from(met.select("customer_id"), near)
    missing = met.select("customer_id").join(found, on="customer_id", how="anti")
    return found if missing.is_empty() else pl.concat([found, _minted_from(missing, by_age)])


def _minted_from(ids: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """``customer_id`` and the ``place`` of the record it was minted from, of those ``ids`` that one of ``records`` stood for."""
    found = pl.DataFrame(schema={"customer_id": pl.String, "place": pl.Int64})
    for attempt in range(RECOGNISED_ATTEMPTS):
        sought = ids.join(found, on="customer_id", how="anti")
        if sought.is_empty():
            break
        stood_for = records.select(mint_all(records.get_column("record_id"), attempt).alias("customer_id"), "place")
        found = pl.concat([found, stood_for.join(sought, on="customer_id", how="semi")])
    return found


def _minted(
    members: pl.DataFrame,
    carried: pl.DataFrame,
    flows: pl.DataFrame,
    previous_customer_ids: pl.DataFrame,
    lineage: pl.DataFrame,
) -> pl.DataFrame:
    """Ids for clusters to which none came, from their oldest record; an id that is taken asks for the next attempt."""
    waiting = (
        members.join(carried, on="cluster_id", how="anti", maintain_order="left")
        .unique("cluster_id", keep="first", maintain_order=True)
        .select("cluster_id", "record_id")
    )
    waiting = waiting.with_columns(
        is_new=~pl.col("record_id").is_in(previous_customer_ids.get_column("record_id").implode())
    )
    origins = flows.select("cluster_id", current_customer_id="customer_id", is_origin=pl.lit(True))
    known = lineage.select("customer_id", "state", "current_customer_id")
    done = pl.DataFrame(schema={"cluster_id": pl.Int64, "customer_id": pl.String})
    attempt = 0
    while not waiting.is_empty():
        asked = (
            waiting.with_columns(mint_all(waiting.get_column("record_id"), attempt).alias("customer_id"))
            .join(known, on="customer_id", how="left", maintain_order="left")
            .join(origins, on=["cluster_id", "current_customer_id"], how="left", maintain_order="left")
        )
        free = asked.filter(_is_free()).unique("customer_id", keep="first", maintain_order=True)
        free = free.join(done, on="customer_id", how="anti").select("cluster_id", "customer_id")
        done = pl.concat([done, free])
        waiting = waiting.join(free, on="cluster_id", how="anti", maintain_order="left")
        attempt += 1
    return done


def _is_free() -> pl.Expr:
    """An id that nobody had; or that this very record stood for: its customer vanished, or was merged and comes apart."""
    unknown = pl.col("state").is_null()
    returned = (pl.col("state") == RETIRED) & pl.col("is_new")
    undone = (pl.col("state") == MERGED) & pl.col("is_origin").fill_null(False)
    return unknown | returned | undone


def _recognised(named: pl.DataFrame, previous_customer_ids: pl.DataFrame, lineage: pl.DataFrame) -> pl.DataFrame:
    """Retired ids whose record is back, with the id of the customer that it came back to."""
    retired = lineage.filter(pl.col("state") == RETIRED).select("customer_id")
    back = named.join(previous_customer_ids, on="record_id", how="anti", maintain_order="left")
    found = pl.DataFrame(schema={"customer_id": pl.String, "arrived_at": pl.String})
    if retired.is_empty() or back.is_empty():
        return found
    for attempt in range(RECOGNISED_ATTEMPTS):
        stood_for = mint_all(back.get_column("record_id"), attempt).alias("customer_id")
        candidates = back.select(stood_for, arrived_at="customer_id")
        found = pl.concat([found, candidates.join(retired, on="customer_id", how="semi", maintain_order="left")])
    return found.unique("customer_id", keep="first", maintain_order=True)


def _lineage(lineage: pl.DataFrame, chosen: pl.DataFrame, arrived: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Every id ever minted, with what it resolves to after this resolution; one look-up resolves any id."""
    moment = pl.lit(now, dtype=MOMENT)
    current = chosen.select("customer_id", is_chosen=pl.lit(True))
    ids_now = _resolved(lineage, current, arrived).with_columns(
        state=pl.when("is_chosen")
        .then(pl.lit(CURRENT))
        .when(pl.col("resolved").is_not_null())
        .then(pl.lit(MERGED))
        .otherwise(pl.lit(RETIRED)),
    )
    kept = ids_now.select(
        "customer_id",
        pl.when("is_chosen").then("customer_id").otherwise("resolved").alias("current_customer_id"),
        "state",
        "minted_at",
        changed_at=pl.when(pl.col("state") == pl.col("former_state")).then("changed_at").otherwise(moment),
    )
    fresh = current.join(lineage, on="customer_id", how="anti").select(
        "customer_id",
        current_customer_id="customer_id",
        state=pl.lit(CURRENT),
        minted_at=moment,
        changed_at=moment,
    )
    return ID_LINEAGE.conform(pl.concat([kept, fresh]).sort("customer_id"))


def _resolved(lineage: pl.DataFrame, current: pl.DataFrame, arrived: pl.DataFrame) -> pl.DataFrame:
    """Former lineage with ``is_chosen`` (current now) and ``resolved``: the id it leads to now, by its own way or its successor's."""
    own = arrived.rename({"arrived_at": "own_way"})
    successors = arrived.rename({"customer_id": "current_customer_id", "arrived_at": "successors_way"})
    return (
        lineage.rename({"state": "former_state"})
        .join(current, on="customer_id", how="left")
        .join(own, on="customer_id", how="left")
        .join(successors, on="current_customer_id", how="left")
        .with_columns(
            pl.col("is_chosen").fill_null(False),
            resolved=pl.coalesce("own_way", "successors_way"),
        )
    )
