"""What the quality of a million records costs: the report by import, findings, and the numbers of an audit.

    python benchmarks/quality.py [RECORDS] [IMPORTS]

Records are drawn here, with values as distinct as those of people, so that nothing but the measured functions runs.
CPU seconds of this process, all threads together, and its largest memory so far.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeVar

import numpy as np
import polars as pl

from cdp_assets import tables
from cdp_assets.standardized.quality_decay import decay
from cdp_assets.standardized.quality_facts import facts
from cdp_assets.standardized.quality_findings import examples, quality_findings
from cdp_assets.standardized.quality_measures import quality_measures
from cdp_assets.standardized.quality_report import quality_report

SOURCES = 5
_Made = TypeVar("_Made")


def main(records: int, imports: int) -> None:
    """Print a line for each step."""
    versions = drawn(records, imports)
    addresses = pl.concat([tables.EMAIL_ADDRESSES.empty(), _addresses(versions)], how="diagonal")
    lines = versions.group_by("source").agg(lines=pl.len())
    print(f"{records:,} records in {imports:,} imports")
    timed("quality_report", lambda: quality_report(versions.select(list(tables.source_records("any").schema))))
    known = timed("facts", lambda: facts(versions, addresses))
    found = timed("quality_findings", lambda: quality_findings(known, tables.REJECTED_ROWS.empty(), lines))
    timed("measures", lambda: quality_measures(known, found, lines))
    timed("decay", lambda: decay(known))
    timed("examples", lambda: [examples(known, f"source{number}") for number in range(SOURCES)])


def timed(name: str, work: Callable[[], _Made]) -> _Made:
    """Run, and print what it took."""
    began = time.process_time()
    made = work()
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{name:<18}{time.process_time() - began:6.2f} CPU s{largest:8.2f} GB")
    return made


def drawn(records: int, imports: int) -> pl.DataFrame:
    """Rows of ``standardized/record_versions``, all current."""
    dice = np.random.default_rng(1)

    def text(prefix: str, distinct: int, missing: float = 0.0) -> pl.Series:
        values = prefix + pl.Series(dice.integers(0, distinct, records)).cast(pl.String)
        return values.set(pl.Series(dice.random(records) < missing), None)

    number = pl.Series(dice.integers(0, imports, records))
    plain = pl.DataFrame(
        {
            "source": "source" + (number % SOURCES).cast(pl.String),
            "import_id": "import" + number.cast(pl.String),
            "source_key": pl.Series(range(records)).cast(pl.String),
            "first_name_norm": text("first", 3_000, 0.1),
            "last_name_norm": text("last", 50_000, 0.1),
            "company_norm": text("company", 20_000, 0.5),
            "email": text("mail", records, 0.2) + text("@domain", 5_000) + ".example",
            "phone": text("+4479", records, 0.3),
            "postcode": text("pc", 40_000),
            "city": text("city", 5_000),
            "street": text("street", 200_000),
            "house": text("", 200),
            "card": text("card", records, 0.5),
            "is_odd": pl.Series(dice.random(records) < 0.1),
            "born": pl.Series(dice.integers(0, 28_000, records)),
            "seen": pl.Series(dice.integers(0, 2_000, records)),
        }
    )
    blank = {field.name: pl.lit(None, dtype=pl.String) for field in tables.ADDRESS.fields}
    address = {"street_norm": "street", "city_norm": "city", "postcode_norm": "postcode", "house_number": "house"}
    home = blank | {name: pl.col(column) for name, column in address.items()} | {"country": pl.lit("GB")}
    odd = pl.lit(["date_of_birth:impossible", "email:unreadable"], dtype=tables.TEXTS)
    seen_at = pl.lit(datetime(2020, 1, 1, tzinfo=UTC)).cast(tables.MOMENT) + pl.duration(days="seen")
    values = {
        "record_id": pl.concat_str("source", "source_key", separator="/"),
        "observed_at": seen_at, "last_seen_at": seen_at, "valid_from": seen_at,
        "landed_at": pl.lit(datetime(2026, 1, 1, tzinfo=UTC)).cast(tables.MOMENT),
        "first_name_root": pl.col("first_name_norm"),
        "date_of_birth": pl.lit(date(1930, 1, 1)) + pl.duration(days="born"),
        "emails": pl.concat_list("email").list.drop_nulls(), "phones": pl.concat_list("phone").list.drop_nulls(),
        "addresses": pl.concat_list(pl.struct(**home)),
        "identifiers": pl.concat_list(pl.struct(type=pl.lit("card"), value="card")),
        "problems": pl.when("is_odd").then(odd).otherwise(pl.lit([], dtype=tables.TEXTS)),
        "is_current": pl.lit(True), "is_newest": pl.lit(True), "is_deleted": pl.lit(False),
        "version": pl.lit(1, dtype=pl.Int64),
    }  # fmt: skip
    made = plain.with_columns(**values)
    return made.select(
        pl.col(column.name).cast(column.dtype)
        if column.name in made.columns
        else pl.lit(None, dtype=column.dtype).alias(column.name)
        for column in tables.RECORD_VERSIONS.columns
    )


def _addresses(versions: pl.DataFrame) -> pl.DataFrame:
    emails = versions.select(email="emails").explode("email").drop_nulls("email").unique()
    described = {"class": pl.lit("corporate"), "status": pl.lit("active"), "is_shared": pl.lit(False)}
    return emails.with_columns(**described)


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given + [1_000_000, 500][len(given) :]))
