"""Resolutions and publications that are complete."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from cdp_assets.ledger.database import LedgerDatabase
from cdp_assets.ledger.schema import publications, resolutions


class Completed(LedgerDatabase):
    """What was made of which imports."""

    def add_resolution(self, resolution_id: str, *, imports_hash: str, model_version: str, now: datetime) -> None:
        """Record that a resolution of exactly these imports is complete. Recording it again changes nothing."""
        with self._writing() as connection:
            connection.execute(resolutions.delete().where(resolutions.c.resolution_id == resolution_id))
            connection.execute(
                resolutions.insert().values(
                    resolution_id=resolution_id, imports_hash=imports_hash, model_version=model_version, resolved_at=now
                )
            )

    def last_resolution(self) -> dict[str, Any] | None:
        """The newest complete resolution."""
        with self._engine.connect() as connection:
            row = connection.execute(
                sa.select(resolutions).order_by(resolutions.c.resolved_at.desc(), resolutions.c.resolution_id).limit(1)
            ).mappings()
            found = row.first()
        return dict(found) if found else None

    def add_publication(self, publication_id: str, *, lake_versions: str, customers: int, now: datetime) -> None:
        """Record a publication that has been committed to the target."""
        with self._writing() as connection:
            connection.execute(publications.delete().where(publications.c.publication_id == publication_id))
            connection.execute(
                publications.insert().values(
                    publication_id=publication_id, published_at=now, lake_versions=lake_versions, customers=customers
                )
            )

    def publications(self) -> pl.DataFrame:
        """All publications, oldest first."""
        return self._frame(sa.select(publications).order_by(publications.c.published_at, publications.c.publication_id))
