"""The newest audit of a workspace's sources, as text.

Numbers and our own words only; masked examples stand in the reports.

What does not belong here: auditing (``standardized/quality_auditing.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets.standardized.quality_audit import FindingLine, finding_lines
from cdp_assets.standardized.quality_files import INDEX, report_file
from cdp_assets.standardized.quality_measures import MEASURES, told
from cdp_assets.standardized.quality_rules import SEVERITIES
from cdp_assets.steward.plain_text import facts, heading, plural, table
from cdp_assets.tables import QUALITY_AUDITS, QUALITY_FINDINGS
from cdp_assets.workspace import Workspace

SHOWN_MEASURES = (
    "completeness",
    "validity",
    "findings_per_1000",
    "duplicate_share",
    "dead_email_share",
    "median_age_days",
)
"""Of all sources side by side only these: more do not fit a terminal."""


class NotAuditedError(LookupError):
    """There is no audit of the source. Says why."""


@dataclass(frozen=True)
class SourceAudit:
    """The newest audit of one source: measure to value, findings worst first, and where its report is."""

    source: str
    audited_on: str
    measures: Mapping[str, float]
    findings: Sequence[FindingLine]
    report: Path


def newest_audits(workspace: Workspace, source: str | None) -> list[SourceAudit]:
    """Of every source, or of one. Raises :class:`NotAuditedError` where one has none."""
    history, findings = workspace.lake.read(QUALITY_AUDITS), workspace.lake.read(QUALITY_FINDINGS)
    newest = history.filter(pl.col("audited_on") == pl.col("audited_on").max().over("source"))
    names = newest.get_column("source").unique().sort().to_list() if source is None else [source]
    if source is not None and newest.filter(pl.col("source") == source).is_empty():
        raise NotAuditedError("the source has no current record, so there is nothing to audit; `cdp status` shows why")
    return [
        _audit(
            workspace,
            name,
            newest.filter(pl.col("source") == name),
            findings.filter((pl.col("source") == name) & (pl.col("found") > 0)),
        )
        for name in names
    ]


def _audit(workspace: Workspace, source: str, audit: pl.DataFrame, findings: pl.DataFrame) -> SourceAudit:
    return SourceAudit(
        source,
        str(audit.get_column("audited_on").max()),
        dict(audit.select("measure", "value").rows()),
        finding_lines(findings, {}),
        report_file(workspace.home, source),
    )


Shown = Callable[[Path], str]
"""How a path is written for whom it is told."""


def audits_text(workspace: Workspace, made: Sequence[SourceAudit], width: int, shown: Shown = str) -> str:
    """Every source in a line, and where the reports are."""
    if not made:
        return "There is no current record in any source, so there is nothing to audit."
    chosen = [measure for measure in MEASURES if measure.name in SHOWN_MEASURES]
    rows = [
        (
            audit.source,
            *(sum(line.severity == how for line in audit.findings if not line.is_evidence) for how in SEVERITIES[:2]),
            *(told(measure, audit.measures.get(measure.name)) for measure in chosen),
        )
        for audit in made
    ]
    columns = ("source", "wrong", "doubtful", *(measure.title.lower() for measure in chosen))
    reports = shown(report_file(workspace.home, INDEX))
    return f"{table(columns, rows, width, may_drop=columns[-2:])}\n\nReports: {reports}"


def audit_text(audit: SourceAudit, width: int, shown: Shown = str) -> str:
    """One source: its measures, its findings worst first, and where its report is."""
    measures = [
        (measure.title, told(measure, audit.measures[measure.name]))
        for measure in MEASURES
        if measure.name in audit.measures
    ]
    found = [
        (line.severity, line.says, line.found, f"of {line.looked_at:,} {line.unit}", f"{line.share:.1%}")
        for line in audit.findings
        if not line.is_evidence
    ]
    text = f"{heading(f'{audit.source}, audited on {audit.audited_on}')}\n{facts(measures, width)}"
    if found:
        text += f"\n\n{heading(plural(len(found), 'finding'))}\n{table(('', 'what', 'found', 'looked at', 'share'), found, width)}"
    return f"{text}\n\nReport: {shown(audit.report)}"


def audits_as_json(made: Sequence[SourceAudit]) -> list[dict[str, Any]]:
    """The same, for programs."""
    return [
        {
            "source": audit.source,
            "audited_on": audit.audited_on,
            "measures": dict(audit.measures),
            "findings": [
                {"finding": line.finding, "field": line.field, "severity": line.severity, "found": line.found, "looked_at": line.looked_at}
                for line in audit.findings
            ],
            "report": str(audit.report),
        }
        for audit in made
    ]  # fmt: skip
