"""An audit of a resolution: a slice of the customers resolved anew, in full, and compared with what the tables hold.

Increments are only worth having if they give what a full resolution gives, always. Tests say so of the cases that somebody thought of; the audit
says so of the data itself, another part of it each night. A slice is whole: with each record come all whom links, profiles or
judgements connect with it, for the clusters of a connected part do not depend on the rest.

Counts only, never a value. What does not belong here: mending (a full resolution does).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.scoring import score_slice
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.identity_graph.clusters import clusters
from cdp_assets.identity_graph.connected import NODE, connected_components
from cdp_assets.identity_graph.fingerprints import fingerprint, short_hashes
from cdp_assets.judgements import joined, judgements_in_force
from cdp_assets.tables import RESOLUTION_AUDITS

AUDITED_RECORDS = 5_000
"""A slice is filled up to so many records, some two thousand customers (and exceeds that by one connected part). An error in one of
a thousand customers is then found in the first night in six of seven cases, one in ten thousand within a fortnight."""

KEPT_AUDITS = 400
"""Audits that are kept: a year of nights."""

WHAT_TO_DO = "cdp run --full makes everything anew; tell the maintainers, for this should never happen"

FINDINGS = (
    "pairs_missing",
    "pairs_too_many",
    "pairs_scored_otherwise",
    "records_elsewhere",
    "records_held_otherwise",
    "customers_torn",
)
"""Columns of ``identity_graph/resolution_audits`` that are zero where the slice equals a full resolution."""

_PAIR = ["profile_id_l", "profile_id_r"]
_SAME_NUMBER = 1e-9


@dataclass(frozen=True)
class Slice:
    """A connected part of the data, or several: all their records (``record_id``) and linkage profiles (``profile_id``)."""

    records: pl.Series
    profiles: pl.Series


@dataclass(frozen=True)
class Recomputed:
    """What a full resolution holds of a slice: ``pairs`` with at least one of its profiles, and its ``clusters``."""

    pairs: pl.DataFrame
    clusters: pl.DataFrame


def slice_of(
    records: pl.Series,
    profile_members: pl.DataFrame,
    scored_pairs: pl.DataFrame,
    judgements: pl.DataFrame,
    seed: str,
    at_least: int = AUDITED_RECORDS,
) -> Slice:
    """A slice of at least so many records (or all there are), another one for each ``seed``.

    The smallest record id of a connected part decides, hashed with the seed, whether the part is in.
    """
    nodes = records.unique().sort().to_frame("record_id").with_columns(_numbered("node"))
    members = profile_members.join(nodes, on="record_id").select("profile_id", "node")
    first = members.group_by("profile_id").agg(pl.col("node").min().alias("first"))
    of_profile = members.join(first, on="profile_id").select("node", other="first")
    links = (
        scored_pairs.filter(pl.col("decision") == ACCEPTED)
        .join(first.rename({"profile_id": "profile_id_l", "first": "node"}), on="profile_id_l")
        .join(first.rename({"profile_id": "profile_id_r", "first": "other"}), on="profile_id_r")
        .select("node", "other")
    )
    same = (
        joined(judgements_in_force(judgements))
        .join(nodes.rename({"record_id": "record_id_l"}), on="record_id_l")
        .join(nodes.rename({"record_id": "record_id_r", "node": "other"}), on="record_id_r")
        .select("node", "other")
    )
    joins = pl.concat([of_profile, links, same])
    part = nodes.with_columns(connected_components(len(nodes), joins["node"], joins["other"]).alias("part"))
    sizes = part.group_by("part").agg(pl.len().alias("size"), pl.col("record_id").min())
    order = sizes.with_columns(
        pl.Series("order", [fingerprint(f"{seed}|{name}") for name in sizes["record_id"]], dtype=pl.Int64)
    ).sort("order", "record_id")
    chosen = order.filter(pl.col("size").cum_sum() - pl.col("size") < at_least)
    inside = part.join(chosen.select("part"), on="part", how="semi")
    return Slice(
        inside["record_id"].sort(),
        members.join(inside.select("node"), on="node", how="semi")["profile_id"].unique().sort(),
    )


def recomputed_slice(
    part: Slice,
    profiles: pl.DataFrame,
    profile_members: pl.DataFrame,
    sources: pl.DataFrame,
    judgements: pl.DataFrame,
    one_row_sources: Iterable[str],
    model: TrainedModel,
    engine: LinkageEngine | None = None,
    one_per_person: Iterable[str] = (),
) -> Recomputed:
    """Resolve the slice anew under ``model``, from nothing but profiles, members, records and judgements.

    Candidates are looked for among all ``profiles``, for a block's size is a fact about the whole; only pairs with a profile of the slice
    are scored. ``sources``: ``record_id`` and ``source`` of every record.
    """
    pairs = score_slice(profiles, part.profiles, model, engine)
    own = part.profiles.to_frame("profile_id")
    return Recomputed(
        pairs,
        clusters(
            pairs.join(own.rename({"profile_id": "profile_id_l"}), on="profile_id_l", how="semi").join(
                own.rename({"profile_id": "profile_id_r"}), on="profile_id_r", how="semi"
            ),
            profile_members.join(part.records.to_frame("record_id"), on="record_id", how="semi"),
            sources.join(part.records.to_frame("record_id"), on="record_id", how="semi"),
            judgements,
            one_row_sources,
            profiles=profiles.join(own, on="profile_id", how="semi"),
            one_per_person=one_per_person,
        ),
    )


def audit(
    part: Slice,
    anew: Recomputed,
    scored_pairs: pl.DataFrame,
    stored_clusters: pl.DataFrame,
    customer_ids: pl.DataFrame,
    *,
    seed: str,
    resolution_id: str,
    model_version: str,
    now: datetime,
) -> pl.DataFrame:
    """Compare the slice with the tables of the resolution: a row of ``identity_graph/resolution_audits``."""
    wanted = part.profiles.implode()
    stored = scored_pairs.filter(pl.col("profile_id_l").is_in(wanted) | pl.col("profile_id_r").is_in(wanted))
    both = anew.pairs.join(stored, on=_PAIR, suffix="_stored")
    differs = pl.any_horizontal(
        *(
            (pl.col(name) - pl.col(f"{name}_stored")).abs() > _SAME_NUMBER
            for name in ("match_weight", "household_bits", "match_probability")
        ),
        *(pl.col(name) != pl.col(f"{name}_stored") for name in ("decision", "reason", "model_version")),
    )
    elsewhere, held = _clustered_otherwise(part, anew.clusters, stored_clusters)
    row = {
        "audit_id": short_hashes(pl.Series([f"{resolution_id}|{model_version}|{seed}"]))[0],
        "audited_at": now,
        "seed": seed,
        "resolution_id": resolution_id,
        "model_version": model_version,
        "records": len(part.records),
        "profiles": len(part.profiles),
        "pairs": anew.pairs.height,
        "pairs_missing": anew.pairs.join(stored, on=_PAIR, how="anti").height,
        "pairs_too_many": stored.join(anew.pairs, on=_PAIR, how="anti").height,
        "pairs_scored_otherwise": both.filter(differs).height,
        "records_elsewhere": elsewhere,
        "records_held_otherwise": held,
        "customers_torn": _torn(part, stored_clusters, customer_ids),
    }
    return RESOLUTION_AUDITS.conform(pl.DataFrame([row], schema=RESOLUTION_AUDITS.schema))


def with_audit(audits: pl.DataFrame, row: pl.DataFrame) -> pl.DataFrame:
    """The history with this audit; the same audit again replaces its former row."""
    others = audits.join(row.select("audit_id"), on="audit_id", how="anti")
    return pl.concat([others, row]).sort("audited_at", "audit_id").tail(KEPT_AUDITS)


def _clustered_otherwise(part: Slice, anew: pl.DataFrame, stored: pl.DataFrame) -> tuple[int, int]:
    """Records of the slice that stand with other records than they should, and those held by another probability."""
    inside = part.records.to_frame("record_id")
    of_slice = stored.join(inside, on="record_id", how="semi")["cluster_id"].unique().to_frame()
    named = _named(stored.join(of_slice, on="cluster_id", how="semi"))  # with those who stand there from outside
    both = inside.join(_named(anew), on="record_id", how="left").join(
        named, on="record_id", how="left", suffix="_stored"
    )
    apart = pl.col("name").ne_missing(pl.col("name_stored")) | pl.col("size").ne_missing(pl.col("size_stored"))
    held = (pl.col("weakest_probability") - pl.col("weakest_probability_stored")).abs() > _SAME_NUMBER
    return both.filter(apart).height, both.filter(~apart & held).height


def _named(grouped: pl.DataFrame) -> pl.DataFrame:
    """Clusters by what does not depend on their numbers: their smallest record, and how many they have."""
    return grouped.select(
        "record_id",
        "weakest_probability",
        pl.col("record_id").min().over("cluster_id").alias("name"),
        pl.len().over("cluster_id").alias("size"),
    )


def _torn(part: Slice, stored: pl.DataFrame, customer_ids: pl.DataFrame) -> int:
    """Clusters of the slice with several customer ids, and customer ids of the slice with several clusters."""
    both = stored.select("record_id", "cluster_id").join(
        customer_ids.select("record_id", "customer_id"), on="record_id", how="left"
    )
    inside = both.join(part.records.to_frame("record_id"), on="record_id", how="semi")
    torn = 0
    for of, into in (("cluster_id", "customer_id"), ("customer_id", "cluster_id")):
        found = both.join(inside.select(of).unique(), on=of, how="semi", nulls_equal=True)
        torn += found.group_by(of).agg(pl.col(into).n_unique()).filter(pl.col(into) > 1).height
    return torn


def _numbered(name: str) -> pl.Expr:
    return pl.int_range(pl.len(), dtype=NODE).alias(name)
