"""What people decide: judgements, corrections, choices. They are only ever appended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from cdp_assets.ledger.database import LedgerDatabase, LedgerError
from cdp_assets.ledger.schema import choices, corrections, judgements


class Decisions(LedgerDatabase):
    """Appended; the newest of its kind is in force, the others stay as history."""

    def add_judgement(
        self,
        record_id_l: str,
        record_id_r: str,
        judgement: str,
        *,
        judged_by: str,
        now: datetime,
        reason: str | None = None,
        evidence_hash: str | None = None,
    ) -> None:
        """Append a judgement; the newest of a pair is in force, the others stay as history."""
        if record_id_l == record_id_r:
            raise LedgerError("a judgement needs two different records")
        said = (record_id_l, record_id_r, judgement, evidence_hash)
        self.add_judgements([said], judged_by=judged_by, now=now, reason=reason)

    def add_judgements(
        self,
        said: Sequence[tuple[str, str, str, str | None]],
        *,
        judged_by: str,
        now: datetime,
        reason: str | None = None,
    ) -> None:
        """Append judgements that belong together, all or none: both record ids, the word, and the hash of the evidence.

        A pin names its first record twice: it speaks of one record.
        """
        with self._writing() as connection:
            for one, other, judgement, evidence_hash in said:
                left, right = sorted((one, other))
                connection.execute(
                    judgements.insert().values(
                        record_id_l=left,
                        record_id_r=right,
                        judgement=judgement,
                        judged_by=judged_by,
                        judged_at=now,
                        reason=reason,
                        evidence_hash=evidence_hash,
                    )
                )

    def judgements(self) -> pl.DataFrame:
        """All judgements ever made, oldest first."""
        return self._frame(sa.select(judgements).order_by(judgements.c.judgement_id))

    def add_correction(
        self, record_id: str, field: str, value: str, correction: str, *, corrected_by: str, now: datetime
    ) -> None:
        """Append a steward's correction of a record's field (``set`` or ``retract``)."""
        with self._writing() as connection:
            connection.execute(
                corrections.insert().values(
                    record_id=record_id,
                    field=field,
                    value=value,
                    correction=correction,
                    corrected_by=corrected_by,
                    corrected_at=now,
                )
            )

    def corrections(self) -> pl.DataFrame:
        """All stewards' corrections, oldest first."""
        return self._frame(sa.select(corrections).order_by(corrections.c.correction_id))

    def add_choice(self, kind: str, subject: str | None, *, chosen_by: str | None, now: datetime) -> None:
        """Append a choice, of a model version for instance; the newest of a kind is in force, the others stay as history.

        ``subject`` None: the policy chooses again. ``chosen_by`` None: the policy chose, no person.
        """
        with self._writing() as connection:
            connection.execute(choices.insert().values(kind=kind, subject=subject, chosen_by=chosen_by, chosen_at=now))

    def choice(self, kind: str) -> dict[str, Any] | None:
        """The choice of this kind that is in force: ``subject``, ``chosen_by``, ``chosen_at``."""
        with self._engine.connect() as connection:
            row = connection.execute(
                sa.select(choices).where(choices.c.kind == kind).order_by(choices.c.choice_id.desc()).limit(1)
            ).mappings()
            found = row.first()
        return dict(found) if found else None

    def decisions(self) -> dict[str, int]:
        """How many judgements, corrections and choices have ever been made: all are only appended."""
        with self._engine.connect() as connection:
            return {
                table.name: int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
                for table in (judgements, corrections, choices)
            }
