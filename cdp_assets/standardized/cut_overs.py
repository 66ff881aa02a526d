"""The moment at which one kind of event gave way to another: when a company changed its addresses.

Events of two kinds, *before* and *after*, stand in time. Every gap between two events is a possible cut; the likelihood of
a cut is that of two shares, one on each side of it (Bernoulli), against one share throughout. The best cut is kept where its
evidence outweighs how rare changes are and how many cuts were tried, and where each side is nearly pure: a
gradual shift, or two kinds side by side, is no change.

Natural logarithms throughout. What does not belong here: what the events are (``company_domains.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

CHANGES_ARE_RARE = 3.0
"""Evidence that a change has to bring: of twenty companies some one has changed its addresses (log 20)."""

SWITCHER_EVIDENCE = 2.0
"""What one person with both, first the one and then the other, adds: whoever keeps a second address at one company has it
in the same form, but for one in eight."""


@dataclass(frozen=True)
class Demands:
    """What a cut must show: events of its kind on each side, and how pure each side is."""

    support: int
    support_with_switchers: int
    purity: float


def cut_overs(events: pl.DataFrame, switchers: pl.DataFrame, by: list[str], demands: Demands) -> pl.DataFrame:
    """One row per group with a cut-over: ``by``, ``cut_at``, ``evidence``, ``before`` and ``after`` (pure events).

    ``events`` has ``by``, ``at`` (when it was first seen) and ``is_after`` (its kind); ``switchers`` has ``by`` and
    ``switchers``: people seen with both kinds in that order, less those in the other. ``cut_at`` is the middle of the gap.
    Independent of row order.
    """
    timed = (
        events.group_by(*by, "at")
        .agg(
            pl.col("is_after").sum().cast(pl.Float64).alias("b"),
            (~pl.col("is_after")).sum().cast(pl.Float64).alias("a"),
        )
        .sort(*by, "at")
        .with_columns(
            a=pl.col("a").cum_sum().over(by),
            b=pl.col("b").cum_sum().over(by),
            all_a=pl.col("a").sum().over(by),
            all_b=pl.col("b").sum().over(by),
            next_at=pl.col("at").shift(-1).over(by),
            cuts=(pl.len().over(by) - 1).cast(pl.Float64),
        )
        .filter(pl.col("next_at").is_not_null())
    )
    later_a, later_b = pl.col("all_a") - pl.col("a"), pl.col("all_b") - pl.col("b")
    likelihood = (
        _likelihood(pl.col("a"), pl.col("b"))
        + _likelihood(later_a, later_b)
        - _likelihood(pl.col("all_a"), pl.col("all_b"))
    )
    is_pure = (pl.col("a") >= demands.purity * (pl.col("a") + pl.col("b"))) & (
        later_b >= demands.purity * (later_a + later_b)
    )
    best = (
        timed.with_columns(likelihood=likelihood, before=pl.col("a"), after=later_b)
        .filter(is_pure)
        .sort(*by, "likelihood", "at", descending=[*([False] * len(by)), True, False])
        .unique(by, keep="first", maintain_order=True)
        .join(switchers, on=by, how="left")
        .with_columns(pl.col("switchers").fill_null(0))
    )
    evidence = pl.col("likelihood") - pl.col("cuts").log() - CHANGES_ARE_RARE + SWITCHER_EVIDENCE * pl.col("switchers")
    needed = (
        pl.when(pl.col("switchers") > 0).then(pl.lit(demands.support_with_switchers)).otherwise(pl.lit(demands.support))
    )
    enough = pl.min_horizontal("before", "after") >= needed
    middle = pl.col("at") + (pl.col("next_at") - pl.col("at")) / 2
    return (
        best.with_columns(evidence=evidence)
        .filter(enough & (pl.col("evidence") > 0))
        .select(*by, "evidence", pl.col("before", "after").cast(pl.Int64), cut_at=middle)
    )


def _likelihood(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Log-likelihood of so many events of each kind under their own shares; 0 log 0 is 0."""
    both = one + other

    def part(count: pl.Expr) -> pl.Expr:
        return pl.when(count > 0).then(count * (count / both).log()).otherwise(0.0)

    return part(one) + part(other)
