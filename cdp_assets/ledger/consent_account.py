"""The account of consent events: how many of each import, and the hash that chains them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from cdp_assets.ledger.database import LedgerDatabase, LedgerError
from cdp_assets.ledger.schema import consent_entries


class ConsentAccount(LedgerDatabase):
    """Entries are appended, all or none, and never changed."""

    def consent_entries(self) -> pl.DataFrame:
        """The account of consent events, by source in the order of its entries."""
        return self._frame(sa.select(consent_entries).order_by(consent_entries.c.source, consent_entries.c.number))

    def add_consent_entries(self, entries: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
        """Append entries, all or none. There is no way to change or remove one. Refuses a number that is taken."""
        if not entries:
            return
        with self._writing() as connection:
            try:
                connection.execute(consent_entries.insert(), [{**entry, "entered_at": now} for entry in entries])
            except sa.exc.IntegrityError:
                raise LedgerError(
                    "somebody else has entered consent events meanwhile; run again: nothing was recorded, and nothing is lost"
                ) from None
