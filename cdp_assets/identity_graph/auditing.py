"""An audit of a workspace's last resolution: the slice is read from where it stands, and must be of what has arrived.

What does not belong here: choosing a slice and comparing it (``slice_audit.py``), writing the result.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cdp_assets.candidate_links.models import in_use
from cdp_assets.candidate_links.policy import load_linkage_policy
from cdp_assets.identity_graph.last_known import last_known
from cdp_assets.identity_graph.slice_audit import AUDITED_RECORDS, audit, recomputed_slice, slice_of
from cdp_assets.sources.arrivals import resolution_inputs
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.tables import CLUSTERS, CUSTOMER_IDS, LINKAGE_MODEL, SCORED_PAIRS, TERM_FREQUENCIES
from cdp_assets.workspace import Workspace


class NothingToAuditError(RuntimeError):
    """The tables are not those of one resolution of what has arrived. Says what to do."""


def audited_slice(workspace: Workspace, seed: str, now: datetime, at_least: int = AUDITED_RECORDS) -> pl.DataFrame:
    """The row of ``identity_graph/resolution_audits`` of a slice that ``seed`` chooses, of ``at_least`` so many records.

    Raises :class:`NothingToAuditError` where the tables are not of one resolution of all that has arrived and been decided.
    """
    lake, resolution = workspace.lake, _settled_resolution(workspace)
    policy = load_linkage_policy(workspace.policy_file("linkage"))
    model = in_use(lake.read(LINKAGE_MODEL), lake.read(TERM_FREQUENCIES), policy)
    if model is None:
        raise NothingToAuditError("there is no linkage model in use; `cdp run` makes one")
    known, pairs = last_known(workspace), lake.read(SCORED_PAIRS)
    part = slice_of(known.records["record_id"], known.profile_members, pairs, known.judgements, seed, at_least=at_least)
    anew = recomputed_slice(
        part,
        known.profiles,
        known.profile_members,
        known.records.select("record_id", "source"),
        known.judgements,
        known.one_row_sources,
        model,
        one_per_person=known.one_per_person,
    )
    return audit(
        part,
        anew,
        pairs,
        lake.read(CLUSTERS),
        lake.read(CUSTOMER_IDS),
        seed=seed,
        resolution_id=resolution,
        model_version=model.model_version,
        now=now,
    )


def _settled_resolution(workspace: Workspace) -> str:
    """The last resolution, where it knows all that has arrived and been decided: else the slice would differ for good reasons."""
    contracts, _ = load_contracts(workspace.contracts_dir)
    last, note = workspace.ledger.last_resolution(), workspace.lake.committed_metadata(CUSTOMER_IDS)
    is_of_today = resolution_inputs(workspace, contracts).are_of(last)
    if last is None or not is_of_today or note.get("resolution_id") != last["resolution_id"]:
        raise NothingToAuditError(
            "imports, contracts, policies or decisions have changed since the last complete resolution; `cdp run` makes one, "
            "then it can be audited"
        )
    return str(last["resolution_id"])
