"""Consent in force: per customer, channel, address and purpose, decided from dated events.

An event is a record of kind consents (given, or anything else, which ends consent), or an activity that is a
withdrawal by another name (``unsubscribed``, ``complained``). Every version of a record is an event of its own time.

========================================== ==========================================================================
a customer's newest events                 in force
========================================== ==========================================================================
ann@a given 2020, withdrawn 2021           ann@a withdrawn, and every other address of hers: a withdrawal is the
                                           person's, also where it names one address or none
ann@a withdrawn 2021, ann@b given 2020     both withdrawn: the grant under ann@b is older than the wish to be left alone
ann@a withdrawn 2021, ann@b given 2022     ann@a withdrawn, ann@b given: its own later event allows ann@b and no other
ann@a given 2020, ann@b never spoken of    ann@a given, ann@b has no row: a grant allows the addresses that it names
========================================== ==========================================================================

In one sentence: an address is ``given`` when its own newest grant is newer than every withdrawal of its customer for
that channel and purpose, and newer than every withdrawal that anybody made under that very address (a household's or
a role's mailbox: who withdraws it, withdraws it for all who carry it). On the same moment the withdrawal wins.

From that it follows that a merge can not widen anything: it adds withdrawals to an address and never a grant to an
address that had none. And no withdrawal is lost: it needs no live record, no purpose (then it ends all of the
customer's purposes, and marketing), no channel (then it ends all channels), no address. A grant is taken as narrowly:
it counts for the addresses it names, and no longer when its record has disappeared from its source.

What does not belong here: whether an address can be sent to (``emails.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.golden_records.customer_versions import CustomerVersions
from cdp_assets.golden_records.policy import (
    CHANNEL_WORDS,
    CHANNELS,
    UNSUBSCRIBING_ACTIVITIES,
    ConsentPolicy,
)

GIVEN, WITHDRAWN = "given", "withdrawn"

PERSON = ""
"""Address of an event that names the person only."""

UNSPECIFIED = "unspecified"
"""Purpose of a grant that names none: it is kept and allows nothing."""

_PLACE = ["customer", "channel", "purpose"]


def consents(known: CustomerVersions, sighted: pl.DataFrame, policy: ConsentPolicy) -> pl.DataFrame:
    """Decide the consent in force: the rows of ``golden_records/consents``, with ``customer`` in place of its id.

    ``sighted``: :meth:`CustomerVersions.sighted`, which says what customers carry an address, now or formerly.
    """
    events = _events(known, policy)
    carried = sighted.select("customer", channel="type", address="value").unique()
    grants = events.filter((pl.col("state") == GIVEN) & pl.col("customer").is_not_null())
    withdrawals = _with_purposes(events.filter(pl.col("state") == WITHDRAWN), carried, grants, policy)
    own = withdrawals.filter(pl.col("is_own"))
    concerned = pl.concat(
        [
            grants.select(*_PLACE, "address"),
            withdrawals.select(*_PLACE, "address"),
            own.select(_PLACE).unique().join(carried, on=["customer", "channel"]).select(*_PLACE, "address"),
        ]
    ).unique()
    decided = (
        concerned.join(_newest(grants, [*_PLACE, "address"], "grant"), on=[*_PLACE, "address"], how="left")
        .join(_newest(own, _PLACE, "own"), on=_PLACE, how="left")
        .join(
            _newest(withdrawals.filter(~pl.col("is_own")), [*_PLACE, "address"], "foreign"),
            on=[*_PLACE, "address"],
            how="left",
        )
    )
    return _states(decided)


def _events(known: CustomerVersions, policy: ConsentPolicy) -> pl.DataFrame:
    """One row per event, channel, purpose and address that it names; a withdrawal's purpose may stay null (all)."""
    unsubscribed = pl.col("activity").is_in(UNSUBSCRIBING_ACTIVITIES).fill_null(False)
    beside = pl.concat(
        [
            known.rows.select("customer", "record", "order", "standing", "observed_at"),
            known.versions.select(
                "record_id", "import_id", "emails", "phones", "consent", "purpose", "channel", "activity"
            ),
        ],
        how="horizontal",
    ).filter(pl.col("consent").is_not_null() | unsubscribed)
    is_given = (_word("consent") == GIVEN).fill_null(False) & ~unsubscribed
    events = beside.with_columns(
        pl.when(is_given).then(pl.lit(GIVEN)).otherwise(pl.lit(WITHDRAWN)).alias("state"),
        _word("purpose").alias("purpose"),
        _word("channel").replace(dict(CHANNEL_WORDS)).alias("channel"),
        unsubscribed.alias("is_unsubscribe"),
    ).filter((pl.col("state") == WITHDRAWN) | (pl.col("standing") > 0))
    marketing = pl.lit(list(policy.marketing_purposes), pl.List(pl.String))
    purposes = (
        pl.when(pl.col("purpose").is_not_null())
        .then(pl.concat_list("purpose"))
        .when(pl.col("is_unsubscribe"))
        .then(marketing)
        .when(pl.col("state") == GIVEN)
        .then(pl.lit([UNSPECIFIED], pl.List(pl.String)))
        .otherwise(pl.lit([None], pl.List(pl.String)))
    )
    has_email, has_phone = (pl.col(name).list.len().fill_null(0) > 0 for name in ("emails", "phones"))
    known_channel = pl.col("channel").is_in(CHANNELS).fill_null(False)
    channels = (
        pl.when(known_channel)
        .then(pl.concat_list("channel"))
        .when(pl.col("is_unsubscribe"))
        .then(pl.lit(["email"], pl.List(pl.String)))
        .when(pl.col("state") == WITHDRAWN)
        .then(pl.lit(list(CHANNELS), pl.List(pl.String)))
        .when(pl.col("channel").is_not_null())
        .then(pl.concat_list("channel"))
        .when(has_phone & ~has_email)
        .then(pl.lit(["phone"], pl.List(pl.String)))
        .otherwise(pl.lit(["email"], pl.List(pl.String)))
    )
    by_channel = (
        events.with_columns(purposes.alias("purpose"), channels.alias("channel")).explode("purpose").explode("channel")
    )
    nobody = pl.lit([PERSON], pl.List(pl.String))
    named = (
        pl.when((pl.col("channel") == "email") & has_email)
        .then("emails")
        .when((pl.col("channel") == "phone") & has_phone)
        .then("phones")
        .otherwise(nobody)
    )
    return (
        by_channel.with_columns(named.alias("address"))
        .explode("address")
        .select("customer", "channel", "purpose", "address", "state", "observed_at", "order", "record_id", "import_id")
        .unique()
    )


def _with_purposes(
    withdrawals: pl.DataFrame, carried: pl.DataFrame, grants: pl.DataFrame, policy: ConsentPolicy
) -> pl.DataFrame:
    """Withdrawals of every customer they concern (``is_own``: the customer's own), one row per purpose they end."""
    own = withdrawals.filter(pl.col("customer").is_not_null()).with_columns(pl.lit(True).alias("is_own"))
    by_address = withdrawals.filter(pl.col("address") != PERSON).rename({"customer": "made_by"})
    others = (
        by_address.join(carried, on=["channel", "address"])
        .filter(pl.col("made_by").ne_missing(pl.col("customer")))
        .with_columns(pl.lit(False).alias("is_own"))
        .select(own.columns)
    )
    ended = pl.concat([own, others])
    spoken_of = pl.concat([grants.select("customer", "purpose"), ended.select("customer", "purpose")]).drop_nulls()
    marketing = pl.DataFrame({"purpose": list(policy.marketing_purposes)}, schema={"purpose": pl.String()})
    everything = pl.concat([spoken_of, ended.select("customer").unique().join(marketing, how="cross")]).unique()
    unlimited = ended.filter(pl.col("purpose").is_null())
    return pl.concat(
        [
            ended.filter(pl.col("purpose").is_not_null()),
            unlimited.drop("purpose").join(everything, on="customer").select(ended.columns),
        ]
    )


def _newest(events: pl.DataFrame, by: list[str], name: str) -> pl.DataFrame:
    """The newest event of each group, and how many there were."""
    counted = events.group_by(by).agg(pl.struct("observed_at", "order").n_unique().alias(f"{name}_events"))
    newest = (
        events.sort("observed_at", "order", descending=[True, False])
        .unique(by, keep="first", maintain_order=True)
        .select(
            *by,
            pl.col("observed_at").alias(f"{name}_at"),
            pl.col("record_id").alias(f"{name}_record"),
            pl.col("import_id").alias(f"{name}_import"),
        )
    )
    return newest.join(counted, on=by)


def _states(decided: pl.DataFrame) -> pl.DataFrame:
    by_others = pl.col("foreign_at").gt(pl.col("own_at")).fill_null(pl.col("own_at").is_null())
    ended_at = pl.max_horizontal("own_at", "foreign_at")
    is_given = pl.col("grant_at").is_not_null() & (ended_at.is_null() | (pl.col("grant_at") > ended_at))

    def of_the_decisive(what: str) -> pl.Expr:
        withdrawal = pl.when(by_others).then(f"foreign_{what}").otherwise(f"own_{what}")
        return pl.when(is_given).then(f"grant_{what}").otherwise(withdrawal)

    events = pl.sum_horizontal(pl.col("grant_events", "own_events", "foreign_events").fill_null(0)).cast(pl.Int64)
    return decided.select(
        "customer",
        "channel",
        "address",
        "purpose",
        pl.when(is_given).then(pl.lit(GIVEN)).otherwise(pl.lit(WITHDRAWN)).alias("state"),
        of_the_decisive("at").alias("since"),
        of_the_decisive("record").alias("record_id"),
        of_the_decisive("import").alias("import_id"),
        events.alias("events"),
    ).sort("customer", "channel", "address", "purpose")


def _word(column: str) -> pl.Expr:
    """A word of a source in lower case; blank text is none."""
    word = pl.col(column).str.strip_chars().str.to_lowercase()
    return pl.when(word != "").then(word)
