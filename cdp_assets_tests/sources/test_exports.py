"""Drafts from the headers of exports that people will try first: every column feeds what it is, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.sources.contracts import SourceContract
from cdp_assets_tests.sources.exports import EXPORTS, Export
from cdp_assets_tests.sources.test_drafting import drafted


def expected(export: Export) -> dict[str, list[tuple[str, ...]]]:
    """Parts of the contract with their values, each of one column or of several that are joined."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for header, _, parts in export.columns:
        for part in parts:
            if part.endswith("+"):
                values = found[part[:-1]]
                values[-1] = (*values[-1], header)
            elif part != "?":
                found.setdefault(part, []).append((header,))
    return found


def said(contract: SourceContract) -> dict[str, list[tuple[str, ...]]]:
    found = {name: [source.source_columns for source in contract.field_sources(name)] for name in contract.fields}
    found |= {f"id:{name}": [(identifier.column,)] for name, identifier in contract.identifiers.items()}
    found |= {"key": [contract.key]} if contract.key else {}
    found |= {"observed_at": [(contract.observed_at,)]} if contract.observed_at else {}
    return {name: [value for value in values if value] for name, values in found.items() if any(values)}


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_each_column_of_an_export_feeds_what_it_is(tmp_path: Path, export: Export) -> None:
    contract = drafted(tmp_path, export.text, name="export_list.csv")
    not_asked = {header for header, _, parts in export.columns if "?" in parts}
    found = {
        part: kept
        for part, values in said(contract).items()
        if (kept := [value for value in values if not not_asked & set(value)])
    }
    assert found == expected(export)
    assert contract.kind == export.kind
    constants = [source.value for source in contract.field_sources("activity") if source.value != contract.source]
    assert constants == ([export.happened] if export.happened else [None] if "activity" in found else [])
