"""What an erasure would erase, where, and how many rows: counted, nothing is changed.

What does not belong here: erasing (``steps.py``), how a plan looks (``erasure_text.py``).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from cdp_assets.erasure.landed import count_landed
from cdp_assets.erasure.person import ToErase, erasure_id_of, to_erase
from cdp_assets.erasure.policy import load_erasure_policy
from cdp_assets.erasure.sieve import Sieve
from cdp_assets.erasure.signs import person_of
from cdp_assets.erasure.stored import HISTORY_OF_IDS, without_person
from cdp_assets.erasure.what_follows import what_would_follow
from cdp_assets.published.erasing import erase_published
from cdp_assets.standardized.masking import mask_email, mask_text
from cdp_assets.standardized.quality_files import reports_dir
from cdp_assets.steward.plan_text import PlanFacts
from cdp_assets.tables import RECORD_VERSIONS, TABLES
from cdp_assets.workspace import Workspace


@dataclass(frozen=True)
class ErasurePlan:
    """``rows``: place, what, how many. ``records``: source, masked name and address of each record that would go.

    ``follows``: what the resolution after it would do to customers; None where none is complete yet.
    """

    customer_id: str
    rows: tuple[tuple[str, str, int], ...]
    records: tuple[tuple[str, str, str], ...]
    delivered_files: str
    searched_texts: int
    shared_texts: int
    follows: PlanFacts | None = None

    def as_json(self) -> Mapping[str, object]:
        """The plan as plain values."""
        return {
            "customer_id": self.customer_id,
            "would_erase": [{"where": where, "what": what, "rows": count} for where, what, count in self.rows],
            "records": [{"source": source, "name": name, "email": email} for source, name, email in self.records],
            "delivered_files": self.delivered_files,
            "texts_searched_for": self.searched_texts,
            "texts_of_others_too": self.shared_texts,
            "the_resolution_that_follows": self.follows.as_json() if self.follows else None,
        }


def erasure_plan(workspace: Workspace, customer_id: str, now: datetime) -> ErasurePlan:
    """What would be erased of a customer (a current id)."""
    secret = secrets.token_hex(32)

    def sign(kind: str, value: str) -> str:
        return hashlib.sha256(f"{secret}\x1f{kind}\x1f{value}".encode()).hexdigest()

    work = to_erase(workspace, customer_id, erasure_id_of(customer_id, now), sign, by="", now=now)
    policy = load_erasure_policy(workspace.policy_file("erasure"))
    sieve = Sieve([person_of(work.signs)], sign)
    return ErasurePlan(
        customer_id=customer_id,
        rows=tuple(row for row in _rows(workspace, work, sieve) if row[2]),
        records=_masked(workspace, work),
        delivered_files=policy.delivered_files,
        searched_texts=len(work.proof),
        shared_texts=work.shared,
        follows=what_would_follow(workspace, work.record_ids, now),
    )


def _rows(workspace: Workspace, work: ToErase, sieve: Sieve) -> list[tuple[str, str, int]]:
    lake, ledger = workspace.lake, workspace.ledger
    rows = [
        (f"raw/{source}_imports", f"lines of {len(of_source)} import(s)", sum(map(len, of_source.values())))
        for source, of_source in sorted(work.lines.items())
    ]
    landed = count_landed(workspace, work, sieve)
    rows.append(("landing and archive", f"lines of {landed['files']} file(s)", landed["lines"]))
    for table in TABLES:
        if lake.exists(table) and table not in HISTORY_OF_IDS:
            before = lake.read(table)
            rows.append((table.name, "rows", before.height - without_person(before, table, work).height))
    gone = erase_published(workspace.publication_url, work.customer_ids, work.record_ids, work.values, only_count=True)
    rows += [(f"published database: {name}", "rows", count) for name, count in gone.items()]
    judgements, corrections = ledger.judgements(), ledger.corrections()
    theirs = [pl.col(name).is_in(work.record_ids) for name in ("record_id_l", "record_id_r")]
    rows.append(("ledger", "judgements", judgements.filter(pl.any_horizontal(theirs)).height))
    rows.append(("ledger", "corrections", corrections.filter(pl.col("record_id").is_in(work.record_ids)).height))
    rows.append(
        ("reports", "pages, made anew by the next audit", len(list(reports_dir(workspace.home).glob("*.html"))))
    )
    return rows


def _masked(workspace: Workspace, work: ToErase) -> tuple[tuple[str, str, str], ...]:
    newest = (
        workspace.lake.scan(RECORD_VERSIONS)
        .filter(pl.col("is_newest") & pl.col("record_id").is_in(work.record_ids))
        .select("source", "record_id", "full_name", pl.col("emails").list.first().alias("email"))
        .sort("source", "record_id")
        .collect()
    )
    return tuple(
        (row["source"], mask_text(row["full_name"] or ""), mask_email(row["email"]) if row["email"] else "")
        for row in newest.iter_rows(named=True)
    )
