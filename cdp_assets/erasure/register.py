"""Erasures and their certificates as tables, from what the ledger keeps.

What does not belong here: the certificate itself (``certificate.py``).
"""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from cdp_assets.tables import ERASURE_CERTIFICATES, ERASURES


def erasures_of(ledger: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``erasure/erasures``; ``ledger`` is :meth:`~cdp_assets.ledger.Ledger.erasures`."""
    lines = [said["delivered_lines"] if said else None for said in _certificates(ledger)]
    rows = ledger.with_columns(pl.Series("delivered_lines", lines, dtype=pl.Int64))
    return ERASURES.conform(rows.select(list(ERASURES.schema)).sort("erasure_id"))


def certificates_of(ledger: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``erasure/certificates``."""
    rows = [
        {
            "erasure_id": said["erasure_id"],
            "file_format": file_format,
            "files": count,
            "bytes": said["searched"]["bytes"][file_format],
            "texts": said["searched"]["texts"],
            "occurrences": said["occurrences"],
            "contents_sha256": " ".join(said["searched"]["contents_sha256"]),
        }
        for said in _certificates(ledger)
        if said
        for file_format, count in said["searched"]["files"].items()
    ]
    made = pl.DataFrame(rows, schema=ERASURE_CERTIFICATES.schema, orient="row")
    return ERASURE_CERTIFICATES.conform(made.sort("erasure_id", "file_format"))


def _certificates(ledger: pl.DataFrame) -> list[dict[str, Any] | None]:
    return [None if said is None else json.loads(said) for said in ledger.get_column("certificate")]
