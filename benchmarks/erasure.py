"""What it takes to erase one person from a workspace of a million records, and to prove it.

    python benchmarks/erasure.py [--people 100000] [--keep DIR]

The workspace is the generator's, imported and published as ever; who is who is taken from its truth, since it does not matter
here who links (there are no scored pairs). It is kept in DIR, where one is named, so that it is made once. Erased is the customer with the most records among those with a date of birth: lines in many imports of
several sources. Prints, for each step, seconds of processor (all threads) and of wall clock, and the peak of memory in
the end; the resolution that follows is not part of it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from fresh_processes import peak_mb

from cdp_assets.published.published_tables import PUBLISHED_TABLES as PUBLISHED
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.workspace import Workspace

PUBLISHED_TABLES = tuple(published.lake_table for published in PUBLISHED)

SEED = 7


def main() -> None:
    """Make the workspace where it is not there yet, erase in a copy of it, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        made = (arguments.keep or Path(scratch)) / f"erasure-{arguments.people}"
        if not (made / "published.db").exists():
            _make(made, arguments.people)
        home = Path(shutil.copytree(made, Path(scratch) / "copy"))
        _measure(home)


def _make(home: Path, people: int) -> None:
    from cdp_assets import tables
    from cdp_assets.candidate_links.profiles import linkage_profiles
    from cdp_assets.candidate_links.shared import shared_identifiers
    from cdp_assets.environment import workspace_from_environment
    from cdp_assets.evaluation.world import generate
    from cdp_assets.golden_records.consent_log import events_of, imports_in_use
    from cdp_assets.golden_records.golden import golden_records
    from cdp_assets.identity_graph.memberships import with_resolution
    from cdp_assets.published.publication import publish
    from cdp_assets.sources.contracts import load_contracts
    from cdp_assets.standardized.email_addresses import email_tables
    from cdp_assets.standardized.gathering import all_records, all_rejections, order_of_imports
    from cdp_assets.standardized.phone_numbers import phone_numbers
    from cdp_assets.standardized.sightings import sightings
    from cdp_assets.standardized.versions import record_versions

    if not (home / "contracts").exists():
        generate(people, SEED, home)
    workspace = workspace_from_environment(home)
    contracts, _ = load_contracts(workspace.contracts_dir)
    for contract in contracts:
        _import(workspace, contract)
    imports = order_of_imports(workspace)
    delivers = {contract.source: contract.delivers for contract in contracts}
    versions = record_versions(all_records(workspace, contracts, imports), delivers, imports)
    emails, seen = email_tables(versions).addresses, sightings(versions)
    shared = shared_identifiers(versions, emails, {})
    profiles, members = linkage_profiles(versions, shared, set())
    ids, lineage = _by_truth(home, versions)
    clusters = ids.select("record_id", cluster_id=pl.col("customer_id").rank("dense").cast(pl.Int64), weakest_probability=pl.lit(1.0))  # fmt: skip
    now = datetime.now(UTC)
    phones = phone_numbers(versions)
    golden = golden_records(versions, ids, clusters, emails, seen, phones, trust={}, now=now)
    stored = {
        tables.RECORD_VERSIONS: versions, tables.REJECTED_ROWS: all_rejections(workspace, contracts, imports),
        tables.EMAIL_ADDRESSES: emails, tables.SIGHTINGS: seen, tables.SHARED_IDENTIFIERS: shared,
        tables.LINKAGE_PROFILES: profiles, tables.PROFILE_MEMBERS: members, tables.CLUSTERS: clusters,
        tables.ID_LINEAGE: lineage, tables.IDENTITY_CHANGES: tables.IDENTITY_CHANGES.empty(), tables.CUSTOMER_IDS: ids,
        tables.CUSTOMERS: golden.customers, tables.PROVENANCE: golden.provenance, tables.GOLDEN_EMAILS: golden.emails,
        tables.GOLDEN_PHONES: golden.phones, tables.CONSENTS: golden.consents, tables.SUPPRESSIONS: golden.suppressions,
        tables.CORRECTIONS: golden.corrections, tables.PHONE_NUMBERS: phones,
        tables.CONSENT_EVENTS: events_of(workspace, contracts, imports_in_use(workspace)),
        tables.MEMBERSHIPS: with_resolution(tables.MEMBERSHIPS.empty(), ids, now),
        tables.SEGMENT_MEMBERS: tables.SEGMENT_MEMBERS.empty(),
    }  # fmt: skip
    for table, rows in stored.items():
        workspace.lake.replace(table, rows)
    publish({table: workspace.lake.read(table) for table in PUBLISHED_TABLES}, workspace.publication_url, {}, "p1", datetime.now(UTC))  # fmt: skip
    workspace.ledger.close()


def _import(workspace: Workspace, contract: SourceContract) -> None:
    from cdp_assets.raw.deliveries import take_in
    from cdp_assets.sources.arrivals import register_arrivals
    from cdp_assets.standardized.importing import standardize_import

    now = datetime.now(UTC)
    register_arrivals(workspace, contract, now, settle_seconds=0)
    waiting = workspace.ledger.imports(contract.source).filter(pl.col("state") == "landed")
    for import_id in waiting["import_id"]:
        take_in(workspace, contract, import_id, now)
        standardize_import(workspace, contract, import_id, now)


def _by_truth(home: Path, versions: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``customer_ids`` and ``id_lineage``: a customer is a person of the truth; records that it does not know stand alone."""
    from cdp_assets import tables

    truth = pl.read_parquet(home / "truth" / "records.parquet").select("record_id", "entity_id")
    records = (
        versions.select("record_id", "source", "source_key").unique("record_id").join(truth, on="record_id", how="left")
    )
    person = pl.coalesce("entity_id", "record_id").rank("dense")
    ids = records.with_columns(customer_id="C" + person.cast(pl.String).str.zfill(12), is_current=pl.lit(True))
    moment = pl.lit(datetime(2026, 1, 1, tzinfo=UTC)).cast(tables.MOMENT)
    lineage = (
        ids.select("customer_id")
        .unique()
        .with_columns(current_customer_id="customer_id", state=pl.lit("current"), minted_at=moment, changed_at=moment)
    )
    return (
        tables.CUSTOMER_IDS.conform(ids.select(list(tables.CUSTOMER_IDS.schema)).sort("record_id")),
        tables.ID_LINEAGE.conform(lineage.sort("customer_id")),
    )


def _measure(home: Path) -> None:
    from cdp_assets.environment import workspace_from_environment
    from cdp_assets.erasure.steps import erase
    from cdp_assets.tables import CUSTOMERS, RECORD_VERSIONS

    workspace = workspace_from_environment(home)
    customers = workspace.lake.read(CUSTOMERS, columns=["customer_id", "records", "date_of_birth"])
    chosen = customers.drop_nulls().sort("records", "customer_id", descending=[True, False])["customer_id"][0]
    records = workspace.lake.scan(RECORD_VERSIONS).select(pl.col("record_id").n_unique()).collect().item()
    disk = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    print(f"{records:,} records, {customers.height:,} customers, {disk / 1e6:,.0f} MB of files")
    print("| step | CPU s | wall s |\n|---|---|---|")
    began, last = (time.process_time(), time.perf_counter()), ["", time.process_time(), time.perf_counter()]

    def report(step: str) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        if last[0]:
            print(f"| {last[0]} | {cpu - float(last[1]):.1f} | {wall - float(last[2]):.1f} |", flush=True)
        last[:] = [step, cpu, wall]

    ended = erase(workspace, chosen, by="a benchmark", now=datetime.now(UTC), report=report)
    report("the end")
    said = ended.certificate
    print(f"| together | {time.process_time() - began[0]:.1f} | {time.perf_counter() - began[1]:.1f} |")
    print(
        f"{said['records']} records, {said['delivered_lines']} delivered lines; {sum(said['searched']['files'].values()):,} "
        f"files searched for {said['searched']['texts']} texts, {said['occurrences']} found; peak {peak_mb():,.0f} MB"
    )


if __name__ == "__main__":
    main()
