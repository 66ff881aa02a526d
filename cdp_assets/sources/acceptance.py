"""What a person accepts: an import that the pipeline would rather not take on its own.

- A snapshot that shrinks by more than its contract allows (``may_shrink_by``): what is missing from it is then deleted.
- A snapshot whose rows are those of a former one: the source has really returned to that state, so that what came in
  between is deleted.

What does not belong here: a change of the contract (``contracts_in_force.py``).
"""

from __future__ import annotations

from datetime import datetime

from cdp_assets.ledger import REFUSED, REPEATED
from cdp_assets.sources.arrivals import NothingReturned, accept_return
from cdp_assets.sources.contract_model import SourceContract
from cdp_assets.workspace import Workspace


class NothingToAccept(ValueError):  # noqa: N818 (what was found, as FileRefused)
    """The import waits for nobody's acceptance. Says why and what to do."""


def accept(workspace: Workspace, contract: SourceContract, import_id: str, *, by: str, now: datetime) -> str:
    """Accept an import and say what happens next. Raises :class:`NothingToAccept`, and ``LedgerError`` for an unknown one."""
    ledger, source = workspace.ledger, contract.source
    row = ledger.import_row(source, import_id)
    if contract.delivers != "snapshot":
        raise NothingToAccept(f"{source} delivers {contract.delivers}; only snapshots delete what is missing from them")
    if row["state"] == REFUSED and row["fingerprint"] is None:
        raise NothingToAccept(
            f"import {import_id} was refused because its file can not be read: {row['problem']}; accepting does not mend that"
        )
    if row["state"] in (REFUSED, REPEATED):
        ledger.accept_import(source, import_id, by=by, now=now)
        return f"Accepted. `cdp run` takes import {import_id} in; the records that are not in it are then deleted."
    try:
        again = accept_return(workspace, contract, import_id, now, by=by)
    except NothingReturned as nothing:
        raise NothingToAccept(str(nothing)) from None
    return f"Accepted as import {again}. `cdp run` takes it in; the records that are not in it are then deleted."
