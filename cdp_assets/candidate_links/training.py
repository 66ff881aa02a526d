"""Training without labels: u, m and the shares of matches and households, by expectation maximisation with priors.

One joint EM over the candidate pairs of all blocking rules and a sample of random pairs:

* A pair's probability is that of the whole model, term frequencies and household story included. Which rule found a pair is a
  function of its values, so this holds however pairs were chosen.
* ``m`` of a comparison is counted over pairs that a rule *not* joining on it found: a block of equal surnames says nothing
  about how often surnames are misspelt.
* ``u`` is counted over random pairs, each weighted by its probability of being two strangers: in small data a random pair is
  a match often enough to spoil ``u`` otherwise.
* The share of matches among all pairs is the sum of the probabilities: so that probabilities are calibrated and thresholds
  can be set by cost, without labels.
* Every share is the mode under a Dirichlet prior (``priors.py``): few pairs leave the prior, many leave none of it.

Deterministic: rows are sorted, samples are arithmetic hashes of the profile ids, parameters are rounded.

Pairs whose answer is known (``labels.py``) are certain members of their class and speak for pairs as alike as they are
(``refinement.py``); then they say how far the weights are to be trusted (``calibration.py``).

What does not belong here: what is compared (``comparisons.py``), the formula of a weight (``weights.py``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cdp_assets.candidate_links.blocking import (
    BLOCKING_RULES,
    Blocks,
    Caps,
    RuleReport,
    candidate_pairs,
    planned,
)
from cdp_assets.candidate_links.calibration import CAREFUL, Calibration, calibrate
from cdp_assets.candidate_links.comparable import comparable, people_among
from cdp_assets.candidate_links.comparisons import (
    BY_NAME,
    COMPANY,
    DATE_OF_BIRTH,
    FIRST_NAME,
    FREQUENT_SOUNDS,
    IDENTIFIER,
    KEY_LEVELS,
    LAST_NAME,
    OWN_RECORDS,
    OWNED_VALUES,
    Choice,
    Comparison,
    choose_comparisons,
)
from cdp_assets.candidate_links.decisions import BY_WEIGHT, decide
from cdp_assets.candidate_links.engine import DuckDBEngine, LinkageEngine
from cdp_assets.candidate_links.expected import Expected, expected
from cdp_assets.candidate_links.hashing import mixed, of_pairs
from cdp_assets.candidate_links.levels import beside_left, levels
from cdp_assets.candidate_links.policy import LinkagePolicy
from cdp_assets.candidate_links.priors import (
    PRIOR_CHANCES,
    PRIOR_HOUSEHOLD_PARTNERS,
    PRIOR_MATCHES,
    PRIOR_NAMESAKE_PAIRS,
    PRIOR_NAMESAKES,
    PRIOR_OWN_KEY,
    PRIOR_OWN_KEY_PAIRS,
    PRIOR_RECORDS_PER_PERSON,
)
from cdp_assets.candidate_links.refinement import LabelledPairs, Refinement
from cdp_assets.candidate_links.weights import (
    NAMES,
    ComparedPairs,
    Floats,
    LevelShares,
    Parameters,
    bits_of,
    compared_pairs,
    household_bits_of,
    match_weights,
    namesake_bits,
    prior_parameters,
    used_comparisons,
    weight_of_probability,
    with_shared_home,
)
from cdp_assets.candidate_links.worth import Worth, found_alone, matches_by_rule, wasteful_rules

# Pairs that EM looks at. Shares of a per mille are known to a tenth of themselves from 100,000 pairs, which small data
# can afford; larger data holds more frequencies worth knowing, and takes longer anyway.
MAX_CANDIDATES = 400_000
# Larger data is studied on a sample of so many profiles. Of its matches the sample holds the square of its share: of a million
# profiles that is one match in twenty-five, tens of thousands.
STUDIED_PROFILES = 200_000
MIN_RANDOM_PAIRS = 100_000
RANDOM_PAIRS_PER_PROFILE = 20
MAX_RANDOM_PAIRS = 500_000
MAX_ROUNDS = 60
CONVERGED = 1e-4
# Fewer expected matches than this: the data has not shown what a match looks like.
MIN_MATCHES = 3.0
# At most so many matches have first names that differ altogether; where EM finds more, it has taken relatives for
# matches. A register with titles for names shows one in five. Without a date of birth or an identifier, only
# first names tell relatives apart, and the data can not say which it is: then the bound is twice the prior.
MOST_FIRST_NAMES_DIFFER = 0.25
MOST_FIRST_NAMES_DIFFER_UNSUPPORTED = 0.08
# Dates of birth are as hard to tell from what relatives have. The labelled set with most mistakes shows one in four.
MOST_BIRTH_DATES_DIFFER = 0.25
# Organisations have no other name: where more of them differ, EM has taken the tenants of a building for one. Of records of people the
# company says who employs them, and may change.
MOST_ORGANISATIONS_DIFFER = 0.25
# Where data tells little beside names, EM could call all who share one strangers; no register is known in which names go together more.
MOST_NAMESAKES = 8.0
# Even in data where half the values are misspelt, exact levels hold half of what the prior says. Where two comparisons hold
# less than this part, EM has found some other class of alike pairs (numbered test names, say), not people.
LEAST_OF_PRIOR_EXACT = 0.2
# Records of a value that may all be one person's, as a multiple of how many such a person has: nobody asks for the names behind more,
# whose frequency is much the same with or without one owner.
FEW_OWNERS = 5
# Unless what they hold parts matches from strangers nearly as well: misspelt names are still alike, and strangers' are not. So much of the
# evidence that well-kept values would give must be left; of records with two slips in most values it is half.
LEAST_OF_PRIOR_EVIDENCE = 0.4
# Parameters are kept to so many significant digits: sums of floats differ in the last ones between machines.
DIGITS = 8
_SMALLEST_SHARE = 1e-9
_SWAPPED_AT = [level.name for level in FIRST_NAME.scored].index("first and last name swapped")


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
    def own_keys(self) -> dict[str, float]:
        """Per kind of key, the probability that two records which agree on it are one person: see ``own_key_probabilities``."""
        return dict(self.content.get("own_keys", {}))

    @property
    def calibration(self) -> Calibration:
        """How far the weights are to be trusted: what labelled pairs said in training."""
        return Calibration.from_dict(self.content.get("calibration"))

    @property
    def expected(self) -> Expected:
        """How many matches the model expects at which weight, and how many that no blocking rule proposes."""
        return Expected.from_dict(self.content.get("expected"))


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
    studied = _studied(frame)
    blocks = candidate_pairs(studied, engine, policy)
    reports = blocks.reports
    notes = [choice.reason for choice in choices if not choice.is_used and "same value" in choice.reason]
    if comparisons:
        known = _labelled(frame, frequencies, comparisons, engine, policy, labelled)
        data = _training_data(studied, frequencies, blocks, comparisons, engine, len(frame), known)
        parameters, told = estimate(data, comparisons)
        notes += told
        own_keys = own_key_probabilities(data.candidates)
        if known is not None:
            calibration = calibrated(known, parameters, policy)
        elif rarely := _rarely_exact(parameters, comparisons):
            calibration = CAREFUL
            notes.append(f"{' and '.join(rarely)} of one person are rarely the same: links are accepted with more care")
        else:
            calibration = Calibration()
        weights = calibration.apply(match_weights(data.candidates, parameters))
        if len(studied) < len(frame):
            worth = _worth(studied, frequencies, blocks, data, parameters, engine, policy)
            reports = planned(frame, engine, policy, worth)
        promise = expected(weights, data.rules, data.candidates_stand_for_in_all)
    else:
        own_keys, calibration, promise = {}, Calibration(), Expected()
        notes.append("no field is filled well enough to compare: no links are made")
        parameters = prior_parameters([], 1e-6, 1e-7)
    return _model(profiles, policy, choices, frequencies, reports, parameters, own_keys, calibration, promise, notes)


def term_frequencies(frame: pl.DataFrame, comparisons: list[Comparison]) -> pl.DataFrame:
    """Share of the filled values that each value has: ``field``, ``value``, ``frequency``.

    An e-mail, phone or date of birth that one person carries, judged by name, has none: agreeing on it by chance is as rare as
    the level's ``u`` says, however many records its owner has.
    """
    fields = sorted({level.tf for comparison in comparisons for level in comparison.scored if level.tf})
    parts = []
    if all(frame.get_column(script).null_count() == len(frame) for script in FREQUENT_SOUNDS.values()):
        fields = [field for field in fields if field not in FREQUENT_SOUNDS]
    for field in fields:
        filled = frame.get_column(field).drop_nulls()
        counts = filled.value_counts(name="n").rename({field: "value"})
        if field in OWNED_VALUES:
            counts = _of_others(counts, frame, field)
        parts.append(
            counts.select(
                pl.lit(field).alias("field"),
                "value",
                (pl.col("n") / max(len(filled), 1)).round_sig_figs(DIGITS).alias("frequency"),
            )
        )
    schema = {"field": pl.String, "value": pl.String, "frequency": pl.Float64}
    return pl.concat(parts).sort("field", "value") if parts else pl.DataFrame(schema=schema)


def _of_others(counts: pl.DataFrame, frame: pl.DataFrame, field: str) -> pl.DataFrame:
    """How often each ``value`` of ``counts`` (``n``) is not its owner's: always where several carry it, else beyond ``OWN_RECORDS``."""
    own_records = OWN_RECORDS.get(field)
    if own_records is None:
        return counts.join(_carried_by_several(frame, field), on="value", how="semi")
    seldom = counts.filter(pl.col("n") <= own_records * FEW_OWNERS)
    several = _carried_by_several(frame.filter(pl.col(field).is_in(seldom.get_column("value").implode())), field)
    of_one = seldom.join(several, on="value", how="anti")
    beyond = of_one.filter(pl.col("n") > own_records).with_columns(pl.col("n") - own_records)
    return pl.concat([counts.join(of_one, on="value", how="anti"), beyond])


def _carried_by_several(frame: pl.DataFrame, field: str) -> pl.DataFrame:
    """The values of ``field`` that profiles of more than one person, by first letters of their names, carry."""
    carried = frame.select(pl.col(field).alias("value"), "first_root", "last_name", "last_name_script").drop_nulls(
        "value"
    )
    carried = carried.filter(
        pl.col("value").is_duplicated()
    )  # most values stand in one profile, whose names say nothing
    people = carried.group_by("value").agg(people_among(pl.col("first_root"), pl.col("last_name")).alias("people"))
    return people.filter(pl.col("people") > 1).select("value")


def frequency_columns(
    frame: pl.DataFrame, frequencies: pl.DataFrame, asked: Mapping[str, npt.NDArray[np.bool_]] | None = None
) -> pl.DataFrame:
    """A ``tf_<field>`` column per field of the term frequencies, in the order of ``frame``; an unseen value counts as the rarest.

    An e-mail, phone or date of birth that is not among them belongs to one person and has none. ``asked``: of which rows it is wanted, by
    field; others have none.
    """
    columns = []
    for (name,), part in frequencies.partition_by("field", as_dict=True, maintain_order=True).items():
        field = str(name)
        rows = np.full(len(frame), asked is None) if asked is None or field not in asked else asked[field]
        rarest = None if field in OWNED_VALUES else part.get_column("frequency").min()
        values = frame.get_column(field).filter(pl.Series(rows)).to_frame("value")
        found = values.join(part.select("value", "frequency"), on="value", how="left", maintain_order="left")
        known = pl.when(pl.col("value").is_not_null()).then(pl.coalesce("frequency", pl.lit(rarest, dtype=pl.Float64)))
        column = np.full(len(frame), np.nan)
        column[rows] = found.select(known).to_series().to_numpy()
        columns.append(pl.Series(f"tf_{field}", column, nan_to_null=True))
    return pl.DataFrame(columns)


def compared(
    frame: pl.DataFrame,
    frequencies: pl.DataFrame,
    pairs: pl.DataFrame,
    comparisons: list[Comparison],
    engine: LinkageEngine,
) -> ComparedPairs:
    """Levels and term frequencies of ``pairs`` (``id_l``, ``id_r``), sorted by them. ``frame`` is sorted by ``unique_id``."""
    ordered = pairs.select("id_l", "id_r").sort("id_l", "id_r")
    found = levels(frame, ordered, comparisons, engine)
    return compared_pairs(beside_left(found, frequency_columns(frame, frequencies), frame), comparisons)


@dataclass(frozen=True)
class TrainingData:
    """Compared candidate pairs with the rules that found them, random pairs, and how many pairs each stands for.

    ``all_pairs`` are those of the profiles studied; ``profiles`` counts all profiles that the model is for; ``labelled``:
    pairs whose answer is known.
    """

    candidates: ComparedPairs
    rules: npt.NDArray[np.int64]
    candidates_stand_for: float
    random: ComparedPairs
    all_pairs: float
    profiles: int
    labelled: LabelledPairs | None = None

    @property
    def candidates_stand_for_in_all(self) -> float:
        """Pairs of all profiles, not only of those studied, that each of the candidates stands for."""
        return self.candidates_stand_for * _pairs(self.profiles) / self.all_pairs


def _training_data(
    frame: pl.DataFrame,
    frequencies: pl.DataFrame,
    blocks: Blocks,
    comparisons: list[Comparison],
    engine: LinkageEngine,
    profiles: int,
    labelled: LabelledPairs | None,
) -> TrainingData:
    sample = trained_on(blocks.pairs)
    rate = 1.0
    if len(sample) > MAX_CANDIDATES:
        rate = MAX_CANDIDATES / len(sample)
        drawn = of_pairs(sample.get_column("id_l"), sample.get_column("id_r")) < np.uint64(int(rate * (2**64 - 1)))
        sample = sample.filter(pl.Series(drawn))
    candidates = compared(frame, frequencies, sample, comparisons, engine)
    count = len(frame)
    at_most = min(max(MIN_RANDOM_PAIRS, RANDOM_PAIRS_PER_PROFILE * count), MAX_RANDOM_PAIRS)
    random = compared(frame, frequencies, random_pairs(frame.get_column("unique_id"), at_most), comparisons, engine)
    return TrainingData(
        candidates=candidates,
        rules=sample.sort("id_l", "id_r").get_column("rules").to_numpy(),
        candidates_stand_for=1.0 / rate,
        random=random,
        all_pairs=_pairs(count),
        profiles=profiles,
        labelled=labelled,
    )


def trained_on(pairs: pl.DataFrame) -> pl.DataFrame:
    """The candidate pairs that some rule finds which joins on something.

    All pairs of small data are worth scoring, but nearly all are strangers: among so many, EM finds classes of its own (measured: tenants
    of one building, people of one town).
    """
    joining = sum(1 << bit for bit, rule in enumerate(BLOCKING_RULES) if rule.joins_on_something)
    found = pl.col("rules").and_(joining)
    return pairs.with_columns(found.alias("rules")).filter(pl.col("rules") != 0)


def _pairs(count: int) -> float:
    """Pairs of so many profiles; at least one, to divide by."""
    return max(count * (count - 1) / 2.0, 1.0)


def _studied(frame: pl.DataFrame) -> pl.DataFrame:
    """All profiles, or of many the sample that EM looks at; which one is in it depends on its id alone."""
    if len(frame) <= STUDIED_PROFILES:
        return frame
    below = np.uint64(int(STUDIED_PROFILES / len(frame) * (2**64 - 1)))
    return frame.filter(pl.Series(mixed(frame.get_column("unique_id").to_numpy()) < below))


def _worth(
    studied: pl.DataFrame,
    frequencies: pl.DataFrame,
    blocks: Blocks,
    data: TrainingData,
    parameters: Parameters,
    engine: LinkageEngine,
    policy: LinkagePolicy,
) -> Worth:
    """What rules and blocks of large data are worth, by a model of these parameters."""
    match, _, _ = _classes(data.candidates, parameters)
    without = wasteful_rules(data.rules, match)
    alone = found_alone(blocks.pairs, without)
    pairs = compared(studied, frequencies, alone, used_comparisons(parameters), engine)
    is_link = match_weights(pairs, parameters) >= weight_of_probability(policy.accepted_from())
    matches = matches_by_rule(data.rules, match, data.candidates_stand_for_in_all)
    return Worth(without, alone.with_columns(pl.Series("is_link", is_link)), matches)


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
    among = candidate_pairs(frame.filter(pl.col("unique_id").is_in(ends.implode())), engine, policy)
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
        pl.lit(None, dtype=pl.Int64).alias("people"),
    )
    decided = decide(rows, weight_of_probability(policy.accepted_from()), float("-inf"))
    by_weight = (decided.get_column("reason") == BY_WEIGHT).to_numpy()
    return calibrate(weights[by_weight], labelled.is_same[by_weight], labelled.share[by_weight])


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


def estimate(data: TrainingData, comparisons: list[Comparison]) -> tuple[Parameters, list[str]]:
    """Parameters by EM under the priors, and notes on what was left to the priors."""
    others = data.profiles * (PRIOR_RECORDS_PER_PERSON - 1.0) / 2.0
    partners = data.profiles * PRIOR_HOUSEHOLD_PARTNERS / 2.0
    among = _pairs(data.profiles)
    prior = prior_parameters(comparisons, _share(others, among), _share(partners, among))
    if not len(data.candidates):
        return _rounded(prior), ["no two profiles share a blocking key: the prior parameters stand"]
    parameters, found, converged = _maximise(data, comparisons, prior)
    notes = []
    strange = _strange(parameters, prior, comparisons)
    held = _held_at_the_bound(parameters)
    if found < MIN_MATCHES:
        notes.append(f"about {found:.0f} matches in the data: the prior parameters of m stand")
        # That there are hardly any is known from all pairs, and so is who lives together and what strangers have in common.
        parameters, found, _ = _maximise(data, comparisons, prior, learn_m=False)
        return _rounded(replace(parameters, matches=_share(found + 1.0, data.all_pairs))), notes
    if not converged:
        notes.append(f"estimation was still moving after {MAX_ROUNDS} rounds: the prior parameters of m stand")
    elif len(strange) > 1:
        notes.append(
            f"estimation took something else for matches ({', '.join(strange)} hardly ever the same): the prior parameters of m stand"
        )
    elif len(held) > 1:
        notes.append(
            f"estimation took relatives for matches ({', '.join(held)} too often different): the prior parameters of m stand"
        )
    if notes:
        parameters, _, _ = _maximise(data, comparisons, prior, learn_m=False)
        return _rounded(parameters), notes
    if data.labelled is not None:
        refined, _, settled = _maximise(data, comparisons, prior, refinement=_refinement(data, parameters))
        if settled:
            parameters = refined
            notes.append(f"{data.labelled.share.sum():.0f} judged or labelled pairs refine the parameters")
        else:
            notes.append(
                "judged pairs and the rest of the data did not settle together: the parameters are those without them"
            )
    for comparison in comparisons:
        parameters, told = _checked(parameters, prior, comparison)
        notes += told
    return _rounded(parameters), notes


def _refinement(data: TrainingData, parameters: Parameters) -> Refinement:
    assert data.labelled is not None
    answers = data.labelled.pairs.ids.with_columns(known=pl.Series(data.labelled.is_same).cast(pl.Int64))
    known = data.candidates.ids.join(answers, on=["id_l", "id_r"], how="left", maintain_order="left")
    return Refinement.under(
        parameters, data.labelled, data.candidates, known.get_column("known").fill_null(-1).to_numpy()
    )


def own_key_probabilities(pairs: ComparedPairs) -> dict[str, float]:
    """Per kind of key (e-mail, phone, identifier): of pairs that agree on one, the share whose names agree too.

    Counted over pairs whose first names can be compared, because those show what the others can not, and blended with a
    prior. It errs on the safe side: the pairs that it is used for agree on keys that no second name is known to carry.
    """
    first = pairs.gammas.get(FIRST_NAME.name)
    shares = {}
    for name, agreeing_at in KEY_LEVELS.items():
        gamma = pairs.gammas.get(name)
        if gamma is None:
            continue
        same = agreeing = 0
        if first is not None:
            decided = np.isin(gamma, BY_NAME[name].numbers_of(agreeing_at)) & (first >= 0)
            same, agreeing = int((decided & (first > 0)).sum()), int(decided.sum())
        share = (same + PRIOR_OWN_KEY * PRIOR_OWN_KEY_PAIRS) / (agreeing + PRIOR_OWN_KEY_PAIRS)
        shares[name] = round(share, 4)
    return shares


def _share(count: float, total: float) -> float:
    """A share of pairs that leaves room for the other classes: below a third."""
    return min(max(count / total, 1e-12), 0.3)


def _maximise(
    data: TrainingData,
    comparisons: list[Comparison],
    prior: Parameters,
    *,
    learn_m: bool = True,
    refinement: Refinement | None = None,
) -> tuple[Parameters, float, bool]:
    """The rounds of EM. Returns parameters, expected matches among all pairs, and whether it settled.

    Without ``learn_m``, only u and the shares of matches and households follow the data.
    """
    blind = {c.name: _found_otherwise(data.rules, c.name) for c in comparisons}
    most_differ = _most_that_differ(set(blind))
    parameters = prior
    found = 0.0
    for _ in range(MAX_ROUNDS):
        of_match, of_home, _ = _classes(data.candidates, parameters)
        if refinement is not None:
            before, of_match = of_match, refinement.corrected(of_match)
            of_home = of_home * (1.0 - of_match) / np.maximum(1.0 - before, _SMALLEST_SHARE)
        _, _, of_strangers = _classes(data.random, parameters)
        found = float(of_match.sum()) * data.candidates_stand_for
        homes = float(of_home.sum()) * data.candidates_stand_for
        shares = {
            c.name: _next_shares(data, c, prior.shares[c.name], of_match, of_strangers, blind[c.name], refinement)
            for c in comparisons
        }
        if LAST_NAME.name in shares and FIRST_NAME.name in shares:
            shares[FIRST_NAME.name] = _swaps_by_chance(shares[FIRST_NAME.name], shares[LAST_NAME.name])
        if not learn_m:
            shares = {
                name: with_shared_home(name, LevelShares(prior.shares[name].m, s.u, s.h)) for name, s in shares.items()
            }
        else:
            shares |= {name: _bounded(shares[name], most) for name, most in most_differ.items()}
        new = Parameters(shares, _share(found, data.all_pairs), _share(homes + 1.0, data.all_pairs))
        new = replace(new, namesakes=_namesakes(data, new, 1.0 - of_match - of_home))
        change = _change(parameters, new)
        parameters = new
        if change < CONVERGED:
            return parameters, found, True
    return parameters, found, change < 20 * CONVERGED


def _namesakes(data: TrainingData, parameters: Parameters, of_strangers: Floats) -> float:
    """How many times more often strangers agree on both names than each name lets expect.

    Counted where both are the same, because all such pairs are candidates, by ``SWAPPED_NAMES``.
    """
    if not set(NAMES) <= parameters.shares.keys():
        return 1.0
    is_same = np.ones(len(data.candidates), dtype=np.bool_)
    expected = data.all_pairs * parameters.strangers
    for name in NAMES:
        is_same &= data.candidates.gammas[name] == len(BY_NAME[name].scored) - 1
        expected *= parameters.shares[name].u[0] * float((data.random.gammas[name] >= 0).mean())
    seen = float(of_strangers[is_same].sum()) * data.candidates_stand_for
    blended = (seen + PRIOR_NAMESAKE_PAIRS) / (expected + PRIOR_NAMESAKE_PAIRS / PRIOR_NAMESAKES)
    return min(max(blended, 1.0), MOST_NAMESAKES)


def _most_that_differ(fields: set[str]) -> dict[str, float]:
    """How many matches may differ altogether in what people or organisations are called, and when they were born; by comparison."""
    told_apart = {DATE_OF_BIRTH.name, IDENTIFIER.name} & fields
    most = {
        FIRST_NAME.name: MOST_FIRST_NAMES_DIFFER if told_apart else MOST_FIRST_NAMES_DIFFER_UNSUPPORTED,
        DATE_OF_BIRTH.name: MOST_BIRTH_DATES_DIFFER,
    }
    if not {FIRST_NAME.name, LAST_NAME.name} & fields:
        most[COMPANY.name] = MOST_ORGANISATIONS_DIFFER
    return {name: share for name, share in most.items() if name in fields}


def _held_at_the_bound(parameters: Parameters) -> list[str]:
    """Comparisons in which as many matches differ as may: one is a register with titles for names, two are relatives."""
    shares = parameters.shares
    most = _most_that_differ(set(shares))
    return [name for name in most if shares[name].m[-1] >= most[name] * (1 - CONVERGED)]


def _swaps_by_chance(first: LevelShares, last: LevelShares) -> LevelShares:
    """First-name shares in which two strangers' names are swapped at least as often as two strangers' names agree.

    Random pairs are too few to show such a pair, but many names stand in both places (Ryan Jack, Jack Ryan): agreeing
    crosswise is as likely as agreeing straight.
    """
    by_chance = first.u[0] * last.u[0]
    u = tuple(max(share, by_chance) if at == _SWAPPED_AT else share for at, share in enumerate(first.u))
    return LevelShares(first.m, tuple(share / sum(u) for share in u), first.h)


def _bounded(shares: LevelShares, most: float) -> LevelShares:
    """Shares whose last level (``different``) holds at most ``most`` of the matches."""
    if shares.m[-1] <= most:
        return shares
    scale = (1.0 - most) / (1.0 - shares.m[-1])
    return LevelShares((*(share * scale for share in shares.m[:-1]), most), shares.u, shares.h)


def _found_otherwise(rules: npt.NDArray[np.int64], name: str) -> npt.NDArray[np.bool_]:
    """Pairs that some rule found which does not join on this comparison."""
    mask = 0
    for bit, rule in enumerate(BLOCKING_RULES):
        if name not in rule.agrees_on:
            mask |= 1 << bit
    return np.asarray((rules & mask) != 0)


def _classes(pairs: ComparedPairs, parameters: Parameters) -> tuple[Floats, Floats, Floats]:
    """Probability of match, household and strangers, per pair."""
    match = np.full(len(pairs), np.log2(parameters.matches / parameters.strangers))
    home = np.full(len(pairs), np.log2(parameters.households / parameters.strangers))
    together = namesake_bits(pairs, parameters)
    match, home = match - together, home - together
    for name in parameters.shares:
        match = match + bits_of(pairs, name, parameters)
        home = home + household_bits_of(pairs, name, parameters)
    total = np.logaddexp2(np.logaddexp2(match, home), 0.0)
    return np.exp2(match - total), np.exp2(home - total), np.exp2(-total)


def _next_shares(
    data: TrainingData,
    comparison: Comparison,
    prior: LevelShares,
    of_match: Floats,
    of_strangers: Floats,
    blind: npt.NDArray[np.bool_],
    refinement: Refinement | None,
) -> LevelShares:
    count = len(comparison.scored)
    gamma = data.candidates.gammas[comparison.name]
    known = blind & (gamma >= 0)
    if refinement is None:
        matches = _counts(gamma[known], of_match[known], count)
    else:
        judged = _found_otherwise(refinement.labelled.rules, comparison.name)
        matches = refinement.level_counts(comparison.name, count, gamma, of_match, blind, judged)
    m = _mode(matches, prior.m, PRIOR_MATCHES)
    random_gamma = data.random.gammas[comparison.name]
    seen = random_gamma >= 0
    within = [level.within for level in comparison.scored]
    by_chance = _by_chance(_counts(random_gamma[seen], of_strangers[seen], count), prior.u, within)
    u = _weakened(m, by_chance, comparison)
    # What a household shares is not estimated: free to move, the class would take in namesakes or the matches themselves.
    shares = with_shared_home(comparison.name, LevelShares(m, u, prior.h))
    return replace(shares, h=_as_strangers(shares.h, u, comparison))


def _as_strangers(
    h: tuple[float, ...] | None, u: tuple[float, ...], comparison: Comparison
) -> tuple[float, ...] | None:
    """Household shares in which levels that say nothing are as frequent as among strangers: in which letters a system writes is not the
    household's doing. The others make room."""
    silent = [comparison.prior(level).most_bits == 0.0 for level in comparison.scored]
    if h is None or not any(silent):
        return h
    rest = 1.0 - sum(share for share, says_nothing in zip(u, silent, strict=True) if says_nothing)
    others = sum(share for share, says_nothing in zip(h, silent, strict=True) if not says_nothing)
    return tuple(
        by_chance if says_nothing else share * rest / others
        for share, by_chance, says_nothing in zip(h, u, silent, strict=True)
    )


def _counts(gamma: npt.NDArray[np.int64], weight: Floats, levels: int) -> Floats:
    """Weighted pairs per level, best level first."""
    return np.bincount(gamma, weights=weight, minlength=levels)[::-1].astype(np.float64)


def _mode(counts: Floats, prior: tuple[float, ...], strength: float) -> tuple[float, ...]:
    blended = np.maximum(counts + strength * np.asarray(prior), _SMALLEST_SHARE)
    return tuple(float(share) for share in blended / blended.sum())


def _by_chance(
    counts: Floats, prior: tuple[float, ...], within: Sequence[tuple[str, ...]] | None = None
) -> tuple[float, ...]:
    """Shares of random pairs, each blended with a prior that is worth ``PRIOR_CHANCES`` pairs of its own level.

    Levels that are parts of one agreement (``within``, per level) are shares of its pairs, and the prior says how it is divided: where
    two strangers share a town ten times less often than the prior says, they share a street in it ten times less often. Taken
    one by one, no sample of random pairs is large enough to show that; the street would weigh less than the town alone.
    """
    paths = [()] * len(prior) if within is None else list(within)
    parts: dict[tuple[str | int, ...], list[int]] = {}
    for at, path in enumerate(paths):
        parts.setdefault(path[:1] or (at,), []).append(at)
    believed = np.asarray([sum(prior[at] for at in part) for part in parts.values()]) / sum(prior)
    found = np.asarray([sum(counts[at] for at in part) for part in parts.values()])
    worth = PRIOR_CHANCES / np.maximum(believed, _SMALLEST_SHARE)
    blended = (found + PRIOR_CHANCES) / (found.sum() + worth)
    shares = [0.0] * len(paths)
    for part, share in zip(parts.values(), blended / blended.sum(), strict=True):
        inside: tuple[float, ...] = (1.0,)
        if len(part) > 1:
            inside = _by_chance(counts[part], tuple(prior[at] for at in part), [paths[at][1:] for at in part])
        for at, of_part in zip(part, inside, strict=True):
            shares[at] = float(share) * of_part
    return tuple(shares)


def _weakened(m: tuple[float, ...], u: tuple[float, ...], comparison: Comparison) -> tuple[float, ...]:
    """Shares of random pairs in which a level that may weigh only so much does; the most frequent of the others makes room."""
    most = [comparison.prior(level).most_bits for level in comparison.scored]
    least = [
        share if bits is None else max(share, m[at] / 2.0**bits)
        for at, (share, bits) in enumerate(zip(u, most, strict=True))
    ]
    others = [share if bits is None else 0.0 for share, bits in zip(u, most, strict=True)]
    least[int(np.argmax(others))] -= sum(least) - sum(u)
    return tuple(least)


def _change(old: Parameters, new: Parameters) -> float:
    largest = abs(float(np.log2(new.matches / old.matches))) / 10.0
    for name, shares in new.shares.items():
        largest = max(largest, float(np.abs(np.asarray(shares.m) - np.asarray(old.shares[name].m)).max()))
    return largest


def _strange(parameters: Parameters, prior: Parameters, comparisons: list[Comparison]) -> list[str]:
    """Comparisons whose exact levels hold far fewer matches than anyone has seen, and whose other levels do not make up for it: EM
    has settled on another class."""
    return [
        name
        for name in _hardly_ever_exact(parameters, prior, comparisons)
        if _evidence(parameters.shares[name].m, parameters.shares[name].u)
        < LEAST_OF_PRIOR_EVIDENCE * _evidence(prior.shares[name].m, parameters.shares[name].u)
    ]


def _hardly_ever_exact(parameters: Parameters, prior: Parameters, comparisons: list[Comparison]) -> list[str]:
    found = []
    for comparison in comparisons:
        exact = [at for at, level in enumerate(comparison.scored) if comparison.prior(level).exact]
        have = sum(parameters.shares[comparison.name].m[at] for at in exact)
        if have < LEAST_OF_PRIOR_EXACT * sum(prior.shares[comparison.name].m[at] for at in exact):
            found.append(comparison.name)
    return found


def _rarely_exact(parameters: Parameters, comparisons: list[Comparison]) -> list[str]:
    """The comparisons that are hardly ever exact, where they are two or more; one is an address without a street, say."""
    prior = prior_parameters(comparisons, parameters.matches, parameters.households)
    found = _hardly_ever_exact(parameters, prior, comparisons)
    return found if len(found) > 1 else []


def _evidence(m: tuple[float, ...], u: tuple[float, ...]) -> float:
    """Bits that a comparison adds to the weight of a match, on average (Kullback and Leibler 1951)."""
    shares, chance = np.maximum(m, _SMALLEST_SHARE), np.maximum(u, _SMALLEST_SHARE)
    return float(np.sum(shares * np.log2(shares / chance)))


def _checked(parameters: Parameters, prior: Parameters, comparison: Comparison) -> tuple[Parameters, list[str]]:
    """Put the prior back where an exact level came out as evidence against a match."""
    shares = parameters.shares[comparison.name]
    wrong = [
        level.name
        for at, level in enumerate(comparison.scored)
        if comparison.prior(level).exact and shares.m[at] < shares.u[at]
    ]
    if not wrong:
        return parameters, []
    note = f"{comparison.name}: level '{wrong[0]}' came out rarer among matches than among strangers: the prior stands"
    return parameters.with_shares(comparison.name, prior.shares[comparison.name]), [note]


def _rounded(parameters: Parameters) -> Parameters:
    def tidy(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(float(f"{value:.{DIGITS}g}") for value in values)

    shares = {
        name: LevelShares(tidy(s.m), tidy(s.u), None if s.h is None else tidy(s.h))
        for name, s in parameters.shares.items()
    }
    (matches, households) = tidy((parameters.matches, parameters.households))
    return Parameters(shares, matches, households, float(f"{parameters.namesakes:.{DIGITS}g}"))


def _model(
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
            {"name": choice.comparison.name, "is_used": choice.is_used, "reason": choice.reason} for choice in choices
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
