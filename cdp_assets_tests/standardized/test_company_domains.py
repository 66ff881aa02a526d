"""What the data say of corporate domains."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.standardized.address_patterns import rendered
from cdp_assets.standardized.company_domains import companies, company_domains
from cdp_assets.standardized.email_addresses import email_addresses

START = datetime(2020, 1, 1, tzinfo=UTC)
PEOPLE = [
    (first, last)
    for last in ("adler", "bishop", "conrad", "dupont", "engel")
    for first in ("anna", "bruno", "carla", "david", "emma", "frank")
]
"""Thirty people, no two of whom have an initial and a family name in common."""


def at(month: float) -> datetime:
    """So many months after the start."""
    return START + timedelta(days=30 * month)


@cache  # asked a thousand times for two hundred answers, half of them when tests are collected
def local(person: tuple[str, str], pattern: str) -> str:
    first, last = person
    row = {"first_name_norm": first, "first_name_root": first, "middle_name_norm": None, "last_name_norm": last}
    frame = pl.DataFrame([{**row, "pattern": pattern}], schema_overrides={"middle_name_norm": pl.String})
    return str(rendered(frame)["local"][0])


def seen(
    person: tuple[str, str], pattern: str, month: float, domain: str = "acme.example", **more: Any
) -> dict[str, Any]:
    """A record of a person with the address of that form, in the month that it was first seen."""
    first, last = person
    return {
        "first_name_norm": first,
        "first_name_root": first,
        "last_name_norm": last,
        "emails": [f"{local(person, pattern)}@{domain}"],
        "observed_at": at(month),
        "last_seen_at": at(month),
        **more,
    }


def versions(rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = tables.RECORD_VERSIONS.schema
    lines = [{**dict.fromkeys(schema), "record_id": f"crm/{n}", **row} for n, row in enumerate(rows)]
    return pl.DataFrame(lines, schema=schema)


def learned(rows: list[dict[str, Any]]) -> pl.DataFrame:
    frame = versions(rows)
    return company_domains(frame, email_addresses(frame))


def one(rows: list[dict[str, Any]], domain: str = "acme.example") -> dict[str, Any]:
    return learned(rows).row(by_predicate=pl.col("domain") == domain, named=True)


# -- forms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["first.last", "flast", "f.last", "firstl", "first_last", "last.first", "lastf"])
def test_the_form_that_a_companys_people_show(pattern: str) -> None:
    found = one([seen(person, pattern, n, company_norm="acme") for n, person in enumerate(PEOPLE[:6])])
    assert (found["pattern"], found["pattern_support"], found["pattern_share"]) == (pattern, 6, 1.0)
    assert (found["company"], found["people"], found["addresses"]) == ("acme", 6, 6)
    assert (found["former_pattern"], found["pattern_changed_on"], found["became"]) == (None, None, None)


@pytest.mark.parametrize(
    "rows",
    [
        [seen(person, "flast", n) for n, person in enumerate(PEOPLE[:2])],  # too few
        [seen(PEOPLE[0], "flast", n, record_id=f"crm/{n}") for n in range(6)],  # one person, many records
        [
            seen(person, pattern, 1)
            for person, pattern in zip(
                PEOPLE[:6], ["flast", "first", "last", "lastf", "first.l", "f_last"], strict=True
            )
        ],
    ],
)
def test_too_few_people_or_no_rule_have_no_form(rows: list[dict[str, Any]]) -> None:
    found = one(rows)
    assert (found["pattern"], found["pattern_support"], found["pattern_share"]) == (None, 0, None)


def test_free_mail_role_shared_and_mistyped_addresses_are_no_companys() -> None:
    rows = [seen(person, "flast", 1, domain) for person in PEOPLE[:4] for domain in ("gmail.com", "gmial.com")]
    rows += [{**seen(person, "flast", 1), "emails": ["info@acme.example"]} for person in PEOPLE[:4]]
    rows += [{**seen(person, "flast", 1), "emails": ["team7@crowd.example"]} for person in PEOPLE]
    assert learned(rows).is_empty()


def test_a_typing_error_or_swapped_names_of_a_record_do_not_change_the_form() -> None:
    rows = [seen(person, "first.last", n) for n, person in enumerate(PEOPLE[:5])]
    rows.append({**rows[0], "first_name_norm": "adler", "first_name_root": "adler", "last_name_norm": "anna"})
    rows.append({**rows[1], "last_name_norm": "adlr"})
    assert one(rows)["pattern"] == "first.last"


# -- a change of form -------------------------------------------------------------------------------------------------


def changing(before: int, after: int, switchers: int = 0) -> list[dict[str, Any]]:
    """So many people in the former form, then so many others in the new one, and some who are seen in both."""
    rows = [seen(person, "flast", n) for n, person in enumerate(PEOPLE[:before])]
    rows += [seen(person, "first.last", 40 + n) for n, person in enumerate(PEOPLE[before : before + after])]
    return rows + [seen(person, "first.last", 60 + n) for n, person in enumerate(PEOPLE[:switchers])]


@pytest.mark.parametrize(
    ("before", "after", "switchers", "is_found"),
    [
        (10, 10, 0, True),
        (5, 5, 0, True),
        (10, 4, 1, True),
        (2, 2, 1, True),
        (2, 2, 0, False),
        (1, 8, 0, False),
        (8, 1, 0, False),
    ],
)
def test_a_change_is_found_where_enough_people_show_it(before: int, after: int, switchers: int, is_found: bool) -> None:
    found = one(changing(before, after, switchers))
    assert (found["pattern_changed_on"] is not None) == is_found
    if is_found:
        assert (found["former_pattern"], found["former_support"]) == ("flast", before)
        assert (found["pattern"], found["pattern_support"], found["pattern_share"]) == (
            "first.last",
            after + switchers,
            1.0,
        )
        assert at(before - 1).date() < found["pattern_changed_on"] < at(40).date()


def test_a_system_that_repeats_old_addresses_for_years_does_not_hide_the_change() -> None:
    rows = [{**row, "last_seen_at": at(100)} for row in changing(8, 8)]
    assert one(rows)["pattern_changed_on"] is not None


def test_some_late_deliveries_and_odd_names_do_not_hide_the_change() -> None:
    rows = [
        *changing(10, 10),
        seen(PEOPLE[25], "flast", 45),
        seen(PEOPLE[26], "last", 46),
        seen(PEOPLE[27], "first", 3),
    ]
    found = one(rows)
    assert (found["former_pattern"], found["pattern"]) == ("flast", "first.last")
    assert abs(found["pattern_changed_on"] - at(24.5).date()) < timedelta(days=40)


@pytest.mark.parametrize("seed", range(6))
def test_two_forms_side_by_side_or_a_gradual_shift_are_no_change(seed: int) -> None:
    draw = random.Random(seed)
    mixed = [seen(person, draw.choice(["flast", "first.last"]), n) for n, person in enumerate(PEOPLE)]
    assert one(mixed)["pattern_changed_on"] is None
    gradual = [
        seen(person, "first.last" if draw.random() < 0.6 * n / len(PEOPLE) else "flast", n)
        for n, person in enumerate(PEOPLE)
    ]
    assert one(gradual)["pattern_changed_on"] is None


# -- a domain that became another -------------------------------------------------------------------------------------


def moved(before: int, after: int, movers: int, *, new_before: int = 0, old_after: int = 0) -> list[dict[str, Any]]:
    """People of old.example, then others of new.example, and some who are seen at both, with the same local part."""
    rows = [seen(person, "flast", n, "old.example") for n, person in enumerate(PEOPLE[:before])]
    rows += [seen(person, "flast", 40 + n, "new.example") for n, person in enumerate(PEOPLE[before : before + after])]
    rows += [seen(person, "flast", 50 + n, "new.example") for n, person in enumerate(PEOPLE[:movers])]
    rows += [
        seen(person, "flast", n, "new.example") for n, person in enumerate(PEOPLE[-new_before:] if new_before else [])
    ]
    rows += [
        seen(person, "flast", 60 + n, "old.example")
        for n, person in enumerate(PEOPLE[-old_after:] if old_after else [])
    ]
    return rows


def test_a_domain_becomes_another() -> None:
    table = learned(moved(8, 6, 4))
    old, new = (table.row(by_predicate=pl.col("domain") == name, named=True) for name in ("old.example", "new.example"))
    assert (old["became"], old["became_people"]) == ("new.example", 4)
    assert at(7).date() < old["became_on"] < at(40).date()
    assert old["gone_at"] is not None
    assert (new["became"], new["gone_at"], new["became_people"]) == (None, None, 0)
    assert (old["pattern_changed_on"], new["pattern_changed_on"]) == (None, None)


@pytest.mark.parametrize(
    "rows",
    [
        moved(8, 6, 1),  # one person who took another job
        moved(8, 6, 4, new_before=8),  # the new domain was there all along
        moved(8, 6, 4, old_after=8),  # the old one lives on
        moved(2, 6, 2),  # too few people at the old one
        [],
    ],
)
def test_people_who_take_another_job_do_not_make_a_change(rows: list[dict[str, Any]]) -> None:
    rows = [*rows, seen(PEOPLE[0], "flast", 1, "else.example")]
    assert learned(rows)["became"].null_count() == len(learned(rows))


def test_people_who_scatter_do_not_make_a_change() -> None:
    rows = [seen(person, "flast", n, "old.example", record_id=f"crm/p{n}") for n, person in enumerate(PEOPLE[:12])]
    rows += [
        seen(person, "flast", 40 + n, f"new{n // 2}.example", record_id=f"crm/p{n}")
        for n, person in enumerate(PEOPLE[:12])
    ]
    assert learned(rows)["became"].null_count() == len(learned(rows))


def test_people_who_move_together_but_are_named_anew_do_not_make_a_change() -> None:
    born = {"date_of_birth": date(1980, 1, 1)}
    rows = [seen(person, "flast", n, "old.example", **born) for n, person in enumerate(PEOPLE[:8])]
    rows += [seen(person, "first.last", 40 + n, "new.example", **born) for n, person in enumerate(PEOPLE[:8])]
    assert learned(rows)["became"].null_count() == 2


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [{**row, "record_id": f"crm/{n}"} for n, row in enumerate(moved(8, 6, 4) + changing(8, 8, 2))]
    shuffled = list(rows)
    random.Random(1).shuffle(shuffled)
    assert learned(shuffled).equals(learned(rows))


def test_no_records_no_domains() -> None:
    assert learned([]).is_empty()


def test_the_sightings_behind_the_picture() -> None:
    frame = versions(changing(3, 3))
    found = companies(frame, email_addresses(frame)).forms
    assert sorted(found["pattern"].to_list()) == ["first.last"] * 3 + ["flast"] * 3
    assert found["domain"].unique().to_list() == ["acme.example"]


# -- a domain that is gone --------------------------------------------------------------------------------------------


def test_a_domain_is_gone_as_its_addresses_say() -> None:
    frame = versions([seen(person, "flast", n) for n, person in enumerate(PEOPLE[:4])])
    told = email_addresses(frame).with_columns(domain_gone_at=pl.lit(at(9)).cast(tables.MOMENT))
    assert company_domains(frame, told)["gone_at"].to_list() == [at(9)]
    assert company_domains(frame, email_addresses(frame))["gone_at"].to_list() == [None]
