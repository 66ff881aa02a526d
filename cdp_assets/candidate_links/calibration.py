"""How far to trust the model's weights: what judged pairs say of pairs as alike as they are.

A model that was trained without labels may be too sure or too careful. Pairs whose answer is known tell by how much: the
weight that decides is ``shift + stretch * weight`` of the comparisons (Platt 1999), with a prior that says "as the model has it".
It is a posterior mean over a grid, so that two judgements move it a little, two hundred as far as they say, and nothing can fail to
converge. It never turns the order of two pairs around.

Which pairs were judged may depend on their weight (a review queue shows the doubtful ones): the share of matches *at* a
weight is the same for all that, so no reweighting is needed here. It is needed for shares over all weights (``estimates.py``).

What does not belong here: the weights (``weights.py``) and which link is accepted (``decisions.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# How far off a model without labels is: the shift that known truth asks for is +1.4 to +4.0 bits on six labelled sets (root mean
# square 2.1), the logarithm of the stretch -0.15 to +0.3.
PRIOR_SHIFT_BITS = 2.0
PRIOR_LOG_STRETCH = 0.3
# One judgement in fifty is a slip, or concerns values that are not those of the person who was judged. Without it one odd
# judgement of a pair that weighs 20 bits would count as much as all others.
SLIPS = 0.02
# Shift and stretch are looked for within four standard deviations of the prior.
_GRID_SHIFT = np.linspace(-4 * PRIOR_SHIFT_BITS, 4 * PRIOR_SHIFT_BITS, 161)
_GRID_LOG_STRETCH = np.linspace(-4 * PRIOR_LOG_STRETCH, 4 * PRIOR_LOG_STRETCH, 49)
# Weights are looked at in quarters of a bit, and none beyond what no shift could make doubtful.
_STEPS_PER_BIT = 4
_FARTHEST_BITS = 40.0
DECIMALS = 4


@dataclass(frozen=True)
class Calibration:
    """``weight -> shift + stretch * weight``. ``judged``: the judgements that it was learned from (0: the model's own).

    ``spread``: how many bits the shift may still be off (one standard deviation).
    """

    shift: float = 0.0
    stretch: float = 1.0
    judged: float = 0.0
    spread: float = PRIOR_SHIFT_BITS

    @property
    def changes_nothing(self) -> bool:
        return self.shift == 0.0 and self.stretch == 1.0

    def apply(self, weights: Floats) -> Floats:
        """Weights that decide, from the sums of the comparisons' bits."""
        return weights if self.changes_nothing else self.shift + self.stretch * weights

    def before(self, weight: float) -> float:
        """The sum of the comparisons' bits that becomes this weight."""
        return (weight - self.shift) / self.stretch

    def as_dict(self) -> dict[str, float]:
        return {"shift": self.shift, "stretch": self.stretch, "judged": self.judged, "spread": self.spread}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Calibration:
        return cls(**data) if data else cls()


OF_MISSPELT = Calibration(shift=-PRIOR_SHIFT_BITS)
"""Of a model of data in which hardly any two values of one person are the same: trusted less, by as much as one in six is off. Of the links
that this leaves to review, three in five are right, which is less than is asked for; of those that twice as much would leave, four in five."""

OF_RELATIVES = Calibration(shift=-2.0 * PRIOR_SHIFT_BITS)
"""Of a model of data in which relatives are taken for one person: trusted less, by as much as one in twenty is off. Of the links that half
of it would accept beside those that are left, one in ten is right."""


def calibrate(weights: Floats, is_same: npt.NDArray[np.bool_], worth: Floats) -> Calibration:
    """Learn from pairs whose answer is known: their weights, answers, and how many judgements each is worth.

    Pairs that a named rule decides must not be among them: theirs is not the weight's decision.
    """
    if not len(weights):
        return Calibration()
    at, same, different = _binned(weights, is_same, worth)
    shifts, logs = np.meshgrid(_GRID_SHIFT, _GRID_LOG_STRETCH, indexing="ij")
    fit = -0.5 * ((shifts / PRIOR_SHIFT_BITS) ** 2 + (logs / PRIOR_LOG_STRETCH) ** 2)
    for weight, yes, no in zip(at, same, different, strict=True):
        odds = np.exp2(np.clip(shifts + np.exp(logs) * weight, -_FARTHEST_BITS, _FARTHEST_BITS))
        probability = SLIPS + (1.0 - 2.0 * SLIPS) * odds / (1.0 + odds)
        fit = fit + yes * np.log(probability) + no * np.log1p(-probability)
    belief = np.exp(fit - fit.max())
    belief /= belief.sum()
    shift = float((belief * shifts).sum())
    return Calibration(
        shift=round(shift, DECIMALS),
        stretch=round(float(np.exp((belief * logs).sum())), DECIMALS),
        judged=round(float(worth.sum()), DECIMALS),
        spread=round(float(np.sqrt((belief * (shifts - shift) ** 2).sum())), DECIMALS),
    )


def _binned(weights: Floats, is_same: npt.NDArray[np.bool_], worth: Floats) -> tuple[Floats, Floats, Floats]:
    """Distinct rounded weights, with how many judgements say same and different of each."""
    rounded = np.round(np.clip(weights, -_FARTHEST_BITS, _FARTHEST_BITS) * _STEPS_PER_BIT) / _STEPS_PER_BIT
    at, which = np.unique(rounded, return_inverse=True)
    same = np.bincount(which, weights=np.where(is_same, worth, 0.0), minlength=len(at))
    judged = np.bincount(which, weights=worth, minlength=len(at))
    return at, same.astype(np.float64), (judged - same).astype(np.float64)
