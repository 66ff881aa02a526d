"""Small resolutions for tests: a few records said in a line each, and every frame that golden records are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from cdp_assets import tables
from cdp_assets.golden_records.consent_statements import statements
from cdp_assets.golden_records.consents import consents
from cdp_assets.golden_records.customer_versions import customer_versions
from cdp_assets.golden_records.golden import GoldenRecords, golden_records
from cdp_assets.golden_records.policy import ConsentPolicy, SurvivorshipPolicy

TRUST = {"crm": 80, "shop": 60, "webinar": 30, "web": 10}


def moment(text: str) -> datetime:
    """``2020``, ``2020-05`` or ``2020-05-17`` as a moment, UTC."""
    year, month, day = ([int(part) for part in text.split("-")] + [1, 1])[:3]
    return datetime(year, month, day, tzinfo=UTC)


def record(record_id: str, at: str = "2020", **values: Any) -> dict[str, Any]:
    """One record version. ``email``, ``phone`` and ``address`` may be given for the lists; ``*_norm`` follow."""
    source, _, source_key = record_id.partition("/")
    row: dict[str, Any] = {column.name: None for column in tables.RECORD_VERSIONS.columns}
    observed = moment(at)
    row |= {
        "record_id": record_id,
        "source": source,
        "source_key": source_key,
        "import_id": f"{observed:%Y%m%dT%H%M%SZ}-{source}",
        "line": 2,
        "observed_at": observed,
        "landed_at": observed,
        "valid_from": observed,
        "last_import_id": f"{observed:%Y%m%dT%H%M%SZ}-{source}",
        "last_seen_at": observed,
        "version": 1,
        "is_current": True,
        "is_newest": True,
        "is_deleted": False,
        "emails": [],
        "phones": [],
        "addresses": [],
        "identifiers": [],
    }
    for kind in ("email", "phone"):
        if kind in values:
            given = values.pop(kind)
            row[f"{kind}s"] = [given] if isinstance(given, str) else list(given)
        row[f"{kind}s_delivered"] = values.pop(f"{kind}s_delivered", row[f"{kind}s"])
    if "address" in values:
        row["addresses"] = [values.pop("address")]
    row |= values
    for part, norm in (
        ("first_name", "first_name_norm"),
        ("middle_name", "middle_name_norm"),
        ("last_name", "last_name_norm"),
        ("name_suffix", "suffix_norm"),
        ("company", "company_norm"),
    ):
        row[norm] = row[part].lower().strip(".") if row[part] else None
    if row["full_name"] is None and (row["first_name"] or row["last_name"]):
        parts = (row["first_name"], row["middle_name"], row["last_name"], row["name_suffix"])
        row["full_name"] = " ".join(part for part in parts if part)
    row["content_hash"] = f"{record_id}@{at}"
    return row


def postal(
    street: str | None = None,
    city: str | None = None,
    postcode: str | None = None,
    country: str | None = "US",
    **more: str,
) -> dict[str, str | None]:
    """One postal address: ``12 Oak Street`` is number and street."""
    number, _, name = (street or "").partition(" ")
    return {
        "street": street,
        "city": city,
        "region": None,
        "postcode": postcode,
        "country": country,
        "street_norm": name.lower() or None,
        "house_number": number or None,
        "unit": None,
        "city_norm": city.lower() if city else None,
        "region_norm": None,
        "postcode_norm": postcode,
        **more,
    }


def former(version: dict[str, Any]) -> dict[str, Any]:
    """The same version when a newer one of its record has ended it."""
    return {**version, "is_current": False, "is_newest": False}


def newer(version: dict[str, Any]) -> dict[str, Any]:
    """The same version as the second of its record."""
    return {**version, "version": 2}


def versions_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return tables.RECORD_VERSIONS.conform(pl.DataFrame(list(rows), schema=tables.RECORD_VERSIONS.schema))


def correction(
    record_id: str, at: str, corrected: str, field_name: str, value: str, word: str = "set"
) -> dict[str, Any]:
    """A record of kind corrections that speaks of the record ``corrected``."""
    source, _, key = corrected.partition("/")
    return record(
        record_id,
        at,
        corrected_source=source,
        corrected_key=key,
        corrected_field=field_name,
        corrected_value=value,
        correction=word,
    )


def said(record_id: str, at: str, consent: str | None, email: str | None = None, **values: Any) -> dict[str, Any]:
    """A record of kind consents: marketing by e-mail unless it says otherwise."""
    more: dict[str, Any] = {"purpose": "marketing", "channel": "email", **values}
    if email is not None:
        more["email"] = email
    return record(record_id, at, consent=consent, **more)


@dataclass
class Resolution:
    """Everything that golden records are made from, for a few records.

    ``customers``: records by customer; a record that none names belongs to no customer. ``gone``: records that have
    disappeared from their source. ``addresses``: what is known of an e-mail address (class, status, sharing).
    """

    rows: Sequence[dict[str, Any]]
    customers: Mapping[str, Sequence[str]]
    gone: Sequence[str] = ()
    links: Mapping[str, float] = field(default_factory=dict)
    addresses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shared_phones: Mapping[str, str] = field(default_factory=dict)
    steward: pl.DataFrame | None = None
    survivorship: SurvivorshipPolicy | None = None
    consent: ConsentPolicy | None = None
    now: datetime = field(default_factory=lambda: moment("2026"))
    withheld: pl.DataFrame | None = None
    _made: GoldenRecords | None = None

    @property
    def versions(self) -> pl.DataFrame:
        return versions_of(*self.rows)

    @property
    def customer_ids(self) -> pl.DataFrame:
        rows = [
            {
                "record_id": record_id,
                "source": record_id.partition("/")[0],
                "source_key": record_id.partition("/")[2],
                "customer_id": customer,
                "is_current": record_id not in self.gone,
            }
            for customer, record_ids in self.customers.items()
            for record_id in record_ids
        ]
        return pl.DataFrame(rows, schema=tables.CUSTOMER_IDS.schema)

    @property
    def clusters(self) -> pl.DataFrame:
        rows = [
            {"record_id": record_id, "cluster_id": number, "weakest_probability": self.links.get(record_id, 1.0)}
            for number, record_ids in enumerate(self.customers.values())
            for record_id in record_ids
        ]
        return pl.DataFrame(rows, schema=tables.CLUSTERS.schema)

    @property
    def sightings(self) -> pl.DataFrame:
        found: dict[tuple[str, str, str], dict[str, Any]] = {}
        for row in self.rows:
            for kind in ("email", "phone"):
                for value in row[f"{kind}s"]:
                    key = (row["record_id"], kind, value)
                    at = row["observed_at"]
                    first = min(at, found[key]["first_seen_at"]) if key in found else at
                    last = max(at, found[key]["last_seen_at"]) if key in found else at
                    found[key] = {
                        "record_id": row["record_id"],
                        "source": row["source"],
                        "type": kind,
                        "value": value,
                        "first_seen_at": first,
                        "last_seen_at": last,
                        "first_landed_at": first,
                        "last_landed_at": last,
                        "is_current": row["is_current"],
                    }
        return pl.DataFrame(list(found.values()), schema=tables.SIGHTINGS.schema)

    @property
    def email_addresses(self) -> pl.DataFrame:
        addresses = sorted({email for row in self.rows for email in row["emails"]})
        rows = [
            {
                "email": email,
                "domain": email.partition("@")[2],
                "class": "personal",
                "sharing": "personal",
                "suggestion": None,
                "records": 1,
                "people": 1,
                "families": 1,
                "is_shared": False,
                "first_seen_at": moment("2020"),
                "last_seen_at": moment("2020"),
                "seen_by": [],
                "bounced_at": None,
                "engaged_at": None,
                "alive_probability": 0.9,
                "status": "unverified",
                "status_reason": "unheard",
                **self.addresses.get(email, {}),
            }
            for email in addresses
        ]
        return pl.DataFrame(rows, schema=tables.EMAIL_ADDRESSES.schema)

    @property
    def phone_numbers(self) -> pl.DataFrame:
        seen = {
            "records": 1,
            "people": 1,
            "extensions": 0,
            "first_seen_at": moment("2020"),
            "last_seen_at": moment("2020"),
        }
        rows = [
            {
                "phone": phone,
                "country": "US" if phone.startswith("+1") else None,
                "type": "fixed_line_or_mobile" if phone.startswith("+") else "unknown",
                "is_valid": phone.startswith("+"),
                "sharing": self.shared_phones.get(phone, "personal"),
                **seen,
            }
            for phone in sorted({phone for row in self.rows for phone in row["phones"]})
        ]
        return pl.DataFrame(rows, schema=tables.PHONE_NUMBERS.schema)

    def consents(self) -> pl.DataFrame:
        """Decide the consents only, which is quicker than making everything."""
        known, policy = customer_versions(self.versions, self.customer_ids, TRUST), self.consent or ConsentPolicy()
        said = statements(known, policy)
        decided = consents(known, known.sighted(self.sightings), said, policy, self.now, withheld=self.withheld)
        return decided.join(known.customers, on="customer")

    def golden(self) -> GoldenRecords:
        """Make the golden records, once."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> GoldenRecords:
        return golden_records(
            self.versions,
            self.customer_ids,
            self.clusters,
            self.email_addresses,
            self.sightings,
            self.phone_numbers,
            trust=TRUST,
            steward_corrections=self.steward,
            survivorship=self.survivorship,
            consent=self.consent,
            now=self.now,
            withheld=self.withheld,
        )


def one_customer(*rows: dict[str, Any], **options: Any) -> Resolution:
    """A resolution in which all records are one customer, ``C1``."""
    return Resolution(rows, {"C1": sorted({row["record_id"] for row in rows})}, **options)


def golden_row(resolution: Resolution, customer: str = "C1") -> dict[str, Any]:
    """The golden record of one customer."""
    return resolution.golden().customers.filter(pl.col("customer_id") == customer).row(0, named=True)


def origin(resolution: Resolution, name: str, customer: str = "C1") -> dict[str, Any]:
    """The provenance of one cell."""
    found = resolution.golden().provenance.filter((pl.col("customer_id") == customer) & (pl.col("field") == name))
    return found.row(0, named=True)
