"""Accepted links that the clusters do not follow, each with the named rule that cut it.

Told from what the clusters on the two sides hold, after the fact: the first rule that holds is named, those that no evidence
can outweigh before those of degree. What does not belong here: cutting (``agglomerate.py``, ``exclusive.py``, ``clusters.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from cdp_assets.identity_graph.clusters import links_not_followed
from cdp_assets.identity_graph.exclusive import have_a_birth_in_common, is_slip, likeness
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS, ClusterPolicy
from cdp_assets.judgements import Judgement, judged, judgements_in_force, pins
from cdp_assets.tables import OVERRULED_LINKS


@dataclass(frozen=True)
class ClusterRule:
    """A rule that keeps clusters apart although a link between them was accepted."""

    name: str
    says: str


JUDGED_DIFFERENT = ClusterRule("JUDGED_DIFFERENT", "a steward judged two of their records different")
PINNED = ClusterRule("PINNED", "a steward pinned one of the two customers: nothing joins it until it is unpinned")
ONE_ROW_PER_PERSON = ClusterRule(
    "ONE_ROW_PER_PERSON", "each side holds a row of one source that has one row per person"
)
ONE_PER_PERSON = ClusterRule("ONE_PER_PERSON", "each side has its own value of an identifier that a person has once")
TWO_BIRTH_DATES = ClusterRule(
    "TWO_BIRTH_DATES", "each side has a date of birth that two sources tell, and the two have nothing in common"
)
SINGLE_BEST_ROW = ClusterRule(
    "SINGLE_BEST_ROW", "each side is more like another row of a source that has one row per person"
)
TOO_LARGE = ClusterRule("TOO_LARGE", "together they would be larger than any person's cluster")
WEAK_BRIDGE = ClusterRule(
    "WEAK_BRIDGE", "one link between two groups, and the other pairs of their records speak against it"
)
CLUSTER_RULES = (
    JUDGED_DIFFERENT,
    PINNED,
    ONE_ROW_PER_PERSON,
    ONE_PER_PERSON,
    TWO_BIRTH_DATES,
    SINGLE_BEST_ROW,
    TOO_LARGE,
    WEAK_BRIDGE,
)


def overruled_links(
    scored_pairs: pl.DataFrame,
    profile_members: pl.DataFrame,
    clusters: pl.DataFrame,
    records: pl.DataFrame,
    judgements: pl.DataFrame,
    profiles: pl.DataFrame,
    one_row_sources: Iterable[str] = (),
    one_per_person: Iterable[str] = (),
    policy: ClusterPolicy = DEFAULT_CLUSTERS,
) -> pl.DataFrame:
    """``identity_graph/overruled_links``; arguments as of ``clusters.clusters``, and what that made of them."""
    links = links_not_followed(scored_pairs, profile_members, clusters)
    if links.is_empty():
        return OVERRULED_LINKS.empty()
    ends = pl.concat([links.get_column("profile_id_l"), links.get_column("profile_id_r")]).unique()
    of_profile = profile_members.filter(pl.col("profile_id").is_in(ends.implode()))
    theirs = clusters.select("record_id", "cluster_id").join(of_profile, on="record_id", how="semi")
    sides = of_profile.join(theirs, on="record_id").select("profile_id", "cluster_id").unique()
    across = (
        links.select("profile_id_l", "profile_id_r")
        .join(sides.rename({"profile_id": "profile_id_l", "cluster_id": "one"}), on="profile_id_l")
        .join(sides.rename({"profile_id": "profile_id_r", "cluster_id": "other"}), on="profile_id_r")
    )
    involved = pl.concat([across.get_column("one"), across.get_column("other")]).unique()
    held = _held(clusters.filter(pl.col("cluster_id").is_in(involved.implode())), profile_members, records, profiles)
    between = across.select("one", "other").unique()
    rules = {
        JUDGED_DIFFERENT.name: _judged(between, clusters, judgements),
        PINNED.name: _pinned(between, clusters, judgements),
        ONE_ROW_PER_PERSON.name: _both_hold_a_row(between, held, one_row_sources),
        ONE_PER_PERSON.name: _own_identifiers(between, held, one_per_person),
        TWO_BIRTH_DATES.name: _own_birth_dates(between, held),
        TOO_LARGE.name: _too_large(between, held, policy),
    }
    told = between
    for name, found in rules.items():
        told = told.join(found.unique().with_columns(pl.lit(True).alias(name)), on=["one", "other"], how="left")
    best = _more_like_another_row(across, scored_pairs, profiles, policy)
    named = across.join(told, on=["one", "other"]).join(best, on=["profile_id_l", "profile_id_r"], how="left")
    holds = [
        pl.when(pl.col(rule.name).any()).then(pl.lit(rule.name)) for rule in CLUSTER_RULES if rule.name in named.columns
    ]
    by_link = named.group_by("profile_id_l", "profile_id_r").agg(
        pl.coalesce([*holds, pl.lit(WEAK_BRIDGE.name)]).alias("rule")
    )
    return OVERRULED_LINKS.conform(
        links.join(by_link, on=["profile_id_l", "profile_id_r"])
        .select(column.name for column in OVERRULED_LINKS.columns)
        .sort("profile_id_l", "profile_id_r")
    )


def _held(
    clusters: pl.DataFrame, profile_members: pl.DataFrame, records: pl.DataFrame, profiles: pl.DataFrame
) -> pl.DataFrame:
    """What the records of clusters say: ``cluster_id``, record, source, profile, identifiers, date of birth."""
    clusters = clusters.select("record_id", "cluster_id")
    sources = records.select("record_id", "source").join(clusters, on="record_id", how="semi").unique()
    members = profile_members.join(clusters, on="record_id", how="semi")
    said = profiles.select("profile_id", "identifiers", "date_of_birth")
    said = said.filter(pl.col("profile_id").is_in(members.get_column("profile_id").implode()))
    return (
        clusters.join(sources, on="record_id")
        .join(members, on="record_id", how="left")
        .join(said, on="profile_id", how="left")
    )


def _judged(between: pl.DataFrame, clusters: pl.DataFrame, judgements: pl.DataFrame) -> pl.DataFrame:
    different = judged(judgements_in_force(judgements), Judgement.DIFFERENT)
    of = clusters.select("record_id", "cluster_id")
    pairs = different.join(of.rename({"record_id": "record_id_l", "cluster_id": "one"}), on="record_id_l").join(
        of.rename({"record_id": "record_id_r", "cluster_id": "other"}), on="record_id_r"
    )
    both_ways = pl.concat([pairs.select("one", "other"), pairs.select(one="other", other="one")])
    return between.join(both_ways.unique(), on=["one", "other"], how="semi")


def _pinned(between: pl.DataFrame, clusters: pl.DataFrame, judgements: pl.DataFrame) -> pl.DataFrame:
    held = clusters.join(pins(judgements_in_force(judgements)), on="record_id", how="semi")
    ids = held.get_column("cluster_id").unique().implode()
    return between.filter(pl.col("one").is_in(ids) | pl.col("other").is_in(ids))


def _both_hold_a_row(between: pl.DataFrame, held: pl.DataFrame, one_row_sources: Iterable[str]) -> pl.DataFrame:
    rows = held.filter(pl.col("source").is_in(sorted(one_row_sources))).select("cluster_id", "source").unique()
    return (
        between.join(rows.rename({"cluster_id": "one"}), on="one")
        .join(rows.rename({"cluster_id": "other"}), on=["other", "source"])
        .select("one", "other")
    )


def _own_identifiers(between: pl.DataFrame, held: pl.DataFrame, kinds: Iterable[str]) -> pl.DataFrame:
    keys = held.select("cluster_id", "identifiers").explode("identifiers").drop_nulls().unique()
    keys = keys.with_columns(kind=pl.col("identifiers").str.split("=").list.first())
    keys = keys.filter(pl.col("kind").is_in(sorted(kinds)))
    met = _values_of_both(between, keys.rename({"identifiers": "value"}), ["kind"])
    alike = pl.Series(
        [left == right or is_slip(left, right) for left, right in met.select("left", "right").iter_rows()]
    )
    return _without_anything_alike(met, alike.cast(pl.Boolean))


def _own_birth_dates(between: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    dates = held.select("cluster_id", "source", value="date_of_birth").drop_nulls("value").unique()
    both = pl.concat(
        [
            between.join(dates.rename({"cluster_id": "one"}), on="one").with_columns(is_left=pl.lit(True)),
            between.join(dates.rename({"cluster_id": "other"}), on="other").with_columns(is_left=pl.lit(False)),
        ],
        how="diagonal",
    )
    verified = (
        both.group_by("one", "other", "value")
        .agg(
            pl.col("source").n_unique().alias("sources"),
            pl.col("is_left").any(),
            (~pl.col("is_left")).any().alias("is_right"),
        )
        .filter(pl.col("sources") > 1)
    )
    met = verified.filter("is_left").join(verified.filter("is_right"), on=["one", "other"], suffix="_r")
    met = met.select("one", "other", left="value", right="value_r")
    alike = pl.Series([have_a_birth_in_common(left, right) for left, right in met.select("left", "right").iter_rows()])
    return met.filter(~alike.cast(pl.Boolean)).select("one", "other")


def _values_of_both(between: pl.DataFrame, values: pl.DataFrame, also: list[str]) -> pl.DataFrame:
    return between.join(values.rename({"cluster_id": "one", "value": "left"}), on="one").join(
        values.rename({"cluster_id": "other", "value": "right"}), on=["other", *also]
    )


def _without_anything_alike(met: pl.DataFrame, alike: pl.Series) -> pl.DataFrame:
    """Pairs of clusters that both have a value of some kind, and none in common."""
    by_kind = met.with_columns(alike.alias("alike")).group_by("one", "other", "kind").agg(pl.col("alike").any())
    return by_kind.filter(~pl.col("alike")).select("one", "other")


def _too_large(between: pl.DataFrame, held: pl.DataFrame, policy: ClusterPolicy) -> pl.DataFrame:
    sizes = held.group_by("cluster_id").agg(
        pl.col("record_id").n_unique().alias("records"), pl.col("profile_id").n_unique().alias("profiles")
    )
    return (
        between.join(sizes.rename({"cluster_id": "one"}), on="one")
        .join(sizes.rename({"cluster_id": "other"}), on="other", suffix="_r")
        .filter(
            pl.min_horizontal(pl.col("records") + pl.col("records_r"), pl.col("profiles") + pl.col("profiles_r"))
            > policy.largest_cluster
        )
        .select("one", "other")
    )


def _more_like_another_row(
    across: pl.DataFrame, scored_pairs: pl.DataFrame, profiles: pl.DataFrame, policy: ClusterPolicy
) -> pl.DataFrame:
    """Links whose profiles each have a single best row of one register, and not the same: as in ``exclusive.py``."""
    rows = profiles.select("profile_id", "source").drop_nulls("source")
    ends = pl.concat([across.get_column("profile_id_l"), across.get_column("profile_id_r")]).unique().implode()
    accepted = scored_pairs.filter(pl.col("decision") == "accepted").with_columns(likeness())
    both_ways = pl.concat(
        [
            accepted.select("likeness", end="profile_id_l", profile_id="profile_id_r"),
            accepted.select("likeness", end="profile_id_r", profile_id="profile_id_l"),
        ]
    )
    best = (
        both_ways.filter(pl.col("end").is_in(ends))
        .join(rows, on="profile_id")
        .sort("end", "source", "likeness", "profile_id", descending=[False, False, True, False])
        .group_by("end", "source", maintain_order=True)
        .agg(
            pl.col("profile_id").first().alias("row"),
            (pl.col("likeness").first() - pl.col("likeness").get(1, null_on_oob=True)).alias("margin"),
        )
        .filter(pl.col("margin") >= policy.single_best_row_bits)
        .drop("margin")
    )
    return (
        across.select("profile_id_l", "profile_id_r")
        .unique()
        .join(best.rename({"end": "profile_id_l"}), on="profile_id_l")
        .join(best.rename({"end": "profile_id_r", "row": "other_row"}), on=["profile_id_r", "source"])
        .filter(pl.col("row") != pl.col("other_row"))
        .select("profile_id_l", "profile_id_r", pl.lit(True).alias(SINGLE_BEST_ROW.name))
        .unique()
    )
