"""Where a workspace stands: what each source has delivered, what was made of it, and what is pending.

Nothing is changed and no file is registered: looking is free. Neither the summary nor its text holds a personal value.

What does not belong here: doing what is pending (``cdp run``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets.ledger import IMPORTED, LANDED, REFUSED, Ledger
from cdp_assets.sources.arrivals import resolution_inputs
from cdp_assets.sources.contracts import ContractProblem, SourceContract, load_contracts
from cdp_assets.sources.landing import FileStamp, look
from cdp_assets.steward.plain_text import bullets, facts, heading, moment, plural, table
from cdp_assets.tables import (
    CUSTOMER_IDS,
    LINKAGE_MODEL,
    REJECTED_ROWS,
    REVIEW_QUEUE,
    Table,
)
from cdp_assets.workspace import Workspace

MOST_RULES_LISTED = 12
"""Broken rules that are listed, most lines first; the whole list is the table standardized/rejected_rows."""


@dataclass(frozen=True)
class SourceStatus:
    """One source: its contract, and what has become of its deliveries (counts over all imports)."""

    source: str
    contract: str  # readable, refused or missing
    kind: str | None
    delivers: str | None
    imports: int
    waiting_imports: int
    waiting_files: int
    unfinished_files: int
    lines: int
    records: int
    rejected: int
    duplicates: int
    refused_imports: int
    last_import_at: datetime | None


@dataclass(frozen=True)
class Status:
    """A workspace. ``problems``: contracts and imports that were refused, with what to do. ``pending``: what a run would do."""

    workspace: str
    sources: tuple[SourceStatus, ...]
    problems: tuple[str, ...]
    rejected_by_rule: tuple[dict[str, Any], ...]
    records: int
    current_records: int
    customers: int
    review_items: int
    model_version: str | None
    model_trained_at: datetime | None
    accept_weight: float | None
    resolved_at: datetime | None
    publication_id: str | None
    published_at: datetime | None
    published_customers: int | None
    pending: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values, moments in ISO form."""
        return dict(_plain(asdict(self)))


def workspace_status(workspace: Workspace, now: datetime) -> Status:
    """Look at everything. Raises :class:`~cdp_assets.workspace.WorkspaceError` where there is no workspace."""
    workspace.require()
    contracts, problems = load_contracts(workspace.contracts_dir)
    ledger, lake = workspace.ledger, workspace.lake
    imports = ledger.imports()
    sources = _sources(workspace, contracts, problems, imports, now)
    ids = (
        lake.read(CUSTOMER_IDS, columns=["customer_id", "is_current"])
        if lake.exists(CUSTOMER_IDS)
        else CUSTOMER_IDS.empty()
    )
    models = lake.read_or_empty(LINKAGE_MODEL).filter("is_in_use")
    last = ledger.last_resolution()
    publications = ledger.publications()
    refused = imports.filter(pl.col("state") == REFUSED)
    return Status(
        workspace=_shown(workspace.home),
        sources=sources,
        problems=(
            *(f"contract {problem}" for problem in problems),
            *(
                f"{row['source']}: import {row['import_id']} was refused: {row['problem']}"
                for row in refused.to_dicts()
            ),
        ),
        rejected_by_rule=_rejected_by_rule(workspace),
        records=ids.height,
        current_records=int(ids["is_current"].sum()),
        customers=ids["customer_id"].n_unique(),
        review_items=_rows(workspace, REVIEW_QUEUE),
        model_version=models["model_version"].item() if models.height else None,
        model_trained_at=models["trained_at"].item() if models.height else None,
        accept_weight=models["accept_weight"].item() if models.height else None,
        resolved_at=last["resolved_at"] if last else None,
        publication_id=publications["publication_id"][-1] if publications.height else None,
        published_at=publications["published_at"][-1] if publications.height else None,
        published_customers=publications["customers"][-1] if publications.height else None,
        pending=_pending(workspace, contracts, sources, last),
    )


def decisions_since(ledger: Ledger, resolved_at: datetime | None) -> int:
    """Judgements and corrections that the resolution of that moment does not know; all, where there was none."""
    judged, corrected = ledger.judgements(), ledger.corrections()
    if resolved_at is None:
        return judged.height + corrected.height
    return (
        judged.filter(pl.col("judged_at") >= resolved_at).height
        + corrected.filter(pl.col("corrected_at") >= resolved_at).height
    )


def status_text(status: Status, width: int) -> str:
    """The status as aligned text."""
    sections = [f"{heading('Sources')}\n{_sources_text(status, width)}"]
    if status.problems:
        sections.append(f"{heading('Refused')}\n" + bullets(status.problems, width))
    if status.rejected_by_rule:
        rows = [(r["source"], r["lines"], r["rule"], r["field"], r["advice"]) for r in status.rejected_by_rule]
        sections.append(
            f"{heading('Rejected lines')}\n{table(('source', 'lines', 'rule', 'field', 'what to do'), rows, width)}"
        )
    sections.append(f"{heading('Customers')}\n{facts(_resolution_facts(status), width)}")
    pending = status.pending or ("nothing: everything that has landed is resolved and published",)
    sections.append(f"{heading('Pending')}\n" + bullets(pending, width))
    return "\n\n".join(sections)


def _sources_text(status: Status, width: int) -> str:
    if not status.sources:
        return "No source yet. Draft a contract from a file that one delivers: cdp source add FILE"
    columns = (
        "source",
        "contract",
        "delivers",
        "imports",
        "waiting",
        "refused",
        "lines",
        "records",
        "rejected",
        "last import",
    )
    rows = [
        (
            s.source, s.contract, f"{s.kind}, {s.delivers}" if s.kind else None, s.imports,
            s.waiting_imports + s.waiting_files + s.unfinished_files, s.refused_imports, s.lines, s.records, s.rejected,
            moment(s.last_import_at),
        )
        for s in status.sources
    ]  # fmt: skip
    return table(columns, rows, width, may_drop=("delivers", "lines"))


def _resolution_facts(status: Status) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [
        (
            "records",
            f"{status.records:,}"
            + (
                f" ({status.records - status.current_records:,} gone from their sources)"
                if status.records > status.current_records
                else ""
            ),
        ),
        ("customers", status.customers),
        ("to review", plural(status.review_items, "pair or cluster", "pairs and clusters")),
    ]
    if status.model_version:
        rows.append(("model", f"{status.model_version}, links accepted from {status.accept_weight:+.1f} bits"))
        rows.append(("trained", moment(status.model_trained_at)))
    rows.append(("resolved", moment(status.resolved_at) or "never"))
    if status.published_at:
        rows.append(
            ("published", f"{plural(status.published_customers or 0, 'customer')}, {moment(status.published_at)}")
        )
    else:
        rows.append(("published", "never"))
    return rows


def _sources(
    workspace: Workspace,
    contracts: Sequence[SourceContract],
    problems: Sequence[ContractProblem],
    imports: pl.DataFrame,
    now: datetime,
) -> tuple[SourceStatus, ...]:
    readable = {contract.source: contract for contract in contracts}
    refused = {problem.source for problem in problems} - set(readable)
    names = sorted({*readable, *refused, *imports["source"]})
    return tuple(_source(workspace, name, readable.get(name), name in refused, imports, now) for name in names)


def _source(
    workspace: Workspace,
    name: str,
    contract: SourceContract | None,
    is_refused: bool,
    imports: pl.DataFrame,
    now: datetime,
) -> SourceStatus:
    own = imports.filter(pl.col("source") == name)
    read = own.filter(pl.col("state") == IMPORTED)
    ready, unfinished = _files(workspace, contract, now)
    last = own["landed_at"].max()
    return SourceStatus(
        source=name,
        contract="readable" if contract else "refused" if is_refused else "missing",
        kind=contract.kind if contract else None,
        delivers=contract.delivers if contract else None,
        imports=read.height,
        waiting_imports=own.filter(pl.col("state") == LANDED).height,
        waiting_files=ready,
        unfinished_files=unfinished,
        lines=int(read["lines"].sum()),
        records=int(read["records"].sum()),
        rejected=int(read["rejected"].sum()),
        duplicates=int(read["duplicates"].sum()),
        refused_imports=own.filter(pl.col("state") == REFUSED).height,
        last_import_at=last if isinstance(last, datetime) else None,
    )


def _files(workspace: Workspace, contract: SourceContract | None, now: datetime) -> tuple[int, int]:
    """Files that are complete and not registered yet, and files that are not complete."""
    if contract is None:
        return 0, 0
    known = {FileStamp(*stamp) for stamp in workspace.ledger.seen_files(contract.source)}
    try:
        found = look(workspace.landing_dir, contract, now, known=known)
    except OSError:
        return 0, 0
    return len(found.ready), len(found.waiting)


def _pending(
    workspace: Workspace,
    contracts: Sequence[SourceContract],
    sources: Sequence[SourceStatus],
    last: dict[str, Any] | None,
) -> tuple[str, ...]:
    items: list[str] = []
    files = sum(source.waiting_files for source in sources)
    waiting = sum(source.waiting_imports for source in sources)
    unfinished = sum(source.unfinished_files for source in sources)
    decisions = decisions_since(workspace.ledger, last["resolved_at"] if last else None)
    inputs = resolution_inputs(workspace, contracts)
    if files:
        items.append(
            f"{plural(files, 'file has', 'files have')} landed and {'is' if files == 1 else 'are'} not imported: cdp run"
        )
    if waiting:
        items.append(f"{plural(waiting, 'import is', 'imports are')} registered and not read: cdp run")
    if unfinished:
        items.append(
            f"{plural(unfinished, 'file is', 'files are')} still growing or incomplete; {'it waits' if unfinished == 1 else 'they wait'} until complete"
        )
    if inputs.imported and (last is None or last["imports_hash"] != inputs.digest):
        items.append("imports, contracts or policies have changed since the last resolution: cdp run")
    if decisions:
        items.append(
            f"{plural(decisions, 'judgement or correction', 'judgements and corrections')} since the last resolution: cdp run"
        )
    missing = [source.source for source in sources if source.contract == "missing"]
    if missing:
        items.append(
            f"imports without a contract, left out of every resolution: {', '.join(missing)}; restore contracts/<source>.yaml"
        )
    if not any(source.imports or source.waiting_files or source.waiting_imports for source in sources):
        items.append("nothing has landed yet: put files into landing/<source>/ and run `cdp run`")
    return tuple(items)


def _rejected_by_rule(workspace: Workspace) -> tuple[dict[str, Any], ...]:
    if not workspace.lake.exists(REJECTED_ROWS):
        return ()
    counted = (
        workspace.lake.scan(REJECTED_ROWS)
        .group_by("source", "rule", "field")
        .agg(pl.len().cast(pl.Int64).alias("lines"), pl.col("advice").drop_nulls().min())
        .sort("lines", "source", "rule", "field", descending=[True, False, False, False])
        .head(MOST_RULES_LISTED)
        .collect()
    )
    return tuple(counted.to_dicts())


def _rows(workspace: Workspace, of: Table) -> int:
    if not workspace.lake.exists(of):
        return 0
    return int(workspace.lake.scan(of).select(pl.len()).collect().item())


def _shown(home: Path) -> str:
    """The workspace's path, below the current directory where it is."""
    here = Path.cwd()
    return str(home.relative_to(here)) if home.is_relative_to(here) else str(home)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
