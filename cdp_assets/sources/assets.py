"""Assets of stage 1: the contracts, the log of imports, and one asset per database that is read."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
import polars as pl
from dagster._core.definitions.data_version import DEFAULT_DATA_VERSION

from cdp_assets.environment import source_environment
from cdp_assets.resources import (
    RESOLUTION_POOL,
    MadePerSource,
    key_check,
    now,
    stored,
    table_asset,
)
from cdp_assets.sources.arrivals import contract_rows, land_extract, unnoted_extracts
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.sources.extraction import ExtractionFailed
from cdp_assets.sources.import_log import import_log as imports_logged
from cdp_assets.sources.import_log import source_arrivals
from cdp_assets.tables import IMPORT_LOG, SOURCE_CONTRACTS, source_extracts
from cdp_assets.workspace import Workspace


@table_asset(SOURCE_CONTRACTS, kinds=["yaml"], pool=RESOLUTION_POOL)
def source_contracts(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per source contract in the workspace, readable or not.

    Key: source. A contract that can not be read is here with the line, what was expected and what to do; its source has
    no assets until it is mended and the code location is reloaded.
    """
    rows = contract_rows(*load_contracts(workspace.contracts_dir))
    refused = rows.filter(pl.col("state") == "refused").height
    return stored(
        workspace,
        SOURCE_CONTRACTS,
        rows,
        metadata={"contracts": rows.height - refused, "contracts_refused": refused},
        # One source's contract makes stale what was read with it, by its code version; not every source. So this table is
        # always as it was before it was first made.
        data_version=DEFAULT_DATA_VERSION.value,
    )


@dg.asset_check(asset=["sources", "source_contracts"], pool=RESOLUTION_POOL)
def every_contract_can_be_read(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """A source whose contract can not be read delivers nothing; see the table for the line and the remedy."""
    rows = workspace.lake.read(SOURCE_CONTRACTS)
    refused = rows.filter(pl.col("state") == "refused")
    return dg.AssetCheckResult(
        passed=refused.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"contracts": rows.height, "refused": refused.height, "sources": ", ".join(refused["source"])},
    )


@table_asset(IMPORT_LOG, deps=[SOURCE_CONTRACTS], pool=RESOLUTION_POOL)
def import_log(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per import: one delivery of one source, and what became of each of its lines.

    Key: source and import. Read from the ledger at each resolution; the ledger is what counts between them. Shows how the
    file was read, with which contract, how many lines were rejected, and whether that many lines are usual.
    """
    rows = imports_logged(workspace.ledger.imports())
    return stored(
        workspace,
        IMPORT_LOG,
        rows,
        metadata={
            "imports": rows.filter(pl.col("state") == "imported").height,
            "imports_refused": rows.filter(pl.col("state") == "refused").height,
            "imports_repeated": rows.filter(pl.col("state") == "repeated").height,
            "imports_of_unusual_size": int(rows["is_unusual"].sum()),
            "lines": int(rows["lines"].sum()),
            "lines_rejected": int(rows["rejected"].sum()),
            "lines_repeated": int(rows["duplicates"].sum()),
        },
    )


@dg.asset_check(asset=["sources", "import_log"], pool=RESOLUTION_POOL)
def no_import_was_refused(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """A refused file brought nothing in; `cdp status` says why and what to do."""
    rows = workspace.lake.read(IMPORT_LOG)
    refused = rows.filter(pl.col("state") == "refused")
    return dg.AssetCheckResult(
        passed=refused.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "imports": rows.height,
            "refused": refused.height,
            "sources": ", ".join(refused["source"].unique().sort()),
        },
    )


@dg.asset_check(asset=["sources", "import_log"], pool=RESOLUTION_POOL)
def newest_imports_have_their_usual_size(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """A delivery of far fewer or far more lines than its source's former ones is often half of one, or two."""
    rows = workspace.lake.read(IMPORT_LOG).filter(pl.col("state") == "imported")
    newest = rows.sort("sequence").unique("source", keep="last", maintain_order=True).sort("source")
    unusual = newest.filter("is_unusual")
    return dg.AssetCheckResult(
        passed=unusual.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "sources": newest.height,
            "unusual": unusual.height,
            **{f"lines_of_{source}": lines for source, lines in unusual.select("source", "lines").rows()},
        },
    )


@dg.asset_check(asset=["sources", "import_log"], pool=RESOLUTION_POOL)
def sources_deliver_as_often_as_expected(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """Sources whose contract says `expected_every` have delivered in that time; the others are not asked."""
    contracts, _ = load_contracts(workspace.contracts_dir)
    arrivals = source_arrivals(workspace.ledger.imports(), contracts, now(), {})
    expected = arrivals.filter(pl.col("expected_seconds").is_not_null())
    late = expected.filter("is_late")
    return dg.AssetCheckResult(
        passed=late.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "sources_expected": expected.height,
            "late": late.height,
            "sources": ", ".join(late["source"].sort()),
        },
    )


keys = [key_check(SOURCE_CONTRACTS), key_check(IMPORT_LOG)]


def for_contracts(contracts: Sequence[SourceContract]) -> MadePerSource:
    """One asset for each source whose deliveries are fetched: from a database, or from a folder or bucket."""
    return MadePerSource([_extracts(contract) for contract in contracts if contract.extract.is_fetched])


def _extracts(contract: SourceContract) -> dg.AssetsDefinition:
    source, table = contract.source, source_extracts(contract.source)

    @table_asset(
        table,
        deps=[SOURCE_CONTRACTS],
        kinds=["sqlalchemy" if contract.extract.sql is not None else "file"],
        pool=f"extract_{contract.source}",
        tags={"cdp/step": "import"},
        description=f"One row per extract: rows of the database of {contract.source}, or a file from its folder or bucket, "
        "that landed as one file. From there it takes the way of any delivered file.",
    )
    def extracts(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> dg.MaterializeResult[Any]:
        try:
            landed = land_extract(workspace, contract, now(), source_environment(), context.log.info)
        except ExtractionFailed as failed:
            if failed.landed is not None:
                workspace.lake.replace(table, _with(workspace, source, failed.landed))
            raise
        return stored(
            workspace,
            table,
            rows := _with(workspace, source, landed),
            metadata={"rows_extracted": 0 if landed is None else int(landed["rows"].sum()), "extracts": rows.height},
            data_version="landed",  # a further extract changes nothing of the imports that landed before
        )

    return extracts


def _with(workspace: Workspace, source: str, landed: pl.DataFrame | None) -> pl.DataFrame:
    """The extracts known so far, those that a killed run landed and could not note, and those that have just landed."""
    before = workspace.lake.read_or_empty(source_extracts(source))
    rows = [before, *([] if landed is None else [landed])]
    known = {name for frame in rows for name in frame["extract"]}
    rows.insert(1, unnoted_extracts(workspace.landing_dir / source, source, known))
    return pl.concat(rows).unique("extract", keep="last", maintain_order=True)
