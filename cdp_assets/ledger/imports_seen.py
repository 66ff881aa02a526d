"""Imports: what has landed, how it was read, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from cdp_assets.ledger.database import LedgerDatabase, LedgerError
from cdp_assets.ledger.schema import IMPORTED, LANDED, REFUSED, REPEATED, imports, seen_files


@dataclass(frozen=True)
class Landed:
    """A complete file that landed, as the ledger needs to know it."""

    source: str
    content_sha256: str
    location: str
    bytes: int
    landed_at: datetime


@dataclass(frozen=True)
class ReadFile:
    """How a file was read, as the ledger needs to know it. ``columns`` is a JSON list of the file's columns."""

    reading_version: str
    file_format: str
    encoding: str | None
    delimiter: str | None
    columns: str
    new_columns: int
    blank_lines: int
    lines: int
    unsplit: int
    fingerprint: str


class ImportsSeen(LedgerDatabase):
    """Registered once by content, whoever and however many register it."""

    def register(self, landed: Landed) -> tuple[str, bool]:
        """Register a delivery; return its import id and whether it is new.

        Content that this source has delivered before, under whatever name, is the import it was then; one that was refused
        and is delivered again is to be read again, from the new file. Safe against any number of callers at once: one of them
        registers it, the others are told that it is not new.
        """
        with self._writing() as connection:
            same = (imports.c.source == landed.source, imports.c.content_sha256 == landed.content_sha256)
            known = connection.execute(sa.select(imports.c.import_id).where(*same)).scalar()
            if known is not None:
                is_another_file = sa.or_(imports.c.location != landed.location, imports.c.landed_at != landed.landed_at)
                connection.execute(
                    imports.update()
                    .where(*same, imports.c.state == REFUSED, is_another_file)
                    .values(state=LANDED, location=landed.location, bytes=landed.bytes, problem=None)
                )
                return known, False
            last = connection.execute(
                sa.select(sa.func.max(imports.c.sequence)).where(imports.c.source == landed.source)
            ).scalar()
            import_id = f"{landed.landed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{landed.content_sha256[:12]}"
            connection.execute(
                imports.insert().values(
                    import_id=import_id,
                    source=landed.source,
                    content_sha256=landed.content_sha256,
                    sequence=(last or 0) + 1,
                    location=landed.location,
                    bytes=landed.bytes,
                    landed_at=landed.landed_at,
                    state=LANDED,
                )
            )
            return import_id, True

    def seen_files(self, source: str) -> set[tuple[str, int, int]]:
        """Files of a source that need no second look: (location, bytes, time of modification in ns)."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(seen_files.c.location, seen_files.c.bytes, seen_files.c.modified_ns).where(
                    seen_files.c.source == source
                )
            )
            return {tuple(row) for row in rows}

    def remember_file(self, source: str, location: str, size: int, modified_ns: int) -> None:
        """Remember that a file, in this size and of this time, has been registered (or is a copy of one that was)."""
        with self._writing() as connection:
            connection.execute(
                seen_files.delete().where(seen_files.c.source == source, seen_files.c.location == location)
            )
            connection.execute(
                seen_files.insert().values(source=source, location=location, bytes=size, modified_ns=modified_ns)
            )

    def import_row(self, source: str, import_id: str) -> dict[str, Any]:
        """One import's row. Raises :class:`LedgerError` for an import that was never registered."""
        with self._engine.connect() as connection:
            row = connection.execute(
                sa.select(imports).where(imports.c.source == source, imports.c.import_id == import_id)
            ).mappings()
            found = row.first()
        if found is None:
            raise LedgerError(
                f"{source}: import {import_id} was never registered; land its file and let the sensor or "
                "`cdp run` pick it up instead of materializing the partition by hand"
            )
        return dict(found)

    def mark_kept(self, source: str, import_id: str, read: ReadFile) -> None:
        """Record that an import's lines are kept, and how the file was read; a former refusal is over.

        An import that is in use stays in use: its records are those of the former reading until the new ones are there.
        """
        self._update_import(
            source,
            import_id,
            state=sa.case((imports.c.state == IMPORTED, IMPORTED), else_=LANDED),
            problem=None,
            repeats=None,
            **vars(read),
        )

    def mark_still_kept(self, source: str, import_id: str, *, reading_version: str) -> None:
        """Record that the lines that are kept of an import are what counts with this contract, too."""
        self._update_import(
            source,
            import_id,
            state=sa.case((imports.c.state == IMPORTED, IMPORTED), else_=LANDED),
            reading_version=reading_version,
            problem=None,
        )

    def imports_like(self, source: str, import_id: str) -> list[str]:
        """Other imports of the source whose rows have the same fingerprint and count: those in use, and earlier ones."""
        this = self.import_row(source, import_id)
        with self._engine.connect() as connection:
            found = connection.execute(
                sa.select(imports.c.import_id)
                .where(
                    imports.c.source == source,
                    imports.c.import_id != import_id,
                    imports.c.fingerprint == this["fingerprint"],
                    imports.c.lines > 0,
                    sa.or_(
                        imports.c.state == IMPORTED,
                        sa.and_(imports.c.state == LANDED, imports.c.sequence < this["sequence"]),
                    ),
                )
                .order_by(imports.c.sequence)
            )
            return [row.import_id for row in found]

    def mark_imported(
        self,
        source: str,
        import_id: str,
        *,
        counts: Mapping[str, int],
        contract_version: str,
        records_version: str,
        observed_until: datetime | None,
        now: datetime,
    ) -> None:
        """Record that an import was read: ``counts`` holds lines, records, rejected and duplicates."""
        self._update_import(
            source,
            import_id,
            state=IMPORTED,
            contract_version=contract_version,
            records_version=records_version,
            observed_until=observed_until,
            imported_at=now,
            problem=None,
            **dict(counts),
        )

    def mark_refused(self, source: str, import_id: str, *, problem: str, contract_version: str) -> None:
        """Record that an import was refused as a whole, and why."""
        self._update_import(
            source, import_id, state=REFUSED, contract_version=contract_version, problem=problem, repeats=None
        )

    def mark_unchanged(self, source: str, import_id: str, *, problem: str) -> None:
        """Record why an import in use could not be read again; what was made of it before stays in use."""
        self._update_import(source, import_id, problem=problem)

    def mark_repeated(self, source: str, import_id: str, *, repeats: str, lines: int, now: datetime) -> None:
        """Record that an import says, in another order, what the import ``repeats`` says: each line is a duplicate."""
        self._update_import(
            source,
            import_id,
            state=REPEATED,
            repeats=repeats,
            lines=lines,
            records=0,
            rejected=0,
            duplicates=lines,
            imported_at=now,
            problem=None,
        )

    def mark_tidied(self, source: str, import_id: str, tidied: str) -> None:
        """Record what became of an import's landed file: ``archived`` or ``removed``."""
        self._update_import(source, import_id, tidied=tidied)

    def accept_import(self, source: str, import_id: str, *, by: str, now: datetime) -> None:
        """Record that a person accepts a snapshot although it shrinks; it waits to be read again."""
        self.import_row(source, import_id)
        self._update_import(source, import_id, state=LANDED, problem=None, accepted_by=by, accepted_at=now)

    def _update_import(self, source: str, import_id: str, **values: Any) -> None:
        with self._writing() as connection:
            connection.execute(
                imports.update().where(imports.c.source == source, imports.c.import_id == import_id).values(**values)
            )

    def read_file_again(self, source: str, import_ids: Sequence[str]) -> None:
        """Have imports read from their files again, where these are still there, rather than from the lines that were kept."""
        with self._writing() as connection:
            connection.execute(
                imports.update()
                .where(imports.c.source == source, imports.c.import_id.in_(import_ids))
                .values(reading_version=None)
            )

    def imports(self, source: str | None = None) -> pl.DataFrame:
        """All imports, or one source's, one row each, in the order of sources and of sight."""
        wanted = sa.true() if source is None else imports.c.source == source
        return self._frame(sa.select(imports).where(wanted).order_by(imports.c.source, imports.c.sequence))

    def mark_erased_lines(
        self,
        source: str,
        import_id: str,
        *,
        records: int,
        rejected: int,
        unsplit: int,
        fingerprint: str,
        observed_until: datetime | None,
    ) -> None:
        """Record what an import has left after lines of it were erased; its lines stay as many, and are accounted for."""
        registered = self.import_row(source, import_id)
        values: dict[str, Any] = {"unsplit": unsplit, "fingerprint": fingerprint}
        if registered["state"] == IMPORTED:
            duplicates = int(registered["lines"]) - records - rejected
            values |= {
                "records": records,
                "rejected": rejected,
                "duplicates": duplicates,
                "observed_until": observed_until,
            }
        self._update_import(source, import_id, **values)

    def replace_content(self, source: str, import_id: str, content_sha256: str, size: int) -> None:
        """Record that an import's file was rewritten without an erased person's lines."""
        with self._writing() as connection:
            same = imports.c.content_sha256 == content_sha256
            taken = connection.scalar(
                sa.select(imports.c.import_id).where(imports.c.source == source, same, imports.c.import_id != import_id)
            )
            # Two files that told each other apart by the erased line alone say the same now.
            identity = f"{content_sha256}@{import_id}" if taken else content_sha256
            connection.execute(
                imports.update()
                .where(imports.c.source == source, imports.c.import_id == import_id)
                .values(content_sha256=identity, bytes=size)
            )
