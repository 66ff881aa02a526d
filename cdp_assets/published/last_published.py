"""What the last publication was made from, by ``published/publications``, and how it left the database, which the commit of that table notes.

A publication that goes back to a former one notes nothing, and an erasure removes former versions; the next publication then compares all
rows, as the first one after somebody else has written to the database does. What does not belong here: what follows from it
(``publication.py``).
"""

from __future__ import annotations

import json

import polars as pl

from cdp_assets.lake import NO_LONGER_KEPT, Lake
from cdp_assets.published.publication import Before
from cdp_assets.tables import PUBLICATIONS, Table

_SEAL = "seal"


def publication_note(seal: str | None) -> dict[str, str]:
    """What the commit of ``published/publications`` notes beside its rows; nothing where the database bears no ``seal``."""
    return {} if seal is None else {_SEAL: seal}


def publication_before(lake: Lake) -> Before | None:
    """The publication that is current in ``published/publications``; None where its commit noted no seal."""
    seal = lake.committed_metadata(PUBLICATIONS).get(_SEAL)
    if seal is None:
        return None
    published = lake.read(PUBLICATIONS).filter("is_current").row(0, named=True)
    versions: dict[str, int] = json.loads(published["lake_versions"])

    def rows(table: Table) -> pl.DataFrame | None:
        if table.name not in versions:
            return None
        try:
            return lake.read(table, version=versions[table.name])
        except NO_LONGER_KEPT:
            return None

    return Before(published["publication_id"], seal, rows)
