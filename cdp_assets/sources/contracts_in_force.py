"""The contract that a source's imports are read with: a change that needs a person's choice waits for it.

What does not belong here: what a change means (``contract_changes.py``).
"""

from __future__ import annotations

from datetime import datetime

from cdp_assets.ledger import Ledger
from cdp_assets.sources.contract_changes import (
    UnknownContractError,
    choices_needed,
    contract_as_said,
    extraction_starts_again,
    former_contract,
)
from cdp_assets.sources.contract_model import SourceContract


class ContractNeedsChoice(RuntimeError):  # noqa: N818 (what has to happen next, as FileRefused)
    """A contract has changed in a way that a person has to choose. Says how; nothing was read."""


def put_in_force(ledger: Ledger, contract: SourceContract, now: datetime, *, accepted_by: str | None = None) -> None:
    """Have a source's imports read with this contract from now on.

    Raises :class:`ContractNeedsChoice` when the change needs a choice and nobody has made it.
    """
    choices = [] if accepted_by is not None else choices_needed(ledger, contract)
    if choices:
        raise ContractNeedsChoice(
            f"{contract.source}: its contract has changed in {len(choices)} way(s) that a person has to choose; "
            f"`cdp contract check {contract.source}` explains them, `cdp contract accept {contract.source}` goes on"
        )
    if _starts_again(ledger, contract):
        ledger.forget_cursor(contract.source)
    ledger.put_contract_in_force(
        contract.source, contract.contract_version, contract_as_said(contract), now, accepted_by=accepted_by
    )


def _starts_again(ledger: Ledger, contract: SourceContract) -> bool:
    try:
        former = former_contract(ledger, contract)
    except UnknownContractError:
        return True  # to read everything once more costs time; to go on from another table's cursor loses rows
    return former is not None and extraction_starts_again(former, contract)
