"""Addresses that are probably somebody's, and those that may be a namesake's."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from cdp_assets import tables
from cdp_assets.standardized.email_addresses import email_addresses
from cdp_assets.standardized.probable_emails import probable_emails
from cdp_assets_tests.builders import frame

SEEN = datetime(2023, 1, 1, tzinfo=UTC)


def record(key: str, first: str | None, last: str | None, *emails: str, **more: Any) -> dict[str, Any]:
    return {
        "record_id": key,
        "first_name_norm": first,
        "first_name_root": first,
        "last_name_norm": last,
        "emails": list(emails),
        "observed_at": SEEN,
        "last_seen_at": SEEN,
        **more,
    }


def domain(name: str, **what: Any) -> dict[str, Any]:
    return {"domain": name, "pattern": "first.last", "pattern_support": 9, "pattern_share": 1.0, **what}


CHANGED_FORM = domain("acme.example", former_pattern="flast", pattern_changed_on=date(2022, 1, 1))
CHANGED_DOMAIN = domain("old.example", became="new.example")
PLAIN = domain("acme.example")
STAFF = [
    record(f"s/{n}", first, last, f"{first}.{last}@acme.example", company_norm="acme")
    for n, (first, last) in enumerate([("ida", "engel"), ("otto", "graf"), ("rosa", "imhof")])
]
"""Three people by whom a company's name stands for its domain."""

HOME, ELSEWHERE = (
    [{**dict.fromkeys(tables.ADDRESS.to_schema()), "street_norm": street, "house_number": "1", "postcode_norm": "1"}]
    for street in ("mill lane", "park street")
)


def offered(rows: list[dict[str, Any]], *domains: dict[str, Any]) -> pl.DataFrame:
    schema = tables.RECORD_VERSIONS.schema
    versions = pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)
    addresses = email_addresses(versions)
    return probable_emails(versions, addresses, frame(tables.COMPANY_DOMAINS, *domains))


def emails(rows: list[dict[str, Any]], *domains: dict[str, Any]) -> dict[str, list[str]]:
    """Offered addresses of each record that has any."""
    table = offered(rows, *domains)
    return dict(table.group_by("record_id", maintain_order=True).agg("email").rows())


@pytest.mark.parametrize(
    ("row", "domains", "expected"),
    [
        # a mistyped provider
        (record("a", "ann", "lee", "ann@gmial.com"), (), ("ann@gmail.com", "mistyped_domain", "ann@gmial.com")),
        # the same local part at the new domain
        (record("a", "ann", "lee", "annie7@old.example"), (CHANGED_DOMAIN,), ("annie7@new.example", "company_changed_domain", "annie7@old.example")),
        # the name in the new form
        (record("a", "ann", "lee", "alee@acme.example"), (CHANGED_FORM,), ("ann.lee@acme.example", "company_changed_pattern", "alee@acme.example")),
        (record("a", "ann", "lee", "ann.lee@acme.example"), (CHANGED_FORM,), None),  # it has the new form
        (record("a", "ann", "lee", "annie@acme.example"), (CHANGED_FORM,), None),  # it never had the former one
        (record("a", "ann", "lee", "alee2@acme.example"), (CHANGED_FORM,), None),  # a namesake's
        (record("a", "ann", "lee", "alee@acme.example"), (PLAIN,), None),  # nothing has changed
        (record("a", None, None, "alee@acme.example"), (CHANGED_FORM,), None),  # nobody's name
        # name and company
        (record("a", "ann", "lee", company_norm="acme"), (PLAIN,), ("ann.lee@acme.example", "company_pattern", None)),
        (record("a", "ann", "lee", "ann@gmail.com", company_norm="acme"), (PLAIN,), ("ann.lee@acme.example", "company_pattern", None)),
        (record("a", "ann", "lee", "al@acme.example", company_norm="acme"), (PLAIN,), None),  # it has one there
        (record("a", "ann", "lee", "al@else.example", company_norm="acme"), (PLAIN,), None),  # or elsewhere
        (record("a", "ann", "lee", company_norm="acme"), (domain("acme.example", pattern=None),), None),
        (record("a", "ann", "lee", company_norm="apex"), (PLAIN,), None),
        (record("a", None, "lee", company_norm="acme"), (PLAIN,), None),
        (record("a", "ann", "lee"), (PLAIN,), None),
    ],
)  # fmt: skip
def test_what_is_offered_and_why(row: dict[str, Any], domains: tuple[dict[str, Any], ...], expected: Any) -> None:
    table = offered([*STAFF, row], *domains).filter(pl.col("record_id") == "a")
    told = table.select("email", "because", "derived_from").rows()
    assert told == ([] if expected is None else [expected])


def test_a_carried_address_is_surer() -> None:
    row = record("a", "ann", "lee", company_norm="acme")
    carrier = record("b", "ann", "lee", "ann.lee@acme.example")
    (alone,) = offered([*STAFF, row], PLAIN).select("is_carried", "confidence").rows()
    (carried,) = offered([*STAFF, row, carrier], PLAIN).select("is_carried", "confidence").rows()
    assert (alone[0], carried[0]) == (False, True)
    assert 0 < alone[1] < carried[1] < 1


@pytest.mark.parametrize(
    ("carrier", "is_offered"),
    [
        (record("b", "ann", "lee", "ann.lee@acme.example"), True),
        (record("b", "anne", "lee", "ann.lee@acme.example"), True),  # a spelling
        (record("b", "lee", "ann", "ann.lee@acme.example"), True),  # swapped
        (record("b", None, None, "ann.lee@acme.example"), True),  # a sign-up without a name
        (record("b", "boris", "novak", "ann.lee@acme.example"), False),  # another name
        (record("b", "ann", "novak", "ann.lee@acme.example"), False),
    ],
)
def test_no_address_of_another_name(carrier: dict[str, Any], is_offered: bool) -> None:
    found = emails([*STAFF, record("a", "ann", "lee", company_norm="acme"), carrier], PLAIN)
    assert ("a" in found) == is_offered


def test_an_initial_is_not_enough_to_be_the_same_person() -> None:
    initials = domain("acme.example", pattern="flast")
    john, jane = record("a", "john", "smith", company_norm="acme"), record("b", "jane", "smith", "jsmith@acme.example")
    assert emails([*STAFF, john, jane], initials) == {}
    assert emails([*STAFF, john, record("b", "jane", "smith", company_norm="acme")], initials) == {}


BORN, OTHER = {"date_of_birth": date(1980, 1, 1)}, {"date_of_birth": date(1991, 2, 3)}
CALLED, CALLED_OTHER = {"phones": ["+441"]}, {"phones": ["+442"]}


@pytest.mark.parametrize(
    ("one", "other", "is_offered"),
    [
        ({}, {}, True),
        (BORN, BORN, True),
        (BORN, OTHER, False),
        (BORN | CALLED, OTHER | CALLED, False),  # father and son
        (BORN | CALLED, BORN | CALLED_OTHER | {"addresses": ELSEWHERE}, True),
        (CALLED, CALLED_OTHER, True),  # people have two phones
        (CALLED | {"addresses": HOME}, CALLED_OTHER | {"addresses": ELSEWHERE}, False),
        (CALLED | {"addresses": HOME}, CALLED | {"addresses": ELSEWHERE}, True),  # moved
        ({"addresses": HOME}, {"addresses": ELSEWHERE}, True),
    ],
)
@pytest.mark.parametrize("other_carries", [True, False])
def test_no_address_that_two_people_would_get(
    one: dict[str, Any], other: dict[str, Any], is_offered: bool, other_carries: bool
) -> None:
    rest: dict[str, Any] = {} if other_carries else {"company_norm": "acme"}
    carried = ("ann.lee@acme.example",) if other_carries else ()
    rows = [
        *STAFF,
        record("a", "ann", "lee", company_norm="acme", **one),
        record("b", "ann", "lee", *carried, **rest, **other),
    ]
    assert ("a" in emails(rows, PLAIN)) == is_offered


def test_no_role_or_shared_address() -> None:
    row = record("a", "sales", "info", company_norm="acme")
    assert emails([*STAFF, row], domain("acme.example", pattern="last")) == {}
    crowd = [record(f"c/{n}", f"{letter}nn", f"{letter}ee", "ann@new.example") for n, letter in enumerate("bdfghjkm")]
    assert emails([*crowd, record("a", "ann", "lee", "ann@old.example")], CHANGED_DOMAIN) == {}


def test_of_several_spellings_the_carried_one_is_offered() -> None:
    row = record("a", "pieter", "van den berg", company_norm="acme")
    assert emails([*STAFF, row], PLAIN) == {"a": ["pieter.berg@acme.example"]}
    carrier = record("b", "pieter", "van den berg", "pieter.vandenberg@acme.example")
    assert emails([*STAFF, row, carrier], PLAIN)["a"] == ["pieter.vandenberg@acme.example"]


def test_umlauts_are_written_as_two_letters_or_as_somebody_carries_them() -> None:
    row = record("a", "jorg", "muller", first_name="Jörg", last_name="Müller", company_norm="acme")
    assert emails([*STAFF, row], PLAIN) == {"a": ["joerg.mueller@acme.example"]}
    carrier = record("b", "jorg", "muller", "jorg.muller@acme.example")
    assert emails([*STAFF, row, carrier], PLAIN)["a"] == ["jorg.muller@acme.example"]


def test_before_a_change_of_form_the_former_one_is_likelier() -> None:
    early = datetime(2021, 1, 1, tzinfo=UTC)
    row = record("a", "ann", "lee", company_norm="acme")
    assert emails([*STAFF, row], CHANGED_FORM) == {"a": ["ann.lee@acme.example"]}
    assert emails([*STAFF, {**row, "observed_at": early}], CHANGED_FORM) == {"a": ["alee@acme.example"]}


def test_a_company_with_several_domains_stands_for_none() -> None:
    others = [{**row, "record_id": f"t/{n}", "emails": [f"x{n}@group.example"]} for n, row in enumerate(STAFF)]
    assert emails([*STAFF, *others, record("a", "ann", "lee", company_norm="acme")], PLAIN) == {}


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [
        *STAFF,
        record("a", "ann", "lee", "alee@acme.example"),
        record("b", "ann", "lee", "ann@gmial.com"),
        record("c", "pieter", "van den berg", company_norm="acme"),
        record("d", "bo", "ek", "bo@old.example", company_norm="acme"),
    ]
    shuffled = list(rows)
    random.Random(3).shuffle(shuffled)
    assert offered(shuffled, CHANGED_FORM, CHANGED_DOMAIN).equals(offered(rows, CHANGED_FORM, CHANGED_DOMAIN))


def test_nothing_is_offered_to_nobody() -> None:
    assert offered([]).is_empty()
