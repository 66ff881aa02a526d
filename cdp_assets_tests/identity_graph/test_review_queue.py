from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl
import pytest

from cdp_assets.identity_graph.clusters import clusters as clusters_of
from cdp_assets.identity_graph.customer_ids import assign
from cdp_assets.identity_graph.id_format import mint
from cdp_assets.identity_graph.policy import ReviewPolicy
from cdp_assets.identity_graph.review_queue import review_queue
from cdp_assets.judgements import evidence_hashes
from cdp_assets.tables import REVIEW_QUEUE
from cdp_assets_tests.identity_graph.frames import (
    NO_IDS,
    NO_LINEAGE,
    Link,
    clustered,
    day,
    judged,
    landed,
    own_profiles,
    scored,
    sources,
)

NAMES = ["crm/a", "crm/b", "shop/c", "shop/d", "web/e"]


def queue(
    links: Iterable[Link],
    *,
    records: Sequence[str] = NAMES,
    shared: dict[str, list[int]] | None = None,
    judgements: Iterable[tuple[str, str, str]] = (),
    policy: ReviewPolicy | None = None,
) -> pl.DataFrame:
    clusters = clustered(records, links, judgements=judgements, shared=shared)
    ids = assign(clusters, NO_IDS, NO_LINEAGE, landed(*records), day(0)).customer_ids
    members = own_profiles(records, shared)
    return review_queue(scored(links), members, ids, clusters, judged(judgements), policy or ReviewPolicy())


def told(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    columns = ("why", "customer_id_l", "customer_id_r", "record_id_l", "record_id_r", "records")
    return frame.select(columns).rows()


def pair(one: str, other: str) -> tuple[str, str, str, str]:
    """Customer ids and records as the queue gives them: the smaller customer id on the left."""
    (left, left_record), (right, right_record) = sorted([(mint(one, 0), one), (mint(other, 0), other)])
    return left, right, left_record, right_record


def reopened_queue(word: str, link: Link, *, crm_a_says: str, policy: ReviewPolicy | None = None) -> pl.DataFrame:
    """The queue after somebody judged crm/a and crm/b, when crm/a said "then"."""
    then = {"crm/a": "then", "crm/b": "b"}
    said = judged([("crm/a", "crm/b", word)])
    said = said.with_columns(evidence_hash=pl.Series(evidence_hashes(said, then)))
    records = ["crm/a", "crm/b"]
    clusters = clusters_of(scored([link]), own_profiles(records), sources(records), said)
    ids = assign(clusters, NO_IDS, NO_LINEAGE, landed(*records), day(0)).customer_ids
    newest = pl.DataFrame({"record_id": records, "content_hash": [crm_a_says, "b"]})
    return review_queue(
        scored([link]), own_profiles(records), ids, clusters, said, policy or ReviewPolicy(), newest=newest
    )


@pytest.mark.parametrize("word", ["same", "different"])
def test_a_judgement_reopens_when_a_record_says_something_else_and_only_then(word: str) -> None:
    weak: Link = ("crm/a", "crm/b", 1, "review")
    assert reopened_queue(word, weak, crm_a_says="then").is_empty()
    frame = reopened_queue(word, weak, crm_a_says="something else")
    assert frame.select("why", "records", "record_id_l").rows()[0][:2] == ("reopened judgement", 1)
    assert {*frame.select("record_id_l", "record_id_r").row(0)} == {"crm/a", "crm/b"}
    # The model thinks 2/3 that they are one person.
    against = {"same": 1 / 3, "different": 2 / 3}[word]
    assert frame["expected_cost"].item() == pytest.approx(against)
    assert frame["match_probability"].item() == pytest.approx(2 / 3)


def test_a_reopened_judgement_that_nothing_speaks_against_costs_little() -> None:
    frame = reopened_queue("same", ("crm/a", "crm/b", 30), crm_a_says="else", policy=ReviewPolicy(reopened_doubt=0.125))
    assert frame["expected_cost"].item() == 0.125
    assert frame["customer_id_r"].item() is None


def test_what_was_judged_undecided_does_not_reopen() -> None:
    frame = reopened_queue("undecided", ("crm/a", "crm/b", 1, "review"), crm_a_says="else")
    assert frame["why"].to_list() == ["near threshold"]


def test_nobody_is_asked_about_a_customer_that_is_pinned() -> None:
    link: Link = ("crm/a", "shop/c", 1, "review")
    assert queue([link]).height == 1
    assert queue([link], judgements=[("shop/c", "shop/c", "pinned")]).is_empty()


def test_nothing_to_review() -> None:
    assert queue([("crm/a", "crm/b", 20)]).equals(REVIEW_QUEUE.empty())


def test_a_pair_near_the_threshold_costs_its_probability_times_the_smaller_side() -> None:
    frame = queue([("crm/a", "crm/b", 30), ("crm/a", "shop/c", 1, "review")])
    assert told(frame) == [("near threshold", *pair("crm/a", "shop/c"), 1)]
    assert frame.select("rank", "expected_cost", "match_probability").row(0) == (1, *[pytest.approx(2 / 3)] * 2)


def test_the_dearest_doubt_comes_first_and_each_pair_of_customers_once() -> None:
    links: list[Link] = [
        ("crm/a", "crm/b", 30),
        ("shop/c", "shop/d", 30),
        ("crm/a", "shop/c", 0, "review"),
        ("crm/b", "shop/d", 2, "review"),
        ("crm/a", "web/e", 1, "review"),
    ]
    frame = queue(links)
    assert [({row[3], row[4]}, row[5]) for row in told(frame)] == [({"crm/b", "shop/d"}, 2), ({"crm/a", "web/e"}, 1)]
    assert frame.get_column("rank").to_list() == [1, 2]
    assert frame.get_column("item_id").n_unique() == 2


def test_a_weak_link_inside_a_customer_is_a_fragile_bridge() -> None:
    frame = queue([("crm/a", "crm/b", 30), ("crm/b", "shop/c", 4)])
    assert told(frame) == [("fragile bridge", mint("crm/a", 0), None, "crm/b", "shop/c", 1)]
    assert frame.get_column("expected_cost").item() == pytest.approx(1 / 17)


def test_only_one_of_two_halves_would_move() -> None:
    frame = queue([("crm/a", "crm/b", 30), ("shop/c", "shop/d", 30), ("crm/a", "shop/c", 6)])
    assert told(frame) == [("fragile bridge", mint("crm/a", 0), None, "crm/a", "shop/c", 2)]


def test_a_link_that_the_clusters_cut_is_a_fragile_bridge_of_two_customers() -> None:
    left, right = [f"crm/a{n}" for n in range(4)], [f"shop/b{n}" for n in range(4)]
    inside: list[Link] = [(g[i], g[j], 30) for g in (left, right) for i in range(4) for j in range(i)]
    frame = queue([*inside, (left[0], right[0], 1)], records=left + right)
    assert told(frame) == [("fragile bridge", *pair(left[0], right[0]), 4)]


def test_conflicts_between_two_customers_and_inside_one() -> None:
    frame = queue([("crm/a", "crm/b", 2, "conflict", "TWO_KEYS")])
    assert told(frame) == [("conflict", *pair("crm/a", "crm/b"), 1)]
    across: list[Link] = [("crm/a", "shop/c", 30), ("crm/a", "shop/d", 30), ("crm/b", "shop/c", 30)]
    inside: list[Link] = [("crm/a", "crm/b", 30), ("shop/c", "shop/d", 30), ("crm/b", "shop/d", 3, "conflict")]
    assert told(queue([*across, *inside])) == [("conflict", mint("crm/a", 0), None, "crm/b", "shop/d", 2)]


def test_a_large_customer_is_shown_for_its_size() -> None:
    shared = {record: [7] for record in NAMES[:4]}
    frame = queue([], shared=shared, policy=ReviewPolicy(large_cluster=4))
    assert told(frame) == [("large cluster", mint("crm/a", 0), None, None, None, 4)]
    assert frame.get_column("expected_cost").item() == pytest.approx(0.05 * 4)
    assert queue([], shared=shared, policy=ReviewPolicy(large_cluster=5)).is_empty()


def test_many_records_that_say_the_same_are_no_large_customer() -> None:
    clusters = clustered(NAMES, shared={record: [7] for record in NAMES})
    ids = assign(clusters, NO_IDS, NO_LINEAGE, landed(*NAMES), day(0)).customer_ids
    members = own_profiles([], {record: [7] for record in NAMES})
    frame = review_queue(scored([]), members, ids, clusters, policy=ReviewPolicy(large_cluster=2))
    assert frame.is_empty()


def test_what_a_steward_has_decided_is_not_asked_again() -> None:
    links: list[Link] = [("crm/a", "crm/b", 1, "review")]
    assert queue(links, judgements=[("crm/a", "crm/b", "different")]).is_empty()
    assert len(queue(links, judgements=[("crm/a", "crm/b", "undecided")])) == 1


def test_the_queue_is_bounded() -> None:
    links: list[Link] = [
        ("crm/a", other, weight, "review") for other, weight in zip(NAMES[1:], (0, 1, 2, 3), strict=True)
    ]
    frame = queue(links, policy=ReviewPolicy(longest_queue=2))
    assert [{row[3], row[4]} for row in told(frame)] == [{"crm/a", "web/e"}, {"crm/a", "shop/d"}]


def test_the_order_of_rows_does_not_matter() -> None:
    links: list[Link] = [("crm/a", other, 1, "review") for other in NAMES[1:]]
    frame = queue(links)
    assert frame.equals(queue(links[::-1], records=NAMES))
    assert frame.get_column("rank").to_list() == [1, 2, 3, 4]


def test_the_order_of_customer_ids_and_records_that_no_customer_has_change_nothing() -> None:
    links: list[Link] = [("crm/a", "crm/b", 30), ("crm/a", "shop/c", 1, "review"), ("shop/d", "web/e", 2, "review")]
    unknown = [("gone/x", "gone/y", "different"), ("crm/a", "gone/x", "same"), ("gone/z", "gone/z", "pinned")]
    clusters = clustered(NAMES, links)
    ids = assign(clusters, NO_IDS, NO_LINEAGE, landed(*NAMES), day(0)).customer_ids
    members = own_profiles(NAMES)
    gone = members.head(1).with_columns(record_id=pl.lit("gone/x"))
    found = queue(links)
    assert found.height == 2
    assert review_queue(scored(links), members, ids.reverse(), clusters.reverse(), judged([])).equals(found)
    assert review_queue(scored(links), pl.concat([gone, members]), ids, clusters, judged(unknown)).equals(found)
