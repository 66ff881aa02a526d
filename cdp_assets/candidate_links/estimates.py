"""How many of the accepted links are right, and how many of the right pairs are accepted: estimated, with intervals.

Without judged pairs the model speaks for itself: the sum of its probabilities, with an interval for how far off models without
labels are (``calibration.py``). With a judged sample (``sampling.py``) each stratum counts what the judged pairs of it show,
as often as it has pairs (Horvitz and Thompson 1952). The interval of a share in one stratum is Wilson's (1927), that of
a sum over strata is put together from those (Zou and Donner 2008).

Links, not customers: clusters reach many pairs by way of other records, and overrule some links. Recall is of the pairs
that blocking proposed; beside it stands the recall of all pairs, with the estimate of what blocking lost, and both lean on the model
for the pairs below the review weight, which are not kept.

What does not belong here: accuracy against known truth (``evaluation``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import polars as pl

from cdp_assets.candidate_links.decisions import ACCEPTED
from cdp_assets.candidate_links.expected import Expected
from cdp_assets.candidate_links.sampling import Stratum, judged_sample, strata, with_strata
from cdp_assets.candidate_links.trained_model import TrainedModel

LEAST_JUDGED = 30
"""Fewer judged pairs of the sample than this say less than the model does: then the model speaks."""

_Z = 1.959964  # intervals hold in 95 of 100 cases
_BITS_PER_SPREAD = 2.0


@dataclass(frozen=True)
class Share:
    """An estimated share with the interval in which it lies in 95 of 100 cases."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Quality:
    """Precision and recall of the accepted links. ``judged``: pairs of the sample that have been judged.

    ``is_by_model``: nobody has judged enough, the model speaks for itself. ``proposed_recall``: of the pairs that blocking
    proposed; ``recall``: of all, those that it lost included. ``drawn``: the judged pairs of the sample (``judged_sample``).
    ``unseen``: expected matches that were never proposed, or are below the review weight.
    """

    precision: Share | None
    proposed_recall: Share | None
    recall: Share | None
    is_by_model: bool
    judged: int
    strata: tuple[Stratum, ...]
    drawn: pl.DataFrame
    unseen: float = 0.0


def quality(
    scored_pairs: pl.DataFrame, profile_members: pl.DataFrame, labelled: pl.DataFrame, model: TrainedModel
) -> Quality:
    """Estimate from ``candidate_links/scored_pairs``, the judged pairs (``labels.labelled_pairs``) and the model itself."""
    placed = with_strata(scored_pairs, profile_members)
    drawn = judged_sample(placed, labelled)
    found = strata(placed, drawn)
    judged = sum(stratum.judged for stratum in found)
    if not any(stratum.is_accepted for stratum in found):
        return Quality(None, None, None, judged < LEAST_JUDGED, judged, tuple(found), drawn)
    if judged < LEAST_JUDGED:
        precision, proposed, all_pairs = _by_model(placed, model)
        return Quality(precision, proposed, all_pairs, True, judged, tuple(found), drawn)
    below, lost = _unseen(sum(stratum.expected for stratum in found), model)
    right, missed = _matches([s for s in found if s.is_accepted]), _matches([s for s in found if not s.is_accepted])
    accepted = sum(stratum.pairs for stratum in found if stratum.is_accepted)
    return Quality(
        precision=Share(*(value / accepted for value in right)),
        proposed_recall=_recall(right, missed, below),
        recall=_recall(right, missed, below + lost),
        is_by_model=False,
        judged=judged,
        strata=tuple(found),
        drawn=drawn,
        unseen=below + lost,
    )


def by_threshold(drawn: pl.DataFrame, unseen: float = 0.0) -> pl.DataFrame:
    """Precision and recall of all pairs from a match weight on, for every weight among ``drawn``: ``match_weight``,
    ``precision``, ``recall``.

    ``drawn``: pairs with ``match_weight``, ``is_same`` and ``stands_for``; ``unseen``: matches that are not among them.
    """
    same = pl.col("stands_for") * pl.col("is_same").cast(pl.Float64)
    summed = (
        drawn.group_by("match_weight")
        .agg(pl.col("stands_for").sum().alias("pairs"), same.sum().alias("same"))
        .sort("match_weight", descending=True)
        .with_columns(pl.col("pairs", "same").cum_sum())
    )
    total = float(drawn.select(same.sum()).item() or 0.0) + unseen
    return summed.select(
        "match_weight",
        (pl.col("same") / pl.col("pairs")).alias("precision"),
        (pl.col("same") / max(total, 1e-12)).alias("recall"),
    ).sort("match_weight")


def wilson(same: int, judged: int) -> tuple[float, float]:
    """Wilson's interval of a share of ``same`` in ``judged``; all of it where nothing is known."""
    if not judged:
        return 0.0, 1.0
    share, z2 = same / judged, _Z * _Z
    middle = (share + z2 / (2 * judged)) / (1 + z2 / judged)
    half = _Z * sqrt(share * (1 - share) / judged + z2 / (4 * judged * judged)) / (1 + z2 / judged)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _matches(found: Sequence[Stratum]) -> tuple[float, float, float]:
    """Matches in strata together: estimate and interval. A stratum that was judged whole is known, not estimated."""
    estimate = below = above = 0.0
    for stratum in found:
        share = stratum.same / stratum.judged if stratum.judged else stratum.expected / stratum.pairs
        low, high = wilson(stratum.same, stratum.judged)
        left_out = sqrt(max(1 - stratum.judged / stratum.pairs, 0.0))
        estimate += stratum.pairs * share
        below += (stratum.pairs * (share - low) * left_out) ** 2
        above += (stratum.pairs * (high - share) * left_out) ** 2
    most = float(sum(stratum.pairs for stratum in found))
    return estimate, max(estimate - sqrt(below), 0.0), min(estimate + sqrt(above), most)


def _recall(right: tuple[float, float, float], missed: tuple[float, float, float], unseen: float) -> Share | None:
    """Recall from matches accepted, matches not accepted, and those that were never scored or kept.

    The interval takes both ends at their worst, which is wider than need be.
    """

    def of(found: float, lost: float) -> float:
        return found / (found + lost + unseen) if found + lost + unseen else 1.0

    return Share(of(right[0], missed[0]), of(right[1], missed[2]), of(right[2], missed[1]))


def _unseen(kept: float, model: TrainedModel) -> tuple[float, float]:
    """Expected matches below the review weight, and never proposed, for ``kept`` expected matches among scored pairs.

    As shares of what training saw: the data may have grown since.
    """
    known: Expected = model.expected
    under = known.below(model.review_weight)
    above = known.proposed - under
    grown = kept / above if above > 0 else 0.0
    return under * grown, known.never_proposed * grown


def _by_model(scored_pairs: pl.DataFrame, model: TrainedModel) -> tuple[Share, Share, Share]:
    """The model's own word, at its weights and at weights that are as much too high or too low as is usual."""
    chance = np.clip(scored_pairs.get_column("match_probability").to_numpy(), 1e-12, 1 - 1e-12)
    bits = np.log2(chance / (1 - chance))
    accepted = (scored_pairs.get_column("decision") == ACCEPTED).to_numpy()
    below, lost = _unseen(float(chance.sum()), model)

    def at(moved: float) -> tuple[float, float, float]:
        likely = 1 / (1 + np.exp2(-(bits + moved)))
        right, missed = float(likely[accepted].sum()), float(likely[~accepted].sum())
        # What lies below the review weight is more or less likely by as much.
        under = below * 2.0**moved
        return right / int(accepted.sum()), right / (right + missed + under), right / (right + missed + under + lost)

    reach = _BITS_PER_SPREAD * model.calibration.spread
    middle, less, more = at(0.0), at(-reach), at(reach)
    shares = [
        Share(middle[which], min(less[which], middle[which], more[which]), max(less[which], middle[which], more[which]))
        for which in range(3)
    ]
    return shares[0], shares[1], shares[2]
