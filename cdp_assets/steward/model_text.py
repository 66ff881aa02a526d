"""The linkage model as text: what it compares and why, what each level proves, how candidates are found, and where it stops.

What does not belong here: training it (``candidate_links/training.py``) and drawing it (``candidate_links/pictures.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from cdp_assets.candidate_links.blocking import RULES
from cdp_assets.candidate_links.drift import newest, why_drifted
from cdp_assets.candidate_links.models import in_use
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.training import TrainedModel
from cdp_assets.candidate_links.weights import Parameters, used_comparisons
from cdp_assets.lake import Lake
from cdp_assets.steward.drift_text import drift_as_json, drift_text
from cdp_assets.steward.lookup import require_made
from cdp_assets.steward.plain_text import bullets, facts, heading, moment, paragraph, plural, probability, table
from cdp_assets.steward.plan_text import PlanFacts, plan_facts, plan_text
from cdp_assets.tables import DRIFT, LINKAGE_MODEL, TERM_FREQUENCIES

_BITS = (
    "m: share of pairs of one person that agree so far; u: share of pairs of strangers. Bits: log2(m / u), a doubling of "
    "the odds each. Where a level says so, the frequency of the very value stands in for u."
)
_SMALL = 1e-3
"""Shares below this are written as powers of ten."""


@dataclass(frozen=True)
class ModelFacts:
    """A version of the linkage model, with when it was trained, how it stands, and which other versions are kept.

    ``is_proposed``: it waits beside the one in use. ``drift``: the last resolution's measures, of the version in use only.
    ``plan``: what taking it into use would change, or has changed, where that was worked out.
    """

    model: TrainedModel
    trained_at: datetime
    is_in_use: bool
    other_versions: tuple[str, ...]
    is_proposed: bool = False
    drift: pl.DataFrame = field(default_factory=DRIFT.empty)
    plan: PlanFacts | None = None
    pinned_by: str | None = None

    @property
    def state(self) -> str:
        """How the version stands, in words."""
        if self.is_in_use:
            return "in use" + (f", chosen by {self.pinned_by}" if self.pinned_by else "")
        return "proposed, not in use" if self.is_proposed else "not in use"


class NoSuchModelError(LookupError):
    """There is no such version of the linkage model. Says which there are."""


def model_facts(
    lake: Lake, policy: LinkagePolicy, version: str | None = None, pinned_by: str | None = None
) -> ModelFacts:
    """The version in use, or the one whose name begins with ``version``. ``pinned_by``: who chose the one in use.

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
    )


def the_version(models: pl.DataFrame, version: str | None) -> dict[str, Any]:
    """The row of ``candidate_links/linkage_model`` that is in use, or whose name begins with ``version``.

    Raises :class:`NoSuchModelError` where there is none such, or several.
    """
    wanted = pl.col("is_in_use") if version is None else pl.col("model_version").str.starts_with(version)
    found = models.filter(wanted)
    if found.height != 1:
        known = ", ".join(models.sort("trained_at", descending=True)["model_version"])
        raise NoSuchModelError(
            f"{'no' if found.is_empty() else 'more than one'} model version begins so; there are: {known}"
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
        "comparisons": content["comparisons"],
        "levels": _level_rows(model.parameters),
        "blocking": content["blocking"],
        "own_keys": model.own_keys,
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
        ("two random profiles are", f"one person once in {1 / model.parameters.matches:,.0f} pairs"),
        ("", f"of one household once in {1 / model.parameters.households:,.0f} pairs"),
        ("other versions kept", ", ".join(found.other_versions) or "none"),
    ]


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
    untried = [report["rule"] for report in content["blocking"] if not report["cap"]]
    return f"{text}\nNot tried, the budget of pairs was spent: {', '.join(untried)}" if untried else text


def _own_keys(model: TrainedModel) -> list[tuple[str, object]]:
    return [
        (name, f"{probability(share)} of such pairs are one person") for name, share in sorted(model.own_keys.items())
    ]
