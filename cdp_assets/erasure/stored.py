"""A person in the tables of the lake that are made from records: rows go, cells that name them go, former versions go.

One rule for every table, by its contract, so that a table which is added later is covered:

1. A row of one of their records, customers, linkage profiles or delivered lines goes.
2. Of the rows left, a personal cell that is a text of theirs alone goes: the whole row where the cell is part of the key or
   may not be empty, the item where it is a list, else the cell (an address suggested to others because it was theirs; the
   records that caused a merge).

Two tables keep their rows, for other systems resolve ids by them for ever: ``id_lineage``, where the customer is retired, and
``identity_changes``, where that is told. They name no value, and a customer id is no value.

The resolution that follows makes all of this anew from what is left.

What does not belong here: imports and their lines (``lines.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl

from cdp_assets.erasure.person import ToErase
from cdp_assets.erasure.their_lines import sources_of
from cdp_assets.erasure.their_texts import personal_columns
from cdp_assets.identity_graph.lineage import RETIRED
from cdp_assets.tables import (
    CUSTOMER_IDS,
    ID_LINEAGE,
    IDENTITY_CHANGES,
    MEMBERSHIPS,
    TABLES,
    TEXTS,
    Table,
    raw_imports,
    source_extracts,
    source_records,
    source_rejections,
)
from cdp_assets.workspace import Workspace

_LINE = ["source", "import_id", "line"]

HISTORY_OF_IDS = (ID_LINEAGE, IDENTITY_CHANGES)


def erase_stored(workspace: Workspace, work: ToErase, now: datetime) -> dict[str, int]:
    """Erase the person from every table; rows gone by table."""
    lake = workspace.lake
    gone: dict[str, int] = {}
    # The commit of the customer ids names the versions of the two others that belong to it, so it comes last.
    others = [table for table in TABLES if table not in (*HISTORY_OF_IDS, CUSTOMER_IDS)]
    for table in others:
        if lake.exists(table):
            gone[table.name] = lake.rewrite(table, partial(without_person, table=table, work=work))
    if not lake.exists(CUSTOMER_IDS):
        return gone
    if lake.exists(ID_LINEAGE):
        lake.rewrite(ID_LINEAGE, lambda rows: retired(rows, work, now))
    if lake.exists(IDENTITY_CHANGES):
        lake.rewrite(IDENTITY_CHANGES, lambda rows: told(rows, work, now))
    gone[CUSTOMER_IDS.name] = _erase_ids(workspace, work)
    return {name: count for name, count in gone.items() if count}


def forget_former(workspace: Workspace) -> dict[str, int]:
    """Remove every file that only former versions of a table need, and the logs of these versions; how many."""
    return {"files": sum(workspace.lake.forget_everything_former(table) for table in all_tables(workspace))}


def all_tables(workspace: Workspace) -> Iterator[Table]:
    """Every table of the lake, those of sources whose contract is gone included."""
    yield from TABLES
    for source in sources_of(workspace):
        yield from (made(source) for made in (raw_imports, source_records, source_rejections, source_extracts))


def without_person(rows: pl.DataFrame, table: Table, work: ToErase) -> pl.DataFrame:
    """The rows of a table without the person, by the rule of this module."""
    rows = _without_rows_of(rows, work)
    named = [*work.values, *work.record_ids]
    # Tables that are made for comparing hold them in lower case. What proves something is nobody else's in any case.
    folded = sorted({text.lower() for text in work.proof})

    def is_theirs_in(texts: pl.Expr) -> pl.Expr:
        return texts.is_in(named) | texts.str.to_lowercase().is_in(folded)

    for column in table.columns:
        if not column.personal or column.name not in rows.columns or column.dtype not in (TEXTS, pl.String()):
            continue
        said = rows.get_column(column.name)
        said = said.explode() if column.dtype == TEXTS else said
        if not said.to_frame("said").select(is_theirs_in(pl.col("said")).any()).item():
            continue  # as good as always; and lists are slow to look into one by one
        if column.dtype == TEXTS:
            is_theirs = is_theirs_in(pl.element())
            cells = pl.col(column.name)
            held = cells.list.eval(is_theirs).list.any().fill_null(False)
            rows = rows.with_columns(
                pl.when(held).then(cells.list.eval(pl.element().filter(~is_theirs))).otherwise(cells)
            )
            continue
        is_theirs = is_theirs_in(pl.col(column.name)).fill_null(False)
        if column.name in table.key or not column.nullable:
            rows = rows.filter(~is_theirs)
        else:
            rows = rows.with_columns(pl.when(~is_theirs).then(pl.col(column.name)).alias(column.name))
    return rows


def _without_rows_of(rows: pl.DataFrame, work: ToErase) -> pl.DataFrame:
    """Without rows of their records, customers, linkage profiles and delivered lines.

    Which these are is told from the few columns that name them, so that wide rows are moved once, and only where one goes.
    """
    theirs: dict[str, list[Any]] = {
        "customer_id": work.customer_ids,
        "record_id": work.record_ids,
        "profile_id": work.profile_ids,
    }
    sides = [(side, ids) for name, ids in theirs.items() for side in (name, f"{name}_l", f"{name}_r")]
    of_theirs = [pl.col(side).is_in(ids).fill_null(False) for side, ids in sides if side in rows.columns]
    goes = rows.select(pl.any_horizontal(pl.repeat(False, pl.len()), *of_theirs)).to_series()
    if set(_LINE) <= set(rows.columns):
        places = [(s, i, n) for s, of_source in work.lines.items() for i, lines in of_source.items() for n in lines]
        theirs_too = pl.DataFrame(places, schema={name: rows.schema[name] for name in _LINE}, orient="row").unique()
        lines = rows.select(_LINE).join(
            theirs_too.with_columns(is_theirs=True), on=_LINE, how="left", maintain_order="left"
        )
        goes |= lines.get_column("is_theirs").fill_null(False)
    return rows.filter(~goes) if goes.any() else rows


def retired(lineage: pl.DataFrame, work: ToErase, now: datetime) -> pl.DataFrame:
    """The history of ids, where the person's resolve to nobody."""
    is_theirs = pl.col("customer_id").is_in(work.customer_ids) & pl.col("current_customer_id").is_not_null()
    moment = pl.lit(now).cast(ID_LINEAGE.schema["changed_at"])
    return lineage.with_columns(
        pl.when(~is_theirs.fill_null(False)).then(pl.col("current_customer_id")).alias("current_customer_id"),
        pl.when(is_theirs).then(pl.lit(RETIRED)).otherwise(pl.col("state")).alias("state"),
        pl.when(is_theirs).then(moment).otherwise(pl.col("changed_at")).alias("changed_at"),
    )


def told(changes: pl.DataFrame, work: ToErase, now: datetime) -> pl.DataFrame:
    """The history of changes, without record ids of the person, and with the row that says they are retired."""
    current = work.customer_id
    change_id = hashlib.sha256(f"{work.erasure_id}\n{current}".encode()).hexdigest()[:32]
    rows = changes.with_columns(
        pl.when(~pl.col(name).is_in(work.record_ids).fill_null(False)).then(pl.col(name)).alias(name)
        for name in personal_columns(IDENTITY_CHANGES)
    )
    if change_id in rows.get_column("change_id"):
        return rows
    row = {
        "change_id": change_id,
        "resolution_id": work.erasure_id,
        "changed_at": now,
        "change": RETIRED,
        "customer_id": current,
        "records": len(work.record_ids),
        "cause": "deletion",
    }
    blank = {name: row.get(name) for name in IDENTITY_CHANGES.schema}
    return pl.concat([rows, pl.DataFrame([blank], schema=IDENTITY_CHANGES.schema, orient="row")])


def _erase_ids(workspace: Workspace, work: ToErase) -> int:
    """The customer ids, with a note that names the present versions of the tables which belong to them."""
    lake = workspace.lake
    version = lake.version(CUSTOMER_IDS)
    note = lake.note(CUSTOMER_IDS)
    before = lake.read(CUSTOMER_IDS)
    after = without_person(before, CUSTOMER_IDS, work)
    if "id_lineage" in note:
        note |= {
            "id_lineage": str(lake.version(ID_LINEAGE)),
            "identity_changes": str(lake.version(IDENTITY_CHANGES)),
            **({"memberships": str(lake.version(MEMBERSHIPS))} if lake.exists(MEMBERSHIPS) else {}),
        }
    if not after.equals(before) or note != lake.note(CUSTOMER_IDS):
        lake.replace(CUSTOMER_IDS, after, note=note, expected_version=version)
    return before.height - after.height
