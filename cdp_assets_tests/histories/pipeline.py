"""The real functions, in the order in which a run calls them, on small worlds.

From a line to what may be sent to it is all as in a run (sieve, standards, versions, clusters, ids, golden records),
and so are a steward's decisions, the ledger, and an erasure (what is theirs, lines, tables, decisions); only links are drawn instead
of scored, and the lake is in memory.

What does not belong here: what must hold (``machine.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets import tables
from cdp_assets.candidate_links.profiles import linkage_profiles
from cdp_assets.candidate_links.shared import shared_identifiers
from cdp_assets.erasure.lines import erase_lines
from cdp_assets.erasure.person import ToErase, erasure_id_of, to_erase
from cdp_assets.erasure.secret import name_of, signer
from cdp_assets.erasure.sieve import erased_people
from cdp_assets.erasure.stored import erase_stored
from cdp_assets.erasure.withheld import WithheldOfErased
from cdp_assets.golden_records.consent_chain import breaks
from cdp_assets.golden_records.consent_log import enter, events_of, imports_in_use, release_import
from cdp_assets.golden_records.golden import GoldenRecords, golden_records
from cdp_assets.golden_records.policy import ConsentPolicy
from cdp_assets.golden_records.withheld import addresses_of
from cdp_assets.identity_graph.clusters import clusters
from cdp_assets.identity_graph.customer_ids import assign
from cdp_assets.identity_graph.identity_changes import identity_changes
from cdp_assets.identity_graph.memberships import with_resolution
from cdp_assets.identity_graph.partings import PartingError
from cdp_assets.identity_graph.reclustering import Clustered, recluster
from cdp_assets.identity_graph.resolution import record_facts
from cdp_assets.judgements import ContradictoryJudgementError
from cdp_assets.ledger import Landed, ReadFile
from cdp_assets.raw.fingerprints import Fingerprint
from cdp_assets.raw.put_aside import without_values
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.standardized.email_addresses import email_tables
from cdp_assets.standardized.gathering import all_records, order_of_imports
from cdp_assets.standardized.phone_numbers import phone_numbers
from cdp_assets.standardized.records import ImportMeta, records_version, standardize
from cdp_assets.standardized.sightings import sightings
from cdp_assets.standardized.versions import record_versions
from cdp_assets.steward.decisions import DecisionError, judge
from cdp_assets.steward.lookup import LookupProblemError
from cdp_assets.steward.partings import pin_customer, split_customer, unmerge, unpin_customer
from cdp_assets.workspace import Workspace
from cdp_assets_tests.histories.memory_lake import MemoryLake
from cdp_assets_tests.histories.world import CONTRACTS, SOURCES, Line

LANDED = datetime(2040, 1, 1, tzinfo=UTC)
TRUST = {"crm": 80, "shop": 60, "list": 30}
WEIGHT = 15.0
"""Match weight of a link: as sure as links are."""


def workspace_in(home: Path) -> Workspace:
    (home / "contracts").mkdir(parents=True)
    for source, text in CONTRACTS.items():
        (home / "contracts" / f"{source}.yaml").write_text(text)
    workspace = Workspace(home, ledger_url="sqlite://", erasure_secret="s" * 32)
    workspace.__dict__["lake"] = MemoryLake()
    return workspace


@dataclass(frozen=True)
class Resolved:
    """What a resolution of all worlds made; ``golden``: under each policy."""

    versions: pl.DataFrame
    members: pl.DataFrame
    pairs: pl.DataFrame
    ids: pl.DataFrame
    lineage: pl.DataFrame
    golden: list[GoldenRecords]
    events: pl.DataFrame


class Pipeline:
    """The real functions, in the order in which a run calls them, on a workspace of the worlds' sources."""

    def __init__(self, home: Path, policies: Sequence[ConsentPolicy]) -> None:
        self.workspace, self.policies = workspace_in(home), policies
        self.contracts: dict[str, SourceContract] = {
            one.source: one for one in load_contracts(self.workspace.contracts_dir)[0]
        }
        self.texts: dict[tuple[str, str], str] = {}
        self.number = 0
        self.last: dict[str, int] = {}
        self.former: Clustered | None = None

    @property
    def _now(self) -> datetime:
        return LANDED + timedelta(minutes=self.number)

    # -- imports ------------------------------------------------------------------------------------------------------

    def take_in(self, source: str, lines: list[Line]) -> list[bool]:
        """Import lines as one delivery; which of them were put aside as erased people's."""
        workspace, contract = self.workspace, self.contracts[source]
        self.number += 1
        self.last[source] = self.number
        text = "\n".join([",".join(SOURCES[source]), *(",".join(line.values()) for line in lines)]) + "\n"
        content = hashlib.sha256(f"{self.number}{text}".encode()).hexdigest()
        import_id, _ = workspace.ledger.register(Landed(source, content, f"{self.number}.csv", len(text), self._now))
        self.texts[source, import_id] = text
        raw = _raw(import_id, source, lines)
        aside = erased_people(workspace).rows_of_erased(raw, contract)
        raw = without_values(raw, aside)
        made = standardize(raw, contract, ImportMeta(import_id, self._now))
        assert made.counts["rejected"] == int(aside.sum()), "a line that no rule should reject was rejected"
        for table, rows in (
            (tables.raw_imports(source), raw),
            (tables.source_records(source), made.records),
            (tables.source_rejections(source), made.rejections),
        ):
            workspace.lake.replace_partition_in_batches(table, import_id, table.conform(rows).schema, [rows])
        fingerprint = Fingerprint()
        fingerprint.add(raw)
        workspace.ledger.mark_kept(
            source, import_id,
            ReadFile("1", "csv", "utf-8", ",", "[]", 0, 0, len(lines), 0, fingerprint.text()),
        )  # fmt: skip
        workspace.ledger.mark_imported(
            source, import_id, counts={name: made.counts[name] for name in ("lines", "records", "rejected", "duplicates")},
            contract_version="1", records_version=records_version(contract), observed_until=None, now=self._now,
        )  # fmt: skip
        return aside.to_list()

    def read_again(self) -> None:
        """Every import is read again from its kept lines: nothing comes of it that was not there."""
        lake = self.workspace.lake
        for source, import_id in self.texts:
            raw = lake.read(tables.raw_imports(source), partition=import_id)
            landed_at = self.workspace.ledger.import_row(source, import_id)["landed_at"]
            again = standardize(raw, self.contracts[source], ImportMeta(import_id, landed_at))
            kept = lake.read(tables.source_records(source), partition=import_id)
            assert again.records.sort("line").select(kept.columns).equals(kept.sort("line")), (
                "a rebuild has other records"
            )

    # -- resolution ---------------------------------------------------------------------------------------------------

    def resolve(self, links: Collection[tuple[str, str]], now: datetime, *, in_full: bool) -> Resolved:
        lake, ledger = self.workspace.lake, self.workspace.ledger
        contracts, imports = list(self.contracts.values()), order_of_imports(self.workspace)
        versions = record_versions(
            all_records(self.workspace, contracts, imports), {one.source: one.delivers for one in contracts}, imports
        )
        addresses, seen, phones = email_tables(versions).addresses, sightings(versions), phone_numbers(versions)
        profiles, members = linkage_profiles(versions, shared_identifiers(versions, addresses, {}), set())
        pairs, judgements = _scored(links, members), ledger.judgements()
        records = versions.select("record_id", "source").unique()
        told = (pairs, members, records, judgements)
        if self.former is None or in_full:
            grouped = clusters(*told, profiles=profiles)
        else:
            grouped = recluster(self.former, *told, profiles=profiles).clusters
        previous = lake.read_or_empty(tables.CUSTOMER_IDS), lake.read_or_empty(tables.ID_LINEAGE)
        ids, lineage = assign(grouped, *previous, record_facts(versions), self._now)
        changes = identity_changes(
            previous[0], ids, lineage, scored_pairs=pairs, profile_members=members, judgements=judgements,
            resolution_id=f"r{self.number}", now=self._now, model_changed=False,
        )  # fmt: skip
        self.former = Clustered(pairs, members, records, judgements, grouped)
        withheld = WithheldOfErased(self.workspace)(addresses_of(seen))
        all_golden = [
            golden_records(
                versions, ids, grouped, addresses, seen, phones, trust=TRUST, steward_corrections=ledger.corrections(),
                consent=policy, now=now, withheld=withheld,
            )
            for policy in self.policies
        ]  # fmt: skip
        golden = all_golden[0]
        events = events_of(self.workspace, contracts, imports_in_use(self.workspace))
        for table, rows in {
            tables.RECORD_VERSIONS: versions, tables.EMAIL_ADDRESSES: addresses, tables.SIGHTINGS: seen, tables.PHONE_NUMBERS: phones,
            tables.LINKAGE_PROFILES: profiles, tables.PROFILE_MEMBERS: members, tables.SCORED_PAIRS: pairs, tables.CLUSTERS: grouped,
            tables.ID_LINEAGE: lineage, tables.CUSTOMERS: golden.customers, tables.PROVENANCE: golden.provenance,
            tables.CORRECTIONS: golden.corrections, tables.GOLDEN_EMAILS: golden.emails, tables.GOLDEN_PHONES: golden.phones,
            tables.CONSENTS: golden.consents, tables.SUPPRESSIONS: golden.suppressions, tables.CONSENT_EVENTS: events,
            tables.MEMBERSHIPS: with_resolution(lake.read_or_empty(tables.MEMBERSHIPS), ids, self._now),
            tables.IDENTITY_CHANGES: pl.concat([lake.read_or_empty(tables.IDENTITY_CHANGES), changes]),
        }.items():  # fmt: skip
            lake.replace(table, rows)
        note = dict.fromkeys(("id_lineage", "identity_changes", "memberships"), "1")
        lake.replace(tables.CUSTOMER_IDS, ids, note={**note, "model_version": "m"})
        enter(self.workspace, events, imports_in_use(self.workspace), self._now)
        assert not breaks(events, imports_in_use(self.workspace), ledger.consent_entries())
        return Resolved(versions, members, pairs, ids, lineage, all_golden, events)

    def is_the_same_in_full(self, found: Resolved) -> None:
        """Clustering everything anew gives what clustering the changed gave, and no id is given otherwise."""
        lake = self.workspace.lake
        grouped = clusters(
            found.pairs, found.members, found.versions.select("record_id", "source").unique(), self.workspace.ledger.judgements(),
            profiles=lake.read(tables.LINKAGE_PROFILES),
        )  # fmt: skip
        assert grouped.equals(lake.read(tables.CLUSTERS))
        again = assign(
            grouped, found.ids, found.lineage, record_facts(found.versions), self._now + timedelta(minutes=1)
        )
        assert again.customer_ids.equals(found.ids)
        assert again.lineage.equals(found.lineage)

    # -- people's decisions -------------------------------------------------------------------------------------------

    def decide(self, how: str, one: str, other: str) -> bool:
        """A steward's decision, by the functions behind the command line; False where it is refused."""
        self.number += 1
        who: dict[str, Any] = {"by": "ana", "reason": None, "now": self._now}
        try:
            if how == "split":
                split_customer(self.workspace, one, [other.split("\n")], **who)
            elif how == "unmerge":
                unmerge(self.workspace, one, **who)
            elif how == "pin":
                pin_customer(self.workspace, one, **who)
            elif how == "unpin":
                unpin_customer(self.workspace, one, **who)
            else:
                judge(self.workspace, one, other, how, **who)
        except (ContradictoryJudgementError, DecisionError, LookupProblemError, PartingError):
            return False
        return True

    def erase(self, customer_id: str, now: datetime) -> ToErase:
        """The steps of an erasure up to the stores that are files or databases of their own."""
        workspace = self.workspace
        sign = signer(workspace)
        work = to_erase(workspace, customer_id, erasure_id_of(customer_id, now), sign, by="dpo", now=now)
        workspace.ledger.begin_erasure(
            work.erasure_id,
            customer_id,
            records=len(work.record_ids),
            signs=work.signs,
            key_name=name_of(sign),
            by="dpo",
            now=now,
        )
        erase_lines(workspace, work)
        erase_stored(workspace, work, now)
        for source, imports in sorted(work.lines.items()):
            for import_id in sorted(imports):
                release_import(workspace, source, import_id, reason="erased", by="dpo", now=now)
        workspace.ledger.erase_decisions(work.record_ids, work.proof)
        self.former = None
        return work


def _raw(import_id: str, source: str, lines: list[Line]) -> pl.DataFrame:
    texts = {name: pl.Series([line[name] or None for line in lines], dtype=pl.String) for name in SOURCES[source]}
    places = pl.select(_line=pl.int_range(2, len(lines) + 2, dtype=pl.Int64)).to_series()
    fixed = {
        "_import_id": pl.lit(import_id),
        "_file": pl.lit("file.csv"),
        "_problem": pl.lit(None, pl.String),
        "_text": pl.lit(None, pl.String),
    }
    rows = pl.DataFrame({"_line": places, **texts}).with_columns(**fixed)
    return rows.select("_import_id", "_file", "_line", "_problem", "_text", *SOURCES[source])


def _scored(links: Collection[tuple[str, str]], members: pl.DataFrame) -> pl.DataFrame:
    """Links between records, as links between one profile of each."""
    profile = dict(members.group_by("record_id").agg(pl.col("profile_id").min()).iter_rows())
    pairs = {
        (min(two), max(two))
        for one, other in links
        if one in profile and other in profile
        for two in [(profile[one], profile[other])]
        if two[0] != two[1]
    }
    rows: list[tuple[Any, ...]] = [
        (*pair, WEIGHT, 0.0, 1 - 2**-WEIGHT, "SAME_EMAIL", "accepted", "weight", "model") for pair in sorted(pairs)
    ]
    return pl.DataFrame(rows, schema=tables.SCORED_PAIRS.schema, orient="row")
