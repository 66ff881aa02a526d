"""How each source is read: the contract in force, and how far its database or URL has been read."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from cdp_assets.ledger.database import LedgerDatabase
from cdp_assets.ledger.schema import contract_versions, extraction_cursors, fetched_files


class SourcesRead(LedgerDatabase):
    """Contracts in force, cursors, fetched files."""

    def contract_in_force(self, source: str) -> tuple[str, str] | None:
        """The newest contract that a source's imports are read with: its version and its text (JSON); None at first."""
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(contract_versions.c.contract_version, contract_versions.c.said)
                .where(contract_versions.c.source == source)
                .order_by(contract_versions.c.sequence.desc())
                .limit(1)
            ).first()
        return None if found is None else (found.contract_version, found.said)

    def put_contract_in_force(
        self, source: str, contract_version: str, said: str, now: datetime, *, accepted_by: str | None = None
    ) -> None:
        """Remember the contract that a source's imports are read with from now on; the one before stays as history."""
        with self._writing() as connection:
            last = connection.execute(
                sa.select(contract_versions.c.contract_version, contract_versions.c.sequence)
                .where(contract_versions.c.source == source)
                .order_by(contract_versions.c.sequence.desc())
                .limit(1)
            ).first()
            if last is not None and last.contract_version == contract_version:
                return
            connection.execute(
                contract_versions.delete().where(
                    contract_versions.c.source == source, contract_versions.c.contract_version == contract_version
                )
            )
            connection.execute(
                contract_versions.insert().values(
                    source=source,
                    contract_version=contract_version,
                    sequence=(last.sequence if last is not None else 0) + 1,
                    said=said,
                    in_force_at=now,
                    accepted_by=accepted_by,
                )
            )

    def cursor(self, source: str) -> str | None:
        """How far a SQL source has been extracted; None before the first time."""
        with self._engine.connect() as connection:
            return connection.scalar(
                sa.select(extraction_cursors.c.cursor).where(extraction_cursors.c.source == source)
            )

    def advance_cursor(self, source: str, cursor: str, now: datetime) -> None:
        """Remember how far a SQL source has been extracted. Call it when the extract has landed, not before."""
        with self._writing() as connection:
            connection.execute(extraction_cursors.delete().where(extraction_cursors.c.source == source))
            connection.execute(extraction_cursors.insert().values(source=source, cursor=cursor, extracted_at=now))

    def fetched_files(self, source: str) -> dict[str, str]:
        """Files that have been fetched from a source's URL: name below it to stamp."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(fetched_files.c.location, fetched_files.c.stamp).where(fetched_files.c.source == source)
            )
            return {row.location: row.stamp for row in rows}

    def remember_fetched(self, source: str, location: str, stamp: str, now: datetime) -> None:
        """Remember that a file has been fetched. Call it when its copy has landed, not before."""
        with self._writing() as connection:
            connection.execute(
                fetched_files.delete().where(fetched_files.c.source == source, fetched_files.c.location == location)
            )
            connection.execute(
                fetched_files.insert().values(source=source, location=location, stamp=stamp, fetched_at=now)
            )

    def forget_cursor(self, source: str) -> None:
        """Have the next extraction of a SQL source read everything again."""
        with self._writing() as connection:
            connection.execute(extraction_cursors.delete().where(extraction_cursors.c.source == source))
