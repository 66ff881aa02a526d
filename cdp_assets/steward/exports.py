"""Frames that other tools read.

What does not belong here: writing files (``cli/results.py``), the published tables (``published``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.lake import Lake
from cdp_assets.steward.lookup import LookupProblemError, require_made
from cdp_assets.tables import CUSTOMER_IDS

IDENTITY_COLUMNS = ("source", "source_key", "record_id", "customer_id")


def current_identities(lake: Lake) -> pl.DataFrame:
    """Every record that still exists in its source, once, with its customer: ``IDENTITY_COLUMNS``, sorted by record.

    Raises :class:`~cdp_assets.steward.lookup.LookupProblemError` before the first resolution, or if a record stood twice.
    """
    require_made(lake, CUSTOMER_IDS)
    rows = lake.scan(CUSTOMER_IDS).filter("is_current").select(IDENTITY_COLUMNS).sort("source", "source_key").collect()
    if rows["record_id"].n_unique() != rows.height:
        raise LookupProblemError(
            "identity_graph/customer_ids holds a record twice, so nothing was exported; run `cdp run`, and look at the "
            "table's checks in `cdp ui`"
        )
    return rows
