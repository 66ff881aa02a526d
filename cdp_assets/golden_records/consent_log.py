"""The consent log of a workspace: read from the records, entered in the ledger, verified.

What does not belong here: what an event is (``consent_events.py``), what may follow what (``consent_chain.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from cdp_assets.golden_records.consent_chain import Break, breaks, entries_due, release
from cdp_assets.golden_records.consent_events import RECORD_COLUMNS, consent_events, speaks_of_consent
from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.tables import CONSENT_EVENTS, source_records
from cdp_assets.workspace import Workspace


def imports_in_use(workspace: Workspace) -> pl.DataFrame:
    """``source``, ``import_id``, ``sequence``, ``content_sha256`` and ``records_version`` of every import that counts."""
    return (
        workspace.ledger.imports()
        .filter(pl.col("state") == IMPORTED)
        .select("source", "import_id", "sequence", "content_sha256", "records_version")
    )


def events_of(workspace: Workspace, contracts: Sequence[SourceContract], imports: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``golden_records/consent_events``, from the records of ``imports``."""
    tables = [source_records(contract.source) for contract in contracts]
    spoken = [
        workspace.lake.scan(table, columns=list(RECORD_COLUMNS)).filter(speaks_of_consent()).collect()
        for table in tables
        if workspace.lake.exists(table)
    ]
    empty = pl.DataFrame(schema={name: source_records("any").schema[name] for name in RECORD_COLUMNS})
    return consent_events(pl.concat([empty, *spoken]), imports)


def enter(workspace: Workspace, events: pl.DataFrame, imports: pl.DataFrame, now: datetime) -> int:
    """Append the entries that the ledger lacks; return how many. Entering the same again appends nothing."""
    due = entries_due(events, imports, workspace.ledger.consent_entries())
    workspace.ledger.add_consent_entries(due, now=now)
    return len(due)


def chain_breaks(workspace: Workspace) -> list[Break]:
    """Where the consent chain of the workspace does not hold; empty when it does."""
    events = workspace.lake.read_or_empty(CONSENT_EVENTS)
    return breaks(events, imports_in_use(workspace), workspace.ledger.consent_entries())


def release_import(workspace: Workspace, source: str, import_id: str, *, reason: str, by: str, now: datetime) -> bool:
    """Let the events of an import differ when they are read next, for a reason; False where it never had an event."""
    entry = release(workspace.ledger.consent_entries(), source, import_id, reason, by)
    if entry is not None:
        workspace.ledger.add_consent_entries([entry], now=now)
    return entry is not None
