"""The change feed: apply it to what was, and you have what is."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.published.change_feed import CHANGE_FEED_SCHEMA, change_feed
from cdp_assets.tables import CUSTOMERS, TableContractError
from cdp_assets_tests.builders import LONG_AGO, frame
from cdp_assets_tests.published.databases import NOW, customer

ANN, BO, CY = customer("C1", first_name="Ann"), customer("C2", first_name="Bo"), customer("C3", first_name="Cy")


def feed(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    made = change_feed(frame(CUSTOMERS, *before), frame(CUSTOMERS, *after))
    return made.select("change", "customer_id", "changed_fields", "first_name").rows()


def test_new_altered_and_gone_customers_are_told_and_equal_ones_are_not() -> None:
    assert feed([ANN, BO, CY], [BO, {**CY, "first_name": "Cyd"}, customer("C0", first_name="Zed")]) == [
        ("inserted", "C0", None, "Zed"),
        ("deleted", "C1", None, None),
        ("updated", "C3", ["first_name"], "Cyd"),
    ]


def test_a_deleted_customer_leaves_nothing_but_the_id() -> None:
    (row,) = change_feed(frame(CUSTOMERS, ANN), CUSTOMERS.empty()).to_dicts()
    assert {name: value for name, value in row.items() if value is not None} == {
        "change": "deleted",
        "customer_id": "C1",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", None),
        ("first_name", ""),
        ("company", "Fernhill"),
        ("sources", ["crm", "web"]),
        ("sources", []),
        ("date_of_birth", date(1980, 1, 1)),
        ("is_known", False),
        ("records", 2),
        ("last_seen_at", NOW),
        ("weakest_probability", 0.5),
    ],
)
def test_a_difference_of_any_type_is_seen_and_null_differs_from_every_value(field: str, value: Any) -> None:
    other = {**ANN, field: value}
    for before, after in ((ANN, other), (other, ANN)):
        assert [row[:3] for row in feed([before], [after])] == [("updated", "C1", [field])]


def test_all_fields_that_differ_are_named_in_the_order_of_the_contract() -> None:
    assert feed([ANN], [{**ANN, "records": 2, "first_name": "Anna", "email": "a@b.example"}])[0][2] == [
        "first_name",
        "email",
        "records",
    ]


def test_the_first_publication_inserts_everyone() -> None:
    assert [row[0] for row in feed([], [ANN, BO])] == ["inserted", "inserted"]


def test_nothing_changed_is_an_empty_feed_of_the_same_columns() -> None:
    made = change_feed(frame(CUSTOMERS, ANN), frame(CUSTOMERS, ANN))
    assert (made.height, dict(made.schema)) == (0, CHANGE_FEED_SCHEMA)


def test_a_former_version_of_the_contract_may_lack_columns_and_have_others() -> None:
    before = frame(CUSTOMERS, ANN, {**BO, "company": "Fernhill"}).drop("company").with_columns(nickname=pl.lit("x"))
    made = change_feed(before, frame(CUSTOMERS, ANN, {**BO, "company": "Fernhill"}))
    assert made.select("customer_id", "changed_fields").rows() == [("C2", ["company"])]


def test_the_present_frame_must_fit_the_contract() -> None:
    with pytest.raises(TableContractError, match="company"):
        change_feed(CUSTOMERS.empty(), frame(CUSTOMERS, ANN).drop("company"))


CUSTOMERS_OF_FOUR = st.dictionaries(
    st.sampled_from(["C1", "C2", "C3", "C4"]),
    st.fixed_dictionaries(
        {
            "first_name": st.sampled_from([None, "", "Ann", "Bo"]),
            "sources": st.lists(st.sampled_from(["crm", "web"]), max_size=2),
            "last_seen_at": st.sampled_from([NOW, LONG_AGO]),
        }
    ),
)


@settings(max_examples=40)
@given(CUSTOMERS_OF_FOUR, CUSTOMERS_OF_FOUR, st.randoms())
def test_the_feed_applied_to_what_was_gives_what_is(before: dict[str, Any], after: dict[str, Any], chance: Any) -> None:
    rows_before = [customer(customer_id, **values) for customer_id, values in before.items()]
    rows_after = [customer(customer_id, **values) for customer_id, values in after.items()]
    was, now = frame(CUSTOMERS, *rows_before), frame(CUSTOMERS, *rows_after)
    made = change_feed(was, now)
    present = made.filter(pl.col("change") != "deleted").select(list(CUSTOMERS.schema))
    untouched = was.join(made, on="customer_id", how="anti")
    assert pl.concat([untouched, present]).sort("customer_id").equals(now.sort("customer_id"))
    chance.shuffle(rows_before)
    chance.shuffle(rows_after)
    assert change_feed(frame(CUSTOMERS, *rows_before), frame(CUSTOMERS, *rows_after)).equals(made)
