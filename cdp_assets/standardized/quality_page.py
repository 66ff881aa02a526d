"""The report of an audit as a page: one file, readable on a phone and on paper, light or dark.

It holds its style and its pictures, no script, and asks for nothing from anywhere; its content policy forbids both.

What does not belong here: what it says (``quality_audit.py``), where it is written (``quality_files.py``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import jinja2
from markupsafe import Markup, escape

from cdp_assets.drawing import Spec, svg
from cdp_assets.standardized import quality_pictures as pictures
from cdp_assets.standardized.quality_audit import EVIDENCE, Audit, FindingLine, MeasureLine
from cdp_assets.standardized.quality_measures import percent, told

IN_INDEX = (
    "completeness", "validity", "findings_per_1000", "rejected_share", "duplicate_share", "dead_email_share",
    "median_age_days", "records",
)  # fmt: skip
"""Measures that stand side by side for all sources: more do not fit a page."""

SPARK_WIDTH, SPARK_HEIGHT = 96, 22
LEAST_SPAN = 0.1
"""A line spans at least this part of its largest value: noise is not drawn as a mountain."""

_QUOTED = re.compile(r"`([^`]*)`")
_NAMESPACE = re.compile(r'\sxmlns(?::\w+)?="[^"]*"')


def audit_page(audit: Audit) -> str:
    """The report of one source as HTML."""
    charts = {}
    if audit.imports > 1:
        charts["imports"] = chart(pictures.fields_by_import(audit.report))
    if any(line.field == "email" for line in audit.fields):
        charts["ages"] = chart(pictures.states_by_age(audit.aged))
    charts["months"] = chart(pictures.records_by_month(audit.decayed))
    return _templates().get_template("quality_audit.html").render(audit=audit, charts=charts, title=audit.source)


def index_page(audits: Sequence[Audit]) -> str:
    """The list of the reports, with the measures of each source side by side."""
    names = dict.fromkeys(line.measure for audit in audits for line in audit.measures if line.measure.name in IN_INDEX)
    return _templates().get_template("quality_index.html").render(audits=audits, measures=list(names), title="Sources")


def measures_table(audits: Sequence[Audit]) -> str:
    """Sources and their measures as a Markdown table, numbers only."""
    names = list(dict.fromkeys(line.measure for audit in audits for line in audit.measures))
    rows = [["source", *(measure.title for measure in names)], ["---", *("---:" for _ in names)]]
    for audit in audits:
        by_name = {line.measure: told(line.measure, line.values[-1]) for line in audit.measures}
        rows.append([f"`{audit.source}`", *(by_name.get(measure, "–") for measure in names)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def chart(spec: Spec) -> Markup:
    """A picture to stand inside a page: without its namespaces, and as wide as there is room."""
    drawn = _NAMESPACE.sub("", svg(spec))
    width = re.search(r'viewBox="0 0 (\d+)', drawn)
    sized = re.sub(r'(<svg[^>]*?)\swidth="[^"]*"\sheight="[^"]*"', r"\1", drawn, count=1)
    return Markup(sized.replace("<svg", f'<svg role="img" style="width:{width[1] if width else 640}px"', 1))


def spark(values: Sequence[float]) -> Markup:
    """A small line through the values, the last one marked; one value is a dot."""
    middle = (min(values) + max(values)) / 2
    span = max(max(values) - min(values), LEAST_SPAN * max(map(abs, values))) or 1.0
    room = SPARK_HEIGHT - 6
    step = (SPARK_WIDTH - 8) / max(len(values) - 1, 1)
    start = 4.0 if len(values) > 1 else SPARK_WIDTH - 4.0
    at = [(start + n * step, SPARK_HEIGHT / 2 - room * (value - middle) / span) for n, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    x, y = at[-1]
    return Markup(
        f'<svg class="spark" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" aria-hidden="true"><polyline points="{line}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6"/></svg>'
    )


def change(line: MeasureLine) -> tuple[str, str] | None:
    """What became of a measure since the audit before, and whether that is better, worse or same; None at the first."""
    if len(line.values) < 2:
        return None
    before, now = line.values[-2:]
    if told(line.measure, before) == told(line.measure, now):
        return "as at the last audit", "same"
    is_up = now > before
    better = line.measure.better
    verdict = "same" if better == "neither" else "better" if (better == "up") == is_up else "worse"
    return f"{'up' if is_up else 'down'} from {told(line.measure, before)}", verdict


def of(line: FindingLine) -> str:
    """``12 of 943 addresses``."""
    return f"{line.found:,} of {line.looked_at:,} {line.unit}"


def _code(text: str) -> Markup:
    """What stands between back quotes as code."""
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(text))))


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cdp_assets.standardized", "templates"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals |= {
        "evidence": EVIDENCE,
        "spark": spark,
        "told": told,
        "percent": percent,
        "change": change,
        "of": of,
    }
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    environment.filters["code"] = _code
    return environment
