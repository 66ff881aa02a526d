"""Assets of stage 4: shared identifiers, linkage profiles, the model, scored pairs."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from cdp_assets.candidate_links import pictures
from cdp_assets.candidate_links.differences import come_or_gone
from cdp_assets.candidate_links.drift import drift as drift_of
from cdp_assets.candidate_links.drift import newest, why_drifted, with_drift
from cdp_assets.candidate_links.drift_pictures import drift_chart
from cdp_assets.candidate_links.estimates import Quality, Share, by_threshold, quality
from cdp_assets.candidate_links.explain import explain
from cdp_assets.candidate_links.former_profiles import former_profiles, profiling_note
from cdp_assets.candidate_links.labels import known_pairs, labelled_pairs
from cdp_assets.candidate_links.made_from import made_from, note, scoring_basis, version_noted
from cdp_assets.candidate_links.models import (
    MODEL_CHOICE,
    in_use,
    model_choice,
    which_scores,
    with_frequencies_of,
    with_proposal,
    with_version,
)
from cdp_assets.candidate_links.ordered import each_once
from cdp_assets.candidate_links.policy import LinkagePolicy, load_linkage_policy
from cdp_assets.candidate_links.profiles import COMPARED_COLUMNS, ROW_OF_A_VERSION
from cdp_assets.candidate_links.profiles import linkage_profiles as profiles_of
from cdp_assets.candidate_links.reprofiling import reprofile
from cdp_assets.candidate_links.scoring import rescore, score
from cdp_assets.candidate_links.shared import ADDRESS_COLUMNS, CARRYING_COLUMNS, declared_caps
from cdp_assets.candidate_links.shared import shared_identifiers as shared_among
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.drawing import svg
from cdp_assets.resources import RESOLUTION_POOL, asset_key, key_check, now, picture, stored, table_asset, table_spec
from cdp_assets.sources.contracts import load_contracts, one_row_sources
from cdp_assets.tables import (
    DRIFT,
    EMAIL_ADDRESSES,
    LINKAGE_MODEL,
    LINKAGE_PROFILES,
    PROBABLE_EMAILS,
    PROFILE_MEMBERS,
    RECORD_VERSIONS,
    SCORED_PAIRS,
    SHARED_IDENTIFIERS,
    TERM_FREQUENCIES,
)
from cdp_assets.workspace import Workspace


@table_asset(SHARED_IDENTIFIERS, deps=[RECORD_VERSIONS, EMAIL_ADDRESSES], pool=RESOLUTION_POOL)
def shared_identifiers(workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per e-mail, phone or identifier that more than one record carries, with how far to trust it.

    Key: type and value. A value that many unrelated people carry (a switchboard, a role mailbox, a junk entry) proves
    nothing about any of them and is left out of the linkage profiles. Read by `linkage_profiles`.
    """
    contracts, _ = load_contracts(workspace.contracts_dir)
    caps = declared_caps(contracts)
    versions = workspace.lake.read(RECORD_VERSIONS, columns=CARRYING_COLUMNS)
    shared = shared_among(versions, workspace.lake.read(EMAIL_ADDRESSES, columns=ADDRESS_COLUMNS), caps)
    crowds = shared.filter(pl.col("sharing").is_in(["crowd", "role"]))
    return stored(
        workspace,
        SHARED_IDENTIFIERS,
        shared,
        metadata={
            "shared_by_one_person": shared.filter(pl.col("sharing") == "personal").height,
            "shared_by_a_household": shared.filter(pl.col("sharing") == "household").height,
            "proving_nothing": crowds.height,
        },
    )


class ProfilesConfig(dg.Config):
    """``in_full``: make the profiles of all records, also of those that nothing has touched since the last run."""

    in_full: bool = False


@dg.multi_asset(
    name="linkage_profiles",
    pool=RESOLUTION_POOL,
    specs=[
        table_spec(
            LINKAGE_PROFILES,
            "One row per linkage profile: the distinct compared values of one or more record versions.\n\nKey: profile_id, a "
            "hash of the values. Records that say exactly the same identifying things are compared once. Former values have "
            "profiles too, because a former address still identifies. Read by `linkage_model` and `scored_pairs`.",
            deps=[RECORD_VERSIONS, SHARED_IDENTIFIERS, PROBABLE_EMAILS],
            kinds=["polars", "duckdb"],
        ),
        table_spec(
            PROFILE_MEMBERS,
            "One row per linkage profile and record that has or had its values.\n\nKey: both. Joins links between profiles "
            "back to records. Read by `clusters`.",
            deps=[RECORD_VERSIONS, SHARED_IDENTIFIERS, PROBABLE_EMAILS],
            kinds=["polars", "duckdb"],
        ),
    ],
)
def profile_assets(
    config: ProfilesConfig, workspace: dg.ResourceParam[Workspace]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Compute both from the same reading of the record versions; only those of records that have changed, where that is known."""
    lake = workspace.lake
    contracts, _ = load_contracts(workspace.contracts_dir)
    one_row = one_row_sources(contracts)
    made_of = profiling_note(lake, one_row)
    versions = lake.read(RECORD_VERSIONS, columns=[*COMPARED_COLUMNS, *ROW_OF_A_VERSION[1:]])
    shared, probable = lake.read(SHARED_IDENTIFIERS), lake.read(PROBABLE_EMAILS)
    former = None if config.in_full else former_profiles(lake, workspace.ledger.imports(), one_row)
    if former is None:
        profiles, members = profiles_of(versions, shared, one_row, probable)
        made_now = members["record_id"].n_unique()
    else:
        changed = come_or_gone(former.versions, versions.select(ROW_OF_A_VERSION))["record_id"]
        profiles, members, made_now = reprofile(former.profiled, changed, versions, shared, one_row, probable)
    yield stored(
        workspace,
        LINKAGE_PROFILES,
        profiles,
        metadata={
            "record_versions": versions.height,
            "profiles": profiles.height,
            "versions_per_profile": round(versions.height / max(profiles.height, 1), 3),
            "records_profiled_now": made_now,
        },
    )
    records = each_once(versions.select("record_id"), "record_id").height  # of which each has a profile
    yield stored(
        workspace,
        PROFILE_MEMBERS,
        members,
        # Written last, it names the profiles that belong to it.
        note=made_of | version_noted(lake, LINKAGE_PROFILES),
        metadata={"records": records, "profiles_per_record": round(members.height / max(records, 1), 3)},
    )


class TrainingConfig(dg.Config):
    """``retrain``: train a new version and propose it beside the one in use, which goes on serving."""

    retrain: bool = False


@dg.multi_asset(
    name="linkage_model",
    pool=RESOLUTION_POOL,
    specs=[
        table_spec(
            LINKAGE_MODEL,
            "One row per trained version of the linkage model: Splink settings with trained parameters, thresholds, and "
            "what training had to leave to the prior.\n\nKey: model_version. A resolution keeps the version in use, or takes the one "
            "that was chosen (`cdp model use`); it trains by itself only where there is none, where this release can not read it, or where "
            "the data is so small that training costs seconds. `train_linkage_model` makes a new version beside the one in use. "
            "Pairs that stewards judged, and those of `labels/pairs.csv`, refine it. Read by `scored_pairs`, `drift` and `plans`.",
            deps=[LINKAGE_PROFILES, PROFILE_MEMBERS],
            kinds=["duckdb", "splink"],
        ),
        table_spec(
            TERM_FREQUENCIES,
            "One row per model version, field and value, with how common the value was in training.\n\nKey: all three. Part "
            "of the model: an agreement on a rare value proves more. Read by `scored_pairs`.",
            deps=[LINKAGE_PROFILES],
            kinds=["duckdb", "splink"],
        ),
    ],
)
def model_assets(
    context: dg.AssetExecutionContext, config: TrainingConfig, workspace: dg.ResourceParam[Workspace]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Find the version that scores, or train it; or train the next one and propose it."""
    policy, profiles = _policy(workspace), workspace.lake.read(LINKAGE_PROFILES)
    models, frequencies = workspace.lake.read_or_empty(LINKAGE_MODEL), workspace.lake.read_or_empty(TERM_FREQUENCIES)
    scorer = which_scores(models, frequencies, profiles, policy, model_choice(workspace.ledger.choice(MODEL_CHOICE)))
    model, trains = scorer.model, config.retrain or scorer.must_train is not None
    if trains or model is None:
        context.log.info(
            f"training on {profiles.height} profiles: {scorer.must_train or 'a new version was asked for'}"
        )
        model = train(profiles, policy, labelled=_labelled(workspace))
    is_proposal = config.retrain and scorer.must_train is None
    models = with_proposal(models, model, now()) if is_proposal else with_version(models, model, now())
    frequencies = with_frequencies_of(frequencies, models, model)
    # The frequencies first: a model that is in use without its own would score differently.
    kept_frequencies = stored(
        workspace,
        TERM_FREQUENCIES,
        frequencies,
        metadata={
            "fields": frequencies["field"].n_unique(),
            "values_of_this_version": model.term_frequencies.height,
        },
    )
    yield stored(
        workspace,
        LINKAGE_MODEL,
        models,
        metadata={
            "model_version": model.model_version,
            "in_use": ", ".join(models.filter("is_in_use")["model_version"]),
            "proposed": ", ".join(models.filter(pl.col("is_proposed"))["model_version"]) or "none",
            "trained_now": int(trains),
            "why": "a new version was asked for" if is_proposal else scorer.why,
            "pinned": int(scorer.is_pinned),
            "trained_profiles": model.trained_profiles,
            "fields_compared": ", ".join(model.fields),
            "accept_weight": round(model.accept_weight, 3),
            "review_weight": round(model.review_weight, 3),
            "left_to_the_prior": "\n".join(model.notes) or "nothing",
            "judged_pairs_learned_from": model.calibration.judged,
            "judged_pairs_shift_weights_by": model.calibration.shift,
            "matches_expected_among_candidates": round(model.expected.proposed, 1),
            "matches_never_proposed_at_least": round(model.expected.never_proposed, 1),
            "match_weights": picture(svg(pictures.match_weights_chart(model)), "match weights by comparison and level"),
            "blocks": picture(
                svg(pictures.block_sizes_chart(model)), "block sizes by blocking rule, and what was left out"
            ),
            **_of_sources(model),
        },
    )
    yield kept_frequencies


def _of_sources(model: TrainedModel) -> dict[str, dg.MetadataValue[Any]]:
    """How often records of two sources are one person, where there are two."""
    if not model.parameters.sources:
        return {}
    told = "bits by which records of two sources are more often one person than records on the whole"
    return {"sources": picture(svg(pictures.sources_chart(model)), told)}


class ScoringConfig(dg.Config):
    """``in_full``: score all candidate pairs, also those that the last run scored with the same model."""

    in_full: bool = False


@table_asset(
    SCORED_PAIRS,
    deps=[LINKAGE_PROFILES, PROFILE_MEMBERS, LINKAGE_MODEL, TERM_FREQUENCIES],
    kinds=["duckdb", "splink"],
    pool=RESOLUTION_POOL,
)
def scored_pairs(
    context: dg.AssetExecutionContext, config: ScoringConfig, workspace: dg.ResourceParam[Workspace]
) -> dg.MaterializeResult[Any]:
    """One row per pair of linkage profiles whose match weight reaches the review threshold, or that a named rule decides.

    Key: both profile ids, the smaller first. A decision is accepted, review or conflict; a named rule that overruled the
    weight is named. Pairs below the threshold are not kept: `cdp why` explains any pair afresh. Under the same model only pairs
    that a change of the data can touch are scored; the others stand as the last run left them. Read by `clusters`,
    `review_queue` and `members`.
    """
    model = in_use(workspace.lake.read(LINKAGE_MODEL), workspace.lake.read(TERM_FREQUENCIES), _policy(workspace))
    if model is None:
        raise RuntimeError("there is no linkage model in use; materialize candidate_links/linkage_model first")
    profiles, basis = workspace.lake.read(LINKAGE_PROFILES), scoring_basis(model)
    made_of = note(workspace.lake, basis, [LINKAGE_PROFILES])
    former = None if config.in_full else made_from(workspace.lake, SCORED_PAIRS, basis, {LINKAGE_PROFILES: None})
    if former is None:
        pairs = score(profiles, model)
        done: dict[str, object] = {"scored": "all candidate pairs"}
    else:
        again = rescore(profiles, former[LINKAGE_PROFILES.name], former[SCORED_PAIRS.name], model)
        pairs = again.pairs
        done = {
            "scored": "what has changed since the last run",
            "profiles_touched": again.profiles_touched,
            "pairs_made_anew": again.pairs_made,
        }
    counts = dict(pairs["decision"].value_counts().rows())
    metadata: dict[str, object] = {
        "pairs": pairs.height,
        "accepted": counts.get("accepted", 0),
        "for_review": counts.get("review", 0),
        "conflicts": counts.get("conflict", 0),
        **done,
        "accepted_per_profile": round(counts.get("accepted", 0) / max(profiles.height, 1), 4),
        "weights": picture(
            svg(pictures.weight_histogram(pairs, model.accept_weight, model.review_weight)),
            "histogram of match weights",
        ),
    }
    example = pairs.filter(pl.col("decision") == "accepted").sort("match_weight", "profile_id_l").head(1)
    for left, right in example.select("profile_id_l", "profile_id_r").iter_rows():
        evidence = explain(_profile(profiles, left), _profile(profiles, right), model)
        metadata["the_least_sure_accepted_pair"] = picture(
            svg(pictures.waterfall(evidence)), "how the evidence of one accepted pair adds up; no values shown"
        )
    good = quality(pairs, workspace.lake.read(PROFILE_MEMBERS), _labelled(workspace), model)
    numbers = _quality_numbers(good, model)
    # On the model's page, though only its pairs can tell.
    context.log_event(dg.AssetObservation(asset_key(LINKAGE_MODEL), metadata=numbers))
    return stored(workspace, SCORED_PAIRS, pairs, note=made_of, metadata=metadata | numbers)


@table_asset(
    DRIFT,
    deps=[SCORED_PAIRS, LINKAGE_PROFILES, LINKAGE_MODEL, TERM_FREQUENCIES],
    kinds=["polars", "duckdb"],
    pool=RESOLUTION_POOL,
)
def drift(context: dg.AssetExecutionContext, workspace: dg.ResourceParam[Workspace]) -> dg.MaterializeResult[Any]:
    """One row per resolution and measure: how far the data has moved from what the linkage model in use was trained on.

    Key: resolution, measure and field. Growth, common values, new values, filled fields, levels at which accepted links agree, and pairs near the
    threshold, each with the limit above which a new version is due. Read by `cdp status`, `cdp model show` and the schedule that trains.
    """
    lake, history = workspace.lake, workspace.lake.read_or_empty(DRIFT)
    model = in_use(lake.read(LINKAGE_MODEL), lake.read(TERM_FREQUENCIES), _policy(workspace))
    if model is None:
        raise RuntimeError("there is no linkage model in use; materialize candidate_links/linkage_model first")
    pairs, profiles = lake.read(SCORED_PAIRS), lake.read(LINKAGE_PROFILES)
    measured = drift_of(profiles, pairs, model, history, resolution_id=context.run.run_id, now=now())
    furthest = measured.group_by("measure").agg(pl.col("value", "drift").max()).sort("measure")
    return stored(
        workspace,
        DRIFT,
        with_drift(history, measured),
        metadata={
            **{f"{measure}_highest": round(value, 4) for measure, value, _ in furthest.rows()},
            **{f"{measure}_drift": round(moved, 4) for measure, _, moved in furthest.rows()},
            "measures_beyond_their_limit": int(measured["is_beyond"].sum()),
            "drift_of_limit": picture(svg(drift_chart(measured)), "drift of each measure as a share of its limit"),
        },
    )


@dg.asset_check(asset=["candidate_links", "drift"], pool=RESOLUTION_POOL)
def the_model_still_fits_the_data(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    """The data has not moved beyond a limit from what the model was trained on; where it has, a new version is due (`cdp model train`)."""
    measured = newest(workspace.lake.read(DRIFT))
    reasons = why_drifted(measured)
    return dg.AssetCheckResult(
        passed=not reasons,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "measures": measured.height,
            "beyond_their_limit": len(reasons),
            "why": "\n".join(reasons) or "nothing",
            "what_to_do": "cdp model train" if reasons else "nothing",
        },
    )


def _quality_numbers(good: Quality, model: TrainedModel) -> dict[str, Any]:
    """Estimated precision and recall with their intervals; pictures where enough pairs have been judged."""
    shares: dict[str, Share | None] = {
        "estimated_precision": good.precision,
        "estimated_recall_of_proposed": good.proposed_recall,
        "estimated_recall": good.recall,
    }
    numbers: dict[str, Any] = {"model_version": model.model_version, "judged_of_the_sample": good.judged}
    numbers["estimated_by"] = "the model itself" if good.is_by_model else "judged pairs"
    for name, share in shares.items():
        if share is not None:
            ends = {"": share.estimate, "_low": share.low, "_high": share.high}
            numbers |= {f"{name}{end}": round(value, 4) for end, value in ends.items()}
    if not good.is_by_model:
        curve = pictures.precision_and_recall_chart(by_threshold(good.drawn, good.unseen), model.accept_weight)
        numbers["by_threshold"] = picture(svg(curve), "precision and recall by threshold, from judged pairs")
        numbers["calibration"] = picture(
            svg(pictures.calibration_chart(good.strata)), "share of one person: judged (dot) and expected (tick)"
        )
    return numbers


def _labelled(workspace: Workspace) -> pl.DataFrame:
    """Pairs of profiles whose answer is known: judged by stewards, or in the workspace's file of labelled pairs."""
    known = known_pairs(workspace.ledger.judgements(), workspace.labels_file)
    return labelled_pairs(known, workspace.lake.read(PROFILE_MEMBERS))


def _profile(profiles: pl.DataFrame, profile_id: int) -> pl.DataFrame:
    return profiles.filter(pl.col("profile_id") == profile_id)


def _policy(workspace: Workspace) -> LinkagePolicy:
    return load_linkage_policy(workspace.policy_file("linkage"))


keys = [
    key_check(table)
    for table in (
        SHARED_IDENTIFIERS,
        LINKAGE_PROFILES,
        PROFILE_MEMBERS,
        LINKAGE_MODEL,
        TERM_FREQUENCIES,
        SCORED_PAIRS,
        DRIFT,
    )
]
