"""Small frames for the tests of the identity graph: profiles named by one letter, records by source and key."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from cdp_assets.identity_graph.clusters import clusters
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS, ClusterPolicy
from cdp_assets.judgements import JUDGEMENTS_SCHEMA
from cdp_assets.tables import CUSTOMER_IDS, ID_LINEAGE, PROFILE_MEMBERS, SCORED_PAIRS

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)

Link = tuple[str, str, float] | tuple[str, str, float, str] | tuple[str, str, float, str, str]


def day(number: int) -> datetime:
    return MONDAY + timedelta(days=number)


def profile(record_id: str) -> int:
    """The profile of a record that has its own: any number that differs by record."""
    return int.from_bytes(record_id.encode()[-7:], "big")


def scored(links: Iterable[Link], at_home: Mapping[tuple[str, str], float] | None = None) -> pl.DataFrame:
    """Scored pairs (record, record, match weight[, decision[, reason]]) between the records' own profiles.

    ``at_home``: how many bits are off the weight of a pair because a household would agree as well."""
    rows = []
    for one, other, weight, *more in links:
        left, right = sorted((profile(one), profile(other)))
        decision, reason = (*more, "accepted", "weight")[:2] if not more else (*more, "weight")[:2]
        probability = 1 / (1 + math.pow(2, -weight))
        off = (at_home or {}).get((one, other), 0.0)
        rows.append((left, right, weight, off, probability, "SAME_EMAIL", decision, reason, "model"))
    return pl.DataFrame(rows, schema=SCORED_PAIRS.schema, orient="row").sort("profile_id_l", "profile_id_r")


def own_profiles(records: Iterable[str], more: Mapping[str, Sequence[int]] | None = None) -> pl.DataFrame:
    """Every record with its own profile, and with ``more`` profiles."""
    rows = [(profile(record), record) for record in records]
    rows += [(extra, record) for record, extras in (more or {}).items() for extra in extras]
    return pl.DataFrame(rows, schema=PROFILE_MEMBERS.schema, orient="row")


def sources(records: Iterable[str]) -> pl.DataFrame:
    return pl.DataFrame(
        [(record, record.split("/")[0]) for record in records],
        schema={"record_id": pl.String, "source": pl.String},
        orient="row",
    )


def judged(judgements: Iterable[tuple[str, str, str] | tuple[str, str, str, int]] = ()) -> pl.DataFrame:
    """Judgements (record, record, judgement[, day]); without a day, in the order given."""
    rows = [
        (one, other, word, day(more[0] if more else at), "ada", None, None)
        for at, (one, other, word, *more) in enumerate(judgements)
    ]
    return pl.DataFrame(rows, schema=JUDGEMENTS_SCHEMA, orient="row")


def clustered(
    records: Sequence[str],
    links: Iterable[Link] = (),
    *,
    judgements: Iterable[tuple[str, str, str]] = (),
    one_row: Iterable[str] = (),
    shared: Mapping[str, Sequence[int]] | None = None,
    policy: ClusterPolicy = DEFAULT_CLUSTERS,
) -> pl.DataFrame:
    return clusters(scored(links), own_profiles(records, shared), sources(records), judged(judgements), one_row, policy)


def groups(clusters: pl.DataFrame) -> set[frozenset[str]]:
    """Clusters (or customers) as sets of their records."""
    column = "cluster_id" if "cluster_id" in clusters.columns else "customer_id"
    lists = clusters.group_by(column).agg("record_id").get_column("record_id").to_list()
    return {frozenset(group) for group in lists}


def together(*people: str) -> set[frozenset[str]]:
    """``together("a b", "c")``: the clusters {a, b} and {c}."""
    return {frozenset(person.split()) for person in people}


def cluster_frame(*people: str) -> pl.DataFrame:
    """Clusters given by hand: one text of record ids each."""
    rows = [(record, number, 1.0) for number, person in enumerate(people, 1) for record in person.split()]
    return pl.DataFrame(
        rows, schema={"record_id": pl.String, "cluster_id": pl.Int64, "weakest_probability": pl.Float64}, orient="row"
    )


def landed(*records: str) -> pl.DataFrame:
    """Records that landed one day after the other, in the order given."""
    rows = [(r, r.split("/")[0], r.split("/")[-1], day(at), True) for at, r in enumerate(records)]
    schema = {
        "record_id": pl.String,
        "source": pl.String,
        "source_key": pl.String,
        "first_seen_at": pl.Datetime("us", "UTC"),
        "is_current": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


NO_IDS = CUSTOMER_IDS.empty()
NO_LINEAGE = ID_LINEAGE.empty()


def id_of(customer_ids: pl.DataFrame, record_id: str) -> str:
    found: str = customer_ids.filter(pl.col("record_id") == record_id).get_column("customer_id").item()
    return found
