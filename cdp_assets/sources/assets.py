"""Assets of stage 1: the contracts, the log of imports, and one asset per database that is read."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.environment import source_environment
from cdp_assets.resources import (
    RESOLUTION_POOL,
    MadePerSource,
    key_check,
    now,
    stored,
    table_asset,
)
from cdp_assets.sources.arrivals import contract_rows, land_extract
from cdp_assets.sources.contracts import SourceContract, load_contracts
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
        workspace, SOURCE_CONTRACTS, rows, metadata={"contracts": rows.height - refused, "contracts_refused": refused}
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

    Key: source and import. Read from the ledger at each resolution; the ledger is what counts between them.
    """
    rows = workspace.ledger.imports().select(column.name for column in IMPORT_LOG.columns)
    return stored(
        workspace,
        IMPORT_LOG,
        rows,
        metadata={
            "imports": rows.filter(pl.col("state") == "imported").height,
            "imports_refused": rows.filter(pl.col("state") == "refused").height,
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


keys = [key_check(SOURCE_CONTRACTS), key_check(IMPORT_LOG)]


def for_contracts(contracts: Sequence[SourceContract]) -> MadePerSource:
    """One asset for each source that is read from a database."""
    return MadePerSource([_extracts(contract) for contract in contracts if contract.extract.sql is not None])


def _extracts(contract: SourceContract) -> dg.AssetsDefinition:
    table = source_extracts(contract.source)

    @table_asset(
        table,
        deps=[SOURCE_CONTRACTS],
        kinds=["sqlalchemy"],
        pool=f"extract_{contract.source}",
        tags={"cdp/step": "import"},
        description=f"One row per extract: rows that the database of {contract.source} handed out since the extract before, "
        "and that landed as one file. From there they take the way of any delivered file.",
    )
    def extracts(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
        moment = now()
        landed = land_extract(workspace, contract, moment, source_environment())
        before = workspace.lake.read_or_empty(table)
        rows = pl.concat([before, landed]) if landed is not None else before
        return stored(
            workspace,
            table,
            rows.unique("extract", keep="last", maintain_order=True),
            metadata={"rows_extracted": 0 if landed is None else int(landed["rows"].sum()), "extracts": rows.height},
        )

    return extracts
