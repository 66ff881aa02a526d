"""The linkage model as text: what it compares and why, what each level proves, how candidates are found, and where it stops.

What does not belong here: training it (``candidate_links/training.py``) and drawing it (``candidate_links/pictures.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.candidate_links.blocking import RULES
from cdp_assets.candidate_links.drift import newest, why_drifted
from cdp_assets.candidate_links.estimates import LEAST_JUDGED, Quality, quality
from cdp_assets.candidate_links.labels import labelled_pairs, no_labelled_pairs
from cdp_assets.candidate_links.models import in_use
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.source_pairs import furthest_first
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.weights import Parameters, used_comparisons
from cdp_assets.lake import Lake
from cdp_assets.steward.drift_text import drift_as_json, drift_text
from cdp_assets.steward.lookup import require_made
from cdp_assets.steward.plain_text import bullets, facts, heading, moment, paragraph, plural, probability, table
from cdp_assets.steward.plan_text import PlanFacts, plan_facts, plan_text
from cdp_assets.tables import DRIFT, LINKAGE_MODEL, PROFILE_MEMBERS, SCORED_PAIRS, TERM_FREQUENCIES

_BITS = (
    "m: share of pairs of one person that agree so far; u: share of pairs of strangers. Bits: log2(m / u), a doubling of "
    "the odds each. Where a level says so, the frequency of the very value stands in for u."
)
_BY_MODEL = (
    "Nobody has judged a sample ({judged} of it, {least} are needed): the model speaks for itself, and may be as far off as models "
    "without labels are. `cdp model sample --size 100 OUT.csv` draws pairs to judge. Of links, not of customers: those "
    "reach pairs by way of other records too."
)
_BY_JUDGED = (
    "Estimated from {judged} of a stratified sample. What was never proposed, or weighs too little to be kept, nobody has judged: "
    "there the model is believed, and blocking's loss is the least that it can be. Of links, not of customers: those reach pairs "
    "by way of other records too."
)
_SOURCES = (
    "Bits that a pair has by its sources alone, beside the share of all pairs: a source that holds each person once is far below zero with "
    "itself. Learned, blended with the whole, and never more than one bit for a match."
)
_MOST_SOURCE_PAIRS = 30
_HARDLY_EVER = -3.0
"""A source whose own records are so many bits less often one person's than others are."""

_SMALL = 1e-3
"""Shares below this are written as powers of ten."""


@dataclass(frozen=True)
class ModelFacts:
    """A version of the linkage model, with when it was trained, how it stands, and which other versions are kept.

    ``is_proposed``: it waits beside the one in use. ``drift``: the last resolution's measures, of the version in use only.
    ``plan``: what taking it into use would change, or has changed, where that was worked out. ``quality``: how good its links
    are; None for a version that the scored pairs are not of.
    """

    model: TrainedModel
    trained_at: datetime
    is_in_use: bool
    other_versions: tuple[str, ...]
    is_proposed: bool = False
    drift: pl.DataFrame = field(default_factory=DRIFT.empty)
    plan: PlanFacts | None = None
    pinned_by: str | None = None
    quality: Quality | None = None

    @property
    def state(self) -> str:
        """How the version stands, in words."""
        if self.is_in_use:
            return "in use" + (f", chosen by {self.pinned_by}" if self.pinned_by else "")
        return "proposed, not in use" if self.is_proposed else "not in use"


class NoSuchModelError(LookupError):
    """There is no such version of the linkage model. Says which there are."""


def model_facts(
    lake: Lake,
    policy: LinkagePolicy,
    version: str | None = None,
    pinned_by: str | None = None,
    known: pl.DataFrame | None = None,
) -> ModelFacts:
    """The version in use, or the one whose name begins with ``version``.

    ``pinned_by``: who chose the one in use; ``known``: pairs of records that were judged.

    Raises :class:`NoSuchModelError` where there is none such, or several.
    """
    require_made(lake, LINKAGE_MODEL)
    models, frequencies = lake.read(LINKAGE_MODEL), lake.read(TERM_FREQUENCIES)
    row = the_version(models, version)
    name = row["model_version"]
    model = in_use(
        models.filter(pl.col("model_version") == name).with_columns(is_in_use=pl.lit(True)), frequencies, policy
    )
    assert model is not None  # the one row is marked as in use
    others = models.filter(pl.col("model_version") != name).sort("trained_at", descending=True)["model_version"]
    measured = newest(lake.read_or_empty(DRIFT)).filter(pl.col("model_version") == name)
    return ModelFacts(
        model,
        row["trained_at"],
        bool(row["is_in_use"]),
        tuple(others),
        is_proposed=bool(row["is_proposed"]),
        drift=measured,
        plan=plan_facts(lake, name),
        pinned_by=pinned_by if row["is_in_use"] else None,
        quality=_quality(lake, model, known),
    )


def _quality(lake: Lake, model: TrainedModel, known: pl.DataFrame | None) -> Quality | None:
    if not (lake.exists(SCORED_PAIRS) and lake.exists(PROFILE_MEMBERS)):
        return None
    pairs = lake.read(SCORED_PAIRS)
    if pairs.is_empty() or pairs["model_version"][0] != model.model_version:
        return None
    members = lake.read(PROFILE_MEMBERS)
    labelled = no_labelled_pairs() if known is None else labelled_pairs(known, members)
    return quality(pairs, members, labelled, model)


def the_version(models: pl.DataFrame, version: str | None) -> dict[str, Any]:
    """The row of ``candidate_links/linkage_model`` that is in use, or whose name begins with ``version``.

    Raises :class:`NoSuchModelError` where there is none such, or several.
    """
    wanted = pl.col("is_in_use") if version is None else pl.col("model_version").str.starts_with(version)
    found = models.filter(wanted)
    if found.height != 1:
        there = ", ".join(models.sort("trained_at", descending=True)["model_version"])
        raise NoSuchModelError(
            f"{'no' if found.is_empty() else 'more than one'} model version begins so; there are: {there}"
        )
    return found.row(0, named=True)


def model_text(found: ModelFacts, width: int) -> str:
    """The whole model for a terminal."""
    model, content = found.model, found.model.content
    parts = [
        f"{heading(f'Linkage model {model.model_version}')}\n{facts(_at_a_glance(found), width)}",
        *([plan_text(found.plan, width)] if found.plan and not found.is_in_use else []),
        *([drift_text(found.drift, width)] if found.is_in_use and found.drift.height else []),
        f"{heading('What is compared')}\n{_comparisons(content, width)}",
        f"{heading('What each level proves')}\n{_levels(model.parameters, width)}\n\n{paragraph(_BITS, width)}",
        f"{heading('How candidate pairs are found')}\n{_blocking(content, width)}",
    ]
    if model.parameters.sources:
        told = f"{_by_sources(model.parameters, width)}\n\n{paragraph(_SOURCES, width)}"
        parts.insert(-1, f"{heading('What is believed of records of two sources')}\n{told}")
    if found.quality is not None:
        parts.insert(1, f"{heading('How good its links are')}\n{_good(found.quality, width)}")
    if model.own_keys:
        parts.append(f"{heading('What agreeing on a key of one person is worth')}\n{facts(_own_keys(model), width)}")
    if model.notes:
        parts.append(f"{heading('Left to the prior, or left out')}\n{bullets(model.notes, width)}")
    return "\n\n".join(parts)


def model_as_json(found: ModelFacts) -> dict[str, Any]:
    """The same for programs: parameters per comparison and level, comparisons, blocking, thresholds, notes."""
    model, content = found.model, found.model.content
    return {
        "model_version": model.model_version,
        "trained_at": found.trained_at.isoformat(),
        "is_in_use": found.is_in_use,
        "is_proposed": found.is_proposed,
        "pinned_by": found.pinned_by,
        "due_because": why_drifted(found.drift),
        "drift": drift_as_json(found.drift),
        "plan": found.plan.as_json() if found.plan else None,
        "trained_profiles": model.trained_profiles,
        "accept": {"probability": model.policy.accepted_from(), "weight": model.accept_weight},
        "review": {"probability": model.policy.reviewed_from(), "weight": model.review_weight},
        "matches": model.parameters.matches,
        "households": model.parameters.households,
        "colleagues": model.parameters.colleagues,
        "sharing": model.parameters.sharing,
        "namesakes": model.parameters.namesakes,
        "sources": [
            {"sources": list(pair), "match_bits": bits.match, "household_bits": bits.household}
            for pair, bits in sorted(model.parameters.sources.items())
        ],
        "comparisons": content["comparisons"],
        "levels": _level_rows(model.parameters),
        "blocking": content["blocking"],
        "own_keys": model.own_keys,
        "calibration": model.calibration.as_dict(),
        "quality": None if found.quality is None else _quality_as_json(found.quality),
        "notes": list(model.notes),
        "other_versions": list(found.other_versions),
    }


def _at_a_glance(found: ModelFacts) -> list[tuple[str, object]]:
    model, policy = found.model, found.model.policy
    accepted = f"probability {probability(policy.accepted_from())} ({model.accept_weight:+.2f} bits)"
    because = (
        "set in policies/linkage.yaml"
        if policy.accept_probability is not None
        else f"a false merge costs {policy.false_merge_cost:g} times a missed one"
    )
    return [
        ("state", found.state),
        ("trained", f"{moment(found.trained_at)}, on {plural(model.trained_profiles, 'linkage profile')}"),
        ("accepted from", f"{accepted}: {because}"),
        (
            "kept for review from",
            f"probability {probability(policy.reviewed_from())} ({model.review_weight:+.2f} bits)",
        ),
        *_judged(model),
        ("two random profiles are", f"one person once in {1 / model.parameters.matches:,.0f} pairs"),
        ("", f"of one household once in {1 / model.parameters.households:,.0f} pairs"),
        *_colleagues(model),
        *_namesakes(model),
        ("other versions kept", ", ".join(found.other_versions) or "none"),
    ]


def _colleagues(model: TrainedModel) -> list[tuple[str, object]]:
    """How many pairs are of one company, or of others who share a key, where the model can tell."""
    parameters = model.parameters
    told = (("of one company", parameters.colleagues), ("of others who share a key", parameters.sharing))
    return [("", f"{who} once in {1 / share:,.0f} pairs") for who, share in told if share]


def _namesakes(model: TrainedModel) -> list[tuple[str, object]]:
    """How far names go together, where the model compares both and they do."""
    times = model.parameters.namesakes
    return (
        [("namesakes", f"strangers agree on both names {times:.1f} times as often as by chance")] if times > 1.0 else []
    )


def _judged(model: TrainedModel) -> list[tuple[str, object]]:
    calibration = model.calibration
    if not calibration.judged:
        return []
    moved = f"weights times {calibration.stretch:.2f}, {calibration.shift:+.2f} bits"
    return [("learned from judgements", f"{plural(round(calibration.judged), 'judged pair')}: {moved}")]


def _good(found: Quality, width: int) -> str:
    """Estimated precision and recall with intervals, who says so, and the strata behind them."""
    measures = (
        ("accepted links that are right", found.precision),
        ("right pairs accepted, of those proposed", found.proposed_recall),
        ("right pairs accepted, of all", found.recall),
    )
    rows = [
        (says, _of_one(share.estimate), f"{_of_one(share.low)} to {_of_one(share.high)}")
        for says, share in measures
        if share is not None
    ]
    strata = [
        (s.name, s.pairs, f"{s.expected / s.pairs:.3f}", s.judged, f"{s.same / s.judged:.3f}" if s.judged else None)
        for s in found.strata
    ]
    said = _BY_MODEL if found.is_by_model else _BY_JUDGED
    return "\n\n".join(
        (
            table(("share of pairs", "estimate", "in 95 of 100 cases"), rows, width),
            table(("stratum", "pairs", "model expects", "judged", "same"), strata, width),
            paragraph(said.format(judged=plural(found.judged, "judged pair"), least=LEAST_JUDGED), width),
        )
    )


def _of_one(share: float) -> str:
    """Three digits; never rounded up to a perfect score."""
    return f"{share:.3f}" if share == 1 else f"{min(share, 0.999):.3f}"


def _quality_as_json(found: Quality) -> dict[str, Any]:
    return {
        "is_by_model": found.is_by_model,
        "judged": found.judged,
        "precision": found.precision and asdict(found.precision),
        "recall_of_proposed": found.proposed_recall and asdict(found.proposed_recall),
        "recall": found.recall and asdict(found.recall),
        "strata": [asdict(stratum) for stratum in found.strata],
    }


def _comparisons(content: Mapping[str, Any], width: int) -> str:
    rows = [(row["name"].replace("_", " "), row["is_used"], row["reason"]) for row in content["comparisons"]]
    return table(("comparison", "used", "why"), rows, width)


def _level_rows(parameters: Parameters) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for comparison in used_comparisons(parameters):
        shares = parameters.shares[comparison.name]
        for at, level in enumerate(comparison.scored):
            bits = math.log2(shares.m[at] / shares.u[at])
            rows.append(
                {"comparison": comparison.name, "level": level.name, "m": shares.m[at], "u": shares.u[at], "bits": bits,
                 "by_frequency_of_the_value": level.tf is not None}
            )  # fmt: skip
    return rows


def _levels(parameters: Parameters, width: int) -> str:
    rows = []
    for row in _level_rows(parameters):
        level = f"{row['level']} (by frequency)" if row["by_frequency_of_the_value"] else row["level"]
        name = row["comparison"].replace("_", " ")
        rows.append((name, level, _share(row["m"]), _share(row["u"]), f"{row['bits']:+.2f}"))
    return table(("comparison", "level", "m", "u", "bits"), rows, width)


def _by_sources(parameters: Parameters, width: int) -> str:
    known = parameters.sources
    telling = furthest_first(known)[:_MOST_SOURCE_PAIRS]
    rows = [
        (" and ".join(dict.fromkeys(pair)), f"{known[pair].match:+.2f}", f"{known[pair].household:+.2f}")
        for pair in sorted(telling)
    ]
    said = [table(("sources", "one person", "one household"), rows, width)]
    if len(telling) < len(known):
        said.append(f"(those furthest from the whole, of {plural(len(known), 'pair')} of sources)")
    once = [one for one, other in telling if one == other and known[one, other].match <= _HARDLY_EVER]
    if once:
        told = f"{', '.join(sorted(once))}: hardly ever a person twice. Where that is never, `one_row_per_person: true` in the contract says so."
        said.append(paragraph(told, width))
    return "\n\n".join(said)


def _share(share: float) -> str:
    return f"{share:.4f}" if share >= _SMALL else f"{share:.1e}"


def _blocking(content: Mapping[str, Any], width: int) -> str:
    rows = [
        (
            report["rule"],
            RULES[report["rule"]].joins if report["rule"] in RULES else None,
            report["pairs"],
            report["refined_blocks"],
            report["dropped_blocks"],
            report["dropped_pairs"],
        )
        for report in content["blocking"]
        if report["cap"]
    ]
    columns = ("rule", "profiles share", "pairs", "refined", "left out", "pairs lost")
    text = table(columns, rows, width, may_drop=("refined",))
    unused: dict[str, list[str]] = {}
    for report in content["blocking"]:
        if not report["cap"]:
            unused.setdefault(report["why_not"], []).append(report["rule"])
    not_used = [paragraph(f"Not used, {why}: {', '.join(rules)}", width) for why, rules in unused.items()]
    return "\n".join([text, *not_used])


def _own_keys(model: TrainedModel) -> list[tuple[str, object]]:
    return [
        (name, f"{probability(share)} of such pairs are one person") for name, share in sorted(model.own_keys.items())
    ]
