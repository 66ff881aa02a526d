"""What must hold of golden values before anything is published: each is told where it comes from, and comes from that very customer.

Judged from the tables alone. What does not belong here: consent (``consent_checks.py``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.lookup import rows_of, rows_of_runs
from cdp_assets.golden_records.golden import GOLDEN_FIELDS


def untraced_values(golden: pl.DataFrame, provenance: pl.DataFrame, members: pl.DataFrame) -> dict[str, int]:
    """How many filled cells of golden records have no row in provenance, how many rows have no cell, or name a stranger's record.

    ``golden``: ``customer_id`` and :data:`~cdp_assets.golden_records.golden.GOLDEN_FIELDS`; ``provenance``: ``customer_id``, ``field``
    and ``record_id``, in the order of customers where it is to take little time; ``members``: ``customer_id`` and ``record_id``,
    each record once.
    """
    customers = golden.get_column("customer_id")
    known = customers if customers.is_unique().all() else customers.unique()
    place = rows_of(customers, known).to_numpy().astype(np.int64) * len(GOLDEN_FIELDS)
    filled = [place[golden.get_column(name).is_not_null().to_numpy()] + n for n, name in enumerate(GOLDEN_FIELDS)]
    cells = np.concatenate(filled)
    told = _places(provenance, known)
    of_a_cell = told[told >= 0]
    return {
        "cells": len(cells),
        "cells_without_a_record": int((~_marks(of_a_cell, len(known))[cells]).sum()),
        "records_without_a_cell": len(told) - int(_marks(cells, len(known))[of_a_cell].sum()),
        "records_of_somebody_else": _strangers(provenance, members),
    }


def _marks(places: npt.NDArray[np.int64], customers: int) -> npt.NDArray[np.bool_]:
    marks = np.zeros(customers * len(GOLDEN_FIELDS), dtype=np.bool_)
    marks[places] = True
    return marks


def _places(provenance: pl.DataFrame, known: pl.Series) -> npt.NDArray[np.int64]:
    """The place of each row's customer and field among all cells; -1 of such as there are not."""
    customer = rows_of_runs(provenance.get_column("customer_id"), known).cast(pl.Int64).fill_null(-1).to_numpy()
    field = provenance.get_column("field").cast(pl.Enum(GOLDEN_FIELDS), strict=False).to_physical()
    number = field.cast(pl.Int64).fill_null(-1).to_numpy()
    return np.where((customer < 0) | (number < 0), -1, customer * len(GOLDEN_FIELDS) + number)


def _strangers(provenance: pl.DataFrame, members: pl.DataFrame) -> int:
    """Rows whose record is not of their customer. Neighbours mostly come from one record, which is looked up once."""
    rows = rows_of_runs(provenance.get_column("record_id"), members.get_column("record_id"))
    owners = members.get_column("customer_id").rechunk().gather(rows)
    return int(owners.ne_missing(provenance.get_column("customer_id")).sum())
