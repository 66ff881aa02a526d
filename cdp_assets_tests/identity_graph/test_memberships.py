"""Which records a customer had on any past day."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity_graph.memberships import members_at, members_before, with_resolution
from cdp_assets.tables import CUSTOMER_IDS, MEMBERSHIPS
from cdp_assets_tests.identity_graph.frames import day

World = dict[str, str]


def ids(world: World) -> pl.DataFrame:
    rows = [(record, "crm", record, customer, True) for record, customer in world.items()]
    return pl.DataFrame(rows, schema=CUSTOMER_IDS.schema, orient="row")


def history(worlds: list[World]) -> pl.DataFrame:
    found = MEMBERSHIPS.empty()
    for at, world in enumerate(worlds):
        found = with_resolution(found, ids(world), day(at))
    return found


@given(st.lists(st.dictionaries(st.sampled_from("abcde"), st.sampled_from("XYZ")), max_size=6))
def test_the_history_answers_for_every_day_what_the_resolution_of_that_day_said(worlds: list[World]) -> None:
    found = history(worlds)
    assert found.select("record_id", "valid_from").is_unique().all()
    for at, world in enumerate(worlds):
        for customer in "XYZ":
            then = sorted(record for record, of in world.items() if of == customer)
            assert members_at(found, customer, day(at)) == then
            assert members_before(found, customer, day(at + 1)) == then


def test_a_resolution_that_changes_nothing_adds_nothing() -> None:
    world = {"a": "X", "b": "Y"}
    assert history([world, world]).equals(history([world]))


def test_before_the_first_resolution_nobody_was_anybody() -> None:
    assert members_at(history([{"a": "X"}]), "X", day(-1)) == []


def test_a_record_that_comes_back_has_two_times() -> None:
    found = history([{"a": "X"}, {"a": "Y"}, {"a": "X"}])
    assert found.select("customer_id", "valid_from", "valid_to").rows() == [
        ("X", day(0), day(1)),
        ("Y", day(1), day(2)),
        ("X", day(2), None),
    ]
