"""Score candidate pairs with a fixed model: same model and same values give the same weights, in any run.

Splink scores; what households and colleagues explain (``weights.py``) and the named rules (``decisions.py``) follow. The model carries its term
frequencies; a value that it has not seen counts as its rarest.

What does not belong here: training, and what becomes of accepted links (``identity_graph``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from cdp_assets.candidate_links.blocking import BLOCKING_RULES, key_columns, pairs_within, used_rules
from cdp_assets.candidate_links.calibration import Calibration
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.comparisons import DWELLING, FREQUENT_SOUNDS, KEY_COLUMNS, KEY_LEVELS
from cdp_assets.candidate_links.decisions import ACCEPTED, OWN_KEY, REVIEW, at, decide, has_own_key
from cdp_assets.candidate_links.engine import DuckDBEngine, LinkageEngine
from cdp_assets.candidate_links.frequencies import frequency_columns, has_other_letters
from cdp_assets.candidate_links.increments import touched
from cdp_assets.candidate_links.key_people import one_person_carries
from cdp_assets.candidate_links.levels import asked_frequencies, beside_left, levels
from cdp_assets.candidate_links.ordered import in_order, replaced
from cdp_assets.candidate_links.priors import MOST_SOURCE_BITS
from cdp_assets.candidate_links.reach import Reach
from cdp_assets.candidate_links.source_pairs import SourcesOfPairs, sources_of_pairs
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.weights import (
    Parameters,
    compared_pairs,
    dependent_comparisons,
    discounts,
    namesake_bits,
    probability,
    source_bits,
    used_comparisons,
)
from cdp_assets.tables import SCORED_PAIRS

# Pairs so many bits below the review weight can still be saved by a key of their own (OWN_KEY).
OWN_KEY_MARGIN = 12.0
ONE_ROW_PER_PERSON = "ONE_ROW_PER_PERSON"
# Weights are kept to a millionth of a bit: sums of floats differ in the last digits between machines.
WEIGHT_DECIMALS = 6


def score(profiles: pl.DataFrame, model: TrainedModel, engine: LinkageEngine | None = None) -> pl.DataFrame:
    """Score all candidate pairs of ``candidate_links/linkage_profiles``.

    Returns ``candidate_links/scored_pairs``: pairs from the review weight, and pairs that a rule accepts. Two profiles
    of one source that has one row per person are never accepted.
    """
    engine = engine or DuckDBEngine()
    if not used_comparisons(model.parameters) or len(profiles) < 2:
        return SCORED_PAIRS.empty()
    frame = comparable(profiles, unasked=_unasked(profiles, model))
    pairs = pairs_within(frame, model.policy, model.caps, with_places=True)
    return _scored(pairs, frame, Reach(in_order(profiles, "profile_id")), model, engine)


def _unasked(profiles: pl.DataFrame, model: TrainedModel) -> set[str]:
    """Columns that nobody asks for: the dwellings, where no frequency of one is known; the sounds of names, where no name is written in other
    letters, and no rule in use joins on them."""
    unasked = set() if (model.term_frequencies.get_column("field") == DWELLING).any() else {DWELLING}
    if not has_other_letters(profiles):
        unasked |= set(FREQUENT_SOUNDS) - key_columns(rule for _, rule, _ in used_rules(model.caps, model.policy))
    return unasked


def score_slice(
    profiles: pl.DataFrame, part: pl.Series, model: TrainedModel, engine: LinkageEngine | None = None
) -> pl.DataFrame:
    """The rows of :func:`score` with one of the profile ids ``part`` on a side.

    Candidates are found as for a full scoring, among all profiles, and not as ``increments.py`` finds them: this is what its results are
    audited with. Only those of the part are scored.
    """
    engine = engine or DuckDBEngine()
    if not used_comparisons(model.parameters) or len(profiles) < 2:
        return SCORED_PAIRS.empty()
    frame, wanted = comparable(profiles), part.unique().implode()
    pairs = pairs_within(frame, model.policy, model.caps)
    pairs = pairs.filter(pl.col("id_l").is_in(wanted) | pl.col("id_r").is_in(wanted))
    ends = pl.concat([pairs.get_column("id_l"), pairs.get_column("id_r")]).unique().to_frame("unique_id")
    return _scored(
        pairs,
        frame.join(ends, on="unique_id", how="semi", maintain_order="left"),
        Reach(in_order(profiles, "profile_id")),
        model,
        engine,
    )


class Rescored(NamedTuple):
    """Scored pairs, and how many profiles a change touched and pairs it made anew."""

    pairs: pl.DataFrame
    profiles_touched: int
    pairs_made: int


def rescore(
    profiles: pl.DataFrame,
    former_profiles: pl.DataFrame,
    former_pairs: pl.DataFrame,
    model: TrainedModel,
    engine: LinkageEngine | None = None,
) -> Rescored:
    """:func:`score` of ``profiles``, where ``former_pairs`` is what the same model gave for ``former_profiles``.

    Equal to scoring everything, row by row: only pairs that the change of the data can touch are made anew
    (``increments.py``).
    """
    engine = engine or DuckDBEngine()
    if not used_comparisons(model.parameters) or len(profiles) < 2:
        return Rescored(SCORED_PAIRS.empty(), 0, 0)
    change = touched(profiles, former_profiles, model, _unasked(profiles, model))
    ends = ("profile_id_l", "profile_id_r")
    stand = change.stand(*(former_pairs.get_column(end) for end in ends))
    anew = _scored(change.pairs, change.frame, change.reach, model, engine)
    pairs = replaced(former_pairs, stand, anew, *ends)
    return Rescored(SCORED_PAIRS.conform(pairs), len(change.profiles), len(change.pairs))


def _scored(
    pairs: pl.DataFrame, frame: pl.DataFrame, reach: Reach, model: TrainedModel, engine: LinkageEngine
) -> pl.DataFrame:
    """Candidate ``pairs``, in order, scored and decided; ``frame`` has the comparable columns of their profiles, ``reach`` is of all profiles."""
    if pairs.is_empty():
        return SCORED_PAIRS.empty()
    parameters = model.parameters
    comparisons = used_comparisons(parameters)
    compared = levels(frame, pairs, comparisons, engine).with_columns(pairs.get_column("rules"))
    asked = asked_frequencies(compared, comparisons, len(frame))
    scored = engine.weigh(
        beside_left(compared, frequency_columns(frame, model.term_frequencies, asked)),
        model.content["splink"],
        model.calibration.before(model.review_weight - OWN_KEY_MARGIN) - MOST_SOURCE_BITS,
    )
    sources = sources_of_pairs(frame, scored)
    weighed = with_discounts(scored, parameters, model.calibration, sources).select(pl.exclude("^tf_.*$"))
    decided = decide(
        weighed.with_columns(_is_one_persons(reach, frame, weighed, model)),
        model.accept_weight,
        model.review_weight,
        parameters.learned_from,
    )
    decided = _keep_rows_apart(decided, reach.profiles)
    found = decided.select(
        pl.col("id_l").alias("profile_id_l"),
        pl.col("id_r").alias("profile_id_r"),
        "match_weight",
        "household_bits",
        _probability(decided, model).alias("match_probability"),
        _found_by(decided.get_column("rules")).alias("found_by"),
        "decision",
        "reason",
        pl.lit(model.model_version).alias("model_version"),
    )
    return SCORED_PAIRS.conform(in_order(found, "profile_id_l", "profile_id_r"))


def _probability(decided: pl.DataFrame, model: TrainedModel) -> pl.Series:
    """Probability of the match weight; where OWN_KEY accepts, at least what agreeing on such a key has proved to be worth.

    The weight of such a pair says how little else there is to compare, not that anything speaks against it.
    """
    by_weight = pl.Series(probability(decided.get_column("match_weight").to_numpy()), dtype=pl.Float64)
    worth = [pl.when(at(decided, key, *KEY_LEVELS[key])).then(pl.lit(share)) for key, share in model.own_keys.items()]
    if not worth:
        return by_weight
    own_key = pl.when(pl.col("reason") == OWN_KEY.name).then(pl.max_horizontal(worth))
    return decided.select(pl.max_horizontal(pl.lit(by_weight), own_key)).to_series()


def with_discounts(
    scored: pl.DataFrame, parameters: Parameters, calibration: Calibration, sources: SourcesOfPairs | None = None
) -> pl.DataFrame:
    """Take what names that go together, households and colleagues explain off the weights that Splink gave, and add what the ``sources`` of the
    pairs let expect; trust them as far as labels say.

    ``household_bits``: how many bits the household, or the company, took off.
    """
    pairs = compared_pairs(scored, dependent_comparisons(parameters), sources)
    before = scored.get_column("match_weight").to_numpy() - namesake_bits(pairs, parameters)
    before += source_bits(pairs, parameters)[0]
    discount = discounts(pairs, parameters).total
    weights = calibration.apply(before - discount)
    found = {"match_weight": weights, "household_bits": calibration.apply(before) - weights}
    return scored.with_columns(
        pl.Series(name, bits, dtype=pl.Float64).round(WEIGHT_DECIMALS) for name, bits in found.items()
    )


def _is_one_persons(reach: Reach, frame: pl.DataFrame, weighed: pl.DataFrame, model: TrainedModel) -> pl.Series:
    """``is_one_persons``: whether one person only, by name, carries one of the e-mails, phones and identifiers that a pair agrees on.

    Told where it decides: of a pair that its weight does not accept and that nothing contradicts; false for all others. Keys of a kind that is
    nobody's own (``shared_keys.py``) do not count: what has no name would be one person's.
    """
    asked = weighed.select(has_own_key(weighed) & (pl.col("match_weight") < model.accept_weight)).to_series()
    pairs = weighed.select("at_l", "at_r", pl.col("^gamma_.*$")).filter(asked)
    ids, theirs = reach.profiles.get_column("profile_id").to_numpy(), frame.get_column("unique_id").to_numpy()
    rows = np.arange(len(ids)) if len(theirs) == len(ids) else np.searchsorted(ids, theirs)
    agreeing = {
        column: pairs.select(at(pairs, comparison, *KEY_LEVELS[comparison])).to_series().to_numpy()
        for comparison, column in KEY_COLUMNS.items()
        if comparison in model.own_keys
    }
    found = asked.to_numpy().copy()
    found[found] = one_person_carries(reach, rows[pairs.get_column("at_l")], rows[pairs.get_column("at_r")], agreeing)
    return pl.Series("is_one_persons", found)


def _keep_rows_apart(decided: pl.DataFrame, profiles: pl.DataFrame) -> pl.DataFrame:
    """Two rows of a one-row-per-person source are two people, says its contract."""
    source = profiles.select("profile_id", "source").drop_nulls("source")
    if source.is_empty():
        return decided
    sides = decided.join(source, left_on="id_l", right_on="profile_id", how="left", maintain_order="left").join(
        source, left_on="id_r", right_on="profile_id", how="left", suffix="_r", maintain_order="left"
    )
    apart = (pl.col("source") == pl.col("source_r")).fill_null(False) & (pl.col("decision") == ACCEPTED)
    return sides.with_columns(
        pl.when(apart).then(pl.lit(REVIEW)).otherwise(pl.col("decision")).alias("decision"),
        pl.when(apart).then(pl.lit(ONE_ROW_PER_PERSON)).otherwise(pl.col("reason")).alias("reason"),
    )


def _found_by(rules: pl.Series) -> pl.Series:
    """The first rule that found each pair: the lowest bit of its ``rules``."""
    bits = rules.to_numpy()
    first = np.log2(bits & -bits).astype(np.int64)  # powers of two, of which floats know the logarithms exactly
    return pl.Series([rule.name for rule in BLOCKING_RULES]).gather(first)
