"""Golden records: every table of this stage, made together from one resolution.

They are made together because they must agree: the golden e-mail is the first of ``emails``, what may be sent to it is
in ``consents``, and each value has its row in ``provenance``.

What does not belong here: any single rule (the other modules of this stage).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl

from cdp_assets.golden_records.consent_statements import statements
from cdp_assets.golden_records.consents import consents
from cdp_assets.golden_records.corrections import (
    CORRECTION,
    NOTHING,
    Corrections,
    corrections_in_force,
    with_full_names,
)
from cdp_assets.golden_records.customer_rows import customer_rows
from cdp_assets.golden_records.customer_versions import CustomerVersions, customer_versions
from cdp_assets.golden_records.emails import customer_emails
from cdp_assets.golden_records.phones import customer_phones
from cdp_assets.golden_records.policy import ADDRESS_PARTS, NAME_PARTS, SINGLES, ConsentPolicy, SurvivorshipPolicy
from cdp_assets.golden_records.suppressions import suppressions
from cdp_assets.golden_records.survivorship import (
    address_candidates,
    name_candidates,
    single_candidates,
)
from cdp_assets.golden_records.three_way import CONTESTED, settle, what_became, without_retracted
from cdp_assets.tables import (
    CLUSTERS,
    CONSENTS,
    CORRECTIONS,
    CUSTOMER_IDS,
    CUSTOMERS,
    EMAIL_ADDRESSES,
    GOLDEN_EMAILS,
    GOLDEN_PHONES,
    PHONE_NUMBERS,
    PROVENANCE,
    RECORD_VERSIONS,
    SIGHTINGS,
    SUPPRESSIONS,
    Table,
)

GOLDEN_FIELDS = (*NAME_PARTS, *SINGLES, "email", "phone", *ADDRESS_PARTS)
"""Columns of ``golden_records/customers`` that hold a delivered value: each filled cell has a row in provenance."""


COLUMNS_READ: Mapping[Table, Sequence[str]] = {
    RECORD_VERSIONS: (
        "record_id", "source", "import_id", "observed_at", "content_hash", *NAME_PARTS, "first_name_norm", "middle_name_norm",
        "last_name_norm", "suffix_norm", *SINGLES, "company_norm", "emails", "emails_delivered", "phones", "phones_delivered",
        "addresses", "problems", "activity", "consent", "purpose", "channel", "lawful_basis", "jurisdiction", "validity_duration",
        "double_opt_in", "corrected_source", "corrected_key", "corrected_field", "corrected_value", "correction", "version",
        "is_current", "is_newest",
    ),
    CUSTOMER_IDS: ("record_id", "source", "customer_id", "is_current"),
    CLUSTERS: ("record_id", "weakest_probability"),
    EMAIL_ADDRESSES: ("email", "class", "status", "sharing", "engaged_at"),
    SIGHTINGS: ("record_id", "source", "type", "value", "first_seen_at", "last_seen_at"),
    PHONE_NUMBERS: ("phone", "country", "type", "is_valid", "sharing"),
}  # fmt: skip
"""The tables that golden records are made from, in the order of :func:`golden_records`' frames, and the columns that are used: whoever reads
others reads them for nothing."""

_EVIDENCE = ("record_id", "source", "import_id", "observed_at")
"""Columns of provenance that lead from a value to who said it."""


@dataclass(frozen=True)
class GoldenRecords:
    """The tables of this stage, each as its contract in ``tables/`` says, and numbers for a report.

    ``counts``: ``corrected_cells`` (golden values that a correction set), ``retracted_emails``, ``contested_cells``
    (golden values with a runner-up), ``corrections_ignored`` (their record, field or value is not known),
    ``corrections_contested`` (a newer, third value waits for a person).
    """

    customers: pl.DataFrame
    provenance: pl.DataFrame
    emails: pl.DataFrame
    phones: pl.DataFrame
    consents: pl.DataFrame
    suppressions: pl.DataFrame
    corrections: pl.DataFrame
    counts: Mapping[str, int] = field(default_factory=dict)


def golden_records(
    versions: pl.DataFrame,
    customer_ids: pl.DataFrame,
    clusters: pl.DataFrame,
    email_addresses: pl.DataFrame,
    sightings: pl.DataFrame,
    phone_numbers: pl.DataFrame,
    *,
    trust: Mapping[str, int],
    steward_corrections: pl.DataFrame | None = None,
    survivorship: SurvivorshipPolicy | None = None,
    consent: ConsentPolicy | None = None,
    now: datetime,
    withheld: pl.DataFrame | None = None,
) -> GoldenRecords:
    """Make one golden record per customer of ``customer_ids``, with all addresses, provenance and consent.

    The frames are ``standardized/record_versions``, ``identity_graph/customer_ids`` and ``clusters``,
    ``standardized/email_addresses``, ``sightings`` and ``phone_numbers``, all of one resolution.
    ``trust``: 0-100 by source. ``steward_corrections``: ``Ledger.corrections()``. ``now``: the moment at which the expiry of
    a consent is judged. ``withheld``: addresses that may not be contacted by what was said before somebody was
    erased, as in ``withheld.py``. The order of rows does not matter.

    Raises ``GoldenRecordsError`` when the frames are of different resolutions.
    """
    survivorship, consent = survivorship or SurvivorshipPolicy(), consent or ConsentPolicy()
    known = customer_versions(versions, customer_ids, trust)
    corrections = corrections_in_force(known, steward_corrections)
    sighted = known.sighted(sightings)
    said = statements(known, consent)
    consented = consents(known, sighted, said, consent, now, corrections.retracted_at, withheld)
    emails = customer_emails(
        known,
        sighted,
        email_addresses,
        consented,
        corrections,
        survivorship.rules_for("email"),
        consent,
    )
    phones = customer_phones(
        known,
        sighted,
        phone_numbers,
        consented,
        corrections,
        survivorship.rules_for("phone"),
        consent,
    )
    surviving, states = _surviving_cells(known, corrections, survivorship)
    cells = {
        **surviving,
        "email": _set_by_correction(emails.cells, corrections, "email"),
        "phone": _set_by_correction(phones.cells, corrections, "phone"),
    }
    provenance = _provenance(cells, known)
    became = what_became(corrections, pl.concat([*states, emails.states, phones.states]), known)
    customers = customer_rows(cells, known, customer_ids, clusters, emails.table, phones.table)
    return GoldenRecords(
        CUSTOMERS.conform(customers),
        PROVENANCE.conform(provenance),
        GOLDEN_EMAILS.conform(_by_id(emails.table, known)),
        GOLDEN_PHONES.conform(_by_id(phones.table, known)),
        CONSENTS.conform(_by_id(consented.drop("is_complaint"), known)),
        SUPPRESSIONS.conform(suppressions(known, said, consented, consent, withheld)),
        CORRECTIONS.conform(became),
        counts={
            "corrected_cells": provenance.filter(pl.col("rule") == CORRECTION).height,
            "contested_cells": provenance.filter(pl.col("runners_up") > 0).height,
            "retracted_emails": emails.table.filter(pl.col("status") == "retracted").height,
            "corrections_ignored": corrections.ignored,
            "corrections_contested": became.filter(pl.col("state") == CONTESTED).height,
        },
    )


def _surviving_cells(
    known: CustomerVersions, corrections: Corrections, policy: SurvivorshipPolicy
) -> tuple[dict[str, pl.DataFrame], list[pl.DataFrame]]:
    """Cells of names, postal addresses and single fields, by field; and what became of the corrections of these."""
    cells: dict[str, pl.DataFrame] = {}
    states: list[pl.DataFrame] = []
    for field_or_whole, candidates in (
        ("name", name_candidates(known)),
        ("address", address_candidates(known)),
        *((single, single_candidates(known, single)) for single in SINGLES),
    ):
        theirs = without_retracted(candidates, corrections.retractions)
        settled = settle(theirs, corrections.sets, known, policy.rules_for(field_or_whole))
        held = with_full_names(settled.held, settled.chosen) if candidates.parts == NAME_PARTS else settled.held
        for part in candidates.parts:
            cells[part] = _corrected_cells(settled.chosen.cells(part), held.filter(pl.col("field") == part))
        states.append(settled.states)
    return cells, states


def _corrected_cells(cells: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """``cells`` with what was set in the place of what survived, which becomes one more runner-up, and the first."""
    if held.is_empty():
        return cells
    survived = cells.select("customer", "runners_up", next_best="value", next_best_row="row")
    replaced = held.join(survived, on="customer", how="left").select(
        "customer",
        "value",
        pl.lit(None, pl.UInt32).alias("row"),
        pl.lit(CORRECTION).alias("rule"),
        (pl.col("runners_up") + 1).fill_null(0).alias("runners_up"),
        "next_best",
        "next_best_row",
        "record_id",
        "source",
        "import_id",
        pl.col("corrected_at").alias("observed_at"),
    )
    untouched = cells.filter(~pl.col("customer").is_in(held.get_column("customer").unique().implode()))
    return pl.concat([untouched, replaced.filter(pl.col("value") != NOTHING)], how="diagonal")


def _set_by_correction(cells: pl.DataFrame, corrections: Corrections, kind: str) -> pl.DataFrame:
    """Cells of addresses, with the correction as evidence where it chose the address."""
    sets, _ = corrections.of(kind)
    evidence = sets.select("customer", "record_id", "source", "import_id", observed_at="corrected_at")
    is_from_people = pl.col("rule") == CORRECTION
    chosen_by_people = cells.filter(is_from_people).join(evidence, on="customer")
    if chosen_by_people.is_empty():
        return cells.filter(~is_from_people)
    return pl.concat(
        [cells.filter(~is_from_people), chosen_by_people.with_columns(pl.lit(None, pl.UInt32).alias("row"))],
        how="diagonal",
    )


def _provenance(cells: Mapping[str, pl.DataFrame], known: CustomerVersions) -> pl.DataFrame:
    """One row per filled cell, with the record that it came from, or that was corrected."""
    of_fields = [cells[name] for name in GOLDEN_FIELDS]
    told = ("customer", "value", "row", "rule", "runners_up", "next_best", "next_best_row")
    every = pl.concat([frame.select(told) for frame in of_fields], rechunk=True)
    fields = np.repeat(np.arange(len(of_fields)), [frame.height for frame in of_fields])
    order = np.argsort(every.get_column("customer").to_numpy().astype(np.int64) * len(of_fields) + fields)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    is_set = (every.get_column("rule") == CORRECTION).to_numpy()
    corrected = [frame.filter(pl.col("rule") == CORRECTION) for frame in of_fields if "record_id" in frame.columns]
    every = every[order]
    evidence = known.at(every.get_column("row"), *_EVIDENCE)
    if corrected:
        said = pl.concat([frame.select(_EVIDENCE) for frame in corrected])
        evidence = evidence.with_columns(
            evidence.get_column(name).scatter(place[is_set], said.get_column(name)) for name in _EVIDENCE
        )
    return every.select(
        known.customers.get_column("customer_id").gather(every.get_column("customer")),
        pl.Series("field", GOLDEN_FIELDS).gather(pl.Series(fields[order])),
        "value",
        *evidence.get_columns(),
        "rule",
        pl.col("runners_up").cast(pl.Int64),
        "next_best",
        known.at(every.get_column("next_best_row"), "record_id").get_column("record_id").alias("next_best_record_id"),
    )


def _by_id(table: pl.DataFrame, known: CustomerVersions) -> pl.DataFrame:
    """``table`` with the customer's id in the place of its number."""
    ids = known.customers.get_column("customer_id").gather(table.get_column("customer"))
    return table.with_columns(ids.alias("customer_id")).drop("customer")
