"""The code location: stages in flow order, resources, automation.

``dagster dev -w workspace.yaml`` loads :func:`defs`. Sources come from the workspace's contracts, so the assets of the
first three stages are made per contract; a contract that can not be read leaves its source out and shows up in
``sources/source_contracts``. Add a contract, reload the code location, and its assets are there.
"""

from __future__ import annotations

import dagster as dg

import cdp_assets.candidate_links.assets
import cdp_assets.erasure.assets
import cdp_assets.evaluation.assets
import cdp_assets.golden_records.assets
import cdp_assets.identity_graph.assets
import cdp_assets.published.assets
import cdp_assets.raw.assets
import cdp_assets.segments.assets
import cdp_assets.sources.assets
import cdp_assets.standardized.assets
from cdp_assets import automation
from cdp_assets.environment import workspace_from_environment
from cdp_assets.erasure.sieve import PutAsideErased
from cdp_assets.erasure.withheld import WithheldOfErased
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.workspace import Workspace

STAGES = (
    cdp_assets.sources.assets,
    cdp_assets.raw.assets,
    cdp_assets.standardized.assets,
    cdp_assets.candidate_links.assets,
    cdp_assets.identity_graph.assets,
    cdp_assets.golden_records.assets,
    cdp_assets.segments.assets,
    cdp_assets.published.assets,
    cdp_assets.evaluation.assets,
    cdp_assets.erasure.assets,
)

STAGES_WITH_ASSETS_PER_SOURCE = (
    cdp_assets.sources.assets,
    cdp_assets.raw.assets,
    cdp_assets.standardized.assets,
)


def resources_of(workspace: Workspace) -> dict[str, object]:
    """What assets ask for by name: the workspace, and who tells erased people's rows and addresses."""
    return {
        "workspace": workspace,
        "put_aside": PutAsideErased(workspace),
        "withheld": WithheldOfErased(workspace),
    }


def definitions_for(workspace: Workspace) -> dg.Definitions:
    """The code location of one workspace."""
    contracts, _problems = load_contracts(workspace.contracts_dir)
    jobs = automation.jobs_for(contracts)
    per_source = [stage.for_contracts(contracts) for stage in STAGES_WITH_ASSETS_PER_SOURCE]
    return dg.Definitions(
        assets=[*(asset for made in per_source for asset in made.assets), *dg.load_assets_from_modules(STAGES)],
        asset_checks=[
            *(check for made in per_source for check in made.checks),
            *dg.load_asset_checks_from_modules(STAGES),
        ],
        jobs=jobs,
        schedules=automation.schedules_for(contracts),
        sensors=automation.sensors_for(contracts, jobs),
        resources=resources_of(workspace),
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The code location of the workspace that the environment names."""
    return definitions_for(workspace_from_environment())
