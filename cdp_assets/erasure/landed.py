"""A person's lines in delivered files, in landing and in the archive, by the workspace's policy (``policy.py``).

A file that was imported is known by its content, and its lines by the import. Any other (one that waits, a copy, one that
repeats another) is read, and its rows are judged by the same rule as at import.

What does not belong here: how a file is rewritten (``rewriting.py``).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets.erasure.patterns import Patterns
from cdp_assets.erasure.person import ToErase
from cdp_assets.erasure.policy import ErasurePolicy
from cdp_assets.erasure.rewriting import without_lines
from cdp_assets.erasure.scanning import occurrences_in_file
from cdp_assets.erasure.sieve import Sieve
from cdp_assets.erasure.their_lines import sources_of
from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.arrivals import content_of_import
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.sources.line_problems import ERASED_PERSON
from cdp_assets.sources.placing import clear_unfinished, lock_folder, put_in_place, unfinished_file
from cdp_assets.sources.reading import FileRefused, content_sha256, open_delivery
from cdp_assets.tables import source_rejections
from cdp_assets.workspace import Workspace

KIND = "erased"
"""How files that are being rewritten are called, hidden."""

WITHOUT_FILE = "removed"
"""What the ledger says of an import whose file had to go."""


NOBODY = ToErase(
    erasure_id="", customer_id="", customer_ids=[], record_ids=[], profile_ids=[], values=[], proof=[], lines={}, contents={},
    signs=[], requested_by="", requested_at="",
)  # fmt: skip
"""No person in particular: whose a line is, the signs of all who were erased tell."""


class LandingBusyError(RuntimeError):
    """A source's landing folder is being tidied by another process."""


def erase_landed(workspace: Workspace, work: ToErase, sieve: Sieve, policy: ErasurePolicy) -> dict[str, int]:
    """Rewrite or remove every delivered file that holds a line of the person; how many files, and lines of them."""
    counts = dict.fromkeys(("files_rewritten", "files_removed", "lines"), 0)
    if policy.delivered_files == "keep":
        return counts
    with ExitStack() as locks:
        for source in sources_of(workspace):
            locks.enter_context(_locked(workspace.landing_dir / source))
        for one in _delivered(workspace, work):
            for name, count in one.erase(sieve).items():
                counts[name] += count
    return counts


def erase_later_deliveries(workspace: Workspace, sieve: Sieve, policy: ErasurePolicy) -> dict[str, int]:
    """Take people who were erased before out of files that have been delivered since; how many files, and lines of them.

    At import their rows were put aside without a value, which says what imports these are; the files themselves stayed as
    their source had delivered them.
    """
    counts = dict.fromkeys(("files_rewritten", "files_removed", "lines"), 0)
    contracts = {contract.source: contract for contract in load_contracts(workspace.contracts_dir)[0]}
    if policy.delivered_files == "keep" or not sieve.people:
        return counts
    for source, contract in contracts.items():
        put_aside = _with_rows_put_aside(workspace, source)
        with _locked(workspace.landing_dir / source):
            for row in workspace.ledger.imports(source).to_dicts():
                landed = [workspace.landing_dir / source / row["location"]] if row["import_id"] in put_aside else []
                for path in [*landed, *_files(workspace.archive_dir / source / row["import_id"])]:
                    if row["import_id"] in put_aside and path.is_file():
                        one = _Delivered(workspace, source, contract, path, NOBODY, ())
                        for name, count in one.erase(sieve).items():
                            counts[name] += count
    return counts


def _with_rows_put_aside(workspace: Workspace, source: str) -> set[str]:
    table = source_rejections(source)
    if not workspace.lake.exists(table):
        return set()
    ruled = workspace.lake.scan(table).filter(pl.col("rule") == ERASED_PERSON).select("import_id").unique()
    return set(ruled.collect().to_series())


def count_landed(workspace: Workspace, work: ToErase, sieve: Sieve) -> dict[str, int]:
    """How many delivered files hold lines of the person, and how many lines that are; nothing is changed."""
    counts = dict.fromkeys(("files", "lines"), 0)
    for one in _delivered(workspace, work):
        lines = one.lines(sieve)
        counts["files"] += bool(lines)
        counts["lines"] += len(lines or ())
    return counts


def _delivered(workspace: Workspace, work: ToErase) -> Iterator[_Delivered]:
    contracts = {contract.source: contract for contract in load_contracts(workspace.contracts_dir)[0]}
    for source in sources_of(workspace):
        used = workspace.ledger.imports(source).filter(pl.col("state") == IMPORTED).get_column("content_sha256")
        settled = {content_of_import(content) for content in used}
        for folder in (workspace.landing_dir / source, workspace.archive_dir / source):
            for path in _files(folder):
                yield _Delivered(workspace, source, contracts.get(source), path, work, settled)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    if not folder.is_dir():
        yield
        return
    lock = lock_folder(folder)
    if lock is None:
        raise LandingBusyError(f"landing/{folder.name} is being tidied; run the erasure again in a moment")
    try:
        clear_unfinished(folder, KIND)
        yield
    finally:
        os.close(lock)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


@dataclass(frozen=True)
class _Delivered:
    workspace: Workspace
    source: str
    contract: SourceContract | None
    path: Path
    work: ToErase
    settled: Collection[str]
    """Contents of imports in use: their lines are known, and need not be read."""

    def erase(self, sieve: Sieve) -> dict[str, int]:
        """Erase the lines of one file, and have the ledger know it as it is then."""
        try:
            content = content_sha256(self.path)
        except (OSError, FileRefused):
            return {}
        lines = self.lines(sieve, content)
        if lines is None:
            return self._remove() if occurrences_in_file(self.path, Patterns.of(self.work.proof)) else {}
        counts = {}
        if lines:
            if not self._rewrite(lines):
                return self._remove()
            counts = {"files_rewritten": 1, "lines": len(lines)}
        self._tell(content, content_sha256(self.path) if lines else content)
        return counts

    def lines(self, sieve: Sieve, content: str | None = None) -> Collection[int] | None:
        """Lines of the person; None where the file can not be read."""
        content = content or content_sha256(self.path)
        found: set[int] = set()
        originals = self.work.contents.get(self.source, {})
        of_content = [import_id for import_id, original in originals.items() if original == content]
        for import_id in of_content:
            found |= set(self.work.lines[self.source][import_id])
        if of_content or content in self.settled:
            return found
        if self.contract is None:
            return None
        try:
            with open_delivery(self.path, self.contract, spool_dir=self.workspace.home) as stream:
                for batch in stream.batches():
                    rows = batch.select(pl.lit("").alias("_import_id"), pl.lit("").alias("_file"), pl.all())
                    found |= set(batch.filter(sieve.rows_of_erased(rows, self.contract)).get_column("_line"))
        except (FileRefused, OSError):
            return None
        return found

    def _rewrite(self, lines: Collection[int]) -> bool:
        if self.contract is None:
            return False
        status = self.path.stat()
        with unfinished_file(self.path.parent, KIND) as target:
            if not without_lines(self.path, self.contract, lines, target):
                return False
            if occurrences_in_file(target, Patterns.of(self.work.proof)):
                return False
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
            put_in_place(target, self.path)
        self.path.chmod(status.st_mode)
        return True

    def _remove(self) -> dict[str, int]:
        for row in self._registered():
            self.workspace.ledger.mark_tidied(self.source, row["import_id"], WITHOUT_FILE)
        self.path.unlink(missing_ok=True)
        return {"files_removed": 1}

    def _registered(self) -> list[dict[str, Any]]:
        """Imports that were made from this very file; another of its name may have been there before."""
        rows = self.workspace.ledger.imports(self.source).to_dicts()
        if self.workspace.archive_dir in self.path.parents:
            return [row for row in rows if row["import_id"] in self.path.parts]
        modified_at = datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        return [row for row in rows if row["location"] == self.path.name and row["landed_at"] == modified_at]

    def _tell(self, before: str, content: str) -> None:
        """Have the ledger know the file as it is now, where it knew it as it was."""
        ledger, originals = self.workspace.ledger, self.work.contents.get(self.source, {})
        status = self.path.stat()
        for row in self._registered():
            registered = content_of_import(row["content_sha256"])
            if registered != content and registered in (before, originals.get(row["import_id"])):
                ledger.replace_content(self.source, row["import_id"], content, status.st_size)
        stamp = (self.path.name, status.st_size, status.st_mtime_ns)
        seen = ledger.seen_files(self.source)
        if stamp not in seen and any(name == self.path.name for name, _, _ in seen):
            ledger.remember_file(self.source, *stamp)
