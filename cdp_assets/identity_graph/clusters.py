"""From links to clusters: which records are one customer in this resolution.

Three steps: records that are one by definition become units (``units.py``); what the scored pairs say about two units is
weighed (``evidence.py``); units merge, the most convincing first, as long as the evidence of all pairs across speaks
for it and no constraint against it (``agglomerate.py``). Plain connected components would let one false link join two crowds: on one
labelled set 1,521 false links became 18,038 false pairs.

What does not belong here: ids that outlive the resolution (``customer_ids.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

import numpy as np
import polars as pl

from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.candidate_links.ordered import begins, in_order, rows_with
from cdp_assets.identity_graph.agglomerate import MILLIBITS, agglomerate
from cdp_assets.identity_graph.connected import numbered
from cdp_assets.identity_graph.descriptions import COLUMNS, EVERYTHING, told
from cdp_assets.identity_graph.evidence import unit_pairs
from cdp_assets.identity_graph.exclusive import NO_CODE, birth_date_codes, identifier_codes
from cdp_assets.identity_graph.fingerprints import Fingerprints
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS, ClusterPolicy
from cdp_assets.identity_graph.strength import weakest_probability
from cdp_assets.identity_graph.units import Units, units
from cdp_assets.tables import CLUSTERS

TELLING_COLUMNS = sorted({"profile_id", "identifiers", "date_of_birth", *chain.from_iterable(COLUMNS.values())})
"""Columns of linkage profiles that clusters are made by."""

_PAIR = ["profile_id_l", "profile_id_r"]


def clusters(
    scored_pairs: pl.DataFrame,
    profile_members: pl.DataFrame,
    records: pl.DataFrame,
    judgements: pl.DataFrame,
    one_row_sources: Iterable[str] = (),
    policy: ClusterPolicy = DEFAULT_CLUSTERS,
    profiles: pl.DataFrame | None = None,
    one_per_person: Iterable[str] = (),
) -> pl.DataFrame:
    """Put every record into one cluster: a frame of ``identity_graph/clusters``.

    ``scored_pairs`` and ``profile_members`` are those of ``candidate_links``; ``records`` has ``record_id`` and ``source`` of every record, once or
    once per version; ``judgements`` as in ``judgements.py``; ``one_row_sources`` are sources with one row per person.
    ``profiles`` (``candidate_links/linkage_profiles``, :data:`TELLING_COLUMNS` of it) tells which records could have been compared; without it, all of them.
    ``one_per_person``: kinds of identifiers of which a person has one.

    - Records of one profile and profiles of one record are one customer.
    - ``same`` joins. ``different`` keeps apart, also what either is joined to: the least convincing merge does not happen.
    - Two records of a one-row-per-person source are never one customer, unless a steward says ``same``.
    - Accepted links join two clusters when the evidence of all pairs across them, seen and unseen, is positive.
    - Two values of an identifier that a person has once keep apart, and so do two dates of birth that two sources each tell.
    - A record that is like two rows of a one-row-per-person source belongs to the one that it is more like.
    - A cluster above the size bound is clustered again with ever more evidence asked for, until it fits.

    The answer for a connected part of the data does not depend on the rest, nor on the order of rows.
    """
    people = units(records, profile_members, judgements, one_row_sources)
    if not len(people):
        return CLUSTERS.empty()
    keys = Fingerprints(people.names)
    everything = pl.repeat(EVERYTHING, len(people), dtype=pl.Int64, eager=True)
    tells = everything if profiles is None else told(profiles, people.profiles, len(people))
    pairs = unit_pairs(scored_pairs, people, policy)

    links = pairs.filter("is_link").select("a", "b", "probability")
    codes: list[pl.Series] = []
    if profiles is not None:
        codes = identifier_codes(profiles, people.profiles, links, one_per_person, len(people))

    def agglomerated(pairs: pl.DataFrame, *more: pl.Series) -> pl.Series:
        return agglomerate(pairs.drop("probability"), keys, tells, people.registers, policy, [*codes, *more])

    label = agglomerated(pairs)
    if profiles is not None:
        born = birth_date_codes(label, profiles, people.profiles, people.records)
        doubtful = label.filter(born != NO_CODE)
        if len(doubtful):
            cut = label.is_in(doubtful.implode())
            label = _again(label, cut, agglomerated(_inside(pairs, cut, label), born))
    label = _recut(label, pairs, people, agglomerated, policy)
    held = weakest_probability(label, links, keys)
    return CLUSTERS.conform(_by_record(people, label, held))


def links_not_followed(
    scored_pairs: pl.DataFrame, profile_members: pl.DataFrame, clusters: pl.DataFrame
) -> pl.DataFrame:
    """The accepted links (rows of ``scored_pairs``) whose two profiles have no cluster in common: what the clusters overruled.

    Weak bridges, links against a judgement or a constraint, and links of clusters that were too large.
    """
    accepted = scored_pairs.filter(pl.col("decision") == ACCEPTED)
    of = _clusters_of_profiles(profile_members, clusters)
    first = of.filter(begins("profile_id")).rechunk()
    one, other = (
        first.get_column("cluster_id").gather(rows_of(accepted.get_column(end), first.get_column("profile_id")))
        for end in _PAIR
    )
    doubtful = accepted.filter(one.ne_missing(other))  # few: the others have their first cluster in common
    sides = doubtful.select(_PAIR)
    for end, side in zip(_PAIR, ("one", "other"), strict=True):
        theirs = rows_with(of, "profile_id", sides.get_column(end)).unique()
        sides = sides.join(theirs.rename({"profile_id": end, "cluster_id": side}), on=end)
    # Of the few that have clusters apart, those that have another one in common all the same: a profile may stand in several.
    apart = sides.filter(pl.col("one") != pl.col("other")).select(_PAIR).unique()
    followed = sides.join(apart, on=_PAIR, how="semi").filter(pl.col("one") == pl.col("other"))
    apart = apart.join(followed, on=_PAIR, how="anti")
    return doubtful.join(apart, on=_PAIR, how="semi").sort(_PAIR)


def _clusters_of_profiles(profile_members: pl.DataFrame, clusters: pl.DataFrame) -> pl.DataFrame:
    """The clusters that each profile's records stand in, in the order of profiles, once or more: ``profile_id``, ``cluster_id``."""
    at = rows_of(profile_members.get_column("record_id"), clusters.get_column("record_id"))
    of = profile_members.select("profile_id", clusters.get_column("cluster_id").rechunk().gather(at))
    return in_order(of.drop_nulls("cluster_id"), "profile_id")


def _recut(
    label: pl.Series,
    pairs: pl.DataFrame,
    people: Units,
    agglomerated: Callable[[pl.DataFrame], pl.Series],
    policy: ClusterPolicy,
) -> pl.Series:
    """Cluster the oversized clusters again, each time asking for more evidence, until each fits or is one unit."""
    asked = 0.0
    while True:
        oversized = _oversized(label, people, policy.largest_cluster)
        if not oversized.any():
            return label
        asked += policy.recut_step_bits
        less = pl.col("evidence") - round(asked * MILLIBITS)
        stricter = _inside(pairs, oversized, label).with_columns(evidence=less, is_link=pl.col("is_link") & (less > 0))
        label = _again(label, oversized, agglomerated(stricter))


def _inside(pairs: pl.DataFrame, some: pl.Series, label: pl.Series) -> pl.DataFrame:
    """The pairs that lie within one of the clusters whose units are marked in ``some``, few of all."""
    theirs = pairs.filter(some.to_numpy()[pairs.get_column("a").to_numpy()])
    return theirs.filter(label.gather(theirs.get_column("a")) == label.gather(theirs.get_column("b")))


def _again(label: pl.Series, some: pl.Series, again: pl.Series) -> pl.Series:
    """``label`` with the units marked in ``some`` clustered anew."""
    return pl.select(pl.when(some).then(again).otherwise(label)).to_series()


def _oversized(label: pl.Series, people: Units, largest: int) -> pl.Series:
    """Whether each unit is in a cluster of several units with too many records and too many distinct profiles."""
    crowded = np.bincount(label, minlength=len(label)) > 1
    for held in (people.records, people.profiles):
        per_unit = np.bincount(held.get_column("unit"), minlength=len(label))
        crowded &= np.bincount(label, per_unit, len(label)) > largest
    return pl.Series(crowded.take(label))


def _by_record(people: Units, label: pl.Series, held: pl.Series) -> pl.DataFrame:
    """One row per record; clusters numbered from 1 in the order of their smallest record id."""
    _, number = numbered(label)
    unit = people.records.get_column("unit")
    return people.records.select(
        "record_id",
        (number.gather(unit) + 1).alias("cluster_id"),
        held.gather(unit).alias("weakest_probability"),
    )
