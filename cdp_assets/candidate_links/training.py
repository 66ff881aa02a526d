"""Training without labels: comparisons are chosen, frequencies counted, pairs studied, parameters estimated, and rules kept that are worth
their pairs; all of it makes a version of the model (``trained_model.py``).

Deterministic, at any number of threads and in any order of rows. Pairs whose answer is known (``labels.py``) refine the parameters; then they
say how far the weights are to be trusted (``calibration.py``).

What does not belong here: what is compared (``comparisons.py``), the estimation itself (``estimation.py``), and the formula of a weight
(``weights.py``).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.candidate_links.blocking import Blocks, candidate_pairs, planned
from cdp_assets.candidate_links.calibration import OF_MISSPELT, OF_RELATIVES, Calibration, calibrate
from cdp_assets.candidate_links.comparable import comparable
from cdp_assets.candidate_links.comparisons import KEY_COLUMNS, Comparison, choose_comparisons
from cdp_assets.candidate_links.decisions import BY_WEIGHT, decide
from cdp_assets.candidate_links.engine import DuckDBEngine, LinkageEngine
from cdp_assets.candidate_links.estimation import estimate, of_match_and_home
from cdp_assets.candidate_links.expected import Expected, expected
from cdp_assets.candidate_links.frequencies import frequency_columns, term_frequencies
from cdp_assets.candidate_links.key_people import told_by_the_others
from cdp_assets.candidate_links.plausibility import rarely_exact
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.priors import OWN_KEY_FROM, PRIOR_OWN_KEY, PRIOR_OWN_KEY_PAIRS
from cdp_assets.candidate_links.refinement import LabelledPairs
from cdp_assets.candidate_links.shared_keys import found_shared, found_shared_at_work, told_of_sharing
from cdp_assets.candidate_links.studied_pairs import (
    TrainingData,
    compared,
    compared_with,
    studied_of,
    trained_on,
    training_data,
)
from cdp_assets.candidate_links.trained_model import TrainedModel, model_of
from cdp_assets.candidate_links.weights import (
    Parameters,
    match_weights,
    prior_parameters,
    used_comparisons,
    weight_of_probability,
)
from cdp_assets.candidate_links.worth import Worth, found_alone, matches_by_rule, wasteful_rules


def train(
    profiles: pl.DataFrame,
    policy: LinkagePolicy,
    engine: LinkageEngine | None = None,
    labelled: pl.DataFrame | None = None,
) -> TrainedModel:
    """Train on ``candidate_links/linkage_profiles``; works from a handful of profiles (then the priors stand).

    ``labelled``: pairs of profiles whose answer is known (``labels.labelled_pairs``), where there are any.
    """
    engine = engine or DuckDBEngine()
    frame = comparable(profiles)
    choices = choose_comparisons(frame)
    comparisons = [choice.comparison for choice in choices if choice.is_used]
    frequencies = term_frequencies(frame, comparisons)
    studied = studied_of(frame)
    blocks = candidate_pairs(studied, policy)
    reports = blocks.reports
    notes = [choice.reason for choice in choices if not choice.is_used and "same value" in choice.reason]
    if comparisons:
        known = _labelled(frame, frequencies, comparisons, engine, policy, labelled)
        tf_columns = frequency_columns(studied, frequencies)
        of_several = profiles.filter(pl.col("records") > 1).get_column("profile_id")
        data = training_data(studied, tf_columns, blocks, comparisons, engine, len(frame), of_several, known)
        estimated = estimate(data, comparisons)
        parameters = estimated.parameters
        notes += estimated.notes
        believed = prior_parameters(comparisons, parameters.matches, parameters.households)
        at_home, at_work = found_shared(believed, parameters), found_shared_at_work(parameters)
        notes += told_of_sharing(at_home, at_work)
        unshared = [comparison for comparison in comparisons if comparison.name not in at_home | at_work]
        own = own_key_probabilities(frame, unshared)
        own_keys = {name: share for name, share in own.items() if share >= OWN_KEY_FROM}
        notes += [
            f"{name}: of records that agree on one with records of one person, by name, {share:.0%} are that person's: it is nobody's own key"
            for name, share in own.items()
            if name not in own_keys
        ]
        if known is not None:
            calibration = calibrated(known, parameters, policy)
        elif rarely := rarely_exact(parameters, comparisons):
            calibration = OF_MISSPELT
            notes.append(f"{' and '.join(rarely)} of one person are rarely the same: links are accepted with more care")
        elif estimated.took_relatives:
            calibration = OF_RELATIVES
            notes.append("many relatives are as alike as one person's records: links are accepted with more care")
        else:
            calibration = Calibration()
        weights = calibration.apply(match_weights(data.candidates, parameters))
        if len(studied) < len(frame):
            worth = _worth(studied, tf_columns, blocks, data, parameters, engine, policy)
            reports = planned(frame, policy, worth)
        promise = expected(weights, data.rules, data.candidates_stand_for_in_all)
    else:
        own_keys, calibration, promise = {}, Calibration(), Expected()
        notes.append("no field is filled well enough to compare: no links are made")
        parameters = prior_parameters([], 1e-6, 1e-7)
    return model_of(profiles, policy, choices, frequencies, reports, parameters, own_keys, calibration, promise, notes)


def _labelled(
    frame: pl.DataFrame,
    frequencies: pl.DataFrame,
    comparisons: list[Comparison],
    engine: LinkageEngine,
    policy: LinkagePolicy,
    labelled: pl.DataFrame | None,
) -> LabelledPairs | None:
    """The candidate pairs whose answer is known, compared; None where there is none.

    Blocked among themselves: the sample that large data is studied on holds few of them.
    """
    if labelled is None or labelled.is_empty():
        return None
    ends = pl.concat([labelled.get_column("id_l"), labelled.get_column("id_r")]).unique()
    among = candidate_pairs(frame.filter(pl.col("unique_id").is_in(ends.implode())), policy)
    pairs = labelled.drop_nulls("is_same").join(trained_on(among.pairs), on=["id_l", "id_r"]).sort("id_l", "id_r")
    if pairs.is_empty():
        return None
    return LabelledPairs(
        pairs=compared(frame, frequencies, pairs, comparisons, engine),
        rules=pairs.get_column("rules").to_numpy(),
        is_same=pairs.get_column("is_same").to_numpy(),
        share=pairs.get_column("share").to_numpy(),
    )


def calibrated(labelled: LabelledPairs, parameters: Parameters, policy: LinkagePolicy) -> Calibration:
    """How far the weights of these parameters are to be trusted, by the labelled pairs that no named rule decides."""
    weights = match_weights(labelled.pairs, parameters)
    rows = labelled.pairs.ids.with_columns(
        *(pl.Series(f"gamma_{name}", gamma) for name, gamma in labelled.pairs.gammas.items()),
        pl.Series("match_weight", weights),
        pl.lit(False).alias("is_one_persons"),
    )
    decided = decide(rows, weight_of_probability(policy.accepted_from()), float("-inf"), parameters.learned_from)
    by_weight = (decided.get_column("reason") == BY_WEIGHT).to_numpy()
    return calibrate(weights[by_weight], labelled.is_same[by_weight], labelled.share[by_weight])


def own_key_probabilities(frame: pl.DataFrame, comparisons: list[Comparison]) -> dict[str, float]:
    """Per kind of key (e-mail, phone, identifier) that is compared: how often a record that agrees on one with records of one person, by name, is that
    person's (``key_people.told_by_the_others``), blended with a prior."""
    shares = {}
    for comparison in comparisons:
        if column := KEY_COLUMNS.get(comparison.name):
            same, asked = told_by_the_others(frame, column)
            share = (same + PRIOR_OWN_KEY * PRIOR_OWN_KEY_PAIRS) / (asked + PRIOR_OWN_KEY_PAIRS)
            shares[comparison.name] = round(share, 4)
    return shares


def _worth(
    studied: pl.DataFrame,
    tf_columns: pl.DataFrame,
    blocks: Blocks,
    data: TrainingData,
    parameters: Parameters,
    engine: LinkageEngine,
    policy: LinkagePolicy,
) -> Worth:
    """What rules and blocks of large data are worth, by a model of these parameters."""
    match, _ = of_match_and_home(data.candidates, parameters)
    without = wasteful_rules(data.rules, match)
    alone = found_alone(blocks.pairs, without)
    pairs = compared_with(studied, tf_columns, alone, used_comparisons(parameters), engine)
    is_link = match_weights(pairs, parameters) >= weight_of_probability(policy.accepted_from())
    matches = matches_by_rule(data.rules, match, data.candidates_stand_for_in_all)
    return Worth(without, alone.with_columns(pl.Series("is_link", is_link)), matches)
