"""What became of a customer id, and which records were that customer on a day.

What does not belong here: what is known of the customer today (``dossier.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.identity_graph.id_format import as_written
from cdp_assets.identity_graph.memberships import members_at
from cdp_assets.identity_graph.resolution import memberships_of
from cdp_assets.lake import Lake
from cdp_assets.steward.lookup import LookupProblemError, require_made
from cdp_assets.steward.plain_text import facts, heading, moment, table
from cdp_assets.tables import CUSTOMER_IDS, ID_LINEAGE


@dataclass(frozen=True)
class ResolvedId:
    """An id, its ``state`` (current, merged, retired) with ``changed_at``, and what it stands for now, None where for nobody.

    ``records``: those of the current customer, or where ``asked_at`` is given, those that the id itself had at that moment;
    None where the history of memberships does not reach back so far.
    """

    customer_id: str
    current_customer_id: str | None
    state: str
    minted_at: datetime
    changed_at: datetime
    asked_at: datetime | None
    records: tuple[str, ...] | None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        plain = {**vars(self), "records": None if self.records is None else list(self.records)}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in plain.items()}


def resolved_id(lake: Lake, customer_id: str, at: datetime | None = None) -> ResolvedId:
    """What became of an id. Raises :class:`~cdp_assets.steward.lookup.LookupProblemError` for one that was never minted."""
    require_made(lake, ID_LINEAGE)
    wanted = as_written(customer_id)
    rows = lake.scan(ID_LINEAGE).filter(pl.col("customer_id") == (wanted or "")).collect()
    if wanted is None or rows.is_empty():
        raise LookupProblemError("no customer of this workspace ever had that id; look for a slip of the finger")
    row = rows.row(0, named=True)
    return ResolvedId(
        **{name: row[name] for name in ("customer_id", "current_customer_id", "state", "minted_at", "changed_at")},
        asked_at=at,
        records=_records(lake, row["current_customer_id"]) if at is None else _records_at(lake, wanted, at),
    )


def _records(lake: Lake, customer_id: str | None) -> tuple[str, ...]:
    held = lake.scan(CUSTOMER_IDS).filter(pl.col("customer_id") == (customer_id or "")).select("record_id").collect()
    return tuple(held.to_series().sort())


def _records_at(lake: Lake, customer_id: str, at: datetime) -> tuple[str, ...] | None:
    memberships = memberships_of(lake)
    first = memberships.get_column("valid_from").min()
    if first is None or at < first:  # type: ignore[operator]
        return None
    return tuple(members_at(memberships, customer_id, at))


def resolved_text(found: ResolvedId, width: int) -> str:
    """For a terminal."""
    stands_for = found.current_customer_id or "nobody: the records are gone, or were erased"
    rows: list[tuple[str, object]] = [
        ("stands for", stands_for),
        ("state", f"{found.state} since {moment(found.changed_at)}"),
        ("minted", moment(found.minted_at)),
    ]
    title = f"{heading(f'Customer id {found.customer_id}')}\n{facts(rows, width)}"
    when = "now" if found.asked_at is None else f"at the end of {moment(found.asked_at)}"
    if found.records is None:
        return f"{title}\n\nWhich records it had {when} is not known: memberships are kept since a later resolution."
    if not found.records:
        return f"{title}\n\nNo record was this customer's {when}."
    return (
        f"{title}\n\n{heading(f'Records {when}')}\n{table(('record',), [(record,) for record in found.records], width)}"
    )
