"""Signs of addresses that an erased person's withdrawal holds for everybody: a household's mailbox stays withdrawn.

The event goes with the person, and the address itself is kept by nobody for that: only where somebody still carries it can it be
told by its sign.

What does not belong here: what a withheld address means (``golden_records/withheld.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from cdp_assets.erasure.secret import Sign
from cdp_assets.erasure.sieve import erased_people
from cdp_assets.golden_records.suppressions import FOR_EVERYBODY
from cdp_assets.golden_records.withheld import WITHHELD, nothing_withheld
from cdp_assets.lake import Lake
from cdp_assets.tables import CONSENT_EVENTS, SUPPRESSIONS
from cdp_assets.workspace import Workspace

WITHDRAWN = "withdrawn"
"""Kind of such signs in the ledger."""


def signs_of_withdrawals(lake: Lake, records: Collection[str], sign: Sign) -> list[tuple[str, str, bool]]:
    """Kind, sign and False for each address and purpose that is suppressed for everybody by an event of these records."""
    if not (lake.exists(SUPPRESSIONS) and lake.exists(CONSENT_EVENTS)):
        return []
    theirs = lake.scan(CONSENT_EVENTS).filter(pl.col("record_id").is_in(list(records))).select("event_id")
    suppressed = (
        lake.scan(SUPPRESSIONS)
        .filter(pl.col("customer_id") == FOR_EVERYBODY)
        .join(theirs, on="event_id", how="semi")
        .select("channel", "address", "purpose")
        .collect()
    )
    return [(WITHDRAWN, sign(WITHDRAWN, _place(*place)), False) for place in sorted(suppressed.rows())]


@dataclass(frozen=True)
class WithheldByErasure:
    """:class:`~cdp_assets.golden_records.withheld.Withheld` of a workspace: asked anew in each resolution."""

    workspace: Workspace

    def __call__(self, addresses: pl.DataFrame, purposes: Sequence[str]) -> pl.DataFrame:
        kept = self.workspace.ledger.erased_signs().filter(pl.col("kind") == WITHDRAWN)
        if kept.is_empty():
            return nothing_withheld(addresses, purposes)
        erasures = self.workspace.ledger.erasures().select("erasure_id", "requested_at")
        since = dict(
            kept.join(erasures, on="erasure_id").group_by("sign").agg(pl.col("requested_at").max()).iter_rows()
        )
        sign = erased_people(self.workspace).sign
        found = [
            (channel, address, purpose, since[signed])
            for channel, address in addresses.iter_rows()
            for purpose in purposes
            if (signed := sign(WITHDRAWN, _place(channel, address, purpose))) in since
        ]
        return pl.DataFrame(found, schema=WITHHELD, orient="row")


def _place(channel: str, address: str, purpose: str) -> str:
    return "\x1f".join((channel, address, purpose))
