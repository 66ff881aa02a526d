"""The report of an audit as a page: one file, readable on a phone and on paper, light or dark.

It holds its style and its pictures, no script, and asks for nothing from anywhere; its content policy forbids both.

What does not belong here: what it says (``quality_audit.py``), where it is written (``quality_files.py``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import jinja2
from markupsafe import Markup

from cdp_assets.drawing import Spec, svg
from cdp_assets.standardized import quality_pictures as pictures
from cdp_assets.standardized.quality_audit import EVIDENCE, Audit, FindingLine, MeasureLine

SMALLEST_SHARE = 0.0005
"""Below it a share is told as 'under 0.1%', for 0.0% would say that there is none."""

SPARK_WIDTH, SPARK_HEIGHT = 96, 22

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
    names = dict.fromkeys(line.measure for audit in audits for line in audit.measures)
    return _templates().get_template("quality_index.html").render(audits=audits, measures=list(names), title="Sources")


def chart(spec: Spec) -> Markup:
    """A picture to stand inside a page: without its namespaces, and as wide as there is room."""
    drawn = _NAMESPACE.sub("", svg(spec))
    width = re.search(r'viewBox="0 0 (\d+)', drawn)
    sized = re.sub(r'(<svg[^>]*?)\swidth="[^"]*"\sheight="[^"]*"', r"\1", drawn, count=1)
    return Markup(sized.replace("<svg", f'<svg role="img" style="width:{width[1] if width else 640}px"', 1))


def spark(values: Sequence[float]) -> Markup:
    """A small line through the values, the last one marked; one value is a dot."""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    room = SPARK_HEIGHT - 6
    step = (SPARK_WIDTH - 8) / max(len(values) - 1, 1)
    start = 4.0 if len(values) > 1 else SPARK_WIDTH - 4.0
    at = [
        (start + n * step, 3 + room * (1 - (value - low) / span) if high > low else SPARK_HEIGHT / 2)
        for n, value in enumerate(values)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    x, y = at[-1]
    return Markup(
        f'<svg class="spark" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" aria-hidden="true"><polyline points="{line}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6"/></svg>'
    )


def told(line: MeasureLine, value: float | None = None) -> str:
    """The value of a measure as people write it: the newest one, or the one given."""
    number = line.values[-1] if value is None else value
    if line.measure.form == "share":
        return percent(number)
    if line.measure.form == "days":
        return f"{number:,.0f} days" if number < 3 * 365 else f"{number / 365.25:,.1f} years"
    return f"{number:,.0f}" if number >= 10 or line.measure.form == "count" else f"{number:,.1f}"


def percent(share: float | None) -> str:
    """A share as a percentage; never rounded to all or nothing."""
    if share is None:
        return "–"
    if 0 < share < SMALLEST_SHARE:
        return "under 0.1%"
    if 1 > share > 1 - SMALLEST_SHARE:
        return "over 99.9%"
    return f"{share:.0%}" if share in (0, 1) else f"{share:.1%}"


def change(line: MeasureLine) -> tuple[str, str] | None:
    """What became of a measure since the audit before, and whether that is better, worse or same; None at the first."""
    if len(line.values) < 2:
        return None
    before, now = line.values[-2:]
    if told(line, before) == told(line, now):
        return "as at the last audit", "same"
    is_up = now > before
    better = line.measure.better
    verdict = "same" if better == "neither" else "better" if (better == "up") == is_up else "worse"
    return f"{'up' if is_up else 'down'} from {told(line, before)}", verdict


def of(line: FindingLine) -> str:
    """``12 of 943 addresses``."""
    return f"{line.found:,} of {line.looked_at:,} {line.unit}"


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cdp_assets.standardized", "templates"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals |= {"evidence": EVIDENCE, "spark": spark, "told": told, "percent": percent, "change": change, "of": of}
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    return environment
