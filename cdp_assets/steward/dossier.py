"""Everything that is known about one customer, gathered from every stage for a person to read.

The dossier of a customer holds personal values by purpose: it is for the person who asked, on their screen, and never
goes into a log, an error or a URL.

What does not belong here: finding the customer (``lookup.py``), how a dossier looks (``customer_text.py``, ``page.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import polars as pl

from cdp_assets.identity_graph.id_format import as_written
from cdp_assets.lake import Lake
from cdp_assets.ledger import Ledger
from cdp_assets.steward.lookup import LookupProblemError, require_made, resolve_id
from cdp_assets.tables import (
    CLUSTERS,
    CONSENTS,
    CUSTOMER_IDS,
    CUSTOMERS,
    EMAIL_ADDRESSES,
    GOLDEN_EMAILS,
    GOLDEN_PHONES,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    PROVENANCE,
    RECORD_VERSIONS,
    REVIEW_QUEUE,
    SEGMENT_MEMBERS,
    Table,
)

GOLDEN_FIELDS = (
    "full_name", "first_name", "middle_name", "last_name", "name_suffix", "sex", "date_of_birth", "email", "phone",
    "street", "city", "region", "postcode", "country", "company", "job_title",
)  # fmt: skip
"""Values of a golden record, in the order in which a person reads them."""

_EVIDENCE = (
    "status_reason", "alive_probability", "sharing", "suggestion", "bounced_at", "delivered_at", "engaged_at", "left_at",
    "domain_gone_at",
)  # fmt: skip
"""What ``standardized/email_addresses`` knows of an address, for a person who asks why it is dead."""

_ADDRESS_PARTS = ("street", "city", "region", "postcode", "country")


@dataclass(frozen=True)
class Dossier:
    """One customer. ``asked_for`` is the former id that was asked for, None when it was the current one.

    ``values``: field, value, source, record_id, import_id, observed_at, rule, runners_up (null where provenance is
    silent). ``records``: one row per record, its newest version, with ``versions`` and how strongly it is held
    (``link_probability``). ``postal_addresses``: street … country, sources, first_seen_at, last_seen_at, is_current.
    ``emails``: with the evidence of their status (``_EVIDENCE``). ``history``: identity changes, oldest first. The other frames have their tables' columns.
    """

    customer_id: str
    asked_for: str | None
    summary: dict[str, Any]
    values: pl.DataFrame
    emails: pl.DataFrame
    phones: pl.DataFrame
    postal_addresses: pl.DataFrame
    consents: pl.DataFrame
    records: pl.DataFrame
    segments: pl.DataFrame
    history: pl.DataFrame
    former_ids: tuple[str, ...]
    review_items: pl.DataFrame
    judgements: pl.DataFrame
    corrections: pl.DataFrame

    @property
    def name(self) -> str:
        """What to call the customer on a page; the id when nobody said a name."""
        return str(self.summary.get("full_name") or self.customer_id)

    def as_json(self) -> dict[str, Any]:
        """The dossier as plain values: moments and days in ISO form, frames as lists of objects."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def dossier(lake: Lake, ledger: Ledger, customer_id: str) -> Dossier:
    """The dossier of the customer that ``customer_id`` stands for today.

    Raises :class:`~cdp_assets.steward.lookup.LookupProblemError` for an id that was never minted or has no successor.
    """
    current = resolve_id(lake, customer_id)
    require_made(lake, CUSTOMER_IDS)
    records = _records(lake, current)
    if records.is_empty():
        raise LookupProblemError(
            f"customer {current} has an id but no record in this resolution; run `cdp run`, and if that does not help, "
            "look at the checks of identity_graph/customer_ids in `cdp ui`"
        )
    ids = records["record_id"].to_list()
    former = _former_ids(lake, current)
    golden = _of(lake, CUSTOMERS, current)
    summary = golden.row(0, named=True) if golden.height else {}
    return Dossier(
        customer_id=current,
        asked_for=None if as_written(customer_id) == current else as_written(customer_id),
        summary={name: value for name, value in summary.items() if name not in GOLDEN_FIELDS or name == "full_name"},
        values=_values(lake, current, summary),
        emails=_emails(lake, current),
        phones=_of(lake, GOLDEN_PHONES, current).sort("rank", "phone"),
        postal_addresses=_postal_addresses(lake, ids),
        consents=_of(lake, CONSENTS, current).sort("purpose", "channel", "address"),
        records=records,
        segments=_of(lake, SEGMENT_MEMBERS, current).sort("segment"),
        history=_history(lake, [current, *former]),
        former_ids=former,
        review_items=_review_items(lake, current),
        judgements=ledger.judgements().filter(pl.col("record_id_l").is_in(ids) | pl.col("record_id_r").is_in(ids)),
        corrections=ledger.corrections().filter(pl.col("record_id").is_in(ids)),
    )


def _of(lake: Lake, table: Table, customer_id: str) -> pl.DataFrame:
    if not lake.exists(table):
        return table.empty()
    return lake.scan(table).filter(pl.col("customer_id") == customer_id).collect()


def _emails(lake: Lake, customer_id: str) -> pl.DataFrame:
    """The customer's addresses, best first, with the evidence; an address that only a correction names has none."""
    theirs = _of(lake, GOLDEN_EMAILS, customer_id)
    known = lake.scan(EMAIL_ADDRESSES) if lake.exists(EMAIL_ADDRESSES) else EMAIL_ADDRESSES.empty().lazy()
    evidence = known.filter(pl.col("email").is_in(theirs.get_column("email").to_list())).select("email", *_EVIDENCE)
    return theirs.join(evidence.collect(), on="email", how="left").sort("rank", "email")


def _values(lake: Lake, customer_id: str, golden: dict[str, Any]) -> pl.DataFrame:
    """The golden record field by field, each value with where it came from."""
    origin = _of(lake, PROVENANCE, customer_id)
    filled = [(name, _as_text(golden[name])) for name in GOLDEN_FIELDS if golden.get(name) is not None]
    values = pl.DataFrame(filled, schema={"field": pl.String, "value": pl.String}, orient="row")
    return values.join(origin.drop("customer_id", "value"), on="field", how="left", maintain_order="left").select(
        "field", "value", "source", "record_id", "import_id", "observed_at", "rule", "runners_up"
    )


def _records(lake: Lake, customer_id: str) -> pl.DataFrame:
    """The customer's records in the order in which they were first seen, each in its newest version."""
    own = lake.scan(CUSTOMER_IDS).filter(pl.col("customer_id") == customer_id).select("record_id").collect()
    links = (
        lake.scan(CLUSTERS)
        .filter(pl.col("record_id").is_in(own["record_id"].implode()))
        .select("record_id", pl.col("weakest_probability").alias("link_probability"))
        .collect()
        if lake.exists(CLUSTERS)
        else own.with_columns(pl.lit(None, pl.Float64).alias("link_probability"))
    )
    versions = _versions(lake, own["record_id"].to_list())
    counted = versions.group_by("record_id").agg(
        pl.len().cast(pl.Int64).alias("versions"), pl.col("observed_at").min().alias("first_observed_at")
    )
    newest = versions.filter("is_newest")
    joined = own.join(newest, on="record_id", how="left").join(counted, on="record_id", how="left")
    return joined.join(links, on="record_id", how="left").sort("first_observed_at", "record_id")


def record_versions(lake: Lake, record_ids: Sequence[str]) -> pl.DataFrame:
    """Every version of these records, oldest first, whoever their customer is."""
    return _versions(lake, list(record_ids)).sort("record_id", "version")


def _versions(lake: Lake, record_ids: list[str]) -> pl.DataFrame:
    if not lake.exists(RECORD_VERSIONS):
        return RECORD_VERSIONS.empty()
    return lake.scan(RECORD_VERSIONS).filter(pl.col("record_id").is_in(record_ids)).collect()


def _postal_addresses(lake: Lake, record_ids: list[str]) -> pl.DataFrame:
    """Every postal address that any version of the records carries, newest first; spellings of one are one."""
    said = (
        _versions(lake, record_ids)
        .select("source", "observed_at", "last_seen_at", "is_current", "addresses")
        .with_columns(pl.col("addresses").list.head(1).alias("first_address"))
        .explode("addresses")
        .drop_nulls("addresses")
        .with_columns(
            (pl.col("is_current") & (pl.col("first_address").list.first() == pl.col("addresses"))).alias("is_current"),
        )
        .unnest("addresses")
        .filter(pl.any_horizontal(pl.col(part).is_not_null() for part in ("street", "postcode")))
        .sort("last_seen_at", "observed_at", *_ADDRESS_PARTS)
    )
    same = ["street_norm", "house_number", "unit", "city_norm", "postcode_norm"]
    return (
        said.group_by(same, maintain_order=True)
        .agg(
            *(pl.col(part).drop_nulls().last() for part in _ADDRESS_PARTS),
            pl.col("source").unique().sort().alias("sources"),
            pl.col("observed_at").min().alias("first_seen_at"),
            pl.col("last_seen_at").max(),
            pl.col("is_current").any(),
        )
        .drop(same)
        .sort("is_current", "last_seen_at", *_ADDRESS_PARTS, descending=[True, True, *[False] * len(_ADDRESS_PARTS)])
    )


def _former_ids(lake: Lake, customer_id: str) -> tuple[str, ...]:
    if not lake.exists(ID_LINEAGE):
        return ()
    others = (pl.col("current_customer_id") == customer_id) & (pl.col("customer_id") != customer_id)
    rows = lake.scan(ID_LINEAGE).filter(others).sort("minted_at", "customer_id").collect()
    return tuple(rows["customer_id"])


def _history(lake: Lake, customer_ids: list[str]) -> pl.DataFrame:
    if not lake.exists(IDENTITY_CHANGES):
        return IDENTITY_CHANGES.empty()
    concerned = pl.col("customer_id").is_in(customer_ids) | pl.col("other_customer_id").is_in(customer_ids)
    return lake.scan(IDENTITY_CHANGES).filter(concerned).sort("changed_at", "change", "change_id").collect()


def _review_items(lake: Lake, customer_id: str) -> pl.DataFrame:
    if not lake.exists(REVIEW_QUEUE):
        return REVIEW_QUEUE.empty()
    concerned = (pl.col("customer_id_l") == customer_id) | (pl.col("customer_id_r") == customer_id)
    return lake.scan(REVIEW_QUEUE).filter(concerned).sort("rank").collect()


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, pl.DataFrame):
        return [_plain(row) for row in value.to_dicts()]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, (date, datetime)) else value
