"""How much a publication may change who can be contacted, before a person has to approve just that (``policies/identity.yaml``).

::

    largest_consent_share: 0.02   # addresses, each for a purpose, that may be contacted from now on or no more, of those that could be before

Compared with what was published last. Where the limit is passed a blocking check fails, and readers keep what they have. An erasure or a
lake that was cleaned up may have taken the former version away; then there is nothing to compare with, and nothing is held.

What does not belong here: limits to merges and splits (``identity_graph/guard.py``), and what no change may ever do (the checks of
``golden_records``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl

from cdp_assets.golden_records.consents import CONTACTABLE
from cdp_assets.identity_graph.fingerprints import short_hashes
from cdp_assets.lake import NO_LONGER_KEPT, Lake
from cdp_assets.ledger import Ledger
from cdp_assets.tables import CONSENTS

CONSENT_CHOICE = "consent changes"
"""Kind of the ledger's choices that approve a change of who may be contacted."""

_CONTACT = ["channel", "address", "purpose"]


@dataclass(frozen=True)
class ConsentChange:
    """``gained`` and ``lost``: addresses, each for a purpose, that may be contacted now and could not before, and the other way round.

    ``change_id`` names just this change: a hash of all of them.
    """

    change_id: str
    before: int
    gained: int
    lost: int

    @property
    def share(self) -> float:
        """What changed, of what could be contacted before; 0 where nobody could: a first publication changes nobody."""
        return (self.gained + self.lost) / self.before if self.before else 0.0


def consent_change(before: pl.DataFrame, after: pl.DataFrame) -> ConsentChange:
    """What changed between two frames of ``golden_records/consents``."""
    reached = [
        consents.filter(pl.col("state").is_in(list(CONTACTABLE))).select(_CONTACT).unique()
        for consents in (before, after)
    ]
    gained = reached[1].join(reached[0], on=_CONTACT, how="anti").sort(_CONTACT)
    lost = reached[0].join(reached[1], on=_CONTACT, how="anti").sort(_CONTACT)
    said = f"{gained.write_csv()}\n{lost.write_csv()}"
    return ConsentChange(short_hashes(pl.Series([said]))[0], reached[0].height, gained.height, lost.height)


def since_publication(lake: Lake, ledger: Ledger) -> ConsentChange | None:
    """What changed since the last publication; None where there is none, or its version is no longer kept."""
    published = ledger.publications()
    if published.is_empty() or not lake.exists(CONSENTS):
        return None
    version = json.loads(published["lake_versions"][-1]).get(CONSENTS.name)
    if version is None:
        return None
    try:
        before = lake.read(CONSENTS, version=int(version))
    except NO_LONGER_KEPT:
        return None
    return consent_change(before, lake.read(CONSENTS))


def why_held(change: ConsentChange, limit: float | None, approved: str | None) -> str | None:
    """Why the change waits for a person, and what to do; None where it does not."""
    if limit is None or change.share <= limit or change.change_id == approved:
        return None
    return (
        f"{change.gained:,} addresses could be contacted that can not be now, and {change.lost:,} no more, each for a purpose, of {change.before:,}: "
        f"{change.share:.1%}; the limit of policies/identity.yaml is {limit:.1%}. Readers keep what was published before. "
        f"`cdp apply {change.change_id}` approves just that, and `cdp run` publishes it"
    )
