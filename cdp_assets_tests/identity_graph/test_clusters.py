from __future__ import annotations

import itertools
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity_graph.clusters import clusters, links_not_followed
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS
from cdp_assets.tables import CLUSTERS, LINKAGE_PROFILES, PROFILE_MEMBERS
from cdp_assets_tests.identity_graph.frames import (
    Link,
    clustered,
    groups,
    judged,
    own_profiles,
    profile,
    scored,
    sources,
    together,
)


def crowd(name: str, size: int) -> list[str]:
    return [f"s/{name}{number}" for number in range(size)]


def all_linked(records: list[str], weight: float) -> list[Link]:
    return [(one, other, weight) for one, other in itertools.combinations(records, 2)]


def held(frame: pl.DataFrame) -> dict[str, float]:
    return {record: round(value, 3) for record, value in frame.select("record_id", "weakest_probability").iter_rows()}


# -- what is one by definition


def test_no_record_no_cluster() -> None:
    assert clustered([]).equals(CLUSTERS.empty())


def test_a_record_without_link_or_profile_stands_alone() -> None:
    frame = clusters(scored([]), own_profiles(["s/a"]), sources(["s/a", "s/b"]), judged())
    assert groups(frame) == together("s/a", "s/b")
    assert held(frame) == {"s/a": 1.0, "s/b": 1.0}


def test_records_of_one_profile_and_profiles_of_one_record_are_one() -> None:
    shared = {"s/a": [1], "s/b": [1, 2], "s/c": [2]}
    assert groups(clustered(["s/a", "s/b", "s/c", "s/d"], shared=shared)) == together("s/a s/b s/c", "s/d")


def test_versions_of_a_record_are_one_record() -> None:
    frame = clusters(scored([]), own_profiles(["s/a"]), sources(["s/a", "s/a"]), judged())
    assert frame.get_column("record_id").to_list() == ["s/a"]


def test_members_and_judgements_of_erased_records_are_passed_over() -> None:
    members = own_profiles(["s/a", "s/gone"])
    frame = clusters(scored([("s/a", "s/gone", 9)]), members, sources(["s/a"]), judged([("s/a", "s/gone", "same")]))
    assert groups(frame) == together("s/a")


def test_clusters_are_numbered_by_their_smallest_record() -> None:
    frame = clustered(["s/c", "s/b", "s/a"], [("s/a", "s/c", 9)])
    assert frame.select("record_id", "cluster_id").rows() == [("s/a", 1), ("s/b", 2), ("s/c", 1)]


# -- links


def test_accepted_links_join_and_others_do_not() -> None:
    links: list[Link] = [("s/a", "s/b", 2), ("s/c", "s/d", 2, "review"), ("s/e", "s/f", 9, "conflict")]
    frame = clustered(["s/a", "s/b", "s/c", "s/d", "s/e", "s/f"], links)
    assert groups(frame) == together("s/a s/b", "s/c", "s/d", "s/e", "s/f")


def test_a_link_that_a_rule_accepted_joins_whatever_it_weighs() -> None:
    assert groups(clustered(["s/a", "s/b"], [("s/a", "s/b", -9, "accepted", "OWN_KEY")])) == together("s/a s/b")
    assert groups(clustered(["s/a", "s/b"], [("s/a", "s/b", -9, "accepted", "weight")])) == together("s/a s/b")


def test_former_values_identify() -> None:
    # b's former profile (7) is a's; b's present one is c's. The dead address still joins them.
    frame = clustered(["s/a", "s/b", "s/c"], [("s/b", "s/c", 6)], shared={"s/a": [7], "s/b": [7]})
    assert groups(frame) == together("s/a s/b s/c")


def test_a_chain_of_good_links_is_one_customer() -> None:
    assert groups(clustered(["s/a", "s/b", "s/c"], [("s/a", "s/b", 8), ("s/b", "s/c", 6)])) == together("s/a s/b s/c")


def test_a_weak_bridge_between_two_crowds_is_cut() -> None:
    left, right = crowd("a", 4), crowd("b", 4)
    links = [*all_linked(left, 9), *all_linked(right, 9), (left[0], right[0], 2.0)]
    assert groups(clustered(left + right, links)) == {frozenset(left), frozenset(right)}


def test_a_strong_bridge_between_two_halves_holds() -> None:
    # The half under the old e-mail, the half under the new one, and one download that ties them by name and address.
    left, right = crowd("a", 4), crowd("b", 4)
    links = [*all_linked(left, 9), *all_linked(right, 9), (left[0], right[0], 12.0)]
    assert groups(clustered(left + right, links)) == {frozenset(left + right)}


def test_the_same_weak_link_joins_two_single_records() -> None:
    assert groups(clustered(["s/a", "s/b"], [("s/a", "s/b", 2)])) == together("s/a s/b")


def test_many_weak_links_support_each_other() -> None:
    left, right = crowd("a", 3), crowd("b", 3)
    across = [(one, other, 2.0) for one in left for other in right]
    links = [*all_linked(left, 9), *all_linked(right, 9), *across]
    assert groups(clustered(left + right, links)) == {frozenset(left + right)}


def test_doubtful_pairs_speak_against_a_merge_no_more_than_missing_ones_and_never_for_it() -> None:
    left, right = crowd("a", 3), crowd("b", 3)
    across = [(one, other) for one in left for other in right][1:]
    for weight, expected in ((0.6, 1), (-0.3, 1), (-1.4, 2), (-4.0, 2)):
        doubtful: list[Link] = [(one, other, weight, "review") for one, other in across]
        links = [*all_linked(left, 20), *all_linked(right, 20), (left[0], right[0], 4.0), *doubtful]
        assert len(groups(clustered(left + right, links))) == expected
    # Doubt is no support: without one accepted link, nothing merges.
    assert len(groups(clustered(["s/a", "s/b"], [("s/a", "s/b", 0.9, "review")]))) == 2


def test_pairs_that_a_rule_holds_back_speak_against_a_merge_whatever_they_weigh() -> None:
    links: list[Link] = [("s/ann", "s/a", 12), ("s/bob", "s/a", 5)]
    assert len(groups(clustered(["s/ann", "s/a", "s/bob"], links))) == 1
    twins: list[Link] = [*links, ("s/ann", "s/bob", 15, "review", "TWINS")]
    assert groups(clustered(["s/ann", "s/a", "s/bob"], [*twins])) == together("s/ann s/a s/bob")
    weaker: list[Link] = [("s/ann", "s/a", 12), ("s/bob", "s/a", 3), twins[-1]]
    assert groups(clustered(["s/ann", "s/a", "s/bob"], weaker)) == together("s/ann s/a", "s/bob")


def told(things: dict[str, dict[str, str]]) -> pl.DataFrame:
    """Linkage profiles of the records, by what they tell."""
    rows = [{"profile_id": profile(record), **values} for record, values in things.items()]
    named = pl.DataFrame(rows, schema_overrides={"profile_id": pl.Int64})
    missing = [
        pl.lit(None, dtype=kind).alias(n) for n, kind in LINKAGE_PROFILES.schema.items() if n not in named.columns
    ]
    return named.with_columns(missing)


def test_only_pairs_that_could_have_been_compared_are_missed() -> None:
    # A visitor's cookie, tied by it to one of a customer's twenty records. Nothing could tie it to the others.
    person = crowd("a", 20)
    links: list[Link] = [*all_linked(person, 20), (person[3], "web/x", 1, "accepted", "OWN_KEY")]
    records = [*person, "web/x"]
    full = {"first_name": "dana", "last_name": "reed", "postcode": "10115"}
    for described, expected in ((full, 2), ({"first_name": "dana"}, 1), ({}, 1)):
        profiles = told({**dict.fromkeys(person, full), "web/x": described})
        frame = clusters(scored(links), own_profiles(records), sources(records), judged(), profiles=profiles)
        assert len(groups(frame)) == expected


def test_a_very_large_customer_is_held_against_a_record_no_more_than_a_large_one() -> None:
    many = crowd("a", 80)
    some: list[Link] = [(record, "s/new", 4.0) for record in many[:6]]
    links: list[Link] = [*all_linked(many, 9), *some]
    assert len(groups(clustered([*many, "s/new"], links))) == 1
    unbounded = replace(DEFAULT_CLUSTERS, unseen_pairs_per_record=1000)
    assert len(groups(clustered([*many, "s/new"], links, policy=unbounded))) == 2


# -- conflicts


def test_a_conflict_keeps_two_apart_that_one_record_matches_both() -> None:
    # Father and son, and a record without a suffix that could be either: it goes to the one it is more like.
    links: list[Link] = [
        ("s/father", "s/either", 9),
        ("s/either", "s/son", 8),
        ("s/father", "s/son", 12, "conflict", "FATHER_AND_SON"),
    ]
    frame = clustered(["s/father", "s/either", "s/son"], links)
    assert groups(frame) == together("s/father s/either", "s/son")


def test_a_conflict_is_soft() -> None:
    ones, others = crowd("a", 3), crowd("b", 3)
    across: list[Link] = [(one, other, 12.0) for one in ones for other in others][1:]
    links = [*all_linked(ones, 20), *all_linked(others, 20), *across, (ones[0], others[0], 9.0, "conflict")]
    assert groups(clustered(ones + others, links)) == {frozenset(ones + others)}


# -- judgements


def test_same_joins_what_no_link_does() -> None:
    assert groups(clustered(["s/a", "s/b"], judgements=[("s/a", "s/b", "same")])) == together("s/a s/b")


def test_undecided_changes_nothing() -> None:
    links: list[Link] = [("s/a", "s/b", 9)]
    assert groups(clustered(["s/a", "s/b"], links, judgements=[("s/a", "s/b", "undecided")])) == together("s/a s/b")


def test_different_parts_two_linked_records() -> None:
    links: list[Link] = [("s/a", "s/b", 20)]
    assert groups(clustered(["s/a", "s/b"], links, judgements=[("s/a", "s/b", "different")])) == together("s/a", "s/b")


def test_different_cuts_the_weakest_link_of_the_path_between_the_two() -> None:
    links: list[Link] = [("s/a", "s/b", 12), ("s/b", "s/c", 7), ("s/c", "s/d", 12)]
    frame = clustered(["s/a", "s/b", "s/c", "s/d"], links, judgements=[("s/a", "s/d", "different")])
    assert groups(frame) == together("s/a s/b", "s/c s/d")


def test_different_parts_records_of_one_profile_and_a_third_goes_with_one_of_them() -> None:
    shared = {record: [7] for record in ("s/a", "s/b", "s/c")}
    frame = clustered(["s/a", "s/b", "s/c"], shared=shared, judgements=[("s/a", "s/b", "different")])
    assert groups(frame) == together("s/a s/c", "s/b")


def test_different_outranks_a_chain_of_same_and_the_newest_same_holds() -> None:
    judgements = [("s/a", "s/b", "same"), ("s/b", "s/c", "same"), ("s/a", "s/c", "different")]
    assert groups(clustered(["s/a", "s/b", "s/c"], judgements=judgements)) == together("s/a", "s/b s/c")


def test_different_keeps_apart_what_same_has_joined_to_either() -> None:
    judgements = [("s/a", "s/b", "same"), ("s/b", "s/x", "different")]
    frame = clustered(["s/a", "s/b", "s/x"], [("s/a", "s/x", 20)], judgements=judgements)
    assert groups(frame) == together("s/a s/b", "s/x")


# -- one row per person


def test_two_records_of_a_register_are_never_one_and_the_best_link_wins() -> None:
    links: list[Link] = [("reg/a", "shop/x", 7), ("reg/b", "shop/x", 9), ("reg/a", "reg/b", 20)]
    frame = clustered(["reg/a", "reg/b", "shop/x"], links, one_row=["reg"])
    assert groups(frame) == together("reg/a", "reg/b shop/x")
    assert len(groups(clustered(["reg/a", "reg/b", "shop/x"], links))) == 1


def test_registers_are_told_apart() -> None:
    links: list[Link] = [("one/a", "two/a", 9), ("two/a", "shop/x", 9), ("one/b", "shop/x", 6)]
    frame = clustered(["one/a", "one/b", "two/a", "shop/x"], links, one_row=["one", "two"])
    assert groups(frame) == together("one/a two/a shop/x", "one/b")


def test_more_registers_than_bits_in_a_word() -> None:
    registers = [f"reg{number}" for number in range(70)]
    records = [f"{register}/a" for register in registers] + ["reg69/b"]
    links: list[Link] = [(records[0], record, 20.0) for record in records[1:]]
    frame = clustered(records, [*links, *all_linked(records[1:-1], 20)], one_row=registers)
    assert len(groups(frame)) == 2


def test_records_of_a_register_that_share_a_profile_stay_two() -> None:
    shared = {record: [7] for record in ("reg/a", "reg/b", "shop/x")}
    frame = clustered(["reg/a", "reg/b", "shop/x"], shared=shared, one_row=["reg"])
    assert groups(frame) == together("reg/a shop/x", "reg/b")


def test_a_steward_may_join_two_records_of_a_register() -> None:
    judgements = [("reg/a", "reg/b", "same")]
    assert groups(clustered(["reg/a", "reg/b"], judgements=judgements, one_row=["reg"])) == together("reg/a reg/b")


# -- size


def test_a_cluster_above_the_bound_is_cut_where_it_is_weakest() -> None:
    left, right = crowd("a", 3), crowd("b", 3)
    across = [(one, other, 4.0) for one in left for other in right]
    links = [*all_linked(left, 12), *all_linked(right, 12), *across]
    assert len(groups(clustered(left + right, links))) == 1
    bounded = replace(DEFAULT_CLUSTERS, largest_cluster=4)
    assert groups(clustered(left + right, links, policy=bounded)) == {frozenset(left), frozenset(right)}


def test_a_cluster_that_never_fits_falls_apart() -> None:
    many = crowd("a", 5)
    frame = clustered(many, all_linked(many, 50), policy=replace(DEFAULT_CLUSTERS, largest_cluster=2))
    assert max(len(group) for group in groups(frame)) <= 2


def test_records_of_one_profile_count_once_towards_the_bound() -> None:
    many = crowd("a", 5)
    bounded = replace(DEFAULT_CLUSTERS, largest_cluster=2)
    assert len(groups(clustered(many, shared={record: [7] for record in many}, policy=bounded))) == 1


def test_links_that_the_clusters_overrule_are_reported() -> None:
    links: list[Link] = [("s/a", "s/b", 9), ("s/b", "s/c", 7), ("s/c", "s/a", 1, "review")]
    judgements = [("s/a", "s/c", "different")]
    frame = clustered(["s/a", "s/b", "s/c"], links, judgements=judgements)
    overruled = links_not_followed(scored(links), own_profiles(["s/a", "s/b", "s/c"]), frame)
    assert overruled.get_column("match_weight").to_list() == [7.0]


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 5)), unique=True),
    st.dictionaries(st.integers(0, 4), st.integers(1, 3)),
    st.lists(
        st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde")).filter(lambda ends: ends[0] < ends[1]),
        unique=True,
    ),
)
def test_links_are_overruled_where_two_profiles_have_no_cluster_in_common(
    of_records: list[tuple[str, int]], cluster_of: dict[int, int], linked: list[tuple[str, str]]
) -> None:
    members = pl.DataFrame(
        [(profile(one), str(record)) for one, record in of_records], schema=PROFILE_MEMBERS.schema, orient="row"
    )
    found = pl.DataFrame(
        [(str(record), cluster, 1.0) for record, cluster in cluster_of.items()], schema=CLUSTERS.schema, orient="row"
    )
    pairs = scored([(one, other, 9) for one, other in linked])
    stands_in = {
        profile(one): {cluster_of[record] for name, record in of_records if name == one and record in cluster_of}
        for one in "abcde"
    }
    overruled = [
        (left, right)
        for left, right in pairs.select("profile_id_l", "profile_id_r").iter_rows()
        if stands_in[left] and stands_in[right] and not stands_in[left] & stands_in[right]
    ]
    reported = links_not_followed(pairs, members, found)
    assert reported.select("profile_id_l", "profile_id_r").rows() == overruled


# -- how firmly


def test_a_pair_is_held_by_its_link() -> None:
    assert held(clustered(["s/a", "s/b"], [("s/a", "s/b", 3)])) == {"s/a": 0.889, "s/b": 0.889}


def test_the_weak_link_holds_what_hangs_on_it_and_not_the_core() -> None:
    links: list[Link] = [("s/a", "s/b", 9), ("s/b", "s/c", 9), ("s/c", "s/d", 4)]
    assert held(clustered(["s/a", "s/b", "s/c", "s/d"], links)) == {
        "s/a": 0.998,
        "s/b": 0.998,
        "s/c": 0.998,
        "s/d": 0.941,
    }


def test_the_strongest_path_counts_not_the_weakest_link() -> None:
    links: list[Link] = [("s/a", "s/b", 9), ("s/b", "s/c", 9), ("s/a", "s/c", 3)]
    assert set(held(clustered(["s/a", "s/b", "s/c"], links)).values()) == {0.998}


def test_what_is_one_by_definition_or_judgement_is_certain() -> None:
    frame = clustered(["s/a", "s/b", "s/c"], shared={"s/a": [7], "s/b": [7]}, judgements=[("s/b", "s/c", "same")])
    assert set(held(frame).values()) == {1.0}


def test_a_link_between_equal_halves_holds_both() -> None:
    links: list[Link] = [("s/a", "s/b", 9), ("s/c", "s/d", 9), ("s/b", "s/c", 5)]
    assert set(held(clustered(["s/a", "s/b", "s/c", "s/d"], links)).values()) == {0.97}


# -- properties

RECORDS = [f"{source}/{key}" for source in ("reg", "shop", "web") for key in "abcd"]
PAIR = st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS)).filter(lambda pair: pair[0] != pair[1])
WEIGHT = st.sampled_from([-4.0, -1.0, 0.0, 1.0, 2.0, 4.0, 4.0, 8.0, 15.0, 40.0])
LINKS = st.dictionaries(
    PAIR.map(lambda pair: (min(pair), max(pair))),
    st.tuples(WEIGHT, st.sampled_from(["accepted", "accepted", "accepted", "review", "conflict"])),
    max_size=30,
).map(lambda found: [(one, other, *more) for (one, other), more in found.items()])
SHARED = st.dictionaries(st.sampled_from(RECORDS), st.lists(st.integers(1, 4), max_size=2), max_size=6)
JUDGEMENTS = st.lists(st.tuples(PAIR, st.sampled_from(["same", "different"])), max_size=5).map(
    lambda found: [(one, other, word) for (one, other), word in found]
)


@settings(max_examples=20, deadline=None)
@given(LINKS, SHARED, JUDGEMENTS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(links: list[Link], shared: dict, judgements: list, shuffle) -> None:  # type: ignore[no-untyped-def,type-arg]
    frame = clustered(RECORDS, links, shared=shared, judgements=judgements, one_row=["reg"])
    inputs = [scored(links), own_profiles(RECORDS, shared), sources(RECORDS), judged(judgements)]
    mixed = [table.sample(fraction=1, shuffle=True, seed=shuffle.randrange(1000)) for table in inputs]
    assert clusters(mixed[0], mixed[1], mixed[2], mixed[3], ["reg"]).equals(frame)


@settings(max_examples=30, deadline=None)
@given(LINKS, SHARED, JUDGEMENTS)
def test_constraints_always_hold(links: list[Link], shared: dict, judgements: list) -> None:  # type: ignore[type-arg]
    frame = clustered(RECORDS, links, shared=shared, judgements=judgements, one_row=["reg"])
    of = dict(frame.select("record_id", "cluster_id").iter_rows())
    assert sorted(of) == sorted(RECORDS)
    latest = {frozenset((one, other)): word for one, other, word in judgements}
    for pair, word in latest.items():
        one, other = sorted(pair)
        assert word == "same" or of[one] != of[other]
    if "same" not in latest.values():
        for group in groups(frame):
            assert sum(record.startswith("reg/") for record in group) <= 1


@settings(max_examples=20, deadline=None)
@given(LINKS, LINKS, JUDGEMENTS)
def test_the_answer_for_a_part_of_the_data_does_not_depend_on_the_rest(
    links: list[Link], more: list[Link], judgements: list
) -> None:  # type: ignore[type-arg]
    elsewhere = [f"a{record}" for record in RECORDS]
    others: list[Link] = [(f"a{one}", f"a{other}", *rest) for one, other, *rest in more]  # type: ignore[misc]
    alone = clustered(RECORDS, links, judgements=judgements, one_row=["reg"])
    with_others = clustered(RECORDS + elsewhere, [*links, *others], judgements=judgements, one_row=["reg", "areg"])
    here = with_others.filter(pl.col("record_id").is_in(RECORDS))
    assert groups(here) == groups(alone)
    assert held(here) == held(alone)


@settings(max_examples=20, deadline=None)
@given(LINKS, SHARED)
def test_every_cluster_holds_together_by_links_or_profiles(links: list[Link], shared: dict) -> None:  # type: ignore[type-arg]
    frame = clustered(RECORDS, links, shared=shared)
    joined = {record: {record} for record in RECORDS}
    sharing = [[r for r in RECORDS if number in shared.get(r, [])] for number in range(1, 5)]
    pairs = [(link[0], link[1]) for link in links if link[3:] == ("accepted",)]
    for one, other in [*pairs, *(pair for held_by in sharing for pair in itertools.pairwise(held_by))]:
        both = joined[one] | joined[other]
        for record in both:
            joined[record] = both
    for group in groups(frame):
        assert all(record in joined[next(iter(group))] for record in group)


@pytest.mark.parametrize("size", [1, 2, 30])
def test_equal_links_of_a_crowd_make_one_cluster(size: int) -> None:
    records = crowd("a", size)
    assert len(groups(clustered(records, all_linked(records, 9)))) == 1
