"""Ingest: from a landed file to a committed partition of the raw table, beside plain Polars and deltalake.

    python benchmarks/ingest.py [--rows 1000000] [--large 10000000] [--runs 3] [--keep DIR]

Makes its own file of 12 columns and measures, each time in a fresh process that has its libraries loaded:

* plain: ``polars.read_csv(infer_schema=False)`` (or ``read_ndjson``, ``read_parquet``) and ``write_deltalake``; no line
  is checked, and the file is held whole.
* ingest: what an import does. The content's hash is taken, as when the file is registered; then the file is read by its
  contract in batches, with every check, hashed again to see that it is still the one that was registered, and written
  as one commit.

Prints medians: rows per second, seconds of wall clock and of processor, and the peak of memory (resident set of the whole
process, libraries and all). ``--large`` adds a CSV of so many rows, to see
that memory does not grow; gzip, quoted CSV, JSON lines and Parquet come at ``--rows`` only.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
from fresh_processes import medians, peak_mb

ROWS_AT_ONCE = 500_000
COLUMNS = (
    "contact_id", "FirstName", "LastName", "Email", "Mobile", "Street", "City", "Zip", "Country", "DOB", "Company", "updated_at",
)  # fmt: skip


def main() -> int:
    """Make the files, measure and print the table; or, as the process that is measured, one line of JSON."""
    arguments = _arguments()
    if arguments.measure:
        way, path = arguments.measure
        print(json.dumps(_measured({"plain": _plain, "ingest": _ingest}[way], Path(path))))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(arguments.keep or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        rows: list[str] = []
        for name, path in _files(folder, arguments.rows, arguments.large):
            pair = {way: medians(__file__, way, path, arguments.runs) for way in ("plain", "ingest")}
            rows.extend(_lines(name, pair))
            print("\n".join(rows[-2:]), file=sys.stderr, flush=True)
    print("| file | way | rows/s | wall s | CPU s | peak MB | wall, against plain | CPU, against plain |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(rows))
    return 0


# -- files ------------------------------------------------------------------------------------------------------------


def _files(folder: Path, rows: int, large: int) -> Iterator[tuple[str, Path]]:
    plain = folder / "plain.csv"
    _write_csv(plain, rows)
    size = f"{rows / 1e6:g}M rows"
    yield f"CSV, {size}", plain
    if large:
        path = folder / "large.csv"
        _write_csv(path, large)
        yield f"CSV, {large / 1e6:g}M rows", path
        path.unlink()
    frame = pl.read_csv(plain, infer_schema=False)
    made: tuple[tuple[str, str, Callable[[Path], object]], ...] = (
        ("CSV, all quoted", "quoted.csv", lambda path: frame.write_csv(path, quote_style="always")),
        ("CSV, gzip", "plain.csv.gz", lambda path: _gzip(plain, path)),
        ("JSON lines", "lines.jsonl", frame.write_ndjson),
        ("Parquet", "table.parquet", frame.write_parquet),
    )
    for name, file, write in made:
        write(folder / file)
        yield f"{name}, {size}", folder / file


def _write_csv(path: Path, rows: int) -> None:
    with path.open("wb") as file:
        for start in range(0, rows, ROWS_AT_ONCE):
            part = _people(start, min(start + ROWS_AT_ONCE, rows))
            part.write_csv(file, include_header=start == 0)


def _people(start: int, end: int) -> pl.DataFrame:
    """Invented customers; scattered enough not to compress better than real ones."""
    number = pl.int_range(start, end, dtype=pl.UInt64)
    scattered = [number.hash(seed=seed) for seed in range(6)]
    text = pl.String
    first, last, mail, phone, street, other = scattered
    values = (
        number.cast(text),
        "First" + (first % 5_000).cast(text),
        "Last" + (last % 70_000).cast(text),
        "user" + (mail % 10**9).cast(text) + "@mail" + (mail % 900).cast(text) + ".example",
        "+1 212 " + (phone % 10**7).cast(text).str.zfill(7),
        (street % 999).cast(text) + " Main Street " + (street % 4_001).cast(text),
        "City" + (other % 3_000).cast(text),
        (other % 99_999).cast(text).str.zfill(5),
        pl.lit("US"),
        "19" + (first % 90 + 10).cast(text) + "-0" + (first % 9 + 1).cast(text) + "-1" + (last % 10).cast(text),
        "Company " + (last % 20_000).cast(text) + " Inc",
        "2024-05-0" + (mail % 9 + 1).cast(text) + "T10:00:00Z",
    )
    return pl.select(value.alias(name) for name, value in zip(COLUMNS, values, strict=True))


def _gzip(source: Path, path: Path) -> None:
    with source.open("rb") as plain, gzip.open(path, "wb", compresslevel=6) as packed:
        shutil.copyfileobj(plain, packed)


# -- what is measured -------------------------------------------------------------------------------------------------


def _plain(path: Path, folder: Path) -> int:
    from deltalake import write_deltalake

    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
    elif path.suffix == ".jsonl":
        frame = pl.read_ndjson(path, schema=dict.fromkeys(COLUMNS, pl.String))
    else:
        frame = pl.read_csv(path, infer_schema=False)
    write_deltalake(str(folder / "table"), frame)
    return frame.height


def _ingest(path: Path, folder: Path) -> int:
    from cdp_assets.lake import local_lake
    from cdp_assets.raw.imports import raw_batches
    from cdp_assets.sources.contracts import SourceContract
    from cdp_assets.sources.reading import content_sha256, open_delivery
    from cdp_assets.tables import raw_imports

    contract = SourceContract.model_validate(
        {"source": "crm", "kind": "profiles", "key": "contact_id", "columns": {"email": "Email", "phone": "Mobile"}}
    )
    content = content_sha256(path)
    with open_delivery(path, contract, content=content, spool_dir=folder) as stream:
        schema = {"_import_id": pl.String(), "_file": pl.String(), **stream.schema}
        batches = raw_batches(stream, "measured", path.name)
        local_lake(folder / "lake").replace_partition_in_batches(raw_imports("crm"), "measured", schema, batches)
        return stream.lines


def _measured(way: Callable[[Path, Path], int], path: Path) -> dict[str, float]:
    """What a run of one way takes. Loading libraries is not part of it; a run on nothing has them loaded."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        small = Path(folder) / f"small{''.join(path.suffixes)}"
        _first_rows(path, small)
        way(small, Path(folder) / "first")
        wall, cpu = time.perf_counter(), time.process_time()
        rows = way(path, Path(folder))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return {"rows": rows, "wall": wall, "cpu": cpu, "memory": peak_mb()}


def _first_rows(path: Path, small: Path) -> None:
    (small.parent / "first").mkdir()
    if path.suffix == ".parquet":
        pl.scan_parquet(path).head(10).collect().write_parquet(small)
        return
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        lines = b"".join(file.readline() for _ in range(10))
    small.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)


def _lines(name: str, pair: dict[str, dict[str, float]]) -> Iterator[str]:
    plain = pair["plain"]
    for way, run in pair.items():
        yield (
            f"| {name} | {way} | {run['rows'] / run['wall']:,.0f} | {run['wall']:.2f} | {run['cpu']:.2f} "
            f"| {run['memory']:,.0f} | {run['wall'] / plain['wall']:.2f} | {run['cpu'] / plain['cpu']:.2f} |"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--large", type=int, default=0, help="rows of a second, larger CSV; 0 leaves it out")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", help="keep the files in this directory")
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
