"""How fast e-mail addresses die, by class, estimated from those that are known to have died.

Lives are exponential: each year the same share of the living dies. The maximum likelihood of the rate, with lives cut off
at their last sign of life (right-censored; an export that repeats a record is none), is deaths / address-years at risk (Lawless, Statistical Models and Methods for
Lifetime Data, 2003, ch. 4). Small data say little, so the estimate starts from a Gamma prior, which only adds deaths and
years to the two counts. The interval is of the Gamma posterior, its quantiles by Wilson and Hilferty's (1931)
approximation of chi-square.

The estimate errs to the fast side: who is never heard of again adds no year, though most such lives go on. On generated
worlds corporate addresses are said to lose 9.6 and 9.9% a year and lose 6.3 and 6.6%, free mail 0.6% for 0.9%, for hardly
anything tells of those deaths.

A death is what was observed: a hard bounce, an employer left, a domain gone. That an address is stale is no death: it is
judged by this rate. Mistyped addresses were never alive, and junk is nobody's: neither counts.

What does not belong here: whether one address is alive (``email_status.py``).
"""

from __future__ import annotations

import math

import polars as pl

from cdp_assets.standardized.email_domains import CLASSES, CORPORATE, DISPOSABLE, PERSONAL, PLACEHOLDER, RELAY, ROLE
from cdp_assets.standardized.email_sharing import JUNK
from cdp_assets.tables import EMAIL_DECAY

PRIOR_DECAY = {CORPORATE: 0.225, ROLE: 0.10, PERSONAL: 0.05, RELAY: 0.10, DISPOSABLE: 0.90, PLACEHOLDER: 0.90}
"""Share that dies in a year, before the data speak. Corporate: the 22.5% (2.1% a month) that MarketingSherpa found for
business lists and HubSpot's decay simulation made known; others name 22 to 30%. Free mail: no such study; people keep a private mailbox longer than
a job (median tenure 3.9 years in the US, Bureau of Labor Statistics 2024). Functions outlive their holders; disposable
addresses live for minutes to days, by their providers' own words."""

PRIOR_YEARS = 100.0
"""Address-years that the prior is worth: data of some hundred addresses outweigh it."""

_YEAR = 365.25 * 86_400 * 1_000_000
_Z = 1.959963984540054
"""97.5% quantile of the normal distribution: the interval holds 95%."""


def email_decay(addresses: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/email_decay``, sorted by class: every class, also one that no address has.

    ``addresses``: class, sharing, suggestion, ``first_seen_at``, ``alive_at`` (last sign of life) and the dates of death.
    """
    died_at = death()
    last = pl.coalesce(died_at, "alive_at", "first_seen_at")
    lived = addresses.filter(pl.col("suggestion").is_null() & (pl.col("sharing") != JUNK))
    counted = lived.group_by("class").agg(
        pl.len().cast(pl.Int64).alias("addresses"),
        died_at.is_not_null().sum().cast(pl.Int64).alias("deaths"),
        # Whole microseconds, whose sum does not depend on the order of the rows.
        ((last - pl.col("first_seen_at")).dt.total_microseconds().clip(lower_bound=0).sum() / _YEAR).alias(
            "years_observed"
        ),
    )
    known = {row["class"]: row for row in counted.iter_rows(named=True)}
    rows = [_estimated(name, known.get(name, _NONE)) for name in sorted(CLASSES)]
    return EMAIL_DECAY.conform(pl.DataFrame(rows, schema=EMAIL_DECAY.schema))


def death() -> pl.Expr:
    """When an address died, by what was observed: null where it has shown life since, or nothing was observed."""
    bounced_at = pl.when(
        pl.col("bounced_at").is_not_null()
        & (pl.col("engaged_at").is_null() | (pl.col("bounced_at") >= pl.col("engaged_at")))
        & (pl.col("delivered_at").is_null() | (pl.col("bounced_at") >= pl.col("delivered_at")))
    ).then("bounced_at")
    return pl.min_horizontal(bounced_at, "left_at", "domain_gone_at")


def hazards(decay: pl.DataFrame) -> dict[str, float]:
    """Deaths per address and year of each class, of ``standardized/email_decay``."""
    return {name: -math.log1p(-share) for name, share in decay.select("class", "yearly_decay").iter_rows()}


def decay_numbers(decay: pl.DataFrame) -> dict[str, float]:
    """What is worth a curve over time: the yearly decay of each class that has addresses."""
    seen = decay.filter(pl.col("addresses") > 0)
    return {f"yearly_decay_{name}": round(share, 4) for name, share in seen.select("class", "yearly_decay").iter_rows()}


_NONE = {"addresses": 0, "deaths": 0, "years_observed": 0.0}


def _estimated(name: str, counts: dict[str, float]) -> dict[str, object]:
    prior_hazard = -math.log1p(-PRIOR_DECAY[name])
    deaths, years = counts["deaths"] + prior_hazard * PRIOR_YEARS, counts["years_observed"] + PRIOR_YEARS
    low, high = (_chi_square(2 * deaths, z) / (2 * years) for z in (-_Z, _Z))
    return {
        "class": name,
        "addresses": int(counts["addresses"]),
        "deaths": int(counts["deaths"]),
        "years_observed": counts["years_observed"],
        "yearly_decay": -math.expm1(-deaths / years),
        "yearly_decay_from": -math.expm1(-low),
        "yearly_decay_to": -math.expm1(-high),
        "prior_share": PRIOR_YEARS / years,
    }


def _chi_square(freedom: float, z: float) -> float:
    """The quantile of chi-square at that of the normal distribution (Wilson and Hilferty 1931)."""
    spread = 2 / (9 * freedom)
    return float(freedom * max(1 - spread + z * math.sqrt(spread), 0.0) ** 3)
