"""Addresses that may not be contacted by what was said before somebody was erased.

An erasure takes a person's withdrawals away with all else. What they ended must not begin again by that: a mailbox that the person
had shared, a customer that one of their records stood with. So these addresses stay suppressed, and so do the person's own,
until somebody consents under them anew.

What does not belong here: which they are. Nothing of an erased person is kept but keyed signs, and it takes the secret to know
an address by them (``erasure/withheld.py``): a caller tells, address by address.
"""

from __future__ import annotations

from typing import Protocol

import polars as pl

WITHHELD = {"channel": pl.String(), "address": pl.String(), "purpose": pl.String(), "since": pl.Datetime("us", "UTC")}
"""One row per address and purpose; a purpose that is null means all. ``since``: what was said until then allows nothing."""


class Withheld(Protocol):
    """Tells which addresses are withheld."""

    def __call__(self, addresses: pl.DataFrame) -> pl.DataFrame:
        """The rows (:data:`WITHHELD`) of ``addresses`` (``channel``, ``address``), which come in any order and as often as they were seen.

        To tell them apart costs more than to find that nobody was erased: whoever asks leaves it to whom it asks.
        """


def addresses_of(sightings: pl.DataFrame) -> pl.DataFrame:
    """``channel`` and ``address`` of every sighting of an e-mail address or phone in ``standardized/sightings``."""
    return sightings.filter(pl.col("type").is_in(["email", "phone"])).select(channel="type", address="value")
