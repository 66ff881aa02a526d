"""Assets of stage 3: records in comparable form, per source and import; their versions; what they say of addresses."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
import polars as pl

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
)
from cdp_assets.sources.arrivals import resolution_inputs
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.sources.contracts_in_force import put_in_force
from cdp_assets.sources.tidying import tidy
from cdp_assets.standardized import pictures
from cdp_assets.standardized.company_domains import company_domains as domains_in
from cdp_assets.standardized.company_domains import form_sightings
from cdp_assets.standardized.email_addresses import email_addresses as addresses_in
from cdp_assets.standardized.gathering import all_records, all_rejections, line_balance, order_of_imports
from cdp_assets.standardized.importing import standardize_import
from cdp_assets.standardized.lineage import columns_behind
from cdp_assets.standardized.probable_emails import REASONS, suggested
from cdp_assets.standardized.probable_emails import probable_emails as probable_in
from cdp_assets.standardized.quality_report import quality_report as quality_of
from cdp_assets.standardized.records import records_version
from cdp_assets.standardized.sightings import sightings as sightings_in
from cdp_assets.standardized.versions import record_versions as versions_of
from cdp_assets.tables import (
    COMPANY_DOMAINS,
    EMAIL_ADDRESSES,
    IMPORT_LOG,
    PROBABLE_EMAILS,
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
        [*(_records(contract) for contract in contracts), _record_versions(contracts), _rejected_rows(contracts)],
        [
            *(_read_with_the_current_contract(contract) for contract in contracts),
            _line_balance_check(),
            key_check(RECORD_VERSIONS),
            key_check(REJECTED_ROWS),
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
        delivers = {contract.source: contract.delivers for contract in contracts}
        versions = versions_of(all_records(workspace, contracts, imports), delivers, imports)
        newest = versions.filter(pl.col("is_newest"))
        return stored(
            workspace,
            RECORD_VERSIONS,
            versions,
            note={"imports_hash": inputs.digest},
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


@table_asset(EMAIL_ADDRESSES, deps=[RECORD_VERSIONS], pool=RESOLUTION_POOL)
def email_addresses(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per distinct e-mail address, over all records and versions: what it is, who shares it, whether it lives.

    Key: email. A dead address still identifies; it is never one to send to. A suggestion for a mistyped domain stands
    beside the address and never replaces it. Read by linkage and golden records.
    """
    rows = addresses_in(workspace.lake.read(RECORD_VERSIONS))
    states = dict(rows["status"].value_counts().rows())
    return stored(
        workspace,
        EMAIL_ADDRESSES,
        rows,
        metadata={
            "addresses": rows.height,
            "shared": int(rows["is_shared"].sum()),
            "with_a_suggestion": rows["suggestion"].count(),
            **{state: states.get(state, 0) for state in ("active", "unverified", "stale", "dead")},
        },
    )


@table_asset(COMPANY_DOMAINS, deps=[RECORD_VERSIONS, EMAIL_ADDRESSES], pool=RESOLUTION_POOL)
def company_domains(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per corporate domain: the form of its people's addresses, when it changed, and what became of the domain.

    Key: domain. Free mail, relays, disposable and mistyped domains are no companies'. A form is told once three people
    show it. Read by `probable_emails`.
    """
    versions, addresses = workspace.lake.read(RECORD_VERSIONS), workspace.lake.read(EMAIL_ADDRESSES)
    rows = domains_in(versions, addresses)
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
                pictures.svg(pictures.change_of_form(form_sightings(versions, addresses), rows)),
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
    addresses = workspace.lake.read(EMAIL_ADDRESSES)
    rows = probable_in(
        workspace.lake.read(RECORD_VERSIONS), addresses, suggested(addresses), workspace.lake.read(COMPANY_DOMAINS)
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
    rows = sightings_in(workspace.lake.read(RECORD_VERSIONS))
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


@table_asset(QUALITY_REPORT, deps=[RECORD_VERSIONS], pool=RESOLUTION_POOL)
def quality_report(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per source and field, with how well it is filled.

    Key: source and field. Of current records. Numbers only, no value.
    """
    rows = quality_of(workspace.lake.read(RECORD_VERSIONS))
    filled = rows.group_by("field").agg((pl.col("filled").sum() / pl.col("records").sum()).round(4).alias("share"))
    return stored(
        workspace,
        QUALITY_REPORT,
        rows,
        metadata={
            "sources": rows["source"].n_unique(),
            **{f"filled_{field}": share for field, share in filled.sort("field").rows() if field in _PLOTTED},
        },
    )


_PLOTTED = {"emails", "phones", "last_name", "date_of_birth", "addresses"}
"""Fields whose completeness is worth a curve over time."""

keys = [
    key_check(EMAIL_ADDRESSES),
    key_check(COMPANY_DOMAINS),
    key_check(PROBABLE_EMAILS),
    key_check(SIGHTINGS),
    key_check(QUALITY_REPORT),
]
