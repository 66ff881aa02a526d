"""Through Dagster: data that grows brings a proposal beside the model in use, a person takes it, and an audit sees what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from cdp_assets.candidate_links.due import retraining
from cdp_assets.definitions import definitions_for, resources_of
from cdp_assets.identity_graph.plan import OF_THE_NEXT
from cdp_assets.sources.arrivals import resolution_inputs
from cdp_assets.sources.contracts import load_contracts
from cdp_assets.steward.model_use import use_model
from cdp_assets.steward.plan_approval import approve_plan
from cdp_assets.tables import (
    CLUSTERS,
    CUSTOMER_IDS,
    EMAIL_ADDRESSES,
    IDENTITY_CHANGES,
    LINKAGE_MODEL,
    PLAN_CHANGES,
    PLANS,
    PROBABLE_EMAILS,
    RECORD_VERSIONS,
    RESOLUTION_AUDITS,
    SCORED_PAIRS,
)
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import empty_workspace, frame, home_address, person, version
from cdp_assets_tests.candidate_links.frames import town

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("pictures_left_out")]

POLICY = "retrain: {always_below_profiles: 0, by_itself_below_share: 0}\n"
RESOLVED = dg.AssetSelection.groups("candidate_links", "identity_graph") - dg.AssetSelection.tag("cdp/step", "plan")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = empty_workspace(tmp_path / "data")
    (made.home / "policies").mkdir()
    (made.home / "policies" / "linkage.yaml").write_text(POLICY)
    made.lake.replace(EMAIL_ADDRESSES, EMAIL_ADDRESSES.empty())
    made.lake.replace(PROBABLE_EMAILS, PROBABLE_EMAILS.empty())
    yield made
    made.ledger.close()


def deliver(workspace: Workspace, people: pl.DataFrame) -> None:
    """Record versions, as importing would have made them."""
    rows = [
        version(
            f"crm/{row['profile_id']}",
            **person(row["first_name"], row["last_name"]),
            version=1,
            emails=row["emails"],
            date_of_birth=row["date_of_birth"] and date.fromisoformat(row["date_of_birth"]),
            addresses=home_address(f"{row['house_number']} {row['street']}", row["city"], row["postcode"])
            if row["street"]
            else [],
        )
        for row in people.to_dicts()
    ]
    workspace.lake.replace(RECORD_VERSIONS, frame(RECORD_VERSIONS, *rows))


def resolve(workspace: Workspace, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """The middle of a resolution, from record versions to customer ids, and what the ledger then knows of it."""
    definitions = definitions_for(workspace)
    made = [asset for asset in definitions.assets or () if isinstance(asset, dg.AssetsDefinition)]
    selection = RESOLVED - dg.AssetSelection.tag("cdp/step", "audit")
    done = dg.materialize(
        made,
        selection=selection,
        instance=instance,
        resources=resources_of(workspace),
        raise_on_error=False,
    )
    if not done.success:
        return done
    contracts, _ = load_contracts(workspace.contracts_dir)
    version_in_use = workspace.lake.read(LINKAGE_MODEL).filter("is_in_use")["model_version"].item()
    workspace.ledger.add_resolution(
        done.run_id,
        imports_hash=resolution_inputs(workspace, contracts).digest,
        model_version=version_in_use,
        now=datetime.now(UTC),
    )
    return done


def execute(workspace: Workspace, instance: dg.DagsterInstance, job: str) -> dg.ExecuteInProcessResult:
    return definitions_for(workspace).resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False)


def passed(done: dg.ExecuteInProcessResult, check: str) -> bool:
    return next(found.passed for found in done.get_asset_check_evaluations() if found.check_name == check)


def test_a_proposal_waits_beside_the_model_in_use_and_whoever_approves_its_plan_gets_just_that(
    workspace: Workspace,
) -> None:
    people, lake = town(90)[0], workspace.lake
    with dg.DagsterInstance.ephemeral() as instance:
        nothing = pl.lit(None, dtype=pl.String)
        deliver(workspace, people.with_columns(date_of_birth=nothing, street=nothing))
        resolve(workspace, instance)
        first = retraining(workspace).in_use
        assert (retraining(workspace).reasons, retraining(workspace).proposed) == ((), None)

        # More is known now, and the model in use goes on. A new one is due, and is trained and planned beside it.
        deliver(workspace, people)
        assert resolve(workspace, instance).success
        assert retraining(workspace).wants_training
        assert retraining(workspace).in_use == first
        used = {table: lake.version(table) for table in (SCORED_PAIRS, CLUSTERS, CUSTOMER_IDS, IDENTITY_CHANGES)}
        assert execute(workspace, instance, "train_linkage_model").success
        stands = retraining(workspace)
        assert stands.in_use == first
        assert stands.proposed not in (None, first)
        assert used == {table: lake.version(table) for table in used}
        plan = lake.read(PLANS).row(-1, named=True)
        assert (plan["model_version"], plan["compared_with"]) == (stands.proposed, first)
        assert plan["outcome"] == "waits for approval"

        # Limits hold back what nobody has approved, though the model was chosen.
        (workspace.home / "policies" / "identity.yaml").write_text("largest_merged_share: 0\nlargest_split_share: 0\n")
        use_model(workspace, str(stands.proposed), by="ada", now=datetime.now(UTC))
        refused = resolve(workspace, instance)
        assert not refused.success
        assert f"`cdp apply {plan['plan_id']}` approves just that" in str(refused.all_node_events)
        assert lake.version(CUSTOMER_IDS) == used[CUSTOMER_IDS]
        assert retraining(workspace).in_use == stands.proposed
        assert lake.read(PLANS).filter(pl.col("plan_id") == plan["plan_id"])["subject"].item() == OF_THE_NEXT

        # The next resolution uses what was chosen, and does what was planned and approved.
        history = lake.read(IDENTITY_CHANGES).height
        approve_plan(workspace, plan["plan_id"], by="ada", now=datetime.now(UTC))
        assert resolve(workspace, instance).success
        assert retraining(workspace).in_use == stands.proposed
        assert lake.read(SCORED_PAIRS)["model_version"].unique().to_list() == [stands.proposed]
        assert lake.read(CUSTOMER_IDS)["customer_id"].n_unique() == plan["customers_after"]
        planned = lake.read(PLAN_CHANGES).filter(pl.col("plan_id") == plan["plan_id"])
        columns = ["change", "customer_id", "other_customer_id", "records"]
        done = lake.read(IDENTITY_CHANGES)[history:]
        assert done.select(columns).sort(columns).equals(planned.select(columns).sort(columns))
        assert plan["merged"] + plan["split"] > 0


def test_the_audit_is_silent_about_a_resolution_and_loud_about_a_table_that_is_not_its(workspace: Workspace) -> None:
    lake, check = workspace.lake, "the_audited_slice_equals_a_full_resolution"
    with dg.DagsterInstance.ephemeral() as instance:
        deliver(workspace, town(60)[0])
        resolve(workspace, instance)
        assert passed(execute(workspace, instance, "audit_resolution"), check)
        assert evaluated(workspace, "audit_resolution_nightly").run_requests

        pairs = lake.read(SCORED_PAIRS)
        lake.replace(SCORED_PAIRS, pairs.filter(pl.col("decision") != "accepted"))
        broken = execute(workspace, instance, "audit_resolution")
        assert not broken.success
        assert not passed(broken, check)
        lost = pairs.filter(pl.col("decision") == "accepted").height
        assert lake.read(RESOLUTION_AUDITS)["pairs_missing"].item() == lost  # of that day's audit, made again

        # What has changed since is for a resolution, not for an audit.
        workspace.ledger.add_judgement("crm/1", "crm/2", "same", judged_by="ada", now=datetime.now(UTC))
        assert evaluated(workspace, "audit_resolution_nightly").skip_message is not None
        failed = execute(workspace, instance, "audit_resolution")
        assert "`cdp run` makes one" in str(failed.all_node_events)


def evaluated(workspace: Workspace, name: str) -> dg.ScheduleExecutionData:
    definitions = definitions_for(workspace)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=datetime(2024, 5, 1, 4, 30, tzinfo=UTC),
            resources=resources_of(workspace),
        )
        return definitions.resolve_schedule_def(name).evaluate_tick(context)


def test_schedules_ask_for_nothing_where_there_is_nothing_to_train_or_to_audit(workspace: Workspace) -> None:
    assert evaluated(workspace, "train_when_due").skip_message is not None
    assert "resolve first" in str(evaluated(workspace, "audit_resolution_nightly").skip_message)
