"""Whose records, lines and values: what is to be erased of one person, found before anything is.

A customer is erased with all records that resolution gave them, and with records elsewhere that the rule of
``signs.py`` knows as theirs (the same name, date of birth and postcode, not linked). Lines are found by record, by the
key of a record (repeated and rejected lines) and, where a line is no record at all, by that rule.

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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from cdp_assets.erasure import signs
from cdp_assets.erasure.patterns import Patterns
from cdp_assets.erasure.secret import Sign
from cdp_assets.erasure.sieve import Sieve, record_values
from cdp_assets.identity_graph.customer_ids import resolve_id
from cdp_assets.lake import Lake, MissingTableError
from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.arrivals import content_of_import
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.tables import (
    CUSTOMER_IDS,
    EMAIL_ADDRESSES,
    ID_LINEAGE,
    PROFILE_MEMBERS,
    RECORD_COLUMNS,
    RECORD_VERSIONS,
    Table,
    raw_imports,
    source_records,
    source_rejections,
)
from cdp_assets.workspace import Workspace

SHORTEST_TEXT, FEWEST_LETTERS = 8, 3
"""A delivered text is proof from this length on, with so many letters: shorter ones and mere numbers stand anywhere by chance."""

SHORTEST_NUMBER = 9
"""A phone number or identifier of digits alone is searched for from this length on."""

SAYS_WHAT_HAPPENED = (
    "activity", "activity_subject", "consent", "purpose", "channel", "wording", "sex", "country", "corrected_source",
    "corrected_field", "correction",
)  # fmt: skip
"""Fields whose texts are of the thing, not of the person, though one person may be the only one to have it."""

_SAYS_NO_NAME = ("type", "country")
"""Parts of identifiers and addresses that are words of ours."""

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
        more = _unlinked(lake, records, rows, sieve)
        if not more:
            break
        records |= more
    lines = _lines(workspace, contracts, records, sieve)
    texts, proof = _texts(workspace, contracts, records, rows, lines, customer_id)
    return ToErase(
        erasure_id=erasure_id,
        customer_id=customer_id,
        customer_ids=_ids(lake, customer_id),
        record_ids=sorted(records),
        profile_ids=_profiles(lake, records),
        values=sorted(texts.own),
        proof=sorted(proof),
        lines=lines,
        contents=_contents(workspace, lines),
        signs=found,
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


def sources_of(workspace: Workspace) -> list[str]:
    """Every source that has delivered, also those whose contract is gone."""
    contracts, _ = load_contracts(workspace.contracts_dir)
    return sorted({contract.source for contract in contracts} | set(workspace.ledger.imports().get_column("source")))


# -- records ----------------------------------------------------------------------------------------------------------

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
    identifiers = pl.element().struct.field("type") + "=" + pl.element().struct.field("value")
    lists = {signs.EMAIL: pl.col("emails"), signs.PHONE: pl.col("phones"), signs.IDENTIFIER: pl.col("identifiers").list.eval(identifiers)}  # fmt: skip
    shared: set[tuple[str, str]] = set()
    for kind, values in lists.items():
        mine = [value for of, value in said if of == kind]
        carried = others.select(values.alias("value")).explode("value").filter(pl.col("value").is_in(mine)).unique()
        shared |= {(kind, value) for value in carried.collect().to_series()}
    if lake.exists(EMAIL_ADDRESSES):
        offices = lake.scan(EMAIL_ADDRESSES).filter(pl.col("sharing").is_in(NOBODYS_OWN)).select("email").collect()
        shared |= {(signs.EMAIL, email) for email in set(offices.to_series()) & {value for _, value in said}}
    return said - shared


def _unlinked(lake: Lake, records: set[str], rows: pl.DataFrame, sieve: Sieve) -> set[str]:
    """Records of others by resolution that are the person's by name, date of birth and postcode."""
    born = rows.get_column("date_of_birth_text").drop_nulls().unique().to_list()
    if not born:
        return set()
    same = pl.col("date_of_birth_text").is_in(born) & ~pl.col("record_id").is_in(list(records))
    candidates = lake.scan(RECORD_VERSIONS).filter(same).collect()
    return {row["record_id"] for row in candidates.iter_rows(named=True) if sieve.is_erased(row, None)}


def _profiles(lake: Lake, records: set[str]) -> list[int]:
    """Linkage profiles that are of these records only."""
    if not lake.exists(PROFILE_MEMBERS):
        return []
    members = lake.read(PROFILE_MEMBERS)
    is_theirs = pl.col("record_id").is_in(list(records))
    mine = members.filter(is_theirs).select("profile_id").unique()
    others = members.filter(~is_theirs).select("profile_id").unique()
    return mine.join(others, on="profile_id", how="anti").get_column("profile_id").sort().to_list()


# -- lines ------------------------------------------------------------------------------------------------------------


def _lines(
    workspace: Workspace, contracts: Mapping[str, SourceContract], records: set[str], sieve: Sieve
) -> dict[str, dict[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = {}
    for source in sources_of(workspace):
        of_source = _lines_of_source(workspace, source, contracts.get(source), records, sieve)
        if of_source:
            found[source] = {import_id: sorted(lines) for import_id, lines in sorted(of_source.items())}
    return found


def _lines_of_source(
    workspace: Workspace, source: str, contract: SourceContract | None, records: set[str], sieve: Sieve
) -> dict[str, set[int]]:
    lake, table = workspace.lake, source_records(source)
    found: dict[str, set[int]] = {}
    if lake.exists(table):
        rows = lake.scan(table).filter(pl.col("record_id").is_in(list(records))).select("import_id", "line").collect()
        for import_id, line in rows.rows():
            found.setdefault(import_id, set()).add(line)
    if contract is None or not lake.exists(raw_imports(source)):
        return found
    imports = workspace.ledger.imports(source)
    odd = imports.filter(
        (pl.col("state") != IMPORTED) | (pl.col("rejected") > 0) | (pl.col("duplicates") > 0)
    ).get_column("import_id")
    kept = lake.partitions(raw_imports(source))
    for import_id in sorted(set(odd) & kept):
        lines = _lines_without_record(workspace, contract, import_id, sieve)
        if lines:
            found.setdefault(import_id, set()).update(lines)
    return found


def _lines_without_record(workspace: Workspace, contract: SourceContract, import_id: str, sieve: Sieve) -> set[int]:
    """Lines of an import that are no record of it, and theirs: by the key of a record, else by the rule."""
    lake, source = workspace.lake, contract.source
    records, rejections = source_records(source), source_rejections(source)
    made = lake.exists(records) and import_id in lake.partitions(records)
    known = set(lake.read(records, partition=import_id, columns=["line"]).to_series()) if made else set()
    rejected = set()
    if lake.exists(rejections):
        rejected = set(lake.read(rejections, partition=import_id, columns=["line"]).to_series())
    found = set()
    for batch in lake.scan_partition_batches(raw_imports(source), import_id, 100_000):
        rest = batch.filter(~pl.col("_line").is_in(list(known))) if known else batch
        by_rule = rest.filter(pl.col("_line").is_in(list(rejected))) if made else rest
        keys = record_values(rest, contract)
        signed = sieve.people[0].signs.get(signs.RECORD, ())
        by_key = [line for line, key in zip(rest["_line"], keys, strict=True) if key and sieve.sign(signs.RECORD, key) in signed]  # fmt: skip
        found |= set(by_key) | set(by_rule.filter(sieve.rows_of_erased(by_rule, contract)).get_column("_line"))
    return found


def _contents(workspace: Workspace, lines: Mapping[str, Mapping[str, Sequence[int]]]) -> dict[str, dict[str, str]]:
    imports = workspace.ledger.imports().select("source", "import_id", "content_sha256").rows()
    found: dict[str, dict[str, str]] = {source: {} for source in lines}
    for source, import_id, content in imports:
        if import_id in lines.get(source, {}):
            found[source][import_id] = content_of_import(content)
    return found


# -- values -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Texts:
    own: set[str]
    all: set[str]


def _texts(
    workspace: Workspace,
    contracts: Mapping[str, SourceContract],
    records: set[str],
    rows: pl.DataFrame,
    lines: Mapping[str, Mapping[str, Sequence[int]]],
    customer_id: str,
) -> tuple[_Texts, set[str]]:
    """Texts that are theirs alone, and of these the ones that prove something is left."""
    said = set(_personal_texts(rows, RECORD_VERSIONS))
    others = workspace.lake.scan(RECORD_VERSIONS).filter(~pl.col("record_id").is_in(list(records)))
    own = (said - _carried(others, RECORD_VERSIONS, said)) | _own_parts(rows, others)
    delivered = set(_delivered_texts(workspace, contracts, lines))
    candidates = {text for text in _identifying(rows) if _is_telling(text)} | {
        text for text in delivered if len(text) >= SHORTEST_TEXT and sum(map(str.isalpha, text)) >= FEWEST_LETTERS
    }
    elsewhere = (said - own) | _in_others_lines(workspace, lines, candidates) | _in_configuration(workspace, candidates)
    return _Texts(own, candidates | said), candidates - elsewhere - {customer_id}


def _own_parts(rows: pl.DataFrame, others: pl.LazyFrame) -> set[str]:
    """What stands before and behind the @ of their addresses, where nobody else's address has it."""

    def parts(emails: pl.Expr) -> pl.Expr:
        return emails.explode().str.split("@").explode().alias("part")

    mine = rows.select(parts(pl.col("emails"))).drop_nulls().unique()
    theirs = others.select(parts(pl.col("emails"))).filter(pl.col("part").is_in(mine.to_series().implode())).unique()
    return set(mine.to_series()) - set(theirs.collect().to_series())


def _is_telling(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return len(text) >= (SHORTEST_TEXT if letters >= FEWEST_LETTERS else SHORTEST_NUMBER)


def _identifying(rows: pl.DataFrame) -> Iterator[str]:
    for row in rows.iter_rows(named=True):
        yield row["record_id"]
        yield row["source_key"]
        yield from (text for name in ("emails", "emails_delivered", "phones", "phones_delivered") for text in row[name])
        yield from (item["value"] for item in row["identifiers"])
        if row["first_name"] and row["last_name"]:
            yield f"{row['first_name']} {row['last_name']}"
        if row["full_name"] and " " in row["full_name"]:
            yield row["full_name"]
        for address in row["addresses"]:
            yield from (text for text in (address["street"],) if text and any(map(str.isdigit, text)))
        if row["corrected_value"]:
            yield row["corrected_value"]


def _personal_texts(rows: pl.DataFrame, table: Table) -> Iterator[str]:
    for column in personal_columns(table):
        for texts in _leaves(rows.get_column(column)):
            yield from texts.drop_nulls().unique().to_list()


def _carried(others: pl.LazyFrame, table: Table, texts: Iterable[str]) -> set[str]:
    """Those of the texts that other rows carry in any personal column."""
    wanted = list(texts)
    found: set[str] = set()
    for column in personal_columns(table):
        for leaf in _leaf_expressions(pl.col(column), table.schema[column]):
            flat = others.select(leaf.alias("text")).filter(pl.col("text").is_in(wanted)).unique()
            found |= set(flat.collect().to_series())
    return found


def personal_columns(table: Table) -> list[str]:
    """Columns that the contract calls personal."""
    return [column.name for column in table.columns if column.personal]


def _leaves(values: pl.Series) -> list[pl.Series]:
    if isinstance(values.dtype, pl.List):
        return _leaves(values.explode())
    if isinstance(values.dtype, pl.Struct):
        named = [part.name for part in values.dtype.fields if part.name not in _SAYS_NO_NAME]
        return [leaf for name in named for leaf in _leaves(values.struct.field(name))]
    return [values.cast(pl.String)]


def _leaf_expressions(values: pl.Expr, dtype: Any) -> list[pl.Expr]:
    if isinstance(dtype, pl.List):
        return _leaf_expressions(values.explode(), dtype.inner)
    if isinstance(dtype, pl.Struct):
        parts = [part for part in dtype.fields if part.name not in _SAYS_NO_NAME]
        return [leaf for part in parts for leaf in _leaf_expressions(values.struct.field(part.name), part.dtype)]
    return [values.cast(pl.String)]


def _delivered_texts(
    workspace: Workspace,
    contracts: Mapping[str, SourceContract],
    lines: Mapping[str, Mapping[str, Sequence[int]]],
) -> Iterator[str]:
    """Cells of their lines as delivered, but those that say what happened."""
    for source, import_id, numbers in _each_import(lines):
        contract, table = contracts.get(source), raw_imports(source)
        rows = _partition(workspace.lake, table, import_id)
        if rows is None:
            continue
        skipped = _columns_of_things(contract) if contract else set()
        theirs = rows.filter(pl.col("_line").is_in(list(numbers))).collect()
        for name in theirs.columns:
            if name not in skipped and name not in ("_import_id", "_file", "_line", "_problem"):
                yield from theirs.get_column(name).drop_nulls().str.strip_chars().unique().to_list()


def _columns_of_things(contract: SourceContract) -> set[str]:
    fields = [source for name in SAYS_WHAT_HAPPENED for source in contract.field_sources(name)]
    return {column for source in fields for column in source.raw_columns} | {contract.observed_at or ""}


def _each_import(lines: Mapping[str, Mapping[str, Sequence[int]]]) -> Iterator[tuple[str, str, Sequence[int]]]:
    for source, of_source in lines.items():
        for import_id, numbers in of_source.items():
            yield source, import_id, numbers


def _partition(lake: Lake, table: Table, import_id: str) -> pl.LazyFrame | None:
    try:
        return lake.scan(table, partition=import_id)
    except MissingTableError:
        return None


def _in_others_lines(
    workspace: Workspace, lines: Mapping[str, Mapping[str, Sequence[int]]], texts: set[str]
) -> set[str]:
    """Those of the texts that a delivered line of somebody else holds, in the midst of another text, too."""
    patterns = Patterns.of(texts)
    found: set[str] = set()
    for source in sources_of(workspace):
        table = raw_imports(source)
        if not workspace.lake.exists(table):
            continue
        for import_id in sorted(workspace.lake.partitions(table)):
            theirs = list(lines.get(source, {}).get(import_id, ()))
            for batch in workspace.lake.scan_partition_batches(table, import_id, 200_000):
                rest = batch.filter(~pl.col("_line").is_in(theirs))
                for name in rest.columns:
                    if name not in ("_import_id", "_line", "_problem", "_file"):
                        found |= patterns.found_in(rest.get_column(name))
    return found


def _in_configuration(workspace: Workspace, texts: set[str]) -> set[str]:
    """Those of the texts that contracts and policies say, which are the workspace's and not the person's."""
    patterns = Patterns.of(texts)
    files = [path for folder in ("contracts", "policies") for path in (workspace.home / folder).glob("*.yaml")]
    said = pl.Series([path.read_text(encoding="utf-8", errors="replace") for path in sorted(files)], dtype=pl.String)
    return patterns.found_in(said)
