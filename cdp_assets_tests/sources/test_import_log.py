"""What is usual for a source, when it is late, and what its log adds up to."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from cdp_assets.ledger import IMPORTED, LANDED, REFUSED, REPEATED, Ledger
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.import_log import ARRIVALS, LEAST_IMPORTS_BEFORE, import_log, source_arrivals
from cdp_assets.tables import IMPORT_LOG
from cdp_assets_tests.sources.contract_text import crm

NOW = datetime(2026, 6, 1, tzinfo=UTC)
EMPTY = Ledger("sqlite://").imports()


def log_of(*rows: dict[str, Any]) -> pl.DataFrame:
    """Imports as the ledger hands them out; what a row leaves out is that of a sound import."""
    numbers: dict[str, int] = {}
    said = []
    for row in rows:
        source = row.get("source", "crm")
        numbers[source] = numbers.get(source, 0) + 1
        plain = {
            "import_id": f"i{numbers[source]:04}", "source": source, "sequence": numbers[source], "content_sha256": "c",
            "location": "a.csv", "bytes": 1, "landed_at": NOW - timedelta(days=1), "state": IMPORTED, "lines": 100,
            "records": 90, "rejected": 10, "duplicates": 0, "contract_version": "v", "records_version": "r",
            "new_columns": 0,
        }  # fmt: skip
        said.append({**plain, **row})
    return pl.DataFrame(said, schema=EMPTY.schema)


def of_sizes(sizes: Sequence[int | None], **values: Any) -> pl.DataFrame:
    return import_log(log_of(*({"lines": lines, "records": lines, "rejected": 0, **values} for lines in sizes)))


def unusual(sizes: Sequence[int]) -> list[int]:
    """The places of unusual numbers."""
    return [n for n, flag in enumerate(of_sizes(sizes)["is_unusual"]) if flag]


def test_the_log_fits_its_table_and_is_empty_of_nothing() -> None:
    assert import_log(EMPTY).equals(IMPORT_LOG.empty())
    assert import_log(log_of({})).schema == IMPORT_LOG.schema


def test_the_rejected_share_is_of_all_lines() -> None:
    rows = import_log(log_of({}, {"lines": 0, "rejected": 0}, {"lines": None, "rejected": None, "state": REFUSED}))
    assert rows["rejected_share"].to_list() == [0.1, None, None]


def test_too_few_imports_before_say_nothing() -> None:
    rows = of_sizes([100] * LEAST_IMPORTS_BEFORE + [5000, 5000])
    assert rows["usual_lines_from"].null_count() == LEAST_IMPORTS_BEFORE
    assert rows["is_unusual"].to_list() == [False] * LEAST_IMPORTS_BEFORE + [True, True]


def test_half_and_twice_the_middle_are_usual_and_more_is_not() -> None:
    regular = [999] * 10
    assert of_sizes([*regular, 1])["usual_lines_from"][-1] == 499
    assert of_sizes([*regular, 1])["usual_lines_to"][-1] == 1999
    assert unusual([*regular, 499]) == unusual([*regular, 1999]) == []
    assert unusual([*regular, 498]) == unusual([*regular, 2000]) == [10]
    assert unusual([*regular, 0]) == [10]


def test_a_first_full_load_spoils_nothing() -> None:
    sizes = [1_000_000, 100, 120, 90, 110, 105, 95, 1_000_000, 115, 5]
    assert unusual(sizes) == [7, 9]


def test_numbers_that_vary_widely_are_usual_when_they_do() -> None:
    assert unusual([10, 1000, 30, 400, 90, 2000, 15, 700, 1500]) == []


def test_a_rhythm_of_two_kinds_of_days_is_usual() -> None:
    week = [1000, 1010, 990, 1005, 995, 20, 15]
    assert [place for place in unusual(week * 5) if place >= 14] == []


def test_what_was_usual_long_ago_is_forgotten() -> None:
    assert unusual([100] * 40 + [1000] * 40)[-1] < 60


def test_only_imports_in_use_are_a_measure() -> None:
    rows = import_log(
        log_of(
            *({"lines": 100} for _ in range(5)),
            *({"lines": 9000, "state": REPEATED} for _ in range(9)),
            {"lines": 9000, "state": REFUSED, "problem": "x"},
            {"lines": None, "state": LANDED},
            {"lines": 100},
        )
    )
    assert rows["usual_lines_to"].drop_nulls().unique().to_list() == [201]
    assert rows["is_unusual"].to_list() == [False] * 5 + [True] * 10 + [False] * 2


def test_sources_are_judged_by_themselves_in_any_order_of_rows() -> None:
    rows = log_of(
        *({"lines": 100} for _ in range(6)), *({"source": "shop", "lines": 9000} for _ in range(6))
    )  # fmt: skip
    shuffled = rows.sample(fraction=1, shuffle=True, seed=3)
    assert import_log(shuffled).equals(import_log(rows))
    assert import_log(rows)["is_unusual"].sum() == 0


def test_wild_numbers_do_not_overflow() -> None:
    rows = of_sizes([0, 10**12, 0, 10**12, 0, 10**12, 5])
    assert rows["usual_lines_to"][-1] > 10**12
    assert rows["usual_lines_from"][-1] == 0


# -- sources ----------------------------------------------------------------------------------------------------------


def arrivals(rows: pl.DataFrame, **parts: Any) -> dict[str, Any]:
    contract = crm(**parts)
    return source_arrivals(rows, [contract], NOW, {"crm": "r"}).row(0, named=True)


def test_a_source_without_imports_has_a_row_of_nothing() -> None:
    found = source_arrivals(EMPTY, [crm(expected_every="1 day")], NOW, {})
    assert found.schema == pl.Schema(ARRIVALS)
    row = found.row(0, named=True)
    assert (row["source"], row["imports"], row["is_late"], row["last_usable_at"]) == ("crm", 0, False, None)
    assert (row["age_seconds"], row["expected_every"], row["is_unusual"]) == (None, "1 day", False)
    assert source_arrivals(EMPTY, [], NOW, {}).is_empty()


@pytest.mark.parametrize(
    ("every", "age", "late"),
    [
        ("1 day", timedelta(hours=30), False),
        ("1 day", timedelta(hours=30, seconds=1), True),
        ("10 minutes", timedelta(minutes=25), False),  # the least grace
        ("10 minutes", timedelta(minutes=25, seconds=1), True),
        ("4 weeks", timedelta(days=29), False),  # the most
        ("4 weeks", timedelta(days=29, seconds=1), True),
        (None, timedelta(days=4000), False),
    ],
)
def test_a_source_is_late_after_its_period_and_a_grace(every: str | None, age: timedelta, late: bool) -> None:
    row = arrivals(log_of({"landed_at": NOW - age}), expected_every=every)
    assert row["is_late"] is late
    assert row["age_seconds"] == age.total_seconds()


def test_a_refused_delivery_keeps_nobody_in_time_and_a_repeated_one_does() -> None:
    old, fresh = {"landed_at": NOW - timedelta(days=9)}, {"landed_at": NOW}
    refused = arrivals(log_of(old, {**fresh, "state": REFUSED}), expected_every="1 day")
    assert (refused["is_late"], refused["last_import_at"], refused["last_usable_at"]) == (
        True,
        NOW,
        NOW - timedelta(days=9),
    )
    assert not arrivals(log_of(old, {**fresh, "state": REPEATED}), expected_every="1 day")["is_late"]
    assert not arrivals(log_of(old, {**fresh, "state": LANDED}), expected_every="1 day")["is_late"]


def test_a_delivery_from_the_future_is_new() -> None:
    assert arrivals(log_of({"landed_at": NOW + timedelta(hours=1)}))["age_seconds"] == 0


def test_counts_are_of_imports_in_use() -> None:
    row = arrivals(
        log_of(
            {"lines": 10, "records": 8, "rejected": 1, "duplicates": 1},
            {"lines": 30, "records": 27, "rejected": 3, "duplicates": 0, "new_columns": 2, "problem": "not read again"},
            {"state": REFUSED, "lines": 500, "rejected": 500, "problem": "x"},
            {"state": REPEATED, "lines": 10},
            {"state": LANDED, "lines": None},
        )
    )
    numbers = (
        "imports",
        "waiting",
        "refused",
        "repeated",
        "not_read_again",
        "lines",
        "records",
        "rejected",
        "duplicates",
    )
    assert [row[name] for name in numbers] == [2, 1, 1, 1, 1, 40, 35, 4, 1]
    assert (row["rejected_share"], row["last_rejected_share"]) == (0.1, 0.1)
    assert (row["last_import_id"], row["last_lines"], row["new_columns"]) == ("i0002", 30, 2)


def test_imports_of_another_version_are_stale() -> None:
    rows = log_of(
        {}, {"records_version": "former"}, {"records_version": None}, {"records_version": "x", "state": REFUSED}
    )
    assert arrivals(rows)["stale"] == 2
    assert source_arrivals(rows, [crm()], NOW, {})["stale"].to_list() == [0]  # nobody knows the current one


def test_sources_without_a_contract_are_there_too() -> None:
    rows = log_of({"source": "web"}, {"source": "app"})
    found = source_arrivals(rows, [crm()], NOW, {"app": "r"})
    assert found["source"].to_list() == ["app", "crm", "web"]


def test_the_newest_import_is_judged() -> None:
    rows = log_of(*({"lines": 100} for _ in range(6)), {"lines": 9})
    row = arrivals(rows)
    assert (row["is_unusual"], row["last_lines"], row["usual_lines_from"], row["usual_lines_to"]) == (True, 9, 49, 201)


def test_five_thousand_imports_are_counted_as_one_would_by_hand() -> None:
    chance = random.Random(7)
    rows = log_of(
        *(
            {"source": f"s{n % 5}", "lines": chance.randrange(1, 1000), "state": chance.choice([IMPORTED, REFUSED])}
            for n in range(5000)
        )
    )
    contracts = [SourceContract.model_validate({**crm().model_dump(mode="json"), "source": f"s{n}"}) for n in range(5)]
    found = source_arrivals(rows, contracts, NOW, {f"s{n}": "r" for n in range(5)})
    by_hand = [rows.filter((pl.col("source") == f"s{n}") & (pl.col("state") == IMPORTED)).height for n in range(5)]
    assert found["imports"].to_list() == by_hand
