"""The records of all sources and imports together, and the account of their lines.

What does not belong here: what the records say (the standards), which of them is newest (``versions.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.tables import RECORD_VERSIONS, REJECTED_ROWS, Table, raw_imports, source_records, source_rejections
from cdp_assets.workspace import Workspace

READING_NOTES = _READ_UNTIL, _READINGS = ("read_until", "readings")
"""Under which names a commit notes how imports had been read."""


def order_of_imports(workspace: Workspace) -> pl.DataFrame:
    """Imports that have been read: source, import_id, sequence (order of sight within the source), landed_at."""
    return (
        workspace.ledger.imports()
        .filter(pl.col("state") == IMPORTED)
        .select("source", "import_id", "sequence", "landed_at")
    )


def note_of_readings(ledger_imports: pl.DataFrame) -> dict[str, str]:
    """What a commit notes of how imports had been read by then, for :func:`are_read_as_noted`. ``ledger_imports``: all of the ledger's."""
    until = str(ledger_imports.get_column("imported_at").max())
    return {_READ_UNTIL: until, _READINGS: _digest_of_readings(ledger_imports, until)}


def are_read_as_noted(ledger_imports: pl.DataFrame, noted: Mapping[str, str]) -> bool:
    """Whether no import that had been read by then has been read again since, or taken out of use: its records are what they were."""
    return noted.get(_READINGS) == _digest_of_readings(ledger_imports, noted.get(_READ_UNTIL, ""))


def _digest_of_readings(ledger_imports: pl.DataFrame, until: str) -> str:
    said = ["source", "import_id", "content_sha256", "records_version", "imported_at"]
    imported = ledger_imports.filter(pl.col("state") == IMPORTED).select(said)
    read = sorted("\t".join(map(str, row)) for row in imported.iter_rows() if str(row[-1]) <= until)
    return hashlib.sha256("\n".join(read).encode()).hexdigest()


def all_records(
    workspace: Workspace,
    contracts: Sequence[SourceContract],
    imports: pl.DataFrame,
    columns: Sequence[str] | None = None,
) -> pl.DataFrame:
    """The records of ``imports`` (source, import_id), of all sources, in the shape of ``<source>_records``, or only some
    ``columns`` of them (source and import_id among them)."""
    tables = {contract.source: source_records(contract.source) for contract in contracts}
    empty = pl.DataFrame(schema=source_records("any").schema)
    return _gathered(workspace, tables, empty if columns is None else empty.select(columns), imports)


def all_rejections(
    workspace: Workspace,
    contracts: Sequence[SourceContract],
    imports: pl.DataFrame,
    columns: Sequence[str] | None = None,
) -> pl.DataFrame:
    """The rejected lines of ``imports``, a frame of ``standardized/rejected_rows``, or only some ``columns`` of them (source and
    import_id among them)."""
    tables = {contract.source: source_rejections(contract.source) for contract in contracts}
    empty = REJECTED_ROWS.empty()
    return _gathered(workspace, tables, empty if columns is None else empty.select(columns), imports)


def _gathered(
    workspace: Workspace, tables: Mapping[str, Table], empty: pl.DataFrame, imports: pl.DataFrame
) -> pl.DataFrame:
    frames = [
        _of_imports(workspace.lake.read(table, columns=empty.columns), imports.filter(pl.col("source") == source))
        for source, table in tables.items()
        if workspace.lake.exists(table)
    ]
    return pl.concat([empty, *frames])


def _of_imports(rows: pl.DataFrame, imports: pl.DataFrame) -> pl.DataFrame:
    """The rows of a source that are of these ``imports`` of it. Mostly they are all there are: then nothing is copied."""
    is_wanted = rows.get_column("import_id").is_in(imports.get_column("import_id").implode())
    return rows if is_wanted.all() else rows.filter(is_wanted)


def imported_lines(workspace: Workspace) -> pl.DataFrame:
    """``source`` and ``lines``: how many lines the imports in use have, of each source."""
    imported = workspace.ledger.imports().filter(pl.col("state") == IMPORTED)
    return imported.group_by("source").agg(pl.col("lines").sum()).sort("source")


@dataclass(frozen=True)
class LineBalance:
    """Whether every landed line is accounted for, and the numbers that say so."""

    is_even: bool
    numbers: dict[str, int]


def line_balance(workspace: Workspace, contracts: Sequence[SourceContract]) -> LineBalance:
    """Hold what the ledger says of each import against what the lake holds of it.

    Per import: lines = records + rejected + duplicates, the raw table holds as many lines, and the tables hold as many
    records and rejections as the ledger says. Over all: each record that an import delivered has a version, and no version
    is of an unknown record.
    """
    ledger = workspace.ledger.imports().filter(
        (pl.col("state") == IMPORTED) & pl.col("source").is_in([contract.source for contract in contracts])
    )
    key = ["source", "import_id"]
    records = all_records(workspace, contracts, ledger, [*key, "record_id"])
    rejections = all_rejections(workspace, contracts, ledger, key)
    counted = (
        ledger.select(*key, "lines", "records", "rejected", "duplicates")
        .join(_kept_lines(workspace, contracts), on=key, how="left")
        .join(records.group_by(key).agg(pl.len().alias("kept_records")), on=key, how="left")
        .join(rejections.group_by(key).agg(pl.len().alias("kept_rejections")), on=key, how="left")
        .fill_null(0)
    )
    uneven = counted.filter(
        (pl.col("lines") != pl.col("records") + pl.col("rejected") + pl.col("duplicates"))
        | (pl.col("lines") != pl.col("kept_lines"))
        | (pl.col("records") != pl.col("kept_records"))
        | (pl.col("rejected") != pl.col("kept_rejections"))
    ).height
    delivered = records.select("record_id").unique()
    versions = workspace.lake.read(RECORD_VERSIONS, columns=["record_id"]).unique()
    without_version = delivered.join(versions, on="record_id", how="anti").height
    unknown = versions.join(delivered, on="record_id", how="anti").height
    numbers = {
        "imports": counted.height,
        "imports_that_do_not_add_up": uneven,
        "lines": int(counted["lines"].sum()),
        "records": int(counted["records"].sum()),
        "rejected": int(counted["rejected"].sum()),
        "duplicates": int(counted["duplicates"].sum()),
        "records_without_a_version": without_version,
        "versions_of_unknown_records": unknown,
    }
    return LineBalance(not (uneven or without_version or unknown), numbers)


def _kept_lines(workspace: Workspace, contracts: Sequence[SourceContract]) -> pl.DataFrame:
    """source, import_id, kept_lines: how many lines the raw tables hold of each import."""
    rows = [
        (contract.source, import_id, count)
        for contract in contracts
        for import_id, count in workspace.lake.partition_row_counts(raw_imports(contract.source)).items()
    ]
    return pl.DataFrame(
        rows, schema={"source": pl.String, "import_id": pl.String, "kept_lines": pl.Int64}, orient="row"
    )
