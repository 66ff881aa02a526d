"""Assets of stage 2: one per source, one partition per import."""

from collections.abc import Sequence

import dagster as dg

from cdp_assets.raw.deliveries import kept_imports, row_sums, take_in
from cdp_assets.raw.put_aside import PutAside
from cdp_assets.resources import MadePerSource, each_partition, freshness, now, table_asset
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.sources.contracts_in_force import put_in_force
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
        deps=[source_extracts(source) if contract.extract.is_fetched else SOURCE_CONTRACTS],
        kinds=[_kind(contract)],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=f"imports_{source}",
        tags={"cdp/step": "import"},
        # Only what a line looks like depends on the contract here; what it means is the next stage's.
        code_version=contract.reading_version,
        freshness_policy=freshness(contract.expected_seconds),
        description=f"One row per line of a file that {source} delivered, exactly as delivered.\n\n"
        "Key: import and line. The system of record: everything downstream can be computed again from here. A line that "
        "could not be split into columns is kept whole, with the rule that it broke; a file that could not be read at all "
        "has no rows, and its reason stands in `sources/import_log`; neither has one whose rows are those of another import in "
        "another order. Read by "
        f"`standardized/{source}_records`.",
    )
    def imports(
        context: dg.AssetExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        put_aside: dg.ResourceParam[PutAside],
    ) -> None:
        put_in_force(workspace.ledger, contract, now())
        kept, sums = kept_imports(workspace, source), row_sums(workspace, source)

        def take(import_id: str) -> dict[str, object]:
            taken = take_in(
                workspace,
                contract,
                import_id,
                now(),
                kept=kept,
                sums=sums,
                report=context.log.info,
                put_aside=put_aside,
            )
            return {
                "dagster/row_count": 0 if taken.outcome == "repeated" else taken.lines,
                "columns": taken.columns,
                "new_columns": taken.new_columns,
                "unsplit_lines": taken.problems,
                "outcome": taken.outcome,
                "bytes": taken.bytes,
            }

        each_partition(context, take)

    return imports


def _kind(contract: SourceContract) -> str:
    if contract.extract.sql is not None:
        return "parquet"
    pattern = (contract.extract.file_pattern or "").lower()
    return next((kind for kind in ("csv", "tsv", "json", "parquet", "xlsx") if kind in pattern), "file")
