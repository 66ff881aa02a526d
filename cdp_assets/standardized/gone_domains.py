"""Corporate domains that are gone: all of their addresses have fallen silent, or mail to nearly all of them bounced.

Silence alone proves little: a list that was bought once is silent ever after. So a domain has fallen silent when it used
to be heard of month after month, when its silence is too long to be chance at that pace, and while the same sources went
on delivering. Time is measured by what else is heard of, so that a source which slows down buries nobody: after ``m``
months with a sign of life, while ``a`` signs of life of all companies were seen, the chance of hearing nothing
while ``b`` more are seen is ``exp(-m b / a)`` (a Poisson process of such months).

What does not belong here: which domain took its place (``company_domains``).
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from cdp_assets.standardized.email_lives import is_sign_of_life

GONE_FROM_ADDRESSES = 3
"""Fewer people may all have left a company that lives."""

SILENT_FOR = timedelta(days=365)
"""Shorter silences are holidays and campaigns, whatever the pace was; and a shorter life has no pace."""

HEARD_MONTHS = 6
"""Months with a sign of life that a pace can be judged by."""

SILENT_BY_CHANCE = 0.005
"""A data set has hundreds of domains that are heard of so often; at one in twenty, dozens would be buried alive."""

ENDED_SHARE, ENDED_FROM = 0.2, 2
"""Of a company that is gone, some people are seen elsewhere later, or their mail bounces; silence without that may be ours."""

BOUNCED_SHARE = 0.8
"""Of the addresses at a domain; single mailboxes bounce everywhere."""


def gone_domains(carried: pl.DataFrame, corporate: pl.DataFrame) -> pl.DataFrame:
    """``domain`` and ``domain_gone_at`` of each corporate domain that is gone, sorted.

    ``carried``: see ``email_lives.carried_addresses``. ``corporate``: ``email``, ``domain``, ``alive_at``,
    ``bounced_at`` and ``left_at`` of the corporate addresses, those of one person each.
    """
    bounced = pl.col("bounced_at").is_not_null() & _is_after("bounced_at", "alive_at")
    domains = corporate.group_by("domain").agg(
        pl.len().alias("addresses"),
        bounced.sum().alias("bounced"),
        (bounced | pl.col("left_at").is_not_null()).sum().alias("ended"),
        pl.col("alive_at").max(),
        pl.col("bounced_at").max(),
    )
    domains = domains.filter(pl.col("addresses") >= GONE_FROM_ADDRESSES)
    theirs = carried.join(domains.select("domain"), on="domain", how="semi")
    heard = _heard(theirs.filter(is_sign_of_life()), carried)
    by_chance = (-pl.col("months") * pl.col("signs_after") / pl.col("signs_meanwhile")).exp()
    fell_silent = (
        (pl.col("newest") - pl.col("last") >= SILENT_FOR)
        & (pl.col("last") - pl.col("first") >= SILENT_FOR)
        & (pl.col("months") >= HEARD_MONTHS)
        & (by_chance < SILENT_BY_CHANCE)
        & (pl.col("ended") >= ENDED_FROM)
        & (pl.col("ended") >= ENDED_SHARE * pl.col("addresses"))
    ).fill_null(False)
    all_bounced = (
        (pl.col("bounced") >= GONE_FROM_ADDRESSES)
        & (pl.col("bounced") >= BOUNCED_SHARE * pl.col("addresses"))
        & _is_after("bounced_at", "last")
    )
    gone_at = pl.when(fell_silent).then("last").when(all_bounced).then("bounced_at")
    return (
        domains.join(heard, on="domain", how="left")
        .select("domain", gone_at.alias("domain_gone_at"))
        .drop_nulls("domain_gone_at")
        .sort("domain")
    )


def _heard(signs: pl.DataFrame, carried: pl.DataFrame) -> pl.DataFrame:
    """``domain``, ``first`` and ``last`` sign of life, ``months`` that had one, ``signs_meanwhile`` and ``signs_after`` of all
    companies, ``newest``: until when its sources went on."""
    newest = carried.group_by("source").agg(pl.col("observed_at").max().alias("newest"))
    until = signs.select("domain", "source").unique().join(newest, on="source").group_by("domain")
    heard = signs.group_by("domain").agg(
        pl.col("observed_at").min().alias("first"),
        pl.col("observed_at").max().alias("last"),
        pl.col("observed_at").dt.truncate("1mo").n_unique().cast(pl.Int64).alias("months"),
    )
    moments = signs.get_column("observed_at").sort()
    before = moments.search_sorted(heard.get_column("first"), side="left").cast(pl.Int64)
    upto = moments.search_sorted(heard.get_column("last"), side="right").cast(pl.Int64)
    counted = heard.with_columns(signs_meanwhile=upto - before, signs_after=len(moments) - upto)
    return counted.join(until.agg(pl.col("newest").max()), on="domain")


def _is_after(one: str, other: str) -> pl.Expr:
    return (pl.col(other).is_null() | (pl.col(one) >= pl.col(other))).fill_null(False)
