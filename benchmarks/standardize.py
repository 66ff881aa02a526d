"""Standardize: from the kept lines of an import to its committed records, beside a plain Polars pass.

    python benchmarks/standardize.py [--rows 1000000] [--runs 3] [--keep DIR]

The data are CRM snapshots of the generator (25 columns; names, two e-mails, two phones, two addresses, company …) of as
many invented worlds as it takes, so that values repeat as often as they do in one. Measured each time in a fresh process
that has its libraries loaded and has standardized a few lines before:

* plain: the kept lines read, and of every column blanks off, lower case, distinct values counted; written as Parquet.
  Nothing is understood.
* cold, standards: lines read, judged and made records in batches, as an import does; the records are dropped.
* cold, import: the same as ``standardize_import`` does it: with the commit of records and rejections and the ledger.
* warm, import: the next snapshot of the source, in which 2% of the rows have changed and 1% are new.

Prints medians: seconds of processor (all threads) and of wall clock, the peak of memory (resident set of the whole process,
libraries and all), and how many times the processor's seconds of the plain pass each takes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from fresh_processes import medians, peak_mb

LANDED = datetime(2025, 7, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE_AT_ONCE = 240_000
"""People of one invented world; a CRM knows nearly half of them."""

CHANGED_SHARE, NEW_SHARE = 0.02, 0.01
WARM_UP_ROWS = 500


def main() -> int:
    """Make the workspace, measure and print the table; or, as the process that is measured, one line of JSON."""
    arguments = _arguments()
    if arguments.measure:
        way, home = arguments.measure
        print(json.dumps(_measured(_WAYS[way], Path(home))))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(arguments.keep or scratch) / f"standardize-{arguments.rows}"
        if not (home / "ready").exists():
            _make_workspace(home, arguments.rows)
        print("| way | rows | CPU s | wall s | peak MB | reused | CPU, against plain |")
        print("|---|---|---|---|---|---|---|")
        plain: float | None = None
        for way in arguments.ways or _WAYS:
            run = medians(__file__, way, home, arguments.runs)
            plain = run["cpu"] if way == "plain" else plain
            ratio = "" if plain is None else f"{run['cpu'] / plain:.1f}"
            print(
                f"| {way} | {run['rows']:,.0f} | {run['cpu']:.1f} | {run['wall']:.1f} | {run['memory']:,.0f} "
                f"| {run['reused']:,.0f} | {ratio} |",
                flush=True,
            )
    return 0


# -- the data ---------------------------------------------------------------------------------------------------------


def _make_workspace(home: Path, rows: int) -> None:
    """A workspace whose CRM has two snapshots, kept line by line, and a small one before them."""
    from importlib.resources import files

    from cdp_assets.raw.deliveries import take_in
    from cdp_assets.sources.arrivals import register_arrivals
    from cdp_assets.standardized.importing import standardize_import
    from cdp_assets.workspace import Workspace

    shutil.rmtree(home, ignore_errors=True)
    (home / "contracts").mkdir(parents=True)
    template = files("cdp_assets.evaluation.world").joinpath("workspace", "contracts", "crm.yaml")
    (home / "contracts" / "crm.yaml").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    contacts = _contacts(rows)
    folder = home / "landing" / "crm"
    folder.mkdir(parents=True)
    snapshots = (contacts.head(WARM_UP_ROWS), _without_new_ones(contacts), _changed(contacts))
    for number, snapshot in enumerate(snapshots):
        path = folder / f"contacts-{number}.csv"
        snapshot.write_csv(path)
        landed = (LANDED + timedelta(days=number)).timestamp()
        os.utime(path, (landed, landed))
    del contacts, snapshots
    workspace = Workspace(home)
    contract = _contract(workspace)
    register_arrivals(workspace, contract, NOW, settle_seconds=0)
    for import_id in _import_ids(workspace):
        take_in(workspace, contract, import_id, NOW)
    standardize_import(workspace, contract, _import_ids(workspace)[0], NOW)
    (home / "ready").touch()


def _contacts(rows: int) -> pl.DataFrame:
    """The newest snapshots of several worlds, with keys that say which."""
    from cdp_assets.evaluation.world import crm, story
    from cdp_assets.evaluation.world.traces import no_traces
    from cdp_assets.evaluation.world.world import make_world

    worlds: list[pl.DataFrame] = []
    while sum(world.height for world in worlds) < rows:
        people = min(PEOPLE_AT_ONCE, max(2 * rows, 2_000))
        world = make_world(people, seed=1_000 + len(worlds))
        delivery, _ = crm.deliver(world, no_traces(world), story.contacts().clear())
        key = f"{len(worlds):03}-" + pl.col("ContactId")
        worlds.append(delivery.files[-1].rows.with_columns(key.alias("ContactId")))
    return pl.concat(worlds).head(rows)


def _without_new_ones(contacts: pl.DataFrame) -> pl.DataFrame:
    return contacts.filter(pl.col("ContactId").hash(seed=1) % 10_000 >= int(NEW_SHARE * 10_000))


def _changed(contacts: pl.DataFrame) -> pl.DataFrame:
    """The contacts of a later day: some have moved, or changed their e-mail address."""
    is_changed = pl.col("ContactId").hash(seed=2) % 10_000 < int(CHANGED_SHARE * 10_000)
    moved = ("MailingStreet", "MailingCity", "MailingState", "MailingPostalCode", "MailingCountry", "Email")
    others = [pl.when(is_changed).then(pl.col(name).shift(7)).otherwise(name).alias(name) for name in moved]
    time_of_change = pl.when(is_changed).then(pl.lit("2025-12-24 10:00:00")).otherwise("LastModifiedDate")
    return contacts.with_columns(*others, time_of_change.alias("LastModifiedDate"))


def _contract(workspace: Any) -> Any:
    from cdp_assets.sources.contracts import load_contracts

    (contract,), _ = load_contracts(workspace.contracts_dir)
    return contract


def _import_ids(workspace: Any) -> list[str]:
    return list(workspace.ledger.imports("crm").sort("sequence")["import_id"])


# -- what is measured -------------------------------------------------------------------------------------------------


def _plain(workspace: Any, import_id: str) -> dict[str, int]:
    from cdp_assets.raw.deliveries import raw_rows
    from cdp_assets.tables import raw_imports

    own = set(raw_imports("crm").schema)
    lines = pl.concat([rows.select(pl.exclude(own)) for rows in raw_rows(workspace, "crm", import_id)])
    tidy = lines.select(pl.all().str.strip_chars().str.to_lowercase())
    tidy.select(pl.all().n_unique())
    with tempfile.TemporaryDirectory(dir=workspace.home) as folder:
        tidy.write_parquet(Path(folder) / "table.parquet", compression="zstd", compression_level=1, statistics=False)
    return {"rows": lines.height}


def _standards(workspace: Any, import_id: str) -> dict[str, int]:
    from cdp_assets.raw.deliveries import kept_lines
    from cdp_assets.standardized.judged_lines import ImportMeta, judge_lines
    from cdp_assets.standardized.records import records_of

    contract, meta = _contract(workspace), ImportMeta(import_id, LANDED)
    kept = kept_lines(workspace, "crm", import_id)
    judged = judge_lines(kept.batches, contract, meta)
    made = (records_of(rows, judged, contract, meta)[0].height for rows in kept.batches())
    return {"rows": sum(made)}


def _import(workspace: Any, import_id: str) -> dict[str, int]:
    from cdp_assets.standardized.importing import standardize_import

    counts = standardize_import(workspace, _contract(workspace), import_id, NOW).counts
    return {"rows": counts["records"], "reused": counts.get("reused", 0)}


Way = tuple[Callable[[Any, str], dict[str, int]], int]

_WAYS: dict[str, Way] = {
    "plain": (_plain, 1),
    "cold, standards": (_standards, 1),
    "cold, import": (_import, 1),
    "warm, import": (_import, 2),
}
"""What is run, and on which of the source's imports. The warm import finds what the cold one has written."""


def _measured(way: Way, home: Path) -> dict[str, float]:
    """What a run of one way takes. Loading libraries is not part of it; a run on a few lines has them loaded."""
    from cdp_assets.workspace import Workspace

    run, number = way
    workspace = Workspace(home)
    imports = _import_ids(workspace)
    run(workspace, imports[0])
    wall, cpu = time.perf_counter(), time.process_time()
    found = run(workspace, imports[number])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"reused": 0, **found, "wall": wall, "cpu": cpu, "memory": peak_mb()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", help="keep the workspace in this directory, and find it there again")
    parser.add_argument(
        "--ways", nargs="+", choices=list(_WAYS), help="only these; the warm import needs the cold one before it"
    )
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "HOME"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
