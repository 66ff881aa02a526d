"""What the scored pairs say about two units: one row per pair of units, in whole thousandths of a bit.

What does not belong here: which links are accepted (``candidate_links/decisions.py``) and what becomes of them
(``agglomerate.py``).
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from cdp_assets.candidate_links.decisions import ACCEPTED, BY_WEIGHT, CONFLICT
from cdp_assets.candidate_links.lookup import rows_of
from cdp_assets.candidate_links.ordered import begins
from cdp_assets.identity_graph.agglomerate import MILLIBITS
from cdp_assets.identity_graph.exclusive import likeness, single_best_rows
from cdp_assets.identity_graph.policy import ClusterPolicy
from cdp_assets.identity_graph.units import Units


def unit_pairs(scored_pairs: pl.DataFrame, units: Units, policy: ClusterPolicy) -> pl.DataFrame:
    """Pairs of units ``a`` < ``b`` with ``evidence``, ``is_link``, ``is_barred`` and the strongest ``probability``.

    Several profiles may stand on each side. The best accepted link speaks for them all, because a former address
    still identifies; where some pairs are in conflict, the mean of accepted and conflicting ones counts. A pair kept for
    review never speaks for a merge: it counts as what it weighs below even odds, but no more than an unseen pair does; one
    that a rule held back counts against it, whatever it weighs. Units that were judged different are
    barred, and so are units that belong to two rows of one register (``exclusive.py``); a pinned one from every other.
    """
    lifted = _lifted(scored_pairs, units, policy)
    accepted, bits = pl.col("is_accepted"), pl.col("bits")
    opposed = accepted | pl.col("is_conflict")
    probability, alike = (pl.when(accepted).then(name) for name in ("match_probability", "likeness"))
    repeated = _repeated(lifted, units)
    once = lifted.filter(~repeated).select(
        "pair", evidence=bits, is_link=accepted, probability=probability, likeness=alike
    )
    several = (
        lifted.filter(repeated)
        .group_by("pair")
        .agg(
            pl.when(pl.col("is_conflict").any())
            .then(bits.filter(opposed).sum() // pl.max_horizontal(opposed.sum(), 1))
            .when(accepted.any())
            .then(bits.filter(accepted).max())
            .otherwise(bits.max())
            .alias("evidence"),
            accepted.any().alias("is_link"),
            probability.max().alias("probability"),
            alike.max().alias("likeness"),
        )
    )
    found = _with_ends(pl.concat([once, several]), len(units))
    apart = single_best_rows(found, units.registers, policy.single_best_row_bits)
    closed = pl.any_horizontal(pl.col(end).is_in(units.pinned.implode()) for end in ("a", "b"))
    judged = units.barred.select("a", "b", pair=pl.col("a") * len(units) + pl.col("b"))
    is_judged = found.get_column("pair").is_in(judged.get_column("pair").implode())
    heard = found.get_column("pair").filter(is_judged)
    unheard = judged.filter(~pl.col("pair").is_in(heard.implode())).with_columns(
        evidence=pl.lit(0, dtype=pl.Int64), is_link=pl.lit(False), is_barred=pl.lit(True)
    )
    barred = pl.lit(apart) | closed | pl.lit(is_judged)
    pairs = pl.concat([found.with_columns(is_barred=barred), unheard], how="diagonal")
    return pairs.select("a", "b", "evidence", "is_link", "is_barred", "probability")


def _lifted(scored_pairs: pl.DataFrame, units: Units, policy: ClusterPolicy) -> pl.DataFrame:
    """Scored pairs of profiles, as pairs of the units that the profiles stand in, both in one number (``pair``)."""
    pairs = scored_pairs.select(
        "profile_id_l",
        "profile_id_r",
        "match_probability",
        likeness(),
        _evidence(scored_pairs, policy),
        is_accepted=pl.col("decision") == ACCEPTED,
        is_conflict=pl.col("decision") == CONFLICT,
    )
    return (
        _with_units(pairs, units.profiles)
        .filter(pl.col("l") != pl.col("r"))
        .with_columns(pair=pl.min_horizontal("l", "r") * len(units) + pl.max_horizontal("l", "r"))
    )


def _with_units(pairs: pl.DataFrame, profiles: pl.DataFrame) -> pl.DataFrame:
    """``pairs`` with the units ``l`` and ``r`` that their profiles stand in; a row for each, where one stands in several, and none where in none."""
    if profiles.select(begins("profile_id").all()).item():
        ids = pl.concat([pairs.get_column("profile_id_l"), pairs.get_column("profile_id_r")])
        unit = profiles.get_column("unit").gather(rows_of(ids, profiles.get_column("profile_id")))
        left, right = unit.head(len(pairs)), unit.tail(len(pairs))
        return pairs.with_columns(left.alias("l"), right.alias("r")).drop_nulls(["l", "r"])
    for side in ("l", "r"):
        profile = f"profile_id_{side}"
        pairs = pairs.join(profiles.rename({"profile_id": profile, "unit": side}), on=profile)
    return pairs


def _repeated(lifted: pl.DataFrame, units: Units) -> pl.Series:
    """Which rows are not the only one of their pair. Looked for among the few with a unit in which several profiles stand."""
    has_several = np.bincount(units.profiles.get_column("unit"), minlength=len(units)) > 1
    repeated = has_several[lifted.get_column("l").to_numpy()] | has_several[lifted.get_column("r").to_numpy()]
    repeated[repeated] = lifted.get_column("pair").filter(repeated).is_duplicated()
    return pl.Series(repeated)


def _with_ends(pairs: pl.DataFrame, units: int) -> pl.DataFrame:
    return pairs.with_columns(a=pl.col("pair") // units, b=pl.col("pair") % units)


def _evidence(pairs: pl.DataFrame, policy: ClusterPolicy) -> pl.Series:
    """What each scored pair says, in thousandths of a bit (``bits``)."""
    by_rule = pl.col("reason") != BY_WEIGHT
    others = pairs.get_column("decision") != ACCEPTED
    above_zero = pairs.get_column("match_weight").to_numpy() - _bits(policy.neutral_probability)
    least = np.where(pairs.select(by_rule).to_series(), policy.rule_evidence_bits, policy.link_evidence_bits)
    bits = np.maximum(np.minimum(above_zero, policy.strongest_evidence_bits), least)
    unaccepted = (
        pl.when(pl.col("decision") == CONFLICT)
        .then(pl.lit(policy.conflict_evidence_bits))
        .when(by_rule)
        .then(pl.lit(policy.held_back_evidence_bits))
        .otherwise(pl.col("match_weight").clip(lower_bound=policy.unseen_pair_bits, upper_bound=0.0))
    )
    bits[others] = pairs.filter(others).select(unaccepted).to_series()
    return pl.Series("bits", np.rint(bits * MILLIBITS).astype(np.int64))


def _bits(probability: float) -> float:
    return math.log2(probability / (1 - probability))
