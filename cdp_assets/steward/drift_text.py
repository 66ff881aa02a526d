"""How well the linkage model in use still fits the data, as text: each kind of measure at its worst, and why a new version is due.

What does not belong here: measuring (``candidate_links/drift.py``).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from cdp_assets.candidate_links.drift import ALL, why_drifted
from cdp_assets.steward.plain_text import bullets, heading, moment, table


def drift_text(measured: pl.DataFrame, width: int) -> str:
    """The rows of one resolution: of each kind of measure the one nearest its limit, then what says that a new version is due."""
    of_limit = pl.col("drift") / pl.col("limit").clip(lower_bound=1e-9)
    worst = measured.with_columns(of_limit=of_limit).sort("of_limit", "field", descending=[True, False])
    rows = [
        (row["measure"].replace("_", " "), _field(row["field"]), f"{row['value']:.3f}", f"{row['drift']:.3f}", f"{row['limit']:g}")
        for row in worst.unique("measure", keep="first", maintain_order=True).sort("measure").to_dicts()
    ]  # fmt: skip
    reasons = why_drifted(measured)
    when = moment(measured["measured_at"][0])
    verdict = (
        f"A new version is due: cdp model train\n{bullets(reasons, width)}"
        if reasons
        else f"Nothing is beyond its limit. Measured {when}, in the last resolution."
    )
    shown = table(("measure", "furthest", "value", "drift", "limit"), rows, width)
    return f"{heading('Does it still fit the data')}\n{shown}\n\n{verdict}"


def drift_as_json(measured: pl.DataFrame) -> list[dict[str, Any]]:
    """The same for programs, every measure."""
    return measured.select("measure", "field", "value", "drift", "limit", "is_beyond").to_dicts()


def _field(name: str) -> str | None:
    return None if name == ALL else name.replace("_", " ")
