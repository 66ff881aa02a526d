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
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.among import Many, ManyHashes
from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.differences import come_or_gone, keys_of_others
from cdp_assets.candidate_links.ordered import begins, first_rows, in_order, rows_at, rows_with
from cdp_assets.identity_graph.clusters import TELLING_COLUMNS
from cdp_assets.identity_graph.clusters import clusters as clusters_of
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS, ClusterPolicy
from cdp_assets.judgements import joined, judgements_in_force
from cdp_assets.tables import CLUSTERS

_RECORD, _PROFILE = "record_id", "profile_id"
_ENDS = ("profile_id_l", "profile_id_r")
_SIDES = ("record_id_l", "record_id_r")
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
    in_force = judgements_in_force(judgements)
    named, held = Hashed.each_once(records), Hashed.of(profile_members)
    touched = touched_records(former, scored_pairs, profile_members, named, in_force)
    region = connected_records(touched, scored_pairs, held, joined(in_force))
    is_inside = named.ids.hold(region)
    members = rows_at(profile_members, held.ids.rows_of(region))
    theirs = members.get_column(_PROFILE).unique()
    pairs = rows_with(scored_pairs, _ENDS[0], theirs).filter(pl.col(_ENDS[1]).is_in(theirs.implode()))
    part = clusters_of(
        pairs,
        members,
        named.frame.filter(is_inside),
        judgements,
        one_row_sources,
        policy,
        None if profiles is None else rows_with(profiles.select(TELLING_COLUMNS), _PROFILE, theirs),
        one_per_person,
    )
    before = Hashed.of(in_order(former.clusters, _RECORD))
    # Records that are gone are touched, and so of the region; those that are new are as well.
    kept = before.frame.select("cluster_id", "weakest_probability").filter(~before.ids.hold(region))
    return Reclustered(_numbered(named.frame.get_column(_RECORD), is_inside, kept, part), part.height)


class Hashed(NamedTuple):
    """A frame with records, and the hashes of their ids: made once, they are looked through again and again."""

    frame: pl.DataFrame
    ids: ManyHashes

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Hashed:
        return cls(frame, ManyHashes(frame.get_column(_RECORD).hash()))

    @classmethod
    def each_once(cls, records: pl.DataFrame) -> Hashed:
        """:func:`ordered.each_once` of ``record_id`` and ``source``: neighbours are told apart by their hashes, in a tenth of the time."""
        frame, ids = cls.of(in_order(records.select(_RECORD, "source"), _RECORD))
        first = ids.column.to_frame().select(begins(_RECORD)).to_series()
        return cls(frame.filter(first), ManyHashes(ids.column.filter(first)))


def touched_records(
    former: Clustered,
    scored_pairs: pl.DataFrame,
    profile_members: pl.DataFrame,
    records: Hashed,
    in_force: pl.DataFrame,
) -> pl.DataFrame:
    """Records of which anything has changed that clusters are made from: ``record_id``, each once. ``records``: each once and in order."""
    said = [*_ENDS, *_SAID_OF_A_PAIR]
    other = keys_of_others(former.scored_pairs.select(said), scored_pairs.select(said), _ENDS)
    judged_anew = come_or_gone(judgements_in_force(former.judgements), in_force)
    moved = come_or_gone(former.profile_members, profile_members)
    # Also where a record has left a profile that others have: they are another unit now, with another name where it was the first.
    profiles = pl.concat([*(other.get_column(end) for end in _ENDS), moved.get_column(_PROFILE)]).unique()
    records_before = Hashed.each_once(former.records)
    found = [
        *(rows_with(members, _PROFILE, profiles) for members in (former.profile_members, profile_members)),
        moved,
        _of_other_sources(records_before, records, moved.get_column(_RECORD)),
        *(judged_anew.select(pl.col(end).alias(_RECORD)) for end in _SIDES),
    ]
    return pl.concat([frame.select(_RECORD) for frame in found]).unique()


def _of_other_sources(before: Hashed, now: Hashed, moved: pl.Series) -> pl.DataFrame:
    """Records (``record_id``, ``source``, each once and in order) of another source than before, and those that have come or gone, except
    for such as are among ``moved``.

    As a rule nothing else has come or gone: then the two frames need only be laid side by side.
    """
    ids = moved.hash()
    stayed, stay = (~of.ids.hold(ids) for of in (before, now))
    if before.ids.column.filter(stayed).equals(now.ids.column.filter(stay)):
        told_before, told = (
            before.frame.get_column("source").filter(stayed),
            now.frame.get_column("source").filter(stay),
        )
        return rows_at(now.frame, stay.arg_true().filter(told.ne_missing(told_before)).to_numpy())
    return come_or_gone(before.frame.filter(stayed), now.frame.filter(stay))


def connected_records(
    touched: pl.DataFrame, scored_pairs: pl.DataFrame, profile_members: Hashed, same: pl.DataFrame
) -> pl.Series:
    """``touched`` and all records that links, shared profiles and ``same`` (record_id_l, record_id_r) join to them, as hashes of their ids.

    Where one hash stood for two records, the other would be clustered again for nothing. From step to step the columns of links and members
    are looked through for the few that were reached last: less work than one join.
    """
    links = scored_pairs.select(_ENDS).filter(scored_pairs.get_column("decision") == ACCEPTED)
    linked = _joined(*(Many(links.get_column(end).rechunk()) for end in _ENDS))
    said = _joined(*(ManyHashes(same.get_column(side).hash()) for side in _SIDES)) if len(same) else ()
    profile_of = profile_members.frame.get_column(_PROFILE).rechunk()
    profiles_of, records_of = _joined(profile_members.ids, Many(profile_of))
    records = news = touched.get_column(_RECORD).hash()
    profiles = profile_of.clear()
    while not news.is_empty():
        held = profiles_of.of(news)
        reached = _further(pl.concat([held, *(joins.of(held) for joins in linked)]), profiles)
        profiles = pl.concat([profiles, reached])
        news = _further(pl.concat([records_of.of(reached), *(joins.of(news) for joins in said)]), records)
        records = pl.concat([records, news])
    return records


@dataclass(frozen=True)
class _Joined:
    """What is joined to each of ``many`` values: the ``other`` one of its row."""

    many: Many
    other: pl.Series

    def of(self, few: pl.Series) -> pl.Series:
        """What is joined to the ``few``, once or more."""
        return self.other.gather(self.many.rows_of(few))


def _joined(one: Many, other: Many) -> tuple[_Joined, _Joined]:
    """What stands side by side in two columns, each in one chunk: from the one to the other, and back."""
    return _Joined(one, other.column), _Joined(other, one.column)


def _further(reached: pl.Series, known: pl.Series) -> pl.Series:
    """Those that were not known yet, each once."""
    reached = reached.unique()
    return reached.filter(~reached.is_in(known.implode()))


def _numbered(record_ids: pl.Series, is_inside: pl.Series, kept: pl.DataFrame, part: pl.DataFrame) -> pl.DataFrame:
    """Clusters of two clusterings, numbered from 1 in the order of their smallest record id.

    ``part`` has the records that are inside, ``kept`` all others: each in the order of their ids.
    """
    inside, highest = is_inside.to_numpy(), int(kept.get_column("cluster_id").max() or 0)  # type: ignore[arg-type]
    part = part.select(pl.col("cluster_id") + highest, "weakest_probability")
    at, weakest = (_laid_in(inside, part.get_column(name), kept.get_column(name)) for name in kept.columns)
    first = first_rows(at, highest + len(part) + 1)
    is_first = np.zeros(len(at) + 1, dtype=np.int64)
    is_first[first] = 1
    number = np.cumsum(is_first)[first]
    return CLUSTERS.conform(
        pl.DataFrame({_RECORD: record_ids, "cluster_id": number[at], "weakest_probability": weakest})
    )


def _laid_in(inside: npt.NDArray[np.bool_], those: pl.Series, others: pl.Series) -> npt.NDArray[Any]:
    """The values of those that are ``inside``, and of the others, in the order of all."""
    values = np.empty(len(inside), dtype=those.to_numpy().dtype)
    values[inside], values[~inside] = those.to_numpy(), others.to_numpy()
    return values
