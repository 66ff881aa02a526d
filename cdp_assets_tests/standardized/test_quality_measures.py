"""The numbers of an audit and their history; how records age."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from cdp_assets.standardized.quality_decay import AGES, STATES, alive_by_age, by_age, decay
from cdp_assets.standardized.quality_findings import quality_findings
from cdp_assets.standardized.quality_measures import MEASURES, percent, quality_measures, told, with_audit
from cdp_assets.tables import QUALITY_AUDITS, REJECTED_ROWS
from cdp_assets_tests.builders import day, frame
from cdp_assets_tests.standardized.quality_frames import Row, address, facts_of, named, record

BY_NAME = {measure.name: measure for measure in MEASURES}


def measured(rows: list[Row], addresses: list[Row], rejected: int = 0) -> dict[str, float]:
    facts = facts_of(rows, addresses)
    lines = pl.DataFrame({"source": ["crm"], "lines": [20]})
    broken = frame(REJECTED_ROWS, *({"source": "crm", "line": n, "rule": "key_missing"} for n in range(rejected)))
    table = quality_measures(facts, quality_findings(facts, broken, lines), lines)
    assert table["source"].unique().to_list() == ["crm"]
    return dict(table.select("measure", "value").rows())


def test_the_measures_of_a_source() -> None:
    rows = [
        named("1", "ann", "lee", emails=["a@x.org"], observed_at=day("2024-01-11")),
        named("2", "ann", "lee", emails=["a@x.org"], observed_at=day("2024-01-01")),
        record("3", emails=["b@x.org"], observed_at=day("2024-01-09"), problems=["phone:unreadable"]),
        record("4", observed_at=day("2024-01-09")),
    ]
    shares = measured(rows, [address("b@x.org", status="dead", suggestion="b@gmail.com")], rejected=5)
    assert shares == {
        "records": 4.0,
        "median_age_days": 2.0,
        "completeness": 7 / 16,  # first and last name, e-mail, phone: delivered at all
        "validity": 1 - 1 / 8,
        "rejected_share": 1 / 4,
        "duplicate_share": 1 / 2,
        "dead_email_share": 1 / 2,
        "stale_email_share": 0.0,
        "mistyped_email_share": 1 / 2,
        "placeholder_email_share": 0.0,
        "findings_per_1000": 1000 * (5 + 1 + 1 + 1 + 1) / 4,  # rejected, repeated, dead, mistyped, not kept
    }


def test_a_measure_that_a_source_can_not_have_has_no_row() -> None:
    assert set(measured([record("1")], [])) == {"records", "median_age_days", "rejected_share", "findings_per_1000"}


MEASURED = pl.DataFrame({"source": ["crm", "shop"], "measure": ["records", "records"], "value": [1.0, 2.0]})


def test_a_second_audit_of_a_day_replaces_the_first() -> None:
    once = with_audit(QUALITY_AUDITS.empty(), MEASURED, date(2024, 1, 1))
    assert with_audit(once, MEASURED, date(2024, 1, 1)).equals(once)
    changed = with_audit(once, MEASURED.with_columns(pl.col("value") * 2), date(2024, 1, 1))
    assert changed["value"].to_list() == [2.0, 4.0]


def test_audits_of_other_days_and_of_other_sources_stay() -> None:
    once = with_audit(QUALITY_AUDITS.empty(), MEASURED, date(2024, 1, 1))
    later = with_audit(once, MEASURED, date(2024, 1, 8))
    assert later.height == 4
    fewer = with_audit(once, MEASURED.filter(pl.col("source") == "crm").with_columns(value=9.0), date(2024, 1, 1))
    assert fewer.rows() == [("crm", date(2024, 1, 1), "records", 9.0), ("shop", date(2024, 1, 1), "records", 2.0)]


def test_a_measure_that_a_source_no_longer_has_goes_with_its_day() -> None:
    once = with_audit(QUALITY_AUDITS.empty(), MEASURED.with_columns(measure=pl.lit("validity")), date(2024, 1, 1))
    assert set(with_audit(once, MEASURED, date(2024, 1, 1))["measure"]) == {"records"}


@pytest.mark.parametrize(
    ("share", "expected"),
    [(None, "–"), (0.0, "0%"), (0.00001, "under 0.1%"), (0.0012, "0.1%"), (0.5, "50.0%"), (0.99999, "over 99.9%"), (1.0, "100%")],
)  # fmt: skip
def test_a_share_is_never_rounded_to_all_or_nothing(share: float | None, expected: str) -> None:
    assert percent(share) == expected


@pytest.mark.parametrize(
    ("measure", "value", "expected"),
    [("completeness", 0.25, "25.0%"), ("median_age_days", 12.4, "12 days"), ("median_age_days", 731.0, "2.0 years"),
     ("records", 12345.0, "12,345"), ("findings_per_1000", 3.14, "3.1"), ("findings_per_1000", 0.0, "0.0"), ("records", None, "–")],
)  # fmt: skip
def test_a_measure_in_words(measure: str, value: float | None, expected: str) -> None:
    assert told(BY_NAME[measure], value) == expected


NEWEST = record("newest", observed_at=day("2024-06-30"), emails=["new@x.org"])


@pytest.mark.parametrize(
    ("observed", "age"),
    [("2024-06-01", "under 3 months"), ("2024-03-31", "3 to 6 months"), ("2023-12-31", "6 to 12 months"),
     ("2023-06-30", "1 to 2 years"), ("2022-07-01", "1 to 2 years"), ("2022-06-30", "2 to 3 years"),
     ("2019-07-01", "3 to 5 years"), ("2019-06-30", "5 years and more")],
)  # fmt: skip
def test_records_by_age(observed: str, age: str) -> None:
    rows = [{**NEWEST, "record_id": "shop/newest", "source": "shop"}, record("1", observed_at=day(observed))]
    aged = by_age(decay(facts_of(rows))).filter(pl.col("source") == "crm")
    assert aged.select("age", "records", "none").rows() == [(age, 1, 1)]


def test_a_record_is_as_alive_as_its_best_address() -> None:
    states: dict[str, Any] = {"d@x.org": "dead", "s@x.org": "stale", "u@x.org": "unverified", "a@x.org": "active"}
    rows = [
        NEWEST,
        record("1", emails=["d@x.org", "a@x.org"], observed_at=day("2020-01-01")),
        record("2", emails=["d@x.org", "s@x.org"], observed_at=day("2020-01-01")),
        record("3", emails=["d@x.org"], observed_at=day("2020-02-01")),
        record("4", observed_at=day("2020-02-01")),
        record("5", emails=["u@x.org"], observed_at=day("2020-01-01")),
    ]
    decayed = decay(facts_of(rows, [address(email, status=status) for email, status in states.items()]))
    assert decayed["month"].to_list() == [date(2020, 1, 1), date(2020, 2, 1), date(2024, 6, 1)]
    old = by_age(decayed).filter(pl.col("age") == "3 to 5 years")
    assert old.select("records", *STATES).rows() == [(5, 1, 1, 1, 1, 1)]
    assert alive_by_age(decayed).filter(pl.col("age") == "3 to 5 years").rows() == [("crm", "3 to 5 years", 4, 1 / 4)]


def test_ages_come_in_their_order() -> None:
    rows = [record(str(n), observed_at=day(f"{2010 + n}-01-01")) for n in range(15)]
    names = [name for name, _ in AGES]
    ages = by_age(decay(facts_of(rows)))["age"].to_list()
    assert ages == [name for name in names if name in ages]
