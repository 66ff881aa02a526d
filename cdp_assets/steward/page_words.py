"""Words and numbers as the page shows them.

What does not belong here: what is shown where (``templates/``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.candidate_links.explain import NOTHING, Evidence
from cdp_assets.golden_records.corrections import CORRECTABLE
from cdp_assets.steward import address_text, connection_text, customer_text
from cdp_assets.steward.plain_text import cell, plural, probability

__all__ = ["DONE", "FILTERS", "NOTHING", "bar", "correctable", "retracted"]

DONE = {
    "judged": "Judged. It holds from the next resolution on.",
    "corrected": "Corrected. It holds from the next resolution on.",
}

WHY_REVIEW = {
    "near threshold": "The evidence is close to the point from which links are accepted.",
    "fragile bridge": "One weak link holds two groups of records together that hold well by themselves.",
    "conflict": "Strong evidence speaks for one person, and strong evidence against.",
    "contested correction": "A source says a newer value than a correction. The correction holds until somebody sets the field anew.",
    "large cluster": "Uncommonly many records are one customer.",
    "reopened judgement": "Somebody judged these two records, and one of them says something else now.",
}

LINK_NOT_FOLLOWED = "A link was accepted, but everything else that is known of the two keeps them apart."
"""A fragile bridge between two customers: the resolution did not follow it."""

BAR_BITS = 16.0
"""Bits that fill a bar of evidence; more of them look the same."""

LEAST_BITS = 0.05
"""Fewer bits than this are shown as none."""

BAR_WIDTH = 60
"""Half the width of a bar's picture, in its own units."""


def why_review(item: Mapping[str, Any]) -> str:
    """Why an item is in the queue, as a sentence."""
    if item["why"] == "fragile bridge" and item["customer_id_r"]:
        return LINK_NOT_FOLLOWED
    return WHY_REVIEW.get(item["why"], f"{str(item['why']).capitalize()}.")


def correctable(name: str) -> bool:
    """Whether a golden field can be corrected."""
    return name in CORRECTABLE


def retracted(corrections: pl.DataFrame) -> set[tuple[str, str]]:
    """(field, value) pairs that a steward has retracted from the customer."""
    rows = corrections.filter(pl.col("correction") == "retract").select("field", "value")
    return set(rows.iter_rows())


def bar(row: Evidence) -> dict[str, float]:
    """Where the bar of a line of evidence begins and how long it is; for is to the right of the middle."""
    length = min(abs(row.weight) / BAR_BITS, 1.0) * BAR_WIDTH
    return {"x": BAR_WIDTH if row.weight >= 0 else BAR_WIDTH - length, "width": length}


def share(value: float | None) -> str:
    """A probability with as many digits as tell it from certainty."""
    return probability(value)


def moment(value: datetime | None) -> str:
    """A moment as its day."""
    return cell(value)


def words(value: str) -> str:
    """A name from a table as words."""
    return value.replace("_", " ")


FILTERS: Mapping[str, Callable[..., Any]] = {
    "cell": cell,
    "moment": moment,
    "share": share,
    "words": words,
    "plural": plural,
    "bits": lambda weight: f"{weight:+.1f}" if abs(weight) >= LEAST_BITS else "0",
    "why_review": why_review,
    "at_stake": lambda says: f"At stake: {says.partition('At stake: ')[2]}",
    "says": customer_text.what_it_says,
    "why_status": address_text.why,
    "address": customer_text.one_line_address,
    "change": customer_text.change_in_words,
    "verdict": connection_text.verdict,
    "now": connection_text.now,
    "step": connection_text.in_words,
}
