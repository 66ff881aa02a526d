"""What goes from a table that is made from records, and what stays."""

from __future__ import annotations

import polars as pl

from cdp_assets.erasure.person import ToErase
from cdp_assets.erasure.stored import without_person
from cdp_assets.tables import LINKAGE_PROFILES, TERM_FREQUENCIES
from cdp_assets_tests.builders import frame

WORK = ToErase(
    erasure_id="e1",
    customer_id="C1",
    customer_ids=["C1"],
    record_ids=["crm/1"],
    profile_ids=[1],
    values=["Lab Manager", "Calder"],
    proof=["Lab Manager", "ines@calder.example"],
    lines={},
    contents={},
    signs=[],
    requested_by="ada",
    requested_at="2026-01-01T00:00:00+00:00",
)


def test_what_proves_something_goes_in_lower_case_too_and_what_others_spell_otherwise_stays() -> None:
    rows = frame(
        TERM_FREQUENCIES,
        *(
            {"model_version": "m", "field": "job_title", "value": value}
            for value in ("lab manager", "manager", "calder")
        ),
    )
    left = without_person(rows, TERM_FREQUENCIES, WORK)
    assert left["value"].to_list() == ["manager", "calder"]


def test_lists_lose_the_item_and_rows_of_the_persons_profiles_go() -> None:
    rows = frame(
        LINKAGE_PROFILES,
        {"profile_id": 1, "emails": ["ines@calder.example"]},
        {"profile_id": 2, "emails": ["INES@calder.example", "tom@calder.example"], "last_name": "calder"},
    )
    left = without_person(rows, LINKAGE_PROFILES, WORK)
    assert left.select("profile_id", pl.col("emails").list.join("|"), "last_name").rows() == [
        (2, "tom@calder.example", "calder")
    ]
