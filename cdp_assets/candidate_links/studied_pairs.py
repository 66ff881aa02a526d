"""The pairs that training looks at: candidates, random pairs, and records that say the same, of all profiles or of a sample of many, and how
many each stands for.

Deterministic: rows are sorted, samples are arithmetic hashes of the profile ids. What does not belong here: what is learned from them
(``estimation.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.at_home import Showing, showing
from cdp_assets.candidate_links.blocking import BLOCKING_RULES, Blocks
from cdp_assets.candidate_links.comparisons import Comparison
from cdp_assets.candidate_links.engine import LinkageEngine
from cdp_assets.candidate_links.frequencies import frequency_columns
from cdp_assets.candidate_links.hashing import are_drawn, mixed, of_pairs
from cdp_assets.candidate_links.levels import beside_left, levels
from cdp_assets.candidate_links.refinement import LabelledPairs
from cdp_assets.candidate_links.source_pairs import SourcePair, pairs_of_profiles, sources_of_pairs
from cdp_assets.candidate_links.weights import ComparedPairs, compared_pairs

# Pairs that EM looks at. Shares of a per mille are known to a tenth of themselves from 100,000 pairs, which small data
# can afford; larger data holds more frequencies worth knowing, and takes longer anyway.
MAX_CANDIDATES = 400_000
# Larger data is studied on a sample of so many profiles. Of its matches the sample holds the square of its share: of a million
# profiles that is one match in twenty-five, tens of thousands.
STUDIED_PROFILES = 200_000
MIN_RANDOM_PAIRS = 100_000
RANDOM_PAIRS_PER_PROFILE = 20
MAX_RANDOM_PAIRS = 500_000


@dataclass(frozen=True)
class TrainingData:
    """Compared candidate pairs with the rules that found them, random pairs, and how many pairs each stands for.

    ``same``: records that say the same, as pairs of a profile with itself, and ``same_rules``, the rules that would find them. ``all_pairs``
    are those of the profiles studied, ``pairs_of_sources`` the same by pair of sources, ``showing`` how many of them can show a household;
    ``profiles`` counts all profiles that the model is for; ``labelled``: pairs whose answer is known.
    """

    candidates: ComparedPairs
    rules: npt.NDArray[np.int64]
    candidates_stand_for: float
    random: ComparedPairs
    same: ComparedPairs
    same_rules: npt.NDArray[np.int64]
    all_pairs: float
    profiles: int
    labelled: LabelledPairs | None = None
    pairs_of_sources: Mapping[SourcePair, float] = field(default_factory=dict)
    showing: Showing = field(default_factory=Showing)

    @property
    def candidates_stand_for_in_all(self) -> float:
        """Pairs of all profiles, not only of those studied, that each of the candidates stands for."""
        return self.candidates_stand_for * pair_count(self.profiles) / self.all_pairs


def training_data(
    frame: pl.DataFrame,
    tf_columns: pl.DataFrame,
    blocks: Blocks,
    comparisons: list[Comparison],
    engine: LinkageEngine,
    profiles: int,
    of_several: pl.Series,
    labelled: LabelledPairs | None,
) -> TrainingData:
    """The pairs of ``frame``, the profiles studied, of all so many ``profiles``; their term frequencies stand beside them (``tf_columns``).

    ``of_several``: ids of the profiles that several records have.
    """
    sample = trained_on(blocks.pairs)
    rate = 1.0
    if len(sample) > MAX_CANDIDATES:
        rate = MAX_CANDIDATES / len(sample)
        sample = _drawn(sample, rate)
    candidates = compared_with(frame, tf_columns, sample, comparisons, engine)
    count = len(frame)
    at_most = min(max(MIN_RANDOM_PAIRS, RANDOM_PAIRS_PER_PROFILE * count), MAX_RANDOM_PAIRS)
    random = compared_with(frame, tf_columns, random_pairs(frame.get_column("unique_id"), at_most), comparisons, engine)
    # Of pairs a sample holds the square of its share, of profiles the share itself.
    both = of_several.filter(of_several.is_in(frame.get_column("unique_id").implode()))
    alike = _drawn(pl.DataFrame({"id_l": both, "id_r": both}), rate * count / profiles)
    same = compared_with(frame, tf_columns, alike, comparisons, engine)
    pairs_of_sources = pairs_of_profiles(frame.get_column("sources"))
    return TrainingData(
        candidates=candidates,
        rules=sample.sort("id_l", "id_r").get_column("rules").to_numpy(),
        candidates_stand_for=1.0 / rate,
        random=random,
        same=same,
        same_rules=_rules_of_the_same(same),
        all_pairs=pair_count(count),
        profiles=profiles,
        labelled=labelled,
        pairs_of_sources=pairs_of_sources,
        showing=showing(frame, comparisons, pairs_of_sources),
    )


def _drawn(pairs: pl.DataFrame, share: float) -> pl.DataFrame:
    """A ``share`` of the pairs, each by its ids alone."""
    if share >= 1.0:
        return pairs
    lot = of_pairs(pairs.get_column("id_l"), pairs.get_column("id_r"))
    return pairs.filter(pl.Series(are_drawn(lot, share)))


def _rules_of_the_same(pairs: ComparedPairs) -> npt.NDArray[np.int64]:
    """The rules (a bit for each) that find pairs which agree on all that they tell: those whose comparisons they have something for."""
    rules = np.zeros(len(pairs), dtype=np.int64)
    for bit, rule in enumerate(BLOCKING_RULES):
        if rule.joins_on_something and set(rule.agrees_on) <= pairs.gammas.keys():
            tells_all = np.logical_and.reduce([pairs.gammas[name] >= 0 for name in rule.agrees_on])
            rules |= tells_all.astype(np.int64) << bit
    return rules


def compared(
    frame: pl.DataFrame,
    frequencies: pl.DataFrame,
    pairs: pl.DataFrame,
    comparisons: list[Comparison],
    engine: LinkageEngine,
) -> ComparedPairs:
    """Levels and term frequencies of ``pairs`` (``id_l``, ``id_r``), sorted by them. ``frame`` is sorted by ``unique_id``."""
    return compared_with(frame, frequency_columns(frame, frequencies), pairs, comparisons, engine)


def compared_with(
    frame: pl.DataFrame,
    tf_columns: pl.DataFrame,
    pairs: pl.DataFrame,
    comparisons: list[Comparison],
    engine: LinkageEngine,
) -> ComparedPairs:
    """:func:`compared`, where the term frequencies stand beside the profiles already (:func:`frequency_columns`)."""
    ordered = pairs.select("id_l", "id_r").sort("id_l", "id_r")
    found = levels(frame, ordered, comparisons, engine)
    # They are counted and looked up in every round of estimation.
    found = found.with_columns(pl.col("^gamma_.*$").cast(pl.Int64))
    return compared_pairs(beside_left(found, tf_columns), comparisons, sources_of_pairs(frame, found))


def trained_on(pairs: pl.DataFrame) -> pl.DataFrame:
    """The candidate pairs that some rule finds which joins on something.

    All pairs of small data are worth scoring, but nearly all are strangers: among so many, EM finds classes of its own (measured: tenants
    of one building, people of one town).
    """
    joining = sum(1 << bit for bit, rule in enumerate(BLOCKING_RULES) if rule.joins_on_something)
    found = pl.col("rules").and_(joining)
    return pairs.with_columns(found.alias("rules")).filter(pl.col("rules") != 0)


def studied_of(frame: pl.DataFrame) -> pl.DataFrame:
    """All profiles, or of many the sample that EM looks at; which one is in it depends on its id alone."""
    if len(frame) <= STUDIED_PROFILES:
        return frame
    lots = mixed(frame.get_column("unique_id").to_numpy())
    return frame.filter(pl.Series(are_drawn(lots, STUDIED_PROFILES / len(frame))))


def random_pairs(ids: pl.Series, at_most: int) -> pl.DataFrame:
    """Random pairs of ``ids``: all of them where they are few, else each id with its neighbours in a hashed order."""
    values = ids.sort().to_numpy()
    order = values[np.argsort(mixed(values), kind="stable")]
    count = len(order)
    shifts = min(max(at_most // max(count, 1), 1), (count - 1) // 2 if count > 2 else 1)
    left = np.concatenate([order] * shifts) if count > 1 else order[:0]
    right = np.concatenate([np.roll(order, -k) for k in range(1, shifts + 1)]) if count > 1 else order[:0]
    pairs = pl.DataFrame(
        {"id_l": np.minimum(left, right), "id_r": np.maximum(left, right)}, schema={"id_l": pl.Int64, "id_r": pl.Int64}
    )
    return pairs.head(at_most).unique().sort("id_l", "id_r")


def pair_count(count: int) -> float:
    """Pairs of so many profiles; at least one, to divide by."""
    return max(count * (count - 1) / 2.0, 1.0)
