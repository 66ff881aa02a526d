"""The guard of snapshots: what is missing from one is a deletion, and half an export looks like many.

A snapshot is held against the one before it. One that lacks a larger share of its records than the contract allows
(``may_shrink_by``) is refused until a person accepts it: nothing is deleted by accident. A snapshot that says older things
of a record than the one that landed before it is a late one; it is held against the one that was the newest then.

What does not belong here: what a deletion does to a record (``versions.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.standardized.judged_lines import JudgedLines, hashes_of_keys
from cdp_assets.tables import source_records
from cdp_assets.workspace import Workspace

_KEY = ["key_1", "key_2"]


def shrinkage(
    workspace: Workspace, contract: SourceContract, registered: Mapping[str, Any], judged: JudgedLines
) -> str | None:
    """Why a snapshot is refused, with what to do; None for one that may count.

    Records in use are never taken back by this: an import that was imported before, or that a person has accepted, may
    count.
    """
    if (
        contract.delivers != "snapshot"
        or not contract.key
        or registered["state"] == IMPORTED
        or registered["accepted_by"] is not None
    ):
        return None
    found = _before(workspace, contract, registered, judged)
    if found is None:
        return None
    import_id, before = found
    if judged.kept.is_empty():
        return (
            f"none of its lines is a record, and the snapshot before it (import {import_id}) has {before.height:,}; "
            "an empty snapshot deletes nothing: deliver the whole one"
        )
    missing = before.join(judged.kept.select(_KEY), on=_KEY, how="anti").height / before.height
    if missing <= contract.may_shrink_by:
        return None
    return (
        f"{missing:.0%} of the records of the snapshot before it (import {import_id}) are not in it, and at most "
        f"{contract.may_shrink_by:.0%} may go at once (`may_shrink_by`); if they are really gone, accept it: "
        f"cdp accept {contract.source} {registered['import_id']}"
    )


def _before(
    workspace: Workspace, contract: SourceContract, registered: Mapping[str, Any], judged: JudgedLines
) -> tuple[str, pl.DataFrame] | None:
    """The snapshot that this one follows: its import, and its records' keys and times."""
    earlier = workspace.ledger.imports(contract.source).filter(
        (pl.col("state") == IMPORTED) & (pl.col("records") > 0) & (pl.col("sequence") < registered["sequence"])
    )
    if earlier.is_empty():
        return None
    last = earlier.sort("sequence")["import_id"][-1]
    keys = _keys(workspace, contract, last)
    if not _is_older(judged, keys):
        return last, keys
    until = judged.observed_until
    then = earlier.filter(pl.col("observed_until") <= until).sort("observed_until", "sequence")
    if then.is_empty():
        return None
    newest_then = then["import_id"][-1]
    return newest_then, _keys(workspace, contract, newest_then)


def _keys(workspace: Workspace, contract: SourceContract, import_id: str) -> pl.DataFrame:
    rows = workspace.lake.read(
        source_records(contract.source), partition=import_id, columns=["source_key", "observed_at"]
    )
    return hashes_of_keys(rows.get_column("source_key")).with_columns(rows.get_column("observed_at").alias("before"))


def _is_older(judged: JudgedLines, keys: pl.DataFrame) -> bool:
    """Whether some record is said to be older than it was: then the snapshot is a late one."""
    both = judged.kept.select(*_KEY, "observed_at").join(keys, on=_KEY, how="inner")
    return bool((both["observed_at"] < both["before"]).any())
