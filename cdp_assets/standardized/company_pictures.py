"""Pictures of companies' domains, as Vega-Lite specifications.

No picture holds a personal value or a company's name: domains are numbered.

What does not belong here: the numbers (``company_domains.py``); drawing (``drawing.py``).
"""

from __future__ import annotations

import altair as alt
import polars as pl

from cdp_assets.drawing import Spec

FORMER, PRESENT, OTHER = "#b5483a", "#2e7d5b", "#a7afbd"
_WIDTH, _HEIGHT = 520, 70
_SHOWN = 3
"""Changes to show: the best supported ones."""


def change_of_form(forms: pl.DataFrame, domains: pl.DataFrame) -> Spec:
    """First sightings of addresses by form, month by month, around the best supported changes of form.

    ``forms`` has ``domain``, ``pattern`` and ``first_seen_at``; ``domains`` is ``standardized/company_domains``.
    """
    changed = domains.drop_nulls("pattern_changed_on").with_columns(
        least=pl.min_horizontal("pattern_support", "former_support")
    )
    shown = changed.sort("least", "domain", descending=[True, False]).head(_SHOWN).with_row_index("at", offset=1)
    told = shown.select(
        "domain",
        "former_pattern",
        pl.col("pattern").alias("new_pattern"),
        "pattern_changed_on",
        label=pl.format("domain {}", "at"),
    )
    form = (
        pl.when(pl.col("pattern") == pl.col("former_pattern"))
        .then(pl.lit("former form"))
        .when(pl.col("pattern") == pl.col("new_pattern"))
        .then(pl.lit("present form"))
        .otherwise(pl.lit("another form"))
    )
    counted = (
        forms.join(told, on="domain")
        .with_columns(form=form, month=pl.col("first_seen_at").dt.strftime("%Y-%m-01"))
        .group_by("label", "month", "form")
        .len("addresses")
        .sort("label", "month", "form")
    )
    cuts = told.select("label", cut=pl.col("pattern_changed_on").dt.strftime("%Y-%m-%d")).sort("label")
    bars = (
        alt.Chart()
        .mark_bar()
        .encode(
            x=alt.X("yearmonth(month):T", title="first seen"),
            y=alt.Y("addresses:Q", title="addresses"),
            color=alt.Color(
                "form:N",
                title=None,
                scale=alt.Scale(domain=["former form", "present form", "another form"], range=[FORMER, PRESENT, OTHER]),
            ),
        )
        .properties(width=_WIDTH, height=_HEIGHT)
    )
    rule = alt.Chart().mark_rule(strokeDash=[4, 3]).encode(x="cut:T")
    rows = counted.join(cuts, on="label").to_dicts()
    chart = alt.layer(bars, rule, data=alt.InlineData(values=rows)).facet(row=alt.Row("label:N", title=None))
    return dict(chart.to_dict())
