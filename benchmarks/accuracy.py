"""Accuracy on labelled record sets: contracts only, one default policy for all, no labels.

    python benchmarks/accuracy.py [--data DIR] [--set NAME …] [--keep DIR] [--errors [N]]

Builds a workspace from each set under ``--data`` (default: ``../shared/data`` beside the project), runs it through the
same Dagster jobs as any workspace, and prints one row per set. A set is a folder with ``records.parquet``
(record_id, source, columns as delivered) and ``truth.parquet`` (record_id, entity_id). Every set is reported; none is
tuned to. The seeded world that ``cdp generate`` makes is the last row (``--seed``, by default 11).

``--errors`` prints for each set where true pairs are lost and how false merges come about, with the N most frequent patterns of
agreement of each.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import yaml

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class LabelledSet:
    """What a data engineer would write in the contract of this set."""

    columns: Mapping[str, Any]
    identifiers: Mapping[str, str] = field(default_factory=dict)
    country: str = "US"
    date_format: str = "%Y-%m-%d"
    registers: frozenset[str] = frozenset()  # sources with one row per person


FEBRL = LabelledSet(
    # soc_sec_id is a near-perfect key and stays out: the question is what names, dates and addresses can do.
    columns={
        "first_name": "given_name",
        "last_name": "surname",
        "date_of_birth": "date_of_birth",
        "street": [{"columns": ["street_number", "address_1"]}, "address_2"],
        "city": "suburb",
        "region": "state",
        "postcode": "postcode",
    },
    country="AU",
    date_format="%Y%m%d",
)

SETS: Mapping[str, LabelledSet] = {
    "febrl1": FEBRL,
    "febrl3": FEBRL,
    "febrl4": FEBRL,
    "splink_fake_1000": LabelledSet(
        columns={
            "first_name": "first_name",
            "last_name": "surname",
            "date_of_birth": "dob",
            "city": "city",
            "email": "email",
        },
        country="GB",
    ),
    "splink_historical_50k": LabelledSet(
        columns={
            "full_name": "full_name",
            "first_name": "first_name",
            "last_name": "surname",
            "date_of_birth": "dob",
            "city": "birth_place",
            "postcode": "postcode_fake",
            "sex": "gender",
            "job_title": "occupation",
        },
        country="GB",
    ),
    "cdc_nbs_linker": LabelledSet(
        columns={
            "first_name": "FIRST",
            "last_name": "LAST",
            "name_suffix": "SUFFIX",
            "date_of_birth": "BIRTHDATE",
            "sex": "GENDER",
            "street": "ADDRESS",
            "city": "CITY",
            "region": "STATE",
            "postcode": "ZIP",
        },
        identifiers={"ssn": "SSN"},
        registers=frozenset({"mpi_seed"}),  # "seed (master index)", says the set's README
    ),
    "dava_patients": LabelledSet(
        columns={
            "first_name": "first_name",
            "last_name": "last_name",
            "sex": "gender",
            "date_of_birth": "date_of_birth",
            "street": "address",
            "city": "city",
            "region": "county",
            "phone": "phone_number",
            "email": "email",
        },
        identifiers={"ssn": "ssn"},
    ),
    "dedupe_early_childhood": LabelledSet(
        columns={
            "company": "Site name",
            "street": "Address",
            "postcode": "Zip",
            "phone": "Phone",
            "email": "Email Address",
        },
    ),
}


def main() -> int:
    """Run the sets and print the table."""
    arguments = _arguments()
    rows = []
    for name in arguments.set:
        folder = arguments.data / name
        if not folder.is_dir():
            print(f"{name}: not there ({folder}); skipped", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as scratch:
            home = Path(arguments.keep or scratch) / name
            truth = _build_workspace(home, folder, SETS[name])
            rows.append(_measure(name, home, truth))
            print(_line(rows[-1]), file=sys.stderr, flush=True)
            if arguments.errors:
                _print_errors(name, home, truth, arguments.errors)
    if arguments.world:
        with tempfile.TemporaryDirectory() as scratch:
            home = Path(arguments.keep or scratch) / "world"
            truth = _generate(home, arguments.world, arguments.seed)
            rows.append(_measure("world", home, truth))
            if arguments.errors:
                _print_errors("world", home, truth, arguments.errors)
    _print_table(rows)
    return 0


def _build_workspace(home: Path, folder: Path, labelled: LabelledSet) -> pl.DataFrame:
    """Contracts and landing files of one set; returns its truth by (source, source_key)."""
    records = pl.read_parquet(folder / "records.parquet")
    mapped = _used_columns(labelled)
    sources = records["source"].unique().sort().to_list()
    names = {source: f"s{number}" if len(sources) > 1 else "records" for number, source in enumerate(sources, start=1)}
    (home / "contracts").mkdir(parents=True)
    for source, own_name in names.items():
        contract = {
            "source": own_name,
            "kind": "profiles",
            "extract": {"files": "*.csv"},
            "delivers": "changes",
            "key": "record_id",
            "country": labelled.country,
            "date_format": labelled.date_format,
            "columns": dict(labelled.columns),
            "identifiers": dict(labelled.identifiers),
            "one_row_per_person": source in labelled.registers,
        }
        (home / "contracts" / f"{own_name}.yaml").write_text(yaml.safe_dump(contract, sort_keys=False))
        landing = home / "landing" / own_name
        landing.mkdir(parents=True)
        records.filter(pl.col("source") == source).select("record_id", *mapped).write_csv(landing / "records.csv")
    return (
        pl.read_parquet(folder / "truth.parquet", columns=["record_id", "entity_id"])
        .join(records.select("record_id", "source"), on="record_id")
        .select(
            pl.concat_str(pl.col("source").replace_strict(names), pl.lit("/"), "record_id").alias("record_id"),
            "entity_id",
        )
        .drop_nulls()
    )


def _used_columns(labelled: LabelledSet) -> list[str]:
    found: dict[str, None] = {}
    for spec in (*labelled.columns.values(), *labelled.identifiers.values()):
        for item in spec if isinstance(spec, list) else [spec]:
            for name in item["columns"] if isinstance(item, dict) else [item]:
                found[name] = None
    return list(found)


def _generate(home: Path, people: int, seed: int) -> pl.DataFrame:
    from cdp_assets.evaluation.world import build_shop_database, generate

    generate(people, seed, home)
    build_shop_database(home)
    return pl.read_parquet(home / "truth" / "records.parquet", columns=["record_id", "entity_id"]).drop_nulls()


def _measure(name: str, home: Path, truth: pl.DataFrame) -> dict[str, Any]:
    from cdp_assets.automation import run_pending
    from cdp_assets.environment import workspace_from_environment
    from cdp_assets.evaluation.accuracy import accuracy
    from cdp_assets.tables import CUSTOMER_IDS

    workspace = workspace_from_environment(home)
    started = time.process_time()
    run_pending(workspace, lambda _line: None)
    seconds = time.process_time() - started
    predicted = workspace.lake.read(CUSTOMER_IDS).select("record_id", pl.col("customer_id").alias("cluster_id"))
    measured = dict(accuracy(truth, predicted).select("measure", "value").rows())
    return {"set": name, "records": truth.height, "cpu_seconds": seconds, **measured}


def _print_errors(name: str, home: Path, truth: pl.DataFrame, patterns: int) -> None:
    """The wrong pairs of a set by the step that they are owed to, each with its most frequent levels of agreement."""
    from cdp_assets.candidate_links.models import in_use
    from cdp_assets.candidate_links.policy import LinkagePolicy
    from cdp_assets.environment import workspace_from_environment
    from cdp_assets.evaluation.errors import Resolution, errors
    from cdp_assets.tables import (
        CLUSTERS,
        LINKAGE_MODEL,
        LINKAGE_PROFILES,
        PROFILE_MEMBERS,
        SCORED_PAIRS,
        TERM_FREQUENCIES,
    )

    lake = workspace_from_environment(home).lake
    model = in_use(lake.read(LINKAGE_MODEL), lake.read(TERM_FREQUENCIES), LinkagePolicy())
    assert model is not None
    tables = (lake.read(table) for table in (LINKAGE_PROFILES, PROFILE_MEMBERS, SCORED_PAIRS, CLUSTERS))
    found = errors(truth, Resolution(*tables, model=model))
    print(
        f"\n{name}: {found.filter(error='missed')['pairs'].sum():,} missed, {found.filter(error='false')['pairs'].sum():,} false"
    )
    by_step = (
        found.group_by("error", "step")
        .agg(pl.col("pairs").sum())
        .sort("error", "pairs", "step", descending=[True, True, False])
    )
    for error, step, pairs in by_step.iter_rows():
        print(f"  {error:<6} {pairs:>7,}  {step}")
        for levels, count in found.filter(error=error, step=step).head(patterns).select("levels", "pairs").iter_rows():
            print(f"         {count:>7,}    {levels}")


def _line(row: Mapping[str, Any]) -> str:
    return (
        f"| {row['set']} | {row['records']:,} | {row['pairwise_precision']:.4f} | {row['pairwise_recall']:.4f} "
        f"| {row['pairwise_f1']:.4f} | {row['b_cubed_f1']:.4f} | {row['largest_cluster']:.0f} | {row['cpu_seconds']:.0f} |"
    )


def _print_table(rows: list[dict[str, Any]]) -> None:
    print("| set | records | precision | recall | pairwise F1 | B-cubed F1 | largest cluster | CPU s |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(_line(row))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--set", action="append", choices=sorted(SETS), help="only this set; may be repeated")
    parser.add_argument("--world", type=int, default=2000, help="people in the seeded world; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=11, help="seed of the world")
    parser.add_argument("--errors", type=int, nargs="?", const=5, default=0, metavar="N", help="print mistakes by kind")
    parser.add_argument("--keep", help="keep the workspaces in this directory")
    parsed = parser.parse_args()
    parsed.set = parsed.set or list(SETS)
    return parsed


if __name__ == "__main__":
    sys.exit(main())
