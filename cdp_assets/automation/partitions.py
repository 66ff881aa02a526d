"""The partitions of a source are its imports.

What does not belong here: what an import is (``sources/arrivals.py``, the ledger).
"""

from collections.abc import Sequence

import dagster as dg
import polars as pl
import sqlalchemy as sa

from cdp_assets import resources
from cdp_assets.ledger import LANDED
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.tables import raw_imports, source_records
from cdp_assets.workspace import Workspace

PARTITION_ATTEMPTS = 10
"""Several processes may add the same partitions at once; each attempt finds those that the others have added."""


def partitions_name(source: str) -> str:
    """The dynamic partitions of one source: its imports."""
    return f"imports_{source}"


def waiting_imports(imports: pl.DataFrame, source: str) -> list[str]:
    """Imports of a source that are registered and not read yet, in their order. ``imports`` is the ledger's."""
    return (
        imports.filter((pl.col("source") == source) & (pl.col("state") == LANDED))
        .sort("sequence")
        .get_column("import_id")
        .to_list()
    )


def add_partitions(instance: dg.DagsterInstance, source: str, import_ids: Sequence[str]) -> None:
    """Make imports partitions of their source; those that are known already change nothing.

    Dagster looks which are missing and then adds these: when another process adds one in between, the database refuses, and
    it is to be looked at again.
    """
    for attempt in range(PARTITION_ATTEMPTS):
        try:
            instance.add_dynamic_partitions(partitions_name(source), list(import_ids))
        except sa.exc.IntegrityError:
            if attempt == PARTITION_ATTEMPTS - 1:
                raise
        else:
            return


def contiguous(ordered: Sequence[str], chosen: Sequence[str]) -> list[list[str]]:
    """Part ``chosen`` into stretches that stand together in ``ordered``: a run covers one range of partitions."""
    wanted = set(chosen)
    stretches: list[list[str]] = []
    open_stretch = False
    for key in ordered:
        if key not in wanted:
            open_stretch = False
            continue
        if open_stretch:
            stretches[-1].append(key)
        else:
            stretches.append([key])
        open_stretch = True
    return stretches


def range_tags(import_ids: Sequence[str]) -> dict[str, str]:
    """The tags that make one run cover a stretch of partitions."""
    return {
        "dagster/asset_partition_range_start": import_ids[0],
        "dagster/asset_partition_range_end": import_ids[-1],
    }


def tell_of_imports(instance: dg.DagsterInstance, workspace: Workspace, contract: SourceContract) -> int:
    """Tell Dagster of imports that the ledger has and it has not; how many partitions it had missed.

    A run that is killed after the ledger's commit, and before Dagster has stored what the run made, is not run again, for
    nothing is left to do: the partition would be missing in the UI for ever.
    """
    source = contract.source
    imports = workspace.ledger.imports(source).filter(pl.col("state") != LANDED)
    settled = imports["import_id"].to_list()
    missed = 0
    for table in (raw_imports(source), source_records(source)):
        key = resources.asset_key(table)
        for import_id in sorted(set(settled) - instance.get_materialized_partitions(key)):
            instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=import_id))
            missed += 1
    return missed
