"""Contracts of the stage ``segments``: members, what is at stake in a doubt, effects of plans."""

from __future__ import annotations

from cdp_assets.tables.contract import FLAG, INTEGER, NUMBER, TEXT, TEXTS, Column, Table, key_column

SEGMENT_MEMBERS = Table(
    "segments/members",
    "customer and segment, with whether the customer is in it and why",
    (
        key_column("segment", "segment of the policy"),
        key_column("customer_id", "customer"),
        key_column("membership", "yes, maybe or no"),
        Column("is_included", FLAG, "counts as a member, given what the segment says of doubt", nullable=False),
        key_column("why", "the evidence, without personal values"),
        Column("doubt", NUMBER, "probability that the membership is wrong", nullable=False),
    ),
    key=("segment", "customer_id"),
)

PLAN_EFFECTS = Table(
    "segments/plan_effects",
    "plan, with what it would do to golden records, contacts and segments",
    (
        key_column("plan_id", "plan of identity_graph/plans"),
        Column("customers", INTEGER, "customers that it touches", nullable=False),
        Column("golden_values_changed", INTEGER, "cells of golden records that would hold another value, or appear or vanish", nullable=False),
        Column("contacts_gained", INTEGER, "addresses, each for a purpose, that could be contacted and can not now", nullable=False),
        Column("contacts_lost", INTEGER, "addresses, each for a purpose, that could no longer be contacted", nullable=False),
        Column("members_gained", INTEGER, "memberships of segments that would be new", nullable=False),
        Column("members_lost", INTEGER, "memberships of segments that would end", nullable=False),
    ),
    key=("plan_id",),
)  # fmt: skip

REVIEW_STAKES = Table(
    "segments/review_stakes",
    "item of the review queue, with what a wrong decision would cost, the dearest first",
    (
        key_column("item_id", "item of identity_graph/review_queue"),
        Column("rank", INTEGER, "1 is the first to look at", nullable=False),
        Column("cost", NUMBER, "expected cost of the queue, times what is at stake", nullable=False),
        key_column("why", "why it is in the queue"),
        key_column("customer_id_l", "customer on one side"),
        Column("customer_id_r", TEXT, "customer on the other side; null when the item is one customer"),
        Column("contactable", INTEGER, "of these customers, how many may be sent marketing", nullable=False),
        Column("purchases", INTEGER, "records of purchases of theirs", nullable=False),
        Column("segments", TEXTS, "segments that would gain or lose a member, or may", nullable=False),
        key_column("says", "the item in a sentence, without a value of anybody"),
    ),
    key=("item_id",),
)
