"""Whose records, lines and values: what is to be erased of one person, found before anything is.

A customer is erased with all records that resolution gave them, and with records elsewhere that the rule of
``signs.py`` knows as theirs (not linked: they would be put aside when they are delivered again), and with those that correct
one of them. Lines are found by record, by the key of a record (repeated and rejected lines) and, where a line is no record at
all, by that rule.

``values``
    are texts that only their records carry, in any form. In the tables made from records a cell that is one of them goes.
``proof``
    are those that prove something is left wherever they stand: addresses, numbers, identifiers, record ids, whole names,
    streets, and delivered texts of some length, as long as no line of anybody else holds them (a common name and the street
    of a household are left out), and the workspace's own configuration does not. They are searched for in every file.

What does not belong here: erasing anything.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from cdp_assets.erasure import signs
from cdp_assets.erasure.secret import Sign
from cdp_assets.erasure.sieve import Sieve
from cdp_assets.erasure.their_lines import contents_of, sources_of, their_lines
from cdp_assets.erasure.their_texts import their_texts
from cdp_assets.erasure.withheld import signs_of_withheld, withheld_by
from cdp_assets.golden_records.corrected_records import corrected_record
from cdp_assets.golden_records.policy import load_consent_policy
from cdp_assets.identity_graph.lineage import resolve_id
from cdp_assets.lake import Lake
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.tables import (
    CUSTOMER_IDS,
    EMAIL_ADDRESSES,
    ID_LINEAGE,
    PROFILE_MEMBERS,
    RECORD_COLUMNS,
    RECORD_VERSIONS,
    source_records,
)
from cdp_assets.workspace import Workspace

NOBODYS_OWN = ("role", "junk")
"""Sharing of addresses that identify nobody, whoever carries them."""

WORKLIST_MODE = 0o600


@dataclass(frozen=True)
class ToErase:
    """What is to be erased of one person. ``lines``: source to import to line numbers.

    Holds personal values: kept in one file of this account's, as long as the erasure goes on, for an interrupted one has
    erased what it would be found by.
    """

    erasure_id: str
    customer_id: str
    customer_ids: list[str]
    record_ids: list[str]
    profile_ids: list[int]
    values: list[str] = field(repr=False)
    proof: list[str] = field(repr=False)
    lines: dict[str, dict[str, list[int]]] = field(repr=False)
    contents: dict[str, dict[str, str]]
    """Hashes of what their files said before: source to import to hash."""

    signs: list[tuple[str, str, bool]] = field(repr=False)
    requested_by: str
    requested_at: str
    shared: int = 0
    """Texts of theirs that others have, too, or that are too short: not searched for."""

    follows_nothing_else: bool = False
    """Whether the last resolution knew all there was when the erasure began (``what_follows.py``)."""

    @property
    def line_count(self) -> int:
        """Delivered lines in all imports."""
        return sum(len(lines) for of_source in self.lines.values() for lines in of_source.values())

    def write(self, path: Path) -> None:
        """Keep it for an erasure that is interrupted."""
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, WORKLIST_MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    @classmethod
    def read(cls, path: Path) -> ToErase:
        """What an interrupted erasure has left to do."""
        said = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**said, "signs": [tuple(sign) for sign in said["signs"]]})


def to_erase(workspace: Workspace, customer_id: str, erasure_id: str, sign: Sign, *, by: str, now: datetime) -> ToErase:
    """Find everything of a customer. ``customer_id`` is a current one."""
    lake = workspace.lake
    contracts = {contract.source: contract for contract in load_contracts(workspace.contracts_dir)[0]}
    owned = lake.scan(CUSTOMER_IDS).filter(pl.col("customer_id") == customer_id).select("record_id").collect()
    records = set(owned.to_series())
    while True:
        rows = _rows_of(lake, workspace, records)
        own = _own_contacts(lake, records, rows)
        found = signs.signs_of(rows.iter_rows(named=True), _record_values(rows, contracts), own, sign)
        sieve = Sieve([signs.person_of(found)], sign)
        more = _unlinked(lake, records, rows, sieve) | _correcting(lake, records)
        if not more:
            break
        records |= more
    lines = their_lines(workspace, contracts, records, sieve)
    withheld = withheld_by(lake, rows, own, customer_id, load_consent_policy(workspace.policy_file("consent")))
    texts, proof = their_texts(workspace, contracts, records, rows, lines, customer_id)
    return ToErase(
        erasure_id=erasure_id,
        customer_id=customer_id,
        customer_ids=_ids(lake, customer_id),
        record_ids=sorted(records),
        profile_ids=_profiles(lake, records),
        values=sorted(texts.own),
        proof=sorted(proof),
        lines=lines,
        contents=contents_of(workspace, lines),
        signs=[*found, *signs_of_withheld(withheld, sign)],
        requested_by=by,
        requested_at=now.isoformat(),
        shared=len(texts.all - proof),
    )


def erasure_id_of(customer_id: str, now: datetime) -> str:
    """The id of an erasure: of whom, and when it was begun."""
    return hashlib.sha256(f"{customer_id}\n{now.isoformat()}".encode()).hexdigest()[:16]


def _ids(lake: Lake, customer_id: str) -> list[str]:
    """The customer's id and those that resolve to it."""
    lineage = lake.read_or_empty(ID_LINEAGE)
    assert lineage.is_empty() or resolve_id(customer_id, lineage) == customer_id
    theirs = lineage.filter(pl.col("current_customer_id") == customer_id).get_column("customer_id")
    return sorted({customer_id, *theirs})


# -- records ----------------------------------------------------------------------------------------------------------

_IDENTIFIER = pl.element().struct.field("type") + "=" + pl.element().struct.field("value")

_CONTACTS = {
    signs.EMAIL: pl.col("emails"), signs.PHONE: pl.col("phones"), signs.IDENTIFIER: pl.col("identifiers").list.eval(_IDENTIFIER),
}  # fmt: skip
"""Where each kind of contact stands in a record, written as ``signs.values_of`` writes it."""

_RECORD_NAMES = [column.name for column in RECORD_COLUMNS]


def _rows_of(lake: Lake, workspace: Workspace, records: set[str]) -> pl.DataFrame:
    """What the records ever said: their rows in every import and every version."""
    tables = [source_records(source) for source in sources_of(workspace)]
    frames = [
        lake.scan(table).select(_RECORD_NAMES).filter(pl.col("record_id").is_in(list(records))).collect()
        for table in [*tables, RECORD_VERSIONS]
        if lake.exists(table)
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema={c.name: c.dtype for c in RECORD_COLUMNS})


def _record_values(rows: pl.DataFrame, contracts: Mapping[str, SourceContract]) -> list[str]:
    distinct = rows.select("source", "source_key").unique().sort("source", "source_key").rows()
    return [
        signs.record_value(source, key if source not in contracts or contracts[source].key else signs.key_of_text(key))
        for source, key in distinct
    ]


def _own_contacts(lake: Lake, records: set[str], rows: pl.DataFrame) -> set[tuple[str, str]]:
    """Addresses, numbers and identifiers that no record of anybody else carries, and that are no office's."""
    said = {pair for row in rows.iter_rows(named=True) for pair in signs.values_of(row) if pair[0] in signs.CONTACTS}
    others = lake.scan(RECORD_VERSIONS).filter(~pl.col("record_id").is_in(list(records)))
    shared: set[tuple[str, str]] = set()
    for kind, values in _CONTACTS.items():
        mine = [value for of, value in said if of == kind]
        if not mine:
            continue
        carried = others.select(values.alias("value")).explode("value").filter(pl.col("value").is_in(mine)).unique()
        shared |= {(kind, value) for value in carried.collect().to_series()}
    if lake.exists(EMAIL_ADDRESSES):
        offices = lake.scan(EMAIL_ADDRESSES).filter(pl.col("sharing").is_in(NOBODYS_OWN)).select("email").collect()
        shared |= {(signs.EMAIL, email) for email in set(offices.to_series()) & {value for _, value in said}}
    return said - shared


def _unlinked(lake: Lake, records: set[str], rows: pl.DataFrame, sieve: Sieve) -> set[str]:
    """Records of others by resolution that the rule of ``signs.py`` knows as the person's, as it would when they are delivered
    again: candidates share a date of birth, an address, a number or an identifier with them."""
    said: dict[str, list[str]] = {}
    for kind, value in {pair for row in rows.iter_rows(named=True) for pair in signs.values_of(row)}:
        said.setdefault(kind, []).append(value)
    shares = [
        values.list.eval(pl.element().is_in(said[kind])).list.any()
        for kind, values in _CONTACTS.items()
        if kind in said
    ]
    shares += [pl.col("date_of_birth_text").is_in(said[signs.BORN])] if signs.BORN in said else []
    if not shares:
        return set()
    others = lake.scan(RECORD_VERSIONS).filter(~pl.col("record_id").is_in(list(records)))
    candidates = others.filter(pl.any_horizontal(share.fill_null(False) for share in shares)).collect()
    return {row["record_id"] for row in candidates.iter_rows(named=True) if sieve.is_erased(row, None)}


def _correcting(lake: Lake, records: set[str]) -> set[str]:
    """Records of others by resolution that correct one of the person's: what they set is the person's, whoever says it."""
    theirs = corrected_record().is_in(list(records)) & ~pl.col("record_id").is_in(list(records))
    return set(lake.scan(RECORD_VERSIONS).filter(theirs).select("record_id").unique().collect().to_series())


def _profiles(lake: Lake, records: set[str]) -> list[int]:
    """Linkage profiles that are of these records only."""
    if not lake.exists(PROFILE_MEMBERS):
        return []
    members = lake.read(PROFILE_MEMBERS)
    is_theirs = pl.col("record_id").is_in(list(records))
    mine = members.filter(is_theirs).select("profile_id").unique()
    others = members.filter(~is_theirs).select("profile_id").unique()
    return mine.join(others, on="profile_id", how="anti").get_column("profile_id").sort().to_list()
