"""Pictures of a model and of scored pairs, as Vega-Lite specifications; ``drawing.py`` draws them.

No picture holds a personal value: an explanation's bars carry the level that was reached, never what was compared.

What does not belong here: the numbers (``weights.py``, ``explain.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from cdp_assets.candidate_links.estimates import wilson
from cdp_assets.candidate_links.explain import Evidence, match_weight
from cdp_assets.candidate_links.sampling import Stratum
from cdp_assets.candidate_links.source_pairs import furthest_first
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.weights import used_comparisons
from cdp_assets.drawing import Spec

FOR, AGAINST, TOTAL = "#2e7d5b", "#b5483a", "#4a5a75"
_WIDTH = 520
_BINS = 60
_MOST_POINTS = 200
_MOST_SOURCES = 20
_DEEP_BITS = 3
"""From so many bits on a colour is no deeper."""


def match_weights_chart(model: TrainedModel) -> Spec:
    """Bits for and against a match that each level of each comparison adds, best level first."""
    parameters = model.parameters
    rows = [{"comparison": "prior", "level": "before anything is compared", "bits": parameters.prior_bits, "order": 0}]
    for comparison in used_comparisons(parameters):
        shares = parameters.shares[comparison.name]
        for at, level in enumerate(comparison.scored):
            told = f"{level.name} (average)" if level.tf else level.name
            rows.append(
                {
                    "comparison": comparison.name,
                    "level": told,
                    "bits": _bits(shares.m[at], shares.u[at]),
                    "order": len(rows),
                }
            )
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("bits:Q", title="bits for (right) or against (left) one person"),
            y=alt.Y("level:N", sort=alt.EncodingSortField("order"), title=None),
            row=alt.Row(
                "comparison:N", sort=[str(row["comparison"]) for row in rows], title=None, header=_side_header()
            ),
            color=alt.condition("datum.bits > 0", alt.value(FOR), alt.value(AGAINST)),
        )
        .properties(width=_WIDTH)
        .resolve_scale(y="independent")
    )
    return _spec(chart)


def block_sizes_chart(model: TrainedModel) -> Spec:
    """How many blocks of which size each blocking rule made when the model was trained, and what was left out."""
    reports = model.content["blocking"]
    rules = [report["rule"] for report in reports]
    sizes = [_size_class(at) for at in range(max((len(_sizes(report)) for report in reports), default=0))]
    rows = [
        {"rule": report["rule"], "size": sizes[at], "blocks": blocks}
        for report in reports
        for at, blocks in enumerate(_sizes(report))
        if blocks
    ]
    squares = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_rect()
        .encode(
            x=alt.X("size:N", sort=sizes, title="records in a block", axis=alt.Axis(labelAngle=-45)),
            y=alt.Y("rule:N", sort=rules, scale=alt.Scale(domain=rules), title=None, axis=alt.Axis(labelLimit=260)),
            color=alt.Color("blocks:Q", scale=alt.Scale(type="log", scheme="blues"), title="blocks"),
        )
        .properties(width=_WIDTH * 0.6)
    )
    beside = (
        alt.Chart(alt.InlineData(values=[{"rule": report["rule"], "told": _left_out(report)} for report in reports]))
        .mark_text(align="left", color=AGAINST)
        .encode(y=alt.Y("rule:N", sort=rules, axis=None), x=alt.value(0), text="told:N")
        .properties(width=_WIDTH * 0.3)
    )
    return _spec(alt.hconcat(squares, beside, spacing=4).configure_view(stroke=None))


def sources_chart(model: TrainedModel) -> Spec:
    """Bits by which records of two sources are more, or less, often one person than records on the whole; of many sources those furthest from it."""
    known = model.parameters.sources
    names = sorted(list(dict.fromkeys(name for pair in furthest_first(known) for name in pair))[:_MOST_SOURCES])
    rows = [
        {"source": one, "and": other, "bits": round(bits.match, 1), "told": f"{round(bits.match, 1) + 0.0:+.1f}"}
        for (one, other), bits in sorted(known.items())
        if one in names and other in names
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("and:N", sort=names, scale=alt.Scale(domain=names), title=None, axis=alt.Axis(labelAngle=-45)),
        y=alt.Y("source:N", sort=names, scale=alt.Scale(domain=names), title=None),
    )
    colours = alt.Scale(domain=[-_DEEP_BITS, 0, _DEEP_BITS], range=[AGAINST, "#f4f1ea", FOR], clamp=True)
    squares = base.mark_rect().encode(color=alt.Color("bits:Q", scale=colours, title="bits"))
    return _spec((squares + base.mark_text(fontSize=10).encode(text="told:N")).properties(width=alt.Step(48)))


def waterfall(evidence: list[Evidence]) -> Spec:
    """How the evidence on one pair adds up, comparison by comparison, without the values compared."""
    rows: list[dict[str, Any]] = []
    total = 0.0
    for line in evidence:
        told = f"{line.comparison}: {line.level}"
        rows.append(
            {
                "line": told,
                "from": total,
                "to": total + line.weight,
                "bits": round(line.weight, 2),
                "colour": FOR if line.weight > 0 else AGAINST,
            }
        )
        total += line.weight
    rows.append(
        {"line": "match weight", "from": 0.0, "to": match_weight(evidence), "bits": round(total, 2), "colour": TOTAL}
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("line:N", sort=None, title=None, axis=alt.Axis(labelLimit=360))
    )
    bars = base.mark_bar().encode(
        x=alt.X("from:Q", title="bits"), x2="to:Q", color=alt.Color("colour:N", scale=None, legend=None)
    )
    numbers = base.mark_text(align="left", dx=4).encode(x=alt.X("to:Q"), text="bits:Q")
    return _spec((bars + numbers).properties(width=_WIDTH))


def weight_histogram(scored_pairs: pl.DataFrame, accept_weight: float, review_weight: float) -> Spec:
    """How many pairs have which match weight, by decision, with both thresholds."""
    weights = scored_pairs.select("match_weight", "decision")
    low = float(weights["match_weight"].min() or 0.0) if len(weights) else 0.0  # type: ignore[arg-type]
    high = float(weights["match_weight"].max() or 1.0) if len(weights) else 1.0  # type: ignore[arg-type]
    width = max((high - low) / _BINS, 0.25)
    binned = (
        weights.with_columns(((pl.col("match_weight") - low) / width).floor().cast(pl.Int64).alias("bin"))
        .group_by("bin", "decision")
        .len("pairs")
        .sort("bin", "decision")
        .with_columns((low + pl.col("bin") * width).alias("from"), (low + (pl.col("bin") + 1) * width).alias("to"))
    )
    bars = (
        alt.Chart(alt.InlineData(values=binned.drop("bin").to_dicts()))
        .mark_bar()
        .encode(
            x=alt.X("from:Q", title="match weight, bits", bin="binned"),
            x2="to:Q",
            y=alt.Y("pairs:Q", title="pairs"),
            color=alt.Color(
                "decision:N",
                scale=alt.Scale(domain=["accepted", "review", "conflict"], range=[FOR, "#c79a2f", AGAINST]),
                title=None,
            ),
        )
    )
    lines = [{"at": accept_weight, "threshold": "accept"}, {"at": review_weight, "threshold": "review"}]
    rules = alt.Chart(alt.InlineData(values=lines)).mark_rule(strokeDash=[4, 3]).encode(x=alt.X("at:Q"))
    names = (
        alt.Chart(alt.InlineData(values=lines))
        .mark_text(align="left", dx=3, baseline="top")
        .encode(x="at:Q", y=alt.value(0), text="threshold:N")
    )
    return _spec((bars + rules + names).properties(width=_WIDTH, height=220))


def precision_and_recall_chart(by_threshold: pl.DataFrame, accept_weight: float) -> Spec:
    """Precision and recall of all pairs from a match weight on (``estimates.by_threshold``), with the threshold in use."""
    rows = by_threshold
    if len(rows) > _MOST_POINTS:
        rows = rows.gather([round(at * (len(rows) - 1) / (_MOST_POINTS - 1)) for at in range(_MOST_POINTS)])
    long = rows.unpivot(["precision", "recall"], index="match_weight", variable_name="measure", value_name="share")
    lines = (
        alt.Chart(alt.InlineData(values=long.to_dicts()))
        .mark_line(interpolate="step-before")
        .encode(
            x=alt.X("match_weight:Q", title="accepted from this match weight on, bits"),
            y=alt.Y("share:Q", title=None, scale=alt.Scale(zero=False)),
            color=alt.Color(
                "measure:N", scale=alt.Scale(domain=["precision", "recall"], range=[FOR, TOTAL]), title=None
            ),
        )
    )
    at = alt.Chart(alt.InlineData(values=[{"at": accept_weight}])).mark_rule(strokeDash=[4, 3]).encode(x="at:Q")
    return _spec((lines + at).properties(width=_WIDTH, height=220))


def calibration_chart(strata: Sequence[Stratum]) -> Spec:
    """Share of one person among the judged pairs of each stratum, with its interval, beside what the model expects."""
    rows = []
    for stratum in strata:
        if stratum.judged:
            low, high = wilson(stratum.same, stratum.judged)
            rows.append(
                {
                    "stratum": f"{stratum.name} ({stratum.judged} judged)",
                    "judged": stratum.same / stratum.judged,
                    "low": low,
                    "high": high,
                    "expected": stratum.expected / stratum.pairs,
                }
            )
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("stratum:N", sort=None, title=None, axis=alt.Axis(labelLimit=360))
    )
    reach = base.mark_rule(color=TOTAL).encode(
        x=alt.X("low:Q", title="share of pairs that are one person", scale=alt.Scale(domain=[0, 1])), x2="high:Q"
    )
    judged = base.mark_point(filled=True, size=70, color=TOTAL).encode(x="judged:Q")
    expected = base.mark_tick(color=AGAINST, thickness=3).encode(x="expected:Q")
    return _spec((reach + judged + expected).properties(width=_WIDTH))


def _spec(chart: alt.TopLevelMixin) -> Spec:
    return chart.to_dict()


def _sizes(report: dict[str, Any]) -> list[int]:
    """A rule's blocks by size class; versions of the model from before they were counted have none."""
    return list(report.get("sizes", []))


def _left_out(report: dict[str, Any]) -> str:
    if not report["cap"]:
        return "not tried"
    return f"{report['dropped_pairs']:,} pairs left out" if report["dropped_pairs"] else ""


def _size_class(at: int) -> str:
    """The sizes of the blocks that :class:`~cdp_assets.candidate_links.blocking.RuleReport` counts together."""
    return "2" if at == 0 else f"{2**at + 1} to {2 ** (at + 1)}"


def _side_header() -> alt.Header:
    return alt.Header(labelAngle=0, labelAlign="left", labelFontWeight="bold")


def _bits(m: float, u: float) -> float:
    return round(math.log2(m / u), 2)
