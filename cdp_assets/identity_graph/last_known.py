"""What the last resolution was made from, as its tables hold it.

What does not belong here: what the next one will find (``next_resolution.py``).
"""

from __future__ import annotations

from cdp_assets.identity_graph.exclusive import one_per_person_kinds
from cdp_assets.identity_graph.plan import Known
from cdp_assets.identity_graph.resolution import FACT_COLUMNS, record_facts
from cdp_assets.sources.contracts import load_contracts, one_row_sources
from cdp_assets.tables import LINKAGE_PROFILES, PROFILE_MEMBERS, RECORD_VERSIONS
from cdp_assets.workspace import Workspace


def last_known(workspace: Workspace) -> Known:
    """Profiles and records of the last resolution, with the judgements and contracts of today."""
    contracts, _ = load_contracts(workspace.contracts_dir)
    lake = workspace.lake
    return Known(
        profiles=lake.read(LINKAGE_PROFILES),
        profile_members=lake.read(PROFILE_MEMBERS),
        records=record_facts(lake.read(RECORD_VERSIONS, columns=FACT_COLUMNS)),
        judgements=workspace.ledger.judgements(),
        one_row_sources=frozenset(one_row_sources(contracts)),
        one_per_person=frozenset(one_per_person_kinds(contracts)),
    )
