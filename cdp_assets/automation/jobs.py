"""The jobs of a workspace, and their names.

Dagster asks for one partitions definition per job, so there is one ``ingest_import_<source>`` per source.

What does not belong here: when they run (``schedules.py``, ``sensors.py``).
"""

from collections.abc import Sequence
from typing import TypeAlias

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from cdp_assets.identity_graph.plan import OF_THE_NEXT
from cdp_assets.sources.contracts import SourceContract
from cdp_assets.tables import Table

Job: TypeAlias = UnresolvedAssetJobDefinition

RESOLVE = dg.define_asset_job(
    "resolve_customers",
    selection=dg.AssetSelection.all()
    - dg.AssetSelection.groups("raw")
    - dg.AssetSelection.tag("cdp/step", "import")
    - dg.AssetSelection.tag("cdp/step", "audit")
    - dg.AssetSelection.tag("cdp/step", "plan")
    - dg.AssetSelection.groups("erasure"),
    description="Record versions → linkage → customers → golden records → segments → publication, behind blocking checks.",
)

TRAIN = dg.define_asset_job(
    "train_linkage_model",
    selection=dg.AssetSelection.assets(
        ["candidate_links", "linkage_model"],
        ["candidate_links", "term_frequencies"],
        ["identity_graph", "plans"],
        ["identity_graph", "plan_changes"],
        ["identity_graph", "plan_moves"],
        ["segments", "plan_effects"],
    ),
    config={"ops": {"linkage_model": {"config": {"retrain": True}}}},
    description="Train a new version of the linkage model beside the one in use, and work out what it would change.",
)

PLAN = dg.define_asset_job(
    "plan_resolution",
    selection=dg.AssetSelection.assets(
        ["identity_graph", "plans"],
        ["identity_graph", "plan_changes"],
        ["identity_graph", "plan_moves"],
        ["segments", "plan_effects"],
    ),
    config={"ops": {"plans": {"config": {"of": OF_THE_NEXT}}}},
    description="Work out what the next resolution would do to the customers, without doing it.",
)

AUDIT_RESOLUTION = dg.define_asset_job(
    "audit_resolution",
    selection=dg.AssetSelection.assets(["identity_graph", "resolution_audits"]),
    description="Resolve a slice of the customers anew, in full, and compare it with what the tables hold.",
)

AUDIT = dg.define_asset_job(
    "audit_quality",
    selection=dg.AssetSelection.assets(
        ["standardized", "quality_report"], ["standardized", "quality_findings"], ["standardized", "quality_audits"]
    ),
    description="Audit the quality of every source: numbers for the history, and a report to read for each.",
)

ERASE = dg.define_asset_job(
    "erase_customers",
    selection=dg.AssetSelection.groups("erasure"),
    description="Erase customers by their ids, finish erasures that were interrupted, and certify that nothing is left.",
)

PUBLISH = dg.define_asset_job(
    "publish",
    selection=dg.AssetSelection.groups("published"),
    description="Publish the newest golden records again, for example to another database.",
)


def ingest_job_name(source: str) -> str:
    """The job that imports partitions of one source."""
    return f"ingest_import_{source}"


def extract_job_name(source: str) -> str:
    """The job that asks the database of one source for what is new."""
    return f"extract_{source}"


def jobs_for(contracts: Sequence[SourceContract]) -> list[Job]:
    """All jobs of a workspace."""
    imports = [
        dg.define_asset_job(
            ingest_job_name(contract.source),
            selection=[f"raw/{contract.source}_imports", f"standardized/{contract.source}_records"],
            description=f"Read imports of {contract.source}: raw lines, then records in comparable form.",
        )
        for contract in contracts
    ]
    extractions = [
        dg.define_asset_job(
            extract_job_name(contract.source),
            selection=[f"sources/{contract.source}_extracts"],
            description=f"Fetch what {contract.source} has that is new, and land it as a file.",
        )
        for contract in contracts
        if contract.extract.is_fetched
    ]
    return [*imports, *extractions, RESOLVE, TRAIN, PLAN, AUDIT, AUDIT_RESOLUTION, PUBLISH, ERASE]


def step_of(table: Table) -> str:
    """The name that Dagster gives the step of a table's asset."""
    return table.name.replace("/", "__")
