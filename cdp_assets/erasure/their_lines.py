"""Which delivered lines of the imports in use are a person's.

By their records; by the key of a record, where a line repeats another or broke a rule; and where a line is no record at
all, by the rule of ``signs.py``.

What does not belong here: files that were not imported (``landed.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from cdp_assets.erasure import signs
from cdp_assets.erasure.sieve import Sieve, record_values
from cdp_assets.ledger import IMPORTED
from cdp_assets.sources.arrivals import content_of_import
from cdp_assets.sources.contracts import SourceContract, load_contracts
from cdp_assets.sources.line_problems import ERASED_PERSON
from cdp_assets.tables import raw_imports, source_records, source_rejections
from cdp_assets.workspace import Workspace

ROWS_AT_ONCE = 100_000


def sources_of(workspace: Workspace) -> list[str]:
    """Every source that has delivered, also those whose contract is gone."""
    contracts, _ = load_contracts(workspace.contracts_dir)
    return sorted({contract.source for contract in contracts} | set(workspace.ledger.imports().get_column("source")))


def their_lines(
    workspace: Workspace, contracts: Mapping[str, SourceContract], records: set[str], sieve: Sieve
) -> dict[str, dict[str, list[int]]]:
    """Source to import to the numbers of the lines that are theirs."""
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
    for batch in lake.scan_partition_batches(raw_imports(source), import_id, ROWS_AT_ONCE):
        batch = batch.filter(pl.col("_problem").ne_missing(ERASED_PERSON))  # says nothing any more
        rest = batch.filter(~pl.col("_line").is_in(list(known))) if known else batch
        if rest.is_empty():
            continue
        by_rule = rest.filter(pl.col("_line").is_in(list(rejected))) if made else rest
        keys = record_values(rest, contract)
        signed = sieve.people[0].signs.get(signs.RECORD, ())
        by_key = [line for line, key in zip(rest["_line"], keys, strict=True) if key and sieve.sign(signs.RECORD, key) in signed]  # fmt: skip
        found |= set(by_key) | set(by_rule.filter(sieve.rows_of_erased(by_rule, contract)).get_column("_line"))
    return found


def contents_of(workspace: Workspace, lines: Mapping[str, Mapping[str, Sequence[int]]]) -> dict[str, dict[str, str]]:
    """Source to import to the hash of what its file said, for imports with lines of theirs."""
    imports = workspace.ledger.imports().select("source", "import_id", "content_sha256").rows()
    found: dict[str, dict[str, str]] = {source: {} for source in lines}
    for source, import_id, content in imports:
        if import_id in lines.get(source, {}):
            found[source][import_id] = content_of_import(content)
    return found
