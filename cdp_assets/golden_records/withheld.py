"""Addresses that stay withdrawn though the person who withdrew has been erased: a household's mailbox, an office's.

An erasure takes a person's events away, their withdrawals too. Where somebody else carries the same address, and had consented
under it before, they would become contactable with no new event. So an erasure keeps a keyed sign of every address that
its person's withdrawal holds for everybody, and whoever can tell such signs says here which addresses those are. A
consent that is newer than the erasure lifts it, as it lifts any withdrawal.

What does not belong here: the signs (``erasure/withdrawn.py``): it takes a secret to tell them; this stage only says which addresses it
has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import polars as pl

from cdp_assets.golden_records.policy import ConsentPolicy

WITHHELD: dict[str, pl.DataType] = {
    "channel": pl.String(),
    "address": pl.String(),
    "purpose": pl.String(),
    "since": pl.Datetime("us", "UTC"),
}
"""Columns of what is withheld; ``since``: when the person who withdrew was erased."""


class Withheld(Protocol):
    """Tells which addresses are withheld."""

    def __call__(self, addresses: pl.DataFrame, purposes: Sequence[str]) -> pl.DataFrame:
        """Rows of :data:`WITHHELD` among ``addresses`` (``channel``, ``address``; each once) for any of ``purposes``."""


def nothing_withheld(addresses: pl.DataFrame, purposes: Sequence[str]) -> pl.DataFrame:
    """:class:`Withheld` where nobody was erased."""
    return pl.DataFrame(schema=WITHHELD)


def withheld_of(tell: Withheld, sightings: pl.DataFrame, versions: pl.DataFrame, policy: ConsentPolicy) -> pl.DataFrame:
    """Ask ``tell`` about every e-mail address and phone of ``sightings``, for each purpose that events or the policy name."""
    is_contact = pl.col("type").is_in(["email", "phone"])
    addresses = sightings.filter(is_contact).select(channel="type", address="value").unique().sort("channel", "address")
    spoken_of = set(versions.get_column("purpose").drop_nulls().unique())
    return tell(addresses, sorted({*policy.marketing_purposes, *policy.service_purposes, *spoken_of}))
