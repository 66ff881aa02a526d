"""What it takes to erase one person from a workspace of a million records, and to prove it.

    python benchmarks/erasure.py [--people 100000] [--keep DIR]

The workspace is the generator's, imported, resolved and published by ``cdp run`` (kept in DIR, where it is named, so that it
is made once). Erased is the customer with the most records among those with a date of birth: lines in many imports of
several sources. Prints, for each step, seconds of processor (all threads) and of wall clock, and the peak of memory in
the end; the resolution that follows is not part of it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from fresh_processes import peak_mb

SEED = 7


def main() -> None:
    """Make the workspace where it is not there yet, erase in a copy of it, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        made = (arguments.keep or Path(scratch)) / f"erasure-{arguments.people}"
        if not (made / "published.db").exists():
            _make(made, arguments.people)
        home = Path(shutil.copytree(made, Path(scratch) / "copy"))
        _measure(home)


def _make(home: Path, people: int) -> None:
    from cdp_assets.automation import run_pending
    from cdp_assets.environment import workspace_from_environment
    from cdp_assets.evaluation.world import generate

    generate(people, SEED, home)
    done = run_pending(workspace_from_environment(home), print)
    if not done.published:
        raise SystemExit("\n".join(done.problems))


def _measure(home: Path) -> None:
    from cdp_assets.environment import workspace_from_environment
    from cdp_assets.erasure.steps import erase
    from cdp_assets.tables import CUSTOMERS, RECORD_VERSIONS

    workspace = workspace_from_environment(home)
    customers = workspace.lake.read(CUSTOMERS, columns=["customer_id", "records", "date_of_birth"])
    chosen = customers.drop_nulls().sort("records", "customer_id", descending=[True, False])["customer_id"][0]
    records = workspace.lake.scan(RECORD_VERSIONS).select(pl.col("record_id").n_unique()).collect().item()
    disk = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    print(f"{records:,} records, {customers.height:,} customers, {disk / 1e6:,.0f} MB of files")
    print("| step | CPU s | wall s |\n|---|---|---|")
    began, last = (time.process_time(), time.perf_counter()), ["", time.process_time(), time.perf_counter()]

    def report(step: str) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        if last[0]:
            print(f"| {last[0]} | {cpu - float(last[1]):.1f} | {wall - float(last[2]):.1f} |", flush=True)
        last[:] = [step, cpu, wall]

    ended = erase(workspace, chosen, by="a benchmark", now=datetime.now(UTC), report=report)
    report("the end")
    said = ended.certificate
    print(f"| together | {time.process_time() - began[0]:.1f} | {time.perf_counter() - began[1]:.1f} |")
    print(
        f"{said['records']} records, {said['delivered_lines']} delivered lines; {sum(said['searched']['files'].values()):,} "
        f"files searched for {said['searched']['texts']} texts, {said['occurrences']} found; peak {peak_mb():,.0f} MB"
    )


if __name__ == "__main__":
    main()
