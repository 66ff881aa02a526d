"""Erasures: their steps and signs, and what of a person goes from the ledger itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from cdp_assets.ledger.database import LedgerDatabase
from cdp_assets.ledger.schema import (
    contract_versions,
    corrections,
    erased_signs,
    erasure_steps,
    erasures,
    extraction_cursors,
    imports,
    judgements,
)

ERASED_TEXT = "[erased]"
"""What stands in notes where a value of an erased person stood."""


class ErasuresMade(LedgerDatabase):
    """Begun, gone on with, finished; and decisions about the person taken out."""

    def begin_erasure(
        self,
        erasure_id: str,
        customer_id: str,
        *,
        records: int,
        signs: Sequence[tuple[str, str, bool]],
        key_name: str,
        by: str,
        now: datetime,
    ) -> None:
        """Record that a person is being erased, and the ``signs`` (kind, sign, is_own) that keep them out from now on.

        Recording it again changes nothing.
        """
        with self._writing() as connection:
            if connection.scalar(sa.select(erasures.c.erasure_id).where(erasures.c.erasure_id == erasure_id)):
                return
            connection.execute(
                erasures.insert().values(
                    erasure_id=erasure_id,
                    customer_id=customer_id,
                    records=records,
                    requested_by=by,
                    requested_at=now,
                    key_name=key_name,
                )
            )
            for kind, sign, is_own in signs:
                connection.execute(
                    erased_signs.insert().values(erasure_id=erasure_id, sign=sign, kind=kind, is_own=is_own)
                )

    def erasures(self) -> pl.DataFrame:
        """All erasures, oldest first."""
        return self._frame(sa.select(erasures).order_by(erasures.c.requested_at, erasures.c.erasure_id))

    def erased_signs(self) -> pl.DataFrame:
        """The signs of all erased people: erasure_id, sign, kind, is_own."""
        return self._frame(sa.select(erased_signs).order_by(erased_signs.c.erasure_id, erased_signs.c.sign))

    def steps_of_erasure(self, erasure_id: str) -> dict[str, dict[str, int]]:
        """The steps of an erasure that are done, each with what it counted."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(erasure_steps.c.step, erasure_steps.c.counts)
                .where(erasure_steps.c.erasure_id == erasure_id)
                .order_by(erasure_steps.c.done_at)
            )
            return {row.step: json.loads(row.counts) for row in rows}

    def finish_erasure_step(self, erasure_id: str, step: str, counts: Mapping[str, int], now: datetime) -> None:
        """Record that a step is done."""
        with self._writing() as connection:
            connection.execute(
                erasure_steps.delete().where(erasure_steps.c.erasure_id == erasure_id, erasure_steps.c.step == step)
            )
            connection.execute(
                erasure_steps.insert().values(
                    erasure_id=erasure_id, step=step, done_at=now, counts=json.dumps(dict(counts))
                )
            )

    def finish_erasure(self, erasure_id: str, certificate: str, now: datetime) -> None:
        """Record that everything has been erased and proven; ``certificate`` holds counts and hashes."""
        with self._writing() as connection:
            connection.execute(
                erasures.update()
                .where(erasures.c.erasure_id == erasure_id)
                .values(finished_at=now, certificate=certificate)
            )

    def erase_decisions(self, record_ids: Sequence[str], values: Sequence[str]) -> dict[str, int]:
        """Delete judgements and corrections of these records, and corrections to one of ``values``; take the values out of
        notes, names and former contracts. What was erased, counted by table."""
        wanted = [value.casefold() for value in values]
        counts = dict.fromkeys(("judgements", "corrections", "notes"), 0)
        with self._writing() as connection:
            for table, columns in (
                (judgements, (judgements.c.record_id_l, judgements.c.record_id_r)),
                (corrections, (corrections.c.record_id,)),
            ):
                theirs = sa.or_(*(column.in_(record_ids) for column in columns))
                counts[table.name] += connection.execute(table.delete().where(theirs)).rowcount
            said = connection.execute(sa.select(corrections.c.correction_id, corrections.c.value)).all()
            named = [row.correction_id for row in said if _holds(row.value, wanted)]
            counts["corrections"] += connection.execute(
                corrections.delete().where(corrections.c.correction_id.in_(named))
            ).rowcount
            for column in (
                judgements.c.reason,
                contract_versions.c.said,
                imports.c.problem,
                imports.c.columns,
                extraction_cursors.c.cursor,
            ):
                counts["notes"] += _take_out(connection, column, values, wanted)
        return counts

    def compact(self) -> None:
        """Write the database anew, so that nothing deleted is left in free pages or in the log beside it."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if connection.dialect.name == "sqlite":
                driver = connection.connection.driver_connection
                assert driver is not None
                for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    driver.execute(statement).fetchall()
            else:
                for table in (judgements, corrections, contract_versions, imports, extraction_cursors):
                    connection.exec_driver_sql(f'VACUUM FULL "{table.name}"')


def _holds(text: str | None, wanted: Sequence[str]) -> bool:
    return text is not None and any(value in text.casefold() for value in wanted)


def _take_out(connection: sa.Connection, column: sa.Column[Any], values: Sequence[str], wanted: Sequence[str]) -> int:
    """Put :data:`ERASED_TEXT` in the place of each of ``values`` in a column of texts; how many rows had one."""
    table = column.table
    assert isinstance(table, sa.Table)
    keys = list(table.primary_key.columns)
    held = [row for row in connection.execute(sa.select(column, *keys)) if _holds(row[0], wanted)]
    for text, *key in held:
        for value in sorted(values, key=len, reverse=True):
            text = re.sub(re.escape(value), ERASED_TEXT, text, flags=re.IGNORECASE)
        same = (part == value for part, value in zip(keys, key, strict=True))
        connection.execute(table.update().where(*same).values({column.name: text}))
    return len(held)
