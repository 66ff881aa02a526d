from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from cdp_assets.identity_graph.customer_ids import CustomerIds, assign
from cdp_assets.identity_graph.id_format import mint
from cdp_assets.identity_graph.identity_changes import identity_changes
from cdp_assets_tests.identity_graph.frames import (
    NO_IDS,
    NO_LINEAGE,
    Link,
    cluster_frame,
    day,
    judged,
    landed,
    own_profiles,
    scored,
)

NAMES = ["crm/a", "crm/b", "shop/c", "shop/d", "web/e"]
RECORDS = landed(*NAMES)
A, B, C, D = (mint(record, 0) for record in NAMES[:4])


def changes(
    before: tuple[str, ...],
    after: tuple[str, ...],
    links: Iterable[Link] = (),
    *,
    judgements: Iterable[tuple[str, str, str]] = (),
    shared: dict[str, list[int]] | None = None,
    model_changed: bool = False,
    only_erased: bool = False,
) -> pl.DataFrame:
    first = assign(cluster_frame(*before), NO_IDS, NO_LINEAGE, RECORDS, day(0)) if before else None
    first = first or CustomerIds(NO_IDS, NO_LINEAGE)
    second = assign(cluster_frame(*after), *first, RECORDS, day(1))
    return identity_changes(
        first.customer_ids,
        second.customer_ids,
        second.lineage,
        scored_pairs=scored(links),
        profile_members=own_profiles(NAMES, shared),
        judgements=judged(judgements),
        resolution_id="r1",
        now=day(1),
        model_changed=model_changed,
        only_erased=only_erased,
    )


def told(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return frame.select("change", "customer_id", "other_customer_id", "records", "cause").rows()


def because(frame: pl.DataFrame) -> tuple[object, ...]:
    return frame.select("because_of_l", "because_of_r", "match_weight").row(0)


def test_nothing_changes() -> None:
    assert changes(("crm/a crm/b",), ("crm/a crm/b",)).is_empty()


def test_new_records_of_a_known_customer_are_no_identity_change() -> None:
    assert changes(("crm/a",), ("crm/a crm/b",), [("crm/a", "crm/b", 9)]).is_empty()


def test_new_customers_are_created() -> None:
    frame = changes((), ("crm/a crm/b", "shop/c"))
    assert sorted(told(frame)) == sorted(
        [("created", A, None, 2, "new records"), ("created", C, None, 1, "new records")]
    )
    assert frame.get_column("change_id").n_unique() == 2
    assert frame.select("resolution_id", "changed_at").unique().rows() == [("r1", day(1))]


def test_a_merge_by_new_evidence_names_the_strongest_link() -> None:
    links: list[Link] = [("crm/a", "shop/c", 5), ("crm/b", "shop/c", 7), ("crm/a", "crm/b", 30)]
    frame = changes(("crm/a crm/b", "shop/c"), ("crm/a crm/b shop/c",), links)
    assert told(frame) == [("merged", A, C, 1, "new evidence")]
    assert because(frame) == ("shop/c", "crm/b", 7.0)


def test_a_merge_through_a_new_record_is_due_to_it() -> None:
    links: list[Link] = [("crm/a", "shop/c", 5), ("crm/b", "shop/c", 7)]
    frame = changes(("crm/a", "crm/b"), ("crm/a crm/b shop/c",), links)
    assert told(frame) == [("merged", A, B, 1, "new records")]
    assert because(frame) == ("crm/b", "shop/c", 7.0)


def test_links_that_were_not_accepted_cause_nothing() -> None:
    links: list[Link] = [("crm/a", "crm/b", 5), ("crm/b", "shop/c", 9, "review")]
    frame = changes(("crm/a shop/c", "crm/b"), ("crm/a crm/b shop/c",), links)
    assert because(frame) == ("crm/b", "crm/a", 5.0)


def test_a_merge_by_a_shared_profile_has_no_weight() -> None:
    frame = changes(("crm/a", "crm/b"), ("crm/a crm/b",), shared={"crm/a": [7], "crm/b": [7]})
    assert told(frame) == [("merged", A, B, 1, "new evidence")]
    assert because(frame) == ("crm/b", "crm/a", None)


def test_a_merge_by_judgement() -> None:
    links: list[Link] = [("crm/a", "crm/b", 5)]
    frame = changes(("crm/a", "crm/b"), ("crm/a crm/b",), links, judgements=[("crm/a", "crm/b", "same")])
    assert told(frame) == [("merged", A, B, 1, "judgement")]
    assert because(frame) == ("crm/b", "crm/a", None)


def test_a_merge_by_a_new_model() -> None:
    frame = changes(("crm/a", "crm/b"), ("crm/a crm/b",), [("crm/a", "crm/b", 5)], model_changed=True)
    assert told(frame) == [("merged", A, B, 1, "model")]


def test_a_split() -> None:
    frame = changes(("crm/a crm/b shop/c",), ("crm/a crm/b", "shop/c"))
    assert told(frame) == [("split", C, A, 1, "new evidence")]


def test_a_split_by_judgement() -> None:
    frame = changes(("crm/a crm/b shop/c",), ("crm/a crm/b", "shop/c"), judgements=[("crm/b", "shop/c", "different")])
    assert told(frame) == [("split", C, A, 1, "judgement")]


def test_a_split_where_the_bridge_was_deleted() -> None:
    frame = changes(("crm/a crm/b shop/c",), ("crm/a", "shop/c"))
    assert told(frame) == [("split", C, A, 1, "deletion")]


def test_a_split_by_a_new_model_or_a_new_record() -> None:
    frame = changes(("crm/a crm/b",), ("crm/a", "crm/b"), model_changed=True)
    assert told(frame) == [("split", B, A, 1, "model")]
    assert told(changes(("crm/a crm/b",), ("crm/a", "crm/b web/e"))) == [("split", B, A, 1, "new records")]


def test_what_changes_after_nothing_but_erasures_is_theirs_and_not_the_models() -> None:
    apart = changes(("crm/a crm/b",), ("crm/a", "crm/b"), model_changed=True, only_erased=True)
    assert told(apart) == [("split", B, A, 1, "erasure")]
    joined = changes(("crm/a", "crm/b"), ("crm/a crm/b",), [("crm/a", "crm/b", 5)], only_erased=True)
    assert told(joined) == [("merged", A, B, 1, "erasure")]


def test_a_record_that_moves_to_a_known_customer_is_a_split() -> None:
    frame = changes(("crm/a crm/b shop/c", "shop/d"), ("crm/a crm/b", "shop/c shop/d"))
    assert told(frame) == [("split", D, A, 1, "new evidence")]


def test_a_merge_and_a_split_of_one_customer() -> None:
    frame = changes(("crm/a", "crm/b shop/c shop/d"), ("crm/a crm/b shop/c", "shop/d"))
    assert told(frame) == [("merged", A, B, 2, "new evidence"), ("split", D, B, 1, "new evidence")]


def test_a_customer_without_records_is_retired() -> None:
    assert told(changes(("crm/a", "crm/b shop/c"), ("crm/a",))) == [("retired", B, None, 2, "deletion")]


def test_an_id_that_comes_back_is_revived() -> None:
    first = assign(cluster_frame("crm/a"), NO_IDS, NO_LINEAGE, RECORDS, day(0))
    gone = assign(cluster_frame(), *first, RECORDS, day(1))
    back = assign(cluster_frame("crm/a"), *gone, RECORDS, day(2))
    frame = identity_changes(
        gone.customer_ids,
        back.customer_ids,
        back.lineage,
        scored_pairs=scored([]),
        profile_members=own_profiles(NAMES),
        judgements=judged(),
        resolution_id="r2",
        now=day(2),
    )
    assert told(frame) == [("revived", A, None, 1, "new records")]


def test_change_ids_differ_by_resolution() -> None:
    frame = changes(("crm/a", "crm/b"), ("crm/a crm/b",), [("crm/a", "crm/b", 5)])
    assert frame.get_column("change_id").str.len_chars().to_list() == [15]
