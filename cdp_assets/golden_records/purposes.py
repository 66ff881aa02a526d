"""What each address or number of a customer may be used for, and for which purposes it is their best one.

What does not belong here: how consent is decided (``consents.py``), in what order one would use them (``emails.py``,
``phones.py``).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from cdp_assets.candidate_links.lists import Flat
from cdp_assets.golden_records.consents import ALLOWED, CONTACTABLE, INSUFFICIENT
from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.golden_records.ranking import first_of_each
from cdp_assets.standardized.consent_words import EXPIRED, GIVEN, REQUESTED, WITHDRAWN

_STATES = (GIVEN, ALLOWED, INSUFFICIENT, REQUESTED, EXPIRED, WITHDRAWN)
"""States of consent, first what allows most."""


def marketing_consent(consents: pl.DataFrame, channel: str, policy: ConsentPolicy) -> pl.DataFrame:
    """``customer``, ``value`` and ``marketing_consent``: the state that allows most, over the marketing purposes.

    Addresses that no event speaks of are absent.
    """
    return (
        _of_channel(consents, channel)
        .filter(pl.col("purpose").is_in(policy.marketing_purposes))
        .with_columns(order=pl.col("state").replace_strict(_STATES, list(range(len(_STATES))), return_dtype=pl.UInt8))
        .group_by("customer", "value")
        .agg(pl.col("state").sort_by("order").first().alias("marketing_consent"))
    )


def consent_order(state: pl.Expr) -> pl.Expr:
    """Consent given before unknown before withdrawn."""
    return state.replace_strict({GIVEN: 2, WITHDRAWN: 0}, default=1, return_dtype=pl.Int8)


def best_for(ranked: pl.DataFrame, consents: pl.DataFrame, channel: str, policy: ConsentPolicy) -> pl.Series:
    """Purposes for which each row of ``ranked`` is its customer's best, sorted: a list per row.

    ``ranked``: ``customer``, ``value`` and ``is_usable``, best first. Marketing purposes need a consent in force under the
    address itself; service purposes need only that it was not withdrawn.
    """
    usable = ranked.select("customer", "value", "is_usable").with_row_index("place").filter("is_usable")
    states = _of_channel(consents, channel).select("customer", "value", "purpose", "state")
    purposes = sorted({*policy.marketing_purposes, *policy.service_purposes})
    is_best = np.zeros((ranked.height, len(purposes)), dtype=np.bool_)
    for number, purpose in enumerate(purposes):
        of_purpose = states.filter(pl.col("purpose") == purpose)
        if purpose in policy.marketing_purposes:
            needed, how = of_purpose.filter(pl.col("state").is_in(CONTACTABLE)), "semi"
        else:
            needed, how = of_purpose.filter(pl.col("state") == WITHDRAWN), "anti"
        allowed = usable.join(needed, on=["customer", "value"], how=how, maintain_order="left")  # type: ignore[arg-type]
        is_best[first_of_each(allowed.select("customer", "place")).get_column("place").to_numpy(), number] = True
    names = pl.Series("best_for", purposes, dtype=pl.String)
    return Flat.of_lengths(names.gather(pl.Series(np.nonzero(is_best)[1])), is_best.sum(axis=1)).lists()


def _of_channel(consents: pl.DataFrame, channel: str) -> pl.DataFrame:
    return consents.filter(pl.col("channel") == channel).rename({"address": "value"})
