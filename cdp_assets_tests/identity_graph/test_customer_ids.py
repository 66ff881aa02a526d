from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity_graph import customer_ids as module
from cdp_assets.identity_graph.customer_ids import CustomerIdError, CustomerIds, assign
from cdp_assets.identity_graph.id_format import is_valid, mint
from cdp_assets.identity_graph.lineage import resolve_id
from cdp_assets_tests.identity_graph.frames import (
    MONDAY,
    NO_IDS,
    NO_LINEAGE,
    cluster_frame,
    day,
    groups,
    id_of,
    landed,
    together,
)

RECORDS = landed("crm/a", "crm/b", "shop/c", "shop/d", "web/e", "web/f")
FIRST = CustomerIds(NO_IDS, NO_LINEAGE)


def resolve(before: CustomerIds, *people: str, at: int = 0, records: pl.DataFrame = RECORDS) -> CustomerIds:
    return assign(cluster_frame(*people), before.customer_ids, before.lineage, records, day(at))


def story(*resolutions: tuple[str, ...]) -> CustomerIds:
    """One resolution after the other, a day apart."""
    state = FIRST
    for at, people in enumerate(resolutions):
        state = resolve(state, *people, at=at)
    return state


def fate(state: CustomerIds, customer_id: str) -> tuple[str | None, str]:
    return state.lineage.filter(pl.col("customer_id") == customer_id).select("current_customer_id", "state").row(0)


def test_every_cluster_gets_the_id_of_its_oldest_record() -> None:
    state = resolve(FIRST, "shop/c crm/a", "crm/b")
    assert id_of(state.customer_ids, "crm/a") == id_of(state.customer_ids, "shop/c") == mint("crm/a", 0)
    assert id_of(state.customer_ids, "crm/b") == mint("crm/b", 0)
    assert all(map(is_valid, state.customer_ids.get_column("customer_id")))
    assert state.lineage.select("state", "minted_at", "changed_at").unique().rows() == [("current", MONDAY, MONDAY)]


def test_of_records_that_landed_together_the_smaller_key_is_the_older() -> None:
    records = RECORDS.with_columns(first_seen_at=pl.lit(MONDAY))
    state = resolve(FIRST, "shop/c crm/b", records=records)
    assert id_of(state.customer_ids, "shop/c") == mint("crm/b", 0)


def test_the_table_says_where_each_record_comes_from() -> None:
    records = RECORDS.with_columns(is_current=pl.col("record_id") != "shop/c")
    state = resolve(FIRST, "crm/a shop/c", records=records)
    rows = state.customer_ids.select("record_id", "source", "source_key", "is_current").rows()
    assert rows == [("crm/a", "crm", "a", True), ("shop/c", "shop", "c", False)]


def test_nothing_new_changes_nothing() -> None:
    once = resolve(FIRST, "crm/a shop/c", "crm/b")
    again = resolve(once, "crm/b", "crm/a shop/c", at=1)
    assert again.customer_ids.equals(once.customer_ids)
    assert again.lineage.equals(once.lineage)


def test_a_customer_keeps_its_id_when_it_gains_records_even_older_ones() -> None:
    state = story(("shop/c",), ("shop/c crm/a web/e",))
    assert state.customer_ids.get_column("customer_id").unique().to_list() == [mint("shop/c", 0)]


def test_a_merge_retires_the_younger_id_into_the_older_whatever_their_size() -> None:
    state = story(("crm/b",), ("crm/b", "crm/a shop/c shop/d"), ("crm/b crm/a shop/c shop/d",))
    older, younger = mint("crm/b", 0), mint("crm/a", 0)
    assert set(state.customer_ids.get_column("customer_id")) == {older}
    assert fate(state, younger) == (older, "merged")
    assert resolve_id(younger, state.lineage) == resolve_id(older, state.lineage) == older


def test_of_ids_minted_together_the_one_of_the_older_record_stays() -> None:
    state = story(("crm/a shop/d", "crm/b shop/c"), ("crm/a shop/d crm/b shop/c",))
    assert set(state.customer_ids.get_column("customer_id")) == {mint("crm/a", 0)}


def test_an_old_id_resolves_in_one_step_after_many_merges() -> None:
    state = story(("crm/a", "crm/b", "shop/c"), ("crm/a", "crm/b shop/c"), ("crm/a crm/b shop/c",))
    for record in ("crm/b", "shop/c"):
        assert fate(state, mint(record, 0)) == (mint("crm/a", 0), "merged")


def test_a_split_leaves_the_id_with_the_greater_part_and_mints_for_the_other() -> None:
    state = story(("crm/a crm/b shop/c",), ("crm/a", "crm/b shop/c"))
    former = mint("crm/a", 0)
    assert id_of(state.customer_ids, "crm/b") == id_of(state.customer_ids, "shop/c") == former
    # The smaller part's oldest record once stood for the id that went elsewhere: it asks for another one.
    assert id_of(state.customer_ids, "crm/a") == mint("crm/a", 1)
    assert fate(state, former) == (former, "current")


def test_a_split_into_equal_parts_leaves_the_id_with_the_oldest_record() -> None:
    state = story(("crm/a crm/b",), ("crm/a", "crm/b"))
    assert id_of(state.customer_ids, "crm/a") == mint("crm/a", 0)
    assert id_of(state.customer_ids, "crm/b") == mint("crm/b", 0)


def test_a_record_that_moves_takes_no_id_along() -> None:
    state = story(("crm/a crm/b shop/c", "shop/d web/e"), ("crm/a crm/b", "shop/c shop/d web/e"))
    assert id_of(state.customer_ids, "shop/c") == mint("shop/d", 0)
    assert id_of(state.customer_ids, "crm/a") == mint("crm/a", 0)


def test_a_customer_without_records_is_retired() -> None:
    state = story(("crm/a", "crm/b"), ("crm/b",))
    assert fate(state, mint("crm/a", 0)) == (None, "retired")
    assert resolve_id(mint("crm/a", 0), state.lineage) is None
    changed = state.lineage.filter(pl.col("state") == "retired").get_column("changed_at").item()
    assert changed == day(1)


def test_what_was_merged_into_a_customer_retires_with_it() -> None:
    state = story(("crm/a", "crm/b"), ("crm/a crm/b",), ())
    assert fate(state, mint("crm/a", 0)) == fate(state, mint("crm/b", 0)) == (None, "retired")


def test_a_customer_that_is_delivered_again_has_its_id_again() -> None:
    state = story(("crm/a", "crm/b"), ("crm/b",), ("crm/a", "crm/b"))
    assert id_of(state.customer_ids, "crm/a") == mint("crm/a", 0)
    assert fate(state, mint("crm/a", 0)) == (mint("crm/a", 0), "current")


def test_a_retired_id_leads_to_the_customer_that_its_record_came_back_to() -> None:
    state = story(("crm/a", "crm/b"), ("crm/a",), ("crm/a crm/b",))
    assert set(state.customer_ids.get_column("customer_id")) == {mint("crm/a", 0)}
    assert fate(state, mint("crm/b", 0)) == (mint("crm/a", 0), "merged")


def test_an_undone_merge_gives_both_their_ids_back() -> None:
    state = story(("crm/a", "crm/b"), ("crm/a crm/b",), ("crm/a", "crm/b"))
    assert id_of(state.customer_ids, "crm/a") == mint("crm/a", 0)
    assert id_of(state.customer_ids, "crm/b") == mint("crm/b", 0)
    assert fate(state, mint("crm/b", 0)) == (mint("crm/b", 0), "current")


def test_a_merged_id_does_not_come_back_for_a_part_of_somebody_else() -> None:
    # b's id stayed with c and d when b left, and was merged with them; b's next customer then comes apart.
    state = story(
        ("crm/a", "crm/b shop/c shop/d", "web/e web/f"),
        ("crm/a", "shop/c shop/d", "crm/b web/e web/f"),
        ("crm/a shop/c shop/d", "crm/b web/e web/f"),
        ("crm/a shop/c shop/d", "crm/b", "web/e web/f"),
    )
    assert fate(state, mint("crm/b", 0)) == (mint("crm/a", 0), "merged")
    assert id_of(state.customer_ids, "crm/b") == mint("crm/b", 1)


def test_a_collision_asks_for_the_next_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def colliding(seeds: pl.Series, attempt: int) -> pl.Series:
        ids = ["CSAME" if attempt == 0 else mint(seed, attempt) for seed in seeds]
        return pl.Series("customer_id", ids, dtype=pl.String)

    monkeypatch.setattr(module, "mint_all", colliding)
    state = resolve(FIRST, "crm/b", "crm/a")
    assert id_of(state.customer_ids, "crm/a") == "CSAME"
    assert id_of(state.customer_ids, "crm/b") == mint("crm/b", 1)
    later = resolve(state, "crm/b", "crm/a", "shop/c", at=1)
    assert id_of(later.customer_ids, "shop/c") == mint("shop/c", 1)


def test_imports_one_by_one_give_the_ids_of_all_at_once() -> None:
    step_by_step = story(("crm/a", "crm/b"), ("crm/a", "crm/b shop/c"), ("crm/a shop/d", "crm/b shop/c web/e"))
    at_once = resolve(FIRST, "crm/a shop/d", "crm/b shop/c web/e")
    assert step_by_step.customer_ids.equals(at_once.customer_ids)


def test_a_customer_all_of_whose_records_an_erasure_took_out_of_the_table_is_retired_and_so_is_who_became_them() -> (
    None
):
    """As an erasure leaves it that takes records which stood for another customer than the one it was asked for."""
    state = story(("crm/a", "crm/b", "shop/c"), ("crm/a crm/b", "shop/c"))
    left = state._replace(customer_ids=state.customer_ids.filter(pl.col("record_id") == "shop/c"))
    after = resolve(left, "shop/c", at=2)
    assert fate(after, mint("crm/a", 0)) == fate(after, mint("crm/b", 0)) == (None, "retired")
    assert fate(after, mint("shop/c", 0)) == (mint("shop/c", 0), "current")


def test_tables_of_different_resolutions_are_refused() -> None:
    state = resolve(FIRST, "crm/a")
    with pytest.raises(CustomerIdError, match=r"1 ids of identity_graph/customer_ids are not current"):
        assign(cluster_frame("crm/a"), state.customer_ids, NO_LINEAGE, RECORDS, MONDAY)


def test_a_record_that_nobody_knows_is_refused() -> None:
    with pytest.raises(CustomerIdError, match="1 records of identity_graph/clusters are missing"):
        resolve(FIRST, "crm/a crm/unknown")
    with pytest.raises(CustomerIdError, match="more than once"):
        resolve(FIRST, "crm/a", records=pl.concat([RECORDS, RECORDS]))


# -- properties

NAMES = RECORDS.get_column("record_id").to_list()
# A resolution: for each record the number of its cluster, or 0 where the record does not exist at that time.
RESOLUTION = st.lists(st.integers(0, 4), min_size=len(NAMES), max_size=len(NAMES))
HISTORY = st.lists(RESOLUTION, min_size=1, max_size=5)


def people_of(resolution: list[int]) -> list[str]:
    return [
        " ".join(record for record, number in zip(NAMES, resolution, strict=True) if number == wanted)
        for wanted in sorted(set(resolution) - {0})
    ]


def check(before: CustomerIds, after: CustomerIds, people: list[str]) -> None:
    assert groups(after.customer_ids) == together(*people)
    current = set(after.customer_ids.get_column("customer_id"))
    rows = {row["customer_id"]: row for row in after.lineage.to_dicts()}
    assert {i for i, row in rows.items() if row["state"] == "current"} == current
    for customer_id, row in rows.items():
        target = row["current_customer_id"]
        assert target is None if row["state"] == "retired" else target in current
        assert (target == customer_id) == (row["state"] == "current")
    # Nothing that was ever minted is forgotten, nor minted again.
    for row in before.lineage.to_dicts():
        assert rows[row["customer_id"]]["minted_at"] == row["minted_at"]
    # An id that stays current stays with somebody whom it already had.
    was = dict(before.customer_ids.select("record_id", "customer_id").iter_rows())
    now = dict(after.customer_ids.select("record_id", "customer_id").iter_rows())
    for customer_id in current & set(was.values()):
        assert any(was.get(record) == customer_id for record, owner in now.items() if owner == customer_id)
    # A former customer whose records are all still here always leads to some of them.
    for customer_id in set(was.values()):
        left = {now[record] for record, owner in was.items() if owner == customer_id and record in now}
        assert rows[customer_id]["current_customer_id"] in (left or {None})


@settings(max_examples=25, deadline=None)
@given(HISTORY)
def test_any_history_keeps_its_promises(history: list[list[int]]) -> None:
    state = FIRST
    for at, resolution in enumerate(history):
        after = resolve(state, *people_of(resolution), at=at)
        check(state, after, people_of(resolution))
        state = after


@settings(max_examples=20, deadline=None)
@given(RESOLUTION, RESOLUTION, st.integers(0, 999))
def test_the_order_of_rows_does_not_matter(one: list[int], other: list[int], seed: int) -> None:
    before = resolve(FIRST, *people_of(one))
    mixed = [
        f.sample(fraction=1, shuffle=True, seed=seed) for f in (cluster_frame(*people_of(other)), *before, RECORDS)
    ]
    expected = resolve(before, *people_of(other), at=1)
    shuffled = assign(*mixed, day(1))
    assert shuffled.customer_ids.equals(expected.customer_ids)
    assert shuffled.lineage.equals(expected.lineage)


@settings(max_examples=20, deadline=None)
@given(RESOLUTION)
def test_merges_alone_give_the_ids_of_a_rebuild(resolution: list[int]) -> None:
    alone = [record for record, number in zip(NAMES, resolution, strict=True) if number]
    step_by_step = resolve(resolve(FIRST, *alone), *people_of(resolution), at=1)
    assert step_by_step.customer_ids.equals(resolve(FIRST, *people_of(resolution)).customer_ids)


CUSTOMERS = st.lists(st.integers(0, 1), min_size=len(NAMES), max_size=len(NAMES))
IMPORTS = st.lists(st.integers(0, 3), min_size=len(NAMES), max_size=len(NAMES))
# On the way, for each record: which part of its customer it was in then, and sometimes that the part was taken for another customer's.
STEP = st.tuples(
    st.lists(st.integers(0, 2), min_size=len(NAMES), max_size=len(NAMES)),
    st.sampled_from([None, None, None, (0, 1), (1, 0)]),
)


def on_the_way(
    known: list[str], of: dict[str, int], parts: dict[str, int], mistaken: tuple[int, int] | None
) -> list[str]:
    """A resolution of the records known by then: customers in parts; ``mistaken``: one customer's first part is another's."""
    people: dict[tuple[int, int], list[str]] = {}
    for record in known:
        part = (of[record], parts[record])
        if mistaken and part == (mistaken[0], 0):
            part = (mistaken[1], 0)
        people.setdefault(part, []).append(record)
    return [" ".join(records) for records in people.values()]


def agreed(customer: frozenset[str], resolutions: list[list[str]]) -> bool:
    """Whether no record of the customer was ever one customer with a record that is not its own."""
    return all(
        set(people.split()) <= customer for step in resolutions for people in step if set(people.split()) & customer
    )


@settings(max_examples=100, deadline=None)
@given(CUSTOMERS, IMPORTS, st.lists(st.lists(STEP, min_size=1, max_size=3), min_size=4, max_size=4))
def test_whatever_the_order_of_imports_a_customer_on_whom_history_agrees_has_the_id_of_all_at_once(
    customers: list[int], imports: list[int], ways: list[list[tuple[list[int], tuple[int, int] | None]]]
) -> None:
    of = dict(zip(NAMES, customers, strict=True))
    landed_at = [day(number) for number in imports]
    records = RECORDS.with_columns(pl.Series("first_seen_at", landed_at, dtype=RECORDS.schema["first_seen_at"]))
    resolutions = []
    for number in sorted(set(imports)):
        known = [record for record, at in zip(NAMES, imports, strict=True) if at <= number]
        for parts, mistaken in ways[number]:
            resolutions.append(on_the_way(known, of, dict(zip(NAMES, parts, strict=True)), mistaken))
    ended = on_the_way(NAMES, of, dict.fromkeys(NAMES, 0), None)
    state = FIRST
    for at, people in enumerate([*resolutions, ended]):
        state = resolve(state, *people, at=10 + at, records=records)
    at_once = resolve(FIRST, *ended, at=10, records=records)
    for people in ended:
        if agreed(frozenset(people.split()), resolutions):
            record = people.split()[0]
            assert id_of(state.customer_ids, record) == id_of(at_once.customer_ids, record)


def test_of_ids_minted_together_the_one_minted_from_the_older_record_stays_whoever_carries_it() -> None:
    state = story(
        ("crm/a shop/c shop/d", "crm/b"),
        ("crm/a", "shop/c shop/d", "crm/b"),  # a's id goes with c and d, who are younger than b
        ("crm/a crm/b shop/c shop/d",),
    )
    assert set(state.customer_ids.get_column("customer_id")) == {mint("crm/a", 0)}
    without = story(
        ("crm/a shop/c shop/d", "crm/b"),
        ("crm/a", "shop/c shop/d", "crm/b"),
        ("crm/a", "crm/b shop/c shop/d"),  # a itself is not even among those who meet
    )
    assert id_of(without.customer_ids, "crm/b") == mint("crm/a", 0)
