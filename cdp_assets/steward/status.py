"""Where a workspace stands: what each source has delivered, what was made of it, and what is pending.

Nothing is changed and no file is registered: looking is free. Neither the summary nor its text holds a personal value.

What does not belong here: where each source stands (``source_status.py``); doing what is pending (``cdp run``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets.candidate_links.due import retraining
from cdp_assets.ledger import REFUSED, Ledger
from cdp_assets.sources.arrivals import resolution_inputs
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.sources.policy_file import PolicyError
from cdp_assets.steward.plain_text import NOTHING, bullets, facts, heading, moment, plural, table
from cdp_assets.steward.review import contested_corrections
from cdp_assets.steward.source_status import SHORT_VERSION, SourceStatus, age, notes, share, sources_status
from cdp_assets.tables import (
    CUSTOMER_IDS,
    LINKAGE_MODEL,
    REJECTED_ROWS,
    REVIEW_QUEUE,
    Table,
)
from cdp_assets.workspace import Workspace

MOST_REFUSED_LISTED = 12
"""Reasons of refusals that are listed; all of them stand in sources/import_log."""

MOST_RULES_LISTED = 12
"""Broken rules that are listed, most lines first; the whole list is the table standardized/rejected_rows."""


@dataclass(frozen=True)
class Status:
    """A workspace. ``problems``: contracts and imports that were refused, with what to do; ``refused`` the imports among
    them, those of one source and reason together. ``review_items``: what waits for a person to look, ``contested_corrections`` among them. ``pending``: what a run would do, and what waits for a person."""

    workspace: str
    sources: tuple[SourceStatus, ...]
    problems: tuple[str, ...]
    refused: tuple[dict[str, Any], ...]
    rejected_by_rule: tuple[dict[str, Any], ...]
    records: int
    current_records: int
    customers: int
    review_items: int
    contested_corrections: int
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
    sources = sources_status(workspace, contracts, problems, imports, now)
    ids = (
        lake.read(CUSTOMER_IDS, columns=["customer_id", "is_current"])
        if lake.exists(CUSTOMER_IDS)
        else CUSTOMER_IDS.empty()
    )
    models = lake.read_or_empty(LINKAGE_MODEL).filter("is_in_use")
    last = ledger.last_resolution()
    publications = ledger.publications()
    refused = imports.filter(pl.col("state") == REFUSED)
    contested = contested_corrections(lake).height
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
        refused=_refused(refused),
        rejected_by_rule=_rejected_by_rule(workspace),
        records=ids.height,
        current_records=int(ids["is_current"].sum()),
        customers=ids["customer_id"].n_unique(),
        review_items=_rows(workspace, REVIEW_QUEUE) + contested,
        contested_corrections=contested,
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
    noted = [(source.source, note) for source in status.sources for note in notes(source)]
    if noted:
        sections.append(f"{heading('Needs a look')}\n{facts(_each_once(noted), width)}")
    refused = [*_refused_contracts(status), *_refused_text(status)]
    if refused:
        mend = "When the contract or the file is mended: cdp replay"
        sections.append(f"{heading('Refused')}\n{bullets(refused, width)}\n{mend}")
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
    others = [_not_in_use(source) for source in status.sources]
    columns = ["source", "last delivery", "age", "imports", "lines", "rejected", "contract"]
    rows: list[list[object]] = [
        [
            s.source, _minute(s.last_usable_at), _age(s), s.imports, s.lines, (share(s.rejected_share) or NOTHING).rjust(8),
            _contract(s),
        ]
        for s in status.sources
    ]  # fmt: skip
    if any(others):
        columns.insert(-1, "not in use")
        for row, other in zip(rows, others, strict=True):
            row.insert(-1, other)
    return table(columns, rows, width, may_drop=("lines", "last delivery"))


def _not_in_use(source: SourceStatus) -> str | None:
    """Deliveries that wait, were refused, or repeat another one."""
    counts = (
        (source.waiting_imports + source.waiting_files + source.unfinished_files, "waiting"),
        (source.refused_imports, "refused"),
        (source.repeated_imports, "repeated"),
    )
    return ", ".join(f"{count:,} {what}" for count, what in counts if count) or None


def _age(source: SourceStatus) -> str | None:
    if source.age_seconds is None:
        return None
    return age(source.age_seconds) + (", late" if source.is_late else "")


def _contract(source: SourceStatus) -> str:
    """The contract's version, short; else what is the matter with it."""
    return source.contract if source.contract_version is None else source.contract_version[:SHORT_VERSION]


def _minute(value: datetime | None) -> str | None:
    """A moment in UTC, to the minute."""
    return None if value is None else f"{value:%Y-%m-%d %H:%M}"


def _each_once(noted: Sequence[tuple[str, str]]) -> list[tuple[str, object]]:
    """The notes, with the source only before its first one."""
    return [(name if n == 0 or noted[n - 1][0] != name else "", note) for n, (name, note) in enumerate(noted)]


def _refused_contracts(status: Status) -> list[str]:
    return [problem for problem in status.problems if problem.startswith("contract ")]


def _refused_text(status: Status) -> list[str]:
    """Refused imports, those of one source and reason as one."""
    items = [
        f"{group['source']}: import {group['import_id']} was refused: {group['problem']}"
        if group["imports"] == 1
        else f"{group['source']}: {group['imports']:,} imports were refused, the newest of them {group['import_id']}: "
        f"{group['problem']}"
        for group in status.refused[:MOST_REFUSED_LISTED]
    ]
    more = len(status.refused) - MOST_REFUSED_LISTED
    return [*items, f"and for {plural(more, 'other reason')}: see the table sources/import_log"] if more > 0 else items


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
        ("to review", _to_review(status)),
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


def _to_review(status: Status) -> str:
    contested = status.contested_corrections
    doubts = plural(status.review_items - contested, "pair or cluster", "pairs and clusters")
    return f"{doubts}, {plural(contested, 'contested correction')}" if contested else doubts


def _refused(refused: pl.DataFrame) -> tuple[dict[str, Any], ...]:
    """Refused imports by source and reason: how many, and the newest of them; the newest reason of a source first."""
    grouped = (
        refused.sort("source", "sequence")
        .group_by("source", "problem", maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("imports"), pl.col("import_id").last(), pl.col("sequence").last())
        .sort(["source", "sequence"], descending=[False, True])
    )
    return tuple(grouped.select("source", "imports", "import_id", "problem").to_dicts())


def _pending(
    workspace: Workspace,
    contracts: Sequence[SourceContract],
    sources: Sequence[SourceStatus],
    last: dict[str, Any] | None,
) -> tuple[str, ...]:
    items: list[str] = []
    files = sum(source.waiting_files for source in sources if not source.choices)
    waiting = sum(source.waiting_imports for source in sources if not source.choices)
    unfinished = sum(source.unfinished_files for source in sources)
    decisions = decisions_since(workspace.ledger, last["resolved_at"] if last else None)
    inputs = resolution_inputs(workspace, contracts)
    if files:
        items.append(
            f"{plural(files, 'file has', 'files have')} landed and {'is' if files == 1 else 'are'} not imported: cdp run"
        )
    if waiting:
        items.append(f"{plural(waiting, 'import is', 'imports are')} registered and not read: cdp run")
    for source in sources:
        if source.choices and (source.waiting_imports or source.waiting_files):
            items.append(f"new imports of {source.source} wait for a choice: cdp contract check {source.source}")
    stale = [source.source for source in sources if source.stale_imports > source.not_read_again]
    if stale:
        which = stale[0] if len(stale) == 1 else "SOURCE"
        items.append(f"imports of {', '.join(stale)} would be read otherwise now: cdp backfill {which}")
    if unfinished:
        items.append(
            f"{plural(unfinished, 'file is', 'files are')} still growing or incomplete; {'it waits' if unfinished == 1 else 'they wait'} until complete"
        )
    if inputs.imported and not inputs.are_of(last):
        items.append("imports, contracts or policies have changed since the last resolution: cdp run")
    if decisions:
        items.append(
            f"{plural(decisions, 'judgement or correction', 'judgements and corrections')} since the last resolution: cdp run"
        )
    items.extend(_model_items(workspace))
    missing = [source.source for source in sources if source.contract == "missing"]
    if missing:
        items.append(
            f"imports without a contract, left out of every resolution: {', '.join(missing)}; restore contracts/<source>.yaml"
        )
    if not any(source.imports or source.waiting_files or source.waiting_imports for source in sources):
        items.append("nothing has landed yet: put files into landing/<source>/ and run `cdp run`")
    return tuple(items)


def _model_items(workspace: Workspace) -> list[str]:
    """What there is to do about the linkage model: a version that was chosen, one that waits, or one that is due and why."""
    try:
        model = retraining(workspace)
    except PolicyError as problem:
        return [f"a policy can not be read, and nothing is resolved until it can: {problem}"]
    if model.chosen:
        by = f"{model.chosen_by} has" if model.chosen_by else "the policy has"
        return [f"{by} chosen linkage model {model.chosen} for the next resolution: cdp run"]
    if model.proposed:
        return [f"linkage model {model.proposed} waits to be taken into use: cdp model show --version {model.proposed}"]
    if model.reasons and not model.is_trained_anyway:
        return [f"a new linkage model is due, for {'; '.join(model.reasons)}: cdp model train"]
    return []


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
