"""How far the data has moved from what the linkage model in use was trained on, and when that says "retrain".

A model is a set of claims about the data: how common each value is, which fields are filled, at which level the pairs of
one person agree, how clearly pairs fall on one side. Each measure here compares one claim with the profiles and pairs of a
resolution. Frequencies are compared with the model's own; what a model does not carry (fill, agreement of accepted pairs, pairs
near the threshold) with what was measured in the first resolution that it scored. Accepted pairs are not a fair sample of one person's pairs,
so their levels are not expected to equal the model's ``m``; but they are chosen alike each time, so a change is a change of the data.

Measured in every resolution, kept as ``candidate_links/drift``. What does not belong here: training, and deciding which version is used (``models.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.comparisons import KEY_LEVELS, OFTEN_WITHOUT, Choice, choose_comparisons
from cdp_assets.candidate_links.decisions import ACCEPTED, CONFLICT
from cdp_assets.candidate_links.engine import DuckDBEngine, LinkageEngine
from cdp_assets.candidate_links.frequencies import beside_its_own
from cdp_assets.candidate_links.policy import DriftLimits
from cdp_assets.candidate_links.studied_pairs import compared
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.weights import used_comparisons
from cdp_assets.tables import DRIFT

GROWTH, FIELDS, SHIFT, UNSEEN = "growth", "fields_compared", "frequencies_shift", "unseen_share"
FILLED, AGREEMENT, NEAR = "filled_share", "agreement_shift", "near_threshold_share"
ALL = "all"

FREQUENCY_BINS = 10
"""A field's values are put into so many bins of about equal weight, by how common the model holds them for: the usual number for a
population stability index."""

EMPTY_BIN = 1e-4
"""A bin counts for at least this: its logarithm would be infinite."""

NOT_RARE = 8.0
"""A value that the model has never seen counts as its rarest. That is wrong by three bits where it is this many times as common."""

SAMPLED_PROFILES = 20_000
"""Profiles whose values are looked at: a share is known to a third of a percent, and a million profiles cost no more than these."""

COMMON = 1.0 / (10 * FREQUENCY_BINS)
"""A value of this frequency may stand in a bin without the others that are as common as it."""

RARELY_FILLED = 0.0075
"""A field that fewer profiles fill may stand in one sample and not in the next: that it has come or gone says nothing. A key is told all the
same, from so few on as chance does not bring (``FEWEST_NEW``): records that agree on it should not wait for the data to grow."""

FEWEST_NEW = 5
"""A value seen less often in the sample may be there by chance: it is not called common."""

FEWEST_VALUES = 200
"""With fewer filled values, and with fewer accepted pairs, chance alone moves shares beyond the limits: they are not measured."""

COMPARED_PAIRS = 10_000
"""Accepted pairs whose levels are looked at: a share is known to half a percent."""

NEAR_BITS = 2.0
"""A pair is near the threshold where one weak comparison more would decide it otherwise."""

SAME_THRESHOLD = 1e-6
"""Match weights are kept to a millionth of a bit."""

KEPT_RESOLUTIONS = 400
"""Resolutions whose measures are kept, for the curves: a year of nights."""


@dataclass(frozen=True)
class _Measured:
    """One measure before it is judged. ``drift`` None: the distance of ``value`` from the first time it was measured."""

    measure: str
    field: str
    value: float
    limit: float
    drift: float | None = None
    shares: tuple[float, ...] | None = None


def drift(
    profiles: pl.DataFrame,
    scored_pairs: pl.DataFrame,
    model: TrainedModel,
    history: pl.DataFrame,
    *,
    resolution_id: str,
    now: datetime,
    engine: LinkageEngine | None = None,
) -> pl.DataFrame:
    """``candidate_links/drift`` of one resolution: its ``profiles`` and ``scored_pairs``, measured against ``model``.

    ``history``: the table so far; its first rows of this model version are what later ones are compared with.
    """
    retrain = model.policy.retrain
    limits, frame = retrain.drift, comparable(_sample(profiles))
    measured = [
        _Measured(GROWTH, ALL, _growth(profiles, model), retrain.when_grown_by, _growth(profiles, model)),
        _fields(frame, model),
        *_frequencies(frame, model, limits),
        *_filled(frame, model, limits),
        *_agreement(profiles, scored_pairs, model, limits, engine or DuckDBEngine()),
        *_near_threshold(scored_pairs, model, limits),
    ]
    firsts = _first_measured(_of_this_version(history, model.model_version, model.accept_weight))
    rows = [_judged(one, firsts.get((one.measure, one.field))) for one in measured]
    return DRIFT.conform(
        pl.DataFrame(
            [
                {
                    "resolution_id": resolution_id,
                    "measured_at": now,
                    "model_version": model.model_version,
                    "accept_weight": model.accept_weight,
                    **row,
                }
                for row in rows
            ],
            schema=DRIFT.schema,
        ).sort("measure", "field")
    )


def with_drift(history: pl.DataFrame, measured: pl.DataFrame) -> pl.DataFrame:
    """The table with this resolution's rows: the newest resolutions, and the first of the version in use, which others are measured against."""
    resolution_id = measured["resolution_id"][0]
    others = history.filter(pl.col("resolution_id") != resolution_id)
    newest = others.select("resolution_id", "measured_at").unique().sort("measured_at", "resolution_id")
    first = _of_this_version(others, measured["model_version"][0], measured["accept_weight"][0]).head(1)
    kept = {*newest.tail(KEPT_RESOLUTIONS - 1)["resolution_id"].to_list(), *first["resolution_id"].to_list()}
    return pl.concat([others.filter(pl.col("resolution_id").is_in(list(kept))), measured]).sort(
        "measured_at", "resolution_id", "measure", "field"
    )


def newest(history: pl.DataFrame) -> pl.DataFrame:
    """The rows of the last resolution that was measured."""
    last = history.sort("measured_at", "resolution_id").tail(1)
    return history.join(last.select("resolution_id"), on="resolution_id", how="semi").sort("measure", "field")


def why_drifted(measured: pl.DataFrame) -> list[str]:
    """Why a new version is due, by one resolution's rows, the furthest beyond its limit first; empty while the one in use fits."""
    beyond = measured.filter("is_beyond").with_columns(
        over=pl.col("drift") / pl.col("limit").clip(lower_bound=EMPTY_BIN)
    )
    return beyond.sort("over", "measure", "field", descending=[True, False, False])["says"].to_list()


# -- the measures -----------------------------------------------------------------------------------------------------


def _growth(profiles: pl.DataFrame, model: TrainedModel) -> float:
    return profiles.height / max(model.trained_profiles, 1) - 1.0


def _sample(profiles: pl.DataFrame) -> pl.DataFrame:
    """Every nth profile by its id, which is a hash: a sample at random, and the same one each time."""
    return profiles.filter(pl.col("profile_id") % math.ceil(max(profiles.height, 1) / SAMPLED_PROFILES) == 0)


def _fields(frame: pl.DataFrame, model: TrainedModel) -> _Measured:
    choices = choose_comparisons(frame)
    differing = [
        choice
        for choice in choices
        if choice.is_used != (choice.comparison.name in model.fields) and _matters(choice, len(frame), model)
    ]
    return _Measured(FIELDS, ALL, float(sum(choice.is_used for choice in choices)), 0.0, float(len(differing)))


def _matters(choice: Choice, profiles: int, model: TrainedModel) -> bool:
    """Whether it is no chance of a sample of so many ``profiles`` that the field of this comparison has come, or gone."""
    name = choice.comparison.name
    if not choice.is_used:
        return model.filled.get(name, 1.0) >= RARELY_FILLED
    return choice.filled >= RARELY_FILLED or (name in KEY_LEVELS and choice.filled * profiles >= FEWEST_NEW)


def _frequencies(frame: pl.DataFrame, model: TrainedModel, limits: DriftLimits) -> list[_Measured]:
    """Shift and unseen share of each field that has term frequencies.

    Of e-mails and phones the model keeps only those that several people carry: there, the others are one more bin, and nothing is unseen.
    """
    rows: list[_Measured] = []
    for (name,), known in model.term_frequencies.partition_by("field", as_dict=True, maintain_order=True).items():
        field = str(name)
        values = frame.get_column(field).alias("value").drop_nulls()
        filled = len(values)
        if filled < FEWEST_VALUES or known.is_empty():
            continue
        # Counted as the model counts: without the profiles of the one whose value is compared.
        both = (
            known.select("value", "frequency")
            .join(beside_its_own(field, frame).rename({"n": "count"}), on="value", how="left")
            .with_columns(pl.col("count").fill_null(0))
        )
        seen = int(both["count"].sum())
        if field in OFTEN_WITHOUT:
            rest = {"value": None, "frequency": max(1.0 - float(both["frequency"].sum()), 0.0), "count": filled - seen}
            both = pl.concat([both, pl.DataFrame([rest], schema=both.schema)])
        else:
            share = _unseen_and_not_rare(values.value_counts(name="count"), known, filled)
            rows.append(_Measured(UNSEEN, field, share, limits.unseen_share, share))
        shift = stability_index(both, float(min(model.trained_profiles, filled)))
        rows.append(_Measured(SHIFT, field, shift, limits.frequencies_shift, shift))
    return rows


def _unseen_and_not_rare(today: pl.DataFrame, known: pl.DataFrame, filled: int) -> float:
    """Share of the filled values that are new to the model, and so common that its rarest frequency is wrong for them.

    New values alone say nothing: most dates of birth and streets are new in data that grows, and rightly counted as rare.
    """
    common = max(float(known["frequency"].min()) * NOT_RARE * filled, FEWEST_NEW)  # type: ignore[arg-type]
    new = today.join(known, on="value", how="anti").filter(pl.col("count") >= common)
    return int(new["count"].sum()) / filled


def stability_index(values: pl.DataFrame, sample: float) -> float:
    """Population stability index of values with the model's ``frequency`` and today's ``count``, less what chance brings.

    The sum over bins of ``(p - q) * ln(p / q)``, ``p`` being the model's share of the bin and ``q`` today's. Two samples of one
    population of ``sample`` values each differ by ``2 * (bins - 1) / sample`` on average (it is a chi-square over them).
    """
    # Equally rare values stand together: there may be a million of them, and which is first among them says nothing.
    own = pl.when(pl.col("frequency") >= COMMON).then("value")
    ordered = (
        values.group_by("frequency", own.alias("own"))
        .agg((pl.col("frequency").first() * pl.len()).alias("mass"), pl.col("count").sum())
        .sort("frequency", "own", descending=[True, False], nulls_last=True)
    )
    reached = ordered["mass"].cum_sum() - ordered["mass"]
    total = max(float(ordered["mass"].sum()), EMPTY_BIN)
    binned = (
        ordered.with_columns(bin=(reached / total * FREQUENCY_BINS).floor().clip(0, FREQUENCY_BINS - 1))
        .group_by("bin", maintain_order=True)
        .agg(pl.col("mass").sum(), pl.col("count").sum())
    )
    then = np.maximum(binned["mass"].to_numpy() / total, EMPTY_BIN)
    today = np.maximum(binned["count"].to_numpy() / max(int(binned["count"].sum()), 1), EMPTY_BIN)
    index = float(((then - today) * np.log(then / today)).sum())
    return max(index - 2.0 * (len(binned) - 1) / max(sample, 1.0), 0.0)


def _filled(frame: pl.DataFrame, model: TrainedModel, limits: DriftLimits) -> list[_Measured]:
    if len(frame) < FEWEST_VALUES:
        return []
    rows = []
    for comparison in used_comparisons(model.parameters):
        filled = frame.select(comparison.is_filled().mean()).item()
        rows.append(_Measured(FILLED, comparison.name, float(filled), limits.filled_share))
    return rows


def _agreement(
    profiles: pl.DataFrame, pairs: pl.DataFrame, model: TrainedModel, limits: DriftLimits, engine: LinkageEngine
) -> list[_Measured]:
    """Levels at which accepted pairs agree. ``value``: how far (total variation) their shares are from the model's ``m``."""
    comparisons = used_comparisons(model.parameters)
    accepted = pairs.filter(pl.col("decision") == ACCEPTED).select(id_l="profile_id_l", id_r="profile_id_r")
    if len(accepted) < FEWEST_VALUES or not comparisons:
        return []
    step = math.ceil(len(accepted) / COMPARED_PAIRS)
    # Profile ids are hashes: every nth pair in their order is a sample at random, and the same one each time.
    sample = accepted.sort("id_l", "id_r").gather_every(step)
    ends = pl.concat([sample["id_l"], sample["id_r"]]).unique()
    part = profiles.join(ends.to_frame("profile_id"), on="profile_id", how="semi")
    levels = compared(comparable(part), model.term_frequencies, sample, comparisons, engine)
    rows = []
    for comparison in comparisons:
        gamma = levels.gammas[comparison.name]
        counts = np.bincount(gamma[gamma >= 0], minlength=len(comparison.scored))[::-1]
        if counts.sum() >= FEWEST_VALUES:
            shares = tuple(float(share) for share in counts / counts.sum())
            value = _variation(shares, model.parameters.shares[comparison.name].m)
            rows.append(_Measured(AGREEMENT, comparison.name, value, limits.agreement_shift, shares=shares))
    return rows


def _variation(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Total variation distance: the share that stands elsewhere."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / 2.0


def _near_threshold(pairs: pl.DataFrame, model: TrainedModel, limits: DriftLimits) -> list[_Measured]:
    decided = pairs.filter(pl.col("decision") != CONFLICT)
    if len(decided) < FEWEST_VALUES:
        return []
    share = decided.select(((pl.col("match_weight") - model.accept_weight).abs() <= NEAR_BITS).mean()).item()
    return [_Measured(NEAR, ALL, float(share), limits.near_threshold_share)]


# -- judging ----------------------------------------------------------------------------------------------------------


def _of_this_version(history: pl.DataFrame, version: str, accept_weight: float) -> pl.DataFrame:
    """The rows of resolutions with this version and threshold, oldest first: a threshold that somebody moves is no drift."""
    same = (pl.col("model_version") == version) & ((pl.col("accept_weight") - accept_weight).abs() < SAME_THRESHOLD)
    return history.filter(same).sort("measured_at", "resolution_id")


def _first_measured(mine: pl.DataFrame) -> dict[tuple[str, str], tuple[float, tuple[float, ...] | None]]:
    """Value and shares of each measure when it was first taken."""
    first = mine.unique(["measure", "field"], keep="first", maintain_order=True)
    return {
        (row["measure"], row["field"]): (row["value"], None if row["shares"] is None else tuple(row["shares"]))
        for row in first.to_dicts()
    }


def _judged(one: _Measured, first: tuple[float, tuple[float, ...] | None] | None) -> dict[str, object]:
    moved = one.drift
    if moved is None and first is None:
        moved = 0.0
    elif moved is None and first is not None:
        value, shares = first
        comparable_shares = one.shares is not None and shares is not None and len(shares) == len(one.shares)
        moved = _variation(one.shares, shares) if comparable_shares else abs(one.value - value)  # type: ignore[arg-type]
    assert moved is not None
    return {
        "measure": one.measure,
        "field": one.field,
        "value": one.value,
        "drift": moved,
        "limit": one.limit,
        "is_beyond": moved > one.limit,
        "shares": None if one.shares is None else list(one.shares),
        "says": _says(one, moved),
    }


def _says(one: _Measured, moved: float) -> str:
    """A measure in a sentence, without any value of the data."""
    field = one.field.replace("_", " ")
    told = {
        GROWTH: f"the data has grown by {moved:.0%} since training; {one.limit:.0%} is the limit",
        FIELDS: f"{moved:.0f} fields are filled now, or no longer, that the version compares otherwise",
        SHIFT: f"{field}: how common its values are has shifted by {moved:.2f} (stability index); {one.limit:g} is the limit",
        UNSEEN: f"{field}: {moved:.0%} of its values are new to the version and not rare; {one.limit:.0%} is the limit",
        FILLED: f"{field}: filled in {one.value:.0%} of the profiles, a change of {moved:.0%}; {one.limit:.0%} is the limit",
        AGREEMENT: f"{field}: {moved:.0%} of the accepted pairs agree at another level than at first; {one.limit:.0%} is the limit",
        NEAR: f"{one.value:.0%} of the pairs are near the threshold, a change of {moved:.0%}; {one.limit:.0%} is the limit",
    }
    return told[one.measure]
