"""What the last publication was made from, and how it left the database: noted with the commit of ``published/publications``.

A publication that goes back to a former one notes nothing, and an erasure removes former versions; the next publication then compares all
rows, as the first one after somebody else has written to the database does. What does not belong here: what follows from it
(``publication.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import polars as pl
from deltalake.exceptions import DeltaError

from cdp_assets.lake import Lake, LakeError
from cdp_assets.published.publication import Before
from cdp_assets.tables import PUBLICATIONS, Table

_ID, _VERSIONS, _SEAL = "publication_id", "published_versions", "seal"
_NO_LONGER_KEPT = (DeltaError, LakeError, pl.exceptions.PolarsError, OSError)


def publication_note(publication_id: str, versions: Mapping[str, int], seal: str | None) -> dict[str, str]:
    """What the commit of ``published/publications`` notes; nothing where the database bears no ``seal``."""
    return {} if seal is None else {_ID: publication_id, _VERSIONS: json.dumps(dict(versions)), _SEAL: seal}


def publication_before(lake: Lake) -> Before | None:
    """The last publication, as its commit noted it; None where it noted nothing."""
    noted = lake.committed_metadata(PUBLICATIONS)
    if not all(name in noted for name in (_ID, _VERSIONS, _SEAL)):
        return None
    versions: dict[str, int] = json.loads(noted[_VERSIONS])

    def rows(table: Table) -> pl.DataFrame | None:
        if table.name not in versions:
            return None
        try:
            return lake.read(table, version=versions[table.name])
        except _NO_LONGER_KEPT:
            return None

    return Before(noted[_ID], noted[_SEAL], rows)
