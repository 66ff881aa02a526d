"""Whether an e-mail address is alive, with the reason; and how likely mail still reaches its person.

A dead address still identifies; it is never a send target. All is judged against the newest observation in the data, never
against the clock: the same data give the same answer tomorrow. The first line that holds decides.

========== ============= ==============================================================================================
status     reason        when
========== ============= ==============================================================================================
dead       bounced       mail was returned for good, and since then nobody engaged and nothing was delivered
dead       domain_gone   the whole domain fell silent or bounced, and nobody at the address engaged since
dead       left_employer its person was seen with another employer's address, and nobody engaged at the old one since
active     engaged       somebody at it opened, clicked, attended, bought … within two years
active     delivered     a mail system delivered to it within one year
active     carried       a record carried it within one year, if only in an export that repeats it
stale      silent        no sign of life for so long that it is likelier dead than alive, at the pace of its class
unverified unheard       else: silent, but not yet so long
========== ============= ==============================================================================================

A soft bounce (mailbox full) is no death. The chance that it is alive falls from its last sign of life on (a repeating
export counts), by the decay of its class (``email_decay.py``), and by the doubt of a mistyped domain; junk reaches
nobody. On generated worlds the chance that is said and the share that is true are within 0.08 of each other in bins between
0.6 and 1.

What does not belong here: the dates (``email_lives.py``); consent.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from cdp_assets.standardized.email_sharing import JUNK

ENGAGED_WITHIN = timedelta(days=730)
"""A mailbox at which nobody has done anything for two years is given up more often than not."""

DELIVERED_WITHIN = CARRIED_WITHIN = timedelta(days=365)
"""Mail systems accept mail for mailboxes that nobody reads, and forms take what is typed: weaker evidence, for less long."""

STALE_BELOW = 0.5
"""Likelier dead than alive."""

ALIVE_DESPITE = {"bounced": 0.03, "domain_gone": 0.05, "left_employer": 0.10}
"""Chance that mail reaches the person in spite of the evidence: bounces by mistake (a filter, a full disk reported as
final), domains that were only quiet, people with two employers."""

DEAD, ACTIVE, STALE, UNVERIFIED = "dead", "active", "stale", "unverified"

STATUS_OF = {
    "bounced": DEAD, "domain_gone": DEAD, "left_employer": DEAD, "engaged": ACTIVE, "delivered": ACTIVE,
    "carried": ACTIVE, "silent": STALE, "unheard": UNVERIFIED,
}  # fmt: skip

_YEAR = pl.duration(days=365.25)


def with_status(addresses: pl.DataFrame, hazard: dict[str, float], newest: pl.Expr) -> pl.DataFrame:
    """Adds ``status``, ``status_reason`` and ``alive_probability``.

    ``addresses``: the dates of ``standardized/email_addresses``, ``carried_at`` (last sign of life, repetitions
    included), class, sharing and ``suggestion_confidence``. ``hazard``: deaths per address and year by class. ``newest``: newest observation in the data.
    """
    silent = pl.max_horizontal((newest - pl.coalesce("carried_at", "first_seen_at")) / _YEAR, pl.lit(0.0))
    rate = pl.col("class").replace_strict(hazard, return_dtype=pl.Float64)
    judged = addresses.with_columns(survival=(-rate * silent).exp())
    judged = judged.with_columns(status_reason=_reason(newest))
    despite = pl.col("status_reason").replace_strict(ALIVE_DESPITE, default=None, return_dtype=pl.Float64)
    reaches = pl.coalesce(despite, "survival") * (1 - pl.col("suggestion_confidence").fill_null(0.0))
    return judged.with_columns(
        status=pl.col("status_reason").replace_strict(STATUS_OF, return_dtype=pl.String),
        alive_probability=pl.when(pl.col("sharing") == JUNK).then(0.0).otherwise(reaches),
    ).drop("survival")


def _reason(newest: pl.Expr) -> pl.Expr:
    engaged, delivered = pl.col("engaged_at"), pl.col("delivered_at")

    def not_before(since: str, sign: pl.Expr) -> pl.Expr:
        """Something happened, and the sign of life is not later than it."""
        return pl.col(since).is_not_null() & (sign.is_null() | (pl.col(since) >= sign))

    def within(sign: pl.Expr, span: timedelta) -> pl.Expr:
        return (sign >= newest - span).fill_null(False)

    return (
        pl.when(not_before("bounced_at", engaged) & not_before("bounced_at", delivered))
        .then(pl.lit("bounced"))
        .when(pl.col("domain_gone_at").is_not_null())
        .then(pl.lit("domain_gone"))
        .when(pl.col("left_at").is_not_null())
        .then(pl.lit("left_employer"))
        .when(within(engaged, ENGAGED_WITHIN))
        .then(pl.lit("engaged"))
        .when(within(delivered, DELIVERED_WITHIN))
        .then(pl.lit("delivered"))
        .when(within(pl.col("carried_at"), CARRIED_WITHIN))
        .then(pl.lit("carried"))
        .when(pl.col("survival") < STALE_BELOW)
        .then(pl.lit("silent"))
        .otherwise(pl.lit("unheard"))
    )
