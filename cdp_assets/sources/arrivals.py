"""From what landed to registered imports, and what a resolution would be made from.

The only part of this stage that knows the ledger: everything it records is recorded once, however many sensors and
command lines look at the same time.

The same content is the same import, whatever lands when. A snapshot that says again what an earlier one said is the one
thing that this rule can not decide: an old file that somebody dropped once more, or the source as it is now, and then what
came in between is deleted. So it is told (``Arrivals.returned``), and a person decides (:func:`accept_return`).

What does not belong here: which files are complete (``landing.py``), reading them (``reading.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from cdp_assets.ledger import IMPORTED, LANDED, REFUSED, REPEATED, Landed
from cdp_assets.sources.contracts import ContractProblem, SourceContract
from cdp_assets.sources.extraction import ExtractionFailed, extract
from cdp_assets.sources.fetching import fetch
from cdp_assets.sources.landing import (
    EXTRACT_PATTERN,
    QUIET_SECONDS,
    LandedFile,
    NotLanded,
    as_landed,
    entries_of,
    is_delivery_name,
    is_empty,
    is_unchanged,
    look_at,
    source_dir,
)
from cdp_assets.sources.placing import last_number
from cdp_assets.sources.reading import content_sha256
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.tables import SOURCE_CONTRACTS, source_extracts
from cdp_assets.workspace import Workspace

REPORTED_BYTES = 256 << 20
"""Hashing a file of this size takes a second or more: it is told."""

DIGEST_LENGTH = 64
"""Hex digits of a content's hash. What follows them (``@`` and a moment) tells a snapshot that has returned, and was
accepted, from the first one that said the same."""


_SAID_OF_FILES = (
    "import_id", "content_sha256", "sequence", "location", "bytes", "landed_at", "state", "repeats", "tidied",
)  # fmt: skip


class NothingReturned(ValueError):  # noqa: N818 (what was found, as FileRefused)
    """There is no return to accept. Says why and what to do."""


@dataclass(frozen=True)
class Arrivals:
    """What a look at a source's landing folder found: new imports, further copies of known ones, unfinished files.

    ``waiting`` are the unfinished files, and those that could not be read, each with the reason; their names may hold
    personal values. ``returned`` are earlier imports of a snapshot source that have landed once more, later than the newest
    one; they count only when a person accepts them.
    """

    new: tuple[str, ...]
    copies: int
    unfinished: int
    returned: tuple[str, ...] = ()
    waiting: tuple[NotLanded, ...] = ()


def register_arrivals(
    workspace: Workspace,
    contract: SourceContract,
    now: datetime,
    *,
    settle_seconds: float,
    quiet_seconds: float = QUIET_SECONDS,
    report: Callable[[str], None] | None = None,
) -> Arrivals:
    """Register each complete new file of a source as an import; content that is known already adds none.

    ``quiet_seconds``: a text file whose last line has no end counts when it has not changed for so long. ``report`` is told
    when a large file is about to be hashed.

    A file is hashed once: as long as its name, size and time stay the same, it needs no second look. One that changes while
    it is hashed, or can not be read, is left for the next look, and never stops the others. Raises ``OSError`` for a folder
    that can not be listed.
    """
    folder = source_dir(workspace.landing_dir, contract)
    if is_empty(folder):
        return Arrivals((), 0, 0)
    ledger, source = workspace.ledger, contract.source
    entries = entries_of(folder, known=ledger.seen_files(source))
    found = look_at(entries, contract, now, settle_seconds=settle_seconds, quiet_seconds=quiet_seconds)
    new: list[str] = []
    copies: list[tuple[str, LandedFile]] = []
    waiting = list(found.waiting)
    for position, file in enumerate(found.ready, 1):
        if report is not None and file.bytes >= REPORTED_BYTES:
            report(f"{source}: looking at file {position} of {len(found.ready)} that landed, {file.bytes:,} bytes")
        content = _content(file)
        if isinstance(content, NotLanded):
            waiting.append(content)
            continue
        import_id, is_new = ledger.register(Landed(source, content, file.name, file.bytes, file.modified_at))
        if is_new:
            new.append(import_id)
        elif not _is_file_of(ledger.import_row(source, import_id), file):  # else somebody was quicker
            copies.append((import_id, file))
        ledger.remember_file(source, *file.stamp)
    returned = _returned(workspace, contract, copies) if copies and contract.delivers == "snapshot" else ()
    return Arrivals(tuple(new), len(copies), len(waiting), returned, tuple(waiting))


def _content(file: LandedFile) -> str | NotLanded:
    """The hash that identifies the import; why the file is left for the next look where there is none.

    A file whose content makes no sense is identified by its bytes: its import is registered all the same, so that the
    refusal stands where every import's outcome stands.
    """
    try:
        content = content_sha256(file.path)
    except FileNotFoundError:
        return NotLanded(file.name, "it has just gone")
    except FileRefused as refused:
        return NotLanded(file.name, str(refused))
    except (OSError, MemoryError) as problem:
        return NotLanded(file.name, f"reading it failed ({type(problem).__name__}); check the disk and its size")
    return content if is_unchanged(file) else NotLanded(file.name, "it changed while it was read")


def _is_file_of(registered: Mapping[str, Any], file: LandedFile) -> bool:
    """Whether this very file is what the import was registered from."""
    return bool(
        registered["location"] == file.name
        and registered["bytes"] == file.bytes
        and registered["landed_at"] == file.modified_at
    )


def has_unsettled_files(
    workspace: Workspace, contracts: Sequence[SourceContract], now: datetime, *, within_seconds: float
) -> bool:
    """Whether files are arriving: changed within this time, and not registered yet."""
    for contract in contracts:
        try:
            entries = entries_of(
                source_dir(workspace.landing_dir, contract), changed_since=now.timestamp() - within_seconds
            )
        except OSError:
            continue
        recent = [
            entry.stamp
            for entry in entries
            if entry.is_regular
            and abs(now.timestamp() - entry.stamp.modified_ns / 1e9) < within_seconds
            and is_delivery_name(entry.name, contract)
        ]
        if recent and not workspace.ledger.seen_files(contract.source).issuperset(recent):
            return True
    return False


# -- snapshots that return --------------------------------------------------------------------------------------------


def content_of_import(content_sha256: str) -> str:
    """The hash of what an import says, of the identity that the ledger has it by."""
    return content_sha256[:DIGEST_LENGTH]


def newest_snapshot(imports: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of a source's imports, the one that landed last and counts, or waits to."""
    counting = [row for row in imports if row["state"] in (IMPORTED, LANDED)]
    return max(counting, key=lambda row: (row["landed_at"], row["sequence"]), default=None)


def is_return(content: str, modified_at: datetime, imports: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a snapshot of this content, known already, says later than the newest one what an earlier one said."""
    newest = newest_snapshot(imports)
    return (
        newest is not None
        and modified_at > newest["landed_at"]
        and content_of_import(newest["content_sha256"]) != content
        and any(content_of_import(row["content_sha256"]) == content and row["state"] != REFUSED for row in imports)
    )


def _returned(
    workspace: Workspace, contract: SourceContract, copies: Sequence[tuple[str, LandedFile]]
) -> tuple[str, ...]:
    rows = imports_of(workspace, contract.source)
    content = {row["import_id"]: content_of_import(row["content_sha256"]) for row in rows}
    found = {import_id for import_id, file in copies if is_return(content[import_id], file.modified_at, rows)}
    return tuple(row["import_id"] for row in rows if row["import_id"] in found)


def returned_imports(workspace: Workspace, contract: SourceContract) -> tuple[str, ...]:
    """Imports that a person may accept because their snapshot landed once more, later than the newest one.

    Those whose very content lies in landing again, by the import that was registered for it first; and those that were found
    to repeat an earlier import in another order, by their own. Hashes files in landing that are copies, and newer than the
    newest import: none in the usual case.
    """
    if contract.delivers != "snapshot":
        return ()
    rows = imports_of(workspace, contract.source)
    newest = newest_snapshot(rows)
    if newest is None:
        return ()
    reordered = [
        row["import_id"]
        for row in rows
        if row["state"] == REPEATED and row["landed_at"] > newest["landed_at"] and row["repeats"] != newest["import_id"]
    ]
    found = {import_id for import_id, _ in _returned_files(workspace, contract, rows)} | set(reordered)
    return tuple(row["import_id"] for row in rows if row["import_id"] in found)


def _returned_files(
    workspace: Workspace, contract: SourceContract, imports: Sequence[Mapping[str, Any]]
) -> list[tuple[str, LandedFile]]:
    """Files in landing that are returns, newest first, each with the import of its content."""
    newest = newest_snapshot(imports)
    if newest is None:
        return []
    first = {row["content_sha256"]: row["import_id"] for row in imports}
    seen = workspace.ledger.seen_files(contract.source)
    found = []
    for entry in entries_of(source_dir(workspace.landing_dir, contract)):
        file = as_landed(entry)
        if (
            file is None
            or not entry.is_regular
            or file.modified_at <= newest["landed_at"]
            or file.stamp not in seen
            or any(_is_file_of(row, file) for row in imports)
        ):
            continue
        content = _content(file)
        if isinstance(content, str) and content in first and is_return(content, file.modified_at, imports):
            found.append((first[content], file))
    return sorted(found, key=lambda pair: (pair[1].modified_at, pair[1].name), reverse=True)


def accept_return(
    workspace: Workspace, contract: SourceContract, import_id: str, now: datetime, *, by: str = "not said"
) -> str:
    """Register once more the content of an import that has returned; the id of the new import, which waits to be read.

    From then on it is the newest snapshot, so that what came in between is deleted. Accepting it again changes nothing. The
    person's word also counts for how much it deletes. Raises :class:`NothingReturned`, and ``LedgerError`` for an import
    that was never registered.
    """
    ledger, source = workspace.ledger, contract.source
    content = content_of_import(ledger.import_row(source, import_id)["content_sha256"])
    if contract.delivers != "snapshot":
        raise NothingReturned(f"{source} delivers {contract.delivers}: only a snapshot deletes what it does not name")
    rows = imports_of(workspace, source)
    by_id = {row["import_id"]: row for row in rows}
    files = [
        file
        for found, file in _returned_files(workspace, contract, rows)
        if content_of_import(by_id[found]["content_sha256"]) == content
    ]
    if not files:
        raise NothingReturned(
            f"import {import_id} of {source} has not landed again since the newest one, or its file is no longer there; "
            "deliver it again if it is what the source says now"
        )
    file = files[0]
    landed_at = file.modified_at
    while f"{landed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{content[:12]}" in by_id:  # ids tell seconds apart, no less
        landed_at += timedelta(seconds=1)
    identity = f"{content}@{file.modified_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
    accepted, _ = ledger.register(Landed(source, identity, file.name, file.bytes, landed_at))
    ledger.accept_import(source, accepted, by=by, now=now)
    return accepted


def imports_of(workspace: Workspace, source: str) -> list[dict[str, Any]]:
    """A source's imports, in the order in which they were seen: what is told here of their files."""
    return workspace.ledger.imports(source).select(_SAID_OF_FILES).rows(named=True)


# -- what a resolution is made from -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ResolutionInputs:
    """What a resolution made now would be made from.

    ``digest`` names the imports, the contracts they were read with, the policies and the stewards' decisions; two
    resolutions with the same digest have the same inputs. ``waiting`` imports are registered and not read yet.
    """

    imported: int
    digest: str
    waiting: int
    waiting_digest: str

    def are_of(self, resolution: Mapping[str, Any] | None) -> bool:
        """Whether a resolution (``Ledger.last_resolution``) was made from these; false where there is none."""
        return resolution is not None and resolution["imports_hash"] == self.digest


_WHAT_WAS_READ = ["source", "content_sha256", "contract_version", "records_version", "records", "rejected"]


def resolution_inputs(workspace: Workspace, contracts: Sequence[SourceContract]) -> ResolutionInputs:
    """What the ledger says has been imported, and what is still to be."""
    sources = {contract.source for contract in contracts}
    imports = workspace.ledger.imports().filter(pl.col("source").is_in(sources))
    imported = imports.filter(pl.col("state") == IMPORTED)
    waiting = imports.filter(pl.col("state") == LANDED)
    said = [
        *("\t".join(map(str, row)) for row in imported.select(_WHAT_WAS_READ).rows()),
        *(f"{contract.source}\t{contract.contract_version}" for contract in contracts),
        *_policies(workspace),
        *(f"{kind}\t{count}" for kind, count in workspace.ledger.decisions().items()),
    ]
    return ResolutionInputs(
        imported=imported.height,
        digest=_digest(said),
        waiting=waiting.height,
        waiting_digest=_digest([f"{s}\t{i}" for s, i in waiting.select("source", "import_id").rows()]),
    )


def _policies(workspace: Workspace) -> list[str]:
    policies = workspace.home / "policies"
    if not policies.is_dir():
        return []
    return [f"{path.name}\t{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sorted(policies.glob("*.yaml"))]


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:32]


# -- what is fetched --------------------------------------------------------------------------------------------------


def land_extract(
    workspace: Workspace,
    contract: SourceContract,
    now: datetime,
    environment: Mapping[str, str],
    report: Callable[[str], None] | None = None,
) -> pl.DataFrame | None:
    """Land what a source's database, or its folder elsewhere, has that is new; rows of ``sources/<source>_extracts``, one
    per file that landed, None for nothing.

    The cursor moves on, and a fetched file is remembered, only when it has landed: a crash in between brings the same
    again, and the same content is no new import. Raises ``ExtractionFailed``; its ``landed`` are the rows of what landed.
    """
    rows = imports_of(workspace, contract.source)
    numbered_after = last_number(row["location"] for row in rows)
    if contract.extract.sql is None:
        return _land_fetched(workspace, contract, now, environment, report, numbered_after)
    extraction = extract(
        contract,
        workspace.home,
        workspace.ledger.cursor(contract.source),
        environment,
        report=report,
        known=_known_contents(contract, rows),
        numbered_after=numbered_after,
    )
    if extraction is None:
        return None
    if extraction.cursor is not None:
        workspace.ledger.advance_cursor(contract.source, extraction.cursor, now)
    if extraction.path is None:
        return None
    landed = (extraction.path.name, now, extraction.rows, extraction.path.stat().st_size)
    return _extract_rows(contract.source, [landed])


def _known_contents(contract: SourceContract, imports: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Contents that need not land again; a snapshot's only while it is the newest, for a table can return to a former state."""
    if contract.delivers == "snapshot":
        newest = newest_snapshot(imports)
        imports = [] if newest is None or newest["state"] != IMPORTED else [newest]
    return frozenset(
        content_of_import(row["content_sha256"]) for row in imports if row["state"] in (IMPORTED, REPEATED)
    )


def _land_fetched(
    workspace: Workspace,
    contract: SourceContract,
    now: datetime,
    environment: Mapping[str, str],
    report: Callable[[str], None] | None,
    numbered_after: int,
) -> pl.DataFrame | None:
    ledger, source = workspace.ledger, contract.source
    landed: list[tuple[str, datetime, int | None, int]] = []
    files = fetch(
        contract,
        workspace.home,
        ledger.fetched_files(source),
        environment,
        report or (lambda _: None),
        now=now,
        numbered_after=numbered_after,
    )
    try:
        for file in files:
            ledger.remember_fetched(source, file.location, file.stamp, now)
            landed.append((file.path.name, now, None, file.bytes))
    except ExtractionFailed as failed:
        failed.landed = _extract_rows(contract.source, landed) if landed else None
        raise
    return _extract_rows(contract.source, landed) if landed else None


def unnoted_extracts(folder: Path, source: str, known: Collection[str]) -> pl.DataFrame:
    """Rows of ``sources/<source>_extracts`` for extracts of a database in a source's landing folder that are not ``known``:
    a run was killed after one had landed, and before it could be noted."""
    files = [path for path in sorted(folder.glob(EXTRACT_PATTERN)) if path.name not in known]
    return _extract_rows(
        source,
        [
            (
                path.name,
                datetime.fromtimestamp(path.stat().st_mtime, UTC),
                pq.read_metadata(path).num_rows,
                path.stat().st_size,
            )
            for path in files
        ],
    )


def _extract_rows(source: str, landed: Sequence[tuple[str, datetime, int | None, int]]) -> pl.DataFrame:
    """Rows of ``sources/<source>_extracts``: name, when, rows and bytes of files that landed."""
    return pl.DataFrame(landed, schema=source_extracts(source).schema, orient="row")


def contract_rows(contracts: Sequence[SourceContract], problems: Sequence[ContractProblem]) -> pl.DataFrame:
    """``sources/source_contracts``: readable contracts and refused ones."""
    rows = [
        {
            "source": contract.source,
            "state": "readable",
            "kind": contract.kind,
            "delivers": contract.delivers,
            "contract_version": contract.contract_version,
            "fields": sorted(contract.fields),
            "problem": None,
        }
        for contract in contracts
    ]
    rows += [
        {
            "source": problem.source,
            "state": "refused",
            "kind": None,
            "delivers": None,
            "contract_version": None,
            "fields": None,
            "problem": str(problem),
        }
        for problem in problems
    ]
    return pl.DataFrame(rows, schema=SOURCE_CONTRACTS.schema).unique("source", keep="first").sort("source")
