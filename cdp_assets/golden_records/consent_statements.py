"""What consent events say: one row per event, channel, purpose and address that it concerns.

An event may leave things out. A grant is then taken as narrowly as it can be: without a purpose it is kept and allows nothing
(:data:`UNSPECIFIED`), without a channel it is for the address that it names. A withdrawal is taken as widely: without a
purpose it ends all of its customer's purposes and marketing, without a channel all channels. So does an expiry that names no
address. A request that has been answered (its record has a newer version) says nothing any more.

A withdrawal that comes as a correction is also that of the customer whose record it corrects.

What does not belong here: which event decides (``consents.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.golden_records.consent_events import event_ids, event_states, speaks_of_consent
from cdp_assets.golden_records.corrected_records import corrected_record
from cdp_assets.golden_records.customer_versions import GONE, CustomerVersions
from cdp_assets.golden_records.policy import CHANNEL_WORDS, CHANNELS, UNSUBSCRIBING_ACTIVITIES, ConsentPolicy
from cdp_assets.golden_records.region_rules import UNKNOWN, ends_of_validity
from cdp_assets.standardized.consent_words import EXPIRED, GIVEN, REQUESTED, WITHDRAWN

PERSON = ""
"""Address of an event that names the person only."""

UNSPECIFIED = "unspecified"
"""Purpose of a grant that names none."""

_SAID = (
    "record_id", "import_id", "content_hash", "emails", "phones", "consent", "purpose", "channel", "activity", "lawful_basis",
    "jurisdiction", "validity_duration", "double_opt_in", "addresses", "corrected_source", "corrected_key", "is_newest",
)  # fmt: skip

_CORRECTED = ("corrected_source", "corrected_key")

STATEMENT = (
    "customer", "channel", "purpose", "address", "state", "observed_at", "order", "record_id", "import_id", "event_id",
    "region", "lawful_basis", "double_opt_in", "ends_at", "is_complaint",
)  # fmt: skip
"""Columns of :func:`statements`. ``purpose`` is null where all are meant. ``region``: of the record that says so, or unknown.
``ends_at``: when a grant ends by what its source says. ``customer`` is null for a record that belongs to none."""


def statements(known: CustomerVersions, policy: ConsentPolicy) -> pl.DataFrame:
    """What every consent event of every record version says, in the columns of :data:`STATEMENT`."""
    rows = known.rows.select("customer", "order", "standing", "observed_at")
    beside = pl.concat([rows, known.versions.select(_SAID)], how="horizontal").filter(speaks_of_consent())
    events = beside.with_columns(
        event_states().alias("state"),
        _word("purpose").alias("purpose"),
        _word("channel").replace(dict(CHANNEL_WORDS)).alias("channel"),
        pl.col("activity").is_in(UNSUBSCRIBING_ACTIVITIES).fill_null(False).alias("is_unsubscribe"),
        (pl.col("activity") == "complained").fill_null(False).alias("is_complaint"),
        region_of_record().alias("region"),
        event_ids(beside),
        ends_of_validity(beside.get_column("validity_duration"), beside.get_column("observed_at")),
    ).with_columns(_widened_expiry().alias("state"))
    is_answered = (pl.col("state") == REQUESTED) | (pl.col("double_opt_in") == "pending").fill_null(False)
    standing = events.filter(
        ((pl.col("state") != GIVEN) | (pl.col("standing") > GONE))
        & ~(is_answered & ~pl.col("is_newest") & (pl.col("state") != WITHDRAWN))
    )
    said = standing.with_columns(_purposes(policy).alias("purpose"), _channels().alias("channel")).select(
        *(name for name in STATEMENT if name != "address"), "emails", "phones", *_CORRECTED
    )
    by_address = said.explode("purpose").explode("channel").with_columns(_named().alias("address")).explode("address")
    return pl.concat([by_address, _of_corrected(by_address, known)]).select(STATEMENT).unique()


def region_of_record() -> pl.Expr:
    """The region that a record says: the consent's own, else its first postal address's country, else unknown."""
    countries = pl.col("addresses").list.eval(pl.element().struct.field("country")).list.drop_nulls()
    return pl.coalesce("jurisdiction", countries.list.first(), pl.lit(UNKNOWN))


def _widened_expiry() -> pl.Expr:
    """An expiry that names no address can only mean the person, as a withdrawal does."""
    names_none = (pl.col("emails").list.len().fill_null(0) == 0) & (pl.col("phones").list.len().fill_null(0) == 0)
    return pl.when((pl.col("state") == EXPIRED) & names_none).then(pl.lit(WITHDRAWN)).otherwise("state")


def _purposes(policy: ConsentPolicy) -> pl.Expr:
    marketing = pl.lit(list(policy.marketing_purposes), pl.List(pl.String))
    return (
        pl.when(pl.col("purpose").is_not_null())
        .then(pl.concat_list("purpose"))
        .when(pl.col("is_unsubscribe"))
        .then(marketing)
        .when(pl.col("state").is_in([GIVEN, REQUESTED]))
        .then(pl.lit([UNSPECIFIED], pl.List(pl.String)))
        .otherwise(pl.lit([None], pl.List(pl.String)))
    )


def _channels() -> pl.Expr:
    by_phone_only = (pl.col("phones").list.len().fill_null(0) > 0) & (pl.col("emails").list.len().fill_null(0) == 0)
    return (
        pl.when(pl.col("channel").is_in(CHANNELS).fill_null(False))
        .then(pl.concat_list("channel"))
        .when(pl.col("is_unsubscribe"))
        .then(pl.lit(["email"], pl.List(pl.String)))
        .when(~pl.col("state").is_in([GIVEN, REQUESTED]))
        .then(pl.lit(list(CHANNELS), pl.List(pl.String)))
        .when(pl.col("channel").is_not_null())
        .then(pl.concat_list("channel"))
        .when(by_phone_only)
        .then(pl.lit(["phone"], pl.List(pl.String)))
        .otherwise(pl.lit(["email"], pl.List(pl.String)))
    )


def _named() -> pl.Expr:
    has_email, has_phone = (pl.col(name).list.len().fill_null(0) > 0 for name in ("emails", "phones"))
    return (
        pl.when((pl.col("channel") == "email") & has_email)
        .then("emails")
        .when((pl.col("channel") == "phone") & has_phone)
        .then("phones")
        .otherwise(pl.lit([PERSON], pl.List(pl.String)))
    )


def _of_corrected(by_address: pl.DataFrame, known: CustomerVersions) -> pl.DataFrame:
    """Withdrawals that speak of another record, once more as those of that record's customer."""
    speaking = (
        by_address.filter(pl.col("state") == WITHDRAWN)
        .with_columns(corrected=corrected_record())
        .drop_nulls("corrected")
    )
    if speaking.is_empty():
        return by_address.clear()
    members = known.with_values("record_id").select("customer", corrected="record_id").unique()
    return speaking.drop("customer").join(members, on="corrected").select(by_address.columns)


def _word(column: str) -> pl.Expr:
    """A word of a source in lower case; blank text is none."""
    word = pl.col(column).str.strip_chars().str.to_lowercase()
    return pl.when(word != "").then(word)
