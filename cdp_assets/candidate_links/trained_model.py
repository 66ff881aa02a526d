"""A trained version of the linkage model: what it holds, the settings that say it, and the name that its content gives it.

What does not belong here: how parameters come about (``training.py``), and which version scores (``models.py``).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import polars as pl

from cdp_assets.candidate_links.blocking import Caps, RuleReport
from cdp_assets.candidate_links.calibration import Calibration
from cdp_assets.candidate_links.comparisons import Choice, Comparison
from cdp_assets.candidate_links.expected import Expected
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.weights import DIGITS, Parameters, weight_of_probability


@dataclass(frozen=True)
class TrainedModel:
    """A trained version of the linkage model.

    ``settings``: JSON of the Splink settings (``splink``), the parameters of ``weights.py`` (``parameters``), the chosen comparisons and why
    (``comparisons``), what blocking did (``blocking``), what agreeing on a key is worth (``own_keys``), what labels say of the weights
    (``calibration``), and what it expects of itself (``expected``). ``term_frequencies``: ``field``, ``value``, ``frequency``.
    """

    model_version: str
    settings: str
    term_frequencies: pl.DataFrame
    fields: tuple[str, ...]
    accept_weight: float
    review_weight: float
    notes: tuple[str, ...]
    trained_profiles: int
    policy: LinkagePolicy

    @property
    def content(self) -> dict[str, Any]:
        return dict(json.loads(self.settings))

    @property
    def parameters(self) -> Parameters:
        return Parameters.from_dict(self.content["parameters"])

    @property
    def caps(self) -> dict[str, Caps]:
        """How large the blocks of each rule may be, by rule."""
        return {row["rule"]: Caps(row["cap"], row["finer_cap"]) for row in self.content["blocking"]}

    @property
    def filled(self) -> dict[str, float]:
        """The share of profiles that filled each comparison when the model was trained; empty where it did not keep that."""
        return {row["name"]: row["filled"] for row in self.content["comparisons"] if "filled" in row}

    @property
    def own_keys(self) -> dict[str, float]:
        """By kind of key that is somebody's own, how surely one is: see ``training.own_key_probabilities``."""
        return dict(self.content.get("own_keys", {}))

    @property
    def calibration(self) -> Calibration:
        """How far the weights are to be trusted: what labelled pairs said in training."""
        return Calibration.from_dict(self.content.get("calibration"))

    @property
    def expected(self) -> Expected:
        """How many matches the model expects at which weight, and how many that no blocking rule proposes."""
        return Expected.from_dict(self.content.get("expected"))


def model_of(
    profiles: pl.DataFrame,
    policy: LinkagePolicy,
    choices: list[Choice],
    frequencies: pl.DataFrame,
    reports: tuple[RuleReport, ...],
    parameters: Parameters,
    own_keys: dict[str, float],
    calibration: Calibration,
    promise: Expected,
    notes: list[str],
) -> TrainedModel:
    """The version that this training makes; what it was trained on and how many profiles there were does not name it, what it says does."""
    floors = {
        str(field): float(part.get_column("frequency").min())  # type: ignore[arg-type]
        for (field,), part in frequencies.partition_by("field", as_dict=True).items()
    }
    used = [choice.comparison for choice in choices if choice.is_used]
    content = {
        "splink": splink_settings(used, parameters, floors),
        "parameters": parameters.as_dict(),
        "own_keys": own_keys,
        "calibration": calibration.as_dict(),
        "expected": promise.as_dict(),
        "comparisons": [
            {
                "name": choice.comparison.name,
                "is_used": choice.is_used,
                "reason": choice.reason,
                "filled": float(f"{choice.filled:.{DIGITS}g}"),
            }
            for choice in choices
        ],
        "blocking": [vars(report) for report in reports],
        # When to train is no part of what was trained: another limit makes no other model.
        "policy": policy.model_dump(mode="json", exclude={"retrain"}),
    }
    notes += [
        f"{r.rule}: {r.dropped_blocks} blocks above {r.cap} records left out ({r.dropped_records} records, {r.dropped_pairs} pairs)"
        for r in reports
        if r.dropped_blocks
    ]
    for why in dict.fromkeys(report.why_not for report in reports if report.why_not):
        notes.append(f"{', '.join(report.rule for report in reports if report.why_not == why)}: not used, {why}")
    settings = json.dumps(content, sort_keys=True)
    digest = hashlib.sha256(settings.encode())
    digest.update(frequencies.write_csv().encode())
    return TrainedModel(
        model_version=digest.hexdigest()[:16],
        settings=settings,
        term_frequencies=frequencies,
        fields=tuple(c.name for c in used),
        accept_weight=weight_of_probability(policy.accepted_from()),
        review_weight=weight_of_probability(policy.reviewed_from()),
        notes=tuple(notes),
        trained_profiles=len(profiles),
        policy=policy,
    )


def splink_settings(comparisons: list[Comparison], parameters: Parameters, floors: dict[str, float]) -> dict[str, Any]:
    """Splink 5 settings that score as ``weights.match_weights`` does, but for the household discount."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "sql_dialect": "duckdb",
        "probability_two_random_records_match": parameters.matches,
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": True,  # or Splink drops the levels
        "retain_intermediate_calculation_columns": False,
        "comparisons": [
            c.as_splink(list(parameters.shares[c.name].m), list(parameters.shares[c.name].u), floors)
            for c in comparisons
        ],
    }
