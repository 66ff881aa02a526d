"""Clustering only what a change of the data touches, with the result that clustering everything gives.

The cluster of a record depends on the connected part of the data that it stands in: what accepted links, shared linkage
profiles and the word ``same`` join. So a part is clustered again where a record of it has come, gone or changed profiles, where a scored
pair of it is new, gone or otherwise, or where a judgement is; every other part keeps its clusters.

Why that is enough: what falls off a part does so because something that held it has changed, and both ends of that are
touched. What does not belong here: how a part is clustered (``clusters.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.differences import come_or_gone
from cdp_assets.candidate_links.ordered import each_once, in_order
from cdp_assets.identity_graph.clusters import clusters as clusters_of
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS, ClusterPolicy
from cdp_assets.judgements import joined, judgements_in_force
from cdp_assets.tables import CLUSTERS

_RECORD, _PROFILE = "record_id", "profile_id"
_ENDS = ("profile_id_l", "profile_id_r")
_SAID_OF_A_PAIR = ("match_weight", "household_bits", "match_probability", "decision", "reason")


@dataclass(frozen=True)
class Clustered:
    """A former clustering: what it was made from (same frames as for :func:`clusters`), and ``clusters``, its result."""

    scored_pairs: pl.DataFrame
    profile_members: pl.DataFrame
    records: pl.DataFrame
    judgements: pl.DataFrame
    clusters: pl.DataFrame


class Reclustered(NamedTuple):
    """Clusters, and how many records were clustered again."""

    clusters: pl.DataFrame
    records: int


def recluster(
    former: Clustered,
    scored_pairs: pl.DataFrame,
    profile_members: pl.DataFrame,
    records: pl.DataFrame,
    judgements: pl.DataFrame,
    one_row_sources: Iterable[str] = (),
    policy: ClusterPolicy = DEFAULT_CLUSTERS,
    profiles: pl.DataFrame | None = None,
    one_per_person: Iterable[str] = (),
) -> Reclustered:
    """:func:`cdp_assets.identity_graph.clusters.clusters`, where ``former`` is known under the same policy and registers.

    Equal to it, row by row.
    """
    in_force, records = judgements_in_force(judgements), each_once(records.select(_RECORD, "source"), _RECORD)
    touched = touched_records(former, scored_pairs, profile_members, records, in_force)
    region = connected_records(touched, scored_pairs, profile_members, joined(in_force))
    inside = profile_members.join(region, on=_RECORD, how="semi")
    held = inside.select(_PROFILE).unique()
    pairs = scored_pairs
    for end in _ENDS:
        pairs = pairs.join(held, left_on=end, right_on=_PROFILE, how="semi")
    part = clusters_of(
        pairs,
        inside,
        records.join(region, on=_RECORD, how="semi"),
        judgements,
        one_row_sources,
        policy,
        None if profiles is None else profiles.join(held, on=_PROFILE, how="semi"),
        one_per_person,
    )
    # Records that are gone are touched, and so of the region.
    kept = in_order(former.clusters, _RECORD).join(region, on=_RECORD, how="anti", maintain_order="left")
    return Reclustered(_numbered(kept, part), part.height)


def touched_records(
    former: Clustered,
    scored_pairs: pl.DataFrame,
    profile_members: pl.DataFrame,
    records: pl.DataFrame,
    in_force: pl.DataFrame,
) -> pl.DataFrame:
    """Records of which anything has changed that clusters are made from: ``record_id``, each once."""
    profiles = _profiles_of_other_pairs(former.scored_pairs, scored_pairs)
    members = pl.concat([former.profile_members, profile_members])
    judged_anew = come_or_gone(judgements_in_force(former.judgements), in_force)
    sources_before = each_once(former.records.select(_RECORD, "source"), _RECORD)
    found = [
        members.join(profiles, on=_PROFILE, how="semi").select(_RECORD),
        come_or_gone(former.profile_members, profile_members).select(_RECORD),
        come_or_gone(sources_before, each_once(records.select(_RECORD, "source"), _RECORD)).select(_RECORD),
        *(judged_anew.select(pl.col(end).alias(_RECORD)) for end in ("record_id_l", "record_id_r")),
    ]
    return pl.concat(found).unique()


def _profiles_of_other_pairs(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Profiles of pairs that are new, gone, or decided or weighed otherwise: ``profile_id``, each once."""
    both = now.select(*_ENDS, *_SAID_OF_A_PAIR).join(
        before.select(*_ENDS, *_SAID_OF_A_PAIR), on=_ENDS, how="left", suffix="_before"
    )
    is_other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in _SAID_OF_A_PAIR)
    other = [both.filter(is_other).select(_ENDS)]
    if both.get_column("decision_before").count() != len(before):
        other.append(before.join(now, on=_ENDS, how="anti").select(_ENDS))
    return pl.concat([pairs.select(pl.col(end).alias(_PROFILE)) for pairs in other for end in _ENDS]).unique()


def connected_records(
    touched: pl.DataFrame, scored_pairs: pl.DataFrame, profile_members: pl.DataFrame, same: pl.DataFrame
) -> pl.DataFrame:
    """``touched`` and all records that links, shared profiles and ``same`` (record_id_l, record_id_r) join to them."""
    links = scored_pairs.filter(pl.col("decision") == ACCEPTED).select(_ENDS)
    both_ways = pl.concat([links.select(one=_ENDS[0], other=_ENDS[1]), links.select(one=_ENDS[1], other=_ENDS[0])])
    said = pl.concat(
        [same.select(one="record_id_l", other="record_id_r"), same.select(one="record_id_r", other="record_id_l")]
    )
    records, news = touched, touched
    profiles = profile_members.clear().select(_PROFILE)
    while not news.is_empty():
        held = profile_members.join(news, on=_RECORD, how="semi").select(_PROFILE).unique()
        linked = both_ways.join(held, left_on="one", right_on=_PROFILE, how="semi").select(
            pl.col("other").alias(_PROFILE)
        )
        reached = pl.concat([held, linked]).unique().join(profiles, on=_PROFILE, how="anti")
        profiles = pl.concat([profiles, reached])
        found = pl.concat(
            [
                profile_members.join(reached, on=_PROFILE, how="semi").select(_RECORD),
                said.join(news, left_on="one", right_on=_RECORD, how="semi").select(pl.col("other").alias(_RECORD)),
            ]
        ).unique()
        news = found.join(records, on=_RECORD, how="anti")
        records = pl.concat([records, news])
    return records


def _numbered(kept: pl.DataFrame, part: pl.DataFrame) -> pl.DataFrame:
    """Clusters of two clusterings, numbered from 1 in the order of their smallest record id."""
    before = int(kept.get_column("cluster_id").max() or 0)  # type: ignore[arg-type]
    ordered = kept.merge_sorted(part.with_columns(pl.col("cluster_id") + before), _RECORD)
    cluster = ordered.get_column("cluster_id")
    is_first = cluster.is_first_distinct()
    number = pl.repeat(0, before + len(part) + 1, dtype=pl.Int64, eager=True).scatter(
        cluster.filter(is_first), pl.int_range(1, int(is_first.sum()) + 1, eager=True)
    )
    return CLUSTERS.conform(ordered.with_columns(number.gather(cluster).alias("cluster_id")))
