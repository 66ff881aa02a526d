"""After a contract changes: what is stale and what is not, one backfill in one run, replay, and choices that wait."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from cdp_assets.automation import (
    RereadError,
    RunReport,
    backfill,
    dagster_home,
    ingest_job_name,
    partitions_name,
    replay,
    run_pending,
)
from cdp_assets.automation.pending import import_waiting
from cdp_assets.automation.running import Runner
from cdp_assets.definitions import definitions_for
from cdp_assets.environment import workspace_from_environment
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.sources.contracts_in_force import put_in_force
from cdp_assets.tables import raw_imports, source_records
from cdp_assets.workspace import Workspace

pytestmark = pytest.mark.usefixtures("pictures_left_out")

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CRM = "source: crm\nkind: profiles\nextract: {files: '*.csv'}\nkey: id\ncolumns: {first_name: f, email: e}\n"
SHOP = CRM.replace("crm", "shop")


def quiet(_: str) -> None:
    """Nobody listens."""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "contracts").mkdir()
    for source, contract in (("crm", CRM), ("shop", SHOP)):
        (tmp_path / "contracts" / f"{source}.yaml").write_text(contract)
        (tmp_path / "landing" / source).mkdir(parents=True)
    opened = workspace_from_environment(tmp_path)
    yield opened
    opened.ledger.close()


def land(workspace: Workspace, source: str, number: int, text: str | None = None) -> None:
    path = workspace.landing_dir / source / f"{source}-{number}.csv"
    path.write_text(text or f"id,f,e,when\n{number},Ann,p{number}@mail{number}.example,0{number}/02/2020\n")
    then = time.time() - 120
    os.utime(path, (then, then))


def says(workspace: Workspace, source: str, contract: str) -> None:
    (workspace.contracts_dir / f"{source}.yaml").write_text(contract)


def imported(workspace: Workspace) -> None:
    """Import what has landed, as ``cdp run`` does, without the resolution."""
    contracts, _ = load_contracts(workspace.contracts_dir)
    outcome = RunReport()
    with dg.DagsterInstance.from_config(str(dagster_home(workspace))) as instance:
        runner = Runner(definitions_for(workspace), instance, outcome)
        for contract in contracts:
            import_waiting(workspace, contract, runner, quiet)
    workspace.ledger.imports()
    assert not [problem for problem in outcome.problems if "step" in problem]


class Statuses:
    """What the UI shows of the partitions of a workspace."""

    def __init__(self, workspace: Workspace, instance: dg.DagsterInstance) -> None:
        graph = definitions_for(workspace).resolve_asset_graph()
        self._resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))

    def of(self, stage: str, table: str, partitions: list[str]) -> set[StaleStatus]:
        return {self._resolver.get_status(dg.AssetKey([stage, table]), one) for one in partitions}


def ids(workspace: Workspace, source: str) -> list[str]:
    imports = workspace.ledger.imports()
    return imports.filter(imports["source"] == source)["import_id"].to_list()


def runs(workspace: Workspace, job: str) -> int:
    with dg.DagsterInstance.from_config(str(dagster_home(workspace))) as instance:
        return len(instance.get_runs(dg.RunsFilter(job_name=job)))


@pytest.mark.slow
def test_a_changed_contract_makes_its_own_partitions_stale_and_a_backfill_mends_them_in_one_run(
    workspace: Workspace,
) -> None:
    for number in range(1, 5):
        land(workspace, "crm", number)
        land(workspace, "shop", number)
    done = run_pending(workspace, quiet, resolve=False)
    assert (done.imports, done.problems) == (8, [])
    crm, shop = ids(workspace, "crm"), ids(workspace, "shop")
    with dg.DagsterInstance.from_config(str(dagster_home(workspace))) as instance:
        statuses = Statuses(workspace, instance)
        for source, partitions in (("crm", crm), ("shop", shop)):
            assert statuses.of("raw", f"{source}_imports", partitions) == {StaleStatus.FRESH}
            assert statuses.of("standardized", f"{source}_records", partitions) == {StaleStatus.FRESH}

        says(workspace, "crm", CRM.replace("email: e}", "email: e, date_of_birth: when}") + "country: GB\n")
        statuses = Statuses(workspace, instance)
        assert statuses.of("standardized", "crm_records", crm) == {StaleStatus.STALE}
        assert statuses.of("raw", "crm_imports", crm) == {StaleStatus.FRESH}
        assert statuses.of("standardized", "shop_records", shop) == {StaleStatus.FRESH}

    ingests = runs(workspace, ingest_job_name("crm"))
    for file in (workspace.landing_dir / "crm").iterdir():
        file.unlink()  # the raw text is kept: no file is needed
    resolved = runs(workspace, "resolve_customers")
    again = backfill(workspace, "crm", quiet)
    assert (again.read_again, again.problems, again.published) == (4, [], True)
    assert runs(workspace, ingest_job_name("crm")) == ingests + 1
    assert runs(workspace, "resolve_customers") == resolved + 1
    records = workspace.lake.read(source_records("crm"))
    assert records["date_of_birth"].dt.to_string().sort().to_list() == [f"2020-02-0{n}" for n in range(1, 5)]
    with dg.DagsterInstance.from_config(str(dagster_home(workspace))) as instance:
        statuses = Statuses(workspace, instance)
        assert statuses.of("standardized", "crm_records", crm) == {StaleStatus.FRESH}
        assert statuses.of("standardized", "shop_records", shop) == {StaleStatus.FRESH}
    assert backfill(workspace, "crm", quiet).read_again == 0


@pytest.mark.slow
def test_a_further_import_and_a_new_reading_of_contracts_make_nothing_stale(workspace: Workspace) -> None:
    land(workspace, "crm", 1)
    run_pending(workspace, quiet, resolve=False)
    land(workspace, "crm", 2)
    says(workspace, "crm", CRM + "trust: 90\nexpected_every: 1 day\n")
    run_pending(workspace, quiet)
    with dg.DagsterInstance.from_config(str(dagster_home(workspace))) as instance:
        statuses = Statuses(workspace, instance)
        partitions = ids(workspace, "crm")
        assert len(partitions) == 2
        assert statuses.of("raw", "crm_imports", partitions) == {StaleStatus.FRESH}
        assert statuses.of("standardized", "crm_records", partitions) == {StaleStatus.FRESH}


def test_a_refused_import_is_taken_in_by_the_backfill_that_follows(workspace: Workspace) -> None:
    land(workspace, "crm", 1)
    land(workspace, "crm", 2, "id,GivenName,e\n2,Bob,b@x.example\n")
    imported(workspace)
    states = workspace.ledger.imports()
    assert states["state"].to_list() == ["imported", "refused"]
    assert (
        "'GivenName' looks like 'f' renamed" in states["problem"][1] or "'f' is not in the file" in states["problem"][1]
    )
    says(workspace, "crm", CRM.replace("first_name: f", "first_name: [f, GivenName]") + "on_missing_column: null\n")
    again = backfill(workspace, "crm", quiet, resolve=False)
    assert (again.read_again, again.refused) == (2, 0)
    assert workspace.lake.read(source_records("crm"))["first_name"].sort().to_list() == ["Ann", "Bob"]


def test_an_import_that_lacks_a_newly_named_column_keeps_its_records_and_says_so(workspace: Workspace) -> None:
    land(workspace, "crm", 1)
    imported(workspace)
    says(workspace, "crm", CRM.replace("email: e", "email: e, phone: Mobile"))
    again = backfill(workspace, "crm", quiet, resolve=False)
    assert again.unchanged == 1
    assert "1 import(s) keep their former records" in again.problems[0]
    assert workspace.lake.read(source_records("crm")).height == 1


def test_rejected_lines_are_replayed_after_the_contract_has_changed(workspace: Workspace) -> None:
    dated = CRM + "observed_at: when\n"
    says(workspace, "crm", dated)
    land(workspace, "crm", 1, "id,f,e,when\n1,Ann,a@x.example,2020-02-01\n2,Bob,b@x.example,the 3rd of May\n")
    land(workspace, "crm", 2)
    land(workspace, "shop", 1)
    imported(workspace)
    assert workspace.ledger.imports()["rejected"].to_list() == [1, 0, 0]
    says(workspace, "crm", dated.replace("observed_at: when\n", ""))
    contracts, _ = load_contracts(workspace.contracts_dir)
    put_in_force(workspace.ledger, contracts[0], NOW, accepted_by="anna")
    again = replay(workspace, None, quiet, resolve=False)
    assert (again.read_again, again.rejected_before, again.rejected_after) == (1, 1, 0)
    assert workspace.lake.read(source_records("crm")).height == 3


def test_lines_that_could_not_be_split_are_read_from_their_file_again(workspace: Workspace) -> None:
    land(workspace, "crm", 1, 'id,f,e\n1,Ann,a@x.example\n2,"Bob\n')
    imported(workspace)
    [row] = workspace.ledger.imports().to_dicts()
    assert (row["unsplit"], row["rejected"]) == (1, 1)
    raw = workspace.lake.version(raw_imports("crm"))
    replay(workspace, "crm", quiet, resolve=False)
    assert workspace.lake.version(raw_imports("crm")) != raw
    [after] = workspace.ledger.imports().to_dicts()
    assert (after["rejected"], after["reading_version"]) == (1, row["reading_version"])


@pytest.mark.slow
def test_a_change_that_needs_a_choice_holds_imports_until_somebody_accepts_it(workspace: Workspace) -> None:
    land(workspace, "crm", 1)
    imported(workspace)
    says(workspace, "crm", CRM.replace("key: id", "key: e"))
    land(workspace, "crm", 2)
    land(workspace, "shop", 1)
    done = run_pending(workspace, quiet)
    assert any("cdp contract accept crm" in problem for problem in done.problems)
    states = workspace.ledger.imports()
    assert states.select("source", "state").rows() == [("crm", "imported"), ("crm", "landed"), ("shop", "imported")]
    held = backfill(workspace, "crm", quiet, resolve=False)
    assert (held.read_again, len(held.problems)) == (0, 1)
    contracts, _ = load_contracts(workspace.contracts_dir)
    put_in_force(workspace.ledger, contracts[0], NOW, accepted_by="anna")
    imported(workspace)
    again = backfill(workspace, "crm", quiet, resolve=False)
    assert (again.read_again >= 1, again.problems) == (True, [])
    keys = workspace.lake.read(source_records("crm"))["source_key"].sort().to_list()
    assert keys == ["p1@mail1.example", "p2@mail2.example"]


def test_an_ad_hoc_run_from_the_ui_waits_for_the_choice_too(workspace: Workspace) -> None:
    land(workspace, "crm", 1)
    imported(workspace)
    says(workspace, "crm", CRM.replace("key: id", "key: e"))
    with dg.DagsterInstance.from_config(str(dagster_home(workspace))) as instance:
        job = definitions_for(workspace).resolve_job_def(ingest_job_name("crm"))
        [partition] = instance.get_dynamic_partitions(partitions_name("crm"))
        result = job.execute_in_process(instance=instance, partition_key=partition, raise_on_error=False)
        assert not result.success
    assert workspace.lake.read(source_records("crm"))["source_key"].to_list() == ["1"]


def test_an_unknown_source_is_an_error_that_names_the_known_ones(workspace: Workspace) -> None:
    with pytest.raises(RereadError, match="crm, shop"):
        backfill(workspace, "crn", quiet)
