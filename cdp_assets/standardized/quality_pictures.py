"""Pictures of quality: what is filled, and how records age; as Vega-Lite specifications of numbers only.

The same pictures stand in a report on light, dark or printed paper and in the UI, so they bring no background, and
colours that are read on both.

What does not belong here: the numbers; drawing (``drawing.py``).
"""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from cdp_assets.drawing import Spec
from cdp_assets.standardized.quality_decay import AGES, STATES

STATE_COLOURS = {"active": "#2e8b62", "unverified": "#8fbf9f", "stale": "#d9a441", "dead": "#c0503f", "none": "#9aa5ab"}
FILLED_COLOURS = ("#dfe9e8", "#0b5d68")
"""From nothing filled to everything."""

DARK_FROM = 0.55
"""Share from which the cell is dark enough for white figures."""

NEWEST_IMPORTS = 18
"""Imports that a heat map has room for: the newest ones."""

_INK = "#6b767a"
"""Grey that is read on white and on near-black."""

_WIDTH, _LEAST_WIDTH, _COLUMN, _CELL = 840, 240, 60, 22

_SIDE = 20
"""Room beside a picture: a reader's font may be wider than the one that it was measured with."""


def fields_by_import(report: pl.DataFrame) -> Spec:
    """Completeness of each field in the newest imports of one source. ``report``: its rows, without unused fields."""
    newest = report.select("import_id", "landed_at").unique().sort("landed_at", "import_id").tail(NEWEST_IMPORTS)
    named = newest.with_columns(at=pl.col("landed_at").dt.strftime("%Y-%m-%d")).with_columns(
        pl.concat_str("at", (pl.int_range(pl.len()).over("at") + 1).cast(pl.String), separator=" #").alias("import")
    )
    cells = report.join(named, on=["import_id", "landed_at"], how="inner").sort("landed_at", "import_id", "field")
    return _heat_map(cells.select("field", column="import", share="completeness"))


def fields_by_source(report: pl.DataFrame) -> Spec:
    """Completeness of each field in the records of all imports of each source that fills it at all."""
    sums = report.group_by("source", "field").agg(pl.col("filled", "records").sum())
    used = sums.filter(pl.col("filled") > 0).sort("source", "field")
    return _heat_map(used.select("field", column="source", share=pl.col("filled") / pl.col("records")))


def _heat_map(cells: pl.DataFrame) -> Spec:
    columns = cells.get_column("column").unique(maintain_order=True).to_list()
    rows = cells.with_columns(
        pl.col("field").str.replace_all("_", " "), text=(pl.col("share") * 100).round(0).cast(pl.Int64).cast(pl.String)
    )
    base = alt.Chart(alt.InlineData(values=rows.to_dicts())).encode(
        x=alt.X("column:N", sort=columns, title=None, axis=alt.Axis(orient="top", labelAngle=-40, labelLimit=120)),
        y=alt.Y("field:N", title=None, axis=alt.Axis(labelLimit=160)),
    )
    scale = alt.Scale(domain=[0, 1], range=list(FILLED_COLOURS))
    squares = base.mark_rect(stroke="#ffffff", strokeWidth=1, strokeOpacity=0.4).encode(
        color=alt.Color("share:Q", scale=scale, legend=None)
    )
    is_dark = alt.condition(f"datum.share >= {DARK_FROM}", alt.value("#ffffff"), alt.value("#1d2528"))
    figures = base.mark_text(fontSize=10).encode(text="text:N", color=is_dark)
    width = min(_WIDTH, max(_LEAST_WIDTH, _COLUMN * len(columns)))
    return _spec((squares + figures).properties(width=width, height=alt.Step(_CELL)))


def states_by_age(aged: pl.DataFrame) -> Spec:
    """Shares of records whose best address is active … dead, by age; one source. ``aged``: of ``quality_decay.by_age``."""
    long = (
        aged.unpivot(STATES, index=["age", "records"], variable_name="state", value_name="count")
        .with_columns(share=pl.col("count") / pl.col("records"), place=pl.col("state").replace_strict({s: n for n, s in enumerate(STATES)}, return_dtype=pl.Int64))
        .sort("age", "place")
    )  # fmt: skip
    bars = (
        alt.Chart(alt.InlineData(values=long.to_dicts()))
        .mark_bar(height=16)
        .encode(
            x=alt.X("share:Q", title="share of records", axis=alt.Axis(format="%", tickCount=5), scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("age:N", sort=[name for name, _ in AGES], title="last observed"),
            color=alt.Color("state:N", title=None, scale=alt.Scale(domain=list(STATES), range=[STATE_COLOURS[s] for s in STATES]), legend=alt.Legend(orient="top")),
            order=alt.Order("place:Q"),
        )
    )  # fmt: skip
    return _spec(bars.properties(width=_WIDTH - 120, height=alt.Step(_CELL)))


def records_by_month(decayed: pl.DataFrame) -> Spec:
    """Records by the month of their last observation; one source."""
    values = decayed.select(pl.col("month").dt.strftime("%Y-%m-%d"), "records").to_dicts()
    area = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar(color="#2f7f8b")
        .encode(
            x=alt.X(
                "yearmonth(month):T",
                title="month of the last observation",
                axis=alt.Axis(labelOverlap="greedy", labelFlush=False),
            ),
            y=alt.Y("records:Q", title="records", axis=alt.Axis(tickCount=4, tickMinStep=1)),
        )
    )
    return _spec(area.properties(width=_WIDTH - 40, height=120))


def decay_curves(alive: pl.DataFrame) -> Spec:
    """Share of records with an address whose best one is active, by age, one line per source."""
    lines = (
        alt.Chart(alt.InlineData(values=alive.to_dicts()))
        .mark_line(point=True)
        .encode(
            x=alt.X("age:N", sort=[name for name, _ in AGES], title="last observed", axis=alt.Axis(labelAngle=-25)),
            y=alt.Y("alive:Q", title="with an active address", axis=alt.Axis(format="%", tickCount=5), scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("source:N", title=None),
        )
    )  # fmt: skip
    return _spec(lines.properties(width=_WIDTH - 120, height=220))


def _spec(chart: Any) -> Spec:
    axis = {"labelColor": _INK, "titleColor": _INK, "gridColor": _INK, "gridOpacity": 0.25, "domainColor": _INK, "tickColor": _INK, "titleFontWeight": "normal"}  # fmt: skip
    spec: Spec = (
        chart.configure(
            background="transparent", font="sans-serif", padding={"left": _SIDE, "right": _SIDE, "top": 5, "bottom": 5}
        )
        .configure_view(strokeOpacity=0)
        .configure_axis(**axis)
        .configure_legend(labelColor=_INK, titleColor=_INK)
        .to_dict()
    )
    return spec
