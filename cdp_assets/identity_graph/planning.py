"""A plan of a workspace: what its last resolution is compared with, read from where it stands.

What does not belong here: how the two are compared (``plan.py``), what is resolved (``next_resolution.py``), writing it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from cdp_assets.candidate_links.policy import load_linkage_policy
from cdp_assets.candidate_links.trained_model import TrainedModel
from cdp_assets.identity_graph.next_resolution import known_by_now, next_model
from cdp_assets.identity_graph.plan import OF_AN_ERASURE, OF_THE_NEXT, Known, Plan, plan_of, resolved
from cdp_assets.identity_graph.resolution import previous_resolution
from cdp_assets.tables import CUSTOMER_IDS, SCORED_PAIRS
from cdp_assets.workspace import Workspace

FEWEST_PROFILES = 2
"""Fewer can not be compared with each other, and no model is trained on them."""


def planned(workspace: Workspace, known: Known, model: TrainedModel, subject: str, now: datetime) -> Plan | None:
    """What resolving ``known`` with ``model`` would change; None before the first resolution."""
    lake, last = workspace.lake, workspace.ledger.last_resolution()
    if last is None:
        return None
    previous = previous_resolution(lake)
    pairs_of_last = lake.committed_metadata(CUSTOMER_IDS).get("scored_pairs")
    is_there = pairs_of_last == str(lake.version(SCORED_PAIRS))  # else a resolution that was refused has replaced them
    return plan_of(
        resolved(known, model, previous, now),
        lake.read(SCORED_PAIRS) if is_there else None,
        previous,
        subject=subject,
        model_version=model.model_version,
        profiles=known.profiles.height,
        resolution_id=last["resolution_id"],
        now=now,
    )


def plan_of_the_next(workspace: Workspace, now: datetime, without: Collection[str] = ()) -> Plan | None:
    """What the next resolution would change, with all that has been imported and decided by now.

    ``without``: records that would have been erased by then. None before the first resolution, and where next to nothing is left.
    """
    if workspace.ledger.last_resolution() is None:
        return None
    known = known_by_now(workspace, without=without)
    if known.profiles.height < FEWEST_PROFILES:
        return None
    model = next_model(workspace, known, load_linkage_policy(workspace.policy_file("linkage")))
    return planned(workspace, known, model, OF_AN_ERASURE if without else OF_THE_NEXT, now)
