from __future__ import annotations

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.standardized.email_lives import CARRIED, carried_addresses, email_lives
from cdp_assets_tests.standardized.email_frames import address, at, event, versions

ANN = "ann@acme.com"


def test_every_version_and_address_in_it_is_a_row() -> None:
    frame = versions({"emails": [ANN, "a@x.org"]}, {"emails": []}, {"emails": None}, {"emails": [ANN]})
    found = carried_addresses(frame)
    assert sorted(found.select("row", "email", "domain").rows()) == [
        (0, "a@x.org", "x.org"),
        (0, ANN, "acme.com"),
        (3, ANN, "acme.com"),
    ]
    assert carried_addresses(tables.RECORD_VERSIONS.empty()).columns == list(CARRIED)


def test_an_address_is_dated_by_what_happened() -> None:
    lives = email_lives(
        carried_addresses(
            versions(
                {"emails": [ANN], "observed_at": at(2020), "last_seen_at": at(2024, 6)},
                event(ANN, "delivered", at(2021)),
                event(ANN, "bounced", at(2022)),
                event(ANN, "clicked", at(2021, 5)),
                event(ANN, "opened", at(2021, 3)),
                event(ANN, "soft_bounced", at(2023)),
            )
        )
    )
    ann = address(lives, ANN)
    assert (ann["first_seen_at"], ann["last_seen_at"], ann["records"]) == (at(2020), at(2024, 6), 6)
    assert (ann["delivered_at"], ann["bounced_at"], ann["engaged_at"]) == (at(2021), at(2022), at(2021, 5))
    assert ann["alive_at"] == at(2021, 5)
    assert ann["seen_by"] == [
        {"source": "crm", "last_seen_at": at(2024, 6)},
        {"source": "web", "last_seen_at": at(2023)},
    ]


@pytest.mark.parametrize(
    ("activity", "is_life", "is_engaged", "is_reached"),
    [
        ("opened", True, True, True),
        ("unsubscribed", True, True, True),
        ("complained", True, True, True),
        ("delivered", True, False, True),
        ("purchase", True, True, False),
        ("page_view", True, False, False),
        (None, True, False, False),
        ("bounced", False, False, False),
        ("soft_bounced", False, False, False),
    ],
)
def test_what_an_activity_says_of_an_address(
    activity: str | None, is_life: bool, is_engaged: bool, is_reached: bool
) -> None:
    lives = email_lives(carried_addresses(versions({"emails": [ANN], "activity": activity})))
    ann = address(lives, ANN)
    assert (ann["alive_at"] is not None, ann["engaged_at"] is not None, ann["is_reached"]) == (
        is_life,
        is_engaged,
        is_reached,
    )


def test_a_record_that_an_export_repeats_is_a_weaker_sign_of_life() -> None:
    lives = email_lives(
        carried_addresses(versions({"emails": [ANN], "observed_at": at(2020), "last_seen_at": at(2025)}))
    )
    assert lives.select("alive_at", "carried_at", "last_seen_at").row(0) == (at(2020), at(2025), at(2025))
    assert lives.schema["alive_at"] == pl.Datetime("us", "UTC")
