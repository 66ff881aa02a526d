"""Pictures of the identity graph for the UI: counts only, no customer's value.

Each function returns a Vega-Lite specification; ``candidate_links/pictures.py`` renders it. What does not belong here: reading
tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import altair as alt
import polars as pl

Spec = dict[str, Any]

# The last bin of the histogram is open: one huge customer must not flatten all others.
LARGEST_BIN = 20

_CHANGES = ["created", "merged", "split", "revived", "retired"]
_COLOURS = ["#2a9d8f", "#e9c46a", "#e76f51", "#457b9d", "#8d99ae"]


def cluster_sizes(clusters: pl.DataFrame) -> pl.DataFrame:
    """Number of ``customers`` by ``records`` per customer, from ``identity_graph/clusters``; the last bin is "20 or more"."""
    sizes = clusters.group_by("cluster_id").agg(pl.len().clip(upper_bound=LARGEST_BIN).cast(pl.Int64).alias("records"))
    return sizes.group_by("records").agg(pl.len().cast(pl.Int64).alias("customers")).sort("records")


def cluster_size_chart(clusters: pl.DataFrame) -> Spec:
    """How many customers have how many records, on a logarithmic scale."""
    label = (
        pl.when(pl.col("records") == LARGEST_BIN)
        .then(pl.lit(f"{LARGEST_BIN} or more"))
        .otherwise(pl.col("records").cast(pl.String))
    )
    bars = cluster_sizes(clusters).with_columns(label=label)
    chart = (
        alt.Chart(alt.InlineData(values=bars.to_dicts()), title="Records per customer", width=480, height=220)
        .mark_bar(color=_COLOURS[0])
        .encode(
            x=alt.X("label:N", title="records", sort=bars.get_column("label").to_list(), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("customers:Q", title="customers", scale=alt.Scale(type="symlog")),
        )
    )
    return cast(Spec, chart.to_dict())


def identity_changes_chart(identity_changes: pl.DataFrame) -> Spec:
    """Changes per resolution and kind, from the whole history of ``identity_graph/identity_changes``."""
    counts = (
        identity_changes.group_by("changed_at", "resolution_id", "change")
        .agg(pl.len().cast(pl.Int64).alias("changes"))
        .sort("changed_at", "resolution_id", "change")
        .with_columns(at=pl.col("changed_at").dt.to_string("%Y-%m-%d %H:%M:%S"))
    )
    rows = counts.select("at", "change", "changes").to_dicts()
    chart = (
        alt.Chart(alt.InlineData(values=rows), title="Customers created, merged, split", width=480, height=220)
        .mark_bar()
        .encode(
            x=alt.X("at:O", title="resolution"),
            y=alt.Y("sum(changes):Q", title="customers", scale=alt.Scale(type="symlog")),
            color=alt.Color("change:N", title=None, scale=alt.Scale(domain=_CHANGES, range=_COLOURS)),
            xOffset=alt.XOffset("change:N", sort=_CHANGES),
        )
    )
    return cast(Spec, chart.to_dict())


def plan_chart(plan: Mapping[str, Any]) -> Spec:
    """What a plan (a row of ``identity_graph/plans``) would do, on a logarithmic scale."""
    rows = [
        {"what": word, "count": plan[word], "colour": colour} for word, colour in zip(_CHANGES, _COLOURS, strict=True)
    ]
    rows += [
        {"what": f"links {word}", "count": plan[f"links_{word}"], "colour": "#4a5a75"}
        for word in ("gained", "lost")
        if plan[f"links_{word}"] is not None
    ]
    chart = (
        alt.Chart(alt.InlineData(values=rows), title=f"What {plan['subject']} would change", width=480, height=200)
        .mark_bar()
        .encode(
            x=alt.X("count:Q", title="customers, or links", scale=alt.Scale(type="symlog")),
            y=alt.Y("what:N", title=None, sort=None),
            color=alt.Color("colour:N", scale=None, legend=None),
        )
    )
    return cast(Spec, chart.to_dict())
