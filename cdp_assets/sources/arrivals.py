"""From what landed to registered imports, and what a resolution would be made from.

The only part of this stage that knows the ledger: everything it records is recorded once, however many sensors and
command lines look at the same time.

What does not belong here: which files are complete (``landing.py``), reading them (``reading.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from cdp_assets.ledger import IMPORTED, LANDED, Landed
from cdp_assets.sources.contracts import ContractProblem, SourceContract
from cdp_assets.sources.extraction import extract
from cdp_assets.sources.landing import QUIET_SECONDS, FileStamp, LandedFile, look, source_dir
from cdp_assets.sources.reading import content_sha256
from cdp_assets.sources.refusal import FileRefused
from cdp_assets.tables import SOURCE_CONTRACTS, source_extracts
from cdp_assets.workspace import Workspace


@dataclass(frozen=True)
class Arrivals:
    """What a look at a source's landing folder found: new imports, further copies of known ones, unfinished files."""

    new: tuple[str, ...]
    copies: int
    unfinished: int


def register_arrivals(
    workspace: Workspace,
    contract: SourceContract,
    now: datetime,
    *,
    settle_seconds: float,
    quiet_seconds: float = QUIET_SECONDS,
) -> Arrivals:
    """Register each complete new file of a source as an import; content that is known already adds none.

    ``quiet_seconds``: a text file whose last line has no end counts when it has not changed for so long.

    A file is hashed once: as long as its name, size and time stay the same, it needs no second look.
    """
    ledger, source = workspace.ledger, contract.source
    known = {FileStamp(*stamp) for stamp in ledger.seen_files(source)}
    found = look(
        workspace.landing_dir, contract, now, settle_seconds=settle_seconds, quiet_seconds=quiet_seconds, known=known
    )
    new: list[str] = []
    copies = 0
    for file in found.ready:
        import_id, is_new = ledger.register(Landed(source, _content(file), file.name, file.bytes, file.modified_at))
        ledger.remember_file(source, *file.stamp)
        if is_new:
            new.append(import_id)
        else:
            copies += 1
    return Arrivals(tuple(new), copies, len(found.waiting))


def _content(file: LandedFile) -> str:
    """The hash that identifies the import. A file that can not be read is identified by its bytes: its import is
    registered all the same, so that the refusal stands where every import's outcome stands."""
    try:
        return content_sha256(file.path)
    except FileRefused:
        with file.path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()


def has_unsettled_files(
    workspace: Workspace, contracts: Sequence[SourceContract], now: datetime, *, within_seconds: float
) -> bool:
    """Whether files are arriving: changed within this time, and not registered yet."""
    for contract in contracts:
        seen = {FileStamp(*stamp) for stamp in workspace.ledger.seen_files(contract.source)}
        try:
            entries = [entry for entry in source_dir(workspace.landing_dir, contract).iterdir() if entry.is_file()]
        except OSError:
            continue
        for entry in entries:
            status = entry.lstat()
            stamp = FileStamp(entry.name, status.st_size, status.st_mtime_ns)
            is_recent = abs(now.timestamp() - status.st_mtime) < within_seconds
            if is_recent and stamp not in seen and not entry.name.startswith("."):
                return True
    return False


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


def resolution_inputs(workspace: Workspace, contracts: Sequence[SourceContract]) -> ResolutionInputs:
    """What the ledger says has been imported, and what is still to be."""
    sources = {contract.source for contract in contracts}
    imports = workspace.ledger.imports().filter(pl.col("source").is_in(sources))
    imported = imports.filter(pl.col("state") == IMPORTED)
    waiting = imports.filter(pl.col("state") == LANDED)
    said = [
        *(
            f"{source}\t{content}\t{contract}"
            for source, content, contract in imported.select("source", "content_sha256", "contract_version").rows()
        ),
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


def land_extract(
    workspace: Workspace, contract: SourceContract, now: datetime, environment: Mapping[str, str]
) -> pl.DataFrame | None:
    """Land what a source's database has that is new; a frame of ``sources/<source>_extracts``, None for nothing.

    The cursor moves on only when the file has landed: a crash in between extracts the same rows again, and the same
    content is no new import.
    """
    extraction = extract(contract, workspace.home, workspace.ledger.cursor(contract.source), environment)
    if extraction is None:
        return None
    if extraction.cursor is not None:
        workspace.ledger.advance_cursor(contract.source, extraction.cursor, now)
    return pl.DataFrame(
        {
            "extract": [extraction.path.name],
            "extracted_at": [now],
            "rows": [extraction.rows],
            "bytes": [extraction.path.stat().st_size],
        },
        schema=source_extracts(contract.source).schema,
    )


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
