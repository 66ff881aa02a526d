"""Assets of stage 3: records in comparable form, per source and import; their versions; what they say of addresses."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.drawing import svg
from cdp_assets.resources import (
    RESOLUTION_POOL,
    MadePerSource,
    asset_key,
    each_partition,
    key_check,
    now,
    picture,
    same_columns,
    stored,
    table_asset,
    table_spec,
)
from cdp_assets.sources.arrivals import resolution_inputs
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.sources.contracts_in_force import put_in_force
from cdp_assets.sources.tidying import tidy
from cdp_assets.standardized.company_domains import ADDRESS_COLUMNS as DOMAINS_READ_OF_ADDRESSES
from cdp_assets.standardized.company_domains import VERSION_COLUMNS as DOMAINS_READ
from cdp_assets.standardized.company_domains import companies
from cdp_assets.standardized.company_pictures import change_of_form
from cdp_assets.standardized.email_addresses import VERSION_COLUMNS as EMAILS_READ
from cdp_assets.standardized.email_addresses import address_counts, email_tables
from cdp_assets.standardized.email_decay import decay_numbers
from cdp_assets.standardized.email_pictures import survival_chart
from cdp_assets.standardized.gathering import (
    all_records,
    all_rejections,
    imported_lines,
    line_balance,
    note_of_readings,
    order_of_imports,
)
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.standardized.lineage import columns_behind
from cdp_assets.standardized.phone_numbers import VERSION_COLUMNS as PHONES_READ
from cdp_assets.standardized.phone_numbers import described_before, numbering_plans
from cdp_assets.standardized.phone_numbers import phone_numbers as phones_in
from cdp_assets.standardized.probable_emails import ADDRESS_COLUMNS as PROBABLE_READ_OF_ADDRESSES
from cdp_assets.standardized.probable_emails import REASONS
from cdp_assets.standardized.probable_emails import VERSION_COLUMNS as PROBABLE_READ
from cdp_assets.standardized.probable_emails import probable_emails as probable_in
from cdp_assets.standardized.quality_auditing import audit_workspace
from cdp_assets.standardized.quality_facts import ADDRESS_COLUMNS as FACTS_READ_OF_ADDRESSES
from cdp_assets.standardized.quality_facts import VERSION_COLUMNS as FACTS_READ
from cdp_assets.standardized.quality_facts import facts
from cdp_assets.standardized.quality_files import INDEX, report_file, write_pages
from cdp_assets.standardized.quality_findings import kinds_found
from cdp_assets.standardized.quality_findings import quality_findings as findings_of
from cdp_assets.standardized.quality_page import measures_table
from cdp_assets.standardized.quality_pictures import decay_curves, fields_by_source
from cdp_assets.standardized.quality_report import COLUMNS as QUALITY_COLUMNS
from cdp_assets.standardized.quality_report import newest_filled_shares
from cdp_assets.standardized.quality_report import quality_report as quality_of
from cdp_assets.standardized.records import records_version
from cdp_assets.standardized.sightings import VERSION_COLUMNS as SIGHTINGS_READ
from cdp_assets.standardized.sightings import sightings as sightings_in
from cdp_assets.standardized.versions import record_versions as versions_of
from cdp_assets.tables import (
    COMPANY_DOMAINS,
    EMAIL_ADDRESSES,
    EMAIL_DECAY,
    IMPORT_LOG,
    PHONE_NUMBERS,
    PROBABLE_EMAILS,
    QUALITY_AUDITS,
    QUALITY_FINDINGS,
    QUALITY_REPORT,
    RECORD_VERSIONS,
    REJECTED_ROWS,
    SIGHTINGS,
    raw_imports,
    source_records,
)
from cdp_assets.workspace import Workspace


def for_contracts(contracts: Sequence[SourceContract]) -> MadePerSource:
    """The records of each source, and what is gathered from all of them."""
    return MadePerSource(
        [
            *(_records(contract) for contract in contracts),
            _record_versions(contracts),
            _rejected_rows(contracts),
            _quality_report(contracts),
        ],
        [
            *(_read_with_the_current_contract(contract) for contract in contracts),
            _line_balance_check(),
            key_check(RECORD_VERSIONS),
            key_check(REJECTED_ROWS),
            key_check(QUALITY_REPORT),
        ],
    )


def _records(contract: SourceContract) -> dg.AssetsDefinition:
    source = contract.source
    table, raw = source_records(source), raw_imports(source)

    @table_asset(
        table,
        deps=[raw],
        partitions_def=dg.DynamicPartitionsDefinition(name=f"imports_{source}"),
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=f"imports_{source}",
        tags={"cdp/step": "import"},
        code_version=records_version(contract),
        lineage=_column_lineage(contract),
        description=f"One row per record that an import of {source} delivered, in comparable form.\n\nKey: import, record, "
        "observed time, content. Lines that break a rule are kept in `rejected_rows` with the rule; a line that repeats another of the same "
        "file counts as a duplicate. Read by `record_versions`.",
    )
    def records(context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]) -> None:
        put_in_force(workspace.ledger, contract, now())

        def read(import_id: str) -> dict[str, object]:
            outcome = standardize_import(workspace, contract, import_id, now(), report=context.log.info)
            return {
                "dagster/row_count": outcome.counts.get("records", 0),
                "filled_share": outcome.filled_share,
                "outcome": outcome.state,
                **outcome.counts,
            }

        try:
            each_partition(context, read)
        finally:
            for problem in tidy(workspace, contract).problems:
                context.log.warning(problem)

    return records


def _column_lineage(contract: SourceContract) -> dg.TableColumnLineage:
    raw = asset_key(raw_imports(contract.source))
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=raw, column_name=name) for name in names]
            for column, names in columns_behind(contract).items()
        }
    )


def _read_with_the_current_contract(contract: SourceContract) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset_key(source_records(contract.source)),
        name="every_import_is_read_with_the_current_contract",
        description="Partitions show their own staleness only on their own page; this shows it on the graph. When it warns, "
        f"run `cdp backfill {contract.source}`, or backfill the stale partitions: the raw text is kept, nothing has to be "
        "delivered again.",
        pool=f"imports_{contract.source}",
    )
    def check(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
        imported = workspace.ledger.imports(contract.source).filter(pl.col("state") == "imported")
        current = records_version(contract)
        stale = imported.filter(pl.col("records_version").ne_missing(current)).height
        return dg.AssetCheckResult(
            passed=stale == 0,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"imports": imported.height, "read_with_an_earlier_contract": stale},
        )

    return check


def _record_versions(contracts: Sequence[SourceContract]) -> dg.AssetsDefinition:
    tables = [source_records(contract.source) for contract in contracts]

    @table_asset(
        RECORD_VERSIONS,
        deps=[*tables, IMPORT_LOG],
        lineage=same_columns(RECORD_VERSIONS, tables),
        pool=RESOLUTION_POOL,
    )
    def record_versions(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
        """One row per version of a record: what its source said, from when until when.

        Key: record and version. A record that changed keeps its former values, because a former address still identifies. The
        order in which imports arrived does not matter: source time decides, and a stale export never overwrites newer
        values. A record that has disappeared from its source's snapshots is marked, not removed. Read by linkage,
        golden records and segments.
        """
        contracts, _ = load_contracts(workspace.contracts_dir)
        inputs = resolution_inputs(workspace, contracts)
        imports = order_of_imports(workspace)
        readings = note_of_readings(
            workspace.ledger.imports()
        )  # before the records: what is read again meanwhile, shows
        delivers = {contract.source: contract.delivers for contract in contracts}
        versions = versions_of(all_records(workspace, contracts, imports), delivers, imports)
        newest = versions.filter(pl.col("is_newest"))
        return stored(
            workspace,
            RECORD_VERSIONS,
            versions,
            note={"imports_hash": inputs.digest, **readings},
            metadata={
                "records": newest.height,
                "records_gone_from_their_source": int(newest["is_deleted"].sum()),
                "versions": versions.height,
                "imports": inputs.imported,
            },
        )

    return record_versions


def _line_balance_check() -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=asset_key(RECORD_VERSIONS), blocking=True, pool=RESOLUTION_POOL)
    def every_landed_line_is_accounted_for(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
        """Each line of each imported file is a record, rejected with a rule, or repeats another line of the file; and
        each record has its versions."""
        contracts, _ = load_contracts(workspace.contracts_dir)
        balance = line_balance(workspace, contracts)
        return dg.AssetCheckResult(passed=balance.is_even, metadata=balance.numbers)

    return every_landed_line_is_accounted_for


def _rejected_rows(contracts: Sequence[SourceContract]) -> dg.AssetsDefinition:
    @table_asset(REJECTED_ROWS, deps=[source_records(contract.source) for contract in contracts], pool=RESOLUTION_POOL)
    def rejected_rows(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
        """One row per delivered line that broke a rule, with the rule, what to do, and the line as delivered.

        Key: source, import, line. Nothing that was delivered is ever dropped without standing here.
        """
        contracts, _ = load_contracts(workspace.contracts_dir)
        rows = all_rejections(workspace, contracts, order_of_imports(workspace))
        rules = dict(rows["rule"].value_counts(sort=True).rows())
        return stored(
            workspace,
            REJECTED_ROWS,
            rows,
            metadata={"rejected": rows.height, "rules_broken": len(rules), "by_rule": rules},
        )

    return rejected_rows


@dg.multi_asset(
    name="email_addresses",
    pool=RESOLUTION_POOL,
    specs=[
        table_spec(
            EMAIL_DECAY,
            "One row per class of e-mail addresses, with how fast its addresses die, estimated from the data.\n\nKey: class. "
            "Deaths are what was observed: hard bounces, employers left, domains gone; small data lean on a prior. Read by "
            "`email_addresses` (made with it) and by people.",
            deps=[RECORD_VERSIONS],
        ),
        table_spec(
            EMAIL_ADDRESSES,
            "One row per distinct e-mail address, over all records and versions: what it is, who shares it, what was probably "
            "meant, whether it lives and why.\n\nKey: email. A dead address still identifies; it is never one to send to. A "
            "suggestion for a mistyped domain stands beside the address and never replaces it. Read by linkage and golden "
            "records.",
            deps=[RECORD_VERSIONS],
        ),
    ],
)
def email_assets(workspace: dg.ResourceParam[Workspace]) -> Iterator[dg.MaterializeResult[Any]]:
    """Compute both from the same reading of the record versions."""
    made = email_tables(workspace.lake.read(RECORD_VERSIONS, columns=EMAILS_READ))
    yield stored(workspace, EMAIL_DECAY, made.decay, metadata=decay_numbers(made.decay))
    yield stored(
        workspace,
        EMAIL_ADDRESSES,
        made.addresses,
        metadata={
            **address_counts(made.addresses),
            "survival": picture(svg(survival_chart(made.decay)), "share of addresses alive, by class"),
        },
    )


@table_asset(PHONE_NUMBERS, deps=[RECORD_VERSIONS], pool=RESOLUTION_POOL)
def phone_numbers(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per distinct phone number, over all records and versions: what it is by its numbering plan, who shares it.

    Key: phone. A number that is not valid still identifies. An office's number reaches a company, not a person; a
    household's reaches a family; junk reaches nobody.
    """
    lake = workspace.lake
    rows = phones_in(lake.read(RECORD_VERSIONS, columns=PHONES_READ), described_before(lake))
    shared = dict(rows["sharing"].value_counts().rows())
    return stored(
        workspace,
        PHONE_NUMBERS,
        rows,
        note=numbering_plans(),
        metadata={
            "numbers": rows.height,
            "valid": int(rows["is_valid"].sum()),
            "mobile": rows.filter(pl.col("type") == "mobile").height,
            **{sharing: shared.get(sharing, 0) for sharing in ("personal", "household", "office", "junk")},
        },
    )


@table_asset(COMPANY_DOMAINS, deps=[RECORD_VERSIONS, EMAIL_ADDRESSES], pool=RESOLUTION_POOL)
def company_domains(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per corporate domain: the form of its people's addresses, when it changed, and what became of the domain.

    Key: domain. Free mail, relays, disposable and mistyped domains are no companies'. A form is told once three people
    show it. Read by `probable_emails`.
    """
    versions = workspace.lake.read(RECORD_VERSIONS, columns=DOMAINS_READ)
    learned = companies(versions, workspace.lake.read(EMAIL_ADDRESSES, columns=DOMAINS_READ_OF_ADDRESSES))
    rows = learned.domains
    return stored(
        workspace,
        COMPANY_DOMAINS,
        rows,
        metadata={
            "domains": rows.height,
            "with_a_form": rows["pattern"].count(),
            "changed_their_form": rows["pattern_changed_on"].count(),
            "became_another_domain": rows["became"].count(),
            "gone": rows["gone_at"].count(),
            "change_of_form": picture(
                svg(change_of_form(learned.forms, rows)),
                "addresses by form around the best supported change",
            ),
        },
    )


@table_asset(PROBABLE_EMAILS, deps=[RECORD_VERSIONS, EMAIL_ADDRESSES, COMPANY_DOMAINS], pool=RESOLUTION_POOL)
def probable_emails(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per record and address that is probably its person's, though nobody delivered it with the record.

    Key: record and email. Never offered where it may be a namesake's. A weak, second identifier: it can tip a link, and
    nothing is ever sent to it. Read by `linkage_profiles`.
    """
    lake = workspace.lake
    rows = probable_in(
        lake.read(RECORD_VERSIONS, columns=PROBABLE_READ),
        lake.read(EMAIL_ADDRESSES, columns=PROBABLE_READ_OF_ADDRESSES),
        lake.read(COMPANY_DOMAINS),
    )
    reasons = dict(rows["because"].value_counts().rows())
    return stored(
        workspace,
        PROBABLE_EMAILS,
        rows,
        metadata={
            "probable": rows.height,
            "carried": int(rows["is_carried"].sum()),
            **{name: reasons.get(name, 0) for name in REASONS},
        },
    )


@table_asset(SIGHTINGS, deps=[RECORD_VERSIONS], pool=RESOLUTION_POOL)
def sightings(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per record and identifier that it has carried, with when it was first and last seen.

    Key: record, type, value. In source time and in our time. Read by golden records.
    """
    rows = sightings_in(workspace.lake.read(RECORD_VERSIONS, columns=SIGHTINGS_READ))
    return stored(
        workspace,
        SIGHTINGS,
        rows,
        metadata={
            "sightings": rows.height,
            "values": rows.select("type", "value").n_unique(),
            "types": rows["type"].n_unique(),
        },
    )


def _quality_report(contracts: Sequence[SourceContract]) -> dg.AssetsDefinition:
    @table_asset(QUALITY_REPORT, deps=[source_records(contract.source) for contract in contracts], pool=RESOLUTION_POOL)
    def quality_report(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
        """One row per source, import and field, with how well the import fills it and how much of it could be read.

        Key: source, import and field. Of all records of the imports in use. Numbers only, no value. `filled_<source>` is
        the share of cells that the source's newest import fills, of the fields that the source fills at all.
        """
        contracts, _ = load_contracts(workspace.contracts_dir)
        rows = quality_of(all_records(workspace, contracts, order_of_imports(workspace), QUALITY_COLUMNS))
        return stored(
            workspace,
            QUALITY_REPORT,
            rows,
            metadata={
                "sources": rows["source"].n_unique(),
                "imports": rows.select("source", "import_id").n_unique(),
                **{f"filled_{source}": round(share, 4) for source, share in newest_filled_shares(rows).rows()},
            },
        )

    return quality_report


@table_asset(QUALITY_FINDINGS, deps=[RECORD_VERSIONS, EMAIL_ADDRESSES, REJECTED_ROWS], pool=RESOLUTION_POOL)
def quality_findings(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per source and finding: something a person should know of its current records, counted, with what to do.

    Key: source, finding and field. Also what was looked for and not found, so that a curve has its zeros; what could not
    show a finding is not counted as looked at. Numbers only; masked examples stand in the reports of `quality_audits`.
    """
    rows = findings_of(
        facts(
            workspace.lake.read(RECORD_VERSIONS, columns=FACTS_READ),
            workspace.lake.read(EMAIL_ADDRESSES, columns=FACTS_READ_OF_ADDRESSES),
        ),
        workspace.lake.read(REJECTED_ROWS),
        imported_lines(workspace),
    )
    return stored(
        workspace,
        QUALITY_FINDINGS,
        rows,
        metadata={
            "findings": rows.filter(pl.col("found") > 0).height,
            "looked_for_and_not_found": rows.filter(pl.col("found") == 0).height,
            **{f"findings_{source}": count for source, count in kinds_found(rows).rows()},
        },
    )


@table_asset(
    QUALITY_AUDITS,
    deps=[RECORD_VERSIONS, EMAIL_ADDRESSES, QUALITY_REPORT, QUALITY_FINDINGS],
    pool=RESOLUTION_POOL,
    tags={"cdp/step": "audit"},
)
def quality_audits(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per source, audit and measure: the quality of each source over time.

    Key: source, day and measure; a second audit of a day replaces the first. Made by `audit_quality`, weekly, not by a
    resolution. An audit also writes a report for each source into the workspace's `reports/quality/`.
    """
    expected = workspace.lake.version(QUALITY_AUDITS)
    made = audit_workspace(workspace, now().date())
    write_pages(workspace.home, made.pages)
    return stored(
        workspace,
        QUALITY_AUDITS,
        made.history,
        expected_version=expected,
        metadata={
            "sources": len(made.audits),
            "reports": dg.MetadataValue.path(str(report_file(workspace.home, INDEX))),
            "measures": dg.MetadataValue.md(measures_table(made.audits)),
            "filled": picture(svg(fields_by_source(made.report)), "share of records that fill each field, by source"),
            "decay": picture(svg(decay_curves(made.alive)), "share of records with an active address, by their age"),
        },
    )


keys = [
    key_check(table)
    for table in (
        EMAIL_DECAY,
        EMAIL_ADDRESSES,
        COMPANY_DOMAINS,
        PROBABLE_EMAILS,
        PHONE_NUMBERS,
        SIGHTINGS,
        QUALITY_FINDINGS,
        QUALITY_AUDITS,
    )
]
