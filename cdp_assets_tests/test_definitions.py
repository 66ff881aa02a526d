"""The code location: loads anywhere, describes every asset, and runs what it says it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.api import create_execution_plan

from cdp_assets.definitions import definitions_for
from cdp_assets.workspace import Workspace

ROOT = Path(__file__).parent.parent
STAGE_GROUPS = {
    "sources",
    "raw",
    "standardized",
    "candidate_links",
    "identity_graph",
    "golden_records",
    "segments",
    "published",
    "evaluation",
    "erasure",
}


@pytest.fixture(scope="module")
def definitions() -> Iterator[dg.Definitions]:
    with dg.DagsterInstance.ephemeral():  # where another test's instance, gone by now, would else be asked
        yield definitions_for(Workspace(ROOT / "data"))


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> list[dg.AssetSpec]:
    return list(definitions.resolve_all_asset_specs())


def test_it_loads_with_no_environment_and_from_any_folder(tmp_path: Path) -> None:
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    code = "from cdp_assets.definitions import defs; print(len(defs().resolve_all_asset_specs()))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=tmp_path,
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 20


def test_the_groups_are_the_stages(specs: list[dg.AssetSpec]) -> None:
    assert {spec.group_name for spec in specs} == STAGE_GROUPS
    assert all(spec.group_name == spec.key.path[0] for spec in specs)


def test_every_asset_describes_itself(specs: list[dg.AssetSpec]) -> None:
    for spec in specs:
        name = spec.key.to_user_string()
        assert (spec.description or "").startswith("One row per"), name
        assert spec.owners, name
        assert spec.kinds, name
        schema = spec.metadata.get("dagster/column_schema")
        assert isinstance(schema, dg.TableSchema), name
        assert all(column.description for column in schema.columns), name


def test_the_last_part_of_a_key_is_unique_because_the_ui_shows_only_that(specs: list[dg.AssetSpec]) -> None:
    last_parts = [spec.key.path[-1] for spec in specs]
    assert len(last_parts) == len(set(last_parts))


def test_every_asset_depends_only_on_its_own_or_an_earlier_stage(specs: list[dg.AssetSpec]) -> None:
    order = [
        "sources",
        "raw",
        "standardized",
        "candidate_links",
        "identity_graph",
        "golden_records",
        "segments",
        "published",
        "evaluation",
        "erasure",
    ]
    for spec in specs:
        for dep in spec.deps:
            assert order.index(dep.asset_key.path[0]) <= order.index(spec.key.path[0]), spec.key


def test_the_jobs_schedules_and_sensors_are_there(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs()}
    assert {"resolve_customers", "train_linkage_model", "audit_quality", "publish", "ingest_import_crm"} <= jobs
    assert "audit_resolution" in jobs
    assert {schedule.name for schedule in repository.schedule_defs} == {
        "resolve_nightly",
        "train_when_due",
        "train_weekly",
        "audit_weekly",
        "audit_resolution_nightly",
    }
    sensors = {sensor.name for sensor in repository.sensor_defs}
    assert sensors == {"import_landed_files", "resolve_when_imports_have_landed", "extract_from_databases"}


def test_what_is_published_stands_behind_blocking_checks(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = (
        {key for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
        if hasattr(graph, "get_check_spec")
        else {key for node in definitions.asset_checks or () for key in node.check_keys}
    )
    checked = {(key.asset_key.to_user_string(), key.name) for key in blocking}
    for expected in (
        ("identity_graph/clusters", "every_record_is_in_one_cluster"),
        ("identity_graph/clusters", "the_largest_cluster_is_bounded"),
        ("golden_records/customers", "every_customer_has_one_golden_record"),
        ("golden_records/customers", "every_key_is_filled_and_unique"),
        ("golden_records/provenance", "every_golden_value_comes_from_a_record"),
        ("golden_records/consent_events", "every_consent_event_is_in_its_chain"),
        ("golden_records/consents", "every_contactable_address_traces_to_its_event"),
        ("golden_records/consents", "no_withdrawal_is_lost"),
        ("golden_records/suppressions", "nobody_who_may_be_contacted_is_suppressed"),
        ("standardized/record_versions", "every_landed_line_is_accounted_for"),
        ("identity_graph/resolution_audits", "the_audited_slice_equals_a_full_resolution"),
    ):
        assert expected in checked


def test_one_resolution_runs_at_a_time(definitions: dg.Definitions) -> None:
    resolve = definitions.resolve_job_def("resolve_customers")
    pools = {node.definition.pool for node in resolve.graph.node_dict.values()}
    assert pools == {"resolution"}


def test_the_publication_comes_last(definitions: dg.Definitions) -> None:
    """It tells the ledger that these imports are resolved: what a kill leaves unmade after it, no later run would make."""
    plan = create_execution_plan(definitions.resolve_job_def("resolve_customers"))
    order = [step.key for step in plan.get_all_steps_in_topo_order()]
    publication = next(number for number, key in enumerate(order) if key.endswith("publications"))
    after = [key for key in order[publication + 1 :] if not key.startswith("published__publications_")]
    assert after == []


def test_an_audit_is_no_part_of_a_resolution_but_its_findings_are(definitions: dg.Definitions) -> None:
    def made_by(job: str) -> set[str]:
        return {key.path[-1] for key in definitions.resolve_job_def(job).asset_layer.selected_asset_keys}

    assert made_by("audit_quality") == {"quality_report", "quality_findings", "quality_audits"}
    assert made_by("resolve_customers") & made_by("audit_quality") == {"quality_report", "quality_findings"}


def test_a_resolution_plans_nothing_and_a_training_touches_nothing_in_use(definitions: dg.Definitions) -> None:
    def made_by(job: str) -> set[str]:
        return {key.path[-1] for key in definitions.resolve_job_def(job).asset_layer.selected_asset_keys}

    planned = {"plans", "plan_changes", "plan_moves", "plan_effects"}
    assert made_by("plan_resolution") == planned
    assert made_by("train_linkage_model") == {"linkage_model", "term_frequencies", *planned}
    assert made_by("audit_resolution") == {"resolution_audits"}
    assert made_by("resolve_customers") & {*planned, "resolution_audits"} == set()
    assert "drift" in made_by("resolve_customers")


def test_every_source_imports_in_a_pool_of_its_own(definitions: dg.Definitions) -> None:
    ingest = definitions.resolve_job_def("ingest_import_crm")
    assert {node.definition.pool for node in ingest.graph.node_dict.values()} == {"imports_crm"}


def test_dagsters_own_tools_find_nothing_to_complain_about() -> None:
    for arguments in (["definitions", "validate", "-w", "workspace.yaml"],):
        done = subprocess.run(
            [sys.executable, "-m", "dagster", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    dg_check = Path(sys.executable).parent / "dg"
    done = subprocess.run([str(dg_check), "check", "defs"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_broken_contract_leaves_only_its_own_source_out(tmp_path: Path) -> None:
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    (contracts / "good.yaml").write_text(
        "source: good\nkind: profiles\nextract: {files: '*.csv'}\nkey: id\ncolumns: {first_name: Name}\n"
    )
    (contracts / "broken.yaml").write_text("source: broken\nkynd: profiles\n")
    keys = {spec.key.to_user_string() for spec in definitions_for(Workspace(tmp_path)).resolve_all_asset_specs()}
    assert "raw/good_imports" in keys
    assert "raw/broken_imports" not in keys
