"""What pairs with a known answer add to training: certain members of their class, weighed against how they were chosen.

Judged pairs come from a review queue: they are the doubtful ones, and shares counted over them alone (as Splink's
``estimate_m_from_pairwise_labels`` does) would say that people hardly ever agree with themselves. So all candidate pairs are
parted into strata by match weight, and labels speak for their own stratum only:

* the share of matches in a stratum is that of the model, blended with that of the labels;
* how those matches spread over the levels of a comparison is that of the model, blended with that of the labelled matches;
* a stratum without labels stays as the model has it, and a labelled pair is certain, whatever the model thinks of it.

The blend is by count: ``WORTH_OF_MODEL`` labels in a stratum say as much as the model does there.

What does not belong here: EM itself (``estimation.py``), the probability of a weight (``calibration.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cdp_assets.candidate_links.weights import ComparedPairs, Floats, Levels, Parameters, match_weights

# Lower ends of the strata, in bits: finer where a pair is in doubt.
STRATA_FROM = (-12.0, -8.0, -6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 7.0, 10.0, 15.0, 20.0)
WORTH_OF_MODEL = 30.0

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelledPairs:
    """Compared candidate pairs whose answer is known; ``share``: how many judgements each is worth."""

    pairs: ComparedPairs
    rules: Numbers
    is_same: npt.NDArray[np.bool_]
    share: Floats


@dataclass(frozen=True)
class Refinement:
    """Strata of the candidates and of the labelled pairs under one model, and which candidates are labelled themselves.

    ``known``: per candidate, 1 (same), 0 (different) or -1.
    """

    labelled: LabelledPairs
    of_candidates: Numbers
    of_labelled: Numbers
    known: Numbers

    @classmethod
    def under(
        cls, parameters: Parameters, labelled: LabelledPairs, candidates: ComparedPairs, known: Numbers
    ) -> Refinement:
        """Strata by the weights that ``parameters`` give."""
        return cls(
            labelled,
            _stratum(match_weights(candidates, parameters)),
            _stratum(match_weights(labelled.pairs, parameters)),
            known,
        )

    def corrected(self, of_match: Floats) -> Floats:
        """Probabilities of a match per candidate, moved so that each stratum has about the share of matches that labels and model say."""
        certain = np.where(self.known >= 0, self.known.astype(np.float64), of_match)
        pairs, expected = self._per_stratum(np.ones(len(of_match))), self._per_stratum(certain)
        judged = self._per_stratum_labelled(np.ones(len(self.labelled.share)))
        same = self._per_stratum_labelled(self.labelled.is_same.astype(np.float64))
        model = expected / np.maximum(pairs, 1.0)
        blended = (same + WORTH_OF_MODEL * model) / (judged + WORTH_OF_MODEL)
        # Odds, not probabilities, are multiplied: none passes one.
        ratio = _odds(blended) / _odds(model)
        changed = np.where(judged > 0, ratio, 1.0)[self.of_candidates] * _odds(certain)
        return np.where(self.known >= 0, certain, changed / (1.0 + changed))

    def level_counts(
        self,
        name: str,
        levels: int,
        gamma: Levels,
        of_match: Floats,
        blind: npt.NDArray[np.bool_],
        blind_labelled: npt.NDArray[np.bool_],
    ) -> Floats:
        """Matches per level of a comparison, best first: in each stratum as labelled matches and model say.

        ``gamma`` and ``of_match`` are of the candidates; the ``blind`` ones were found by a rule that does not join on it.
        """
        labelled_gamma = self.labelled.pairs.gammas[name]
        seen, judged = blind & (gamma >= 0), blind_labelled & (labelled_gamma >= 0) & self.labelled.is_same
        model = _table(self.of_candidates[seen], gamma[seen], of_match[seen], levels)
        told = _table(self.of_labelled[judged], labelled_gamma[judged], self.labelled.share[judged], levels)
        total = model.sum(axis=1, keepdims=True)
        shares = model / np.maximum(total, 1e-12)
        blended = (told + WORTH_OF_MODEL * shares) / (told.sum(axis=1, keepdims=True) + WORTH_OF_MODEL)
        return np.asarray((total * blended).sum(axis=0)[::-1], dtype=np.float64)

    def _per_stratum(self, values: Floats) -> Floats:
        return _summed(self.of_candidates, values)

    def _per_stratum_labelled(self, values: Floats) -> Floats:
        return _summed(self.of_labelled, values * self.labelled.share)


def _stratum(weights: Floats) -> Numbers:
    return np.searchsorted(np.asarray(STRATA_FROM), weights, side="right").astype(np.int64)


def _summed(strata: Numbers, values: Floats) -> Floats:
    return np.bincount(strata, weights=values, minlength=len(STRATA_FROM) + 1).astype(np.float64)


def _odds(share: Floats) -> Floats:
    kept = np.clip(share, 1e-9, 1.0 - 1e-9)
    return np.asarray(kept / (1.0 - kept), dtype=np.float64)


def _table(strata: Numbers, gamma: Levels, weight: Floats, levels: int) -> Floats:
    """Weighted pairs per stratum and level number."""
    count = len(STRATA_FROM) + 1
    flat = np.bincount(strata * levels + gamma, weights=weight, minlength=count * levels)
    return np.asarray(flat.reshape(count, levels), dtype=np.float64)
