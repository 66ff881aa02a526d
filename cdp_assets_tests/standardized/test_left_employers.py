from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.standardized.email_lives import carried_addresses, email_lives
from cdp_assets.standardized.left_employers import MOST_ADDRESSES, left_employers
from cdp_assets_tests.standardized.email_frames import at, event, versions

OLD, NEW = "ann.lee@old.example", "alee@new.example"
ANN = {"first_name_root": "ann", "last_name_norm": "lee"}
BORN = {"date_of_birth": date(1980, 5, 17)}
PHONE = {"phones": ["+442079460000"]}

KEY = {"identifiers": [{"type": "loyalty_id", "value": "L1"}]}


def home(**parts: str | None) -> dict[str, Any]:
    whole = {"street_norm": "oak street", "house_number": "12", "postcode_norm": "ls62ab", **parts}
    return {"addresses": [{name: whole.get(name) for name in tables.ADDRESS.to_schema()}]}


def left(*rows: dict[str, Any]) -> dict[str, Any]:
    frame = versions(*rows)
    rows_of = carried_addresses(frame)
    found = left_employers(rows_of, frame, email_lives(rows_of).select("email", "alive_at"))
    return dict(found.iter_rows())


def old(**more: Any) -> dict[str, Any]:
    return {"emails": [OLD], "observed_at": at(2020), **ANN, **more}


def new(**more: Any) -> dict[str, Any]:
    return {"emails": [NEW], "observed_at": at(2022), **ANN, **more}


@pytest.mark.parametrize(
    ("common", "other"),
    [
        (BORN, BORN),
        (PHONE, PHONE),
        (home(), home()),
        (KEY, KEY),
        ({"record_id": "crm/7"}, {"record_id": "crm/7"}),
        ({**PHONE, **BORN}, BORN),
    ],
)
def test_a_person_of_one_name_and_one_thing_more_has_left(common: dict[str, Any], other: dict[str, Any]) -> None:
    assert left(old(**common), new(**other)) == {OLD: at(2022)}


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({}, {}),
        (BORN, {"date_of_birth": date(1981, 5, 17)}),
        (PHONE, {"phones": ["+442079460001"]}),
        (home(), home(house_number="14")),
        (home(house_number=None), home(house_number=None)),
        (home(postcode_norm=None), home(postcode_norm=None)),
        (KEY, {"identifiers": [{"type": "cookie_id", "value": "L1"}]}),
        (BORN, {**BORN, "first_name_root": "bea"}),
        (BORN, {**BORN, "last_name_norm": "ray"}),
        ({**BORN, "first_name_root": None}, {**BORN, "first_name_root": None}),
        (BORN, {**BORN, "emails": ["ann.lee@old.example"]}),
        (BORN, {**BORN, "emails": ["alee@old.example"]}),
        (BORN, {**BORN, "observed_at": at(2019)}),
        (BORN, {**BORN, "observed_at": at(2020)}),
    ],
)
def test_a_namesake_a_second_address_or_an_older_one_is_no_departure(
    first: dict[str, Any], then: dict[str, Any]
) -> None:
    assert OLD not in left(old(**first), new(**then))


def test_who_still_carries_the_old_address_has_not_left() -> None:
    assert left(old(**BORN), new(**BORN), old(record_id="shop/1", observed_at=at(2023))) == {}
    assert left(old(**BORN), new(**BORN), event(OLD, "opened", at(2023))) == {}
    assert left(old(**BORN), new(**BORN), event(OLD, "bounced", at(2023))) == {OLD: at(2022)}


def test_the_first_newer_address_dates_the_departure_and_each_employer_is_left_in_turn() -> None:
    third = {"emails": ["ann@third.example"], "observed_at": at(2024), **ANN, **BORN}
    assert left(old(**BORN), new(**BORN), third) == {OLD: at(2022), NEW: at(2024)}


def test_one_name_with_a_crowd_of_addresses_is_a_test_and_moves_nowhere() -> None:
    rows = [
        {**ANN, **BORN, "emails": [f"ann@firm{n}.example"], "observed_at": at(2020 + n % 4, 1 + n % 12)}
        for n in range(MOST_ADDRESSES + 1)
    ]
    assert left(*rows) == {}
    assert left(*rows[:4]) != {}


def test_nobody_is_nobody_who_left() -> None:
    assert left() == {}
    assert left(old()) == {}
    empty = tables.RECORD_VERSIONS.empty()
    nothing = left_employers(
        carried_addresses(empty), empty, pl.DataFrame(schema={"email": pl.String(), "alive_at": tables.MOMENT})
    )
    assert nothing.schema == {"email": pl.String(), "left_at": tables.MOMENT}
