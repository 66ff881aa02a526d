"""Stable customer ids: which customer of this resolution is which customer of the last one.

An id goes where most of its records went (a tie: where its oldest record went). Where several ids arrive at one customer,
the oldest stays and the others resolve to it from then on. A customer to whom no id came gets one that is minted from
its oldest record; so a rebuild from nothing mints the ids that history gave, wherever history agrees.

An id is never given to another customer. It may come back to its own: when all records of a customer vanished and
are delivered again, or when a merge is undone.

Customers whose records are those that they were keep their ids and enter none of this.

What does not belong here: how an id is written (``id_format.py``), what old ids lead to (``lineage.py``), who is one customer (``clusters.py``).
"""

from __future__ import annotations

from datetime import datetime
from itertools import product
from typing import NamedTuple

import numpy as np
import polars as pl

from cdp_assets.candidate_links.alignment import rows_side_by_side
from cdp_assets.candidate_links.ordered import first_rows, in_order
from cdp_assets.identity_graph.id_format import mint_all
from cdp_assets.identity_graph.lineage import CURRENT, MERGED, RETIRED, Moved, lineage_after
from cdp_assets.tables import CUSTOMER_IDS, ID_LINEAGE

RECOGNISED_ATTEMPTS = 3
"""A record is recognised by so many of the ids that may have been minted from it. A second attempt is rare already."""

_ORIGIN = {"origin_seen_at": "first_seen_at", "origin": "place"}
"""What is told of the record that an id was minted from."""


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
    former = previous_customer_ids.select("record_id", former="customer_id")
    members = _members(clusters, records)
    members = members.with_columns(_beside(members.get_column("record_id"), former))
    gone = _gone(former, members)
    settled = _settled(members, gone)
    moving = _oldest_first(members, settled)
    gone = pl.concat([gone, _erased(settled, pl.concat([moving["former"], gone]), previous_lineage)])

    flows = _flows(moving)
    homes = _homes(flows)
    carried = _carried(homes, flows, moving, members, previous_lineage)
    minted = _minted(moving, carried, flows, previous_lineage)
    chosen = pl.concat([carried, minted])
    arrived = pl.concat(
        [
            homes.join(chosen.rename({"customer_id": "arrived_at"}), on="cluster").select("customer_id", "arrived_at"),
            _recognised(moving, chosen, previous_lineage),
        ]
    ).unique("customer_id", keep="first", maintain_order=True)
    moved = Moved(chosen.get_column("customer_id"), arrived, pl.concat([flows.get_column("customer_id"), gone]))
    at = pl.int_range(len(settled), dtype=pl.Int64, eager=True).scatter(
        chosen.get_column("cluster"), pl.int_range(len(settled), len(settled) + len(chosen), dtype=pl.Int64, eager=True)
    )
    ids = pl.concat([settled, chosen.get_column("customer_id")], rechunk=True).gather(at)
    customer_ids = members.select("record_id", "source", "source_key", ids.gather(members["cluster"]), "is_current")
    return CustomerIds(CUSTOMER_IDS.conform(customer_ids), lineage_after(previous_lineage, moved, now))


def _erased(settled: pl.Series, others: pl.Series, lineage: pl.DataFrame) -> pl.Series:
    """Current ids of the lineage that no record of the last resolution has any more: an erasure took all of theirs.

    The ids that one has are those of ``settled`` customers (each once) and ``others``; null for none. Raises where they are not all current.
    """
    current = lineage.filter(pl.col("state") == CURRENT).get_column("customer_id")
    known = pl.concat([settled.drop_nulls(), others.drop_nulls().unique()])
    hashes, current_hashes = known.hash(), current.hash()
    if len(known) == len(current) and hashes.sum() == current_hashes.sum():  # as a rule they are the same ids
        return current.clear()
    stray = len(known) - int(hashes.is_in(current_hashes.implode()).sum())
    if stray:
        raise CustomerIdError(
            f"{stray} ids of {CUSTOMER_IDS.name} are not current in {ID_LINEAGE.name}: the two tables are of different "
            "resolutions; read both at the versions of one resolution"
        )
    return current.clear() if len(known) == len(current) else current.filter(~current.is_in(known.implode()))


def _members(clusters: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Records in the order of their ids (``place``), with their ``cluster`` as a number from 0."""
    facts = ["source", "source_key", "first_seen_at", "is_current"]
    clusters = in_order(clusters.select("record_id", "cluster_id"), "record_id")
    if clusters.get_column("record_id").equals(records.get_column("record_id")):
        members = clusters.with_columns(records.select(facts))
    else:
        members = clusters.join(records.select("record_id", *facts), on="record_id", how="left", maintain_order="left")
    unknown = members.get_column("source").null_count()
    if unknown:
        raise CustomerIdError(
            f"{unknown} records of identity_graph/clusters are missing from the records given: both must come from "
            "the same version of standardized/record_versions"
        )
    if len(members) != len(clusters):
        raise CustomerIdError("records: a record_id stands there more than once; give one row per record")
    return members.with_columns(_numbered(members.get_column("cluster_id"))).with_row_index("place")


def _numbered(cluster_ids: pl.Series) -> pl.Series:
    """Clusters as numbers from 0, in the order of their ids, without gaps: as a rule the ids count from 1."""
    first = int(cluster_ids.min() or 0)  # type: ignore[arg-type]
    from_0 = cluster_ids - first
    if len(from_0) and int(from_0.max() or 0) < len(from_0) and np.bincount(from_0.to_numpy()).all():  # type: ignore[arg-type]
        return from_0.cast(pl.Int64).alias("cluster")
    return (cluster_ids.rank("dense").cast(pl.Int64) - 1).alias("cluster")


def _beside(record_ids: pl.Series, former: pl.DataFrame) -> pl.Series:
    """The ``former`` customer of each record, null where there was none. ``record_ids`` are in order, and so are as a rule those of ``former``:
    nobody need see that they are."""
    was = former.get_column("record_id")
    return former.get_column("former").rechunk().gather(rows_side_by_side(record_ids, was))


def _gone(former: pl.DataFrame, members: pl.DataFrame) -> pl.Series:
    """Former customers with records that are no more."""
    if members.get_column("former").count() == len(former):
        return former.get_column("former").clear()
    return former.join(members, on="record_id", how="anti").get_column("former").unique()


def _settled(members: pl.DataFrame, gone: pl.Series) -> pl.Series:
    """``customer_id`` of each cluster that has the very records of a former customer: mostly nearly all. Null for any other."""
    cluster, former = members.get_column("cluster").to_numpy(), members.get_column("former")
    first = first_rows(cluster, int(cluster.max(initial=-1)) + 1)
    if former.null_count() == len(former):
        return pl.repeat(None, len(first), dtype=pl.String, eager=True).alias("customer_id")
    known = former.hash().to_numpy()  # compared as numbers: texts take several times as long
    theirs, mixed = known.take(first), np.zeros(len(first), dtype=np.bool_)
    mixed[cluster[former.is_null().to_numpy() | (known != theirs.take(cluster))]] = True
    one_each = pl.Series(theirs)
    ordered = one_each.sort(multithreaded=False).to_numpy()
    in_two_parts = ordered[1:][ordered[1:] == ordered[:-1]]
    elsewhere = pl.Series(np.concatenate([known[mixed.take(cluster)], gone.hash().to_numpy(), in_two_parts]))
    whole = pl.Series(~mixed) & ~one_each.is_in(elsewhere.implode())
    return pl.select(pl.when(whole).then(former.gather(pl.Series(first)).alias("customer_id"))).to_series()


def _oldest_first(members: pl.DataFrame, settled: pl.Series) -> pl.DataFrame:
    """Records of clusters that are not ``settled`` in the order in which they were first seen; those of one moment stay in the order of
    their ids."""
    moving = members.select("place", "record_id", "first_seen_at", "cluster", "former")
    if settled.null_count() < len(settled):
        moving = moving.filter(settled.is_null().gather(moving.get_column("cluster")))
    return moving.sort("first_seen_at", maintain_order=True)


def _flows(moving: pl.DataFrame) -> pl.DataFrame:
    """How many records went from which former customer to which cluster, and the oldest of them."""
    return (
        moving.drop_nulls("former")
        .group_by(customer_id="former", cluster="cluster", maintain_order=True)
        .agg(pl.len().alias("records"), pl.col("first_seen_at").first(), pl.col("place").first())
    )


def _homes(flows: pl.DataFrame) -> pl.DataFrame:
    """Each former customer's home: the cluster that most of its records went to."""
    return (
        flows.sort("customer_id", "records", "first_seen_at", "place", descending=[False, True, False, False])
        .unique("customer_id", keep="first", maintain_order=True)
        .select("customer_id", "cluster")
    )


def _carried(
    homes: pl.DataFrame, flows: pl.DataFrame, moving: pl.DataFrame, members: pl.DataFrame, lineage: pl.DataFrame
) -> pl.DataFrame:
    """The id that stays at each cluster: the oldest of those at home there.

    The oldest was minted first; of ids minted in one resolution, the one that was minted from the older record: it is the one
    that a rebuild would mint, whoever has carried it since.
    """
    oldest = flows.sort("first_seen_at", "place").unique("customer_id", keep="first", maintain_order=True)
    oldest = oldest.select("customer_id", "first_seen_at", "place")
    at_home = homes.join(lineage.select("customer_id", "minted_at"), on="customer_id")
    return (
        at_home.join(_stood_for(at_home, oldest, moving, members), on="customer_id", how="left")
        .join(oldest, on="customer_id")
        .sort(
            "cluster", "minted_at", "origin_seen_at", "origin", "first_seen_at", "place", "customer_id", nulls_last=True
        )
        .unique("cluster", keep="first", maintain_order=True)
        .select("cluster", "customer_id")
    )


def _stood_for(
    at_home: pl.DataFrame, oldest: pl.DataFrame, moving: pl.DataFrame, members: pl.DataFrame
) -> pl.DataFrame:
    """For ids that were minted together and meet: the record that each was minted from (``origin_seen_at``, and its place, ``origin``).

    An id is minted from a record alone, so minting finds that record again: as a rule it is the ``oldest`` that has the id, or another one in
    the cluster where the ids meet; where it leaves its customer now, it is among those that move; elsewhere where it has left before, which may
    be anywhere.
    """
    met = at_home.filter(pl.len().over("cluster", "minted_at") > 1)
    likely = met.select("customer_id").join(oldest, on="customer_id")
    likely = likely.with_columns(members.get_column("record_id").gather(likely.get_column("place")))
    is_origin = mint_all(likely.get_column("record_id"), 0) == likely.get_column("customer_id")
    found = likely.filter(is_origin).select("customer_id", **_ORIGIN)
    missing = met.select("customer_id").join(found, on="customer_id", how="anti")
    if not missing.is_empty():
        is_near = moving.get_column("cluster").is_in(met.get_column("cluster").unique().implode())
        near, far = (moving.filter(where).select("record_id", **_ORIGIN) for where in (is_near, ~is_near))
        found = pl.concat([found, _minted_from(missing, near, far)])
        missing = missing.join(found, on="customer_id", how="anti")
    if not missing.is_empty():
        found = pl.concat([found, _minted_from(missing, members.select("record_id", **_ORIGIN))])
    return found


def _minted_from(ids: pl.DataFrame, *records: pl.DataFrame) -> pl.DataFrame:
    """Those of ``ids`` (``customer_id``) that one of ``records`` stood for, with its other columns in the place of ``record_id``.

    Of several frames the second is asked for what the first has not, before another attempt is thought of.
    """
    found: list[pl.DataFrame] = []
    sought = ids
    for attempt, frame in product(range(RECOGNISED_ATTEMPTS), records):
        stood_for = frame.select(
            mint_all(frame.get_column("record_id"), attempt).alias("customer_id"), pl.exclude("record_id")
        )
        found.append(stood_for.join(sought, on="customer_id", how="semi", maintain_order="left"))
        sought = sought.join(found[-1], on="customer_id", how="anti")
        if sought.is_empty():
            break
    return pl.concat(found)


def _minted(moving: pl.DataFrame, carried: pl.DataFrame, flows: pl.DataFrame, lineage: pl.DataFrame) -> pl.DataFrame:
    """Ids for clusters to which none came, from their oldest record; an id that is taken asks for the next attempt."""
    cluster, is_oldest = moving.get_column("cluster").to_numpy(), np.zeros(len(moving) + 1, dtype=np.bool_)
    is_oldest[first_rows(cluster, int(cluster.max(initial=-1)) + 1)] = True
    waiting = (
        moving.select("cluster", "record_id", is_new=pl.col("former").is_null())
        .filter(is_oldest[:-1])
        .join(carried, on="cluster", how="anti", maintain_order="left")
    )
    origins = flows.select("cluster", current_customer_id="customer_id", is_origin=pl.lit(True))
    known = lineage.select("customer_id", "state", "current_customer_id")
    done = pl.DataFrame(schema={"cluster": pl.Int64, "customer_id": pl.String})
    attempt = 0
    while not waiting.is_empty():
        minted = waiting.with_columns(mint_all(waiting.get_column("record_id"), attempt).alias("customer_id"))
        free = _first_of_each_id(_free(minted, known, origins).select("cluster", "customer_id"))
        free = free if done.is_empty() else free.join(done, on="customer_id", how="anti")
        done = pl.concat([done, free])
        if len(free) == len(waiting):
            break
        waiting = waiting.join(free, on="cluster", how="anti", maintain_order="left")
        attempt += 1
    return done


def _free(minted: pl.DataFrame, known: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
    """Those that may have the id that they were ``minted``: as a rule all."""
    if known.is_empty():
        return minted
    taken = known.filter(pl.col("customer_id").is_in(minted.get_column("customer_id").implode()))
    if taken.is_empty():
        return minted
    asked = minted.join(taken, on="customer_id", how="left", maintain_order="left").join(
        origins, on=["cluster", "current_customer_id"], how="left", maintain_order="left"
    )
    return asked.filter(_is_free())


def _first_of_each_id(asked: pl.DataFrame) -> pl.DataFrame:
    """Of rows that ask for one ``customer_id``, the first. As a rule no two do, which their hashes show in a quarter of the time."""
    if asked.get_column("customer_id").hash().n_unique() == len(asked):
        return asked
    return asked.unique("customer_id", keep="first", maintain_order=True)


def _is_free() -> pl.Expr:
    """An id that nobody had; or that this very record stood for: its customer vanished, or was merged and comes apart."""
    unknown = pl.col("state").is_null()
    returned = (pl.col("state") == RETIRED) & pl.col("is_new")
    undone = (pl.col("state") == MERGED) & pl.col("is_origin").fill_null(False)
    return unknown | returned | undone


def _recognised(moving: pl.DataFrame, chosen: pl.DataFrame, lineage: pl.DataFrame) -> pl.DataFrame:
    """Retired ids whose record is back, with the id (of ``chosen``) of the customer that it came back to."""
    retired = lineage.filter(pl.col("state") == RETIRED).select("customer_id")
    new = moving.filter(pl.col("former").is_null())
    if retired.is_empty() or new.is_empty():
        return pl.DataFrame(schema={"customer_id": pl.String, "arrived_at": pl.String})
    back = new.join(chosen, on="cluster", maintain_order="left").select("record_id", arrived_at="customer_id")
    return _minted_from(retired, back).unique("customer_id", keep="first", maintain_order=True)
