from __future__ import annotations

import polars as pl
import pytest

from cdp_assets.standardized.email_sharing import CROWD_PEOPLE, SHARED_BY_MANY, employers_named, is_crowd, sharing


def judged(kind: str, people: int, families: int, companies: int = 0, top_company: int = 0) -> str:
    row = {"class": kind, "people": people, "families": families, "companies": companies, "top_company": top_company}
    return str(pl.DataFrame([row]).select(sharing()).item())


@pytest.mark.parametrize(
    ("kind", "people", "families", "expected"),
    [
        ("personal", 0, 0, "personal"),
        ("personal", 1, 1, "personal"),
        ("personal", 2, 1, "household"),
        ("personal", 5, 1, "household"),
        ("personal", 2, 2, "household"),
        ("personal", 5, 2, "household"),
        ("personal", CROWD_PEOPLE + 1, 1, "junk"),
        ("personal", 3, 3, "household"),
        ("personal", 4, 4, "junk"),
        ("personal", 40, 39, "junk"),
        ("corporate", 1, 1, "personal"),
        ("corporate", 2, 2, "household"),
        ("corporate", 4, 4, "role"),
        ("corporate", 40, 40, "role"),
        ("role", 1, 1, "role"),
        ("role", 0, 0, "role"),
        ("placeholder", 1, 1, "junk"),
        ("placeholder", 0, 0, "junk"),
        ("relay", 1, 1, "personal"),
        ("relay", 9, 9, "junk"),
        ("disposable", 9, 9, "junk"),
        ("disposable", 1, 1, "personal"),
    ],
)
def test_who_shares_an_address(kind: str, people: int, families: int, expected: str) -> None:
    assert judged(kind, people, families) == expected


@pytest.mark.parametrize(
    ("companies", "top_company", "expected"),
    [(0, 0, "role"), (2, 1, "role"), (6, 6, "role"), (6, 3, "role"), (6, 2, "junk"), (40, 3, "junk")],
)
def test_a_crowd_at_a_company_that_names_other_employers_is_no_office(
    companies: int, top_company: int, expected: str
) -> None:
    assert judged("corporate", 12, 12, companies, top_company) == expected


def test_a_crowd_needs_both_people_and_families() -> None:
    rows = pl.DataFrame({"people": [4, 4, 3, 8, 9], "families": [4, 3, 4, 1, 1]})
    assert rows.select(is_crowd()).to_series().to_list() == [True, False, False, False, True]


def test_employers_are_counted_by_record() -> None:
    rows = [
        ("a@x.org", "crm/1", "acme"), ("a@x.org", "crm/1", "acme"), ("a@x.org", "crm/2", "acme"), ("a@x.org", "crm/3", "orbit"),
        ("a@x.org", "crm/4", None), ("b@x.org", "crm/5", None),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["email", "record_id", "company_norm"], orient="row")
    assert employers_named(frame).rows() == [("a@x.org", 3, 2)]


def test_office_and_junk_identify_nobody() -> None:
    assert set(SHARED_BY_MANY) == {"role", "junk"}
