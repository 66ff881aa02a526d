"""A little town, resolved in memory by one model, and another model that sees it otherwise."""

from __future__ import annotations

import polars as pl

from cdp_assets.candidate_links.policy import LinkagePolicy, RetrainPolicy
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.candidate_links.training import train
from cdp_assets.identity_graph.plan import Known, Resolved, resolved
from cdp_assets.identity_graph.resolution import PreviousResolution
from cdp_assets.tables import CUSTOMER_IDS, ID_LINEAGE, IDENTITY_CHANGES, PROFILE_MEMBERS
from cdp_assets_tests.candidate_links.frames import town
from cdp_assets_tests.identity_graph.frames import day, judged

PATIENT = LinkagePolicy(retrain=RetrainPolicy(always_below_profiles=0))
NOTHING_BEFORE = PreviousResolution(CUSTOMER_IDS.empty(), ID_LINEAGE.empty(), IDENTITY_CHANGES.empty(), None, None)


def known_town(people: int = 120) -> Known:
    """Profiles of a town, a record of its own for each, in two sources, and nothing judged."""
    profiles = town(people)[0]
    numbers = profiles["profile_id"].to_list()
    records = [f"{'crm' if number % 2 else 'shop'}/{number}" for number in numbers]
    return Known(
        profiles=profiles,
        profile_members=pl.DataFrame({"profile_id": numbers, "record_id": records}, schema=PROFILE_MEMBERS.schema),
        records=pl.DataFrame(
            {
                "record_id": records,
                "source": [record.split("/")[0] for record in records],
                "source_key": [record.split("/")[1] for record in records],
                "first_seen_at": [day(number % 30) for number in numbers],
                "is_current": True,
            }
        ).sort("record_id"),
        judgements=judged(),
        one_row_sources=frozenset(),
    )


def trained(known: Known, policy: LinkagePolicy = PATIENT) -> TrainedModel:
    return train(known.profiles, policy)


def after(found: Resolved, model: TrainedModel) -> PreviousResolution:
    """What a resolution leaves for the next one to start from."""
    return PreviousResolution(found.ids.customer_ids, found.ids.lineage, found.changes, 1, model.model_version)


def first_resolution(known: Known, model: TrainedModel) -> tuple[Resolved, PreviousResolution]:
    found = resolved(known, model, NOTHING_BEFORE, day(40))
    return found, after(found, model)
