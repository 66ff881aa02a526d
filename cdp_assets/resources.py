"""How a table becomes an asset: where the plain world (workspace, lake, table contracts) meets Dagster's (declarations,
metadata, checks).

The resource that every asset is given is the :class:`~cdp_assets.workspace.Workspace`: it holds the lake, the ledger and
the publication target. The stages' ``assets.py`` use :func:`table_asset` and
:func:`table_spec` to declare, :func:`stored` to write and report.

What does not belong here: what an asset computes.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.tables import Table
from cdp_assets.workspace import Workspace

OWNERS = ["team:data-engineering"]

Dep = Table | dg.AssetKey

RESOLUTION_POOL = "resolution"
"""One resolution runs at a time: every asset from record versions to publication takes this pool."""


def now() -> datetime:
    """The present moment, UTC: assets ask here and hand it on, domain functions have no clock."""
    return datetime.now(UTC)


def asset_key(table: Table) -> dg.AssetKey:
    """The asset key of a table: its stage and its name."""
    return dg.AssetKey(table.name.split("/"))


def column_schema(table: Table) -> dg.TableSchema:
    """The table's contract as the UI shows it."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=_type_name(column.dtype),
                description=column.meaning,
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable,
                    unique=table.key == (column.name,),
                    other=["personal"] if column.personal else [],
                ),
            )
            for column in table.columns
        ],
        constraints=dg.TableConstraints(other=[f"key: {', '.join(table.key)}"]),
    )


def table_asset(
    table: Table,
    *,
    deps: Iterable[Dep] = (),
    kinds: Iterable[str] = ("polars",),
    lineage: dg.TableColumnLineage | None = None,
    **options: Any,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Declare the asset that makes ``table``; its docstring is its page in the UI and starts "One row per"."""
    declared: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        name=table.name.split("/")[1],
        key_prefix=table.stage,
        group_name=table.stage,
        owners=OWNERS,
        kinds={*kinds, "deltalake"},
        deps=_keys(deps),
        metadata=_definition_metadata(table, lineage),
        **options,
    )
    return declared


def table_spec(
    table: Table,
    description: str,
    *,
    deps: Iterable[Dep] = (),
    kinds: Iterable[str] = ("polars",),
    lineage: dg.TableColumnLineage | None = None,
) -> dg.AssetSpec:
    """The same declaration for a table that is made together with others; the description starts "One row per"."""
    return dg.AssetSpec(
        asset_key(table),
        group_name=table.stage,
        owners=OWNERS,
        kinds={*kinds, "deltalake"},
        deps=_keys(deps),
        description=description,
        metadata=_definition_metadata(table, lineage),
    )


def _definition_metadata(table: Table, lineage: dg.TableColumnLineage | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"dagster/column_schema": column_schema(table), "dagster/table_name": table.name}
    return metadata | ({"dagster/column_lineage": lineage} if lineage else {})


def _keys(deps: Iterable[Dep]) -> list[dg.AssetKey]:
    return [asset_key(dep) if isinstance(dep, Table) else dep for dep in deps]


@dataclass(frozen=True)
class MadePerSource:
    """The assets and checks that a stage makes from the source contracts."""

    assets: Sequence[dg.AssetsDefinition]
    checks: Sequence[dg.AssetChecksDefinition] = ()


def key_check(table: Table) -> dg.AssetChecksDefinition:
    """The blocking check of a table's key: every row has one, and no two rows share it."""

    @dg.asset_check(
        asset=asset_key(table),
        name="every_key_is_filled_and_unique",
        description=f"Key of {table.name}: {', '.join(table.key)}. A row without one, or two rows with the same, stops "
        "everything downstream.",
        blocking=True,
        pool=RESOLUTION_POOL,
    )
    def check(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
        keys = workspace.lake.read(table, columns=list(table.key))
        faults = table.key_faults(keys)
        return dg.AssetCheckResult(
            passed=not any(faults),
            metadata={"rows": keys.height, "rows_without_key": faults.nulls, "repeated_keys": faults.repeated},
        )

    return check


def same_columns(table: Table, upstream: Sequence[Table]) -> dg.TableColumnLineage:
    """Column lineage of a table whose columns are, by name, its upstream tables' columns."""
    deps = {
        column.name: [
            dg.TableColumnDep(asset_key=asset_key(source), column_name=column.name)
            for source in upstream
            if column.name in source.schema
        ]
        for column in table.columns
    }
    return dg.TableColumnLineage({name: found for name, found in deps.items() if found})


def stored(
    workspace: Workspace,
    table: Table,
    frame: pl.DataFrame,
    *,
    note: Mapping[str, str] | None = None,
    expected_version: int | None = -1,
    metadata: Mapping[str, Any] | None = None,
    data_version: str | None = None,
) -> dg.MaterializeResult[Any]:
    """Replace the table with ``frame`` and report: rows, lake version, and the numbers in ``metadata``.

    ``data_version`` is the lake version, unless what is downstream stays fresh though the table was written again.
    """
    version = workspace.lake.replace(table, frame, note=note, expected_version=expected_version)
    return dg.MaterializeResult(
        asset_key=asset_key(table),
        metadata={
            "dagster/row_count": frame.height,
            "lake_version": version,
            "filled_share": filled_share(frame),
            **(metadata or {}),
        },
        data_version=dg.DataVersion(data_version or str(version)),
    )


def filled_share(frame: pl.DataFrame) -> float:
    """Share of the frame's cells that hold a value; 1 for an empty frame."""
    cells = frame.height * frame.width
    if not cells:
        return 1.0
    nulls: int = sum(frame.null_count().row(0))
    return round(1 - nulls / cells, 4)


def each_partition(context: dg.AssetExecutionContext, work: Callable[[str], Mapping[str, Any]]) -> None:
    """Do the work of each partition of a run; what it returns is the partition's metadata.

    One that fails does not stop the others: the first failure is raised when all have had their turn.
    """
    failures: list[tuple[str, Exception]] = []
    for partition in context.partition_keys:
        try:
            metadata = work(partition)
        except Exception as problem:
            context.log.error(f"{partition} failed ({type(problem).__name__}); the others go on")
            failures.append((partition, problem))
        else:
            context.add_asset_metadata(metadata, partition_key=partition)
    if failures:
        raise failures[0][1]


def freshness(expected_seconds: int | None) -> dg.FreshnessPolicy | None:
    """What the UI says of a source that delivers too seldom: a warning when a delivery is due, a failure when two are."""
    if expected_seconds is None:
        return None
    expected = timedelta(seconds=expected_seconds)
    return dg.FreshnessPolicy.time_window(fail_window=2 * expected, warn_window=expected)


def picture(svg: str, alternative: str) -> dg.MetadataValue[Any]:
    """An SVG as inline markdown: the UI shows it where the asset's metadata stands. A tenth of the bytes of a PNG."""
    return dg.MetadataValue.md(f"![{alternative}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})")


def _type_name(dtype: pl.DataType) -> str:
    """A type in the words that people use."""
    if isinstance(dtype, pl.List):
        inner = dtype.inner
        return "list of records" if isinstance(inner, pl.Struct) else f"list of {inner}"
    if isinstance(dtype, pl.Datetime):
        return "timestamp, UTC"
    return "record" if isinstance(dtype, pl.Struct) else str(dtype)
