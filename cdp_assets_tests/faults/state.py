"""All that a workspace holds, in a form in which two workspaces can be compared.

Every table of the lake, of the ledger and of the published database with all its rows; every file, with its content; what
Dagster has of the imports. Left out is only what tells of the runs rather than of the data; it stands, column by column
and with the reason, in :data:`TELLS_OF_RUNS`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from cdp_assets.automation import partitions_name
from cdp_assets.sources.contracts import load_contracts

TELLS_OF_RUNS: Mapping[str, Mapping[str, str]] = {
    "any table": {
        "resolution_id": "is the run that resolved",
        "publication_id": "is the run that published",
        "lake_versions": "counts commits, those of the killed run too; what these versions hold is compared",
        "changed_at": "is when the resolution ran",
        "minted_at": "is when the resolution ran",
        "trained_at": "is when the model was trained",
        "in_use_since": "is when the model came into use",
        "measured_at": "is when the resolution ran",
        "published_at": "is when it was published",
        "resolved_at": "is when it was resolved",
        "extracted_at": "is when the database was asked",
        "imported_at": "is when the import was read",
        "entered_at": "is when the resolution ran that entered the import's consent events",
        "in_force_at": "is when the contract was first read with",
        "fetched_at": "is when a copy was fetched",
        "change_id": "is a hash of the resolution, the change and the customers; all but the first are compared",
    },
    "lake identity_graph/memberships": {
        "valid_from": "is when the resolution ran",
        "valid_to": "is when the resolution ran",
    },
}
"""Columns that are not compared, and why."""

ONLY_THE_LAST: Mapping[str, tuple[str, str]] = {
    "published publications": (
        "published_at",
        "a run that was killed after its commit has published, and its publication was seen",
    ),
    "lake published/publications": ("published_at", "the same"),
    "ledger publications": ("published_at", "the same"),
    "lake candidate_links/drift": ("measured_at", "a run that was killed after it measured has measured"),
    "ledger resolutions": (
        "resolved_at",
        "a run that was killed after its end has resolved; resolving again is no harm",
    ),
}
"""Histories of runs: of these tables only the newest rows (by that column) are compared, and why."""

NOT_OURS = ("shop.db",)
"""Files that no run writes."""

State = dict[str, Counter[str]]
"""What is compared to its rows."""


def state_of(home: Path) -> State:
    """Everything in the workspace."""
    tables = {**_lake(home), **_database(home / "ledger.db", "ledger"), **_database(home / "published.db", "published")}
    aliases = _aliases(tables)
    return {
        **{name: Counter(_as_text(name, rows, aliases)) for name, rows in tables.items()},
        "files": Counter(_files(home)),
        "dagster": Counter(_known_to_dagster(home, aliases)),
    }


def differences(found: State, reference: State) -> list[str]:
    """What is compared and is not equal, in one line each with its first rows; empty when all is equal."""
    told: list[str] = []
    for name in sorted(found.keys() | reference.keys()):
        if name not in found or name not in reference:
            told.append(f"{name}: only in {'the reference' if name in reference else 'this workspace'}")
            continue
        more, fewer = found[name] - reference[name], reference[name] - found[name]
        if more or fewer:
            told.append(f"{name}: {more.total()} row(s) more {_some(more)}; {fewer.total()} fewer {_some(fewer)}")
    return told


def _some(rows: Counter[str]) -> str:
    return " ".join(list(rows)[:2])


@dataclass(frozen=True)
class _Aliases:
    """Names for what is of the moment at which a run landed an extract: its import and the time of its file."""

    names: Mapping[str, str]

    def of(self, value: Any) -> Any:
        return self.names.get(value, value) if isinstance(value, str) else value


def _aliases(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> _Aliases:
    """An extract lands when the database is asked, so its import id (which begins with the time of landing), that time and
    its file's time of change are those of a run."""
    names: dict[str, str] = {}
    for row in tables.get("ledger imports", ()):
        if row["location"].startswith("extract-"):
            name = f"{row['source']} #{row['sequence']}"
            landed_at = datetime.fromisoformat(row["landed_at"])
            names[row["import_id"]] = f"import {name}"
            names[row["landed_at"]] = names[f"{landed_at.isoformat()}+00:00"] = f"landing {name}"
    for row in tables.get("ledger seen_files", ()):
        if row["location"].startswith("extract-"):
            names[str(row["modified_ns"])] = "landing"
    return _Aliases(names)


def _as_text(name: str, rows: Sequence[Mapping[str, Any]], aliases: _Aliases) -> Iterable[str]:
    if name in ONLY_THE_LAST and rows:
        by, _reason = ONLY_THE_LAST[name]
        newest = max(str(row[by]) for row in rows)
        rows = [row for row in rows if str(row[by]) == newest]
    left_out = {*TELLS_OF_RUNS["any table"], *TELLS_OF_RUNS.get(name, ())}
    for row in rows:
        kept = {column: aliases.of(_plain(value)) for column, value in row.items() if column not in left_out}
        yield json.dumps(kept, sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value if value is None or isinstance(value, bool | float) else str(value)


def _lake(home: Path) -> dict[str, list[dict[str, Any]]]:
    logs = sorted((home / "lake").glob("*/*/_delta_log"))
    return {
        f"lake {log.parent.parent.name}/{log.parent.name}": pl.read_delta(str(log.parent)).to_dicts() for log in logs
    }


def _database(path: Path, name: str) -> dict[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        tables = [row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            f"{name} {table}": [dict(row) for row in database.execute(f'SELECT * FROM "{table}"')] for table in tables
        }


def _files(home: Path) -> Iterable[str]:
    """Every file but those of the lake, of Dagster and of the databases, which are compared by what they hold."""
    for path in sorted(home.rglob("*")):
        below = path.relative_to(home)
        if path.is_file() and below.parts[0] not in ("lake", "dagster") and ".db" not in path.name:
            yield f"{below} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _known_to_dagster(home: Path, aliases: _Aliases) -> Iterable[str]:
    """Runs that nobody has ended, the partitions of each source, and which of them it knows to have been made."""
    contracts, _problems = load_contracts(home / "contracts")
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=list(NOT_FINISHED_STATUSES))):
            yield f"unfinished run of {run.job_name}"
        for contract in contracts:
            partitions = instance.get_dynamic_partitions(partitions_name(contract.source))
            yield from (f"{contract.source}: partition {aliases.of(partition)}" for partition in partitions)
            for asset in (f"raw/{contract.source}_imports", f"standardized/{contract.source}_records"):
                made = instance.get_materialized_partitions(dg.AssetKey(asset.split("/")))
                yield from (f"{asset}: made {aliases.of(partition)}" for partition in made)
