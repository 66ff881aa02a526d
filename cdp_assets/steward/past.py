"""A customer as they stood on a day: what was true then (``as_of``, source time) by what we knew then (``known_at``, our time).

Replayed, not restored: the deliveries that had landed by ``known_at`` are put in order again, cut at ``as_of``, and golden
records are made of them by today's policies. So any day can be asked for, however long ago, and whatever was erased since
is not in it, for its deliveries are gone. Who was who is read from the lake's version of that day; where that is gone (lakes
keep thirty days of versions, and an erasure none), as it is known today, and :attr:`Past.notes` says so.

What does not belong here: how a day is cut out (``golden_records/history.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.erasure.withheld import WithheldOfErased
from cdp_assets.golden_records.as_decided import golden_records_as_decided
from cdp_assets.golden_records.corrected_records import corrected_record
from cdp_assets.golden_records.history import addresses_at, versions_at
from cdp_assets.lake import NO_LONGER_KEPT, Lake
from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.standardized.sightings import sightings
from cdp_assets.standardized.versions import FACTS, versions_of
from cdp_assets.steward.dossier import GOLDEN_FIELDS, Dossier, dossier
from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.tables import CLUSTERS, CUSTOMER_IDS, EMAIL_ADDRESSES, PHONE_NUMBERS, source_records
from cdp_assets.workspace import Workspace

WHO_IS_AS_TODAY = "who is who is told as it is known today: the lake no longer keeps, or never had, that day's version"
ID_IS_NEWER = "the customer had no such id yet: shown are the records that have it today"


@dataclass(frozen=True)
class Past:
    """A customer on a day. ``notes``: what could not be told as it was, and why."""

    as_of: datetime
    known_at: datetime
    dossier: Dossier
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As plain values, in the form of a dossier."""
        when = {"as_of": self.as_of.isoformat(), "known_at": self.known_at.isoformat(), "notes": list(self.notes)}
        return {**when, **self.dossier.as_json()}


def past(workspace: Workspace, customer_id: str, *, as_of: datetime, known_at: datetime) -> Past:
    """The customer as they stood at ``as_of``, by what had landed at ``known_at``.

    Raises :class:`~cdp_assets.steward.lookup.LookupProblemError` for an id that nobody has, and where nothing was known.
    """
    lake = workspace.lake
    today = dossier(lake, workspace.ledger, customer_id)
    members, notes = _members(lake, today, known_at)
    moment = min(as_of, known_at)
    versions = versions_at(_versions(workspace, members, known_at), as_of)
    theirs = versions.filter(pl.col("record_id").is_in(members.implode()))
    if theirs.is_empty():
        raise LookupProblemError(f"nothing was known of customer {today.customer_id} then; ask for a later day")
    records = theirs.filter("is_newest").sort("observed_at", "record_id")
    ids = records.select(
        "record_id", "source", "source_key", "is_current", customer_id=pl.lit(today.customer_id)
    ).select(CUSTOMER_IDS.schema.keys())
    held = today.records.select("record_id", weakest_probability="link_probability")
    clusters = records.select("record_id", cluster_id=pl.lit(0, pl.Int64)).join(held, on="record_id", how="left")
    made = golden_records_as_decided(
        workspace,
        versions,
        ids,
        CLUSTERS.conform(
            clusters.with_columns(pl.col("weakest_probability").fill_null(1.0)).select(CLUSTERS.schema.keys())
        ),
        addresses_at(lake.read_or_empty(EMAIL_ADDRESSES), moment),
        sightings(versions),
        lake.read_or_empty(PHONE_NUMBERS),
        withheld=WithheldOfErased(workspace),
        now=moment,
        until=moment,
    )
    golden = made.customers.row(0, named=True)
    counted = theirs.group_by("record_id").agg(pl.len().cast(pl.Int64).alias("versions"))
    evidence = [name for name in today.emails.columns if name not in made.emails.columns]
    stood = replace(
        today,
        summary={name: value for name, value in golden.items() if name not in GOLDEN_FIELDS or name == "full_name"},
        values=_values(made.provenance, golden),
        emails=made.emails.sort("rank", "email").with_columns(
            pl.lit(None, today.emails.schema[name]).alias(name) for name in evidence
        ),
        phones=made.phones.sort("rank", "phone"),
        postal_addresses=today.postal_addresses.clear(),
        consents=made.consents,
        records=records.join(counted, on="record_id", maintain_order="left").join(
            held.rename({"weakest_probability": "link_probability"}),
            on="record_id",
            how="left",
            maintain_order="left",
        ),
        segments=today.segments.clear(),
        history=today.history.filter(pl.col("changed_at") <= known_at),
        review_items=today.review_items.clear(),
        judgements=today.judgements.filter(pl.col("judged_at") <= known_at),
        corrections=today.corrections.filter(pl.col("corrected_at") <= moment),
    )
    return Past(as_of, known_at, stood, notes)


def _members(lake: Lake, today: Dossier, known_at: datetime) -> tuple[pl.Series, tuple[str, ...]]:
    """The customer's records as they were known at ``known_at``, and what to say of that."""
    present = today.records.get_column("record_id")
    condition = pl.col("customer_id") == today.customer_id
    version = lake.version_at(CUSTOMER_IDS, known_at)
    if version is None:
        return present, (WHO_IS_AS_TODAY,)
    try:
        then = lake.scan(CUSTOMER_IDS, version=version).filter(condition).select("record_id").collect().to_series()
    except NO_LONGER_KEPT:
        return present, (WHO_IS_AS_TODAY,)
    return (then, ()) if then.len() else (present, (ID_IS_NEWER,))


def _versions(workspace: Workspace, members: pl.Series, known_at: datetime) -> pl.DataFrame:
    """Versions of the members, and of what else speaks of them: corrections of their records, consents of their addresses."""
    imports = workspace.ledger.imports().filter((pl.col("state") == IMPORTED) & (pl.col("landed_at") <= known_at))
    contracts, _ = load_contracts(workspace.contracts_dir)
    delivers = {contract.source: contract.delivers for contract in contracts}
    own = pl.col("record_id").is_in(members.implode())
    theirs = _records(workspace, delivers, imports, own)
    addresses = {kind: theirs.get_column(kind).explode().drop_nulls().unique() for kind in ("emails", "phones")}
    corrects = corrected_record().is_in(members.implode()).fill_null(False)
    carries = pl.any_horizontal(
        pl.col(kind).list.eval(pl.element().is_in(values.implode())).list.any().fill_null(False)
        for kind, values in addresses.items()
    )
    speaks = (pl.col("consent").is_not_null() | pl.col("activity").is_not_null()) & carries
    records = _records(workspace, delivers, imports, own | corrects | speaks)
    sources = records.get_column("source").unique()
    facts = _records(workspace, dict.fromkeys(sources, ""), imports, pl.lit(True), list(FACTS))
    return versions_of(records, facts, delivers, imports.select("import_id", "source", "sequence"))


def _records(
    workspace: Workspace,
    sources: Mapping[str, str],
    imports: pl.DataFrame,
    condition: pl.Expr,
    columns: list[str] | None = None,
) -> pl.DataFrame:
    found = [
        workspace.lake.scan(source_records(source))
        .filter(pl.col("import_id").is_in(of_source.implode()) & condition)
        .select(columns or list(source_records(source).schema))
        .collect()
        for source in sorted(sources)
        if workspace.lake.exists(source_records(source))
        and (of_source := imports.filter(pl.col("source") == source).get_column("import_id")).len()
    ]
    schema = source_records("any").schema
    empty = pl.DataFrame(schema={name: schema[name] for name in columns or list(schema)})
    return pl.concat([empty, *found])


def _values(provenance: pl.DataFrame, golden: dict[str, Any]) -> pl.DataFrame:
    order = pl.DataFrame(
        {"field": [name for name in GOLDEN_FIELDS if golden.get(name) is not None]}, schema={"field": pl.String}
    )
    return order.join(provenance.drop("customer_id"), on="field", how="left", maintain_order="left").select(
        "field", "value", "source", "record_id", "import_id", "observed_at", "rule", "runners_up"
    )
