"""Review items are ordered by what a wrong decision would do, and each row explains itself."""

from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.segments.review_stakes import Stakes, review_stakes
from cdp_assets.tables import CUSTOMER_IDS, CUSTOMERS, RECORD_VERSIONS, REVIEW_QUEUE, REVIEW_STAKES, SEGMENT_MEMBERS
from cdp_assets_tests.builders import frame, version

TWO, ONE = "two", "one"
QUEUE = frame(
    REVIEW_QUEUE,
    {"item_id": TWO, "rank": 1, "why": "near threshold", "customer_id_l": "A", "customer_id_r": "B", "records": 3, "match_probability": 0.61234, "expected_cost": 2.0},
    {"item_id": ONE, "rank": 2, "why": "large cluster", "customer_id_l": "C", "records": 5, "expected_cost": 1.5},
)  # fmt: skip


def stakes(
    *, may_mail: str = "", bought: dict[str, int] | None = None, segments: dict[str, dict[str, str]] | None = None
) -> pl.DataFrame:
    """``bought``: purchases by customer; ``segments``: membership by segment and customer."""
    customers = [{"customer_id": c, "may_email_marketing": c in may_mail} for c in "ABC"]
    records = [(f"shop/{customer}{n}", customer) for customer, count in (bought or {}).items() for n in range(count)]
    members = [
        {"segment": segment, "customer_id": customer, "membership": word, "is_included": word == "yes"}
        for segment, of in (segments or {}).items()
        for customer, word in of.items()
    ]
    return review_stakes(
        QUEUE,
        frame(CUSTOMERS, *customers),
        frame(CUSTOMER_IDS, *({"record_id": record, "customer_id": customer} for record, customer in records)),
        frame(RECORD_VERSIONS, *(version(record, activity="purchase") for record, _ in records)),
        frame(SEGMENT_MEMBERS, *members),
        Stakes(contactable=1.0, segment=0.25, purchases=0.5),
    )


def test_where_nothing_is_at_stake_the_queues_own_order_holds() -> None:
    found = stakes()
    assert found.select("item_id", "rank", "cost").rows() == [(TWO, 1, 2.0), (ONE, 2, 1.5)]


def test_who_may_be_written_to_and_has_bought_much_comes_first() -> None:
    found = stakes(may_mail="C", bought={"C": 3})
    assert found.select("item_id", "cost", "contactable", "purchases").rows() == [
        (ONE, 1.5 * 3, 1, 3),
        (TWO, 2.0, 0, 0),
    ]


def test_a_segment_is_touched_where_the_two_stand_in_it_differently_or_perhaps() -> None:
    found = stakes(
        segments={
            "alike": {"A": "yes", "B": "yes", "C": "no"},
            "apart": {"A": "yes", "B": "no", "C": "no"},
            "doubt": {"A": "no", "B": "maybe", "C": "maybe"},
            "theirs": {"A": "no", "B": "no", "C": "yes"},
        }
    )
    assert dict(found.select("item_id", "segments").rows()) == {TWO: ["apart", "doubt"], ONE: ["doubt", "theirs"]}
    assert found["cost"].to_list() == [pytest.approx(3.0), pytest.approx(2.25)]


def test_a_row_explains_itself() -> None:
    says = dict(stakes(may_mail="A", segments={"apart": {"A": "yes", "B": "no"}}).select("item_id", "says").rows())
    assert says[TWO] == (
        "near threshold: are these two one customer? Probability of the link 0.612; a decision moves 3 records. "
        "At stake: 1 customer who may be sent marketing; segments apart"
    )
    assert "one customer or several" in says[ONE]
    assert "not known" in says[ONE]


def test_an_empty_queue_has_nothing_at_stake() -> None:
    tables = (CUSTOMERS, CUSTOMER_IDS, RECORD_VERSIONS, SEGMENT_MEMBERS)
    assert review_stakes(REVIEW_QUEUE.empty(), *(table.empty() for table in tables)).equals(REVIEW_STAKES.empty())
