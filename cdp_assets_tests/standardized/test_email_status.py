from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.standardized.email_status import ALIVE_DESPITE, STALE_BELOW, STATUS_OF, with_status
from cdp_assets_tests.standardized.email_frames import at

NOW = at(2024)
HAZARD = {"corporate": 0.25, "personal": 0.05}
DATES = ("first_seen_at", "carried_at", "delivered_at", "bounced_at", "engaged_at", "left_at", "domain_gone_at")
SCHEMA = {
    "class": pl.String(),
    "sharing": pl.String(),
    "suggestion_confidence": pl.Float64(),
    **dict.fromkeys(DATES, tables.MOMENT),
}


def judged(**row: Any) -> dict[str, Any]:
    whole = {**dict.fromkeys(SCHEMA), "class": "corporate", "sharing": "personal", "first_seen_at": at(2019), **row}
    if "carried_at" not in row:
        whole["carried_at"] = max(
            (whole[name] for name in ("engaged_at", "delivered_at") if whole[name]), default=at(2019)
        )
    return with_status(pl.DataFrame([whole], schema=SCHEMA), HAZARD, pl.lit(NOW, dtype=tables.MOMENT)).row(
        0, named=True
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"bounced_at": at(2023)}, "bounced"),
        ({"bounced_at": at(2020)}, "bounced"),
        ({"bounced_at": at(2023), "engaged_at": at(2022)}, "bounced"),
        ({"bounced_at": at(2023), "engaged_at": at(2023)}, "bounced"),
        ({"bounced_at": at(2023), "delivered_at": at(2023)}, "bounced"),
        ({"bounced_at": at(2023, 2), "engaged_at": at(2023, 3)}, "engaged"),
        ({"bounced_at": at(2023, 2), "delivered_at": at(2023, 3)}, "delivered"),
        ({"bounced_at": at(2023), "carried_at": at(2023, 12)}, "bounced"),
        ({"domain_gone_at": at(2021)}, "domain_gone"),
        ({"domain_gone_at": at(2021), "bounced_at": at(2022)}, "bounced"),
        ({"left_at": at(2023)}, "left_employer"),
        ({"left_at": at(2023), "domain_gone_at": at(2022)}, "domain_gone"),
        ({"engaged_at": at(2023, 12)}, "engaged"),
        ({"engaged_at": at(2022, 1, 2)}, "engaged"),
        ({"engaged_at": at(2021, 12)}, "unheard"),
        ({"delivered_at": at(2023, 12)}, "delivered"),
        ({"delivered_at": at(2023, 1, 2)}, "delivered"),
        ({"delivered_at": at(2022, 12)}, "unheard"),
        ({"carried_at": at(2023, 6)}, "carried"),
        ({"carried_at": at(2022, 6)}, "unheard"),
        ({"carried_at": at(2020, 6)}, "silent"),
        ({"carried_at": at(2020, 6), "class": "personal"}, "unheard"),
        ({"carried_at": None}, "silent"),
        ({"carried_at": None, "first_seen_at": at(2023, 6)}, "unheard"),
    ],
)
def test_the_first_evidence_that_holds_decides(row: dict[str, Any], reason: str) -> None:
    found = judged(**row)
    assert (found["status_reason"], found["status"]) == (reason, STATUS_OF[reason])


def test_the_chance_falls_from_the_last_sign_of_life_on_by_the_decay_of_the_class() -> None:
    chances = [judged(carried_at=at(year))["alive_probability"] for year in (2024, 2023, 2022, 2020)]
    assert chances[0] == 1.0
    assert chances == sorted(chances, reverse=True)
    assert chances[2] == pytest.approx(0.6065, abs=0.002)  # exp(-0.25 * 2)
    assert judged(carried_at=at(2020), **{"class": "personal"})["alive_probability"] > chances[3]


def test_the_dead_are_hardly_alive_and_the_stale_likelier_dead() -> None:
    assert judged(bounced_at=at(2023))["alive_probability"] == ALIVE_DESPITE["bounced"]
    assert judged(left_at=at(2023))["alive_probability"] == ALIVE_DESPITE["left_employer"]
    assert judged(carried_at=at(2020, 6))["alive_probability"] < STALE_BELOW
    assert max(ALIVE_DESPITE.values()) < STALE_BELOW


def test_a_mistyped_domain_and_junk_reach_nobody() -> None:
    assert judged(carried_at=at(2024), suggestion_confidence=0.9)["alive_probability"] == pytest.approx(0.1)
    assert judged(carried_at=at(2024), sharing="junk")["alive_probability"] == 0.0
    assert judged(carried_at=at(2024), sharing="household")["alive_probability"] == 1.0
