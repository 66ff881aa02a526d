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


_MORE, _FEWER, _OTHER = "#2a9d8f", "#e76f51", "#4a5a75"

_BAR_WIDTH, _ROW_HEIGHT, _ROOM_FOR_NUMBERS = 380, 22, 1.4


def plan_chart(plan: Mapping[str, Any], effects: Mapping[str, Any] | None = None) -> Spec:
    """What a plan (a row of ``identity_graph/plans``) would do: a part of its own for what is counted alike, each number beside its bar.

    ``effects``: its row of ``segments/plan_effects``; without it, what follows for golden records is not drawn.
    """
    now, then = plan["customers_before"], plan["customers_after"]
    size = f"{now:,} customers now, {then:,} then; {plan['changed_customers']:,} lose or gain records"
    title = alt.TitleParams(
        f"What {plan['subject']} would change",
        subtitle=size,
        anchor="start",
        fontSize=15,
        subtitleColor=_OTHER,
        subtitlePadding=4,
        offset=10,
    )
    of = {"customers": now, "accepted links": plan["links_before"]}
    parts = [_bars(name, rows, of.get(name)) for name, rows in _plan_rows(plan, effects) if rows]
    chart = alt.vconcat(*parts, title=title, spacing=14).configure_view(stroke=None).configure_concat(spacing=14)
    return cast(Spec, chart.to_dict())


def _plan_rows(
    plan: Mapping[str, Any], effects: Mapping[str, Any] | None
) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """The parts of the picture: what is counted, and rows of a word, a count and a colour."""
    customers = [
        ("merged into another", plan["merged"], _COLOURS[1]),
        ("split off", plan["split"], _FEWER),
        ("created", plan["created"], _MORE),
        ("retired", plan["retired"], _COLOURS[4]),
        ("revived", plan["revived"], _COLOURS[3]),
    ]
    links = [
        (word, plan[name], colour)
        for word, name, colour in (("more", "links_gained", _MORE), ("fewer", "links_lost", _FEWER))
        if plan[name] is not None
    ]
    found = [("customers", customers), ("accepted links", links)]
    if effects is None:
        return found
    more_and_fewer = {
        "contacts (address and purpose)": ("contacts_gained", "contacts_lost"),
        "memberships of segments": ("members_gained", "members_lost"),
    }
    return [
        *found,
        ("values of golden records", [("changed", effects["golden_values_changed"], _OTHER)]),
        *(
            (name, [("more", effects[gained], _MORE), ("fewer", effects[lost], _FEWER)])
            for name, (gained, lost) in more_and_fewer.items()
        ),
    ]


def _bars(name: str, rows: list[tuple[str, int, str]], of: int | None) -> Any:
    """One part: bars on a scale of its own, for links outnumber customers by far; nothing is no bar, and says 0.

    ``of``: how many there are now; None: the counts are no share of anything.
    """
    longest = max(1, *(count for _, count, _ in rows))
    values = [
        {"what": word, "count": count, "said": f"{count:,}{_share(count, of)}", "colour": colour}
        for word, count, colour in rows
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y(
            "what:N", title=None, sort=None, axis=alt.Axis(domain=False, ticks=False, minExtent=130, labelFontSize=12)
        ),
        x=alt.X("count:Q", title=None, axis=None, scale=alt.Scale(domain=[0, longest * _ROOM_FOR_NUMBERS])),
    )
    bars = base.mark_bar(height=14).encode(color=alt.Color("colour:N", scale=None, legend=None))
    numbers = base.mark_text(align="left", dx=5, fontSize=12, color="#333333").encode(text="said:N")
    title = alt.TitleParams(name, anchor="start", frame="group", fontSize=12, color=_OTHER, offset=4)
    return alt.layer(bars, numbers).properties(width=_BAR_WIDTH, height=_ROW_HEIGHT * len(rows), title=title)


def _share(count: int, of: int | None) -> str:
    if not count or not of:
        return ""
    return f" ({count / of:.1%})" if count / of >= 0.001 else " (below 0.1%)"
