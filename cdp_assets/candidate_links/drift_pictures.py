"""The picture of a resolution's drift: each measure as a share of its limit. Names of fields and numbers only.

What does not belong here: measuring (``drift.py``).
"""

from __future__ import annotations

import altair as alt
import polars as pl

from cdp_assets.drawing import Spec

WITHIN, BEYOND = "#2e7d5b", "#b5483a"
_WIDTH = 420
# What is ten times beyond its limit needs no longer bar than what is three times.
_LONGEST = 3.0


def drift_chart(measured: pl.DataFrame) -> Spec:
    """Bars of drift over limit, of the rows of one resolution; the line at 1 is where a new version is due."""
    rows = (
        measured.filter(pl.col("limit") > 0)
        .select(
            name=pl.format(
                "{}: {}", pl.col("measure").str.replace_all("_", " "), pl.col("field").str.replace_all("_", " ")
            ),
            of_limit=(pl.col("drift") / pl.col("limit")).clip(0.0, _LONGEST).round(4),
            colour=pl.when("is_beyond").then(pl.lit(BEYOND)).otherwise(pl.lit(WITHIN)),
        )
        .to_dicts()
    )
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("of_limit:Q", title="drift, as a share of its limit", scale=alt.Scale(domainMin=0)),
            y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
            color=alt.Color("colour:N", scale=None, legend=None),
        )
    )
    limit = alt.Chart(alt.InlineData(values=[{"at": 1.0}])).mark_rule(strokeDash=[4, 3]).encode(x="at:Q")
    return dict((bars + limit).properties(width=_WIDTH).to_dict())
