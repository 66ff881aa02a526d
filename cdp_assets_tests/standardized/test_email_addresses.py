from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.standardized.email_addresses import email_addresses


def at(year: int, month: int = 1) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


def versions(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = tables.RECORD_VERSIONS.schema
    lines = []
    for n, row in enumerate(rows):
        seen = row.get("observed_at", at(2024))
        lines.append(
            {**dict.fromkeys(schema), "record_id": f"crm/{n}", "observed_at": seen, "last_seen_at": seen, **row}
        )
    return pl.DataFrame(lines, schema=schema)


def carried(email: str, *names: tuple[str | None, str | None]) -> list[dict[str, Any]]:
    return [{"emails": [email], "first_name_root": first, "last_name_norm": last} for first, last in names]


def address(table: pl.DataFrame, email: str) -> dict[str, Any]:
    return table.row(by_predicate=pl.col("email") == email, named=True)


def test_an_address_has_one_row_over_records_and_versions() -> None:
    table = email_addresses(
        versions(
            {"record_id": "crm/1", "emails": ["b@acme.com"], "observed_at": at(2020)},
            {"record_id": "crm/1", "emails": ["b@acme.com", "a@gmail.com"], "observed_at": at(2024)},
            {"record_id": "crm/2", "emails": ["b@acme.com"], "observed_at": at(2022)},
            {"record_id": "crm/3", "emails": []},
        )
    )
    assert table.get_column("email").to_list() == ["a@gmail.com", "b@acme.com"]
    acme = address(table, "b@acme.com")
    assert (acme["records"], acme["first_seen_at"], acme["last_seen_at"]) == (2, at(2020), at(2024))
    assert (acme["domain"], acme["class"], acme["suggestion"]) == ("acme.com", "corporate", None)


# -- who shares it ----------------------------------------------------------------------------------------------------

MANY = [(f"{letter}nna", f"{letter}ovak{letter}s") for letter in "bdfghklmprstvz"]


@pytest.mark.parametrize(
    ("names", "people", "is_shared"),
    [
        ([("ann", "lee")], 1, False),
        ([("ann", "lee"), ("anne", "lee"), ("ann", "leee"), ("a", "lee"), (None, "lee")], 1, False),
        ([("ann", "lee"), ("lee", "ann")], 1, False),
        ([("jackson", "prestia"), ("jakcson", "prestia"), ("jackson", "prestai"), ("jacksn", "prestia")], 1, False),
        ([("ann", "lee"), ("robert", "lee"), ("tim", "lee")], 3, False),
        ([("ann", "lee"), ("robert", "novak")], 2, False),
        ([("ann", "lee"), ("robert", "novak"), ("tim", "okafor")], 3, True),
        ([("ann", "lee"), ("robert", "lee"), ("tim", "lee"), ("zoe", "lee"), ("gus", "lee")], 5, True),
        ([(None, None), (None, None)], 0, False),
        (MANY, 14, True),
    ],
)
def test_people_are_counted_by_name_and_a_household_is_not_a_crowd(
    names: list[tuple[str | None, str | None]], people: int, is_shared: bool
) -> None:
    found = address(email_addresses(versions(*carried("home@acme.com", *names))), "home@acme.com")
    assert found["is_shared"] == is_shared
    assert found["people"] == people


def test_a_crowd_is_counted_without_comparing_spellings() -> None:
    names: list[tuple[str | None, str | None]] = [(f"first{n}", f"last{n}") for n in range(60)]
    found = address(email_addresses(versions(*carried("desk@acme.com", *names))), "desk@acme.com")
    assert (found["people"], found["is_shared"]) == (60, True)


def test_role_and_placeholder_addresses_are_shared_whoever_carries_them() -> None:
    table = email_addresses(
        versions(*carried("info@acme.com", ("ann", "lee")), *carried("test@acme.com", ("bob", "ray")))
    )
    assert table.get_column("is_shared").to_list() == [True, True]


# -- is it alive ------------------------------------------------------------------------------------------------------


def event(email: str, activity: str, when: datetime) -> dict[str, Any]:
    return {"emails": [email], "activity": activity, "observed_at": when}


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([("registered", at(2020))], "stale"),
        ([("page_view", at(2022, 6))], "unverified"),
        ([("page_view", at(2023, 6))], "active"),
        ([("opened", at(2022, 6))], "active"),
        ([("bounced", at(2023, 6))], "dead"),
        ([("opened", at(2023)), ("bounced", at(2023, 6))], "dead"),
        ([("bounced", at(2023)), ("opened", at(2023, 6))], "active"),
        ([("attended", at(2020)), ("bounced", at(2021))], "dead"),
        ([("soft_bounced", at(2023, 6))], "active"),
    ],
)
def test_status_is_judged_against_the_newest_observation_in_the_data(events: list[Any], status: str) -> None:
    newest = {"emails": ["other@acme.com"], "observed_at": at(2024, 2)}
    table = email_addresses(versions(newest, *(event("ann@acme.com", what, when) for what, when in events)))
    assert address(table, "ann@acme.com")["status"] == status


def test_evidence_of_life_is_dated() -> None:
    table = email_addresses(
        versions(
            event("ann@acme.com", "attended", at(2020)),
            event("ann@acme.com", "clicked", at(2022)),
            event("ann@acme.com", "bounced", at(2021)),
            event("ann@acme.com", "bounced", at(2023)),
        )
    )
    ann = address(table, "ann@acme.com")
    assert (ann["engaged_at"], ann["bounced_at"], ann["last_seen_at"]) == (at(2022), at(2023), at(2023))


def test_a_mistyped_domain_is_suggested_and_never_rewritten() -> None:
    ann = address(email_addresses(versions(*carried("ann@gmial.com", ("ann", "lee")))), "ann@gmial.com")
    assert ann["suggestion"] == "ann@gmail.com"


def test_no_versions_have_no_addresses_and_row_order_does_not_matter() -> None:
    assert email_addresses(tables.RECORD_VERSIONS.empty()).schema == tables.EMAIL_ADDRESSES.schema
    frame = versions(*carried("a@acme.com", ("ann", "lee"), ("bob", "ray")), *carried("b@acme.com", ("cy", "oz")))
    assert email_addresses(frame.reverse()).equals(email_addresses(frame))
