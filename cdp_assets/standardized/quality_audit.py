"""The audit of one source: everything that its report says, ready to be laid out.

Examples are masked here and stay in the report, a file in the workspace: they go to no table, log or metadata.

What does not belong here: how it looks (``quality_page.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from cdp_assets.standardized.quality_decay import by_age
from cdp_assets.standardized.quality_facts import Facts
from cdp_assets.standardized.quality_findings import examples
from cdp_assets.standardized.quality_measures import MEASURES, Measure
from cdp_assets.standardized.quality_report import field_counts
from cdp_assets.standardized.quality_rules import (
    NOT_KEPT,
    REJECTED,
    SEVERITIES,
    Severity,
    is_part,
    rule_of,
    severity_of,
)

HISTORY = 26
"""Audits that a line shows: half a year of weekly ones."""

EVIDENCE = {"record": "any evidence", "email": "e-mail", "phone": "phone", "date_of_birth": "date of birth", "street": "postal address"}  # fmt: skip


@dataclass(frozen=True)
class MeasureLine:
    """A measure with its value at each of the newest audits, oldest first; the last is this audit's."""

    measure: Measure
    values: tuple[float, ...]


@dataclass(frozen=True)
class FieldLine:
    """A field over current records, and its completeness in each of the newest imports, oldest first."""

    field: str
    filled: int
    completeness: float
    validity: float | None
    distinct_values: int
    top_problem: str | None
    over_imports: tuple[float, ...]


@dataclass(frozen=True)
class FindingLine:
    """A finding in words, with its numbers and masked examples."""

    finding: str
    field: str
    severity: Severity
    says: str
    why: str | None
    advice: str
    unit: str
    found: int
    looked_at: int
    share: float
    examples: tuple[str, ...]

    @property
    def is_evidence(self) -> bool:
        """A part of another finding: records repeated by one evidence, of those repeated by any."""
        return is_part(self.finding, self.field)


@dataclass(frozen=True)
class Audit:
    """What the report of one source says."""

    source: str
    audited_on: date
    newest: datetime
    records: int
    imports: int
    measures: tuple[MeasureLine, ...]
    fields: tuple[FieldLine, ...]
    findings: tuple[FindingLine, ...]
    nothing_found: tuple[FindingLine, ...]
    rejected: tuple[FindingLine, ...]
    repeats: tuple[FindingLine, ...]
    report: pl.DataFrame
    decayed: pl.DataFrame
    aged: pl.DataFrame

    def count_of(self, severity: Severity) -> int:
        """How many findings, with their rejected lines, are that bad."""
        return sum(line.severity == severity for line in (*self.findings, *self.rejected))


def audits(
    facts: Facts,
    report: pl.DataFrame,
    findings: pl.DataFrame,
    decayed: pl.DataFrame,
    history: pl.DataFrame,
    audited_on: date,
) -> list[Audit]:
    """The audit of each source that has current records, by source.

    ``report``, ``findings``: of ``standardized/quality_report`` and ``quality_findings``; ``decayed``: of
    ``quality_decay.decay``; ``history``: of ``quality_audits``, with this audit's measures.
    """
    counts = field_counts(facts.current, ["source"])
    parts = {"report": report, "findings": findings, "history": history, "decayed": decayed, "counts": counts}
    return [
        _audit(facts, {name: part.filter(pl.col("source") == source) for name, part in parts.items()}, source, audited_on)
        for source in facts.records.get_column("source").unique().sort()
    ]  # fmt: skip


def _audit(facts: Facts, parts: Mapping[str, pl.DataFrame], source: str, audited_on: date) -> Audit:
    lines = finding_lines(parts["findings"], examples(facts, source))
    used = parts["counts"].filter(pl.col("delivered") > 0)
    report = parts["report"].filter(pl.col("field").is_in(used.get_column("field").to_list()))
    records = facts.records.filter(pl.col("source") == source)
    found = [line for line in lines if line.found]
    return Audit(
        source=source,
        audited_on=audited_on,
        newest=records.get_column("observed_at").max(),  # type: ignore[arg-type]
        records=records.height,
        imports=parts["report"].get_column("import_id").n_unique(),
        measures=_measures(parts["history"]),
        fields=_fields(used, report),
        findings=tuple(line for line in found if not (line.is_evidence or line.finding.startswith(REJECTED))),
        nothing_found=tuple(line for line in lines if not line.found and not line.is_evidence),
        rejected=tuple(line for line in found if line.finding.startswith(REJECTED)),
        repeats=tuple(line for line in lines if line.finding == "repeats_another_record"),
        report=report,
        decayed=parts["decayed"],
        aged=by_age(parts["decayed"]),
    )


def finding_lines(findings: pl.DataFrame, shown: Mapping[tuple[str, str], Sequence[str]]) -> list[FindingLine]:
    """The findings of one source, worst first, then by share. ``shown``: (finding, field) to masked examples."""
    lines = [
        _finding(row, tuple(shown.get((row["finding"], row["field"]), ()))) for row in findings.iter_rows(named=True)
    ]
    return sorted(
        lines, key=lambda line: (SEVERITIES.index(line.severity), -line.share, -line.found, line.finding, line.field)
    )


def _finding(row: Mapping[str, object], shown: tuple[str, ...]) -> FindingLine:
    finding, field = str(row["finding"]), str(row["field"])
    rule = rule_of(finding, field)
    words, unit = _words(finding, field)
    return FindingLine(
        finding=finding,
        field=field,
        severity=severity_of(finding, field),
        says=rule.says if rule else words,
        why=rule.why if rule else None,
        advice=str(row["advice"]),
        unit=rule.unit if rule else unit,
        found=int(row["found"]),  # type: ignore[call-overload]
        looked_at=int(row["looked_at"]),  # type: ignore[call-overload]
        share=float(row["share"]),  # type: ignore[arg-type]
        examples=shown,
    )


def _words(finding: str, field: str) -> tuple[str, str]:
    if finding.startswith(REJECTED):
        return finding.removeprefix(REJECTED).replace("_", " "), "lines"
    problem = finding.removeprefix(NOT_KEPT).replace("_", " ")
    return f"{field.replace('_', ' ')}: {problem}, not kept", "records"


def _measures(history: pl.DataFrame) -> tuple[MeasureLine, ...]:
    """Those that this audit, the newest one, has."""
    newest = history.get_column("audited_on").max()
    values = history.sort("audited_on").group_by("measure", maintain_order=True).agg("audited_on", "value")
    told = {name: tuple(series[-HISTORY:]) for name, days, series in values.iter_rows() if days[-1] == newest}
    return tuple(MeasureLine(measure, told[measure.name]) for measure in MEASURES if measure.name in told)


def _fields(counts: pl.DataFrame, report: pl.DataFrame) -> tuple[FieldLine, ...]:
    over = report.sort("landed_at", "import_id").group_by("field", maintain_order=True).agg("completeness")
    series = {field: tuple(values[-HISTORY:]) for field, values in over.iter_rows()}
    return tuple(
        FieldLine(
            row["field"], row["filled"], row["completeness"], row["validity"], row["distinct_values"], row["top_problem"],
            series.get(row["field"], ()),
        )
        for row in counts.sort("completeness", "field", descending=[True, False]).iter_rows(named=True)
    )  # fmt: skip
