"""What it takes to make the golden records of a million records: seconds of processor (all threads), wall clock, memory.

    python benchmarks/golden.py [--records 1000000] [--keep DIR] [--runs 1]

The records are the generator's, with all its sources, consents and dead addresses; who is who is taken from its truth, since
it does not matter here who links. They are standardized once and kept in DIR, where one is named. Each run is a process of
its own. Counted is ``golden_records()``: customers, provenance, addresses, phones, consents, suppressions and corrections, from
frames in memory to frames in memory; reading and writing are counted apart. The peak is that of the whole process, what it read
included.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import email_truth
import polars as pl
from fresh_processes import Stages, medians, peak_mb

from cdp_assets import tables

SEED = 7
RECORDS_PER_PERSON = 2.85
CORRECTED = 1_000
"""Every so many records, a person has corrected one: more than any company does."""

LIMITS = {"cpu_seconds": 20.0, "peak_mb": 4096.0}
"""What a million records may take."""


def main() -> int:
    """Prepare the data, measure and print a table; or, as the process that is measured, one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--make", nargs=2)
    parser.add_argument("--measure", nargs=2)
    arguments = parser.parse_args()
    if arguments.make:
        _make(int(arguments.make[0]), Path(arguments.make[1]))
        return 0
    if arguments.measure:
        print(json.dumps(_measure(Path(arguments.measure[1]))))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = (arguments.keep or Path(scratch)).resolve() / f"golden-{arguments.records}"
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "truth.parquet").exists():
            print(f"making {arguments.records:,} records in {folder} …", file=sys.stderr, flush=True)
            subprocess.run([sys.executable, __file__, "--make", str(arguments.records), str(folder)], check=True)
        _print(medians(__file__, "golden", folder, arguments.runs))
    return 0


def _make(records: int, folder: Path) -> None:
    """Generate and standardize a world of about so many records; keep what golden records read."""
    from cdp_assets.evaluation.world import generate

    home = folder / "workspace"
    shutil.rmtree(home, ignore_errors=True)
    generate(int(records / RECORDS_PER_PERSON), SEED, home)
    world = email_truth._world(home)
    world.versions.write_parquet(folder / "versions.parquet")
    world.addresses.write_parquet(folder / "addresses.parquet")
    truth = pl.read_parquet(home / "truth" / "records.parquet", columns=["record_id", "entity_id"]).drop_nulls()
    truth.write_parquet(folder / "truth.parquet")
    shutil.rmtree(home)


def _measure(folder: Path) -> dict[str, float]:
    from cdp_assets.golden_records.golden import golden_records
    from cdp_assets.standardized.phone_numbers import phone_numbers
    from cdp_assets.standardized.sightings import sightings

    versions = _of_contract(tables.RECORD_VERSIONS, folder / "versions.parquet")
    addresses = _of_contract(tables.EMAIL_ADDRESSES, folder / "addresses.parquet")
    ids = _ids(versions, pl.read_parquet(folder / "truth.parquet", columns=["record_id", "entity_id"]))
    clusters = ids.select(
        "record_id",
        cluster_id=pl.col("customer_id").rank("dense").cast(pl.Int64),
        weakest_probability=pl.lit(1.0),
    )
    seen, phones, corrections = sightings(versions), phone_numbers(versions), _corrections(ids)
    stages, before = Stages(), peak_mb()
    started = time.perf_counter()
    with stages("golden records"):
        made = golden_records(
            versions,
            ids,
            clusters,
            addresses,
            seen,
            phones,
            trust={"crm": 80, "shop": 60, "newsletter": 40, "webinar": 30, "web": 10, "support": 70},
            steward_corrections=corrections,
            now=datetime(2026, 1, 1, tzinfo=UTC),
        )
    wall = time.perf_counter() - started
    with stages("writing"), tempfile.TemporaryDirectory() as scratch:
        for name in ("customers", "provenance", "emails", "phones", "consents", "suppressions", "corrections"):
            getattr(made, name).write_parquet(Path(scratch) / f"{name}.parquet")
    return {
        "records": versions.get_column("record_id").n_unique(),
        "customers": made.customers.height,
        "cells": made.provenance.height,
        "corrections": made.corrections.height,
        "cpu_seconds": stages.cpu["golden records"],
        "wall_seconds": wall,
        "writing_cpu_seconds": stages.cpu["writing"],
        "peak_mb": peak_mb(),
        "peak_mb_before": before,
    }


def _of_contract(table: tables.Table, path: Path) -> pl.DataFrame:
    """A table as its contract says; columns that the file does not have yet are empty."""
    frame = pl.read_parquet(path)
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in table.schema.items() if name not in frame.columns]
    return table.conform(frame.with_columns(missing).select(table.schema.keys()))


def _ids(versions: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    newest = versions.filter("is_newest").select("record_id", "source", "source_key", "is_current")
    whose = newest.join(truth, on="record_id", how="left")
    return tables.CUSTOMER_IDS.conform(
        whose.with_columns(customer_id=pl.coalesce("entity_id", "record_id").cast(pl.String)).select(
            tables.CUSTOMER_IDS.schema.keys()
        )
    )


def _corrections(ids: pl.DataFrame) -> pl.DataFrame:
    """A set company, and a retracted one, of every so many records, as the ledger hands them out."""
    chosen = ids.sort("record_id").gather_every(CORRECTED)
    word = pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("set")).otherwise(pl.lit("retract"))
    return chosen.select(
        "record_id",
        field=pl.lit("company"),
        value=pl.lit("Corrected Ltd"),
        correction=word,
        corrected_by=pl.lit("benchmark"),
        corrected_at=pl.lit(datetime(2023, 1, 1, tzinfo=UTC)),
    )


def _print(found: dict[str, Any]) -> None:
    for name, value in found.items():
        limit = f"   at most {LIMITS[name]:,.0f}" if name in LIMITS and found["records"] >= 10**6 else ""
        print(f"{name.replace('_', ' '):<22}{value:>14,.1f}{limit}")


if __name__ == "__main__":
    sys.exit(main())
