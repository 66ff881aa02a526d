"""Clustering what a change touches gives what clustering everything gives, whatever the change."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest

from cdp_assets.identity_graph.clusters import clusters
from cdp_assets.identity_graph.policy import ClusterPolicy
from cdp_assets.identity_graph.reclustering import Clustered, Hashed, connected_records, recluster, touched_records
from cdp_assets_tests.candidate_links.frames import profiles as linkage_profiles
from cdp_assets_tests.identity_graph.frames import (
    Link,
    groups,
    judged,
    own_profiles,
    profile,
    scored,
    sources,
    together,
)

ONE_ROW = ["reg"]
ONE_CARD = ["card"]
# Small enough for the clusters of these worlds to be cut again.
POLICY = ClusterPolicy(largest_cluster=6)


class World:
    """Records in groups, links of every kind, shared profiles and judgements, all of which change from step to step."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.pool = [f"{source}/{letter}{n}" for source in ("s", "t", "reg") for letter in "abcd" for n in range(6)]
        self.records = {record for record in self.pool if self.rng.random() < 0.7}
        self.links: dict[tuple[str, str], Link] = {}
        self.shared: dict[str, list[int]] = {}
        self.judgements: list[tuple[str, str, str, int]] = []
        for _ in range(60):
            self.relink()
        told = [self.told(number) for number in [*(profile(record) for record in self.pool), 1, 2, 3, 4]]
        self.profiles = linkage_profiles(*told)

    def told(self, number: int) -> dict[str, Any]:
        """What a profile says for as long as it is: a name, and mostly a date of birth and a card."""
        born = str(self.rng.choice(["1950-02-14", "1983-11-29"])) if self.rng.random() < 0.8 else None
        cards = [f"card={self.rng.choice(['70011', '98822'])}"] if self.rng.random() < 0.5 else []
        return {
            "profile_id": number,
            "first_name": "anna",
            "last_name": "adler",
            "date_of_birth": born,
            "identifiers": cards,
        }

    def relink(self) -> None:
        one, other = sorted(self.rng.choice(self.pool, 2, replace=False))
        if one[-2] != other[-2] and self.rng.random() < 0.8:
            return  # mostly within the groups of one letter
        decision = str(self.rng.choice(["accepted", "accepted", "accepted", "review", "conflict"]))
        reason = str(self.rng.choice(["weight", "weight", "TWINS"])) if decision == "review" else "weight"
        self.links[one, other] = (one, other, float(self.rng.integers(-3, 14)), decision, reason)

    def step(self, number: int) -> None:
        for record in self.rng.choice(self.pool, int(self.rng.integers(0, 5)), replace=False):
            self.records ^= {str(record)}
        for _ in range(int(self.rng.integers(0, 8))):
            self.relink()
        for pair in [pair for pair in self.links if self.rng.random() < 0.05]:
            del self.links[pair]
        if self.rng.random() < 0.4:
            self.shared[str(self.rng.choice(self.pool))] = [int(self.rng.integers(1, 5))]
        if self.rng.random() < 0.5:
            one, other = self.rng.choice(self.pool, 2, replace=False)
            self.judgements.append(
                (str(one), str(other), str(self.rng.choice(["same", "different", "undecided"])), number)
            )
        if self.rng.random() < 0.3:
            held = sorted(str(record) for record in self.rng.choice(self.pool, 3, replace=False))
            word = str(self.rng.choice(["pinned", "undecided"]))
            self.judgements += [(held[0], record, word, number) for record in held]

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        here = sorted(self.records)
        links = [link for pair, link in self.links.items() if set(pair) <= self.records]
        shared = {record: numbers for record, numbers in self.shared.items() if record in self.records}
        return scored(links), own_profiles(here, shared), sources(here), judged(self.judgements)


@pytest.mark.parametrize("seed", range(25))
def test_any_sequence_of_changes_ends_where_clustering_everything_does(seed: int) -> None:
    world = World(seed)
    frames = world.frames()
    once = ONE_CARD if seed % 2 else []
    now = clusters(*frames, ONE_ROW, POLICY, world.profiles, once)
    for number in range(8):
        former = Clustered(*frames, now)
        world.step(number)
        frames = world.frames()
        now = recluster(former, *frames, ONE_ROW, POLICY, world.profiles, once).clusters
        assert now.equals(clusters(*frames, ONE_ROW, POLICY, world.profiles, once))


def chain(*records: str) -> list[Link]:
    return [(one, other, 9) for one, other in itertools.pairwise(records)]


ABC_AND_D = ["s/a", "s/b", "s/c", "s/d"]


def former_of(links: list[Link], records: list[str], *judgements: tuple[str, str, str]) -> Clustered:
    frames = scored(links), own_profiles(records), sources(records), judged(judgements)
    return Clustered(*frames, clusters(*frames))


def test_only_what_hangs_together_with_a_change_is_clustered_again() -> None:
    former = former_of(chain("s/a", "s/b", "s/c"), ABC_AND_D)
    links = scored([*chain("s/a", "s/b"), ("s/b", "s/c", 7)])
    touched = touched_records(former, links, former.profile_members, Hashed.of(former.records), former.judgements)
    assert set(touched["record_id"]) == {"s/b", "s/c"}
    none = former.judgements.select("record_id_l", "record_id_r")
    region = connected_records(touched, links, Hashed.of(former.profile_members), none)
    assert set(region) == set(pl.Series(["s/a", "s/b", "s/c"]).hash())


def test_a_part_that_nothing_touches_is_taken_over_as_it_is() -> None:
    former = former_of(chain("s/a", "s/b"), ABC_AND_D)
    told = former.clusters.with_columns(
        pl.when(pl.col("record_id") == "s/a").then(0.5).otherwise("weakest_probability").alias("weakest_probability")
    )
    marked = Clustered(former.scored_pairs, former.profile_members, former.records, former.judgements, told)
    again = recluster(marked, scored(chain("s/a", "s/b")), former.profile_members, former.records, judged())
    assert again.clusters.equals(told)
    assert again.records == 0


def test_a_record_that_leaves_a_profile_touches_those_that_stay() -> None:
    shared = {"s/a": [1], "s/b": [1], "s/c": [1]}
    before, now = own_profiles([], shared), own_profiles([], {record: shared[record] for record in ("s/b", "s/c")})
    told = clusters(scored([]), before, sources(shared), judged())
    former = Clustered(scored([]), before, sources(shared), judged(), told)
    touched = touched_records(former, scored([]), now, Hashed.of(sources(["s/b", "s/c"])), judged())
    assert set(touched["record_id"]) == {"s/a", "s/b", "s/c"}


def test_a_record_that_is_gone_takes_its_links_along() -> None:
    former = former_of(chain("s/a", "s/b", "s/c"), ABC_AND_D)
    rest = ["s/a", "s/c", "s/d"]
    again = recluster(former, scored([]), own_profiles(rest), sources(rest), judged())
    assert groups(again.clusters) == together("s/a", "s/c", "s/d")


def test_a_judgement_splits_and_its_withdrawal_joins() -> None:
    links, members, records = scored(chain("s/a", "s/b")), own_profiles(ABC_AND_D), sources(ABC_AND_D)
    apart = judged([("s/a", "s/b", "different")])
    split = recluster(former_of(chain("s/a", "s/b"), ABC_AND_D), links, members, records, apart)
    assert groups(split.clusters) == together("s/a", "s/b", "s/c", "s/d")
    withdrawn = pl.concat([apart, judged([("s/b", "s/a", "undecided", 9)])])
    joined = recluster(Clustered(links, members, records, apart, split.clusters), links, members, records, withdrawn)
    assert groups(joined.clusters) == together("s/a s/b", "s/c", "s/d")
