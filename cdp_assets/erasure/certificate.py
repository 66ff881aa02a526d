"""What was searched for what was erased, and that nothing was found: counts and hashes, no value.

A certificate can be checked by who has the workspace's secret and the value in hand: among ``texts_signs`` is the keyed hash
of every text that was searched for.

What does not belong here: how files are searched (``scanning.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cdp_assets.erasure.loose import others_files
from cdp_assets.erasure.patterns import Patterns
from cdp_assets.erasure.person import ToErase
from cdp_assets.erasure.policy import ErasurePolicy
from cdp_assets.erasure.scanning import Scan, scan
from cdp_assets.erasure.secret import KEY_FILE, Sign
from cdp_assets.workspace import Workspace

SEARCHED_TEXT = "searched text"
"""Kind of the signs that a certificate lists."""


class ErasureIncompleteError(RuntimeError):
    """Something of the person is left. Says where, in folders and counts, and what to do; never a value."""


@dataclass(frozen=True)
class Proof:
    """What a search found: ``scans`` of the workspace, and of the lake where that is elsewhere; ``others``: in files of others."""

    scans: tuple[Scan, ...]
    others: int
    databases: Mapping[str, int]

    @property
    def occurrences(self) -> int:
        """Values and pieces of files in which a text of the person was found."""
        return sum(scan.found.total() for scan in self.scans) + sum(self.databases.values())

    def total(self, what: str) -> Counter[str]:
        """``files``, ``bytes``, ``found`` or ``places`` of all scans together."""
        return sum((getattr(scan, what) for scan in self.scans), Counter[str]())


def search(workspace: Workspace, work: ToErase, policy: ErasurePolicy, worklist: Path) -> Proof:
    """Search every file and database of the workspace for the texts that prove something is left."""
    patterns = Patterns.of(work.proof)
    others = others_files(workspace, policy)
    skip = [worklist, workspace.home / KEY_FILE, *others]
    if policy.delivered_files == "keep":
        skip += [workspace.landing_dir, workspace.archive_dir]
    scans = [scan(workspace.home, patterns, skip=skip)]
    lake = Path(workspace.lake.root)
    if "://" not in workspace.lake.root and workspace.home not in lake.parents:
        scans.append(scan(lake, patterns))
    in_others = sum(scan(path.parent, patterns, skip=_all_but(path)).found.total() for path in others if path.exists())
    urls = {"ledger": workspace.ledger_url, "published": workspace.publish_url}
    databases = {name: in_server(url, patterns) for name, url in urls.items() if url and not url.startswith("sqlite")}
    return Proof(tuple(scans), in_others, databases)


def _all_but(path: Path) -> list[Path]:
    return [one for one in path.parent.iterdir() if one != path]


def in_server(url: str, patterns: Patterns) -> int:
    """Rows of a PostgreSQL database, as text, that hold one of the texts."""
    parsed = sa.make_url(url)
    engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg"), hide_parameters=True)
    escaped = [one.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for one in patterns.spellings]
    wanted = [f"%{one}%" for one in sorted(set(escaped))]
    found = 0
    try:
        with engine.connect() as connection:
            for name in sa.inspect(connection).get_table_names():
                query = sa.text(f'SELECT count(*) FROM "{name}" AS t WHERE lower(t::text) LIKE ANY(:wanted)')
                found += int(connection.scalar(query, {"wanted": wanted}) or 0)
    finally:
        engine.dispose()
    return found


def certificate(
    work: ToErase,
    proof: Proof,
    policy: ErasurePolicy,
    steps: Mapping[str, Mapping[str, int]],
    sign: Sign,
    now: datetime,
    inputs: str,
) -> dict[str, Any]:
    """The certificate as plain values. ``inputs``: of the resolution that follows (``what_follows.py``). Raises :class:`ErasureIncompleteError` when anything was found."""
    if proof.occurrences:
        places = ", ".join(f"{place}: {count}" for place, count in sorted(proof.total("places").items()))
        servers = ", ".join(f"{name}: {count}" for name, count in proof.databases.items() if count)
        raise ErasureIncompleteError(
            f"something of the person is left, in files by folder or kind ({'; '.join(filter(None, (places, servers)))}). What runs "
            "made is erased; look at files that somebody else put there, name those that are not yours in "
            "policies/erasure.yaml (`not_ours`), and run the erasure again: it goes on here"
        )
    return {
        "erasure_id": work.erasure_id,
        "customer_id": work.customer_id,
        "requested_at": work.requested_at,
        "proven_at": now.isoformat(),
        "records": len(work.record_ids),
        "delivered_lines": work.line_count,
        "erased": {step: dict(counts) for step, counts in steps.items()},
        "searched": {
            "texts": len(work.proof),
            "texts_signs": sorted(sign(SEARCHED_TEXT, text) for text in work.proof),
            "files": dict(sorted(proof.total("files").items())),
            "bytes": dict(sorted(proof.total("bytes").items())),
            "contents_sha256": [one.digest for one in proof.scans],
            "servers": sorted(proof.databases),
        },
        "occurrences": proof.occurrences,
        "resolution": {"follows_nothing_else": work.follows_nothing_else, "inputs": inputs},
        "not_searched": {
            "texts_that_others_have_too_or_that_are_too_short": work.shared,
            "delivered_files": "kept by policy" if policy.delivered_files == "keep" else "none",
            "occurrences_in_files_of_others": proof.others,
        },
    }
