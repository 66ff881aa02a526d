"""The strictest rule of the regions of each of many events or addresses.

What does not belong here: the rules (``region_rules.py``), which regions count (``consents.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.golden_records.region_rules import UNKNOWN, rule_frame


def strictest_of_each(places: pl.DataFrame, by: list[str], policy: ConsentPolicy) -> pl.DataFrame:
    """One row per ``by`` of ``places`` (which have a ``region`` and a ``channel``): the strictest of their regions' rules.

    ``regions``: which they were; ``is_opt_out``, ``asked_double_opt_in``, ``expires_after``.
    """
    rules = rule_frame(policy.region_rules)
    known = pl.col("region").is_in(rules.get_column("region").implode())
    placed = places.with_columns(pl.when(known).then("region").otherwise(pl.lit(UNKNOWN)).alias("region")).unique()
    ruled = placed.join(rules, on="region")
    is_opt_out = pl.col("opt_out_channels").list.contains(pl.col("channel"))
    is_alone = ruled.select(pl.struct(by).is_unique() if len(by) > 1 else pl.col(by).is_unique()).to_series()
    alone = ruled.filter(is_alone).select(
        *by,
        pl.col("region").alias("regions"),
        is_opt_out.alias("is_opt_out"),
        pl.col("double_opt_in").alias("asked_double_opt_in"),
        "expires_after",
    )
    several = (
        ruled.filter(~is_alone)
        .sort(*by, "region")
        .group_by(by, maintain_order=True)
        .agg(
            pl.col("region").str.join("+").alias("regions"),
            is_opt_out.all().alias("is_opt_out"),
            pl.col("double_opt_in").max().alias("asked_double_opt_in"),
            pl.col("expires_after").min(),
        )
    )
    return pl.concat([alone, several])
