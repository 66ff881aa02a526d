"""What other tools read, how right it is, and invented worlds to try it on.

What does not belong here: what a command finds out (the stages, ``steward/``).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cdp_assets.cli import console, options
from cdp_assets.cli.console import FINE, USAGE
from cdp_assets.cli.options import Command


def add_to(command: Command) -> None:
    """Add ``export``, ``evaluate``, ``generate``."""
    export = command("export", _export_usage, "write what other tools read")
    identities = export.add_subparsers(dest="action", metavar="WHAT").add_parser(
        "identities", help="every current record once, with its customer id"
    )
    options.everywhere(identities)
    identities.set_defaults(run=_export_identities)
    identities.add_argument(
        "out", type=Path, metavar="OUT", help="a .parquet or .csv file; replaced when it is complete"
    )

    evaluate = command("evaluate", _evaluate, "measure the customers against known truth")
    evaluate.add_argument("truth", type=Path, metavar="TRUTH", help="parquet or csv with record_id and entity_id")
    options.json(evaluate)

    generate = command("generate", _generate, "make a workspace of invented people, with its truth")
    generate.add_argument("--people", type=options.positive, required=True, metavar="N", help="how many people")
    generate.add_argument(
        "--seed", type=options.not_negative, required=True, metavar="S", help="the same seed makes the same files"
    )
    generate.add_argument("out", type=Path, metavar="OUT", help="a directory that is empty or not there yet")


def _export_usage(arguments: argparse.Namespace) -> int:
    print("usage: cdp export identities OUT.parquet|OUT.csv", file=sys.stderr)
    return USAGE


def _export_identities(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.exports import current_identities

    out: Path = arguments.out
    if out.suffix not in (".parquet", ".csv"):
        raise console.CommandError("the file's name must end in .parquet or .csv")
    if not out.parent.is_dir():
        raise console.CommandError("the directory to write into does not exist; make it first")
    rows = current_identities(console.workspace(arguments).require().lake)
    console.replace(out, rows.write_parquet if out.suffix == ".parquet" else rows.write_csv)
    print(f"{rows.height:,} records of {rows['customer_id'].n_unique():,} customers written to {out}")
    return FINE


def _evaluate(arguments: argparse.Namespace) -> int:
    from cdp_assets.steward.evaluation_text import evaluation_text, measured, read_truth

    workspace = console.workspace(arguments).require()
    measures = measured(workspace.lake, read_truth(arguments.truth))
    print(console.as_json(measures) if arguments.json else evaluation_text(measures, console.width()))
    return FINE


def _generate(arguments: argparse.Namespace) -> int:
    from cdp_assets.evaluation.world import build_shop_database, generate

    out: Path = arguments.out
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise console.CommandError(f"{out} is not an empty directory; name one that is empty or not there yet")
    try:
        made = generate(arguments.people, arguments.seed, out)
        build_shop_database(out)
    except ValueError as refused:  # of numbers, not of customers' values
        raise console.CommandError(str(refused)) from None
    each = ", ".join(f"{source} {count:,}" for source, count in made.records.items())
    print(
        f"{made.people:,} people in {made.households:,} households; {sum(made.records.values()):,} records ({each}) "
        f"in {sum(made.rows.values()):,} delivered rows; {made.files} files, {made.bytes / 1_000_000:,.1f} MB"
    )
    print(f"Run it: cdp run --workspace {out}")
    return FINE
