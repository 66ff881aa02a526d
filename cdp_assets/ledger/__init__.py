"""Decisions and bookkeeping: what must never be lost and never be doubled.

Imports seen, stewards' judgements and corrections, erasures, publications, extraction cursors. Small, transactional,
in SQLite (WAL) inside the workspace or in PostgreSQL; its schema is kept by Alembic (``migrations/``).

=================== ===============================================
``schema``          the tables, and the states of an import
``database``        opening it, transactions, frames
``imports_seen``    imports, and what became of them
``sources_read``    contracts in force, cursors, fetched files
``decisions``       judgements, corrections, choices
``consent_account`` consent events, by import, in a chain
``completed``       resolutions, publications
``erasures_made``   erasures, and what of a person goes from here
=================== ===============================================

What does not belong here: tables of data (``lake.py``). No stage is imported; frames go out, plain values come in.
"""

from __future__ import annotations

from cdp_assets.ledger.completed import Completed
from cdp_assets.ledger.consent_account import ConsentAccount
from cdp_assets.ledger.database import MIGRATIONS, LedgerError
from cdp_assets.ledger.decisions import Decisions
from cdp_assets.ledger.erasures_made import ERASED_TEXT, ErasuresMade
from cdp_assets.ledger.imports_seen import ImportsSeen, Landed, ReadFile
from cdp_assets.ledger.schema import IMPORTED, LANDED, REFUSED, REPEATED, metadata
from cdp_assets.ledger.sources_read import SourcesRead

__all__ = [
    "ERASED_TEXT", "IMPORTED", "LANDED", "MIGRATIONS", "REFUSED", "REPEATED", "Landed", "Ledger", "LedgerError", "ReadFile", "metadata",
]  # fmt: skip


class Ledger(ImportsSeen, SourcesRead, Decisions, ConsentAccount, Completed, ErasuresMade):
    """The ledger behind one database URL. Opening it brings its schema up to date."""
