"""What must hold of consent before anything is published, judged from the tables alone.

These checks do not use the modules that made the tables: they go from the delivered events to the published rows by a shorter
way, so that one mistake does not hide another.

What does not belong here: the chain of events (``consent_chain.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cdp_assets.golden_records.consents import ALLOWED, CONTACTABLE
from cdp_assets.golden_records.policy import CHANNELS, UNSUBSCRIBING_ACTIVITIES
from cdp_assets.standardized.consent_words import GIVEN, WITHDRAWN

ONLY_COUNTED = frozenset({"contactable", "allowed_by_silence"})
"""Numbers of the checks that say how much was looked at; every other one has to be 0."""


def untraced_consents(consents: pl.DataFrame, events: pl.DataFrame, customer_ids: pl.DataFrame) -> dict[str, int]:
    """How many rows of ``consents`` that allow contact lead to no event that gives it, or to a record of somebody else.

    The frames are ``golden_records/consents``, ``golden_records/consent_events`` and ``identity_graph/customer_ids``.
    """
    allowing = consents.filter(pl.col("state").is_in(CONTACTABLE))
    given = allowing.filter(pl.col("state") == GIVEN)
    told = events.filter(pl.col("event_state") == GIVEN).select(
        "event_id", since="event_time", names=pl.concat_list(pl.col("emails", "phones").fill_null([]))
    )
    told = told.unique(["event_id", "since"], keep="any")
    traced = given.join(told, on=["event_id", "since"], how="left")
    names_it = (pl.col("address") == "") | pl.col("names").list.contains(pl.col("address"))
    strangers = allowing.join(customer_ids, on=["customer_id", "record_id"], how="anti")
    return {
        "contactable": allowing.height,
        "allowed_by_silence": allowing.filter(pl.col("state") == ALLOWED).height,
        "without_an_event": traced.filter(pl.col("names").is_null()).height,
        "by_an_event_that_names_another_address": traced.filter(pl.col("names").is_not_null() & ~names_it).height,
        "by_a_record_of_somebody_else": strangers.height,
    }


def addresses_without_consent(emails: pl.DataFrame, consents: pl.DataFrame, marketing_purposes: Sequence[str]) -> int:
    """How many rows of ``golden_records/emails`` say that they may be sent marketing to, and no row of ``consents`` does."""
    allowing = consents.filter(
        (pl.col("channel") == "email")
        & pl.col("purpose").is_in(marketing_purposes)
        & pl.col("state").is_in(CONTACTABLE)
    )
    says_so = (
        pl.col("marketing_consent").is_in(CONTACTABLE)
        | pl.col("best_for").list.eval(pl.element().is_in(marketing_purposes)).list.any()
    )
    told = emails.filter(says_so)
    return told.join(allowing.select("customer_id", email="address"), on=["customer_id", "email"], how="anti").height


def lost_withdrawals(
    consents: pl.DataFrame,
    events: pl.DataFrame,
    versions: pl.DataFrame,
    customer_ids: pl.DataFrame,
    marketing_purposes: Sequence[str],
) -> dict[str, int]:
    """How many rows of ``consents`` that allow contact a withdrawal should have ended, by its person or by its address.

    ``versions``: ``standardized/record_versions``: a line that only repeats what its record said before is no new event.
    ``marketing_purposes``: what an unsubscribe without a purpose ends.
    """
    withdrawn = _withdrawals(events, versions, marketing_purposes)
    speaking = pl.concat(
        [
            withdrawn.with_columns(speaker="record_id"),
            withdrawn.with_columns(speaker="corrected_record_id").drop_nulls("speaker"),
        ]
    )
    owners = customer_ids.select("customer_id", speaker="record_id")
    by_person = speaking.join(owners, on="speaker").select("customer_id", "channel", "purpose", "event_time")
    by_address = pl.concat(
        [
            withdrawn.select("channel", "purpose", "event_time", address=name).explode("address").drop_nulls("address")
            for name in ("emails", "phones")
        ]
    )
    allowing = consents.filter(pl.col("state").is_in(CONTACTABLE)).with_row_index("row")
    return {
        "contactable": allowing.height,
        "after_a_withdrawal_of_the_person": _ended(allowing, by_person, "customer_id"),
        "after_a_withdrawal_of_the_address": _ended(allowing, by_address, "address"),
    }


def _withdrawals(events: pl.DataFrame, versions: pl.DataFrame, marketing_purposes: Sequence[str]) -> pl.DataFrame:
    """Withdrawals that count, one row per purpose that they end; null: every purpose, every channel."""
    line = ["record_id", "import_id", "line"]
    counting = events.filter(pl.col("event_state") == WITHDRAWN).join(versions.select(line), on=line, how="semi")
    is_unsubscribe = pl.col("activity").is_in(UNSUBSCRIBING_ACTIVITIES).fill_null(False)
    channel = pl.when(pl.col("channel").is_in(CHANNELS)).then("channel")
    purposes = (
        pl.when(is_unsubscribe & pl.col("purpose").is_null())
        .then(pl.lit(list(marketing_purposes), pl.List(pl.String)))
        .otherwise(pl.concat_list("purpose"))
    )
    return counting.select(
        "record_id",
        "corrected_record_id",
        "emails",
        "phones",
        "event_time",
        channel=pl.when(is_unsubscribe).then(pl.coalesce(channel, pl.lit("email"))).otherwise(channel),
        purpose=purposes,
    ).explode("purpose")


def contactable_and_suppressed(consents: pl.DataFrame, suppressions: pl.DataFrame) -> int:
    """How many rows of ``consents`` allow what ``suppressions`` forbids, to their customer or to everybody."""
    place = ["channel", "address", "purpose"]
    allowing = consents.filter(pl.col("state").is_in(CONTACTABLE))
    for_all = suppressions.filter(pl.col("customer_id") == "")
    own = allowing.join(suppressions, on=[*place, "customer_id"], how="semi").height
    return own + allowing.join(for_all, on=place, how="semi").height


def _ended(allowing: pl.DataFrame, withdrawals: pl.DataFrame, by: str) -> int:
    newest = withdrawals.group_by(by, "channel", "purpose").agg(pl.col("event_time").max())
    both = allowing.join(newest, on=by, suffix="_ended").filter(
        (pl.col("channel_ended").is_null() | (pl.col("channel_ended") == pl.col("channel")))
        & (pl.col("purpose_ended").is_null() | (pl.col("purpose_ended") == pl.col("purpose")))
        & (pl.col("event_time") >= pl.col("since"))
    )
    return both.get_column("row").n_unique()
