"""What a person has once, and what a row of a register says: rules that no link outweighs."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity_graph.clusters import clusters
from cdp_assets.identity_graph.exclusive import have_a_birth_in_common, is_slip
from cdp_assets.identity_graph.overruled import (
    JUDGED_DIFFERENT,
    ONE_PER_PERSON,
    ONE_ROW_PER_PERSON,
    SINGLE_BEST_ROW,
    TOO_LARGE,
    TWO_BIRTH_DATES,
    WEAK_BRIDGE,
    overruled_links,
)
from cdp_assets.identity_graph.policy import DEFAULT_CLUSTERS, ClusterPolicy
from cdp_assets.tables import LINKAGE_PROFILES
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


def people(says: dict[str, tuple[str | None, str | None]], registers: tuple[str, ...] = ()) -> pl.DataFrame:
    """Linkage profiles of records that say a loyalty id and a date of birth (or neither)."""
    rows = []
    for record, (card, born) in says.items():
        source = record.split("/")[0]
        row = dict.fromkeys(LINKAGE_PROFILES.schema) | {
            "profile_id": profile(record),
            "records": 1,
            "source": source if source in registers else None,
            "date_of_birth": born,
            "emails": [],
            "probable_emails": [],
            "phones": [],
            "identifiers": [] if card is None else [f"loyalty_id={card}"],
        }
        rows.append(row)
    return pl.DataFrame(rows, schema=LINKAGE_PROFILES.schema)


def resolved(
    says: dict[str, tuple[str | None, str | None]],
    links: list[Link],
    *,
    judgements: list[tuple[str, str, str]] | None = None,
    registers: tuple[str, ...] = (),
    one_per_person: tuple[str, ...] = ("loyalty_id",),
    policy: ClusterPolicy = DEFAULT_CLUSTERS,
    at_home: dict[tuple[str, str], float] | None = None,
) -> tuple[set[frozenset[str]], dict[tuple[str, str], str]]:
    """The clusters, and which rule cut the link between which records."""
    records, profiles, pairs = list(says), people(says, registers), scored(links, at_home)
    members, said = own_profiles(records), judged(judgements or [])
    found = clusters(
        pairs, members, sources(records), said, registers, policy, profiles=profiles, one_per_person=one_per_person
    )
    cut = overruled_links(pairs, members, found, sources(records), said, profiles, registers, one_per_person, policy)
    name = {profile(record): record for record in records}
    rules = {
        (name[left], name[right]): rule
        for left, right, rule in cut.select("profile_id_l", "profile_id_r", "rule").iter_rows()
    }
    return groups(found), {(min(pair), max(pair)): rule for pair, rule in rules.items()}


def test_two_cards_of_a_kind_that_a_person_has_once_are_two_people() -> None:
    says = {"crm/a": ("4711", None), "shop/b": ("9032", None)}
    links: list[Link] = [("crm/a", "shop/b", 25)]
    assert resolved(says, links) == (together("crm/a", "shop/b"), {("crm/a", "shop/b"): ONE_PER_PERSON.name})
    assert resolved(says, links, one_per_person=())[0] == together("crm/a shop/b")


def test_a_record_without_a_card_joins_one_of_them_and_does_not_bridge() -> None:
    says = {"crm/a": ("4711", None), "web/x": (None, None), "shop/b": ("9032", None)}
    links: list[Link] = [("crm/a", "web/x", 9), ("web/x", "shop/b", 12)]
    found, cut = resolved(says, links)
    assert found == together("crm/a", "web/x shop/b")
    assert cut == {("crm/a", "web/x"): ONE_PER_PERSON.name}


def test_a_card_with_one_slip_is_the_same_card() -> None:
    says = {"crm/a": ("471108", None), "shop/b": ("471180", None)}
    assert resolved(says, [("crm/a", "shop/b", 15)])[0] == together("crm/a shop/b")


def test_same_by_a_steward_outranks_two_cards() -> None:
    says = {"crm/a": ("4711", None), "shop/b": ("9032", None)}
    found, _ = resolved(says, [("crm/a", "shop/b", 25)], judgements=[("crm/a", "shop/b", "same")])
    assert found == together("crm/a shop/b")


def test_two_dates_of_birth_that_two_sources_each_tell_are_two_people() -> None:
    """Father and son of one name: everything links, and each date is told twice."""
    father, son = "1951-03-14", "1979-11-02"
    says = {
        "crm/f": (None, father),
        "shop/f": (None, father),
        "crm/s": (None, son),
        "shop/s": (None, son),
    }
    links: list[Link] = [
        ("crm/f", "shop/f", 20),
        ("crm/s", "shop/s", 20),
        ("crm/f", "crm/s", 14),
        ("shop/f", "shop/s", 14),
        ("crm/f", "shop/s", 14),
        ("shop/f", "crm/s", 14),
    ]
    found, cut = resolved(says, links)
    assert found == together("crm/f shop/f", "crm/s shop/s")
    assert set(cut.values()) == {TWO_BIRTH_DATES.name}
    told_once = {**says, "shop/s": (None, None)}
    assert len(resolved(told_once, links)[0]) == 1


def test_a_mistyped_date_that_two_sources_copied_is_no_other_person() -> None:
    says = {
        f"{source}/{n}": (None, born) for n, born in enumerate(("1951-03-14", "1951-03-24")) for source in ("a", "b")
    }
    records = list(says)
    links: list[Link] = [(one, other, 14) for at, one in enumerate(records) for other in records[:at]]
    assert len(resolved(says, links)[0]) == 1


def test_a_record_belongs_to_the_row_of_a_register_that_it_is_more_like() -> None:
    says = dict.fromkeys(("reg/1", "reg/2", "shop/x", "web/y"), (None, None))
    links: list[Link] = [
        ("reg/1", "shop/x", 20),
        ("reg/2", "shop/x", 15),
        ("reg/2", "web/y", 20),
        ("reg/1", "web/y", 15),
        ("shop/x", "web/y", 30),
    ]
    found, cut = resolved(says, links, registers=("reg",))
    assert found == together("reg/1 shop/x", "reg/2 web/y")
    assert set(cut.values()) == {ONE_ROW_PER_PERSON.name}


def test_records_that_are_as_like_one_row_as_the_other_stay_together() -> None:
    says = dict.fromkeys(("reg/1", "reg/2", "shop/x", "web/y"), (None, None))
    links: list[Link] = [
        ("reg/1", "shop/x", 20),
        ("reg/2", "shop/x", 19),
        ("reg/2", "web/y", 20),
        ("reg/1", "web/y", 19),
        ("shop/x", "web/y", 30),
    ]
    found, _ = resolved(says, links, registers=("reg",))
    assert any({"shop/x", "web/y"} <= group for group in found)


def test_whose_row_a_record_is_does_not_depend_on_who_lives_together() -> None:
    says = dict.fromkeys(("reg/1", "reg/2", "shop/x", "web/y"), (None, None))
    links: list[Link] = [
        ("reg/1", "shop/x", 20),
        ("reg/2", "shop/x", 20),
        ("reg/2", "web/y", 20),
        ("reg/1", "web/y", 20),
        ("shop/x", "web/y", 30),
    ]
    same_address = {("reg/1", "shop/x"): 9.0, ("reg/2", "web/y"): 9.0}
    found, cut = resolved(says, links, registers=("reg",), at_home=same_address)
    assert not any({"shop/x", "web/y"} <= group for group in found)
    assert SINGLE_BEST_ROW.name in cut.values() or ONE_ROW_PER_PERSON.name in cut.values()
    undecided, _ = resolved(says, links, registers=("reg",))
    assert any({"shop/x", "web/y"} <= group for group in undecided)


def test_a_link_that_only_the_rows_of_a_register_speak_against_is_told_so() -> None:
    says = dict.fromkeys(("reg/1", "reg/2", "shop/x", "web/y"), (None, None))
    links: list[Link] = [
        ("reg/1", "shop/x", 20),
        ("reg/2", "shop/x", 15),
        ("reg/2", "web/y", 20),
        ("reg/1", "web/y", 15),
        ("shop/x", "web/y", 30),
    ]
    different = [("reg/1", "shop/x", "different"), ("reg/2", "web/y", "different")]
    different += [("reg/2", "shop/x", "different"), ("reg/1", "web/y", "different")]
    _, cut = resolved(says, links, registers=("reg",), judgements=different)
    assert cut["shop/x", "web/y"] == SINGLE_BEST_ROW.name
    assert cut["reg/1", "shop/x"] == JUDGED_DIFFERENT.name


def test_one_link_between_two_groups_is_a_weak_bridge() -> None:
    one, other = [f"a/{n}" for n in range(5)], [f"b/{n}" for n in range(5)]
    links: list[Link] = [(x, y, 15) for side in (one, other) for at, x in enumerate(side) for y in side[:at]]
    says: dict[str, tuple[str | None, str | None]] = dict.fromkeys([*one, *other], (None, "1980-01-02"))
    profiles = people(says).with_columns(first_name=pl.lit("anna"), last_name=pl.lit("adler"))
    records, pairs = list(says), scored([*links, ("a/0", "b/0", 4)])
    found = clusters(pairs, own_profiles(records), sources(records), judged(), profiles=profiles)
    cut = overruled_links(pairs, own_profiles(records), found, sources(records), judged(), profiles)
    assert len(groups(found)) == 2
    assert cut["rule"].to_list() == [WEAK_BRIDGE.name]


def test_a_chain_above_the_bound_is_cut_for_its_size() -> None:
    records = [f"a/{n}" for n in range(8)]
    says: dict[str, tuple[str | None, str | None]] = dict.fromkeys(records, (None, None))
    links: list[Link] = [(records[n], records[n + 1], 5.0 if n == 3 else 20.0) for n in range(7)]
    found, cut = resolved(says, links, policy=ClusterPolicy(largest_cluster=4))
    assert max(len(group) for group in found) <= 4
    assert cut["a/3", "a/4"] == TOO_LARGE.name


def test_where_every_link_is_followed_there_is_nothing_to_tell() -> None:
    says: dict[str, tuple[str | None, str | None]] = dict.fromkeys(("a/1", "b/1"), (None, None))
    assert resolved(says, [("a/1", "b/1", 9)]) == (together("a/1 b/1"), {})


@pytest.mark.parametrize(
    ("one", "other", "slip"),
    [
        ("4711", "4711", True),
        ("4711", "4771", True),
        ("4711", "471", True),
        ("4711", "47711", True),
        ("4711", "7411", True),
        ("4711", "1147", False),
        ("4711", "9032", False),
        ("4711", "47", False),
    ],
)
def test_one_slip(one: str, other: str, slip: bool) -> None:
    assert is_slip(one, other) is slip
    assert is_slip(other, one) is slip


@given(st.text("0123456789", min_size=1, max_size=8), st.integers(0, 7), st.sampled_from("0123456789"))
def test_one_sign_that_is_wrong_or_missing_is_one_slip(text: str, at: int, sign: str) -> None:
    at %= len(text)
    assert is_slip(text, text[:at] + sign + text[at + 1 :])
    assert is_slip(text, text[:at] + text[at + 1 :])


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("1951-03-14", "1951-03-14", True),
        ("1951-03-14", "1951-03-24", True),
        ("1951-03-14", "1951-14-03", True),
        ("1951-03-04", "1951-04-03", True),
        ("1951-03-14", "1979-03-14", True),
        ("1951-03-14", "1951", True),
        ("1951-03-14", "1979-11-02", False),
        ("1951-03-14", "1951-11-02", False),
    ],
)
def test_dates_of_birth_with_something_in_common(one: str, other: str, common: bool) -> None:
    assert have_a_birth_in_common(one, other) is common
    assert have_a_birth_in_common(other, one) is common
