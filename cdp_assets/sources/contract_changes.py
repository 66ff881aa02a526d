"""What is different between two contracts of a source, and what that asks for.

A contract that is in force is remembered in the ledger as JSON, without passwords, so that the next one can be compared
with it. While a change needs a person's choice, the source's new imports wait.

What does not belong here: what each change means (``contract_change_rules.py``, ``mapping_change_rules.py``), putting a
contract in force.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
from pydantic import ValidationError

from cdp_assets.ledger import IMPORTED, Ledger
from cdp_assets.sources.contract_change_rules import (
    ContractChange,
    Needs,
    extraction_starts_again,
    setting_changes,
    shown_url,
)
from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.sources.mapping_change_rules import mapping_changes

__all__ = [
    "ContractChange",
    "Needs",
    "UnknownContractError",
    "choices_needed",
    "contract_as_said",
    "contract_changes",
    "contract_from_said",
    "extraction_starts_again",
    "former_contract",
    "most_needed",
    "newest_columns",
    "not_comparable",
]

SAID_FORMAT = 1
"""Raised when a remembered contract is written in another form."""

_URGENCY: tuple[Needs, ...] = ("nothing", "backfill", "choice")


class UnknownContractError(ValueError):
    """A remembered contract that this version of the program can not read. Says which source, never what it said."""


def contract_as_said(contract: SourceContract) -> str:
    """The contract as JSON to remember, the same text for the same contract, whatever order it was written in.

    URLs are remembered without user, password and options: the ledger is no place for them.
    """
    said: dict[str, Any] = contract.model_dump(mode="json")
    if contract.extract.sql is not None:
        said["extract"]["sql"]["url"] = shown_url(contract.extract.sql.url)
    elif contract.extract.folder_url is not None:
        said["extract"]["files"] = f"{shown_url(contract.extract.folder_url)}/{contract.extract.file_pattern}"
    return json.dumps({"format": SAID_FORMAT, "contract": said}, ensure_ascii=False, sort_keys=True)


def contract_from_said(source: str, text: str) -> SourceContract:
    """The contract that :func:`contract_as_said` wrote, perhaps by an earlier version of the program.

    What a contract could not say yet has its default. Raises :class:`UnknownContractError` for anything else.
    """
    try:
        said = json.loads(text)
        if said["format"] != SAID_FORMAT:
            raise _unknown(source)
        contract = SourceContract.model_validate(said["contract"])
    except (ValidationError, ValueError, TypeError, KeyError):
        raise _unknown(source) from None
    if contract.source != source:
        raise _unknown(source)
    return contract


def _unknown(source: str) -> UnknownContractError:
    return UnknownContractError(
        f"{source}: the contract that its imports were read with was remembered by another version of the program and "
        "can not be read; compare contracts in version control, then accept the new one"
    )


def contract_changes(old: SourceContract, new: SourceContract, delivered: Sequence[str] = ()) -> list[ContractChange]:
    """Every difference between two contracts of one source, in the order in which a contract says its parts.

    ``delivered``: the columns of the newest import, where they are known; they tell a renamed column from another one.
    """
    return [*setting_changes(old, new), *mapping_changes(old, new, delivered)]


def most_needed(changes: Sequence[ContractChange]) -> Needs:
    """The most that any of the changes needs."""
    return max((change.needs for change in changes), key=_URGENCY.index, default="nothing")


def former_contract(ledger: Ledger, contract: SourceContract) -> SourceContract | None:
    """The contract in force, where it says something else than ``contract``; None where there is none, or the same.

    Raises :class:`UnknownContractError`.
    """
    in_force = ledger.contract_in_force(contract.source)
    if in_force is None or in_force[0] == contract.contract_version:
        return None
    return contract_from_said(contract.source, in_force[1])


def choices_needed(ledger: Ledger, contract: SourceContract) -> list[ContractChange]:
    """Changes between the contract in force and this one that a person has to accept before it is put in force.

    None before the first import has been read: then there is nothing that could be lost.
    """
    in_force = ledger.contract_in_force(contract.source)
    if in_force is None or in_force[0] == contract.contract_version:
        return []
    was_read = pl.col("imported_at").is_not_null() | (pl.col("state") == IMPORTED)
    read = ledger.imports(contract.source).filter(was_read)
    if read.is_empty():
        return []
    try:
        old = contract_from_said(contract.source, in_force[1])
    except UnknownContractError:
        return [not_comparable(in_force[0], contract)]
    changes = contract_changes(old, contract, newest_columns(read))
    return [change for change in changes if change.needs == "choice"]


def newest_columns(imports: pl.DataFrame) -> tuple[str, ...]:
    """The columns of the newest of some imports of one source of which they are remembered; empty where none are."""
    known = imports.filter(pl.col("columns").is_not_null()).sort("sequence")
    return tuple(json.loads(known.get_column("columns")[-1])) if known.height else ()


def not_comparable(version: str, contract: SourceContract) -> ContractChange:
    """What stands for all changes where the contract in force can not be read any more."""
    return ContractChange(
        "contract",
        version,
        contract.contract_version,
        "What has changed can not be told: the former contract was remembered by another version of the program.",
        "choice",
        "Compare the two in version control; accept it, where it is the same or what is meant, and backfill.",
    )
