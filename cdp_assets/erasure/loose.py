"""Files that runs and people have made of the data: reports, exports, a truth file.

Reports on quality show masked examples: all are removed, the next audit makes them anew. An export that names the person is
removed, for it can be made again. A truth file loses their rows.

What does not belong here: files that others have delivered (``landed.py``).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from cdp_assets.erasure.patterns import Patterns
from cdp_assets.erasure.person import ToErase
from cdp_assets.erasure.policy import ErasurePolicy
from cdp_assets.erasure.scanning import occurrences_in_file
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.standardized.quality_files import reports_dir
from cdp_assets.workspace import Workspace

SQLITE_URL = "sqlite:///"


def erase_loose(workspace: Workspace, work: ToErase, policy: ErasurePolicy) -> dict[str, int]:
    """Remove or rewrite such files; how many of each."""
    counts = dict.fromkeys(("reports_removed", "exports_removed", "truth_files_rewritten"), 0)
    for path in _files(reports_dir(workspace.home)):
        path.unlink()
        counts["reports_removed"] += 1
    named = Patterns.of([*work.proof, *work.record_ids, *work.customer_ids])
    for customer_id in work.customer_ids:
        for folder in workspace.exports_dir.glob(f"**/{customer_id}"):
            shutil.rmtree(folder)
            counts["exports_removed"] += 1
    for path in _files(workspace.exports_dir):
        if occurrences_in_file(path, named):
            path.unlink()
            counts["exports_removed"] += 1
    others = others_files(workspace, policy)
    for path in _files(workspace.truth_file.parent):
        if path.suffix == ".parquet" and not any(path == one or one in path.parents for one in others):
            counts["truth_files_rewritten"] += _without_rows(path, work)
    return counts


def others_files(workspace: Workspace, policy: ErasurePolicy) -> list[Path]:
    """Files and folders of the workspace that belong to somebody else: a source's database, and what the policy names."""
    contracts, _ = load_contracts(workspace.contracts_dir)
    urls = [contract.extract.sql.url for contract in contracts if contract.extract.sql is not None]
    databases = [url.removeprefix(SQLITE_URL) for url in urls if url is not None and url.startswith(SQLITE_URL)]
    named = [workspace.home / name for name in (*databases, *policy.not_ours)]
    return [*named, *(path.with_name(f"{path.name}{side}") for path in named for side in ("-wal", "-shm"))]


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _without_rows(path: Path, work: ToErase) -> int:
    before = pl.read_parquet(path)
    patterns = Patterns.of(work.proof)
    texts = [name for name, dtype in before.schema.items() if dtype == pl.String]
    gone = pl.Series([False] * before.height, dtype=pl.Boolean)
    for name in texts:
        column = before.get_column(name)
        gone = gone | column.is_in(work.record_ids).fill_null(False) | patterns.held_by(column)
    if not gone.any():
        return 0
    part = path.with_name(f".{path.name}.part")
    before.filter(~gone).write_parquet(part, statistics=False)
    part.replace(path)
    return 1
