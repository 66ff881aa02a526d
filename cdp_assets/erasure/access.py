"""Everything that is held about a person (GDPR art. 15), with where it came from: what an erasure would erase.

Of other people nothing is told: where a judgement, a doubt or a merge speaks of somebody else's record, that is left out.

What does not belong here: how the page looks (``access_page.py``).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets.erasure.access_page import access_page
from cdp_assets.erasure.person import ToErase, erasure_id_of, to_erase
from cdp_assets.erasure.their_lines import sources_of
from cdp_assets.published.target import open_target
from cdp_assets.steward.dossier import dossier
from cdp_assets.tables import RECORD_VERSIONS, SIGHTINGS, Table, raw_imports, source_records
from cdp_assets.workspace import Workspace

SOMEBODY_ELSE = "(another person's record)"

_RAW_OWN = ("_import_id", "_file", "_line", "_problem", "_text")
_EVENT_COLUMNS = ("record_id", "source", "observed_at", "import_id")


@dataclass(frozen=True)
class Held:
    """``said``: plain values (texts, numbers, lists, dicts), ready to be JSON."""

    customer_id: str
    said: Mapping[str, Any]


def everything_held(workspace: Workspace, customer_id: str, now: datetime) -> Held:
    """Gather what is held about a customer (a current id)."""
    secret = secrets.token_hex(32)

    def sign(kind: str, value: str) -> str:
        return hashlib.sha256(f"{secret}\x1f{kind}\x1f{value}".encode()).hexdigest()

    held = to_erase(workspace, customer_id, erasure_id_of(customer_id, now), sign, by="", now=now)
    about = dossier(workspace.lake, workspace.ledger, customer_id).as_json()
    mine = set(held.record_ids)
    versions = _of_records(workspace, RECORD_VERSIONS, mine).sort("record_id", "version")
    return Held(
        customer_id,
        {
            "customer_id": customer_id,
            "former_ids": about["former_ids"],
            "gathered_at": now.isoformat(),
            "summary": about["summary"],
            "golden_record": about["values"],
            "emails": about["emails"],
            "phones": about["phones"],
            "postal_addresses": about["postal_addresses"],
            "consents_in_force": about["consents"],
            "consent_events": _events(
                versions, "consent", ("consent", "purpose", "channel", "wording", "emails", "phones")
            ),
            "activities": _events(versions, "activity", ("activity", "activity_subject", "emails")),
            "segments": about["segments"],
            "delivered": _delivered(workspace, held),
            "record_versions": _plain(versions.to_dicts()),
            "sightings": _plain(_of_records(workspace, SIGHTINGS, mine).sort("record_id", "type", "value").to_dicts()),
            "judgements": _without_others(about["judgements"], mine),
            "corrections": about["corrections"],
            "identity_changes": _without_others(about["history"], mine),
            "doubts": [
                {name: item[name] for name in ("why", "match_probability", "records")} for item in about["review_items"]
            ],
            "published_to": _published(workspace, versions),
        },
    )


def write_access(held: Held, folder: Path) -> list[Path]:
    """Write ``<folder>/<customer id>/`` with a JSON file and a page, readable by this account only; the two paths."""
    target = folder / held.customer_id
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)
    texts = {
        "json": json.dumps(held.said, ensure_ascii=False, indent=2),
        "html": access_page(held.said),
    }
    return [_write(target / f"{held.customer_id}.{ending}", text) for ending, text in texts.items()]


def _write(path: Path, text: str) -> Path:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _of_records(workspace: Workspace, table: Table, records: Collection[str]) -> pl.DataFrame:
    if not workspace.lake.exists(table):
        return table.empty()
    return workspace.lake.scan(table).filter(pl.col("record_id").is_in(list(records))).collect()


def _events(versions: pl.DataFrame, kind: str, columns: Collection[str]) -> list[Any]:
    events = versions.filter(pl.col(kind).is_not_null()).sort("observed_at", "record_id", "version")
    said: list[Any] = _plain(events.select(*_EVENT_COLUMNS, *columns).to_dicts())
    return said


def _delivered(workspace: Workspace, held: ToErase) -> list[dict[str, Any]]:
    """Every delivered line of theirs: as delivered, and what was made of it (nothing of rejected and repeated ones)."""
    lake, found = workspace.lake, []
    landed = {
        (source, import_id): (location, landed_at)
        for source, import_id, location, landed_at in workspace.ledger.imports()
        .select("source", "import_id", "location", "landed_at")
        .rows()
    }
    for source in sources_of(workspace):
        for import_id, lines in held.lines.get(source, {}).items():
            is_theirs = pl.col("_line").is_in(lines)
            raw = lake.scan(raw_imports(source), partition=import_id).filter(is_theirs).sort("_line").collect()
            records = _standardized(workspace, source, import_id, lines)
            location, landed_at = landed.get((source, import_id), (None, None))
            for row in raw.iter_rows(named=True):
                found.append(
                    {
                        "source": source,
                        "import_id": import_id,
                        "file": location,
                        "landed_at": _plain(landed_at),
                        "line": row["_line"],
                        "as_delivered": _as_delivered(row),
                        "standardized": records.get(row["_line"]),
                    }
                )
    return found


def _as_delivered(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["_text"] is not None:
        return {"whole line": row["_text"]}
    return {name: value for name, value in row.items() if name not in _RAW_OWN and value is not None}


def _standardized(workspace: Workspace, source: str, import_id: str, lines: Collection[int]) -> dict[int, Any]:
    if not workspace.lake.exists(source_records(source)):
        return {}
    rows = workspace.lake.scan(source_records(source), partition=import_id).filter(pl.col("line").is_in(list(lines)))
    return {row["line"]: _filled(_plain(row)) for row in rows.collect().iter_rows(named=True)}


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in (None, [])}


def _without_others(rows: list[dict[str, Any]], mine: Collection[str]) -> list[dict[str, Any]]:
    sides = ("record_id_l", "record_id_r", "because_of_l", "because_of_r")
    return [
        {name: SOMEBODY_ELSE if name in sides and value is not None and value not in mine else value for name, value in row.items()}
        for row in rows
    ]  # fmt: skip


def _published(workspace: Workspace, versions: pl.DataFrame) -> dict[str, Any]:
    """The database that others read, and the publications since the person was first known."""
    target = open_target(workspace.publication_url)
    try:
        name = target.name
    finally:
        target.close()
    first = versions.get_column("landed_at").min()
    publications = workspace.ledger.publications()
    if first is not None:
        publications = publications.filter(pl.col("published_at") >= pl.lit(first))
    return {"database": name, "publications": _plain(publications.select("publication_id", "published_at").to_dicts())}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime) else value
