from __future__ import annotations

import polars as pl

from cdp_assets.drawing import svg
from cdp_assets.standardized.email_decay import email_decay
from cdp_assets.standardized.email_pictures import survival_chart
from cdp_assets_tests.standardized.test_email_decay import addresses


def test_the_survival_of_each_class_that_has_addresses_is_drawn() -> None:
    decay = email_decay(addresses({}, {"class": "personal"}))
    chart = survival_chart(decay)
    [values] = chart["datasets"].values()
    rows = pl.DataFrame(values)
    assert set(rows["class"]) == {"corporate", "personal"}
    at_first = rows.filter(pl.col("years") == 0)
    assert at_first.select("alive", "from", "to").rows() == [(1.0, 1.0, 1.0)] * 2
    later = rows.filter(pl.col("years") == 2)
    assert (later["from"] < later["alive"]).all()
    assert (later["alive"] < later["to"]).all()


def test_a_chart_is_drawn_as_svg_also_of_nothing() -> None:
    assert svg(survival_chart(email_decay(addresses({})))).startswith("<svg")
    assert svg(survival_chart(email_decay(addresses()))).startswith("<svg")
