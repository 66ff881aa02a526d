"""What the pictures of companies' domains show, and that they name nobody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl

from cdp_assets.drawing import svg
from cdp_assets.standardized.company_pictures import change_of_form
from cdp_assets.tables import COMPANY_DOMAINS
from cdp_assets_tests.builders import frame

START = datetime(2020, 1, 1, tzinfo=UTC)


def domain(name: str, support: int) -> dict[str, object]:
    return {
        "domain": name,
        "pattern": "first.last",
        "pattern_support": support,
        "former_pattern": "flast",
        "former_support": support,
        "pattern_changed_on": date(2020, 6, 1),
    }


def forms(*domains: str) -> pl.DataFrame:
    rows = [
        (name, pattern, START + timedelta(days=30 * month))
        for name in domains
        for month, pattern in enumerate(["flast"] * 5 + ["first.last"] * 5 + ["first", None])
    ]
    return pl.DataFrame(
        rows,
        schema={"domain": pl.String, "pattern": pl.String, "first_seen_at": pl.Datetime("us", "UTC")},
        orient="row",
    )


def test_the_best_supported_changes_are_shown_by_number() -> None:
    names = [f"acme{n}.example" for n in range(5)]
    domains = frame(COMPANY_DOMAINS, *(domain(name, n + 3) for n, name in enumerate(names)))
    spec = change_of_form(forms(*names), domains)
    (values,) = [spec["data"]["values"]] if "values" in spec.get("data", {}) else list(spec["datasets"].values())
    assert {row["label"] for row in values} == {"domain 1", "domain 2", "domain 3"}
    assert {row["form"] for row in values} == {"former form", "present form", "another form"}
    assert {row["cut"] for row in values} == {"2020-06-01"}
    assert sum(row["addresses"] for row in values) == 3 * 12
    drawn = svg(spec)
    assert drawn.startswith("<svg")
    assert "domain 1" in drawn
    assert "acme" not in drawn + str(spec)


def test_no_change_is_an_empty_picture() -> None:
    assert svg(change_of_form(forms("acme.example"), COMPANY_DOMAINS.empty())).startswith("<svg")
