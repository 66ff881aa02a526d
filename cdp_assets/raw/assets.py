"""Assets of stage 2: one per source, one partition per import."""

from collections.abc import Sequence

import dagster as dg

from cdp_assets.raw.deliveries import take_in
from cdp_assets.resources import MadePerSource, table_asset
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.tables import SOURCE_CONTRACTS, raw_imports, source_extracts
from cdp_assets.workspace import Workspace


def for_contracts(contracts: Sequence[SourceContract]) -> MadePerSource:
    """The raw table of each source."""
    return MadePerSource([_imports(contract) for contract in contracts])


def _imports(contract: SourceContract) -> dg.AssetsDefinition:
    source = contract.source
    partitions = dg.DynamicPartitionsDefinition(name=f"imports_{source}")

    @table_asset(
        raw_imports(source),
        deps=[SOURCE_CONTRACTS if contract.extract.sql is None else source_extracts(source)],
        kinds=[_kind(contract)],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=f"imports_{source}",
        tags={"cdp/step": "import"},
        description=f"One row per line of a file that {source} delivered, exactly as delivered.\n\n"
        "Key: import and line. The system of record: everything downstream can be computed again from here. A line that "
        "could not be split into columns is kept whole, with the rule that it broke; a file that could not be read at all "
        "has no rows, and its reason stands in `sources/import_log`. Read by "
        f"`standardized/{source}_records`.",
    )
    def imports(context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]) -> None:
        for import_id in context.partition_keys:
            taken = take_in(workspace, contract, import_id)
            context.add_asset_metadata(
                {
                    "dagster/row_count": taken.lines,
                    "columns": taken.columns,
                    "unsplit_lines": taken.problems,
                    "refused": int(taken.is_refused),
                    "bytes": taken.bytes,
                },
                partition_key=import_id,
            )

    return imports


def _kind(contract: SourceContract) -> str:
    if contract.extract.sql is not None:
        return "parquet"
    pattern = (contract.extract.files or "").lower()
    return next((kind for kind in ("csv", "tsv", "json", "parquet", "xlsx") if kind in pattern), "file")
