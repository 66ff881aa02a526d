"""What a person should look at, dearest doubt first.

An item costs the chance that today's decision is wrong, times the records that the other decision would move. Five kinds: a
pair held back for review (near threshold), an accepted link that the clusters do not follow or that alone holds a part
of a customer (fragile bridge), strong evidence both ways (conflict), a customer of suspicious size (large cluster), and a
judgement whose records say something else today (reopened judgement). What a wrong decision does to segments and consent is known
to later stages only: ``segments/review_stakes`` orders the items by it.

Records and customers are compared as numbers, in the order of their ids: only what stands in the queue is named by them.

What does not belong here: the evidence behind a pair (``candidate_links/explain.py``) and what a person then says (``judgements.py``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from cdp_assets.candidate_links.decisions import ACCEPTED, CONFLICT
from cdp_assets.candidate_links.lists import Distinct
from cdp_assets.candidate_links.lookup import ROW, rows_of
from cdp_assets.candidate_links.ordered import in_order
from cdp_assets.identity_graph.fingerprints import short_hashes
from cdp_assets.identity_graph.policy import DEFAULT_REVIEW, ReviewPolicy
from cdp_assets.judgements import Judgement, judgements_in_force, no_judgements, pins, reopened
from cdp_assets.tables import REVIEW_QUEUE

NEAR_THRESHOLD, FRAGILE_BRIDGE, IN_CONFLICT, LARGE = "near threshold", "fragile bridge", "conflict", "large cluster"
REOPENED = "reopened judgement"

PAIR_COLUMNS = ["profile_id_l", "profile_id_r", "match_probability", "decision"]
"""Columns of scored pairs that the queue is made from: nothing else needs to be read."""

ID_COLUMNS = ["record_id", "customer_id"]
"""The same of customer ids."""

CLUSTER_COLUMNS = ["record_id", "weakest_probability"]
"""The same of clusters."""


class _Ids(NamedTuple):
    """The ids of records and customers, in order: a number is the place of one."""

    records: pl.Series
    customers: pl.Series

    def numbered(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Records by number; null is one that no customer has."""
        names = [name for name in frame.columns if name.startswith("record_id")]
        return frame.with_columns(rows_of(frame.get_column(name), self.records).alias(name) for name in names)

    def named(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Numbers of records and customers as ids again."""
        named = [
            ids.gather(frame.get_column(name)).alias(name)
            for begins, ids in (("record_id", self.records), ("customer_id", self.customers))
            for name in frame.columns
            if name.startswith(begins)
        ]
        return frame.with_columns(named)


def _by_number(customer_ids: pl.DataFrame) -> tuple[_Ids, pl.DataFrame]:
    """The ids, and ``customer_id`` of each ``record_id``, both as numbers."""
    held = in_order(customer_ids.select(ID_COLUMNS), "record_id")
    customers = Distinct.of(held.get_column("customer_id"))
    order = customers.texts.arg_sort()
    place = np.empty(len(order), dtype=np.uint32)
    place[order.to_numpy()] = np.arange(len(order), dtype=np.uint32)
    numbers = pl.DataFrame(
        {
            "record_id": pl.int_range(held.height, dtype=ROW, eager=True),
            "customer_id": pl.Series(place).gather(customers.places),
        }
    )
    return _Ids(held.get_column("record_id"), customers.texts.gather(order)), numbers


def review_queue(
    scored_pairs: pl.DataFrame,
    profile_members: pl.DataFrame,
    customer_ids: pl.DataFrame,
    clusters: pl.DataFrame,
    judgements: pl.DataFrame | None = None,
    policy: ReviewPolicy = DEFAULT_REVIEW,
    newest: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """``identity_graph/review_queue``: one item per pair of customers, or per customer that is in doubt itself.

    A pair of customers stands with its dearest doubt; one about which a steward said ``same`` or ``different`` does not stand,
    nor one of which either is pinned. But where a record of that judgement says something else by now, the judgement itself stands; ``newest``:
    ``record_id`` and ``content_hash`` of each record's newest version. At most ``policy.longest_queue`` items.
    """
    in_force = judgements_in_force(no_judgements() if judgements is None else judgements)
    stale = in_force.clear() if newest is None else reopened(in_force, newest)
    ids, customer_ids = _by_number(customer_ids)
    profile_members, clusters, in_force, stale = map(ids.numbered, (profile_members, clusters, in_force, stale))
    sizes = customer_ids.group_by("customer_id").agg(pl.len().cast(pl.Int64).alias("size"))
    pairs = _pairs(scored_pairs, profile_members, customer_ids, sizes)
    held = customer_ids.join(clusters, on="record_id")
    items = pl.concat(
        [
            _between(pairs),
            _contested(pairs),
            _hanging(held, pairs, policy),
            _large(held, profile_members, policy),
        ],
        how="diagonal",
    )
    unsettled = _without_pinned(_without_settled(items, customer_ids, in_force), customer_ids, in_force)
    again = _reopened(stale, customer_ids, sizes, (scored_pairs, profile_members), policy)
    dearest = ids.named(
        pl.concat([unsettled, again], how="diagonal")
        .filter(pl.col("expected_cost") > 0)
        .sort(
            "expected_cost",
            "customer_id_l",
            "customer_id_r",
            "why",
            "record_id_l",
            "record_id_r",
            descending=[True, False, False, False, False, False],
        )
        .unique(["customer_id_l", "customer_id_r"], keep="first", maintain_order=True)
        .head(policy.longest_queue)
    )
    sides = dearest.select(
        pl.concat_str("customer_id_l", pl.col("customer_id_r").fill_null(""), separator="|").alias("sides")
    )
    return REVIEW_QUEUE.conform(
        dearest.with_columns(
            short_hashes(sides.get_column("sides")).alias("item_id"),
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        )
    )


def _pairs(
    scored_pairs: pl.DataFrame, profile_members: pl.DataFrame, customer_ids: pl.DataFrame, sizes: pl.DataFrame
) -> pl.DataFrame:
    """Scored pairs with the customers of their two sides (``customer_id_l`` <= ``customer_id_r``) and a record of each.

    A profile is represented by its smallest record in each customer. The number of a record is its row in ``customer_ids``.
    """
    held = (
        profile_members.with_columns(
            customer_id=customer_ids.get_column("customer_id").gather(profile_members["record_id"])
        )
        .drop_nulls("customer_id")
        .group_by("profile_id", "customer_id")
        .agg(pl.col("record_id").min())
    )
    of = sizes.rename({"customer_id": "customer_id_l", "size": "size_l"})
    other = sizes.rename({"customer_id": "customer_id_r", "size": "size_r"})
    pairs = (
        scored_pairs.select("profile_id_l", "profile_id_r", "match_probability", "decision")
        .join(held.select(profile_id_l="profile_id", one="customer_id", record_one="record_id"), on="profile_id_l")
        .join(held.select(profile_id_r="profile_id", two="customer_id", record_two="record_id"), on="profile_id_r")
    )
    swapped = (pl.col("one") > pl.col("two")) | (
        (pl.col("one") == pl.col("two")) & (pl.col("record_one") > pl.col("record_two"))
    )
    return (
        pairs.select(
            pl.when(swapped).then("two").otherwise("one").alias("customer_id_l"),
            pl.when(swapped).then("one").otherwise("two").alias("customer_id_r"),
            pl.when(swapped).then("record_two").otherwise("record_one").alias("record_id_l"),
            pl.when(swapped).then("record_one").otherwise("record_two").alias("record_id_r"),
            "match_probability",
            "decision",
        )
        .join(of, on="customer_id_l")
        .join(other, on="customer_id_r")
    )


def _between(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs of two customers: if they are one, the smaller one's records are in the wrong place."""
    why = (
        pl.when(pl.col("decision") == CONFLICT)
        .then(pl.lit(IN_CONFLICT))
        .when(pl.col("decision") == ACCEPTED)
        .then(pl.lit(FRAGILE_BRIDGE))
        .otherwise(pl.lit(NEAR_THRESHOLD))
    )
    moved = pl.min_horizontal("size_l", "size_r")
    return pairs.filter(pl.col("customer_id_l") != pl.col("customer_id_r")).select(
        "customer_id_l",
        "customer_id_r",
        "record_id_l",
        "record_id_r",
        "match_probability",
        why=why,
        records=moved,
        expected_cost=pl.col("match_probability") * moved,
    )


def _contested(pairs: pl.DataFrame) -> pl.DataFrame:
    """Conflicts inside one customer: other links outvoted them. If they were right, half of the customer may be wrong."""
    inside = (pl.col("customer_id_l") == pl.col("customer_id_r")) & (pl.col("decision") == CONFLICT)
    moved = (pl.col("size_l") // 2).clip(lower_bound=1)
    return pairs.filter(inside & (pl.col("record_id_l") != pl.col("record_id_r"))).select(
        "customer_id_l",
        pl.lit(None, dtype=ROW).alias("customer_id_r"),
        "record_id_l",
        "record_id_r",
        "match_probability",
        why=pl.lit(IN_CONFLICT),
        records=moved,
        expected_cost=(1 - pl.col("match_probability")) * moved,
    )


def _hanging(held: pl.DataFrame, pairs: pl.DataFrame, policy: ReviewPolicy) -> pl.DataFrame:
    """Parts of a customer that one weak link holds, with that link."""
    doubtful = held.filter(pl.col("weakest_probability") < policy.certain_probability)
    parts = (
        doubtful.join(held.group_by("customer_id").agg(pl.len().alias("size")), on="customer_id")
        .group_by("customer_id", "weakest_probability", "size")
        .agg(pl.len().alias("held"))
        # A link between two equal halves holds both of them; only one of the two would leave.
        .with_columns(records=pl.min_horizontal("held", pl.max_horizontal(pl.col("size") // 2, 1)).cast(pl.Int64))
    )
    inside = pairs.filter((pl.col("customer_id_l") == pl.col("customer_id_r")) & (pl.col("decision") == ACCEPTED))
    link = (
        inside.select(
            "record_id_l", "record_id_r", customer_id="customer_id_l", weakest_probability="match_probability"
        )
        .sort("record_id_l", "record_id_r")
        .unique(["customer_id", "weakest_probability"], keep="first", maintain_order=True)
    )
    return parts.join(link, on=["customer_id", "weakest_probability"], how="left").select(
        "record_id_l",
        "record_id_r",
        "records",
        customer_id_l="customer_id",
        customer_id_r=pl.lit(None, dtype=ROW),
        match_probability="weakest_probability",
        why=pl.lit(FRAGILE_BRIDGE),
        expected_cost=(1 - pl.col("weakest_probability")) * pl.col("records"),
    )


def _large(held: pl.DataFrame, profile_members: pl.DataFrame, policy: ReviewPolicy) -> pl.DataFrame:
    """Customers who are described in suspiciously many ways. A visitor with a thousand equal page views is not one."""
    sizes = (
        held.group_by("customer_id")
        .agg(pl.len().cast(pl.Int64).alias("records"), pl.col("weakest_probability").min().alias("weakest"))
        .filter(pl.col("records") >= policy.large_cluster)
    )
    of_large = held.join(sizes, on="customer_id", how="semi").select("record_id", "customer_id")
    profiles = (
        profile_members.join(of_large, on="record_id")
        .group_by("customer_id")
        .agg(pl.col("profile_id").n_unique().alias("profiles"))
        .filter(pl.col("profiles") >= policy.large_cluster)
    )
    doubt = pl.max_horizontal(1 - pl.col("weakest"), pl.lit(policy.large_cluster_doubt))
    return sizes.join(profiles, on="customer_id").select(
        "records",
        customer_id_l="customer_id",
        customer_id_r=pl.lit(None, dtype=ROW),
        match_probability="weakest",
        why=pl.lit(LARGE),
        expected_cost=doubt * pl.col("records"),
    )


def _without_settled(items: pl.DataFrame, customer_ids: pl.DataFrame, in_force: pl.DataFrame) -> pl.DataFrame:
    """Items but for those that a steward's ``same`` or ``different`` has answered: of two customers, or of the very pair of records."""
    final = in_force.filter(pl.col("judgement").is_in([Judgement.SAME.value, Judgement.DIFFERENT.value]))
    answered = final.select("record_id_l", "record_id_r")
    turned = answered.select(record_id_l="record_id_r", record_id_r="record_id_l")
    sides = _sides(final, customer_ids).select("customer_id_l", "customer_id_r").unique()
    return items.join(sides, on=["customer_id_l", "customer_id_r"], how="anti").join(
        pl.concat([answered, turned]), on=["record_id_l", "record_id_r"], how="anti"
    )


def _without_pinned(items: pl.DataFrame, customer_ids: pl.DataFrame, in_force: pl.DataFrame) -> pl.DataFrame:
    pinned = customer_ids.join(pins(in_force), on="record_id", how="semi").get_column("customer_id").unique().implode()
    either = pl.col("customer_id_l").is_in(pinned) | pl.col("customer_id_r").is_in(pinned).fill_null(False)
    return items.filter(~either)


def _sides(judged: pl.DataFrame, customer_ids: pl.DataFrame) -> pl.DataFrame:
    """Judged pairs of records with their customers, ``customer_id_l`` <= ``customer_id_r``, and each record on its customer's side."""
    of = customer_ids.select("record_id", "customer_id")
    found = judged.join(of.select(record_id_l="record_id", one="customer_id"), on="record_id_l").join(
        of.select(record_id_r="record_id", two="customer_id"), on="record_id_r"
    )
    swapped = pl.col("one") > pl.col("two")
    return found.with_columns(
        pl.when(swapped).then("record_id_r").otherwise("record_id_l").alias("record_id_l"),
        pl.when(swapped).then("record_id_l").otherwise("record_id_r").alias("record_id_r"),
        customer_id_l=pl.min_horizontal("one", "two"),
        customer_id_r=pl.max_horizontal("one", "two"),
    )


def _reopened(
    stale: pl.DataFrame,
    customer_ids: pl.DataFrame,
    sizes: pl.DataFrame,
    scored: tuple[pl.DataFrame, pl.DataFrame],
    policy: ReviewPolicy,
) -> pl.DataFrame:
    """Judgements whose records say something else by now, with what the model thinks of the two today, if it does."""
    is_one = pl.col("customer_id_l") == pl.col("customer_id_r")
    smaller = pl.min_horizontal("size_l", "size_r")
    probability = pl.col("match_probability")
    speaks_against = pl.when(pl.col("judgement") == Judgement.SAME.value).then(1 - probability).otherwise(probability)
    moved = pl.when(is_one).then((pl.col("size_l") // 2).clip(lower_bound=1)).otherwise(smaller)
    doubt = pl.max_horizontal(speaks_against, pl.lit(policy.reopened_doubt))
    return (
        _sides(stale.join(_strongest(stale, *scored), on=["record_id_l", "record_id_r"], how="left"), customer_ids)
        .join(sizes.rename({"customer_id": "customer_id_l", "size": "size_l"}), on="customer_id_l")
        .join(sizes.rename({"customer_id": "customer_id_r", "size": "size_r"}), on="customer_id_r")
        .select(
            "customer_id_l",
            "record_id_l",
            "record_id_r",
            "match_probability",
            customer_id_r=pl.when(~is_one).then("customer_id_r"),
            why=pl.lit(REOPENED),
            records=moved,
            expected_cost=doubt * moved,
        )
    )


def _strongest(judged: pl.DataFrame, scored_pairs: pl.DataFrame, profile_members: pl.DataFrame) -> pl.DataFrame:
    """The highest ``match_probability`` of each judged pair (record_id_l, record_id_r) of which any two profiles were scored."""
    members = profile_members.select("profile_id", "record_id")
    profiles = (
        judged.select("record_id_l", "record_id_r")
        .join(members.rename({"record_id": "record_id_l", "profile_id": "one"}), on="record_id_l")
        .join(members.rename({"record_id": "record_id_r", "profile_id": "two"}), on="record_id_r")
        .with_columns(profile_id_l=pl.min_horizontal("one", "two"), profile_id_r=pl.max_horizontal("one", "two"))
    )
    scores = scored_pairs.select("profile_id_l", "profile_id_r", "match_probability")
    found = profiles.join(scores, on=["profile_id_l", "profile_id_r"])
    return found.group_by("record_id_l", "record_id_r").agg(pl.col("match_probability").max())
