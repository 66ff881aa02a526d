"""Every consent event as it was delivered: append-only, each import a chain of hashes.

An event is a delivered record that speaks of consent (kind consents, or any other kind that may), or an activity that
withdraws it by another name (:data:`~cdp_assets.golden_records.policy.UNSUBSCRIBING_ACTIVITIES`). Nothing is interpreted
here and nothing is left out: an event that a later import repeats stands twice, under one ``event_id``.

What is chained, and why it never has to be rewritten:

- The events of **one import** are one chain, in the order of its lines. It begins with the hash of the import's content, and
  each event carries the hash of the one before it (``previous_hash``) and its own (``event_hash``). So the chain of an
  import depends on that import alone: it is the same whatever came before or comes later, in whatever order imports arrive.
- The ends of these chains are chained in turn, per source, in the ledger, in the order in which imports came to count:
  ``consent_chain.py``. An import that arrives late is appended there, and rewrites nothing.

``event_id`` is of what was said (which record, when, with which content), so it is the same in every import that says it.

Columns are named as in ISO/IEC TS 27560:2023, as the Data Privacy Vocabulary maps it (https://w3id.org/dpv/guides/consent-27560):
event_time, event_state, purpose, lawful_basis, privacy_notice, collection_method, jurisdiction, validity_duration, entity_id;
``dpv:`` names of the states are in :data:`DPV_STATES`.

What does not belong here: what follows from events (``consents.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import polars as pl

from cdp_assets.golden_records.corrected_records import corrected_record
from cdp_assets.golden_records.policy import UNSUBSCRIBING_ACTIVITIES
from cdp_assets.standardized.consent_words import EXPIRED, GIVEN, REQUESTED, WITHDRAWN
from cdp_assets.standardized.mapped_values import hashes, said_text
from cdp_assets.tables import CONSENT_EVENTS

DPV_STATES: Mapping[str, str] = {
    GIVEN: "dpv:ConsentGiven",
    WITHDRAWN: "dpv:ConsentWithdrawn",
    EXPIRED: "dpv:ConsentExpired",
    REQUESTED: "dpv:ConsentRequested",
}
"""What each ``event_state`` is in the Data Privacy Vocabulary."""

RECORD_COLUMNS = (
    "source", "import_id", "line", "record_id", "observed_at", "landed_at", "content_hash", "emails", "emails_delivered", "phones",
    "phones_delivered", "activity", "consent", "purpose", "channel", "wording", "lawful_basis", "jurisdiction",
    "collection_method", "validity_duration", "double_opt_in", "indicated_by", "corrected_source", "corrected_key",
)  # fmt: skip
"""Columns of records that events are made from."""

IN_CHAIN = (
    "event_id", "record_id", "line", "event_time", "event_state", "purpose", "channel", "emails", "phones", "jurisdiction",
    "lawful_basis", "privacy_notice", "collection_method", "validity_duration", "double_opt_in", "entity_id", "activity",
    "corrected_record_id",
)  # fmt: skip
"""What an event's hash covers: all that it says, and nothing of when and how we came to know it."""

_LIST_ITEM = "\x1d"
"""Between two addresses of one event; clean texts hold no control character."""


def speaks_of_consent() -> pl.Expr:
    """Whether a record is a consent event."""
    return pl.col("consent").is_not_null() | pl.col("activity").is_in(UNSUBSCRIBING_ACTIVITIES).fill_null(False)


def event_ids(records: pl.DataFrame) -> pl.Series:
    """The id of each consent event among records or their versions: ``record_id``, ``observed_at``, ``content_hash``."""
    observed = records.get_column("observed_at").dt.timestamp("us").cast(pl.String)
    said = {"record": records.get_column("record_id"), "at": observed, "content": records.get_column("content_hash")}
    return hashes(said_text(said)).alias("event_id")


def event_states() -> pl.Expr:
    """``event_state`` of a record: an unsubscribe withdraws whatever else its line says; an unknown word withdraws, too."""
    word = pl.col("consent").str.strip_chars().str.to_lowercase()
    is_known = word.is_in([GIVEN, EXPIRED, REQUESTED]).fill_null(False)
    unsubscribes = pl.col("activity").is_in(UNSUBSCRIBING_ACTIVITIES).fill_null(False)
    return pl.when(is_known & ~unsubscribes).then(word).otherwise(pl.lit(WITHDRAWN))


def consent_events(records: pl.DataFrame, imports: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``golden_records/consent_events``, in the order of the chains.

    ``records``: rows of ``standardized/<source>_records``, with at least :data:`RECORD_COLUMNS`; those that do not speak of
    consent are left out. ``imports``: ``source``, ``import_id`` and ``content_sha256`` of the imports in use.
    """
    spoken = records.filter(speaks_of_consent()).join(
        imports.select("source", "import_id", "content_sha256"), on=["source", "import_id"]
    )
    events = (
        spoken.with_columns(event_ids(spoken))
        .select(
            "event_id", "source", "import_id", "line", "record_id", "content_sha256", "emails", "emails_delivered", "phones",
            "phones_delivered", "purpose", "channel", "jurisdiction", "lawful_basis", "collection_method", "validity_duration",
            "double_opt_in", "activity",
            corrected_record_id=corrected_record(),
            event_time="observed_at",
            recorded_at="landed_at",
            event_state=event_states(),
            privacy_notice="wording",
            entity_id="indicated_by",
        )
        .sort("source", "import_id", "line", "event_id")
    )  # fmt: skip
    return CONSENT_EVENTS.conform(_chained(events).drop("content_sha256"))


def anchor(source: str, content_sha256: str) -> str:
    """What the chain of an import begins with: which source delivered which content."""
    return sha256(f"{source}\n{content_sha256}".encode()).hexdigest()


def event_texts(events: pl.DataFrame) -> pl.Series:
    """What the hash of each event covers, as one text."""
    as_text = events.select(
        pl.col(name).list.join(_LIST_ITEM)
        if dtype == pl.List(pl.String)
        else (pl.col(name).dt.timestamp("us") if isinstance(dtype, pl.Datetime) else pl.col(name)).cast(pl.String)
        for name, dtype in events.select(IN_CHAIN).schema.items()
    )
    return said_text({name: as_text.get_column(name) for name in IN_CHAIN})


def next_hash(previous_hash: str, text: str) -> str:
    """The hash of an event (or of an entry of the ledger) that says ``text`` and follows another."""
    return sha256(f"{previous_hash}\n{text}".encode()).hexdigest()


def _chained(events: pl.DataFrame) -> pl.DataFrame:
    previous_hashes, event_hashes = [], []
    chain: tuple[str, str] | None = None
    last = ""
    places = events.select("source", "import_id", "content_sha256").iter_rows()
    for (source, import_id, content), text in zip(places, event_texts(events).to_list(), strict=True):
        if (source, import_id) != chain:
            chain, last = (source, import_id), anchor(source, content)
        previous_hashes.append(last)
        last = next_hash(last, text)
        event_hashes.append(last)
    return events.with_columns(
        pl.Series("previous_hash", previous_hashes, dtype=pl.String),
        pl.Series("event_hash", event_hashes, dtype=pl.String),
    )
