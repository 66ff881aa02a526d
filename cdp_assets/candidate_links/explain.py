"""Why two profiles are, or are not, one person: every comparison, its level, and its bits for or against.

Works for any two profiles, also those that no blocking rule ever brought together. The rows add up to the match weight.
The rows carry the values compared; they are for the person who asked, never for a log.

What does not belong here: scoring many pairs (``scoring.py``), drawing (``pictures.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.decisions import decide
from cdp_assets.candidate_links.engine import DuckDBEngine, LinkageEngine
from cdp_assets.candidate_links.studied_pairs import compared
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.weights import (
    bits_of,
    discounts,
    namesake_bits,
    source_bits,
    used_comparisons,
)

PRIOR = "prior"
SOURCES = "sources"
HOUSEHOLD = "household"
COLLEAGUES = "colleagues"
NAMESAKES = "namesakes"
JUDGED = "judgements"
CARE = "taken off with care: values of one person are rarely the same in these data"
NOTHING = "nothing to compare"
# Below this a level says next to nothing: a factor of about 1.07.
_NEUTRAL_BITS = 0.1


@dataclass(frozen=True)
class Evidence:
    """One line of an explanation. ``weight`` is in bits; ``says`` is for, against or neither."""

    comparison: str
    level: str
    weight: float
    says: str
    value_l: str | None
    value_r: str | None


def explain(
    profile_l: pl.DataFrame, profile_r: pl.DataFrame, model: TrainedModel, engine: LinkageEngine | None = None
) -> list[Evidence]:
    """The evidence for and against two profiles (frames of one row of ``linkage_profiles``) being one person.

    The first row is the prior, and the second what the sources of the two let expect beside it, if anything; the last are what names that go together explain (where both agree), what a shared household
    and, beyond it, colleagues explain, and, where pairs have been judged, how far those make the rest trusted. Their weights add up to the match weight.
    """
    engine = engine or DuckDBEngine()
    comparisons = used_comparisons(model.parameters)
    frame = _two(profile_l, profile_r)
    rows = [
        Evidence(PRIOR, "how rarely two profiles are one person", model.parameters.prior_bits, "against", None, None)
    ]
    if not comparisons:
        return rows
    pairs = compared(frame, model.term_frequencies, pl.DataFrame({"id_l": [1], "id_r": [2]}), comparisons, engine)
    of_sources = float(source_bits(pairs, model.parameters)[0][0])
    if of_sources:
        often = f"{'more' if of_sources > 0 else 'less'} often one person than records on the whole"
        rows.append(Evidence(SOURCES, often, of_sources, _says(of_sources), *frame.get_column("sources")))
    for comparison in comparisons:
        level = comparison.level_of(int(pairs.gammas[comparison.name][0]))
        weight = float(bits_of(pairs, comparison.name, model.parameters)[0])
        rows.append(
            Evidence(
                comparison.name,
                NOTHING if level is None else level.name,
                weight,
                _says(weight),
                _shown(frame, 0, comparison.needs),
                _shown(frame, 1, comparison.needs),
            )
        )
    namesakes = -float(namesake_bits(pairs, model.parameters)[0])
    if namesakes:
        rows.append(
            Evidence(
                NAMESAKES, "names that go together agree in strangers too", namesakes, _says(namesakes), None, None
            )
        )
    off = discounts(pairs, model.parameters)
    household, colleagues = (-float(bits[0]) for bits in (off.household, off.colleagues))
    rows.append(Evidence(HOUSEHOLD, "as well explained by a shared household", household, _says(household), None, None))
    if colleagues:
        rows.append(
            Evidence(
                COLLEAGUES,
                "as well explained by colleagues, or others who share it",
                colleagues,
                _says(colleagues),
                None,
                None,
            )
        )
    if not model.calibration.changes_nothing:
        total = match_weight(rows)
        moved = model.calibration.shift + (model.calibration.stretch - 1.0) * total
        said = "what judged pairs say of pairs as alike" if model.calibration.judged else CARE
        rows.append(Evidence(JUDGED, said, moved, _says(moved), None, None))
    return rows


def match_weight(evidence: list[Evidence]) -> float:
    """The match weight that the rows add up to."""
    return sum(row.weight for row in evidence)


def verdict(
    profile_l: pl.DataFrame, profile_r: pl.DataFrame, model: TrainedModel, engine: LinkageEngine | None = None
) -> tuple[str, str]:
    """What scoring would decide for the two, and why: ``(decision, reason)``; ``("apart", "weight")`` below review."""
    engine = engine or DuckDBEngine()
    comparisons = used_comparisons(model.parameters)
    weight = match_weight(explain(profile_l, profile_r, model, engine))
    frame = _two(profile_l, profile_r)
    pairs = compared(frame, model.term_frequencies, pl.DataFrame({"id_l": [1], "id_r": [2]}), comparisons, engine)
    row = pairs.ids.with_columns(
        *(pl.Series(f"gamma_{name}", gamma) for name, gamma in pairs.gammas.items()),
        pl.lit(weight).alias("match_weight"),
        pl.lit(False).alias("is_one_persons"),
    )
    decided = decide(row, model.accept_weight, model.review_weight, model.parameters.learned_from)
    return ("apart", "weight") if decided.is_empty() else (decided["decision"][0], decided["reason"][0])


def _two(profile_l: pl.DataFrame, profile_r: pl.DataFrame) -> pl.DataFrame:
    for profile in (profile_l, profile_r):
        if len(profile) != 1:
            raise ValueError(f"expected frames of one profile each, found {len(profile)} rows")
    numbered = [
        p.with_columns(pl.lit(at, dtype=pl.Int64).alias("profile_id")) for at, p in ((1, profile_l), (2, profile_r))
    ]
    return comparable(pl.concat(numbered))


def _says(weight: float) -> str:
    if abs(weight) < _NEUTRAL_BITS:
        return "neither"
    return "for" if weight > 0 else "against"


_SHOWN = {
    "email_main": ("emails", "probable_emails"),
    "phone_main": ("phones",),
    "street": ("house_number", "street", "postcode", "city"),
}


def _shown(frame: pl.DataFrame, row: int, needs: tuple[str, ...]) -> str | None:
    columns = _SHOWN.get(needs[0], needs)
    parts = []
    for column in columns:
        value = frame.get_column(column)[row]
        if value is not None:
            told = ", ".join(value) if isinstance(value, pl.Series) else str(value)
            parts.append(f"(probably {told})" if column == "probable_emails" else told)
    return " ".join(parts) or None
