"""Pictures of e-mail addresses, as Vega-Lite specifications.

No picture holds a personal value: only counts, shares and rates.

What does not belong here: the numbers; drawing (``drawing.py``).
"""

from __future__ import annotations

import altair as alt
import polars as pl

from cdp_assets.drawing import Spec

_WIDTH, _HEIGHT = 520, 240
_YEARS = 6
_STEPS_A_YEAR = 4


def survival_chart(decay: pl.DataFrame) -> Spec:
    """Share of addresses alive some years after the last sign of life, by class, with the interval of the estimate.

    ``decay``: rows of ``standardized/email_decay``; classes that no address has are left out.
    """
    seen = decay.filter(pl.col("addresses") > 0).sort("class")
    years = [step / _STEPS_A_YEAR for step in range(_YEARS * _STEPS_A_YEAR + 1)]
    alive = (1 - pl.col("yearly_decay")) ** pl.col("years")
    rows = (
        seen.select("class", "yearly_decay", "yearly_decay_from", "yearly_decay_to")
        .join(pl.DataFrame({"years": years}), how="cross")
        .select(
            "class",
            "years",
            alive.alias("alive"),
            ((1 - pl.col("yearly_decay_to")) ** pl.col("years")).alias("from"),
            ((1 - pl.col("yearly_decay_from")) ** pl.col("years")).alias("to"),
        )
    )
    base = alt.Chart(alt.InlineData(values=rows.to_dicts())).encode(
        x=alt.X("years:Q", title="years since the last sign of life"), color=alt.Color("class:N", title=None)
    )
    share = alt.Scale(domain=[0, 1])
    band = base.mark_area(opacity=0.18).encode(y=alt.Y("from:Q", scale=share, title="alive"), y2="to:Q")
    line = base.mark_line().encode(y=alt.Y("alive:Q", scale=share, axis=alt.Axis(format="%")))
    chart: Spec = (band + line).properties(width=_WIDTH, height=_HEIGHT).to_dict()
    return chart
