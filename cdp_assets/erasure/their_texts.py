"""Which texts are a person's alone, and which of them prove that something is left: see ``person.py``.

What does not belong here: searching files (``scanning.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cdp_assets.erasure.patterns import Patterns
from cdp_assets.erasure.their_lines import sources_of
from cdp_assets.lake import Lake, MissingTableError
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.tables import RECORD_VERSIONS, Table, raw_imports
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


@dataclass(frozen=True)
class Texts:
    """``own``: cells that only their records have; ``all``: those and everything else that they say."""

    own: set[str]
    all: set[str]


def their_texts(
    workspace: Workspace,
    contracts: Mapping[str, SourceContract],
    records: set[str],
    rows: pl.DataFrame,
    lines: Mapping[str, Mapping[str, Sequence[int]]],
    customer_id: str,
) -> tuple[Texts, set[str]]:
    """Texts that are theirs alone, and of these the ones that prove something is left."""
    said = set(_personal_texts(rows, RECORD_VERSIONS))
    others = workspace.lake.scan(RECORD_VERSIONS).filter(~pl.col("record_id").is_in(list(records)))
    delivered = set(_delivered_texts(workspace, contracts, lines))
    candidates = {text for text in _identifying(rows) if _is_telling(text)} | {
        text for text in delivered if len(text) >= SHORTEST_TEXT and sum(map(str.isalpha, text)) >= FEWEST_LETTERS
    }
    carried, within = _in_others_records(others, said, candidates)
    own = (said - carried) | _own_parts(rows, others)
    elsewhere = (said - own) | within | _in_configuration(workspace, candidates)
    elsewhere |= _in_others_lines(workspace, lines, candidates - elsewhere)
    return Texts(own, candidates | said), candidates - elsewhere - {customer_id}


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


def _in_others_records(others: pl.LazyFrame, said: set[str], texts: set[str]) -> tuple[set[str], set[str]]:
    """What of ``said`` other records carry in any personal column; and what of ``texts`` stands in the midst of what they say in
    comparable form: a number without its country's code in a relative's with it, a name in that of a namesake with a suffix.
    """
    patterns, wanted = Patterns.of(texts), list(said)
    carried: set[str] = set()
    within: set[str] = set()
    for column in personal_columns(RECORD_VERSIONS):
        for leaf in _leaf_expressions(pl.col(column), RECORD_VERSIONS.schema[column]):
            values = others.select(leaf.alias("text")).collect().to_series()
            carried |= set(values.filter(values.is_in(wanted)))
            within |= patterns.found_in(values)
    return carried, within


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
                rest = batch.filter(~pl.col("_line").is_in(theirs)).drop("_import_id", "_line", "_problem", "_file")
                found |= patterns.found_in(pl.concat(rest.get_columns()))  # one search costs less than many
    return found


def _in_configuration(workspace: Workspace, texts: set[str]) -> set[str]:
    """Those of the texts that contracts and policies say, which are the workspace's and not the person's."""
    patterns = Patterns.of(texts)
    files = [path for folder in ("contracts", "policies") for path in (workspace.home / folder).glob("*.yaml")]
    said = pl.Series([path.read_text(encoding="utf-8", errors="replace") for path in sorted(files)], dtype=pl.String)
    return patterns.found_in(said)
