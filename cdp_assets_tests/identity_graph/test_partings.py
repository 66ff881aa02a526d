"""Taking apart, undoing and pinning are told as judgements, and clusters follow them whatever links say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl
import pytest

from cdp_assets.identity_graph.clusters import clusters
from cdp_assets.identity_graph.overruled import overruled_links
from cdp_assets.identity_graph.partings import (
    PartingError,
    Said,
    judgements_of_parts,
    judgements_of_pin,
    judgements_of_unpin,
    pin_of,
)
from cdp_assets.identity_graph.reclustering import Clustered, recluster
from cdp_assets.judgements import any_contradiction, judgements_in_force
from cdp_assets.tables import LINKAGE_PROFILES
from cdp_assets_tests.identity_graph.frames import Link, groups, judged, own_profiles, scored, sources, together

DANA = ["crm/a", "crm/b", "shop/c", "shop/d"]
EVERY_PAIR: list[Link] = [(one, other, 25) for at, one in enumerate(DANA) for other in DANA[:at]]


def plain(said: Iterable[Said]) -> list[tuple[str, str, str]]:
    return [(one, other, word.value) for one, other, word in said]


def parted(*parts: Sequence[str], rest: Sequence[str] = (), known: Sequence[tuple[str, str, str]] = ()) -> list[Said]:
    return judgements_of_parts(judgements_in_force(judged(known)), parts, rest)


def clustered(
    said: Sequence[tuple[str, str, str]], records: Sequence[str] = DANA, shared: dict[str, list[int]] | None = None
) -> pl.DataFrame:
    links = EVERY_PAIR + [(one, "web/e", 25.0) for one in DANA if "web/e" in records]
    return clusters(scored(links), own_profiles(records, shared), sources(records), judged(said))


def test_a_named_part_leaves_and_links_decide_on_the_rest() -> None:
    said = plain(parted(["shop/c", "shop/d"], rest=["crm/a", "crm/b"]))
    assert groups(clustered([])) == together("crm/a crm/b shop/c shop/d")
    assert groups(clustered(said)) == together("crm/a crm/b", "shop/c shop/d")
    assert ("crm/a", "crm/b", "same") not in said


def test_records_that_share_a_profile_are_taken_apart_too() -> None:
    said = plain(parted(["shop/c"], rest=["crm/a", "crm/b", "shop/d"]))
    alike = clustered(said, shared={record: [7] for record in DANA})
    assert groups(alike) == together("crm/a crm/b shop/d", "shop/c")


def test_three_parts_are_three_customers() -> None:
    said = plain(parted(["crm/a", "shop/d"], ["crm/b"], ["shop/c"]))
    assert groups(clustered(said)) == together("crm/a shop/d", "crm/b", "shop/c")


def test_former_judgements_across_and_within_parts_are_judged_anew_and_nothing_is_said_twice() -> None:
    known = [("crm/b", "shop/c", "same"), ("crm/a", "crm/b", "same"), ("shop/c", "shop/d", "different")]
    said = plain(parted(["crm/a", "crm/b"], ["shop/c", "shop/d"], known=known))
    assert said == [
        ("crm/a", "shop/c", "different"),
        ("crm/b", "shop/c", "different"),
        ("shop/c", "shop/d", "same"),
    ]
    assert any_contradiction(judged([*known, *said])) is None
    assert any_contradiction(judged([*known, ("crm/a", "shop/c", "different")])) == ("crm/a", "crm/b", "shop/c")
    assert not parted(["crm/a", "crm/b"], ["shop/c", "shop/d"], known=[*known, *said])


@pytest.mark.parametrize(
    ("parts", "rest"),
    [([["crm/a"], ["crm/a", "crm/b"]], []), ([["crm/a"]], ["crm/a"]), ([["crm/a", "crm/b"]], []), ([[]], ["crm/a"])],
)
def test_parts_that_make_no_sense_are_refused_and_name_no_record(parts: list[list[str]], rest: list[str]) -> None:
    with pytest.raises(PartingError) as refused:
        judgements_of_parts(judgements_in_force(judged()), parts, rest)
    assert "crm/" not in str(refused.value)


def test_what_is_pinned_stays_together_and_apart_whatever_links_and_profiles_say() -> None:
    pinned = plain(judgements_of_pin(["crm/a", "crm/b"]))
    assert groups(clustered(pinned)) == together("crm/a crm/b", "shop/c shop/d")
    assert groups(clustered(pinned, shared={record: [7] for record in DANA})) == together(
        "crm/a crm/b", "shop/c shop/d"
    )
    unlinked = clusters(scored([]), own_profiles(DANA), sources(DANA), judged(pinned))
    assert groups(unlinked) == together("crm/a crm/b", "shop/c", "shop/d")


def test_a_record_that_comes_later_does_not_join_what_is_pinned() -> None:
    pinned = plain(judgements_of_pin(DANA))
    assert groups(clustered(pinned, [*DANA, "web/e"])) == together("crm/a crm/b shop/c shop/d", "web/e")


def test_a_customer_of_one_record_can_be_pinned() -> None:
    pinned = plain(judgements_of_pin(["shop/d"]))
    assert groups(clustered(pinned)) == together("crm/a crm/b shop/c", "shop/d")


def test_unpinned_records_follow_links_and_former_judgements_again() -> None:
    before = [("crm/a", "shop/c", "different"), *plain(judgements_of_pin(["crm/a", "crm/b", "shop/d"]))]
    after = [*before, *plain(judgements_of_unpin(judged(before), "crm/a"))]
    assert pin_of(judgements_in_force(judged(before)), DANA).keys() == {"crm/a", "crm/b", "shop/d"}
    assert not pin_of(judgements_in_force(judged(after)), DANA)
    assert clustered(after).equals(clustered([("crm/a", "shop/c", "different")]))
    same = [("crm/a", "crm/b", "same"), *plain(judgements_of_pin(["crm/a", "crm/b"]))]
    assert plain(judgements_of_unpin(judged(same), "crm/a"))[1] == ("crm/a", "crm/b", "same")


def test_pinning_and_unpinning_reclusters_just_what_they_touch() -> None:
    records, links = [*DANA, "web/x", "web/y"], [*EVERY_PAIR, ("web/x", "web/y", 25.0)]
    frames = scored(links), own_profiles(records), sources(records)
    pinned = judged(plain(judgements_of_pin(["crm/a", "crm/b"])))
    now = clusters(*frames, judged())
    held = recluster(Clustered(*frames, judged(), now), *frames, pinned)
    assert held.records == len(DANA)
    assert held.clusters.equals(clusters(*frames, pinned))
    back = pl.concat([pinned, judged([*plain(judgements_of_pin(["crm/a", "crm/b"])), *plain(judgements_of_unpin(pinned, "crm/a"))]).tail(2)])  # fmt: skip
    assert recluster(Clustered(*frames, pinned, held.clusters), *frames, back).clusters.equals(now)


def test_a_link_to_what_is_pinned_is_told_with_its_rule() -> None:
    pinned = judged(plain(judgements_of_pin(DANA)))
    records = [*DANA, "web/e"]
    frames = scored([*EVERY_PAIR, ("crm/a", "web/e", 25.0)]), own_profiles(records)
    grouped = clusters(*frames, sources(records), pinned)
    profiles = LINKAGE_PROFILES.empty()
    found = overruled_links(*frames, grouped, sources(records), pinned, profiles)
    assert found["rule"].to_list() == ["PINNED"]
